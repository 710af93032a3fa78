package workflows

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// claimOf is an order's claim, as the order sees it.
type claimOf struct {
	id      rules.CaseID
	running bool
	stopped bool            // an operator ended it, or it failed: it does not start again
	end     workflow.Future // of the child; nil when an earlier run started it
	sent    int             // how many of the order's facts the claim has been given
	known   int             // how many of them follow claims, or are evidence
	last    rules.Case      // as last told
}

func (o *order) claim(id rules.CaseID) *claimOf {
	for _, c := range o.claims {
		if c.id.Equal(id) && c.running {
			return c
		}
	}
	return nil
}

// settled tells whether another claim of a case would be in vain: the last was ended by an
// operator, or failed, or it ended knowing all that is known.
func (o *order) settled(id rules.CaseID) bool {
	return slices.ContainsFunc(o.claims, func(c *claimOf) bool { return c.id.Equal(id) && (c.stopped || c.sent == len(o.raw)) })
}

// home tells whether the claim's end has been told and not been taken note of.
func (c *claimOf) home() bool { return c.running && c.end != nil && c.end.IsReady() }

// unheard is the next moment at which a claim that an earlier run started can expire: its
// end is not told.
func (o *order) unheard(ctx workflow.Context) time.Time {
	var next time.Time
	for _, c := range o.claims {
		if !c.running || c.end != nil || c.last.Status != rules.StatusOpen {
			continue
		}
		if at := rules.MissedAt(c.last.ConfirmBy.Time()); at.After(o.now(ctx)) {
			next = earliest(next, at)
		}
	}
	return next
}

// earliest is the earlier of two moments; zero stands for never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// keepClaims starts a claim for every live case that has none, and forwards what changes a
// claim's story. It reports whether that took time, or whether the order must look again.
func (o *order) keepClaims(ctx workflow.Context, plan rules.OrderPlan) (bool, error) {
	for _, c := range o.claims {
		if !c.home() {
			continue
		}
		c.running, c.stopped = false, c.end.Get(ctx, nil) != nil
		if slices.ContainsFunc(plan.Cases, c.id.Equal) {
			o.reread = true // the claim knew of something that ended its case
		}
	}
	if o.reread {
		return true, nil
	}
	acted := false
	for i := range plan.Assessment.Cases {
		shown := plan.Assessment.Cases[i]
		id := shown.ID()
		c := o.claim(id)
		var err error
		switch {
		case c != nil:
			var forwarded bool
			forwarded, err = o.forward(ctx, c, shown, plan.Known)
			acted = acted || forwarded
		case plan.End == "" && slices.ContainsFunc(plan.Cases, id.Equal) && !o.settled(id):
			err = o.start(ctx, shown, plan)
			acted = true
		}
		if err != nil {
			return true, err
		}
	}
	return acted, nil
}

// start opens the claim of a case. The child outlives its order: Continue-As-New of the
// parent would end it otherwise.
func (o *order) start(ctx workflow.Context, shown rules.Case, plan rules.OrderPlan) error {
	id := shown.ID()
	payout := plan.Assessment.Claim.Payout
	childCtx := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: protocol.ClaimWorkflowID(o.in.Store, o.in.Order, id), TaskQueue: protocol.QueueOrders,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         wording.ClaimSummary(o.in.Store, o.in.Order, id, payout).String(),
		TypedSearchAttributes: claimAttributes(o.in.Store, shown, shown.Carrier(), payout),
	})
	child := workflow.ExecuteChildWorkflow(childCtx, protocol.WorkflowClaim, protocol.ClaimInput{
		Store: o.in.Store, Order: o.in.Order, Case: id, Policy: o.in.Policy, Calendar: o.rev, Clock: o.clock, Facts: o.raw,
	})
	started := &claimOf{id: id, running: true, end: child, sent: len(o.raw), known: plan.Known, last: shown}
	var already *temporal.ChildWorkflowExecutionAlreadyStartedError
	switch err := child.GetChildWorkflowExecution().Get(ctx, nil); {
	case errors.As(err, &already):
		started.end, started.sent, started.last = nil, 0, rules.Case{} // an earlier run's; it may not know the latest
	case err != nil:
		return err
	}
	o.claims = append(slices.DeleteFunc(o.claims, func(c *claimOf) bool { return c.id.Equal(id) }), started)
	return nil
}

// forward gives a claim the facts that it has not been given, when they change its story.
// What the claim itself brought about it knows.
func (o *order) forward(ctx workflow.Context, c *claimOf, shown rules.Case, known int) (bool, error) {
	if rules.SameCase(c.last, shown) && known <= c.known {
		return false, nil
	}
	c.last, c.known = shown, known
	claimID := protocol.ClaimWorkflowID(o.in.Store, o.in.Order, c.id)
	own := protocol.SourceOfStory(claimID)
	var news []json.RawMessage
	for _, raw := range o.raw[c.sent:] {
		if f, err := protocol.DecodeFact(raw); err == nil && f.Source != own {
			news = append(news, raw)
		}
	}
	before := c.sent
	if c.sent = len(o.raw); len(news) == 0 {
		return false, nil
	}
	err := workflow.SignalExternalWorkflow(ctx, claimID, "", protocol.SignalEvent, news).Get(ctx, nil)
	if ctx.Err() != nil {
		return true, err
	}
	var closed *temporal.UnknownExternalWorkflowExecutionError
	switch {
	case errors.As(err, &closed):
		o.log.Info("the claim has closed; it starts again if its case lives", "claim", claimID)
		c.running, c.sent = false, 0
	case err != nil:
		o.log.Error("facts not forwarded; they ride along with the next", "claim", claimID, "error", err)
		c.sent = before
	}
	return true, nil
}
