package rules

import (
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
	"parcelward/internal/rules/taxid"
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
	var recorded, moved time.Time
	for _, p := range v.parcels {
		if at := p.recorded.RecordedAt; recorded.IsZero() || at.Before(recorded) {
			recorded = at
		}
		if len(p.movements) > 0 && (moved.IsZero() || p.movements[0].At.Before(moved)) {
			moved = p.movements[0].At
		}
	}
	deadlines := make([]Deadline, 1, 2)
	deadlines[0] = v.deadline(DeadlineTrackingNumber, v.created.CreatedAt.Add(shipping.TrackingNumberDue.Value.Std()), recorded)
	if v.created.FreeShipping && v.paid != nil {
		deadlines = append(deadlines, v.deadline(DeadlineOnline, v.paid.PaidAt.Add(shipping.OnlineDue.Value.Std()), moved))
	}
	return deadlines
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
	if shown == nil || shown.Currency != freight.Currency {
		return false
	}
	over, err := freight.Value.Sub(shown.Value)
	if err != nil {
		return freight.Value.Cmp(shown.Value) > 0 // a difference too long to hold is no small one
	}
	if tolerance := v.rules.Pack.Complaint.FreightTolerance.Value; freight.Currency == tolerance.Currency {
		return over.Cmp(tolerance.Value) > 0
	}
	return over.IsPos()
}

// claim judges the order's cases together.
func (v *view) claim(cases []*caseState, deadlines []Deadline) *Claim {
	var filed time.Time // the order's first filing
	windows := true     // every window passed unfiled
	for _, c := range cases {
		if !c.filed.IsZero() && (filed.IsZero() || c.filed.Before(filed)) {
			filed = c.filed
		}
		windows = windows && c.filed.IsZero() && v.asOf.After(c.fileBy)
	}
	beforeFiling := func(t time.Time) bool { return !t.IsZero() && (filed.IsZero() || t.Before(filed)) }
	var uncertified, falsified, delayed, disputed bool
	cutOff := v.asOf
	if !filed.IsZero() {
		cutOff = earlier(cutOff, filed)
	}
	for _, p := range v.parcels {
		uncertified = uncertified || !v.rules.Pack.Certified(p.recorded.ServiceCode)
		falsified = falsified || p.flagged
		delayed = delayed || v.economyDelay(p, cutOff)
	}
	for _, at := range v.closed {
		disputed = disputed || beforeFiling(at)
	}
	claim := &Claim{Payout: v.payout()}
	for _, r := range []struct {
		reason  string
		applies bool
	}{
		{ReasonUncertified, uncertified},
		{ReasonLateNumber, missed(deadlines, DeadlineTrackingNumber)},
		{ReasonFalsified, falsified},
		{ReasonMissingTaxID, v.taxIDMissing()},
		{ReasonEconomyDelay, delayed},
		{ReasonReceipt, beforeFiling(v.receipt)},
		{ReasonDisputeClosed, disputed},
		{ReasonWindowClosed, windows},
	} {
		if r.applies {
			claim.Reasons = append(claim.Reasons, r.reason)
		}
	}
	claim.Eligible = len(claim.Reasons) == 0
	return claim
}

// taxIDMissing tells whether the destination asks for a tax ID that the buyer has not given.
func (v *view) taxIDMissing() bool {
	kinds, asked := v.rules.Pack.Shipping.TaxIDCountries.Value[v.created.Buyer.Country]
	return asked && !taxid.Valid(v.created.Buyer.TaxID, kinds...)
}

// economyDelay tells whether an economy parcel without trace alerts was silent too long
// between two neighbours among its recording, its movements and the cut-off.
func (v *view) economyDelay(p *parcel, cutOff time.Time) bool {
	if !v.rules.Pack.Economy(p.recorded.ServiceCode) || p.recorded.TraceAlert {
		return false
	}
	longest := v.rules.Pack.Claim.EconomyMaxGap.Value.Std()
	var last time.Time
	var recorded, over bool
	reach := func(t time.Time) {
		over = over || (!last.IsZero() && t.Sub(last) > longest)
		last = t
	}
	for i := range p.movements {
		m := &p.movements[i]
		if m.At.After(cutOff) {
			break
		}
		if at := p.recorded.RecordedAt; !recorded && at.Before(m.At) {
			recorded = true
			reach(at)
		}
		reach(m.At)
	}
	if at := p.recorded.RecordedAt; !recorded && !at.After(cutOff) {
		reach(at)
	}
	for i := range p.movements {
		if m := &p.movements[i]; m.Milestone.ends() && !m.At.After(cutOff) {
			return over
		}
	}
	if !last.IsZero() {
		reach(cutOff)
	}
	return over
}

// payout is what an approval would pay: the amount paid less commission and tax, never
// below zero, at most the cap. It is nil where a rate is missing.
func (v *view) payout() *money.Amount {
	net := decimal.Zero
	for i, part := range []money.Amount{v.created.AmountPaid, v.created.Commission, v.created.Tax} {
		usd, ok := v.usd(part)
		if !ok {
			return nil
		}
		var err error
		if i == 0 {
			net, err = net.Add(usd)
		} else {
			net, err = net.Sub(usd)
		}
		if err != nil {
			return nil
		}
	}
	limit := v.rules.Pack.Claim.PayoutCap.Value
	if net.IsNeg() {
		net = decimal.Zero
	}
	if net.Cmp(limit.Value) > 0 {
		net = limit.Value
	}
	return &money.Amount{Value: money.RoundHalfUp(net, payoutPlaces), Currency: limit.Currency}
}

// usd converts an amount; only the order's own currency has a rate.
func (v *view) usd(a money.Amount) (decimal.Decimal, bool) {
	if a.Currency == payoutCurrency || a.Value.IsZero() {
		return a.Value, true
	}
	if a.Currency != v.created.AmountPaid.Currency || v.created.USDRate == nil {
		return decimal.Zero, false
	}
	usd, err := a.Value.Mul(*v.created.USDRate)
	return usd, err == nil
}
