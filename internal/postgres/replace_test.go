package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/rulestest"
)

func replacing(tb testing.TB, id, order, number, old string) postgres.Incoming {
	tb.Helper()
	return event(tb, id, "shipment.recorded", order, fmt.Sprintf(`{"tracking_number":%q,"carrier":"cainiao","service_code":"CAINIAO_STANDARD",
		"recorded_at":"2026-02-06T08:30:00Z","shipped_at":"2026-01-05T08:00:00Z","trace_alert":true,"replaces":%q}`, number, old))
}

// assess is what the rules make of an order's facts as of a moment.
func assess(tb testing.TB, db *postgres.DB, order string, asOf time.Time) rules.Assessment {
	tb.Helper()
	o, err := db.Order(tb.Context(), "shop", order)
	require.NoError(tb, err)
	facts, err := db.Facts(tb.Context(), &o)
	require.NoError(tb, err)
	f := rules.NewFacts("shop", order)
	for _, raw := range facts {
		e, err := protocol.DecodeEvent([]byte(raw.Raw))
		require.NoError(tb, err)
		f.Add(e)
	}
	a, ok := rules.Assess(f, rulestest.Ruleset(), asOf)
	require.True(tb, ok)
	return a
}

// The old number stalled; another took its place, and its scans end the old one's case.
func TestCasesFollowACorrectedNumber(t *testing.T) {
	db := open(t)
	accept(t, db, event(t, "0", "order.created", "a", `{"created_at":"2026-01-05T07:00:00Z","buyer":{"name":"Ana","country":"US"},
		"category":"standard","service_code":"CAINIAO_STANDARD","free_shipping":false,"amount_paid":{"amount":"10.00","currency":"USD"},
		"freight":{"amount":"0","currency":"USD"},"commission":{"amount":"0","currency":"USD"},"tax":{"amount":"0","currency":"USD"},"items":[]}`),
		recorded(t, "1", "a", "LP1"))
	learn(t, db, "17track", port.Answer{Number: "LP1", Rows: []rules.Row{step(0, rules.PickedUp)}})
	stalled := scanned.Add(31 * 24 * time.Hour)
	require.Equal(t, rules.StatusOpen, assess(t, db, "a", stalled).Cases[0].Status)

	accept(t, db, replacing(t, "2", "a", "LP2", "lp 1"))
	require.Equal(t, port.Learnt{Rows: 2}, learn(t, db, "17track", port.Answer{Number: "LP2", Rows: []rules.Row{step(31*24*time.Hour+time.Hour, rules.InTransit)}}),
		"one row for each number")
	a := assess(t, db, "a", stalled.Add(2*time.Hour))
	require.Equal(t, "LP1", a.Cases[0].TrackingNumber)
	require.Equal(t, rules.StatusResumed, a.Cases[0].Status)
	for _, c := range a.Cases {
		require.NotEqual(t, rules.StatusOpen, c.Status, "nor is there another of the new number: %+v", c)
	}
}

// A chain of corrections ends at the first number, in whatever order they come in; what only
// the new number's trace held comes with its next answer.
func TestChainOfCorrections(t *testing.T) {
	for name, order := range map[string][]int{"in order": {0, 1}, "the other way round": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			db, url := postgrestest.Open(t)
			accept(t, db, recorded(t, "1", "a", "LP1"), recorded(t, "2", "b", "LP3"))
			row := step(0, rules.PickedUp)
			learn(t, db, "cainiao", port.Answer{Number: "LP3", Rows: []rules.Row{row}, Also: []string{"3SDFC01"}})
			require.Equal(t, "1", scalar(t, url, "UPDATE tracked SET answer_hash = 'x' WHERE tracking_number = 'LP3' RETURNING 1::text"))
			corrections := []postgres.Incoming{replacing(t, "3", "a", "LP2", "LP1"), replacing(t, "4", "a", "LP3", "LP2")}
			for _, i := range order {
				accept(t, db, corrections[i])
			}
			require.Equal(t, "none", scalar(t, url, "SELECT coalesce(answer_hash::text, 'none') FROM tracked WHERE tracking_number = 'LP3'"))
			require.Equal(t, 2, learn(t, db, "cainiao", port.Answer{Number: "LP3", Rows: []rules.Row{row}}).Rows, "of LP1 and LP2")
			require.Equal(t, 3, learn(t, db, "cainiao", port.Answer{Number: "3SDFC01", Rows: []rules.Row{row, step(time.Hour, rules.InTransit)}}).Rows)
			trace, err := db.Trace(t.Context(), "shop", "LP1")
			require.NoError(t, err)
			require.Len(t, trace, 2)
		})
	}
}

// Whichever recording comes first: the old number's trace follows once it is recorded.
func TestCorrectionOfANumberRecordedLater(t *testing.T) {
	db := open(t)
	accept(t, db, replacing(t, "2", "a", "LP2", "LP1"))
	first := step(0, rules.PickedUp)
	require.Equal(t, 1, learn(t, db, "17track", port.Answer{Number: "LP2", Rows: []rules.Row{first}}).Rows)
	accept(t, db, recorded(t, "1", "a", "LP1"))
	require.Equal(t, 3, learn(t, db, "17track", port.Answer{Number: "LP2", Rows: []rules.Row{first, step(time.Hour, rules.InTransit)}}).Rows)
}

// Who settles an order holds its row and then plans its numbers: a correction takes its locks in
// the same order, so that neither waits for the other in a circle.
func TestCorrectionLocksOrdersFirst(t *testing.T) {
	db, url := postgrestest.Open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"), recorded(t, "2", "a", "LP2"))
	require.Equal(t, "1", scalar(t, url, "UPDATE tracked SET answer_hash = 'x' WHERE tracking_number = 'LP2' RETURNING 1::text"))
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // the test is over
	settling, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = settling.Exec(t.Context(), "SELECT FROM orders WHERE order_no = 'a' FOR NO KEY UPDATE")
	require.NoError(t, err)
	accepted := make(chan error, 1)
	correction := replacing(t, "3", "a", "LP2", "LP1")
	go func() {
		_, err := db.Accept(t.Context(), []postgres.Incoming{correction})
		accepted <- err
	}()
	require.Eventually(t, func() bool {
		return scalar(t, url, "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == "1"
	}, 10*time.Second, 10*time.Millisecond)
	_, err = settling.Exec(t.Context(), "SET LOCAL lock_timeout = '200ms'; UPDATE tracked SET country = 'US' WHERE order_no = 'a'")
	require.NoError(t, err)
	require.NoError(t, settling.Commit(t.Context()))
	require.NoError(t, <-accepted)
	require.Equal(t, "none", scalar(t, url, "SELECT coalesce(answer_hash::text, 'none') FROM tracked WHERE tracking_number = 'LP2'"))
}
