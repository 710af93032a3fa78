package rules

import (
	"cmp"
	"slices"
	"time"
)

// rank is the order of facts at one instant: so a decision at the appeal's own instant is
// none on the appeal, and a filing at the order's end comes too late.
type rank int

const (
	rankMovement rank = iota
	rankEnd
	rankConfirmation
	rankFiling
	rankDecision
	rankAppeal
	rankPayment
)

// act is one fact that can change a case's status.
type act struct {
	at    time.Time
	rank  rank
	event *Event // nil for the order's end
	place int    // of a movement in its event
	play  func(cases *[]*caseState)
}

// play plays the facts over the cases in the order of their own times and returns all
// cases, those included that only a filing still remembers.
func (v *view) play(cases []*caseState) []*caseState {
	if len(cases) == 0 && len(v.filed) == 0 {
		return nil
	}
	acts := v.acts()
	slices.SortStableFunc(acts, func(a, b act) int {
		if c := cmp.Or(a.at.Compare(b.at), cmp.Compare(a.rank, b.rank)); c != 0 || a.event == nil || b.event == nil {
			return c
		}
		return cmp.Or(compareEvents(a.event, b.event), cmp.Compare(a.place, b.place))
	})
	for _, a := range acts {
		a.play(&cases)
	}
	slices.SortStableFunc(cases, compareCases)
	return cases
}

func (v *view) acts() []act {
	var acts []act
	add := func(at time.Time, r rank, e *Event, place int, play func(*[]*caseState)) {
		acts = append(acts, act{at, r, e, place, play})
	}
	for _, p := range v.parcels {
		for _, r := range p.movements {
			add(r.At, rankMovement, r.event, r.place, func(cases *[]*caseState) { resume(*cases, p, r.At) })
		}
	}
	if !v.end.IsZero() {
		add(v.end, rankEnd, nil, 0, func(cases *[]*caseState) {
			for _, c := range *cases {
				if c.waits(v.end) {
					c.status = StatusClosed
				}
			}
		})
	}
	for _, f := range v.confirmed {
		add(f.data.When, rankConfirmation, f.event, 0, func(cases *[]*caseState) { confirm(*cases, f.data) })
	}
	for _, f := range v.filed {
		add(f.data.When, rankFiling, f.event, 0, func(cases *[]*caseState) { v.file(cases, f.data) })
	}
	for _, f := range v.decided {
		add(f.data.When, rankDecision, f.event, 0, func(cases *[]*caseState) { v.decide(*cases, f.data) })
	}
	for _, f := range v.appealed {
		add(f.data.When, rankAppeal, f.event, 0, func(cases *[]*caseState) {
			if c := byClaim(*cases, f.data.ClaimID); c != nil {
				if c.settle(f.data.When); c.status == StatusRejected {
					c.status, c.appealed = StatusAppealed, f.data.When
				}
			}
		})
	}
	for _, f := range v.settled {
		add(f.data.When, rankPayment, f.event, 0, func(cases *[]*caseState) {
			if c := byClaim(*cases, f.data.ClaimID); c != nil && c.status != StatusPaid {
				c.status, c.paid = StatusPaid, f.data.When
			}
		})
	}
	return acts
}

// resume ends the stall cases of p that still wait: the parcel moved at t.
func resume(cases []*caseState, p *parcel, t time.Time) {
	for _, c := range cases {
		if c.kind == KindStall && c.parcel == p && c.opened.Before(t) && c.waits(t) {
			c.status = StatusResumed
		}
	}
}

func confirm(cases []*caseState, d *Confirmed) {
	for _, c := range cases {
		if c.parcel.number != d.TrackingNumber || (d.Kind != "" && d.Kind != c.kind) || c.opened.Truncate(time.Second).After(d.When) {
			continue
		}
		if c.waits(d.When) && c.status == StatusOpen {
			c.status, c.confirmed = StatusConfirmed, d.When
		}
	}
}

// file gives a filing to the case that it names, or to the one that waits longest.
func (v *view) file(cases *[]*caseState, d *ClaimFiled) {
	p := v.parcel(d.TrackingNumber)
	if p == nil || byClaim(*cases, d.ClaimID) != nil {
		return
	}
	var c *caseState
	if d.Case != nil {
		c = v.named(cases, p, d)
	} else {
		c = waiting(*cases, p, d.When)
	}
	if c == nil {
		return
	}
	if c.confirmed.IsZero() {
		c.confirmed = d.When
	}
	c.status, c.filed, c.claimID = StatusFiled, d.When, d.ClaimID
}

// waiting is the earliest-opened case of p that is open or confirmed at t and may be filed.
func waiting(cases []*caseState, p *parcel, t time.Time) *caseState {
	for _, c := range cases {
		if c.parcel == p && c.filed.IsZero() && !c.opened.Truncate(time.Second).After(t) && !t.After(c.fileBy) && c.waits(t) {
			return c
		}
	}
	return nil
}

// named is the case that a filing names. What was filed stands: a case that ended before
// the filing is found all the same, and one that the facts no longer hold is remembered
// with the values of the filing.
func (v *view) named(cases *[]*caseState, p *parcel, d *ClaimFiled) *caseState {
	if v.ended(d.When) {
		return nil
	}
	opened := d.Case.OpenedAt.Truncate(time.Second)
	for _, c := range *cases {
		if c.parcel != p || c.kind != d.Case.Kind || !c.opened.Truncate(time.Second).Equal(opened) {
			continue
		}
		if !c.filed.IsZero() || d.When.Before(opened) || d.When.After(c.fileBy) {
			return nil
		}
		if c.kind == KindStall {
			if r, _ := p.lastMovement(d.When); r != nil && r.At.After(c.opened) {
				c.superseded = true
			}
		}
		return c
	}
	if d.When.Before(opened) || d.When.After(d.Case.FileBy) {
		return nil
	}
	c := &caseState{
		kind: d.Case.Kind, parcel: p, opened: d.Case.OpenedAt, lastMovement: d.Case.LastMovementAt,
		fileBy: d.Case.FileBy, superseded: true,
	}
	v.reckonAlert(c)
	c.confirmBy = earlier(c.alertBy.Add(v.rules.Pack.Claim.ConfirmWithin.Value.Std()), c.fileBy)
	*cases = append(*cases, c)
	return c
}

// decide applies a decision: the first from the filing on, and the first after the appeal.
func (v *view) decide(cases []*caseState, d *ClaimDecided) {
	c := byClaim(cases, d.ClaimID)
	if c == nil {
		return
	}
	switch c.settle(d.When); {
	case c.status == StatusFiled && d.Decision == DecisionApproved,
		c.status == StatusAppealed && d.Decision == DecisionApproved:
		c.status, c.decided = StatusApproved, d.When
	case c.status == StatusFiled:
		c.status, c.decided, c.rejected = StatusRejected, d.When, d.When
		c.appealBy = d.When.Add(v.rules.Pack.Claim.AppealWithin.Value.Std())
	case c.status == StatusAppealed:
		c.status, c.decided = StatusClosed, d.When
	}
}

func byClaim(cases []*caseState, claimID string) *caseState {
	for _, c := range cases {
		if c.claimID == claimID && !c.filed.IsZero() {
			return c
		}
	}
	return nil
}
