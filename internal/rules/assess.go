package rules

import (
	"time"

	"parcelward/internal/rules/money"
)

// Stage is where an order stands.
type Stage string

// The stages; where several fit, the later of exception, closed, delivered, in-transit,
// awaiting-shipment, awaiting-payment in reverse order counts.
const (
	StageAwaitingPayment  Stage = "awaiting-payment"
	StageAwaitingShipment Stage = "awaiting-shipment" // paid, nothing recorded
	StageInTransit        Stage = "in-transit"        // a parcel is recorded
	StageDelivered        Stage = "delivered"         // every recorded parcel is
	StageClosed           Stage = "closed"            // cancelled, refunded or received
	StageException        Stage = "exception"         // a case is live
)

// Stages lists every stage.
func Stages() []Stage {
	return []Stage{StageAwaitingPayment, StageAwaitingShipment, StageInTransit, StageDelivered, StageClosed, StageException}
}

// The kinds of deadline.
const (
	DeadlineTrackingNumber = "tracking-number-due"
	DeadlineOnline         = "online-due"
	DeadlineConfirm        = "confirm-by"
	DeadlineFile           = "file-by"
	DeadlineReview         = "review-due"
	DeadlinePayout         = "payout-due"
	DeadlineAppeal         = "appeal-by"
	DeadlineTicketFile     = "ticket-file-by"
	DeadlineTicketAnswer   = "ticket-answer-due"
)

// The states of an order's own deadline.
const (
	Met     = "met"
	Missed  = "missed"
	Pending = "pending"
)

// The flags of an order, in output order.
const (
	FlagFreightRisk     = "freight-complaint-risk"
	FlagLateNumber      = "late-tracking-number"
	FlagServiceMismatch = "service-mismatch"
	FlagOvercharge      = "freight-overcharge"
)

// The reasons for which a claim is not eligible, in output order.
const (
	ReasonUncertified   = "uncertified-service"
	ReasonLateNumber    = FlagLateNumber
	ReasonFalsified     = "falsified-tracking"
	ReasonMissingTaxID  = "missing-tax-id"
	ReasonEconomyDelay  = "economy-trace-delay"
	ReasonReceipt       = "receipt-confirmed"
	ReasonDisputeClosed = "dispute-closed"
	ReasonWindowClosed  = "window-closed"
	CalendarExact       = "exact"
	CalendarApproximate = "approximate"
	payoutPlaces        = 2
	payoutCurrency      = "USD"
)

// Deadline is a moment by which something must have happened.
type Deadline struct {
	Kind  string `json:"kind"`
	At    Stamp  `json:"at"`
	State string `json:"state,omitempty"`
}

// Case is an exception of a parcel as of a moment.
type Case struct {
	Kind              CaseKind   `json:"kind"`
	TrackingNumber    string     `json:"tracking_number"`
	LastMovementAt    Stamp      `json:"last_movement_at"`
	OpenedAt          Stamp      `json:"opened_at"`
	AlertBy           Stamp      `json:"alert_by"`
	ConfirmBy         Stamp      `json:"confirm_by"`
	FileBy            Stamp      `json:"file_by"`
	CustomsDocumentBy *Stamp     `json:"customs_document_by,omitempty"`
	Status            CaseStatus `json:"status"`
	Superseded        bool       `json:"superseded,omitzero"`
	NextDeadline      *Deadline  `json:"next_deadline,omitempty"`

	state *caseState
}

// Claim is whether the order's cases could be paid, and how much.
type Claim struct {
	Eligible bool          `json:"eligible"`
	Reasons  []string      `json:"reasons,omitempty"`
	Payout   *money.Amount `json:"payout,omitempty"` // USD; nil when a rate is missing
}

// Assessment is what the rules say of one order as of a moment.
type Assessment struct {
	Store     string     `json:"store"`
	Order     string     `json:"order"`
	AsOf      Stamp      `json:"as_of"`
	Policy    string     `json:"policy"`
	Stage     Stage      `json:"stage"`
	Deadlines []Deadline `json:"deadlines"`
	Flags     []string   `json:"flags,omitempty"`
	Cases     []Case     `json:"cases,omitempty"`
	Claim     *Claim     `json:"claim,omitempty"`
	Calendar  string     `json:"calendar"`
}

// Assess tells what the rules say of an order as of a moment. It reports false when the
// order was not created by then: there is nothing to say.
func Assess(f *Facts, rs Ruleset, asOf time.Time) (Assessment, bool) {
	v := look(f, rs, asOf)
	if v.created == nil {
		return Assessment{}, false
	}
	a, _ := v.assess()
	return a, true
}

func (v *view) assess() (Assessment, []*caseState) {
	a := Assessment{
		Store: v.facts.Store, Order: v.facts.Order, AsOf: Stamp(v.asOf), Policy: v.rules.Pack.ID,
		Deadlines: v.deadlines(), Calendar: CalendarExact,
	}
	cases := v.cases()
	exact := true
	for _, c := range cases {
		shown, known := v.show(c)
		a.Cases = append(a.Cases, shown)
		exact = exact && known
	}
	if !exact {
		a.Calendar = CalendarApproximate
	}
	a.Stage = v.stage(cases)
	a.Flags = v.flags(a.Deadlines)
	if len(cases) > 0 {
		a.Claim = v.claim(cases, a.Deadlines)
	}
	return a, cases
}

// show makes a case presentable, and tells whether the calendar knew the dates shown.
func (v *view) show(c *caseState) (Case, bool) {
	shown := Case{
		Kind: c.kind, TrackingNumber: c.parcel.number, LastMovementAt: Stamp(c.lastMovement), OpenedAt: Stamp(c.opened),
		AlertBy: Stamp(c.alertBy), ConfirmBy: Stamp(c.confirmBy), FileBy: Stamp(c.fileBy),
		Status: c.status, Superseded: c.superseded, state: c,
	}
	if !c.documentBy.IsZero() {
		by := Stamp(c.documentBy)
		shown.CustomsDocumentBy = &by
	}
	next, at, exact := v.nextDeadline(c)
	if next != "" {
		shown.NextDeadline = &Deadline{Kind: next, At: Stamp(at)}
	}
	return shown, exact && c.exact
}

// nextDeadline is the deadline that a case waits for, and whether the calendar knew it.
func (v *view) nextDeadline(c *caseState) (kind string, at time.Time, exact bool) {
	claim := &v.rules.Pack.Claim
	switch c.status {
	case StatusOpen:
		return DeadlineConfirm, c.confirmBy, true
	case StatusConfirmed:
		return DeadlineFile, c.fileBy, true
	case StatusFiled:
		at, exact = v.rules.workdayEnd(c.filed, claim.ReviewWorkdays.Value)
		return DeadlineReview, at, exact
	case StatusApproved:
		if v.rules.Pack.Certified(c.parcel.recorded.ServiceCode) {
			return DeadlinePayout, c.decided.Add(claim.PayoutWithinCertified.Value.Std()), true
		}
		at, exact = v.rules.workdayEnd(c.decided, claim.PayoutWorkdays.Value)
		return DeadlinePayout, at, exact
	case StatusRejected:
		return DeadlineAppeal, c.appealBy, true
	default: // the second decision has no deadline, and the others wait for nothing
		return "", time.Time{}, true
	}
}

func (v *view) stage(cases []*caseState) Stage {
	for _, c := range cases {
		if c.status.Live() {
			return StageException
		}
	}
	if !v.end.IsZero() {
		return StageClosed
	}
	if _, all := v.allDelivered(); all {
		return StageDelivered
	}
	switch {
	case len(v.parcels) > 0:
		return StageInTransit
	case v.paid != nil:
		return StageAwaitingShipment
	}
	return StageAwaitingPayment
}

// deadlines are the order's own: the number on the platform, and the first movement of a
// free-shipping order.
func (v *view) deadlines() []Deadline {
	shipping := &v.rules.Pack.Shipping
	var recorded time.Time
	for _, p := range v.parcels {
		if at := p.recorded.RecordedAt; recorded.IsZero() || at.Before(recorded) {
			recorded = at
		}
	}
	deadlines := make([]Deadline, 1, 2)
	deadlines[0] = v.deadline(DeadlineTrackingNumber, v.created.CreatedAt.Add(shipping.TrackingNumberDue.Value.Std()), recorded)
	if v.created.FreeShipping && v.paid != nil {
		deadlines = append(deadlines, v.deadline(DeadlineOnline, v.paid.PaidAt.Add(shipping.OnlineDue.Value.Std()), v.firstMoved()))
	}
	return deadlines
}

// firstMoved is the first movement of any parcel; zero: none yet.
func (v *view) firstMoved() time.Time {
	var moved time.Time
	for _, p := range v.parcels {
		if len(p.movements) > 0 && (moved.IsZero() || p.movements[0].At.Before(moved)) {
			moved = p.movements[0].At
		}
	}
	return moved
}

func (v *view) deadline(kind string, due, done time.Time) Deadline {
	d := Deadline{Kind: kind, At: Stamp(due), State: Pending}
	switch {
	case !done.IsZero() && !done.After(due):
		d.State = Met
	case v.asOf.After(due):
		d.State = Missed
	}
	return d
}

func missed(deadlines []Deadline, kind string) bool {
	for _, d := range deadlines {
		if d.Kind == kind {
			return d.State == Missed
		}
	}
	return false
}

func (v *view) flags(deadlines []Deadline) []string {
	mismatch := false
	for _, p := range v.parcels {
		mismatch = mismatch || p.recorded.ServiceCode != v.created.ServiceCode
	}
	var flags []string
	for _, f := range []struct {
		flag string
		set  bool
	}{
		{FlagFreightRisk, mismatch || missed(deadlines, DeadlineOnline)},
		{FlagLateNumber, missed(deadlines, DeadlineTrackingNumber)},
		{FlagServiceMismatch, mismatch},
		{FlagOvercharge, v.overcharged()},
	} {
		if f.set {
			flags = append(flags, f.flag)
		}
	}
	return flags
}

// overcharged tells whether the buyer paid more freight than was shown.
func (v *view) overcharged() bool {
	freight, shown := v.created.Freight, v.created.FreightShown
	if v.created.FreeShipping {
		return freight.Value.IsPos()
	}
	if shown == nil {
		return false
	}
	return v.exceeds(freight, *shown)
}

// exceeds tells whether freight paid is over freight promised by more than is tolerated; in
// another currency they cannot be compared.
func (v *view) exceeds(paid, promised money.Amount) bool {
	if paid.Currency != promised.Currency {
		return false
	}
	over, err := paid.Value.Sub(promised.Value)
	if err != nil {
		return paid.Value.Cmp(promised.Value) > 0 // a difference too long to hold is no small one
	}
	if tolerance := v.rules.Pack.Complaint.FreightTolerance.Value; paid.Currency == tolerance.Currency {
		return over.Cmp(tolerance.Value) > 0
	}
	return over.IsPos()
}
