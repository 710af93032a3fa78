package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/rules"
)

// BenchmarkSweep is what a sweep costs the database, for each number of a full batch: claimed,
// five scans of news, given back.
func BenchmarkSweep(b *testing.B) {
	db, url := postgrestest.Open(b)
	c, err := pgx.Connect(b.Context(), url)
	require.NoError(b, err)
	_, err = c.Exec(b.Context(), `INSERT INTO tracked (store, tracking_number, order_no, carrier, service_code, next_poll_at)
		SELECT 'shop', 'N' || i, 'o' || i, 'YANWEN', 'X', '2026-01-10' FROM generate_series(1, 100000) i`)
	require.NoError(b, err)
	require.NoError(b, c.Close(b.Context()))
	var claim, learnt, finish time.Duration
	n := 0
	for b.Loop() {
		start := time.Now()
		list, err := db.ClaimDue(b.Context(), all, judged, 40, time.Minute)
		require.NoError(b, err)
		claim += time.Since(start)
		answers := make([]port.Answer, len(list))
		asked := make([]port.Asked, len(list))
		for i, d := range list {
			answers[i] = port.Answer{Number: d.Number}
			for j := range 5 {
				answers[i].Rows = append(answers[i].Rows, step(time.Duration(j)*time.Hour, rules.InTransit))
			}
			asked[i] = port.Asked{Due: d}
		}
		start = time.Now()
		_, err = db.Learn(b.Context(), "17track", answers)
		require.NoError(b, err)
		learnt += time.Since(start)
		start = time.Now()
		require.NoError(b, db.Finish(b.Context(), asked, judged))
		finish += time.Since(start)
		n += len(list)
	}
	per := func(d time.Duration) string {
		return fmt.Sprintf("%.0f us", float64(d.Microseconds())/float64(max(n, 1)))
	}
	b.Logf("%d numbers: claim %s, learn %s, finish %s each", n, per(claim), per(learnt), per(finish))
}
