package postgres_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/rules"
)

func scalar(tb testing.TB, url, sql string) string {
	tb.Helper()
	c, err := pgx.Connect(tb.Context(), url)
	require.NoError(tb, err)
	defer c.Close(tb.Context()) //nolint:errcheck // the test has its answer
	var s string
	require.NoError(tb, c.QueryRow(tb.Context(), sql).Scan(&s))
	return s
}

var judged = time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)

// plan has the parcels of an order asked about every so often from judged on; zero: no more.
func plan(tb testing.TB, db *postgres.DB, order string, every time.Duration, numbers ...string) {
	tb.Helper()
	polls := map[string]rules.Poll{}
	for _, n := range numbers {
		polls[n] = rules.Poll{}
		if every > 0 {
			polls[n] = rules.Poll{Plan: rules.PollPlan{{From: judged, Every: every}}, CheckBy: judged.Add(48 * time.Hour)}
		}
	}
	o, err := db.Order(tb.Context(), "shop", order)
	require.NoError(tb, err)
	ok, err := db.SaveHanding(tb.Context(), &o, &postgres.Handing{Upto: o.Latest, Polls: polls, JudgedAt: judged, View: postgres.View{Country: "ES"}})
	require.NoError(tb, err)
	require.True(tb, ok)
}

func due(tb testing.TB, db *postgres.DB, scope port.Scope, after time.Duration, most int) []port.Due {
	tb.Helper()
	list, err := db.ClaimDue(tb.Context(), scope, judged.Add(after), most, time.Minute)
	require.NoError(tb, err)
	return list
}

func numbersOf(list []port.Due) []string {
	var numbers []string
	for _, d := range list {
		numbers = append(numbers, d.Number)
	}
	slices.Sort(numbers)
	return numbers
}

var all = port.Scope{Others: true}

// A parcel is due at its time, at -1 s, 0 and +1 s; claimed by one; given back with its next.
func TestDue(t *testing.T) {
	db := open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"))
	require.Empty(t, due(t, db, all, 24*time.Hour, 9), "nothing is planned before the order is judged")
	plan(t, db, "a", 6*time.Hour, "LP1")
	require.Empty(t, due(t, db, all, -time.Second, 9))
	list := due(t, db, all, 0, 9)
	require.Len(t, list, 1, "a new number is due at once")
	require.Zero(t, list[0].AskedAt)
	require.NoError(t, db.Finish(t.Context(), []port.Asked{{Due: list[0], Next: list[0].Plan.Next(judged)}}, judged))
	require.Empty(t, due(t, db, all, 6*time.Hour-time.Second, 9))
	list = due(t, db, all, 6*time.Hour, 9)
	require.Equal(t, port.Tracked{Store: "shop", Order: "a", Number: "LP1", Carrier: "cainiao", Service: "CAINIAO_STANDARD", Country: "ES"}, list[0].Tracked)
	require.Equal(t, judged, list[0].AskedAt)
	require.Empty(t, due(t, db, all, 6*time.Hour+time.Second, 9), "it is ours")
	at := judged.Add(6 * time.Hour)
	require.NoError(t, db.Finish(t.Context(), []port.Asked{{Due: list[0], Next: list[0].Plan.Next(at)}}, at))
	require.Empty(t, due(t, db, all, 12*time.Hour-time.Second, 9))
	list = due(t, db, all, 12*time.Hour, 9)
	require.Len(t, list, 1)
	require.NoError(t, db.GiveBack(t.Context(), list))
	require.Len(t, due(t, db, all, 12*time.Hour, 9), 1, "given back as it was")
}

// A plan made while a sweep has the parcel in hand stands; one that ends the polling too.
func TestPlanBesideASweep(t *testing.T) {
	db := open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"), recorded(t, "2", "a", "LP2"))
	plan(t, db, "a", 6*time.Hour, "LP1", "LP2")
	list := due(t, db, all, 7*time.Hour, 9)
	require.Len(t, list, 2)
	plan(t, db, "a", 0, "LP1")
	plan(t, db, "a", 24*time.Hour, "LP2")
	asked := []port.Asked{{Due: list[0], Next: judged.Add(13 * time.Hour)}, {Due: list[1], Next: judged.Add(13 * time.Hour)}}
	require.NoError(t, db.Finish(t.Context(), asked, judged.Add(7*time.Hour)))
	require.Empty(t, due(t, db, all, 24*time.Hour-time.Second, 9))
	require.Equal(t, []string{"LP2"}, numbersOf(due(t, db, all, 1000*time.Hour, 9)))
}

// The plan never puts off what is due sooner, and an order that shares the parcel does not end
// its polling.
func TestPlanOfASharedParcel(t *testing.T) {
	db := open(t)
	accept(t, db, recorded(t, "1", "a", "LP1", "b"))
	plan(t, db, "a", 2*time.Hour, "LP1")
	plan(t, db, "b", 24*time.Hour, "LP1")
	plan(t, db, "b", 0, "LP1")
	require.Len(t, due(t, db, all, 2*time.Hour, 9), 1)
}

// The parcel is asked about until no order needs it, in whatever order they end: the first that
// recorded it is no other.
func TestPollingOfASharedParcelEnds(t *testing.T) {
	for name, ends := range map[string][]string{"the first ends first": {"a", "b"}, "the first ends last": {"b", "a"}} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			accept(t, db, recorded(t, "1", "a", "LP1", "b", "never-created"))
			plan(t, db, "a", 2*time.Hour, "LP1")
			plan(t, db, "b", 2*time.Hour, "LP1")
			plan(t, db, ends[0], 0, "LP1")
			list := due(t, db, all, 2*time.Hour, 9)
			require.Len(t, list, 1)
			require.NoError(t, db.Finish(t.Context(), []port.Asked{{Due: list[0], Next: list[0].Plan.Next(judged)}}, judged))
			plan(t, db, ends[1], 0, "LP1")
			require.Empty(t, due(t, db, all, 1000*time.Hour, 9))
			plan(t, db, ends[0], time.Hour, "LP1")
			require.Len(t, due(t, db, all, 1000*time.Hour, 9), 1, "an order that needs it again")
		})
	}
}

// Each service is asked about its own carriers, however orders spell them.
func TestScope(t *testing.T) {
	db := open(t)
	for i, carrier := range []string{"cainiao", "YANWEN", "4px"} {
		order := fmt.Sprint(i)
		accept(t, db, event(t, order, "shipment.recorded", order, fmt.Sprintf(`{"tracking_number":"N%d","carrier":%q,"service_code":"X",
			"recorded_at":"2026-01-05T08:00:00Z","shipped_at":"2026-01-05T08:00:00Z","trace_alert":true}`, i, carrier)))
		plan(t, db, order, time.Hour, "N"+order)
	}
	require.Equal(t, []string{"N0", "N2"}, numbersOf(due(t, db, port.Scope{Carriers: []string{"CAINIAO", "4PX"}}, time.Hour, 9)))
	require.Equal(t, []string{"N1"}, numbersOf(due(t, db, port.Scope{Carriers: []string{"CAINIAO", "4PX"}, Others: true}, time.Hour, 9)))
}

// The store's first parcel with a carrier is told apart, until one has been heard of.
func TestFirstOfACarrier(t *testing.T) {
	db := open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"), recorded(t, "2", "a", "LP2"))
	plan(t, db, "a", time.Hour, "LP1", "LP2")
	list := due(t, db, all, 0, 9)
	require.True(t, list[0].First && list[1].First)
	require.Equal(t, judged.Add(48*time.Hour), list[0].CheckBy)
	require.NoError(t, db.Finish(t.Context(), []port.Asked{{Due: list[0], Next: judged, Heard: true}, {Due: list[1], Next: judged}}, judged))
	list = due(t, db, all, 0, 9)
	require.False(t, list[0].First || list[1].First)
}

// Many sweeps take every parcel once.
func TestSweepsShare(t *testing.T) {
	db := open(t)
	const n = 200
	var numbers []string
	for i := range n {
		numbers = append(numbers, fmt.Sprintf("N%03d", i))
		accept(t, db, recorded(t, fmt.Sprint(i), "a", numbers[i]))
	}
	plan(t, db, "a", time.Hour, numbers...)
	var mu sync.Mutex
	var got []port.Due
	var sweeps sync.WaitGroup
	for range 4 {
		sweeps.Go(func() {
			for {
				list, err := db.ClaimDue(t.Context(), all, judged.Add(time.Hour), 7, time.Minute)
				if err != nil || len(list) == 0 {
					return
				}
				mu.Lock()
				got = append(got, list...)
				mu.Unlock()
			}
		})
	}
	sweeps.Wait()
	require.Equal(t, numbers, numbersOf(got))
}

// Slots are spaced over all callers; a pause keeps all off, longer after each failure, until
// an answer comes.
func TestSlots(t *testing.T) {
	db := open(t)
	slot := func(every, most time.Duration) (time.Duration, error) {
		return db.Slot(t.Context(), "17track", every, most)
	}
	first, err := slot(time.Second, time.Minute)
	require.NoError(t, err)
	require.Zero(t, first)
	second, err := slot(time.Second, time.Minute)
	require.NoError(t, err)
	require.InDelta(t, 1, second.Seconds(), 0.2)
	third, err := slot(time.Second, time.Minute)
	require.NoError(t, err)
	require.InDelta(t, 2, third.Seconds(), 0.2)
	_, err = slot(time.Second, time.Second)
	require.ErrorIs(t, err, port.ErrBusy)
	_, err = db.Slot(t.Context(), "kdniao", time.Second, 0)
	require.NoError(t, err, "another service")

	pause := func(after time.Duration) time.Duration {
		require.NoError(t, db.Pause(t.Context(), "cainiao", after))
		wait, err := db.Slot(t.Context(), "cainiao", 0, time.Hour)
		require.NoError(t, err)
		return wait
	}
	_, err = db.Slot(t.Context(), "cainiao", 0, 0)
	require.NoError(t, err)
	for range 4 {
		require.Zero(t, pause(0), "a failure now and then is nothing")
	}
	require.InDelta(t, 1, pause(0).Seconds(), 0.2)
	require.InDelta(t, 2, pause(0).Seconds(), 0.2)
	require.InDelta(t, 30, pause(30*time.Second).Seconds(), 0.2, "what it asked for")
	for range 12 {
		require.NoError(t, db.Pause(t.Context(), "cainiao", 0))
	}
	require.InDelta(t, 300, pause(0).Seconds(), 1, "at most five minutes")
	_, err = db.Slot(t.Context(), "cainiao", 0, time.Minute)
	require.ErrorIs(t, err, port.ErrBusy)
	require.NoError(t, db.Answered(t.Context(), "cainiao"))
}

// What a correction has forgotten while a sweep had the parcel in hand stays forgotten: its
// next answer is looked at again.
func TestForgottenWhileAsked(t *testing.T) {
	db, url := postgrestest.Open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"))
	plan(t, db, "a", time.Hour, "LP1")
	first := due(t, db, all, 0, 9)
	require.NoError(t, db.Finish(t.Context(), []port.Asked{{Due: first[0], Next: judged.Add(time.Hour), Answer: []byte("one")}}, judged))
	list := due(t, db, all, time.Hour, 9)
	require.Equal(t, []byte("one"), list[0].Hash)
	require.Equal(t, "UPDATE 1", execute(t, url, "UPDATE tracked SET answer_hash = NULL"))
	require.NoError(t, db.Finish(t.Context(), []port.Asked{{Due: list[0], Next: judged.Add(2 * time.Hour), Answer: []byte("one")}}, judged))
	require.Empty(t, due(t, db, all, 2*time.Hour, 9)[0].Hash)
}

func execute(tb testing.TB, url, sql string) string {
	tb.Helper()
	c, err := pgx.Connect(tb.Context(), url)
	require.NoError(tb, err)
	defer c.Close(tb.Context()) //nolint:errcheck // the test has its answer
	tag, err := c.Exec(tb.Context(), sql)
	require.NoError(tb, err)
	return tag.String()
}

// What a push said of a number that a sweep had in hand stands: it is to be watched anew.
func TestGivenUpWhileAsked(t *testing.T) {
	db := open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"), recorded(t, "2", "a", "LP2"))
	plan(t, db, "a", time.Hour, "LP1", "LP2")
	watched := func(list []port.Due) (by []string) {
		for _, d := range list {
			by = append(by, d.WatchedBy)
		}
		return by
	}
	finish := func(list []port.Due, after time.Duration) {
		t.Helper()
		asked := make([]port.Asked, len(list))
		for i, d := range list {
			asked[i] = port.Asked{Due: d, Watched: "17track", Next: judged.Add(after)}
		}
		require.NoError(t, db.Finish(t.Context(), asked, judged))
	}
	finish(due(t, db, all, 0, 9), time.Hour)
	list := due(t, db, all, time.Hour, 9)
	require.Equal(t, []string{"17track", "17track"}, watched(list))
	learn(t, db, "17track", port.Answer{Number: "LP1", Err: port.ErrUnwatched})
	finish(list, 2*time.Hour)
	list = due(t, db, all, 2*time.Hour, 9)
	require.ElementsMatch(t, []string{"", "17track"}, watched(list))
	finish(list, 3*time.Hour)
	require.Equal(t, []string{"17track", "17track"}, watched(due(t, db, all, 3*time.Hour, 9)), "watched anew")
}

// One worker looks in each span of virtual time, at -1 s, 0 and +1 s, at what is still asked about.
func TestLook(t *testing.T) {
	db := open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"), recorded(t, "2", "a", "LP2"), recorded(t, "3", "a", "LP3"), recorded(t, "4", "a", "LP4"))
	plan(t, db, "a", time.Hour, "LP1", "LP2", "LP3", "LP4")
	list := due(t, db, all, 0, 9)
	asked := make([]port.Asked, len(list))
	for i, d := range list {
		asked[i] = port.Asked{Due: d, Watched: "17track", Next: judged.Add(time.Hour)}
		if d.Number == "LP2" {
			asked[i].Watched = ""
		}
	}
	require.NoError(t, db.Finish(t.Context(), asked, judged))
	plan(t, db, "a", 0, "LP3")
	numbers, err := db.Watched(t.Context(), "17track", "", 9)
	require.NoError(t, err)
	require.Equal(t, []string{"LP1", "LP4"}, numbers)
	numbers, err = db.Watched(t.Context(), "17track", "LP1", 1)
	require.NoError(t, err)
	require.Equal(t, []string{"LP4"}, numbers)
	numbers, err = db.Watched(t.Context(), "kdniao", "", 9)
	require.NoError(t, err)
	require.Empty(t, numbers)

	require.NoError(t, db.Serve(t.Context(), "17track"))
	take := func(after time.Duration) bool {
		t.Helper()
		mine, err := db.TakeLook(t.Context(), "17track", judged.Add(after), 24*time.Hour)
		require.NoError(t, err)
		return mine
	}
	require.True(t, take(0))
	require.False(t, take(0), "another worker")
	require.False(t, take(24*time.Hour-time.Second))
	require.True(t, take(24*time.Hour))
	require.True(t, take(48*time.Hour+time.Second))
}

// A service is served while a worker that has it sweeps.
func TestServed(t *testing.T) {
	db, url := postgrestest.Open(t)
	served := func() bool {
		t.Helper()
		is, err := db.Served(t.Context(), "17track", time.Hour)
		require.NoError(t, err)
		return is
	}
	require.False(t, served())
	require.NoError(t, db.Serve(t.Context(), "17track"))
	require.True(t, served())
	require.Equal(t, "UPDATE 1", execute(t, url, "UPDATE service_limits SET served_at = now() - interval '61 minutes'"))
	require.False(t, served())
	require.NoError(t, db.Serve(t.Context(), "17track"))
	require.True(t, served())
}
