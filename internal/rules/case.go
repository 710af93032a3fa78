package rules

import (
	"cmp"
	"slices"
	"time"

	"parcelward/internal/rules/calendar"
)

// CaseStatus is where a case stands.
type CaseStatus string

// The statuses of a case, and what brings each about.
const (
	StatusOpen       CaseStatus = "open"                 // waits for the seller's confirmation
	StatusResumed    CaseStatus = "movement-resumed"     // the parcel moved before anything was filed
	StatusConfirmed  CaseStatus = "confirmed"            // waits for the filing
	StatusExpired    CaseStatus = "confirmation-expired" // confirm-by passed
	StatusFiled      CaseStatus = "filed"                // waits for the platform's decision
	StatusWindowShut CaseStatus = "window-closed"        // file-by passed
	StatusApproved   CaseStatus = "approved"             // waits for the money
	StatusRejected   CaseStatus = "rejected"             // may be appealed once
	StatusAppealed   CaseStatus = "appealed"             // waits for the second decision
	StatusPaid       CaseStatus = "paid"                 // the money came
	StatusClosed     CaseStatus = "closed"               // refused for good, or the order ended first
)

// CaseStatuses lists every status.
func CaseStatuses() []CaseStatus {
	return []CaseStatus{
		StatusOpen, StatusResumed, StatusConfirmed, StatusExpired, StatusFiled, StatusWindowShut,
		StatusApproved, StatusRejected, StatusAppealed, StatusPaid, StatusClosed,
	}
}

// Live tells whether a case of this status still waits for somebody.
func (s CaseStatus) Live() bool {
	switch s {
	case StatusOpen, StatusConfirmed, StatusFiled, StatusApproved, StatusRejected, StatusAppealed:
		return true
	default:
		return false
	}
}

// caseState is one exception of a parcel, on its way through the facts.
type caseState struct {
	kind         CaseKind
	parcel       *parcel
	opened       time.Time // exact; compared with filings in whole seconds
	lastMovement time.Time
	alert        time.Time // the platform's own alert, where it counts; else zero
	alertBy      time.Time
	confirmBy    time.Time
	fileBy       time.Time
	documentBy   time.Time // customs-document-by; zero where it does not apply
	exact        bool      // alertBy lies in the calendar's years

	status     CaseStatus
	superseded bool
	confirmed  time.Time
	filed      time.Time
	claimID    string
	decided    time.Time // of the decision in force
	rejected   time.Time
	appealBy   time.Time
	appealed   time.Time
	paid       time.Time
}

func compareCases(a, b *caseState) int {
	return cmp.Or(a.opened.Truncate(time.Second).Compare(b.opened.Truncate(time.Second)),
		cmp.Compare(a.parcel.number, b.parcel.number), cmp.Compare(a.kind, b.kind))
}

// settle lets the deadlines that passed before t take their effect: a deadline is met by
// an act at it, and missed by any later one.
func (c *caseState) settle(t time.Time) {
	switch c.status {
	case StatusOpen:
		if t.After(c.confirmBy) {
			c.status = StatusExpired
		}
	case StatusConfirmed:
		if t.After(c.fileBy) {
			c.status = StatusWindowShut
		}
	case StatusRejected:
		if t.After(c.appealBy) {
			c.status = StatusClosed
		}
	default: // no deadline ends the others
	}
}

// waits tells whether the case is open or confirmed at t.
func (c *caseState) waits(t time.Time) bool {
	c.settle(t)
	return c.status == StatusOpen || c.status == StatusConfirmed
}

// cases finds every exception that opened by asOf, tells each its deadlines and plays the
// facts over them.
func (v *view) cases() []*caseState {
	if v.created == nil {
		return nil
	}
	var cases []*caseState
	open := func(kind CaseKind, p *parcel, at, lastMovement time.Time) {
		if !at.After(v.asOf) && !v.ended(at) {
			cases = append(cases, &caseState{kind: kind, parcel: p, opened: at, lastMovement: lastMovement, status: StatusOpen})
		}
	}
	for _, p := range v.parcels {
		v.stalls(p, func(at, last time.Time) { open(KindStall, p, at, last) })
		if p.lost != nil {
			open(KindLost, p, p.lost.At, p.lost.At)
		}
		if p.delivered != nil && v.signedByStranger(p.delivered.Row) {
			open(KindSignature, p, p.delivered.At, p.delivered.At)
		}
		if at, ok := v.notReceived(p); ok {
			_, last := p.lastMovement(at)
			open(KindNotReceived, p, at, last)
		}
	}
	slices.SortFunc(cases, compareCases)
	for _, c := range cases {
		v.reckon(c)
	}
	v.alert(cases)
	cases = v.play(cases)
	for _, c := range cases {
		c.settle(v.asOf)
	}
	return cases
}

// stalls calls open for every silence of p that lasted long enough, with its end and its
// beginning.
func (v *view) stalls(p *parcel, open func(at, last time.Time)) {
	wait := func(last time.Time, r *row) time.Time { return last.Add(v.patience(r)) }
	if len(p.movements) == 0 || p.movements[0].At.After(p.recorded.RecordedAt) {
		at := wait(p.recorded.RecordedAt, nil)
		if len(p.movements) == 0 || p.movements[0].At.After(at) {
			open(at, p.recorded.RecordedAt)
		}
	}
	for i := range p.movements {
		r := &p.movements[i]
		if r.Milestone.ends() {
			return
		}
		at := wait(r.At, r)
		if i+1 == len(p.movements) || p.movements[i+1].At.After(at) {
			open(at, r.At)
		}
	}
}

// patience is how long the parcel may be silent after its latest movement r (nil: none yet).
func (v *view) patience(r *row) time.Duration {
	stall := &v.rules.Pack.Stall
	d := stall.Threshold[string(v.created.Category)].Value.Std()
	if r != nil && string(r.Milestone) == stall.LinehaulMilestone.Value {
		d += stall.LinehaulSilence.Value.Std()
	}
	return d
}

// stallsAt is when p will stall if nothing more is heard; zero when it no longer can.
func (v *view) stallsAt(p *parcel) time.Time {
	for i := range p.movements {
		if p.movements[i].Milestone.ends() {
			return time.Time{}
		}
	}
	r, last := p.lastMovement(v.asOf)
	return last.Add(v.patience(r))
}

func (v *view) signedByStranger(r *Row) bool {
	return r.SignedBy != "" && !r.Authorised && !SameName(r.SignedBy, v.created.Buyer.Name)
}

// notReceived is the first not-received dispute that finds p recorded and without a
// delivered row at or before it.
func (v *view) notReceived(p *parcel) (time.Time, bool) {
	var first time.Time
	for _, d := range v.disputes {
		at := d.data.When
		if at.Before(p.recorded.RecordedAt) || (p.delivered != nil && !p.delivered.At.After(at)) {
			continue
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first, !first.IsZero()
}

// reckon sets the deadlines of c that do not depend on an alert.
func (v *view) reckon(c *caseState) {
	pack := v.rules.Pack
	loc := pack.Location()
	v.reckonAlert(c)
	window := pack.Claim.FileWithinOther.Value.Std()
	if c.kind == KindStall {
		window = pack.Claim.FileWithin.Value.Std()
		if r, _ := c.parcel.lastMovement(c.opened); r != nil && string(r.Milestone) == pack.Claim.CustomsMilestone.Value {
			c.documentBy = c.opened
			for _, at := range c.parcel.documents {
				if !at.Before(c.lastMovement) && at.Before(c.opened) {
					window += pack.Claim.CustomsGrace.Value.Std()
					break
				}
			}
		}
	}
	c.fileBy = calendar.EndOfDay(c.opened.Add(window), loc)
	c.confirmBy = earlier(c.alertBy.Add(pack.Claim.ConfirmWithin.Value.Std()), c.fileBy)
}

// reckonAlert sets when the platform's own alert is due.
func (v *view) reckonAlert(c *caseState) {
	c.alertBy, c.exact = v.rules.workdayEnd(c.opened, v.rules.Pack.Claim.AlertWorkdays.Value)
}

// workdayEnd is the end of the n-th workday after t's local date, and whether the
// calendar knows the years in between.
func (rs Ruleset) workdayEnd(t time.Time, n int) (time.Time, bool) {
	return rs.Calendar.WorkdayEnd(t, n, rs.Pack.Location())
}

// alert gives each alert to the parcel's case that opened last at or before it. The first
// counts, and only up to alert-by + 72 h.
func (v *view) alert(cases []*caseState) {
	within := v.rules.Pack.Claim.ConfirmWithin.Value.Std()
	for _, p := range v.parcels {
		for _, at := range p.alerts {
			var owner *caseState
			for _, c := range cases {
				if c.parcel == p && !c.opened.Truncate(time.Second).After(at) {
					owner = c
				}
			}
			if owner == nil || !owner.alert.IsZero() || at.After(owner.alertBy.Add(within)) {
				continue
			}
			owner.alert = at
			owner.confirmBy = earlier(at.Add(within), owner.fileBy)
		}
	}
}
