package workflows

import (
	"encoding/json"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// order is the state of an Order story.
type order struct {
	*story
	in       protocol.OrderInput
	done     []string // keys of what was done once
	children []*child
	shown    rules.Stage // as operators see it
	reread   bool        // the inbox must be read before the next decision

	learnt bool // an update has brought facts since the last look
}

// Order keeps one order: it waits for the shipment, watches the parcels, opens a claim for
// each exception and a story for each complaint and dispute, and ends when nothing can become due any more.
func (s *Stories) Order(ctx workflow.Context, in protocol.OrderInput) (protocol.OrderResult, error) {
	o := s.newOrder(ctx, in)
	if err := o.register(ctx); err != nil {
		return protocol.OrderResult{}, err
	}
	for {
		if err := o.takeIn(ctx); err != nil {
			return protocol.OrderResult{}, err
		}
		plan := o.plan(ctx, o.now(ctx))
		plan.Wake = earliest(plan.Wake, o.unheard(ctx))
		o.wake = plan.Wake
		acted, err := o.act(ctx, plan)
		if err != nil {
			return protocol.OrderResult{}, err
		}
		if acted || waiting(ctx) {
			continue // time has passed: look again
		}
		longHistory := workflow.GetInfo(ctx).GetContinueAsNewSuggested()
		if plan.End != "" || longHistory {
			if drained, err := drain(ctx); err != nil {
				return protocol.OrderResult{}, err
			} else if !drained {
				continue
			}
		}
		if plan.End != "" {
			return protocol.OrderResult{Reason: plan.End, Stage: plan.Assessment.Stage, At: o.now(ctx)}, nil
		}
		if longHistory {
			return protocol.OrderResult{}, workflow.NewContinueAsNewError(ctx, protocol.WorkflowOrder, o.next())
		}
		o.set(ctx, plan.Wake, wording.Waiting(plan, o.ruleset().Pack.Location()).Summary())
		if o.reread, err = o.wait(ctx, o.news); err != nil {
			return protocol.OrderResult{}, err
		}
		o.learnt = false
	}
}

func (s *Stories) newOrder(ctx workflow.Context, in protocol.OrderInput) *order {
	o := &order{story: s.newStory(ctx, in.Store, in.Order, in.Policy, in.Calendar, in.Clock, in.Facts), in: in}
	first := o.plan(ctx, o.began)
	o.wake = first.Wake
	if in.State == nil {
		o.shown = first.Assessment.Stage // as the start request said
		return o
	}
	o.done, o.shown = in.State.Done, in.State.Stage
	claim := func(id rules.CaseID) string { return protocol.ClaimWorkflowID(in.Store, in.Order, id) }
	for _, id := range in.State.Claims {
		o.children = append(o.children, &child{id: claim(id), claim: &id, running: true}) // sent: unknown, so all once more
	}
	for _, id := range in.State.Stopped {
		o.children = append(o.children, &child{id: claim(id), claim: &id, stopped: true})
	}
	for _, id := range in.State.Contests {
		o.children = append(o.children, &child{id: id, running: true})
	}
	for _, id := range in.State.StoppedContests {
		o.children = append(o.children, &child{id: id, stopped: true})
	}
	return o
}

// next is the input of the run that continues this one.
func (o *order) next() protocol.OrderInput {
	in := o.in
	in.Facts, in.Calendar = o.raw, o.rev
	in.State = &protocol.OrderState{Done: o.done, Stage: o.shown}
	for _, c := range o.children {
		switch {
		case c.running && c.claim != nil:
			in.State.Claims = append(in.State.Claims, *c.claim)
		case c.stopped && c.claim != nil:
			in.State.Stopped = append(in.State.Stopped, *c.claim)
		case c.running:
			in.State.Contests = append(in.State.Contests, c.id)
		case c.stopped:
			in.State.StoppedContests = append(in.State.StoppedContests, c.id)
		}
	}
	return in
}

// versionAftermath is the patch that has an order wait for the seller protection that may follow
// a second refusal. Runs that came to one before end without. It can be removed, with what it
// guards always on, and the histories refused-*before-*.json, when no Order run is open that a
// release before it began.
const versionAftermath = "order-aftermath"

// plan asks the rules what the order asks for at a moment, less what this run has passed by.
func (o *order) plan(ctx workflow.Context, now time.Time) rules.OrderPlan {
	plan := rules.PlanOrder(o.facts, o.ruleset(), now)
	before := func(change string) bool {
		return workflow.GetVersion(ctx, change, workflow.DefaultVersion, 1) == workflow.DefaultVersion
	}
	without := rules.Unfollowed{Aftermath: plan.Protected && before(versionAftermath)}
	for i := range plan.Complaints {
		if id := plan.Complaints[i].ID; before(versionContest + protocol.ComplaintWorkflowID(o.in.Store, id)) {
			without.Complaints = append(without.Complaints, id)
		}
	}
	for i := range plan.Disputes {
		if id := plan.Disputes[i].ID; before(versionContest + protocol.DisputeWorkflowID(o.in.Store, id)) {
			without.Disputes = append(without.Disputes, id)
		}
	}
	if !without.Aftermath && len(without.Complaints)+len(without.Disputes) == 0 {
		return plan
	}
	return rules.PlanOrderWithout(o.facts, o.ruleset(), now, without)
}

// takeIn brings the story up to date.
func (o *order) takeIn(ctx workflow.Context) error {
	reread := o.reread
	o.reread = false
	return o.story.takeIn(ctx, reread, true, o.unexpired)
}

// act does what the plan asks for and reports whether that took time. A story that is over
// only tells its children.
func (o *order) act(ctx workflow.Context, plan rules.OrderPlan) (bool, error) {
	if plan.End != "" {
		return o.keepChildren(ctx, plan)
	}
	o.show(ctx, plan)
	before := len(o.done)
	if polled, err := o.askCarriers(ctx, plan); polled || err != nil {
		return true, err
	}
	started, err := o.keepChildren(ctx, plan)
	if err != nil {
		return true, err
	}
	err = o.tell(ctx, &o.done, plan.Notices, func(n rules.Notice) protocol.Notice {
		text := wording.Notice(n, o.in.Store, o.in.Order, o.ruleset().Pack.Location())
		return protocol.Notice{ZH: text.ZH, EN: text.EN}
	})
	return started || len(o.done) > before, err
}

// askCarriers asks once about every parcel that is about to be called stalled, to be sure:
// usually there is newer movement, and the story sleeps on.
func (o *order) askCarriers(ctx workflow.Context, plan rules.OrderPlan) (bool, error) {
	polled := false
	for _, id := range plan.Cases {
		key := "poll/" + id.TrackingNumber + "/" + id.OpenedAt.Format("20060102T150405Z")
		if id.Kind != rules.KindStall || contains(o.done, key) || o.running(protocol.ClaimWorkflowID(o.in.Store, o.in.Order, id)) != nil {
			continue
		}
		o.done = append(o.done, key)
		polled = true
		err := poll(ctx, protocol.PollRequest{
			Parcel: protocol.Parcel{Store: o.in.Store, Order: o.in.Order, TrackingNumber: id.TrackingNumber, Carrier: plan.CarrierOf(id)},
			Now:    o.now(ctx),
		})
		if ctx.Err() != nil {
			return true, err
		}
		if err != nil {
			o.log.Warn("the carrier does not answer; the trace that we have decides", "number", id.TrackingNumber, "error", err)
		}
	}
	if !polled {
		return false, nil
	}
	return true, o.load(ctx, true)
}

// register answers what people and machines ask of the story.
func (o *order) register(ctx workflow.Context) error {
	err := workflow.SetQueryHandler(ctx, protocol.QueryAssess, func(q protocol.AsOf) (json.RawMessage, error) {
		return o.assessment(ctx, q)
	})
	if err != nil {
		return err
	}
	err = workflow.SetQueryHandler(ctx, protocol.QueryTimeline, func(q protocol.AsOf) ([]protocol.TimelineEntry, error) {
		return o.timeline(ctx, q), nil
	})
	if err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, protocol.UpdateConfirm, o.confirmUpdate, workflow.UpdateHandlerOptions{
		Validator: func(ctx workflow.Context, c protocol.Confirmation) error {
			_, err := c.Check(o.now(ctx))
			return err
		},
		Description: "A person pressed the confirm button in the seller centre · 已在卖家后台确认异常",
	})
}

// news tells whether an update brought a fact or a child came home since the last look.
func (o *order) news() bool {
	return o.learnt || slices.ContainsFunc(o.children, (*child).home)
}
