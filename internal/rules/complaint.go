package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
)

// DeadlineRespond is by when a freight complaint must be answered with all proofs.
const DeadlineRespond = "respond-by"

// ComplaintStatus is where a freight complaint stands.
type ComplaintStatus string

// The statuses of a freight complaint. It can neither be withdrawn nor appealed.
const (
	ComplaintOpen      ComplaintStatus = "open"            // waits for the seller's proofs
	ComplaintAnswered  ComplaintStatus = "answered"        // in time; waits for the platform
	ComplaintLost      ComplaintStatus = "lost-by-default" // respond-by passed: the seller is at fault
	ComplaintUpheld    ComplaintStatus = "upheld"
	ComplaintDismissed ComplaintStatus = "dismissed"
)

// ComplaintStatuses lists every status.
func ComplaintStatuses() []ComplaintStatus {
	return []ComplaintStatus{ComplaintOpen, ComplaintAnswered, ComplaintLost, ComplaintUpheld, ComplaintDismissed}
}

// Live tells whether a complaint of this status still waits for somebody.
func (s ComplaintStatus) Live() bool {
	return s == ComplaintOpen || s == ComplaintAnswered || s == ComplaintLost
}

// LossCode is a known cause for which complaints are lost, as the policy names it.
type LossCode string

// The known causes.
const (
	LossNoPickup   LossCode = "missing_pickup_time" // no screenshot that shows when the carrier took the parcel
	LossAddress    LossCode = "address_differs"     // the label bears another address than the order
	LossLatePickup LossCode = "late_pickup"         // picked up too late after the payment, or not at all
)

// LossCodes lists the known causes, the most frequent first.
func LossCodes() []LossCode { return []LossCode{LossNoPickup, LossAddress, LossLatePickup} }

// LossCause is a known cause that applies to a complaint.
type LossCause struct {
	Code    LossCode        `json:"code"`
	Percent decimal.Decimal `json:"percent"` // of the complaints that were lost, policy
}

// FreightComplaint is a buyer's complaint about freight as of a moment.
type FreightComplaint struct {
	ID         string          `json:"complaint_id"`
	Status     ComplaintStatus `json:"status"`
	OpenedAt   Stamp           `json:"opened_at"`
	RespondBy  Stamp           `json:"respond_by"`
	AnsweredAt *Stamp          `json:"answered_at,omitempty"` // the first answer, in time or not
	DecidedAt  *Stamp          `json:"decided_at,omitempty"`

	Missing []EvidenceKind    `json:"missing,omitempty"` // proofs that are not there, while it is open
	Faults  []CheckedOriginal `json:"faults,omitempty"`  // the best of their kinds, and yet not ready, while it is open
	Causes  []LossCause       `json:"causes,omitempty"`  // for which it will be lost, while it is live

	Points        int           `json:"points,omitzero"`             // service points that were taken
	PointsAtRisk  [2]int        `json:"points_at_risk,omitzero"`     // at least and at most, while it is live
	MoneyAtRisk   *money.Amount `json:"money_at_risk,omitempty"`     // what the buyer paid, while it is live
	Frozen        *money.Amount `json:"frozen,omitempty"`            // the same, once it is upheld: no fact tells of the release
	Freight       *money.Amount `json:"freight,omitempty"`           // paid
	FreightShown  *money.Amount `json:"freight_shown,omitempty"`     // on the order's page
	Overcharged   bool          `json:"freight_overcharge,omitzero"` // more was paid than shown, beyond the tolerance
	PickupBy      *Stamp        `json:"pickup_by,omitempty"`         // a later pick-up loses it; absent: not paid
	PickedUpAt    *Stamp        `json:"picked_up_at,omitempty"`      // as the screenshot shows, else the first movement
	NextDeadline  *Deadline     `json:"next_deadline,omitempty"`
	EvidenceFacts int           `json:"-"` // facts of new originals
}

// Mark changes whenever the complaint's story must hear of something.
func (c *FreightComplaint) Mark() string {
	if !c.Status.Live() {
		return string(c.Status)
	}
	return fmt.Sprint(c.Status, c.AnsweredAt, c.Missing, c.Causes, c.EvidenceFacts, c.Freight, c.FreightShown, c.PickedUpAt)
}

// freightComplaints are the complaints that were opened by asOf, oldest first.
func (v *view) freightComplaints(held []CheckedOriginal) []FreightComplaint {
	if len(v.complaints) == 0 || v.created == nil {
		return nil
	}
	evidence := v.evidence(held)
	var list []FreightComplaint
	for _, c := range openings(v.complaints, TypeComplaintOpened, func(d *Complaint) string { return d.ComplaintID }) {
		list = append(list, v.freightComplaint(c.data.ComplaintID, c.data.When, &evidence))
	}
	slices.SortFunc(list, func(a, b FreightComplaint) int {
		return cmp.Or(a.OpenedAt.Time().Compare(b.OpenedAt.Time()), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func (v *view) freightComplaint(id string, opened time.Time, evidence *originals) FreightComplaint {
	pack := &v.rules.Pack.Complaint
	by := opened.Add(pack.RespondWithin.Value.Std())
	freight := v.created.Freight
	c := FreightComplaint{
		ID: id, Status: ComplaintOpen, OpenedAt: Stamp(opened), RespondBy: Stamp(by), EvidenceFacts: evidence.facts,
		Freight: &freight, FreightShown: v.created.FreightShown, Overcharged: v.overcharged(), PickedUpAt: stampOf(v.pickedUp(evidence)),
	}
	if v.paid != nil {
		c.PickupBy = stampOf(v.paid.PaidAt.Add(pack.PickupWithin.Value.Std()))
	}
	paid := v.created.AmountPaid
	answer := firstOf(v.complaints, TypeComplaintAnswered, id, opened)
	switch {
	case answer != nil && !answer.When.After(by):
		c.Status = ComplaintAnswered
	case v.asOf.After(by):
		c.Status = ComplaintLost
	}
	if answer != nil {
		c.AnsweredAt = stampOf(answer.When)
	}
	if decision := firstOf(v.complaints, TypeComplaintDecided, id, opened); decision != nil {
		c.DecidedAt, c.Status = stampOf(decision.When), decision.outcome()
		if c.Status == ComplaintUpheld {
			c.Points, c.Frozen = decision.Points, &paid
		}
		return c
	}
	c.PointsAtRisk, c.MoneyAtRisk = [2]int{pack.PointsMin.Value, pack.PointsMax.Value}, &paid
	c.Causes = v.lossCauses(evidence)
	if c.Status == ComplaintOpen {
		c.Missing = evidence.missing(pack.Proofs.Value)
		c.Faults = evidence.faults(pack.Proofs.Value)
		c.NextDeadline = &Deadline{Kind: DeadlineRespond, At: Stamp(by)}
	}
	return c
}

// firstOf is the first fact of a type about a complaint, from its opening on.
func firstOf(facts []fact[*Complaint], t EventType, id string, opened time.Time) *Complaint {
	var found *fact[*Complaint]
	for i := range facts {
		f := &facts[i]
		if f.event.Type != t || f.data.ComplaintID != id || f.data.When.Before(opened) {
			continue
		}
		if found == nil || cmp.Or(f.data.When.Compare(found.data.When), compareEvents(f.event, found.event)) < 0 {
			found = f
		}
	}
	if found == nil {
		return nil
	}
	return found.data
}

// outcome is how a complaint was decided. A decision that does not say is told by its points.
func (d *Complaint) outcome() ComplaintStatus {
	if d.Upheld != nil && *d.Upheld || d.Upheld == nil && d.Points > 0 {
		return ComplaintUpheld
	}
	return ComplaintDismissed
}

// pickedUp is when the carrier took the first parcel: as the screenshot shows that the platform
// would look at, else the first movement; zero: not yet.
func (v *view) pickedUp(evidence *originals) time.Time {
	if shown := evidence.pickup(); !shown.IsZero() {
		return shown
	}
	return v.firstMoved()
}

// pickup is the earliest pick-up time that a screenshot shows which would not be refused, or
// only for being too late; zero: none does.
func (o *originals) pickup() time.Time {
	var shown time.Time
	for i := range o.held {
		h := &o.held[i]
		if h.Kind == EvidencePickup && !h.ShownAt.IsZero() && (h.Verdict != VerdictRefused || h.refusedFor(PreflightLatePickup)) {
			shown = sooner(shown, h.ShownAt)
		}
	}
	return shown
}

// lossCauses are the known causes of loss that apply, as far as the facts and the vault show.
func (v *view) lossCauses(evidence *originals) []LossCause {
	late := false
	if v.paid != nil {
		due := v.paid.PaidAt.Add(v.rules.Pack.Complaint.PickupWithin.Value.Std())
		moved := v.pickedUp(evidence)
		late = moved.After(due) || moved.IsZero() && v.asOf.After(due)
	}
	applies := map[LossCode]bool{
		LossNoPickup: evidence.pickup().IsZero() && !evidence.unjudged(EvidencePickup),
		LossAddress:  v.addressDiffers(evidence), LossLatePickup: late,
	}
	var causes []LossCause
	for _, code := range LossCodes() {
		if applies[code] {
			causes = append(causes, LossCause{code, v.rules.Pack.Complaint.LossCausesPercent.Value[string(code)]})
		}
	}
	return causes
}

// addressChanges are the recipient's, oldest first.
func (v *view) addressChanges() []fact[*AddressChanged] {
	var changes []fact[*AddressChanged]
	for i := range v.facts.events {
		e := &v.facts.events[i]
		if d, ok := e.Data.(*AddressChanged); ok && exists(e, v.asOf) {
			changes = append(changes, fact[*AddressChanged]{e, d})
		}
	}
	slices.SortFunc(changes, func(a, b fact[*AddressChanged]) int {
		return cmp.Or(a.data.When.Compare(b.data.When), compareEvents(a.event, b.event))
	})
	return changes
}

// addressDiffers tells whether the label bears another address than the order has now. A label
// whose address nobody read counts as made when the first number was recorded, with the
// address of then.
func (v *view) addressDiffers(evidence *originals) bool {
	changes := v.addressChanges()
	parcel := v.firstParcel()
	now, label := v.created.Buyer.AddressHash, v.created.Buyer.AddressHash
	for _, c := range changes {
		if now = c.data.AddressHash; parcel != nil && !c.data.When.After(parcel.recorded.RecordedAt) {
			label = now
		}
	}
	read := false
	for i := range evidence.held {
		h := &evidence.held[i]
		if h.AddressHash == "" || h.Kind != EvidenceShippingLabel && h.Kind != EvidenceWaybill || h.Verdict == VerdictRefused && !h.Has(PreflightAddress) {
			continue
		}
		if read = true; strings.EqualFold(h.AddressHash, now) {
			return false
		}
	}
	return read && now != "" || !read && parcel != nil && label != now
}

// ComplaintPlan is what the story of a freight complaint asks for at a moment.
type ComplaintPlan struct {
	StoryPlan
	Complaint FreightComplaint
	Service   string // of the freight template
	Shipped   string // service of the first parcel
	PaidAt    *Stamp
}

// PlanComplaint tells what the story of a freight complaint asks for at now, when the vault
// holds these originals.
func PlanComplaint(f *Facts, rs Ruleset, id string, held []CheckedOriginal, now time.Time) ComplaintPlan {
	v := look(f, rs, now)
	list := v.freightComplaints(held)
	at := slices.IndexFunc(list, func(c FreightComplaint) bool { return c.ID == id })
	if at < 0 {
		return ComplaintPlan{}
	}
	c := list[at]
	p := ComplaintPlan{Complaint: c, Service: v.created.ServiceCode}
	if v.paid != nil {
		p.PaidAt = stampOf(v.paid.PaidAt)
	}
	if first := v.firstParcel(); first != nil {
		p.Shipped = first.recorded.ServiceCode
	}
	evidence := v.evidence(held)
	var n *notices
	var w *wake
	p.StoryPlan, n, w = v.plan(&evidence, string(c.Status), c.Status.Live(), c.NextDeadline)
	p.Asked = append(kindsOf(v.rules.Pack.Complaint.Proofs.Value), EvidenceWaybill) // a waybill is a label
	v.complaintNotices(n, w, &c, &evidence)
	p.finish(n, w)
	return p
}

// complaintNotices are what people must be told of a complaint.
func (v *view) complaintNotices(n *notices, w *wake, c *FreightComplaint, evidence *originals) {
	pack := &v.rules.Pack.Complaint
	opened := c.OpenedAt.Time()
	switch c.Status {
	case ComplaintOpen:
		respond := Notice{Key: "respond", Code: NoticeComplaint, Due: opened, Deadline: c.NextDeadline}
		n.urge(w, respond, spans(pack.Reminders.Value), pack.ManagerWithin.Value.Std())
		added := later(opened, evidence.last)
		if len(c.Causes) == 0 && evidence.judged(pack.Proofs.Value) {
			n.add(Notice{Key: "ready", Code: NoticeComplaintReady, Due: added, Deadline: c.NextDeadline})
		}
		n.unfit(c.Faults, added, c.NextDeadline)
	case ComplaintLost:
		n.plannedAt(w, MissedAt(c.RespondBy.Time()), Notice{Key: "lost", Code: NoticeComplaintLost, Manager: true})
	case ComplaintUpheld, ComplaintDismissed:
		n.add(Notice{Key: "ended/" + string(c.Status), Code: NoticeComplaintEnded, Due: c.DecidedAt.Time(), Manager: c.Status == ComplaintUpheld})
		return
	case ComplaintAnswered:
	}
	if c.Status != ComplaintOpen {
		n.plannedAt(w, opened.Add(pack.DecisionExpected.Value.Std()), Notice{Key: "outcome", Code: NoticeComplaintOutcome})
	}
}
