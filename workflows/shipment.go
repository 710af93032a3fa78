package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/rules/wording"
)

// shipment is the state of a Shipment story.
type shipment struct {
	*story
	in    protocol.ShipmentInput
	known []string  // numbers that were recorded before it began
	until time.Time // virtual: then it is given up
	done  []string  // keys of the notices told

	number    string // to be declared; empty: not known yet
	shippedAt time.Time
	news      bool // an update has brought a number since the last look
	declaring bool // the platform is being asked to take it
	brought   bool // it has, and the inbox knows

	unanswered bool     // the number's declaration was not answered: it may stand on the platform
	unsure     []string // earlier numbers of which that holds
	ended      bool

	others    []string // logistics orders of the order's other parcels
	listed    bool     // they are known
	logistics protocol.Logistics
	waybill   *protocol.Evidence
	byHand    bool      // a person makes the label
	again     time.Time // virtual: the platform is not asked before

	asked string // code of what a person was asked; empty: nothing
	why   string // the reason with it
	since time.Time
	times int
}

// Shipment sends one parcel of an order: it has the label made, keeps the waybill as the first
// evidence, waits for the tracking number, and declares it on the platform, once. What the
// platform refuses goes back to a person, who gives another number.
func (s *Stories) Shipment(ctx workflow.Context, in protocol.ShipmentInput) (protocol.ShipmentResult, error) {
	p := &shipment{
		story: s.newStory(ctx, in.Store, in.Order, in.Policy, in.Calendar, in.Clock, nil), in: in,
		number: in.Number, shippedAt: in.ShippedAt,
	}
	if p.shippedAt.IsZero() {
		p.shippedAt = p.began
	}
	p.until = p.began
	if in.Due.After(p.until) {
		p.until = in.Due
	}
	p.until = p.until.Add(rules.ShipmentGrace)
	if err := p.register(ctx); err != nil {
		return protocol.ShipmentResult{}, err
	}
	for {
		if err := p.takeIn(ctx, true); err != nil {
			return protocol.ShipmentResult{}, err
		}
		blocked, err := p.check(ctx)
		if err != nil {
			return protocol.ShipmentResult{}, err
		}
		if !blocked {
			break
		}
		if !p.unsent {
			return protocol.ShipmentResult{Outcome: rules.EndBlocked, At: p.now(ctx)}, nil
		}
		if _, err := p.sleep(ctx, rules.ShippingPlan{}); err != nil { // else nobody would ever hear why
			return protocol.ShipmentResult{}, err
		}
	}
	rang := false
	for {
		if err := p.takeIn(ctx, rang); err != nil {
			return protocol.ShipmentResult{}, err
		}
		rang, p.news = false, false
		plan := p.plan(ctx)
		if plan.End == rules.EndRecorded && !p.brought && in.Replaces != "" {
			// Somebody else corrected the number. That it replaces another only this story knows.
			p.give(plan.Number, p.now(ctx))
			if err := p.record(ctx); err != nil {
				return protocol.ShipmentResult{}, err
			}
		}
		if p.ended = plan.End != ""; p.ended {
			if err := p.keepWaybill(ctx, plan); err != nil {
				return protocol.ShipmentResult{}, err
			}
			if p.unsent { // else nobody would ever hear of the waybill
				if _, err := p.sleep(ctx, plan); err != nil {
					return protocol.ShipmentResult{}, err
				}
				continue
			}
			if waiting(ctx) {
				continue
			}
			return protocol.ShipmentResult{Outcome: plan.End, Number: plan.Number, At: p.now(ctx)}, nil
		}
		worked, err := p.work(ctx)
		if err != nil {
			return protocol.ShipmentResult{}, err
		}
		if worked || waiting(ctx) {
			continue // time has passed: look again
		}
		if err := p.announce(ctx, plan.Notices); err != nil {
			return protocol.ShipmentResult{}, err
		}
		if rang, err = p.sleep(ctx, plan); err != nil {
			return protocol.ShipmentResult{}, err
		}
	}
}

// check tells whether a label must not be made, and says so to a person.
func (p *shipment) check(ctx workflow.Context) (blocked bool, err error) {
	p.known = rules.Numbers(p.facts, p.ruleset(), p.now(ctx))
	found, _ := rules.BeforeLabel(p.facts, p.ruleset(), rules.Label{
		Service: p.in.Service, Number: p.number, Part: p.part(), Replaces: p.in.Replaces,
	}, p.now(ctx))
	if !rules.Blocked(found) {
		return false, nil
	}
	text := wording.LabelBlocked(found, p.in.Store, p.in.Order)
	return true, p.tell(ctx, &p.done, []rules.Notice{{Key: rules.NoticeLabelBlocked, Code: rules.NoticeLabelBlocked}}, func(rules.Notice) protocol.Notice {
		return protocol.Notice{ZH: text.ZH, EN: text.EN}
	})
}

// part tells whether the order is sent in several parcels.
func (p *shipment) part() bool { return len(p.in.Items) > 0 }

// work does what is to be done without a person, and reports whether there was anything.
func (p *shipment) work(ctx workflow.Context) (bool, error) {
	switch {
	case p.now(ctx).Before(p.again):
		return false, nil
	case p.number == "" && !p.byHand:
		return true, p.label(ctx)
	case p.number != "" && (p.asked == "" || p.asked == rules.NoticePlatformAway):
		return true, p.declare(ctx)
	}
	return false, nil
}

// label has the label made and its waybill kept. Where the platform gives no number with it,
// it is asked again, while a person may give one.
func (p *shipment) label(ctx workflow.Context) error {
	made, err := p.makeLabel(ctx)
	switch {
	case ctx.Err() != nil:
		return err
	case p.number != "": // given by a person meanwhile, who has a label then
	case refused(err):
		p.byHand = true
		p.ask(ctx, rules.NoticeLabelRefused, reason(err))
	case err != nil:
		p.later(ctx, err)
	case made.Pending:
		p.byHand = true
		p.ask(ctx, rules.NoticeByHand, "")
	case made.Number != "":
		p.give(made.Number, p.now(ctx))
	default:
		if p.asked != rules.NoticeShip {
			p.ask(ctx, rules.NoticeShip, "")
		}
		p.again = p.now(ctx).Add(lookAgain)
	}
	if made.ID == "" {
		return nil
	}
	p.logistics = made
	_, err = p.fetchWaybill(ctx)
	return err
}

func (p *shipment) makeLabel(ctx workflow.Context) (protocol.Logistics, error) {
	if p.part() && !p.listed {
		others, err := listLogistics(ctx, protocol.OrderRef{Store: p.in.Store, Order: p.in.Order}, p.byMachine(ctx))
		if err != nil {
			return protocol.Logistics{}, err
		}
		p.others, p.listed = others, true
	}
	return createLogistics(ctx, protocol.LogisticsRequest{
		Key: p.id + "#" + stepLabel, Store: p.in.Store, Order: p.in.Order, Service: p.in.Service, Others: p.others, OrderParam: p.in.OrderParam,
	}, p.byMachine(ctx))
}

// fetchWaybill keeps the waybill, and tells why it could not. A parcel does not wait for it.
func (p *shipment) fetchWaybill(ctx workflow.Context) (why string, err error) {
	if p.waybill != nil || p.logistics.ID == "" {
		return "", nil
	}
	original, err := fetchWaybill(ctx, protocol.WaybillRequest{Store: p.in.Store, Order: p.in.Order, LogisticsID: p.logistics.ID})
	switch {
	case ctx.Err() != nil:
		return "", err
	case err != nil:
		p.log.Error("the waybill cannot be fetched", "logistics_order", p.logistics.ID, "error", err)
		return reason(err), nil
	}
	p.waybill = &original
	return "", nil
}

// declare puts the number on the platform.
func (p *shipment) declare(ctx workflow.Context) error {
	p.declaring = true
	defer func() { p.declaring = false }()
	r := protocol.DeclareRequest{
		Key: p.id + "#" + p.step(ctx), Store: p.in.Store, Order: p.in.Order, Number: p.number, Service: p.in.Service, Part: p.part(),
	}
	if p.in.Replaces != "" {
		r.OldNumber, r.OldService = p.in.Replaces, rules.RecordedWith(p.facts, p.ruleset(), p.in.Replaces, p.now(ctx))
	}
	r.Unsure = p.unsure
	answer, err := declare(ctx, r, p.byMachine(ctx))
	p.unanswered = err != nil
	switch {
	case ctx.Err() != nil:
		return err
	case refused(err): // our own fault, such as an answer that cannot be read
		p.ask(ctx, rules.NoticeNumberRefused, reason(err))
	case err != nil:
		p.later(ctx, err)
	case answer.Refused != nil:
		p.ask(ctx, answer.Refused.Code, answer.Refused.Reason)
	case answer.Pending:
		p.ask(ctx, rules.NoticeByHand, "")
	default:
		p.replaced(ctx, answer.Old)
		return p.record(ctx)
	}
	return nil
}

// replaced notes which number the one that was declared took the place of, where the platform
// says so, or has recorded it: the answer that said so may have been lost.
func (p *shipment) replaced(ctx workflow.Context, old string) {
	for _, number := range p.unsure {
		if old == "" && rules.RecordedWith(p.facts, p.ruleset(), number, p.now(ctx)) != "" {
			old = number
		}
	}
	if old != "" {
		p.in.Replaces = old
	}
}

// record brings the fact. Its time is that of the answer, never before the platform took the
// number; where the platform's own list tells an earlier one, that one counts.
func (p *shipment) record(ctx workflow.Context) error {
	now := p.now(ctx)
	p.asked, p.brought = "", true
	return p.bring(ctx, rules.Event{
		Source: protocol.SourceOfStory(p.id), ID: p.step(ctx), Type: rules.TypeShipmentRecorded, Time: now,
		Data: &rules.ShipmentRecorded{
			TrackingNumber: p.number, Carrier: p.in.Carrier, ServiceCode: p.in.Service, RecordedAt: now, ShippedAt: p.shippedAt,
			TraceAlert: p.in.TraceAlert, Items: p.in.Items, Replaces: p.in.Replaces,
		},
	})
}

// step is the declaration of the number. A number may come back after another took its place, in
// a later run of the same workflow ID: so that its second recording is not taken for the first,
// a correction bears its run, the original one, which a reset keeps.
func (p *shipment) step(ctx workflow.Context) string {
	if p.in.Replaces == "" {
		return stepShip + p.number
	}
	return stepShip + p.number + "/" + workflow.GetInfo(ctx).OriginalRunID
}

// The steps that change the outside world; with the workflow ID they make the idempotency key,
// and the second, with the number, the ID of the fact.
const (
	stepLabel = "label"
	stepShip  = "ship/"
)

// keepWaybill puts the waybill among the evidence of the number that was recorded. Where it
// could not be fetched, a person must keep one.
func (p *shipment) keepWaybill(ctx workflow.Context, plan rules.ShippingPlan) error {
	if plan.Number == "" || p.logistics.ID == "" {
		return nil
	}
	why, err := p.fetchWaybill(ctx)
	if err != nil {
		return err
	}
	if p.waybill == nil {
		return p.announce(ctx, []rules.Notice{{Key: rules.NoticeWaybill, Code: rules.NoticeWaybill, Number: plan.Number}}, why)
	}
	err = keepEvidence(ctx, protocol.EvidenceOf{
		Store: p.in.Store, Order: p.in.Order, TrackingNumber: plan.Number, Originals: []protocol.Evidence{*p.waybill}, Now: p.now(ctx),
	})
	if err != nil && ctx.Err() == nil {
		p.log.Error("the waybill is not among the parcel's evidence", "number", plan.Number, "error", err)
		return p.announce(ctx, []rules.Notice{{Key: rules.NoticeWaybill, Code: rules.NoticeWaybill, Number: plan.Number}}, reason(err))
	}
	return err
}

// ask turns to a person.
func (p *shipment) ask(ctx workflow.Context, code, why string) {
	p.asked, p.why, p.since = code, why, p.now(ctx)
	p.times++
}

// later tries the platform again in a while. A person is told once that it is away, unless
// one was asked for the number already.
func (p *shipment) later(ctx workflow.Context, err error) {
	p.log.Error("the platform does not answer; it is tried again", "error", err)
	p.again = p.now(ctx).Add(retryPlatform)
	if p.asked == "" {
		p.ask(ctx, rules.NoticePlatformAway, reason(err))
	}
}

// give takes a number to declare, at once.
func (p *shipment) give(number string, shippedAt time.Time) {
	p.number, p.shippedAt, p.unanswered = number, shippedAt, false
	p.asked, p.why, p.again, p.news = "", "", time.Time{}, true
}

// plan asks the rules where the shipment stands, and shows it to operators.
func (p *shipment) plan(ctx workflow.Context) rules.ShippingPlan {
	plan := rules.PlanShipment(p.facts, p.ruleset(), rules.Shipping{
		Due: p.in.Due, Until: p.until, Known: slices.Concat(p.known, p.unsure), Number: p.number, Items: p.in.Items, Asked: p.asked, Since: p.since, Times: p.times,
	}, p.now(ctx))
	if p.brought {
		plan.End, plan.Number = rules.EndRecorded, p.number
	}
	p.wake = plan.Wake
	workflow.SetCurrentDetails(ctx, wording.Heading(p.waitsFor()))
	return plan
}

func (p *shipment) waitsFor() wording.Text {
	return wording.WaitingShipment(p.asked, p.why, p.in.Due, p.ruleset().Pack.Location())
}

// announce sends the notices that are due, with the reason for which a person was asked, or
// another.
func (p *shipment) announce(ctx workflow.Context, due []rules.Notice, why ...string) error {
	because := p.why
	if len(why) > 0 {
		because = why[0]
	}
	return p.tell(ctx, &p.done, due, func(n rules.Notice) protocol.Notice {
		text := wording.ShipmentNotice(n, because, p.in.Store, p.in.Order, p.ruleset().Pack.Location())
		return protocol.Notice{ZH: text.ZH, EN: text.EN}
	})
}

// sleep waits for the next moment, a number, or a fact. What others recorded, and the order's
// end, stand in the inbox and ring no bell here: it is read once a day at least.
func (p *shipment) sleep(ctx workflow.Context, plan rules.ShippingPlan) (rang bool, err error) {
	now := p.now(ctx)
	next := earliest(plan.Wake, now.Add(lookAgain))
	if p.again.After(now) {
		next = earliest(next, p.again)
	}
	p.set(ctx, next, p.waitsFor().String())
	return p.wait(ctx, func() bool { return p.news })
}

// How long a shipment waits (virtual time).
const (
	lookAgain     = 24 * time.Hour // before it looks into the inbox, or for the label's number, by itself
	retryPlatform = time.Hour      // before it asks a platform again that was away
)

// byMachine is how long the platform is tried at once: some minutes at most, for the story is
// deaf meanwhile, and never beyond the story's end.
func (p *shipment) byMachine(ctx workflow.Context) time.Duration {
	const most = 10 * time.Minute
	return min(p.clock.Real(p.until.Sub(p.now(ctx))), most)
}

// takeIn brings the story up to date.
func (p *shipment) takeIn(ctx workflow.Context, reread bool) error {
	return p.story.takeIn(ctx, reread, false, func(time.Time, protocol.Confirmation) bool { return false })
}

// register lets people give the parcel's number.
func (p *shipment) register(ctx workflow.Context) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, protocol.UpdateShip, p.shipUpdate, workflow.UpdateHandlerOptions{
		Validator: func(_ workflow.Context, n protocol.ShipNumber) error {
			_, err := p.checkNumber(n)
			return err
		},
		Description: "The parcel is sent: its tracking number · 已发货，录入运单号",
	})
}

// shipUpdate notes the number; the story declares it.
func (p *shipment) shipUpdate(ctx workflow.Context, n protocol.ShipNumber) (protocol.ShipNumber, error) {
	number, err := p.checkNumber(n)
	if err != nil {
		return n, err
	}
	at := p.now(ctx)
	if n.ShippedAt != nil {
		at = *n.ShippedAt
	}
	if p.unanswered && number != p.number && replacesUnanswered(ctx) {
		p.unsure = append(p.unsure, p.number)
	}
	p.unsure = slices.DeleteFunc(p.unsure, func(known string) bool { return known == number })
	p.give(number, at)
	return protocol.ShipNumber{Number: number, ShippedAt: &at}, nil
}

// checkNumber says why a number is not taken now, and normalises it.
func (p *shipment) checkNumber(n protocol.ShipNumber) (string, error) {
	number := tracknum.Normalize(n.Number)
	switch wrong := rules.CheckNumber(number); {
	case wrong != nil:
		return "", temporal.NewApplicationError(wording.Objection(*wrong).String(), protocol.ErrBadInput)
	case p.declaring:
		return "", temporal.NewApplicationError(wording.NumberBusy(p.number).String(), protocol.ErrBusy)
	case p.ended || p.brought:
		return "", temporal.NewApplicationError(wording.ShipmentEnded().String(), protocol.ErrBusy)
	case p.in.Replaces == "" && slices.Contains(p.known, number):
		return "", temporal.NewApplicationError(wording.Objection(rules.Objection{Code: rules.ObjectionRecorded, Number: number}).String(), protocol.ErrBadInput)
	}
	return number, nil
}

// changeUnanswered: since it, a number that was given after one whose declaration was not answered
// takes that one's place, and the platform's own record of it does not end the story. It can go
// when no Shipment runs that was started before 2026-12: one lasts 10 days at most.
const changeUnanswered = "replace-unanswered"

func replacesUnanswered(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, changeUnanswered, workflow.DefaultVersion, 1) >= 1
}

// refused tells whether an activity failed for good.
func refused(err error) bool {
	failed, ok := errors.AsType[*temporal.ApplicationError](err)
	return ok && failed.NonRetryable()
}

// reason is what an activity's failure says.
func reason(err error) string {
	if failed, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return failed.Message()
	}
	return err.Error()
}
