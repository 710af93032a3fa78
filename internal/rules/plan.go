package rules

import (
	"cmp"
	"slices"
	"time"

	"parcelward/internal/rules/tracknum"
)

// CaseID names a case of an order: a parcel can have several, and can stall twice.
type CaseID struct {
	TrackingNumber string    `json:"tracking_number"`
	Kind           CaseKind  `json:"kind"`
	OpenedAt       time.Time `json:"opened_at"` // UTC, whole seconds
}

func newCaseID(number string, kind CaseKind, opened time.Time) CaseID {
	return CaseID{number, kind, opened.UTC().Truncate(time.Second)}
}

// ID is the case's identity.
func (c *Case) ID() CaseID { return newCaseID(c.TrackingNumber, c.Kind, c.OpenedAt.Time()) }

// Filed tells whether the case was ever filed, and whether appealed. Only a case that came
// from [Assess] itself knows; one that was decoded says no.
func (c *Case) Filed() (filed, appealed bool) {
	return c.state != nil && !c.state.filed.IsZero(), c.state != nil && !c.state.appealed.IsZero()
}

// Carrier is the one that carries the case's parcel.
func (c *Case) Carrier() string {
	if c.state == nil {
		return ""
	}
	return c.state.parcel.recorded.Carrier
}

// CarrierOf is the carrier of a case's parcel; empty when the plan has no such case.
func (p *OrderPlan) CarrierOf(id CaseID) string {
	for i := range p.Assessment.Cases {
		if c := &p.Assessment.Cases[i]; c.ID().Equal(id) {
			return c.Carrier()
		}
	}
	return ""
}

// ClaimID is the number under which the case was filed; empty before.
func (c *Case) ClaimID() string {
	if c.state == nil {
		return ""
	}
	return c.state.claimID
}

// Equal tells whether two IDs name the same case.
func (id CaseID) Equal(other CaseID) bool {
	return id.TrackingNumber == other.TrackingNumber && id.Kind == other.Kind && id.OpenedAt.Equal(other.OpenedAt)
}

// The codes of notices: what people are told.
const (
	NoticeReminder        = "reminder"          // a deadline comes near
	NoticeMissed          = "missed"            // a deadline of the order passed
	NoticeTaxID           = "missing-tax-id"    // before shipping: no trace will ever come
	NoticeUncertified     = ReasonUncertified   // before shipping: no claim, less exposure
	NoticeTraceAlert      = "trace-alert-off"   // before shipping: economy line without alerts
	NoticeCompliance      = "compliance-papers" // before shipping to the EU
	NoticeServiceMismatch = FlagServiceMismatch
	NoticeOvercharge      = FlagOvercharge
	NoticeCustoms         = "customs-hold"   // a clearance document wins 7 days
	NoticeConfirm         = "confirm"        // a case opened: press the button in the seller centre
	NoticeFile            = "file"           // papers and filing
	NoticeOutcome         = "outcome"        // results are expected: look them up
	NoticeOverdue         = "overdue"        // the platform is late: a ticket
	NoticeAppeal          = "appeal"         // one appeal, with new originals
	NoticeUnready         = "papers-unready" // the papers are not fit to be filed: the findings say why
	NoticePapers          = "papers"         // the platform wants more papers
	NoticeDiffers         = "differs"        // the money is not what it should be
	NoticeProtection      = "protection"     // refused after the appeal: seller protection, and how it went
	NoticeEnded           = "ended"          // the case is over
	NoticeGuide           = "guide-dispute"  // delivered but not received: guide the buyer
	NoticeLabelBlocked    = "label-blocked"  // a label must not be made: the findings say why
	NoticeLabelRefused    = "label-refused"  // the platform makes no label
	NoticeWaybill         = "waybill"        // the waybill could not be fetched: keep a scan
	NoticeShip            = "ship"           // the label is made: ship, and give the number
	NoticeNumberRefused   = "number-refused" // the platform does not take the number: give another
	NoticeNumberForm      = "number-form"    // the number has not the form that the platform asks of the service
	NoticeByHand          = "ship-by-hand"   // no interface: a person enters the number on the platform
	NoticePlatformAway    = "platform-away"  // the platform does not answer; it is tried again
	NoticeNumberFormat    = "number-format"  // a postal number with a wrong check digit
	NoticeNumberCheck     = "number-check"   // the carrier does not know the number
	NoticeTicketMissing   = "ticket-missing" // a ticket lacks what it must hold
	NoticeTicketFile      = "ticket-file"    // a ticket is ready: file it
	NoticeTicketUnfiled   = "ticket-unfiled" // nobody has filed it
	NoticeTicketDecide    = "ticket-decide"  // every way was tried
	NoticeTicketEnded     = "ticket-ended"

	NoticeComplaint        = "complaint"         // a freight complaint: label and pick-up screenshot
	NoticeComplaintReady   = "complaint-ready"   // the proofs are there: hand them in
	NoticeComplaintLost    = "complaint-lost"    // not answered in time
	NoticeComplaintOutcome = "complaint-outcome" // most are decided by now: look it up
	NoticeComplaintEnded   = "complaint-ended"   // decided
	NoticeDispute          = "dispute"           // the whole evidence chain
	NoticeDisputeReady     = "dispute-ready"     // it is there: hand it in
	NoticeDisputeLate      = "dispute-late"      // not answered in time
	NoticeDisputeEnded     = "dispute-ended"     // closed
	NoticeDisputeDeemed    = "deemed-delivered"  // no proof of a refusal came in time
	NoticeRefusal          = "refusal"           // delivered, and the buyer denies it: prove the refusal
	NoticeRefusalMisdated  = "refusal-misdated"  // the time on that proof does not count
)

// Notice is something that people must be told now.
type Notice struct {
	Key      string // once per order or claim
	Code     string
	Due      time.Time // since when it is due
	Deadline *Deadline // what it reminds of
	Number   string    // tracking number, where it is about a parcel
	Service  string    // the certified service to take instead
	Manager  bool      // the manager too
}

// staleAfter is how long a notice without a deadline ahead stays worth sending: an order
// taken over from history must not shout about its past.
const staleAfter = 72 * time.Hour

// The reasons for which an order's story ends.
const (
	EndCancelled = "ended"            // cancelled, fully refunded or received
	EndDelivered = "dispute-period"   // delivered, and the dispute period is over
	EndIdle      = "idle"             // nothing heard for too long
	EndNothing   = "nothing-to-guard" // never created
)

// OrderPlan is what an order's story asks for at a moment.
type OrderPlan struct {
	Assessment Assessment
	Notices    []Notice // due, oldest first
	Cases      []CaseID // live cases, and refused ones that seller protection may follow: each needs a claim
	Known      int      // what follows claims, and evidence: facts so far, while there are such cases; see [ClaimPlan]
	Protected  bool     // seller protection alone keeps one of them
	Complaints []FreightComplaint
	Disputes   []BuyerDispute
	Wake       time.Time // the next moment at which something can become due; zero: none
	End        string    // why the story is over; empty: it is not
	Carrier    string    // of the first parcel
	Numbers    []string  // tracking numbers recorded
}

// Unfollowed is what the story of an order, or of a claim, leaves out: a run that passed it by
// before stories knew of it goes on without.
type Unfollowed struct {
	Evidence   bool     // and papers that the platform wants besides
	Aftermath  bool     // of an appeal: the time of the second decision, and seller protection
	Complaints []string // by their IDs
	Disputes   []string // likewise
	Money      bool     // that is not what it should be
}

// PlanOrder tells what an order's story asks for at now.
func PlanOrder(f *Facts, rs Ruleset, now time.Time) OrderPlan {
	return PlanOrderWithout(f, rs, now, Unfollowed{})
}

// PlanOrderWithout is [PlanOrder] for a run that leaves something out.
func PlanOrderWithout(f *Facts, rs Ruleset, now time.Time, without Unfollowed) OrderPlan {
	v := look(f, rs, now)
	if v.created == nil {
		if next := f.nextFact(now); !next.IsZero() {
			return OrderPlan{Wake: next}
		}
		return OrderPlan{End: EndNothing}
	}
	a, cases := v.assess()
	p := OrderPlan{Assessment: a}
	w := &wake{now: now}
	var contested bool // a complaint or dispute is live
	p.Complaints, p.Disputes, contested = v.contested(without)
	refunds := 0 // that seller protection covers
	for i := range a.Cases {
		protection := v.protectionOf(cases[i])
		switch {
		case a.Cases[i].Status.Live():
		case without.Aftermath || protection == nil || !protection.State.live():
			continue
		default:
			p.Protected, refunds = true, v.refunds()
			w.at(MissedAt(protection.Next.At.Time()))
		}
		p.Cases = append(p.Cases, a.Cases[i].ID())
		p.Known = len(v.followed) + refunds
	}
	for _, parcel := range v.parcels {
		p.Numbers = append(p.Numbers, parcel.number)
	}
	if first := v.firstParcel(); first != nil {
		p.Carrier = first.recorded.Carrier
	}
	w.at(f.nextFact(now))
	idle := f.lastFact(now).Add(rs.Pack.Order.IdleEnd.Value.Std())
	w.at(idle)
	over := v.over(w)
	ahead := !f.nextFact(now).IsZero() // something known has yet to happen
	switch {
	case !idle.After(now) && !ahead:
		p.End = EndIdle
	case over == EndDelivered && ahead:
	case over != "" && len(p.Cases) == 0 && !contested:
		p.End = over
	case over != "":
		w.cases(cases)
	}
	if p.End != "" {
		return p
	}
	if over == "" {
		p.Notices = v.orderNotices(a, w)
	}
	for _, parcel := range v.parcels {
		if v.end.IsZero() {
			w.at(v.stallsAt(parcel))
		}
	}
	p.Wake = w.next
	return p
}

// over tells why the order itself is over, live cases aside.
func (v *view) over(w *wake) string {
	if !v.end.IsZero() {
		return EndCancelled
	}
	if since, all := v.allDelivered(); all {
		end := since.Add(v.rules.Pack.Order.DisputePeriod.Value.Std())
		if !end.After(v.asOf) {
			return EndDelivered
		}
		w.at(end)
	}
	return ""
}

func (v *view) firstParcel() *parcel {
	if len(v.parcels) == 0 {
		return nil
	}
	return slices.MinFunc(v.parcels, func(a, b *parcel) int {
		return cmp.Or(a.recorded.RecordedAt.Compare(b.recorded.RecordedAt), cmp.Compare(a.number, b.number))
	})
}

// wake finds the earliest moment after now.
type wake struct{ now, next time.Time }

func (w *wake) at(t time.Time) {
	if t.After(w.now) && (w.next.IsZero() || t.Before(w.next)) {
		w.next = t
	}
}

// MissedAt is the first whole second at which a deadline is missed.
func MissedAt(deadline time.Time) time.Time { return deadline.Truncate(time.Second).Add(time.Second) }

// cases wakes when a live case can end by itself.
func (w *wake) cases(cases []*caseState) {
	for _, c := range cases {
		switch c.status {
		case StatusOpen:
			w.at(MissedAt(c.confirmBy))
		case StatusConfirmed:
			w.at(MissedAt(c.fileBy))
		case StatusRejected:
			w.at(MissedAt(c.appealBy))
		default: // the others do not end by time
		}
	}
}

// notices collects what is due and not stale.
type notices struct {
	now  time.Time
	list []Notice
}

func (n *notices) add(notice Notice) {
	ahead := notice.Deadline != nil && !n.now.After(notice.Deadline.At.Time())
	if !notice.Due.After(n.now) && (ahead || n.now.Sub(notice.Due) <= staleAfter) {
		n.list = append(n.list, notice)
	}
}

// remind adds the reminders of a deadline and wakes for those to come. Of several that are
// due at once only the latest is worth a word.
func (n *notices) remind(w *wake, subject string, d Deadline, before []time.Duration, notice Notice) {
	var last *Notice
	for _, span := range before {
		due := d.At.Time().Add(-span)
		w.at(due)
		if due.After(n.now) {
			continue
		}
		one := notice
		one.Key, one.Code, one.Due, one.Deadline = "remind/"+subject+"/"+short(span), NoticeReminder, due, &d
		last = &one
	}
	if last != nil {
		n.add(*last)
	}
}

// orderNotices are what people must be told of the order itself, its cases aside.
func (v *view) orderNotices(a Assessment, w *wake) []Notice {
	n := &notices{now: v.asOf}
	shipping := &v.rules.Pack.Shipping
	for _, d := range a.Deadlines {
		switch d.State {
		case Pending:
			n.remind(w, d.Kind, d, spans(shipping.Reminders.Value), Notice{})
			w.at(MissedAt(d.At.Time()))
		case Missed:
			n.add(Notice{Key: "missed/" + d.Kind, Code: NoticeMissed, Due: MissedAt(d.At.Time()), Deadline: &d, Manager: true})
		}
	}
	if len(v.parcels) == 0 {
		v.beforeShipping(n)
	}
	for _, flag := range a.Flags {
		if flag == FlagServiceMismatch || flag == FlagOvercharge {
			n.add(Notice{Key: flag, Code: flag, Due: v.flagged(flag)})
		}
	}
	for _, p := range v.parcels {
		if postal, ok := tracknum.CheckS10(p.number); postal && !ok {
			n.add(Notice{Key: "number-format/" + p.number, Code: NoticeNumberFormat, Due: p.recorded.RecordedAt, Number: p.number})
		}
		if r := v.heldAtCustoms(p); r != nil {
			by := Deadline{Kind: "customs-document-by", At: Stamp(v.stallsAt(p))}
			n.add(Notice{Key: "customs/" + p.number + "/" + Stamp(r.At).String(), Code: NoticeCustoms, Due: r.At, Deadline: &by, Number: p.number})
		}
		if p.delivered != nil {
			for _, d := range v.disputes {
				if !d.data.When.Before(p.delivered.At) {
					n.add(Notice{Key: "guide/" + p.number, Code: NoticeGuide, Due: d.data.When, Number: p.number})
				}
			}
		}
	}
	slices.SortStableFunc(n.list, func(a, b Notice) int { return a.Due.Compare(b.Due) })
	return n.list
}

// flagged is since when a flag can be known.
func (v *view) flagged(flag string) time.Time {
	if first := v.firstParcel(); flag == FlagServiceMismatch && first != nil {
		return first.recorded.RecordedAt
	}
	return v.created.CreatedAt
}

// beforeShipping warns while the label is not made: afterwards it is too late.
func (v *view) beforeShipping(n *notices) {
	for _, f := range v.shippingRisks(v.created.ServiceCode, false) {
		n.add(Notice{Key: "before-shipping/" + f.Code, Code: f.Code, Due: v.created.CreatedAt, Service: v.rules.Pack.NearestCertified(v.created.Buyer.Country)})
	}
}

// heldAtCustoms is the row at which p is held now; nil when it is not.
func (v *view) heldAtCustoms(p *parcel) *row {
	r, _ := p.lastMovement(v.asOf)
	if r == nil || string(r.Milestone) != v.rules.Pack.Claim.CustomsMilestone.Value || v.stallsAt(p).IsZero() || !v.stallsAt(p).After(v.asOf) {
		return nil
	}
	return r
}
