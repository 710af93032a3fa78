package rules

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"parcelward/internal/rules/money"
)

// The deadlines of a dispute.
const (
	DeadlineEvidence = "evidence-by" // the whole evidence chain
	DeadlineRefusal  = "refusal-by"  // proof that the buyer refused a parcel that counts as delivered
)

// DisputeStatus is where a buyer's dispute stands.
type DisputeStatus string

// The statuses of a dispute.
const (
	DisputeOpen     DisputeStatus = "open"             // waits for the seller's evidence
	DisputeAnswered DisputeStatus = "answered"         // in time; waits for the platform
	DisputeLate     DisputeStatus = "evidence-late"    // evidence-by passed unanswered
	DisputeDeemed   DisputeStatus = "deemed-delivered" // refusal-by passed: the platform counts it as delivered
	DisputeClosed   DisputeStatus = "closed"           // by the platform, or with the order
)

// DisputeStatuses lists every status.
func DisputeStatuses() []DisputeStatus {
	return []DisputeStatus{DisputeOpen, DisputeAnswered, DisputeLate, DisputeDeemed, DisputeClosed}
}

// Live tells whether a dispute of this status still waits for somebody.
func (s DisputeStatus) Live() bool { return s != DisputeClosed && s != "" }

// BuyerDispute is a buyer's dispute as of a moment.
type BuyerDispute struct {
	ID         string        `json:"dispute_id"`
	Kind       string        `json:"kind"` // not_received, other
	Status     DisputeStatus `json:"status"`
	OpenedAt   Stamp         `json:"opened_at"`
	EvidenceBy Stamp         `json:"evidence_by"`
	RefusalBy  *Stamp        `json:"refusal_by,omitempty"`  // only where the buyer denies a delivery
	AnsweredAt *Stamp        `json:"answered_at,omitempty"` // the first answer, in time or not
	RefusedAt  *Stamp        `json:"refused_at,omitempty"`  // proof of the refusal came in
	ClosedAt   *Stamp        `json:"closed_at,omitempty"`

	Missing       []EvidenceKind    `json:"missing,omitempty"`         // of the evidence chain, while it is open
	Faults        []CheckedOriginal `json:"faults,omitempty"`          // the best of their kinds, and yet not ready
	Misdated      bool              `json:"refusal_misdated,omitzero"` // every refusal held bears a time outside the dispute period
	MoneyAtRisk   *money.Amount     `json:"money_at_risk,omitempty"`   // what the buyer paid, while it is live
	NextDeadline  *Deadline         `json:"next_deadline,omitempty"`
	EvidenceFacts int               `json:"-"` // facts of new originals
}

// Mark changes whenever the dispute's story must hear of something.
func (d *BuyerDispute) Mark() string {
	if !d.Status.Live() {
		return string(d.Status)
	}
	return fmt.Sprint(d.Status, d.AnsweredAt, d.RefusalBy, d.RefusedAt, d.Missing, d.EvidenceFacts)
}

// buyerDisputes are the disputes that were opened by asOf, oldest first.
func (v *view) buyerDisputes(held []CheckedOriginal) []BuyerDispute {
	if len(v.contests) == 0 || v.created == nil {
		return nil
	}
	evidence := v.evidence(held)
	var list []BuyerDispute
	for _, d := range openings(v.contests, TypeDisputeOpened, func(d *Dispute) string { return d.DisputeID }) {
		list = append(list, v.buyerDispute(d.data, &evidence))
	}
	slices.SortFunc(list, func(a, b BuyerDispute) int {
		return cmp.Or(a.OpenedAt.Time().Compare(b.OpenedAt.Time()), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func (v *view) buyerDispute(opening *Dispute, evidence *originals) BuyerDispute {
	pack := &v.rules.Pack.Ticket
	opened := opening.When
	by := opened.Add(pack.DisputeEvidenceWithin.Value.Std())
	d := BuyerDispute{
		ID: opening.DisputeID, Kind: opening.Kind, Status: DisputeOpen, OpenedAt: Stamp(opened), EvidenceBy: Stamp(by), EvidenceFacts: evidence.facts,
	}
	var answered, closed time.Time
	for _, f := range v.contests {
		switch {
		case f.data.DisputeID != d.ID || f.data.When.Before(opened):
		case f.event.Type == TypeDisputeAnswered:
			answered = sooner(answered, f.data.When)
		case f.event.Type == TypeDisputeClosed:
			closed = sooner(closed, f.data.When)
		}
	}
	for i := range v.facts.events {
		e := &v.facts.events[i]
		if e.ends() && exists(e, v.asOf) && !e.Data.At().Before(opened) {
			closed = sooner(closed, e.Data.At()) // nothing is left to dispute
		}
	}
	d.AnsweredAt, d.ClosedAt = stampOf(answered), stampOf(closed)
	var refusalBy time.Time
	if v.deniesDelivery(opening) {
		_, refusalBy = v.disputePeriod(time.Time{}, opened)
		d.RefusalBy, d.RefusedAt = stampOf(refusalBy), stampOf(v.refused(refusalBy, evidence))
		d.Misdated = d.RefusedAt == nil && evidence.misdated()
	}
	switch {
	case !closed.IsZero():
		d.Status = DisputeClosed
		return d
	case d.RefusalBy != nil && d.RefusedAt == nil && v.asOf.After(refusalBy):
		d.Status = DisputeDeemed
	case !answered.IsZero() && !answered.After(by):
		d.Status = DisputeAnswered
	case v.asOf.After(by):
		d.Status = DisputeLate
	}
	paid := v.created.AmountPaid
	d.MoneyAtRisk = &paid
	if d.Status == DisputeOpen {
		d.Missing = evidence.missing(pack.DisputeEvidence.Value)
		d.Faults = evidence.faults(pack.DisputeEvidence.Value)
		d.NextDeadline = &Deadline{Kind: DeadlineEvidence, At: Stamp(by)}
	}
	if d.refusalDue() {
		d.Faults = append(d.Faults, evidence.faults([]string{string(EvidenceRefusal)})...)
	}
	if d.refusalDue() && (d.NextDeadline == nil || refusalBy.Before(by)) {
		d.NextDeadline = &Deadline{Kind: DeadlineRefusal, At: Stamp(refusalBy)}
	}
	return d
}

// ends tells whether an event is an order's cancellation, full refund or receipt.
func (e *Event) ends() bool {
	switch d := e.Data.(type) {
	case *OrderStopped:
		return !d.Partial || e.Type == TypeOrderCancelled
	case *ReceiptConfirmed:
		return true
	}
	return false
}

// refusalDue tells whether proof of a refusal is still waited for.
func (d *BuyerDispute) refusalDue() bool {
	return d.Status.Live() && d.Status != DisputeDeemed && d.RefusalBy != nil && d.RefusedAt == nil
}

// sooner is the earlier of a moment, zero while there is none, and another.
func sooner(known, t time.Time) time.Time {
	if known.IsZero() || t.Before(known) {
		return t
	}
	return known
}

// deniesDelivery tells whether a buyer says that a parcel did not come which had been delivered.
func (v *view) deniesDelivery(d *Dispute) bool {
	return d.Kind == DisputeNotReceived && slices.ContainsFunc(v.parcels, func(p *parcel) bool {
		return p.delivered != nil && !d.When.Before(p.delivered.At)
	})
}

// disputePeriod is the time in which a refusal must lie. The seller adds proof of it within the
// policy's period from the opening of the dispute; the buyer refuses what the carrier brings, so
// that the period begins with the delivery, where one is shown that was before. Both zero: there
// is neither. Without a dispute it lasts as long as one can be opened.
func (v *view) disputePeriod(delivered, opened time.Time) (from, to time.Time) {
	switch {
	case opened.IsZero() && delivered.IsZero():
		return from, to
	case opened.IsZero():
		from, to = delivered, delivered
	case delivered.IsZero() || delivered.After(opened):
		from, to = opened, opened
	default:
		from, to = delivered, opened
	}
	return from, to.Add(v.rules.Pack.Order.DisputePeriod.Value.Std())
}

// refusalPeriod is the dispute period of a parcel; of the order as a whole, where there is none
// of that number: from its first delivery. The latest dispute is the one that is answered.
func (v *view) refusalPeriod(number string) (from, to time.Time) {
	var delivered, opened time.Time
	for _, p := range v.parcels {
		if p.delivered != nil && (p.number == number || number == "") {
			delivered = sooner(delivered, p.delivered.At)
		}
	}
	for _, d := range v.disputes {
		opened = later(opened, d.data.When)
	}
	return v.disputePeriod(delivered, opened)
}

// refused is when proof that the buyer refused the parcel came in, at or before a moment; zero:
// it did not. What the platform would refuse is none.
func (v *view) refused(by time.Time, evidence *originals) time.Time {
	var first time.Time
	for i := range v.facts.events {
		e := &v.facts.events[i]
		d, ok := e.Data.(*EvidenceAdded)
		if !ok || !exists(e, v.asOf) || d.When.After(by) {
			continue
		}
		if slices.ContainsFunc(d.Originals, func(o Original) bool { return o.Kind == EvidenceRefusal && !evidence.refuses(o) }) {
			first = sooner(first, d.When)
		}
	}
	return first
}

// misdated tells whether the vault holds videos or photos of a refusal of which every one
// bears a time outside the dispute period.
func (o *originals) misdated() bool {
	found := false
	for i := range o.held {
		if o.held[i].Kind != EvidenceRefusal {
			continue
		}
		if !o.held[i].Has(PreflightTimeMark) {
			return false
		}
		found = true
	}
	return found
}

// DisputePlan is what the story of a dispute asks for at a moment.
type DisputePlan struct {
	StoryPlan
	Dispute BuyerDispute
}

// PlanDispute tells what the story of a dispute asks for at now, when the vault holds these
// originals.
func PlanDispute(f *Facts, rs Ruleset, id string, held []CheckedOriginal, now time.Time) DisputePlan {
	v := look(f, rs, now)
	list := v.buyerDisputes(held)
	at := slices.IndexFunc(list, func(d BuyerDispute) bool { return d.ID == id })
	if at < 0 {
		return DisputePlan{}
	}
	d := list[at]
	p := DisputePlan{Dispute: d}
	evidence := v.evidence(held)
	var n *notices
	var w *wake
	p.StoryPlan, n, w = v.plan(&evidence, string(d.Status), d.Status.Live(), d.NextDeadline)
	p.Asked = append(kindsOf(v.rules.Pack.Ticket.DisputeEvidence.Value), EvidenceRefusal)
	v.disputeNotices(n, w, &d, &evidence)
	p.finish(n, w)
	return p
}

// disputeNotices are what people must be told of a dispute.
func (v *view) disputeNotices(n *notices, w *wake, d *BuyerDispute, evidence *originals) {
	pack := &v.rules.Pack.Ticket
	opened := d.OpenedAt.Time()
	if !d.Status.Live() {
		n.add(Notice{Key: "ended/" + string(d.Status), Code: NoticeDisputeEnded, Due: d.ClosedAt.Time()})
		return
	}
	before, manager := spans(pack.DisputeReminders.Value), pack.DisputeManagerWithin.Value.Std()
	if d.Status == DisputeOpen {
		by := &Deadline{Kind: DeadlineEvidence, At: d.EvidenceBy}
		n.urge(w, Notice{Key: "evidence", Code: NoticeDispute, Due: opened, Deadline: by}, before, manager)
		if evidence.judged(pack.DisputeEvidence.Value) {
			n.add(Notice{Key: "ready", Code: NoticeDisputeReady, Due: later(opened, evidence.last), Deadline: by})
		}
	}
	if d.NextDeadline != nil {
		n.unfit(d.Faults, later(opened, evidence.last), d.NextDeadline)
	}
	if d.Status == DisputeLate {
		n.plannedAt(w, MissedAt(d.EvidenceBy.Time()), Notice{Key: "late", Code: NoticeDisputeLate, Manager: true})
	}
	if d.Status == DisputeDeemed {
		n.plannedAt(w, MissedAt(d.RefusalBy.Time()), Notice{Key: "deemed-delivered", Code: NoticeDisputeDeemed, Manager: true})
	}
	if d.refusalDue() {
		by := &Deadline{Kind: DeadlineRefusal, At: *d.RefusalBy}
		n.urge(w, Notice{Key: "refusal", Code: NoticeRefusal, Due: opened, Deadline: by}, before, manager)
		if d.Misdated {
			n.add(Notice{Key: "refusal-misdated", Code: NoticeRefusalMisdated, Due: later(opened, evidence.last), Deadline: by})
		}
	}
}
