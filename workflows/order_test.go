package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

func TestDeliveredOrderSleepsThroughItsLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.later(created.Add(20*time.Hour), recorded(created.Add(20*time.Hour)))
	w.quietly(created.Add(32*time.Hour), scan(created.Add(32*time.Hour), rules.PickedUp))
	w.quietly(created.Add(5*day), scan(created.Add(5*day), rules.DepartedOrigin))
	w.later(created.Add(18*day), scan(created.Add(18*day), rules.Delivered))
	w.later(created.Add(20*day), received(created.Add(20*day)))

	w.order(orderCreated("PL", true), paid(created))

	r := w.result()
	require.Equal(t, rules.EndCancelled, r.Reason)
	require.Equal(t, rules.StageClosed, r.Stage)
	require.Equal(t, 20*day, w.elapsed(created))
	require.Equal(t, map[string]int{"load": 1, "notify": 1}, w.calls, "one look into the inbox, at the 48 h reminder")
	require.Equal(t, []string{"0s before-shipping/compliance-papers"}, w.told())
}

// An order's story ends by time alone when the dispute period is over, or when nothing is
// heard for long.
func TestOrderEndsByTime(t *testing.T) {
	t.Parallel()
	delivery := created.Add(10 * day)
	for _, tc := range []struct {
		name  string
		facts []rules.Event
		late  []time.Time // scans in the inbox without a signal
		want  string
		after time.Duration
	}{
		{"dispute period of 15 d", []rules.Event{recorded(created), scan(created.Add(day), rules.PickedUp), scan(delivery, rules.Delivered)}, nil, rules.EndDelivered, 25 * day},
		{"nothing heard for 180 d", nil, nil, rules.EndIdle, 180 * day},
		{"a fact that only the inbox holds postpones the end", nil, []time.Time{created.Add(100 * day)}, rules.EndIdle, 280 * day},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			for _, f := range tc.facts {
				w.later(f.Time, f)
			}
			for _, at := range tc.late {
				w.quietly(at, scan(at, rules.InTransit))
			}
			w.order(orderCreated("US", false), paid(created))
			r := w.result()
			require.Equal(t, tc.want, r.Reason)
			require.Equal(t, tc.after, w.elapsed(created))
			require.Equal(t, created.Add(tc.after), r.At.Truncate(time.Second))
		})
	}
}

// The dispute period's end at -1 s, 0 and +1 s: a dispute up to it finds the story awake, and
// what comes after starts the ID again.
func TestDisputePeriodEnd(t *testing.T) {
	t.Parallel()
	delivery := created.Add(10 * day)
	end := delivery.Add(15 * day)
	for name, offset := range aroundDeadline {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			probed := 0
			w.env.RegisterDelayedCallback(func() {
				if !w.env.IsWorkflowCompleted() {
					probed++
				}
			}, end.Add(offset).Sub(created))
			w.order(orderCreated("US", false), paid(created), recorded(created), scan(created.Add(day), rules.PickedUp), scan(delivery, rules.Delivered))
			require.Equal(t, rules.EndDelivered, w.result().Reason)
			require.Equal(t, 25*day, w.elapsed(created))
			require.Equal(t, map[time.Duration]int{-time.Second: 1, 0: 1, time.Second: 0}[offset], probed)
			require.Empty(t, w.told())
		})
	}
}

func TestRestartedOrderWithAllFactsEndsAtOnce(t *testing.T) {
	t.Parallel()
	end := created.Add(20 * day)
	for _, tc := range []struct {
		name  string
		facts []rules.Event
		start time.Time
		want  string
	}{
		{"received", []rules.Event{received(end)}, end.Add(day), rules.EndCancelled},
		{"cancelled", []rules.Event{cancelled(end)}, end.Add(day), rules.EndCancelled},
		{"refunded in full", []rules.Event{refunded(end, false)}, end.Add(day), rules.EndCancelled},
		{"nothing heard since", nil, created.Add(300 * day), rules.EndIdle},
		{"filed and never decided", handedIn()[2:], created.Add(300 * day), rules.EndIdle},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.start)
			w.onChild(func(id string) { t.Errorf("started %s", id) })
			w.order(append([]rules.Event{orderCreated("US", true), paid(created)}, tc.facts...)...)
			require.Equal(t, tc.want, w.result().Reason)
			require.Zero(t, w.elapsed(tc.start))
			require.Empty(t, w.told(), "nobody is told of what is long over")
			require.Zero(t, w.asked("poll"))
		})
	}
}

func TestPartialRefundEndsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.later(created.Add(day), refunded(created.Add(day), true))
	w.later(created.Add(2*day), cancelled(created.Add(2*day)))
	w.order(orderCreated("US", false), paid(created))
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, 2*day, w.elapsed(created))
}

func TestOrderWithoutCreationHasNothingToGuard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.order(paid(created))
	require.Equal(t, protocol.OrderResult{Reason: rules.EndNothing, At: created}, w.result())
}

// A fact timed ahead of now takes effect at its time.
func TestFactAheadOfNowTakesEffectAtItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.order(orderCreated("US", false), paid(created), cancelled(created.Add(5*time.Hour)))
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, 5*time.Hour, w.elapsed(created))
}

// However many readings it takes, the inbox is read to its end before a deadline takes effect.
func TestInboxIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.page = 2
	for i := range 4 {
		at := created.Add(time.Duration(i+1) * time.Hour)
		w.quietly(at, refunded(at, true))
	}
	w.quietly(created.Add(30*time.Hour), recorded(created.Add(30*time.Hour)))
	end := created.Add(5 * day)
	w.later(end, cancelled(end))
	w.order(orderCreated("US", false), paid(created))
	w.result()
	require.Empty(t, w.told(), "the reminder of 48 h finds the recording in the inbox")
	require.Equal(t, 3, w.asked("load"))
}

// The inbox is tried again after 5 s, then twice as long each time, at most every 10 minutes.
func TestInboxIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	first := created.Add(48 * time.Hour) // the reminder of the tracking number
	w.inboxDown(first, first.Add(30*time.Minute))
	down := w.during["load"]
	var after []int // seconds
	w.during["load"] = func(n int) error {
		after = append(after, int(w.env.Now().Sub(first).Seconds()))
		return down(n)
	}
	end := created.Add(5 * day)
	w.later(end, cancelled(end))
	w.order(orderCreated("US", false), paid(created))
	w.result()
	require.Equal(t, []int{0, 5, 15, 35, 75, 155, 315, 635, 1235, 1835}, after[:10])
	require.Equal(t, "48h30m35s remind/tracking-number-due/24h", w.told()[0])
}
