package postgres_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

func TestAccept(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := accept(t, db, paid(t, "p", "1"), paid(t, "p", "1"), recorded(t, "r", "1", "LP1"), scan(t, "s", "1", "LP1"))
	assert.Equal(t, postgres.Accepted{New: 3, Repeated: 1}, a)
	assert.Equal(t, postgres.Accepted{Repeated: 2}, accept(t, db, scan(t, "s", "1", "LP1"), paid(t, "p", "1")))
	assert.ElementsMatch(t, []string{"p", "r", "s"}, ids(t, db, "1"))

	unknown := event(t, "u", "order.sung", "9", `{}`)
	accept(t, db, unknown)
	_, err := db.Order(t.Context(), "shop", "9")
	require.ErrorIs(t, err, postgres.ErrNotFound)
	c, err := db.Counts(t.Context())
	require.NoError(t, err)
	assert.Equal(t, postgres.Counts{Events: 4, Orders: 1, Waiting: 1, Unknown: map[string]int64{"order.sung": 1}}, c)

	trace, err := db.Trace(t.Context(), "shop", "LP1")
	require.NoError(t, err)
	require.Len(t, trace, 2)
	assert.Equal(t, rules.PickedUp, trace[0].Milestone)
	assert.Equal(t, "\uFFFD", trace[0].Description)
	assert.Equal(t, "杭州", trace[1].Location)
}

func TestStores(t *testing.T) {
	t.Parallel()
	db := open(t)
	none, err := db.Stores(t.Context())
	require.NoError(t, err)
	assert.Empty(t, none)
	for _, store := range []string{"shop", "b-shop", "Z", "a", "shop"} {
		for _, order := range []string{"1", "2"} {
			e := paid(t, store+order, order)
			e.Event.Store = store
			accept(t, db, e)
		}
	}
	stores, err := db.Stores(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"Z", "a", "b-shop", "shop"}, stores)
}

func TestKeepsWhatWasReceived(t *testing.T) {
	t.Parallel()
	db := open(t)
	raw := "{\"specversion\":\"1.0\", \"id\":\"\\u0000x\",\"source\":\"s\\u0000\",\"type\":\"order.paid\",\"subject\":\"shop/1\",\n\"time\":\"2026-01-05T08:00:00+08:00\",\"extra\":1e400,\"data\":{\"paid_at\":\"2026-01-05T08:00:00Z\"}} "
	e, err := protocol.DecodeEvent([]byte(raw))
	require.NoError(t, err)
	assert.Equal(t, postgres.Accepted{New: 1}, accept(t, db, postgres.Incoming{Event: e, Raw: []byte(raw)}))
	assert.Equal(t, postgres.Accepted{Repeated: 1}, accept(t, db, postgres.Incoming{Event: e, Raw: []byte(raw)}))
	o, err := db.Order(t.Context(), "shop", "1")
	require.NoError(t, err)
	facts, err := db.Facts(t.Context(), &o)
	require.NoError(t, err)
	require.Len(t, facts, 1)
	assert.Equal(t, raw, facts[0].Raw)
	f, err := protocol.DecodeFact(postgres.Numbered(facts)[0])
	require.NoError(t, err)
	assert.Equal(t, facts[0].Position, f.Position)
}

func TestSharedParcel(t *testing.T) {
	t.Parallel()
	db := open(t)
	accept(t, db, scan(t, "early", "1", "LP1"), scan(t, "elsewhere", "7", "LP1"), scan(t, "other", "1", "LP2"))
	accept(t, db, recorded(t, "r1", "1", "LP1", "2", "3"))
	accept(t, db, scan(t, "late", "8", "LP1"))
	accept(t, db, recorded(t, "r2", "4", "LP1"), recorded(t, "r3", "1", "LP1", "2"))
	for order, want := range map[string][]string{
		"1": {"early", "other", "r1", "elsewhere", "late", "r3"},
		"2": {"r1", "early", "elsewhere", "late", "r3"},
		"3": {"r1", "early", "elsewhere", "late"},
		"4": {"r2", "early", "elsewhere", "late"},
		"7": {"elsewhere"},
		"8": {"late"},
	} {
		assert.ElementsMatch(t, want, ids(t, db, order), "order %s", order)
	}
}

// A recording and scans of the same number meet: neither may miss the other. The scans name
// other orders, so that no order's lock keeps them apart.
func TestRecordedWhileScanned(t *testing.T) {
	t.Parallel()
	db := open(t)
	for round := range 40 {
		number, order, other := fmt.Sprintf("LP%d", round), fmt.Sprintf("o%d", round), fmt.Sprintf("x%d", round)
		var g errgroup.Group
		for i := range 3 {
			g.Go(func() error {
				_, err := db.Accept(t.Context(), []postgres.Incoming{scan(t, fmt.Sprintf("s%d-%d", round, i), fmt.Sprintf("y%d-%d", round, i), number)})
				return err
			})
		}
		g.Go(func() error {
			_, err := db.Accept(t.Context(), []postgres.Incoming{recorded(t, fmt.Sprintf("r%d", round), order, number, other)})
			return err
		})
		require.NoError(t, g.Wait())
		assert.Len(t, ids(t, db, order), 4)
		assert.Len(t, ids(t, db, other), 4, "the other order of the parcel lost a fact")
	}
}

// Batches that share orders, numbers and repeats, each in an order of its own, must not wait
// for each other in a circle.
func TestConcurrentBatches(t *testing.T) {
	t.Parallel()
	db := open(t)
	var all []postgres.Incoming
	for i := range 30 {
		order := fmt.Sprintf("o%d", i)
		all = append(all, paid(t, "p"+order, order), scan(t, "s"+order, order, "LP"+order),
			recorded(t, "r"+order, order, "LP"+order, fmt.Sprintf("o%d", (i+7)%30)))
	}
	var g errgroup.Group
	var kept atomic.Int64
	for range 12 {
		g.Go(func() error {
			mine := append([]postgres.Incoming(nil), all...)
			rand.Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
			for len(mine) > 0 {
				n := min(len(mine), 1+rand.IntN(40))
				a, err := db.Accept(t.Context(), mine[:n])
				if err != nil {
					return err
				}
				kept.Add(int64(a.New))
				mine = mine[n:]
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	assert.EqualValues(t, len(all), kept.Load())
	for i := range 30 {
		// its own three, and recording and scan of the parcel that it shares
		assert.Len(t, ids(t, db, fmt.Sprintf("o%d", i)), 5)
	}
}

// Whoever loads again and again behind what it knows gets every fact once, in rising
// positions, however they are routed meanwhile.
func TestLoadWhileRouting(t *testing.T) {
	t.Parallel()
	db := open(t)
	const writers, each = 6, 40
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				_, err := db.Accept(t.Context(), []postgres.Incoming{paid(t, fmt.Sprintf("%d-%d", w, i), "1")})
				assert.NoError(t, err)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var behind int64
	seen := map[string]bool{}
	load := func() int {
		facts, err := db.Load(t.Context(), protocol.FactsQuery{Store: "shop", Order: "1", Behind: behind, ForOrder: true, Now: time.Now()})
		require.NoError(t, err)
		for _, raw := range facts.Events {
			f, err := protocol.DecodeFact(raw)
			require.NoError(t, err)
			require.Greater(t, f.Position, behind)
			require.False(t, seen[f.ID])
			behind, seen[f.ID] = f.Position, true
		}
		return len(facts.Events)
	}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		load()
	}
	assert.Len(t, seen, writers*each)
	o, err := db.Order(t.Context(), "shop", "1")
	require.NoError(t, err)
	assert.Equal(t, o.Latest, o.Handed)
	assert.WithinDuration(t, time.Now(), o.JudgedAt, time.Minute)
	assert.Zero(t, load())
}

func TestRecord(t *testing.T) {
	t.Parallel()
	db := open(t)
	good := paid(t, "p", "1")
	require.NoError(t, db.Record(t.Context(), []json.RawMessage{good.Raw}))
	require.NoError(t, db.Record(t.Context(), []json.RawMessage{good.Raw}))
	assert.Equal(t, []string{"p"}, ids(t, db, "1"))
	require.ErrorIs(t, db.Record(t.Context(), []json.RawMessage{[]byte(`{}`)}), port.ErrRefused)

	facts, err := db.Load(t.Context(), protocol.FactsQuery{Store: "shop", Order: "none", Now: time.Now()})
	require.NoError(t, err)
	assert.Empty(t, facts.Events)
	_, err = db.Load(t.Context(), protocol.FactsQuery{Store: "shop", Order: "1", Now: time.Now()})
	require.NoError(t, err)
	o, err := db.Order(t.Context(), "shop", "1")
	require.NoError(t, err)
	assert.Zero(t, o.Handed, "a claim's question is not the order's knowledge")
	assert.False(t, o.JudgedAt.IsZero())
}

// What Postgres will never take is refused, so that nobody tries for ever.
func TestRecordRefused(t *testing.T) {
	t.Parallel()
	db, url := postgrestest.Open(t)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // the test has ended
	_, err = conn.Exec(t.Context(), "ALTER TABLE inbox ADD CHECK (id <> 'bad')")
	require.NoError(t, err)
	require.ErrorIs(t, db.Record(t.Context(), []json.RawMessage{paid(t, "bad", "1").Raw}), port.ErrRefused)
	require.NoError(t, db.Record(t.Context(), []json.RawMessage{paid(t, "good", "1").Raw}))
}

// Facts that do not fit into one payload are loaded by and by, and count as handed by and by.
func TestLoadInParts(t *testing.T) {
	t.Parallel()
	db := open(t)
	for i, size := range []int{600_000, 600_000, 10, 1_040_000, 10} {
		accept(t, db, event(t, fmt.Sprint(i), "order.paid", "1", fmt.Sprintf(`{"paid_at":"2026-01-05T08:00:00Z","more":%q}`, strings.Repeat("x", size))))
	}
	q := protocol.FactsQuery{Store: "shop", Order: "1", ForOrder: true, Now: time.Now()}
	var parts []int
	for more := true; more; {
		facts, err := db.Load(t.Context(), q)
		require.NoError(t, err)
		parts, more = append(parts, len(facts.Events)), facts.More
		last, err := protocol.DecodeFact(facts.Events[len(facts.Events)-1])
		require.NoError(t, err)
		q.Behind = last.Position
		o, err := db.Order(t.Context(), "shop", "1")
		require.NoError(t, err)
		assert.Equal(t, q.Behind, o.Handed)
	}
	assert.Equal(t, []int{1, 2, 2}, parts)
}

// BenchmarkAccept takes in orders' whole lives in batches of 100, 4 batches at a time.
func BenchmarkAccept(b *testing.B) {
	db := open(b)
	var next atomic.Int64
	batch := func() []postgres.Incoming {
		events := make([]postgres.Incoming, 0, 100)
		for len(events) < 100 {
			order := fmt.Sprint(next.Add(1))
			number := "LP" + order
			events = append(events, paid(b, "p"+order, order), recorded(b, "r"+order, order, number))
			for i := range 8 {
				events = append(events, scan(b, fmt.Sprintf("s%s-%d", order, i), order, number))
			}
		}
		return events
	}
	batches := make([][]postgres.Incoming, b.N)
	for i := range batches {
		batches[i] = batch()
	}
	b.ResetTimer()
	var g errgroup.Group
	g.SetLimit(4)
	for _, events := range batches {
		g.Go(func() error {
			_, err := db.Accept(b.Context(), events)
			return err
		})
	}
	require.NoError(b, g.Wait())
	b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "events/s")
}
