package postgres_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/rules"
)

// The migration notes when orders were created that were there before it, also where an event
// holds what jsonb refuses.
func TestMigrationNotesCreation(t *testing.T) {
	t.Parallel()
	db, url := postgrestest.Open(t)
	data := `{"created_at":"2026-01-05T08:00:00+08:00","buyer":{"name":"A\u0000","country":"FR"},"category":"standard","service_code":"X","free_shipping":true,
		"amount_paid":{"amount":"1","currency":"USD"},"freight":{"amount":"0","currency":"USD"},"commission":{"amount":"0","currency":"USD"},"tax":{"amount":"0","currency":"USD"},
		"items":[{"sku":"a","quantity":1,"price":{"amount":"1","currency":"USD"}}]}`
	accept(t, db, event(t, "c", "order.created", "1", data), paid(t, "p", "2"))
	text, err := os.ReadFile("migrations/00006_statement.sql")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(text), "-- +goose StatementBegin")
	require.True(t, ok)
	update, _, ok := strings.Cut(rest, "WHERE e.order_pk = o.order_pk;")
	require.True(t, ok)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // the test has ended
	_, err = conn.Exec(t.Context(), update+"WHERE e.order_pk = o.order_pk")
	require.NoError(t, err)
	o, err := db.Order(t.Context(), "shop", "1")
	require.NoError(t, err)
	assert.True(t, o.CreatedAt.Equal(time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)), o.CreatedAt)
	o, err = db.Order(t.Context(), "shop", "2")
	require.NoError(t, err)
	assert.True(t, o.CreatedAt.IsZero())
	n, err := db.CountOrders(t.Context(), "shop", time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 5, 0, 0, 1, 0, time.UTC))
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

// What is kept of a statement, and of scores, is never changed.
func TestStatementsAreAppendOnly(t *testing.T) {
	t.Parallel()
	db, url := postgrestest.Open(t)
	kept := port.StatementKept{Store: "s", Month: "2026-03", Serial: 1, SHA256: "a", AsOf: time.Now()}
	kept.Files = map[string]string{"xlsx": "x", "csv": "y"}
	large := strings.Repeat("0123456789", 250_000) // in three parts
	for _, first := range []bool{true, false} {
		ok, err := db.Keep(t.Context(), kept, map[string]io.Reader{"xlsx": strings.NewReader(large), "csv": strings.NewReader("")})
		require.NoError(t, err)
		assert.Equal(t, first, ok)
	}
	last, err := db.LastKept(t.Context(), "s", "2026-03")
	require.NoError(t, err)
	assert.Equal(t, kept.Files, last.Files)
	var got bytes.Buffer
	require.NoError(t, db.KeptFile(t.Context(), kept, "xlsx", &got))
	assert.Equal(t, large, got.String())
	got.Reset()
	require.NoError(t, db.KeptFile(t.Context(), kept, "csv", &got))
	assert.Empty(t, got.String())
	broken := kept
	broken.Serial = 2
	_, err = db.Keep(t.Context(), broken, map[string]io.Reader{"xlsx": io.MultiReader(strings.NewReader(large), iotest.ErrReader(errors.New("torn")))})
	require.ErrorContains(t, err, "torn")
	last, err = db.LastKept(t.Context(), "s", "2026-03")
	require.NoError(t, err)
	assert.Equal(t, 1, last.Serial, "all of it or nothing")
	week, err := rules.ParseWeek("2026-W10")
	require.NoError(t, err)
	require.NoError(t, db.SetScores(t.Context(), "s", week, rules.HealthScores{Programmes: []string{"anxinda"}}, "li"))
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // the test has ended
	for _, sql := range []string{"DELETE FROM statements", "UPDATE statement_parts SET content = ''", "UPDATE store_scores SET by = 'x'"} {
		_, err := conn.Exec(t.Context(), sql)
		assert.ErrorContains(t, err, "append-only")
	}
}

// A store's health reads the span that it asks for, not the years before it.
func TestHealthReadsItsSpan(t *testing.T) {
	t.Parallel()
	db, url := postgrestest.Open(t)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // the test has ended
	for _, sql := range []string{
		`INSERT INTO orders (store, order_no, created_at) SELECT 'shop', 'o' || i, '2023-01-01'::timestamptz + make_interval(hours => i) FROM generate_series(1, 30000) i`,
		`INSERT INTO inbox (source, id, type, store, order_no, of_parcel, known, event_time, raw)
			SELECT 's', i::text, CASE WHEN i % 3 = 0 THEN 'dispute.opened' ELSE 'complaint.opened' END, 'shop', 'o' || i, false, true, '2023-01-01'::timestamptz + make_interval(hours => i), '{}'
			FROM generate_series(1, 30000) i`,
		"VACUUM ANALYZE orders", "VACUUM ANALYZE inbox",
	} {
		_, err = conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	queries, err := os.ReadFile("queries/statement.sql")
	require.NoError(t, err)
	for name, index := range map[string]string{"Opened :many": "inbox_opened", "CountOrders :one": "orders_of_span"} {
		_, sql, ok := strings.Cut(string(queries), "-- name: "+name+"\n")
		require.True(t, ok)
		sql, _, _ = strings.Cut(sql, "-- name: ")
		sql = strings.NewReplacer("@store", "'shop'", "@from_at", "'2026-01-01'", "@until_at", "'2026-01-03'").Replace(sql)
		rows, err := conn.Query(t.Context(), "EXPLAIN (ANALYZE, TIMING OFF) "+sql)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		text := strings.Join(lines, "\n")
		require.Contains(t, text, index, text)
		require.NotContains(t, text, "Seq Scan", text)
		require.NotRegexp(t, `Rows Removed by Filter: \d{3,}`, text)
		require.NotRegexp(t, `actual rows=\d{3,}`, text)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	n, err := db.CountOrders(t.Context(), "shop", at, at.Add(48*time.Hour))
	require.NoError(t, err)
	assert.Equal(t, 48, n)
}

// Both ends of the span count; what was opened before or behind it does not.
func TestOpenedInSpan(t *testing.T) {
	t.Parallel()
	db, _ := postgrestest.Open(t)
	dispute := func(id string, at time.Time) {
		e := event(t, id, "dispute.opened", "1", `{"at":"2026-03-01T08:00:00Z","kind":"other","dispute_id":"`+id+`"}`)
		e.Event.Time = at
		accept(t, db, e)
	}
	from, until := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	for id, at := range map[string]time.Time{
		"before": from.Add(-time.Second), "first": from, "last": until, "behind": until.Add(time.Second),
	} {
		dispute(id, at)
	}
	events, err := db.Opened(t.Context(), "shop", from, until)
	require.NoError(t, err)
	var ids []string
	for i := range events {
		ids = append(ids, events[i].ID)
	}
	assert.ElementsMatch(t, []string{"first", "last"}, ids)
}
