package postgres_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/postgres/postgrestest"
)

// Sweeps, pushes and plans that change many of the same rows at once, each in an order of its
// own, do not wait for each other in a circle.
func TestRowsAreLockedInOneOrder(t *testing.T) {
	db := open(t)
	const n = 150
	numbers := make([]string, n)
	for i := range n {
		numbers[i] = fmt.Sprintf("N%03d", i)
		accept(t, db, recorded(t, fmt.Sprint(i), "a", numbers[i]))
	}
	plan(t, db, "a", time.Hour, numbers...)
	up := due(t, db, all, 0, n)
	slices.SortFunc(up, func(a, b port.Due) int { return strings.Compare(a.Number, b.Number) })
	down := slices.Clone(up)
	slices.Reverse(down)
	finish := func(list []port.Due, watched string) error {
		asked := make([]port.Asked, len(list))
		for i, d := range list {
			asked[i] = port.Asked{Due: d, Watched: watched, Next: judged}
		}
		return db.Finish(t.Context(), asked, judged)
	}
	var sweeps sync.WaitGroup
	errs := make(chan error, 200)
	for _, do := range []func() error{
		func() error { return finish(up, "svc") },
		func() error { return finish(down, "svc") },
		func() error { return db.GiveBack(t.Context(), down) },
		func() error { return db.GiveBack(t.Context(), up) },
	} {
		sweeps.Go(func() {
			for range 40 {
				errs <- do()
			}
		})
	}
	sweeps.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
}

// What is due of others is not read: neither by a service of some carriers, nor by that of all others.
func TestClaimReadsItsOwnCarriers(t *testing.T) {
	db, url := postgrestest.Open(t)
	c, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer c.Close(t.Context()) //nolint:errcheck // the test has its answer
	_, err = c.Exec(t.Context(), `INSERT INTO tracked (store, tracking_number, order_no, carrier, service_code, next_poll_at)
		SELECT 'shop', 'N' || i, 'o' || i, CASE WHEN i > 29900 THEN 'Yanwen' ELSE 'cainiao' END, 'X', '2026-01-09'::timestamptz + make_interval(secs => i) FROM generate_series(1, 30000) i`)
	require.NoError(t, err)
	_, err = c.Exec(t.Context(), "VACUUM ANALYZE tracked")
	require.NoError(t, err)
	queries, err := os.ReadFile("queries/tracking.sql")
	require.NoError(t, err)
	_, claim, ok := strings.Cut(string(queries), "-- name: ClaimTracked :many\n")
	require.True(t, ok)
	claim, _, _ = strings.Cut(claim, "-- name: ")
	for scope, among := range map[*port.Scope]string{{Carriers: []string{"YANWEN"}}: "true", {Carriers: []string{"CAINIAO"}, Others: true}: "false"} {
		sql := strings.NewReplacer("@virtual_now", "'2026-01-10'", "@lease_seconds", "0", "@carriers", "'{"+scope.Carriers[0]+"}'", "@among", among, "@most", "40").Replace(claim)
		rows, err := c.Query(t.Context(), "EXPLAIN (ANALYZE, TIMING OFF) "+sql)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		text := strings.Join(lines, "\n")
		require.NotContains(t, text, "Seq Scan on tracked", text)
		require.NotRegexp(t, `Rows Removed by Filter: \d{3,}`, text)
		require.NotRegexp(t, `actual rows=\d{3,}`, text)
		require.Len(t, due(t, db, *scope, 0, 40), 40)
	}
}
