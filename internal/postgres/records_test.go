package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

func usd(tb testing.TB, s string) money.Amount {
	tb.Helper()
	a, err := money.Parse(s, "USD")
	require.NoError(tb, err)
	return a
}

func TestRecords(t *testing.T) {
	t.Parallel()
	db := open(t)
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	entry := port.LedgerEntry{Key: "k", Store: "shop", Order: "1", Claim: "C1", Kind: "paid", Amount: usd(t, "88.20"), At: at}
	require.NoError(t, db.Book(t.Context(), []port.LedgerEntry{entry}))
	again := entry
	again.Amount = usd(t, "1")
	require.NoError(t, db.Book(t.Context(), []port.LedgerEntry{again}))
	entries, err := db.Entries(t.Context(), "shop", "1")
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.Equal(t, entry, entries[0])

	for _, first := range []bool{true, false} {
		told, err := db.Told(t.Context(), protocol.Notice{Key: "n", Store: "shop", Order: "1", Kind: "reminder", ZH: "提醒", EN: "reminder"})
		require.NoError(t, err)
		assert.Equal(t, first, told)
	}
	require.NoError(t, db.Log(t.Context(), "li", "confirm", "shop", "1", map[string]string{"note": "hi"}))
}

func TestHanding(t *testing.T) {
	t.Parallel()
	db := open(t)
	ctx := t.Context()
	claim := func() []postgres.Order {
		orders, err := db.ClaimWaiting(ctx, 10, time.Minute)
		require.NoError(t, err)
		return orders
	}
	accept(t, db, paid(t, "p", "1"))
	orders := claim()
	require.Len(t, orders, 1)
	assert.Empty(t, claim(), "claimed twice")
	o := orders[0]
	require.NoError(t, db.Release(ctx, &o, 0, errors.New("no\x00pe")))
	o = claim()[0]
	assert.Equal(t, 1, o.Attempts)
	assert.Equal(t, "no\uFFFDpe", o.LastError)

	// A workflow that loads meanwhile makes a quiet judgement void, but not a telling.
	_, err := db.Load(ctx, protocol.FactsQuery{Store: "shop", Order: "1", ForOrder: true, Now: time.Now()})
	require.NoError(t, err)
	saved, err := db.SaveHanding(ctx, &o, &postgres.Handing{Upto: o.Latest})
	require.NoError(t, err)
	assert.False(t, saved)
	payout := usd(t, "88.20")
	opened := rules.Stamp(time.Date(2026, 2, 26, 8, 0, 0, 0, time.UTC))
	due := &rules.Deadline{Kind: rules.DeadlineConfirm, At: opened}
	c := postgres.Case{Case: rules.Case{
		Kind: rules.KindStall, TrackingNumber: "LP1", LastMovementAt: opened, OpenedAt: opened, AlertBy: opened, ConfirmBy: opened,
		FileBy: opened, Status: rules.StatusOpen, NextDeadline: due,
	}, Payout: &payout}
	view := postgres.View{
		Policy: "p", Stage: rules.StageException, Country: "BR", NextDeadline: due, Payout: &payout,
		RecheckAt: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	}
	complaint := rules.FreightComplaint{ID: "F-1", Status: rules.ComplaintOpen, OpenedAt: opened, RespondBy: opened, MoneyAtRisk: &payout}
	h := postgres.Handing{
		Upto: o.Latest, Told: true, RunID: "run", View: view, Cases: []postgres.Case{c}, Complaints: []rules.FreightComplaint{complaint},
	}
	saved, err = db.SaveHanding(ctx, &o, &h)
	require.NoError(t, err)
	assert.True(t, saved)
	assert.Empty(t, claim())
	o, err = db.Order(ctx, "shop", "1")
	require.NoError(t, err)
	assert.Equal(t, view, o.View)
	assert.True(t, o.Started)
	assert.Equal(t, "run", o.RunID)
	cases, err := db.Cases(ctx, "shop", "1")
	require.NoError(t, err)
	assert.Equal(t, []postgres.Case{c}, cases)
	complaints, err := db.Complaints(ctx, "shop", "1")
	require.NoError(t, err)
	assert.Equal(t, h.Complaints, complaints)

	// Time passes: looked at again, and the case is gone by facts learnt later.
	none, err := db.ClaimRechecks(ctx, 10, time.Minute, view.RecheckAt.Add(-time.Second))
	require.NoError(t, err)
	assert.Empty(t, none)
	again, err := db.ClaimRechecks(ctx, 10, time.Minute, view.RecheckAt)
	require.NoError(t, err)
	require.Len(t, again, 1)
	complaint.Status, complaint.MoneyAtRisk, complaint.Frozen, complaint.Points, complaint.DecidedAt = rules.ComplaintUpheld, nil, &payout, 3, &opened
	saved, err = db.SaveHanding(ctx, &again[0], &postgres.Handing{Upto: o.Latest, Complaints: []rules.FreightComplaint{complaint}})
	require.NoError(t, err)
	assert.True(t, saved)
	cases, err = db.Cases(ctx, "shop", "1")
	require.NoError(t, err)
	assert.Empty(t, cases)
	complaints, err = db.Complaints(ctx, "shop", "1")
	require.NoError(t, err)
	assert.Equal(t, []rules.FreightComplaint{complaint}, complaints)

	page, err := db.Orders(ctx, "", "", 10)
	require.NoError(t, err)
	require.Len(t, page, 1)
	page, err = db.Orders(ctx, "shop", "1", 10)
	require.NoError(t, err)
	assert.Empty(t, page)
}

// Who lost the lease neither saves an older view over a newer one nor gives the order back.
func TestLostLease(t *testing.T) {
	t.Parallel()
	db := open(t)
	accept(t, db, paid(t, "p", "1"))
	claim := func(lease time.Duration) postgres.Order {
		orders, err := db.ClaimWaiting(t.Context(), 1, lease)
		require.NoError(t, err)
		require.Len(t, orders, 1)
		return orders[0]
	}
	slow := claim(0)
	time.Sleep(time.Millisecond)
	next := claim(time.Minute)
	require.NoError(t, db.Release(t.Context(), &slow, 0, errors.New("late")))
	none, err := db.ClaimWaiting(t.Context(), 1, time.Minute)
	require.NoError(t, err)
	assert.Empty(t, none, "the lease of another was given back")
	for _, save := range []struct {
		o    *postgres.Order
		view string
		ok   bool
	}{{&next, "new", true}, {&slow, "old", false}} {
		saved, err := db.SaveHanding(t.Context(), save.o, &postgres.Handing{Upto: save.o.Latest, Told: true, View: postgres.View{Policy: save.view}})
		require.NoError(t, err)
		assert.Equal(t, save.ok, saved, save.view)
	}
	o, err := db.Order(t.Context(), "shop", "1")
	require.NoError(t, err)
	assert.Equal(t, "new", o.Policy)
	assert.Zero(t, o.Attempts)
	saved, err := db.SaveHanding(t.Context(), &o, &postgres.Handing{Upto: o.Latest - 1, Told: true})
	require.NoError(t, err)
	assert.False(t, saved, "fewer facts than were judged already")
}

// Processes that start together migrate once; a second time changes nothing.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	errs := make(chan error, 3)
	for range 3 {
		go func() { errs <- postgres.Migrate(t.Context(), url) }()
	}
	for range 3 {
		require.NoError(t, <-errs)
	}
}
