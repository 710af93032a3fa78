package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// result is how the order's story ended.
func (w *world) result() protocol.OrderResult {
	w.t.Helper()
	var r protocol.OrderResult
	w.ended(&r)
	return r
}

// claimResult is how the claim's story ended.
func (w *world) claimResult() protocol.ClaimResult {
	w.t.Helper()
	var r protocol.ClaimResult
	w.ended(&r)
	return r
}

func (w *world) ended(result any) {
	w.t.Helper()
	require.True(w.t, w.env.IsWorkflowCompleted())
	require.NoError(w.t, w.env.GetWorkflowError())
	require.NoError(w.t, w.env.GetWorkflowResult(result))
}

// elapsed is the virtual time from start to the story's end, in whole seconds.
func (w *world) elapsed(start time.Time) time.Duration {
	return w.env.Now().Sub(start).Truncate(time.Second)
}

// assessment asks the story; as of a moment.
func (w *world) assessment(asOf time.Time) rules.Assessment {
	w.t.Helper()
	value, err := w.env.QueryWorkflow(protocol.QueryAssess, protocol.AsOf{AsOf: &asOf})
	require.NoError(w.t, err)
	var raw json.RawMessage
	require.NoError(w.t, value.Get(&raw))
	var a rules.Assessment
	require.NoError(w.t, json.Unmarshal(raw, &a))
	return a
}

// status is that of the order's only case as of a moment; empty when there is none.
func (w *world) status(asOf time.Time) rules.CaseStatus {
	w.t.Helper()
	a := w.assessment(asOf)
	if len(a.Cases) == 0 {
		return ""
	}
	require.Len(w.t, a.Cases, 1)
	return a.Cases[0].Status
}

func stamp(t time.Time) rules.Stamp { return rules.Stamp(t.UTC().Truncate(time.Second)) }

// ended is the end of a line of the notices that tells how a claim ended.
func ended(status rules.CaseStatus) string { return " ended/" + string(status) }

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// downBetween is the answer of a port that is out of order between two moments.
func downBetween(w *world, from, to time.Time) error {
	if now := w.env.Now(); !now.Before(from) && now.Before(to) {
		return errors.New("out of order")
	}
	return nil
}

// slowNotice makes one notice take long; the others go out at once.
func (w *world) slowNotice(key string, takes time.Duration) {
	send := func(ctx context.Context, n protocol.Notice) error { return w.Notify(ctx, n) }
	w.env.OnActivity(protocol.ActivityNotify, mock.Anything, mock.MatchedBy(func(n protocol.Notice) bool {
		return strings.HasSuffix(n.Key, "#"+key)
	})).After(takes).Return(send)
	w.env.OnActivity(protocol.ActivityNotify, mock.Anything, mock.Anything).Return(send).Maybe()
}

// onChild tells of every claim that the order starts.
func (w *world) onChild(started func(id string)) {
	w.env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
		started(info.WorkflowExecution.ID)
	})
}

// update is a confirm-exception update and what came of it.
type update struct {
	accepted bool
	rejected error
	result   protocol.ConfirmationResult
	err      error
}

// update sends a confirmation at a virtual time.
func (w *world) update(at time.Time, c any) *update {
	u := &update{}
	w.at(at, func() {
		w.env.UpdateWorkflow(protocol.UpdateConfirm, at.String(), &testsuite.TestUpdateCallback{
			OnAccept: func() { u.accepted = true },
			OnReject: func(err error) { u.rejected = err },
			OnComplete: func(result any, err error) {
				u.err = err
				if r, ok := result.(protocol.ConfirmationResult); ok {
					u.result = r
				}
			},
		}, c)
	})
	return u
}
