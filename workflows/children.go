package workflows

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// need is something of an order that has a story of its own: the claim of a case, a freight
// complaint, a dispute.
type need struct {
	id    string // of its workflow
	claim *rules.CaseID
	live  bool
	alone bool      // kept live by what may follow an end
	mark  string    // changes whenever its story must hear of something
	until time.Time // when it can end by time alone; zero: it does not

	kind       string // of workflow
	summary    string
	attributes func() temporal.SearchAttributes
	input      func() any // with all facts of the moment at which it is called
}

// child is the story of a need, as the order sees it.
type child struct {
	id      string // workflow ID
	claim   *rules.CaseID
	running bool
	stopped bool            // an operator ended it, or it failed: it does not start again
	again   bool            // it is not the first
	end     workflow.Future // of the child; nil when an earlier run started it
	sent    int             // how many of the order's facts it has been given
	mark    string          // of the need, as last told
	until   time.Time       // likewise
}

// versionContest, with its number, is the patch that gives a complaint or a dispute a story of
// its own: one a contest, for a run that had heard of an old dispute before must keep a new
// complaint. What it had heard of before goes on without. It can be removed, with what it guards
// always on, and the history disputed-before-order.json, when no Order run is open that a
// release before it began.
const versionContest = "contest/"

// needs are the order's, those that are over too: their stories must hear of it.
func (o *order) needs(plan rules.OrderPlan) []need {
	needs := make([]need, 0, len(plan.Assessment.Cases))
	for i := range plan.Assessment.Cases {
		needs = append(needs, o.claimNeed(plan.Assessment.Cases[i], &plan))
	}
	for i := range plan.Complaints {
		needs = append(needs, o.complaintNeed(&plan.Complaints[i], &plan))
	}
	for i := range plan.Disputes {
		needs = append(needs, o.disputeNeed(&plan.Disputes[i], &plan))
	}
	return needs
}

func (o *order) claimNeed(c rules.Case, plan *rules.OrderPlan) need {
	id := c.ID()
	n := need{id: protocol.ClaimWorkflowID(o.in.Store, o.in.Order, id), claim: &id, mark: c.Mark(), kind: protocol.WorkflowClaim}
	n.live = slices.ContainsFunc(plan.Cases, id.Equal)
	n.alone = n.live && !c.Status.Live()
	if plan.Known > 0 && o.in.Release > 0 { // evidence and what follows claims concerns them all
		n.mark += "/" + strconv.Itoa(plan.Known)
	}
	if c.Status == rules.StatusOpen {
		n.until = rules.MissedAt(c.ConfirmBy.Time())
	}
	payout := plan.Assessment.Claim.Payout
	n.summary = wording.ClaimSummary(o.in.Store, o.in.Order, id, payout).Summary()
	n.attributes = func() temporal.SearchAttributes { return claimAttributes(o.in.Store, c, c.Carrier(), payout) }
	n.input = func() any {
		return protocol.ClaimInput{
			Store: o.in.Store, Order: o.in.Order, Case: id, Policy: o.in.Policy, Calendar: o.rev, Clock: o.clock, Facts: o.raw,
		}
	}
	return n
}

func (o *order) complaintNeed(c *rules.FreightComplaint, plan *rules.OrderPlan) need {
	return need{
		id: protocol.ComplaintWorkflowID(o.in.Store, c.ID), live: c.Status.Live(), mark: c.Mark(), kind: protocol.WorkflowComplaint,
		summary: wording.ComplaintSummary(o.in.Store, o.in.Order, c.ID).Summary(), input: o.contest(c.ID),
		attributes: func() temporal.SearchAttributes {
			return contestAttributes(o.in.Store, protocol.CaseKindComplaint, string(c.Status), c.NextDeadline, plan)
		},
	}
}

func (o *order) disputeNeed(d *rules.BuyerDispute, plan *rules.OrderPlan) need {
	return need{
		id: protocol.DisputeWorkflowID(o.in.Store, d.ID), live: d.Status.Live(), mark: d.Mark(), kind: protocol.WorkflowDispute,
		summary: wording.DisputeSummary(o.in.Store, o.in.Order, *d).Summary(), input: o.contest(d.ID),
		attributes: func() temporal.SearchAttributes {
			return contestAttributes(o.in.Store, protocol.CaseKindDispute, string(d.Status), d.NextDeadline, plan)
		},
	}
}

func (o *order) contest(id string) func() any {
	return func() any {
		return protocol.ContestInput{
			Store: o.in.Store, Order: o.in.Order, ID: id, Policy: o.in.Policy, Calendar: o.rev, Clock: o.clock, Facts: o.raw,
		}
	}
}

// running is the child of that workflow ID that runs; nil: none does.
func (o *order) running(id string) *child {
	for _, c := range o.children {
		if c.id == id && c.running {
			return c
		}
	}
	return nil
}

// settled tells whether another story of a need would be in vain: the last was ended by an
// operator, or failed, or it ended knowing all that is known. A claim that a release before stories
// knew of seller protection had begun ends without it: one more is not in vain.
func (o *order) settled(n *need) bool {
	return slices.ContainsFunc(o.children, func(c *child) bool {
		return c.id == n.id && (c.stopped || c.sent == len(o.raw) && (c.again || !n.alone))
	})
}

// home tells whether the child's end has been told and not been taken note of.
func (c *child) home() bool { return c.running && c.end != nil && c.end.IsReady() }

// unheard is the next moment at which a child that an earlier run started can end by time
// alone: its end is not told.
func (o *order) unheard(ctx workflow.Context) time.Time {
	var next time.Time
	for _, c := range o.children {
		if c.running && c.end == nil && c.until.After(o.now(ctx)) {
			next = earliest(next, c.until)
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

// keepChildren starts a story for every live need that has none, and forwards what changes a
// story. It reports whether that took time, or whether the order must look again.
func (o *order) keepChildren(ctx workflow.Context, plan rules.OrderPlan) (bool, error) {
	needs := o.needs(plan)
	for _, c := range o.children {
		if !c.home() {
			continue
		}
		c.running, c.stopped = false, c.end.Get(ctx, nil) != nil
		if slices.ContainsFunc(needs, func(n need) bool { return n.live && n.id == c.id }) {
			o.reread = true // the child knew of something that ended its story
		}
	}
	if o.reread {
		return true, nil
	}
	acted := false
	for i := range needs {
		n := &needs[i]
		c := o.running(n.id)
		var err error
		switch {
		case c != nil:
			var forwarded bool
			forwarded, err = o.forward(ctx, c, n)
			acted = acted || forwarded
		case plan.End == "" && n.live && !o.settled(n):
			err = o.start(ctx, n)
			acted = true
		}
		if err != nil {
			return true, err
		}
	}
	return acted, nil
}

// start opens the story of a need. The child outlives its order: Continue-As-New of the
// parent would end it otherwise.
func (o *order) start(ctx workflow.Context, n *need) error {
	childCtx := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: n.id, TaskQueue: protocol.QueueOrders,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         n.summary,
		TypedSearchAttributes: n.attributes(),
	})
	run := workflow.ExecuteChildWorkflow(childCtx, n.kind, n.input())
	again := slices.ContainsFunc(o.children, func(c *child) bool { return c.id == n.id })
	started := &child{id: n.id, claim: n.claim, running: true, again: again, end: run, sent: len(o.raw), mark: n.mark, until: n.until}
	var already *temporal.ChildWorkflowExecutionAlreadyStartedError
	switch err := run.GetChildWorkflowExecution().Get(ctx, nil); {
	case errors.As(err, &already):
		started.end, started.sent, started.mark, started.until = nil, 0, "", time.Time{} // an earlier run's; it may not know the latest
	case err != nil:
		return err
	}
	o.children = append(slices.DeleteFunc(o.children, func(c *child) bool { return c.id == n.id }), started)
	return nil
}

// forward gives a child the facts that it has not been given, when they change its story.
// What the child itself brought about it knows.
func (o *order) forward(ctx workflow.Context, c *child, n *need) (bool, error) {
	if c.mark == n.mark {
		return false, nil
	}
	c.mark, c.until = n.mark, n.until
	own := protocol.SourceOfStory(c.id)
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
	err := workflow.SignalExternalWorkflow(ctx, c.id, "", protocol.SignalEvent, news).Get(ctx, nil)
	if ctx.Err() != nil {
		return true, err
	}
	var closed *temporal.UnknownExternalWorkflowExecutionError
	switch {
	case errors.As(err, &closed):
		o.log.Info("the child has closed; it starts again if its story goes on", "child", c.id)
		c.running, c.sent = false, 0
	case err != nil:
		o.log.Error("facts not forwarded; they ride along with the next", "child", c.id, "error", err)
		c.sent = before
	}
	return true, nil
}
