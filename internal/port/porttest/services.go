// Package porttest holds what every implementation of a port must do.
package porttest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/fault"
	"parcelward/internal/sandbox/world"
)

// Subject is a tracking service over a fresh twin of its real one.
type Subject struct {
	Service port.TrackingService
	BadKey  port.TrackingService // the same with a key that the twin refuses; nil: it has none
	World   *world.World         // what the twin shows
	Faults  *fault.Injector      // in front of the twin
	Carrier string               // of the parcels asked about
	// Malformed is a number that the service refuses; empty: it takes any.
	Malformed string
	// TellsAlso says that the service tells the further number of a parcel.
	TellsAlso bool
	// Pushing starts the subject over a twin that pushes to a URL: late, more than once and out of
	// order; nil: the service pushes nothing of parcels.
	Pushing func(t *testing.T, callback string) Subject
	// Shown is what comes back of a milestone that the service tells otherwise; nil: itself.
	Shown func(rules.Milestone) rules.Milestone
}

// TrackingServices is the conformance suite: every adapter passes it against its twin, in
// good weather and in bad.
func TrackingServices(t *testing.T, start func(t *testing.T) Subject) {
	t.Helper()
	t.Run("whole traces", func(t *testing.T) {
		s := start(t)
		asked := s.parcels(t, min(s.Service.Limits().Batch, 5))
		s.watch(t, asked)
		answers, err := s.Service.Track(t.Context(), asked)
		require.NoError(t, err)
		s.same(t, asked, answers)
	})
	t.Run("a full batch, and one more", func(t *testing.T) {
		s := start(t)
		asked := s.parcels(t, s.Service.Limits().Batch+1)
		for part := range slices.Chunk(asked, s.Service.Limits().Batch) {
			s.watch(t, part)
		}
		answers, err := s.Service.Track(t.Context(), asked[1:])
		require.NoError(t, err)
		s.same(t, asked[1:], answers)
		before := s.Faults.Count()
		s.Faults.Add(fault.Fault{Status: 500})
		_, err = s.Service.Track(t.Context(), asked)
		require.ErrorIs(t, err, port.ErrRefused)
		require.Equal(t, before, s.Faults.Count(), "no call")
	})
	t.Run("nothing asked", func(t *testing.T) {
		s := start(t)
		s.Faults.Add(fault.Fault{Status: 500})
		answers, err := s.Service.Track(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, answers)
		answers, err = s.Service.Watch(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, answers)
		require.Zero(t, s.Faults.Count(), "no call")
	})
	t.Run("watching twice", func(t *testing.T) {
		s := start(t)
		asked := s.parcels(t, 1)
		s.watch(t, asked)
		s.watch(t, asked)
	})
	t.Run("a number that nobody knows", func(t *testing.T) {
		s := start(t)
		asked := []port.Tracked{s.tracked("RB123456785GB")}
		s.watch(t, asked)
		answers, err := s.Service.Track(t.Context(), asked)
		require.NoError(t, err)
		require.Len(t, answers, 1)
		require.NoError(t, answers[0].Err)
		require.Empty(t, answers[0].Rows)
	})
	t.Run("only what has happened", func(t *testing.T) {
		s := start(t)
		now := s.World.Now()
		s.World.Add(world.Parcel{Number: "PWFUTURE1", Carrier: s.Carrier, Rows: []rules.Row{
			{At: now.Add(-time.Hour).Truncate(time.Second), Milestone: rules.PickedUp, Source: rules.FromCarrier},
			{At: now.Add(240 * time.Hour).Truncate(time.Second), Milestone: rules.Delivered, Source: rules.FromCarrier},
		}})
		asked := []port.Tracked{s.tracked("PWFUTURE1")}
		s.watch(t, asked)
		answers, err := s.Service.Track(t.Context(), asked)
		require.NoError(t, err)
		require.Len(t, answers[0].Rows, 1)
	})
	t.Run("bad weather", func(t *testing.T) { badWeather(t, start) })
	t.Run("one bad number", func(t *testing.T) { oneBadNumber(t, start) })
	t.Run("rows of one moment", func(t *testing.T) { oneMoment(t, start) })
	t.Run("a further number", func(t *testing.T) { furtherNumber(t, start) })
	t.Run("pushes", func(t *testing.T) { pushes(t, start) })
	t.Run("a wrong key", func(t *testing.T) {
		s := start(t)
		if s.BadKey == nil {
			return
		}
		_, err := s.BadKey.Track(t.Context(), s.parcels(t, 1))
		require.ErrorIs(t, err, port.ErrRefused)
	})
	t.Run("cancelled", func(t *testing.T) {
		s := start(t)
		asked := s.parcels(t, 1)
		s.watch(t, asked)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		s.Faults.Add(fault.Fault{Delay: 10 * time.Second})
		began := time.Now()
		_, err := s.Service.Track(ctx, asked)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Less(t, time.Since(began), 5*time.Second)
	})
}

func (s *Subject) tracked(number string) port.Tracked {
	return port.Tracked{Store: "cn-1001", Order: "8190001", Number: number, Carrier: s.Carrier, Country: "ES"}
}

// parcels adds parcels to the world, with rows of many kinds.
func (s *Subject) parcels(t *testing.T, n int) []port.Tracked {
	t.Helper()
	lives := [][]rules.Milestone{
		{rules.InfoReceived, rules.PickedUp, rules.DepartedOrigin, rules.ArrivedDestination, rules.OutForDelivery, rules.Delivered},
		{rules.PickedUp, rules.InTransit, rules.CustomsHold, rules.CustomsReleased, rules.AvailableForPickup, rules.Delivered},
		{rules.PickedUp, rules.OutForDelivery, rules.DeliveryFailed, rules.Returned},
		{rules.PickedUp, rules.InTransit, rules.Lost},
		{rules.InfoReceived},
	}
	now := s.World.Now().Truncate(time.Second)
	asked := make([]port.Tracked, n)
	for i := range asked {
		number := fmt.Sprintf("PW%09dCN", i)
		life := lives[i%len(lives)]
		rows := make([]rules.Row, len(life))
		for j, m := range life {
			rows[j] = rules.Row{
				At: now.Add(time.Duration(j-len(life)) * 26 * time.Hour), Milestone: m, Location: "Valencia, ES",
				Description: fmt.Sprintf("step %d of %s", j, number), Source: rules.FromCarrier,
			}
		}
		s.World.Add(world.Parcel{Number: number, Carrier: s.Carrier, Country: "ES", Rows: rows})
		asked[i] = s.tracked(number)
	}
	return asked
}

func (s *Subject) watch(t *testing.T, asked []port.Tracked) {
	t.Helper()
	answers, err := s.Service.Watch(t.Context(), asked)
	require.NoError(t, err)
	require.Len(t, answers, len(asked))
	for i, p := range asked {
		require.Equal(t, p.Number, answers[i].Number)
		require.NoError(t, answers[i].Err)
	}
}

// same compares answers with what the world shows: moments and milestones, in order.
func (s *Subject) same(t *testing.T, asked []port.Tracked, answers []port.Answer) {
	t.Helper()
	require.Len(t, answers, len(asked))
	for i, a := range answers {
		require.Equal(t, asked[i].Number, a.Number)
		require.NoError(t, a.Err)
		require.Empty(t, a.Unplaced)
		p, ok := s.World.Parcel(a.Number)
		require.True(t, ok)
		require.Len(t, a.Rows, len(p.Rows), "%s", a.Number)
		for j, r := range a.Rows {
			want := p.Rows[j].Milestone
			if s.Shown != nil {
				want = s.Shown(want)
			}
			require.Equal(t, want, r.Milestone, "%s row %d: %+v", a.Number, j, r)
			require.True(t, p.Rows[j].At.Equal(r.At), "%s row %d: expected %s, got %s", a.Number, j, p.Rows[j].At, r.At)
			require.NotEmpty(t, r.Code)
			require.NotEqual(t, rules.FromManual, r.Source)
		}
	}
}
