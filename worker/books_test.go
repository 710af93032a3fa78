package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"parcelward/internal/protocol"
)

// inbox knows stores.
type inbox struct {
	stores []string
	err    error
}

func (i *inbox) Stores(context.Context) ([]string, error) { return i.stores, i.err }

// Each store has its statement and its week, however its orders come; one that fails is tried
// again, and nothing is made twice.
func TestBooksOfEveryStore(t *testing.T) {
	t.Parallel()
	made := map[string]client.ScheduleOptions{}
	var failing error
	schedules := mocks.NewScheduleClient(t)
	schedules.On("Create", mock.Anything, mock.Anything).Return(func(_ context.Context, o client.ScheduleOptions) (client.ScheduleHandle, error) {
		if o.ID == protocol.HealthID("fed") && failing != nil {
			return nil, failing
		}
		made[o.ID] = o
		return mocks.NewScheduleHandle(t), nil
	})
	c := mocks.NewClient(t)
	c.On("ScheduleClient").Return(schedules)
	in := &inbox{stores: []string{"configured", "fed", "pushed"}}
	failing = errors.New("no room")
	b := &books{client: c, configured: []string{"configured", "quiet"}, inbox: in, zone: "Asia/Shanghai", ensured: map[string]bool{}}

	require.ErrorIs(t, b.ensure(t.Context()), failing)
	for _, store := range []string{"configured", "quiet", "pushed"} {
		require.Contains(t, made, protocol.StatementID(store))
		require.Contains(t, made, protocol.HealthID(store))
		spec := made[protocol.StatementID(store)].Spec
		require.Equal(t, "Asia/Shanghai", spec.TimeZoneName)
		require.Equal(t, []client.ScheduleRange{{Start: 2}}, spec.Calendars[0].DayOfMonth)
	}
	require.NotContains(t, made, protocol.HealthID("fed"))

	clear(made)
	failing = nil
	in.stores = append(in.stores, "late")
	require.NoError(t, b.ensure(t.Context()))
	require.Len(t, made, 4)
	for _, store := range []string{"fed", "late"} {
		require.Contains(t, made, protocol.StatementID(store))
		require.Contains(t, made, protocol.HealthID(store))
	}

	clear(made)
	in.stores, in.err = nil, errors.New("the database is away")
	b.configured = append(b.configured, "new")
	require.ErrorContains(t, b.ensure(t.Context()), "away")
	require.Len(t, made, 2, "the configured stores need no inbox")
}

func TestBooksEndWithTheWorker(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		(&books{}).keep(ctx, nil)
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
}
