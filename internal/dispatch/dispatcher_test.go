package dispatch_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"golang.org/x/sync/errgroup"

	"parcelward/internal/dispatch"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

func TestStartAndSignal(t *testing.T) {
	t.Parallel()
	s := play(t, at(day0.Add(2*day)))
	s.accept(t, created("1"))
	s.settled(t)
	assert.Empty(t, s.server.starts, "nothing to keep before the payment")
	s.accept(t, paid("1"))
	s.settled(t)
	require.Len(t, s.server.starts, 1)
	start := s.server.starts[0]
	assert.Equal(t, "order/shop/1", start.ID)
	assert.Equal(t, protocol.QueueOrders, start.TaskQueue)
	for _, part := range []string{"shop/1", "CL", "CAINIAO_STANDARD", "90.00"} {
		assert.Contains(t, start.StaticSummary, part)
	}
	assert.NotContains(t, fmt.Sprint(start), "Ana Souza", "a buyer's name is nobody's business here")
	assert.Equal(t, []string{"created-1", "paid-1"}, s.server.known("1"))
	o := s.order(t, "1")
	assert.Equal(t, rules.StageAwaitingShipment, o.Stage)
	assert.Equal(t, "aliexpress-2024-04", o.Policy)
	assert.Equal(t, "CL", o.Country)
	assert.Equal(t, o.Latest, o.Handed)
	assert.Equal(t, "run-1", o.RunID)

	s.accept(t, recorded("1", "LP1"))
	s.settled(t)
	assert.Equal(t, []string{"created-1", "paid-1", "recorded-1-LP1"}, s.server.known("1"))

	// A plain scan is not worth a signal; it rides along with what is.
	signals := s.server.signals["order/shop/1"]
	s.accept(t, scan("s1", "1", "LP1", day0.Add(32*time.Hour), "picked_up"), scan("s2", "1", "LP1", day0.Add(40*time.Hour), "in_transit"))
	s.settled(t)
	o = s.order(t, "1")
	assert.Equal(t, signals, s.server.signals["order/shop/1"])
	assert.Less(t, o.Handed, o.Latest)
	_, k, err := dispatch.Known(t.Context(), s.db, "shop", "1")
	require.NoError(t, err)
	assert.Equal(t, 3, k.Told.Len())
	assert.Equal(t, 5, k.All.Len())
	s.accept(t, scan("s3", "1", "LP1", day0.Add(47*time.Hour), "delivered"))
	s.settled(t)
	assert.Equal(t, signals+1, s.server.signals["order/shop/1"])
	assert.Equal(t, []string{"created-1", "paid-1", "recorded-1-LP1", "s1", "s2", "s3"}, s.server.known("1"))
	assert.Equal(t, rules.StageDelivered, s.order(t, "1").Stage)
}

// A workflow that has ended is started again with everything; one that nobody remembers
// starting is signalled.
func TestLateFact(t *testing.T) {
	t.Parallel()
	s := play(t, at(day0.Add(2*day)))
	s.accept(t, created("1"), paid("1"))
	s.settled(t)
	s.server.set(func() { delete(s.server.open, "order/shop/1") })
	s.accept(t, recorded("1", "LP1"))
	s.settled(t)
	require.Len(t, s.server.starts, 2)
	assert.Equal(t, "run-2", s.order(t, "1").RunID)
	assert.Equal(t, []string{"created-1", "paid-1", "created-1", "paid-1", "recorded-1-LP1"}, s.server.ids["order/shop/1"])

	s.server.set(func() { s.server.open["order/shop/2"] = "run-x" })
	s.accept(t, created("2"), paid("2"))
	s.settled(t)
	assert.Equal(t, "run-x", s.order(t, "2").RunID)
	assert.Equal(t, []string{"created-2", "paid-2"}, s.server.known("2"))
}

// A workflow that loads its facts before its start is answered for must not be told twice.
func TestLoadDuringStart(t *testing.T) {
	t.Parallel()
	s := play(t, at(day0.Add(2*day)))
	s.server.onStart = func(protocol.OrderInput) {
		_, err := s.db.Load(t.Context(), protocol.FactsQuery{Store: "shop", Order: "1", ForOrder: true, Now: day0.Add(3 * day)})
		assert.NoError(t, err)
	}
	s.accept(t, created("1"), paid("1"))
	s.settled(t)
	assert.Len(t, s.server.starts, 1)
	assert.Zero(t, s.server.signals["order/shop/1"])
	assert.True(t, s.order(t, "1").Started)
}

func TestOutage(t *testing.T) {
	t.Parallel()
	s := play(t, at(day0.Add(2*day)))
	s.server.set(func() { s.server.down = serviceerror.NewUnavailable("connection refused") })
	for i := range 40 {
		s.accept(t, created(fmt.Sprint(i)), paid(fmt.Sprint(i)))
	}
	require.Eventually(t, func() bool { return s.Healthy() != nil }, 5*time.Second, 5*time.Millisecond)
	time.Sleep(time.Second)
	assert.Equal(t, 1, s.logs.containing("cannot reach Temporal"))
	s.server.set(func() {
		assert.Less(t, s.server.calls, 30, "a server in trouble is left alone")
		s.server.down = nil
	})
	s.settled(t)
	assert.Equal(t, 1, s.logs.containing("reached Temporal again"))
	require.NoError(t, s.Healthy())
	assert.Len(t, s.server.starts, 40)
	for i := range 40 {
		assert.Len(t, s.server.known(fmt.Sprint(i)), 2)
		assert.Zero(t, s.order(t, fmt.Sprint(i)).Attempts)
	}
}

func TestOneRefusedOrder(t *testing.T) {
	t.Parallel()
	s := play(t, at(day0.Add(2*day)))
	s.server.set(func() { s.server.refuse["order/shop/bad"] = serviceerror.NewInvalidArgument("no") })
	for _, order := range []string{"bad", "1", "2"} {
		s.accept(t, created(order), paid(order))
	}
	require.Eventually(t, func() bool {
		return s.order(t, "bad").Attempts > 0 && len(s.server.known("1")) == 2 && len(s.server.known("2")) == 2
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, s.Healthy())
	assert.Contains(t, s.order(t, "bad").LastError, "no")
	s.server.set(func() { delete(s.server.refuse, "order/shop/bad") })
	s.settled(t)
	assert.Len(t, s.server.known("bad"), 2)
}

func TestLargeFactsAreSplit(t *testing.T) {
	t.Parallel()
	s := play(t, at(day0.Add(2*day)))
	large := func(id string) string {
		return event(id, "tracking.updated", "1", day0, `{"tracking_number":"LP1","events":[],"more":"`+strings.Repeat("x", 700_000)+`"}`)
	}
	s.accept(t, large("l1"), large("l2"), large("l3"), created("1"), paid("1"))
	s.settled(t)
	assert.Len(t, s.server.known("1"), 5)
	assert.Equal(t, 2, s.server.signals["order/shop/1"])
	assert.LessOrEqual(t, s.server.largest, 1<<20)
}

// Three dispatchers and twenty writers: every fact that must be told arrives, and no order
// hears one position before a lower one for the first time.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := play(t, at(day0.Add(60*day)))
	s.another(t)
	s.another(t)
	const orders, parcels = 10, 12
	var g errgroup.Group
	for w := range 20 {
		g.Go(func() error {
			for i := range orders * parcels {
				if i%20 != w {
					continue
				}
				order, number := fmt.Sprint(i%orders), fmt.Sprintf("LP%d", i)
				for _, raw := range []string{created(order), recorded(order, number), paid(order)} {
					if err := s.db.Record(t.Context(), []json.RawMessage{[]byte(raw)}); err != nil {
						return err
					}
					s.Wake()
				}
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	s.settled(t)
	for i := range orders {
		assert.Len(t, s.server.known(fmt.Sprint(i)), 2+parcels)
		var first []int64
		for _, p := range s.server.heard[protocol.OrderWorkflowID("shop", fmt.Sprint(i))] {
			if !slices.Contains(first, p) {
				first = append(first, p)
			}
		}
		assert.True(t, slices.IsSorted(first), "order %d heard %v", i, first)
	}
}

// Time alone changes the read model, and tells nobody.
func TestRecheck(t *testing.T) {
	t.Parallel()
	clock := protocol.Clock{Origin: day0.Add(27 * day), Start: time.Now(), Speed: 86400} // a day a second; stalled on day 31
	s := play(t, clock)
	s.accept(t, created("1"), paid("1"), recorded("1", "LP1"))
	s.settled(t)
	assert.False(t, s.order(t, "1").RecheckAt.IsZero())
	require.Eventually(t, func() bool { return s.order(t, "1").Stage == rules.StageException }, 20*time.Second, 10*time.Millisecond)
	cases, err := s.db.Cases(t.Context(), "shop", "1")
	require.NoError(t, err)
	require.Len(t, cases, 1)
	assert.Equal(t, rules.KindStall, cases[0].Kind)
	assert.Equal(t, "88.20 USD", cases[0].Payout.String())
	assert.Zero(t, s.server.signals["order/shop/1"])
}

func TestBooks(t *testing.T) {
	t.Parallel()
	s := play(t, at(day0.Add(100*day)))
	stalled := day0.Add(20*time.Hour + 30*day)
	s.accept(t, created("1"), paid("1"), recorded("1", "LP1"),
		event("f", "claim.filed", "1", stalled.Add(day), `{"tracking_number":"LP1","at":"$T","claim_id":"C1"}`),
		event("x", "claim.paid", "1", stalled, `{"claim_id":"C1","at":"$T"}`), // before its filing: ignored
		event("r", "claim.decided", "1", stalled.Add(3*day), `{"claim_id":"C1","at":"$T","decision":"rejected"}`),
		event("r2", "claim.decided", "1", stalled.Add(3*day), `{"claim_id":"C1","at":"$T","decision":"rejected"}`),
		event("a", "claim.appealed", "1", stalled.Add(4*day), `{"claim_id":"C1","at":"$T"}`),
		event("d", "claim.decided", "1", stalled.Add(6*day), `{"claim_id":"C1","at":"$T","decision":"approved","amount":{"amount":"80.00","currency":"USD"}}`))
	s.settled(t)
	s.accept(t, event("p", "claim.paid", "1", stalled.Add(8*day), `{"claim_id":"C1","at":"$T","amount":{"amount":"80.00","currency":"USD"}}`))
	s.settled(t)
	entries, err := s.db.Entries(t.Context(), "shop", "1")
	require.NoError(t, err)
	var booked []string
	for _, e := range entries {
		booked = append(booked, e.Kind+" "+e.Amount.String())
	}
	assert.Equal(t, []string{"claimed 88.20 USD", "rejected 88.20 USD", "approved 80.00 USD", "paid 80.00 USD"}, booked)
}

// What seller protection brings is booked beside the claim, each kind once: in the amount that was
// named, else in what was approved or asked for. What the rules ignore is not booked.
func TestBooksOfProtection(t *testing.T) {
	t.Parallel()
	stalled := day0.Add(20*time.Hour + 30*day)
	again := stalled.Add(6 * day)
	for name, tc := range map[string]struct{ facts, want []string }{
		"paid": {[]string{
			event("q", "protection.requested", "1", again.Add(day), `{"claim_id":"C1","at":"$T","amount":{"amount":"50.00","currency":"USD"}}`),
			event("g", "protection.decided", "1", again.Add(2*day), `{"claim_id":"C1","at":"$T","decision":"approved","amount":{"amount":"49.99","currency":"USD"}}`),
			event("p", "protection.paid", "1", again.Add(3*day), `{"claim_id":"C1","at":"$T"}`),
			event("p2", "protection.paid", "1", again.Add(4*day), `{"claim_id":"C1","at":"$T","amount":{"amount":"49.99","currency":"USD"}}`),
		}, []string{"protection-asked 50.00 USD", "protection-approved 49.99 USD", "protection-paid 49.99 USD"}},
		"no amounts": {[]string{
			event("q", "protection.requested", "1", again.Add(day), `{"claim_id":"C1","at":"$T"}`), // 70 % of 60 USD
			event("g", "protection.decided", "1", again.Add(2*day), `{"claim_id":"C1","at":"$T","decision":"rejected"}`),
			event("p", "protection.decided", "1", again.Add(3*day), `{"claim_id":"C1","at":"$T","decision":"approved"}`), // it was over
		}, []string{"protection-asked 42.00 USD", "protection-rejected 42.00 USD"}},
		"too late":    {[]string{event("q", "protection.requested", "1", again.Add(15*day+time.Second), `{"claim_id":"C1","at":"$T"}`)}, nil},
		"not refused": {[]string{event("q", "protection.requested", "1", again.Add(-time.Second), `{"claim_id":"C1","at":"$T"}`)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := play(t, at(day0.Add(100*day)))
			s.accept(t, append([]string{
				created("1"), paid("1"), recorded("1", "LP1"),
				event("f", "claim.filed", "1", stalled.Add(day), `{"tracking_number":"LP1","at":"$T","claim_id":"C1"}`),
				event("r", "claim.decided", "1", stalled.Add(3*day), `{"claim_id":"C1","at":"$T","decision":"rejected"}`),
				event("a", "claim.appealed", "1", stalled.Add(4*day), `{"claim_id":"C1","at":"$T"}`),
				event("d", "claim.decided", "1", again, `{"claim_id":"C1","at":"$T","decision":"rejected"}`),
				event("loss", "order.refunded", "1", again, `{"at":"$T","partial":true,"amount":{"amount":"60.00","currency":"USD"}}`),
			}, tc.facts...)...)
			s.settled(t)
			entries, err := s.db.Entries(t.Context(), "shop", "1")
			require.NoError(t, err)
			var booked []string
			for _, e := range entries {
				booked = append(booked, e.Kind+" "+e.Amount.String())
			}
			assert.Equal(t, append([]string{"claimed 88.20 USD", "rejected 88.20 USD"}, tc.want...), booked)
		})
	}
}

// The read model of the published examples is what their assessments say, whatever the order
// of arrival.
func TestExamples(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "..", "shared", "examples")
	file, err := os.Open(filepath.Join(root, "events.ndjson"))
	if errors.Is(err, os.ErrNotExist) {
		if os.Getenv("CI") != "" {
			t.Fatal("the published examples are not there")
		}
		t.Skip("the published examples are not there")
	}
	require.NoError(t, err)
	defer file.Close() //nolint:errcheck // only read
	var events []string
	for in := bufio.NewScanner(file); in.Scan(); {
		events = append(events, in.Text())
	}
	rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	raw, err := os.ReadFile(filepath.Join(root, "assessments.ndjson"))
	require.NoError(t, err)
	var want []rules.Assessment
	for line := range strings.Lines(string(raw)) {
		var a rules.Assessment
		require.NoError(t, json.Unmarshal([]byte(line), &a))
		want = append(want, a)
	}
	require.NotEmpty(t, want)
	s := play(t, at(want[0].AsOf.Time()))
	for chunk := range slices.Chunk(events, 7) {
		s.accept(t, chunk...)
	}
	s.settled(t)
	for _, a := range want {
		o, err := s.db.Order(t.Context(), a.Store, a.Order)
		require.NoError(t, err)
		assert.Equal(t, a.Stage, o.Stage, "%s/%s", a.Store, a.Order)
		cases, err := s.db.Cases(t.Context(), a.Store, a.Order)
		require.NoError(t, err)
		var got []rules.Case
		for _, c := range cases {
			got = append(got, c.Case)
		}
		wantJSON, err := json.Marshal(a.Cases)
		require.NoError(t, err)
		gotJSON, err := json.Marshal(got)
		require.NoError(t, err)
		assert.JSONEq(t, string(wantJSON), string(gotJSON), "%s/%s", a.Store, a.Order)
	}
}
