package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"parcelward/activities"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// accounts are books that note what was asked of them.
type accounts struct {
	month rules.Month
	week  rules.Week
	fails error
}

func (*accounts) Location(time.Time) *time.Location { return time.FixedZone("", 8*60*60) }

func (a *accounts) KeepMonth(_ context.Context, _ string, m rules.Month, _ time.Time) (port.StatementKept, bool, error) {
	a.month = m
	return port.StatementKept{Serial: 2, Totals: rules.StatementTotals{Orders: 4, Differences: []rules.DifferCount{{Count: 1}, {Count: 2}}}}, true, a.fails
}

func (*accounts) Health(context.Context, string, time.Time) (rules.StoreHealth, error) {
	return rules.StoreHealth{}, nil
}

func (a *accounts) Week(_ context.Context, _ string, w rules.Week, _ time.Time) (rules.Health, error) {
	a.week = w
	return rules.Health{}, a.fails
}

func (*accounts) SetScores(context.Context, string, rules.Week, rules.HealthScores, string) error {
	return nil
}

// Without a month or a week, the one that is over is meant, by the platform's clock.
func TestBooksPeriod(t *testing.T) {
	t.Parallel()
	books := new(accounts)
	a := activities.Activities{Statements: books, Stores: books}
	for _, tc := range []struct{ now, month, week string }{
		{"2026-03-31T15:59:59Z", "2026-02", "2026-W13"}, // 23:59:59 in Beijing
		{"2026-03-31T16:00:00Z", "2026-03", "2026-W13"},
		{"2026-04-05T15:59:59Z", "2026-03", "2026-W13"},
		{"2026-04-05T16:00:00Z", "2026-03", "2026-W14"},
	} {
		now, err := time.Parse(time.RFC3339, tc.now)
		require.NoError(t, err)
		out, err := a.KeepStatement(t.Context(), protocol.StatementRequest{Store: "s", Now: now})
		require.NoError(t, err)
		require.Equal(t, tc.month, books.month.String())
		require.Equal(t, protocol.StatementResult{Month: tc.month, Serial: 2, Orders: 4, Differences: 3, Changed: true}, out)
		_, err = a.StoreHealth(t.Context(), protocol.HealthRequest{Store: "s", Now: now})
		require.NoError(t, err)
		require.Equal(t, tc.week, books.week.String())
	}
}

func TestBooksRefuse(t *testing.T) {
	t.Parallel()
	books := &accounts{fails: errors.New("away")}
	a := activities.Activities{Statements: books, Stores: books}
	final := func(err error) bool {
		app, ok := errors.AsType[*temporal.ApplicationError](err)
		require.True(t, ok)
		return app.NonRetryable()
	}
	_, err := a.KeepStatement(t.Context(), protocol.StatementRequest{Store: "s", Month: "x"})
	require.True(t, final(err))
	_, err = a.StoreHealth(t.Context(), protocol.HealthRequest{Store: "s", Week: "x"})
	require.True(t, final(err))
	_, err = a.KeepStatement(t.Context(), protocol.StatementRequest{Store: "s", Month: "2026-03"})
	require.False(t, final(err))
	_, err = new(activities.Activities).KeepStatement(t.Context(), protocol.StatementRequest{Store: "s"})
	require.True(t, final(err))
}
