package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// Cancelling works at every wait, and at once.
func TestCancel(t *testing.T) {
	t.Parallel()
	slow := func(activity string) func(*world) {
		return func(w *world) {
			w.env.OnActivity(activity, mock.Anything, mock.Anything).After(10*time.Hour).Return(nil, nil).Maybe()
		}
	}
	unkept := func(w *world) {
		w.during["notify"] = func(int) error { return errors.New("the database is away") }
	}
	for _, tc := range []struct {
		name  string
		start time.Time
		facts []rules.Event
		claim bool
		world func(*world)
		after time.Duration
	}{
		{"awaiting shipment", created, []rules.Event{orderCreated("US", false), paid(created)}, false, nil, time.Hour},
		{"in transit", afterPickUp, stalled(), false, nil, 5 * day},
		{"case open", opened, stalled(), false, nil, time.Hour},
		{"asking the carrier", opened, stalled(), false, func(w *world) {
			w.env.OnActivity(protocol.ActivityPollCarrier, mock.Anything, mock.Anything).After(10 * time.Hour).Return(nil).Maybe()
		}, time.Minute},
		{"notices cannot be kept", created, []rules.Event{orderCreated("BR", false), paid(created)}, false, unkept, time.Minute},
		{"inbox away", created, []rules.Event{orderCreated("US", false), paid(created)}, false, func(w *world) {
			w.inboxDown(created.Add(day), created.Add(90*day))
		}, 60 * time.Hour},
		{"claim: awaiting the confirmation", opened, stalled(), true, nil, time.Hour},
		{"claim: notices cannot be kept", opened, stalled(), true, unkept, time.Minute},
		{"claim: inbox away", opened, stalled(), true, func(w *world) { w.inboxDown(opened, opened.Add(90*day)) }, 70 * time.Hour},
		{"claim: collecting", confirmedAt, stalled(confirmed(confirmedAt)), true, func(w *world) {
			w.env.OnActivity(protocol.ActivityCollect, mock.Anything, mock.Anything).After(10*time.Hour).Return(protocol.Collected{}, nil).Maybe()
		}, time.Minute},
		{"claim: filing", confirmedAt, stalled(confirmed(confirmedAt)), true, slow(protocol.ActivityFile), time.Minute},
		{"claim: awaiting the filing", confirmedAt, stalled(confirmed(confirmedAt)), true, nil, time.Hour},
		{"claim: awaiting the decision", filedAt, handedIn(), true, nil, day},
		{"claim: appealing", filedAt, handedIn(decided(filedAt, "C1", rules.DecisionRejected), added(filedAt.Add(time.Second))), true, slow(protocol.ActivityAppeal), time.Minute},
		{"claim: awaiting the appeal", filedAt, handedIn(decided(filedAt, "C1", rules.DecisionRejected)), true, nil, time.Hour},
		{"claim: awaiting the payout", filedAt, handedIn(decided(filedAt, "C1", rules.DecisionApproved)), true, nil, time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.start)
			if tc.world != nil {
				tc.world(w)
			}
			w.at(tc.start.Add(tc.after), w.env.CancelWorkflow)
			if tc.claim {
				w.claim(stall, tc.facts...)
			} else {
				w.order(tc.facts...)
			}
			require.True(t, w.env.IsWorkflowCompleted())
			require.True(t, temporal.IsCanceledError(w.env.GetWorkflowError()), "%v", w.env.GetWorkflowError())
			require.Equal(t, tc.after, w.elapsed(tc.start))
		})
	}
}

// An order whose end comes while an update runs answers it first, and hears what came meanwhile.
func TestUpdateAtTheEndIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, opened)
	end := opened.Add(2 * time.Hour)
	w.inboxDown(end.Add(-time.Minute), end.Add(time.Hour))
	at := end.Add(-time.Hour)
	u := w.update(end.Add(-30*time.Second), confirmation(&at)) // waits for the inbox
	w.at(end, func() { w.env.SignalWorkflow(protocol.SignalEvent, w.put(received(end))) })
	w.order(stalled()...)
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.NoError(t, u.err)
	require.Equal(t, []rules.CaseID{stall}, u.result.Confirmed)
	require.Len(t, recordedFacts[*rules.Confirmed](w), 1)
	require.GreaterOrEqual(t, w.elapsed(opened), 3*time.Hour-time.Minute)
}

// Signals that arrive along with the one that ends the story are taken in before it ends.
func TestSignalsOfTheLastTaskAreHeard(t *testing.T) {
	t.Parallel()
	end := created.Add(day)
	extra := func(w *world) {
		w.env.SignalWorkflowSkippingWorkflowTask(protocol.SignalConfirm, "garbage")
		w.env.SignalWorkflow(protocol.SignalEvent, "more garbage")
	}
	t.Run("order", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, created)
		w.at(end, func() {
			w.env.SignalWorkflowSkippingWorkflowTask(protocol.SignalEvent, w.put(cancelled(end)))
			extra(w)
		})
		w.order(orderCreated("US", false), paid(created))
		w.result()
		require.Equal(t, []string{`event: "more garbage"`, `confirm-exception: "garbage"`}, w.kept())
	})
	t.Run("order, while it writes the last but one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, created)
		w.during["record"] = func(n int) error {
			if n == 1 {
				extra(w)
			}
			return nil
		}
		w.at(end, func() {
			w.env.SignalWorkflowSkippingWorkflowTask(protocol.SignalEvent, w.put(cancelled(end)))
			w.env.SignalWorkflow(protocol.SignalEvent, "garbage")
		})
		w.order(orderCreated("US", false), paid(created))
		w.result()
		require.Len(t, w.kept(), 3)
	})
	t.Run("claim, while it tells of its end", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, opened)
		w.during["notify"] = func(n int) error {
			if n == 2 {
				extra(w)
			}
			return nil
		}
		w.later(opened.Add(time.Hour), received(opened.Add(time.Hour)))
		w.claim(stall, stalled()...)
		require.Equal(t, rules.StatusClosed, w.claimResult().Status)
		require.Len(t, w.kept(), 2)
	})
}

// The timeline answers, for people, what happened and what comes next.
func TestTimelineQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.later(created.Add(day), cancelled(created.Add(day)))
	w.order(orderCreated("US", false), paid(created))
	w.result()
	value, err := w.env.QueryWorkflow(protocol.QueryTimeline, protocol.AsOf{AsOf: &created})
	require.NoError(t, err)
	var lines []protocol.TimelineEntry
	require.NoError(t, value.Get(&lines))
	require.False(t, lines[0].Future)
	require.True(t, lines[len(lines)-1].Future)
	for _, l := range lines {
		require.NotEmpty(t, l.ZH)
		require.NotEmpty(t, l.EN)
	}
}
