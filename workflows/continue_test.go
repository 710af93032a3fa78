package workflows_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

var continuedAt = opened.Add(2 * time.Hour)

// continued plays an order into a live case and beyond a long history, and returns the input
// of the run that continues it and what its claim does not know.
func continued(t *testing.T) (protocol.OrderInput, *world) {
	t.Helper()
	w := newWorldWith(t, afterPickUp, func(ctx workflow.Context, _ protocol.ClaimInput) (protocol.ClaimResult, error) {
		return protocol.ClaimResult{}, workflow.Sleep(ctx, 100*day)
	})
	w.env.SetDetachedChildWait(false)
	quiet := opened.Add(time.Hour)
	w.later(quiet, scan(quiet, rules.Advisory)) // changes nothing for the claim, which is not told
	w.at(continuedAt.Add(-time.Second), func() { w.env.SetContinueAsNewSuggested(true) })
	w.later(continuedAt, refunded(continuedAt, true))
	w.order(stalled()...)

	return nextInput(t, w), w
}

// nextInput is the input of the order's next run.
func nextInput(t *testing.T, w *world) protocol.OrderInput {
	t.Helper()
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, w.env.GetWorkflowError(), &next)
	require.Equal(t, protocol.WorkflowOrder, next.WorkflowType.Name)
	var in protocol.OrderInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
	return in
}

func TestContinueAsNewLosesNothing(t *testing.T) {
	t.Parallel()
	in, before := continued(t)
	require.Equal(t, continuedAt.Sub(afterPickUp), before.elapsed(afterPickUp))
	require.Len(t, in.Facts, 6)
	require.Equal(t, []rules.CaseID{stall}, in.State.Claims)
	require.Equal(t, rules.StageException, in.State.Stage)
	require.Contains(t, in.State.Done, "poll/LP00123456789012/20260402T100000Z")

	w, forwarded := continuing(t, in, before)
	w.later(confirmedAt, confirmed(confirmedAt))
	end := confirmedAt.Add(time.Hour)
	w.later(end, received(end))
	w.run(in)
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, end.Sub(continuedAt), w.elapsed(continuedAt))
	require.Equal(t, []int{6, 1, 1}, *forwarded, "all that the claim may have missed, the confirmation, the end")
	require.Equal(t, rules.StatusConfirmed, w.status(end.Add(-time.Second)))
	require.Zero(t, w.asked("poll"))
	require.Empty(t, w.told(), "what was told is not told again")
}

// What the earlier run's claim does unseen: at its expiry the order reads the inbox itself,
// and a confirmation without a time comes too late from then on.
func TestContinuedOrderCarriesOutTheExpiry(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		at     time.Time
		refuse string
	}{
		{"at confirm-by", confirmBy, ""},
		{"an hour late", confirmBy.Add(time.Hour), protocol.ErrTooLate},
		{"days late", confirmBy.Add(9 * day), protocol.ErrTooLate},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			in, before := continued(t)
			w, _ := continuing(t, in, before)
			u := w.update(tc.at, confirmation(nil))
			end := confirmBy.Add(10 * day)
			w.later(end, received(end))
			w.run(in)
			w.result()
			require.Equal(t, tc.refuse, errorType(u.err))
		})
	}
}

// A claim that has closed since is no error; it starts again, since its case lives.
func TestContinuedOrderFindsItsClaimClosed(t *testing.T) {
	t.Parallel()
	in, before := continued(t)
	var known []int
	w := newWorldWith(t, continuedAt, func(_ workflow.Context, in protocol.ClaimInput) (protocol.ClaimResult, error) {
		known = append(known, len(in.Facts))
		return protocol.ClaimResult{}, nil
	})
	w.takeOver(in, before)
	w.env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(&temporal.UnknownExternalWorkflowExecutionError{}).Once()
	end := continuedAt.Add(time.Hour)
	w.later(end, received(end))
	w.run(in)
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, []int{6}, known)
}

// Facts that could not be forwarded ride along with the next; only a claim that is gone
// counts as closed.
func TestUnforwardedFactsRideAlong(t *testing.T) {
	t.Parallel()
	in, before := continued(t)
	w := newWorldWith(t, continuedAt, func(workflow.Context, protocol.ClaimInput) (protocol.ClaimResult, error) {
		t.Error("the claim runs already")
		return protocol.ClaimResult{}, nil
	})
	w.takeOver(in, before)
	var tried []int
	w.env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(
		func(_, _, _, _ string, arg any) error {
			if tried = append(tried, len(arg.([]json.RawMessage))); len(tried) < 3 {
				return errors.New("no room for another signal")
			}
			return nil
		})
	w.later(confirmedAt, confirmed(confirmedAt))
	later := confirmedAt.Add(day)
	w.later(later, filed(later, "C1"))
	w.later(later.Add(day), decided(later.Add(day), "C1", rules.DecisionApproved))
	w.later(later.Add(2*day), settled(later.Add(2*day), "C1"))
	w.later(later.Add(3*day), refunded(later.Add(3*day), false))
	w.run(in)
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, []int{6, 7, 8, 1, 1}, tried)
}

// A claim that an operator ended stays ended in the order's next run, whatever comes.
func TestContinuedOrderLeavesEndedClaimsAlone(t *testing.T) {
	t.Parallel()
	before := newWorld(t, opened)
	before.onChild(func(id string) {
		before.env.RegisterDelayedCallback(func() { before.env.CancelWorkflowByID(id, "") }, time.Hour)
	})
	before.at(continuedAt.Add(-time.Second), func() { before.env.SetContinueAsNewSuggested(true) })
	before.later(continuedAt, alerted(continuedAt))
	before.order(stalled()...)
	in := nextInput(t, before)
	require.Empty(t, in.State.Claims)
	require.Equal(t, []rules.CaseID{stall}, in.State.Stopped)

	w := newWorld(t, continuedAt)
	w.takeOver(in, before)
	w.onChild(func(id string) { t.Errorf("started %s", id) })
	w.at(confirmedAt.Add(-time.Second), func() { w.env.SetContinueAsNewSuggested(true) })
	w.later(confirmedAt, confirmed(confirmedAt))
	w.run(in)
	third := nextInput(t, w)
	require.Equal(t, []rules.CaseID{stall}, third.State.Stopped, "handed on again")
	require.Equal(t, rules.StatusConfirmed, w.status(confirmedAt))
	require.Zero(t, w.asked("file"))
}

// continuing is the world of the second run; the claim is not its child. forwarded counts the
// facts of each signal to it.
func continuing(t *testing.T, in protocol.OrderInput, before *world) (*world, *[]int) {
	t.Helper()
	w := newWorld(t, continuedAt)
	w.takeOver(in, before)
	forwarded := new([]int)
	w.env.OnSignalExternalWorkflow(mock.Anything, protocol.ClaimWorkflowID(store, number, stall), "", protocol.SignalEvent, mock.Anything).Return(
		func(_, _, _, _ string, arg any) error {
			*forwarded = append(*forwarded, len(arg.([]json.RawMessage)))
			return nil
		})
	return w, forwarded
}

func (w *world) takeOver(in protocol.OrderInput, before *world) {
	w.inbox, w.known, w.handed, w.keeps = before.inbox, before.known, len(in.Facts), true
}

func (w *world) run(in protocol.OrderInput) {
	w.env.SetStartWorkflowOptions(startOptions(protocol.OrderWorkflowID(store, number)))
	w.env.ExecuteWorkflow(protocol.WorkflowOrder, in)
}
