package rules

import (
	"slices"
	"time"
)

// PollPlan is how often a carrier should be asked about a parcel from when on, in the order
// of time. Empty: nothing that it could say matters any more.
type PollPlan []PollStep

// PollStep holds until the next one begins.
type PollStep struct {
	From  time.Time     `json:"from"`
	Every time.Duration `json:"every"` // nanoseconds
}

// Next is when the carrier should be asked again after it was asked at a moment; zero: never.
func (p PollPlan) Next(asked time.Time) time.Time {
	for i, step := range p {
		next := asked.Add(step.Every)
		if next.Before(step.From) {
			next = step.From
		}
		if i+1 == len(p) || next.Before(p[i+1].From) {
			return next
		}
	}
	return time.Time{}
}

// Poll is what should be asked about a parcel.
type Poll struct {
	Plan PollPlan
	// CheckBy is when the carrier must know the number, where it is the store's first with that
	// carrier; zero: it does, or nothing hangs on it any more.
	CheckBy time.Time
}

// Polls tells, by tracking number, how often the parcels of an order should be asked about:
// often while a movement would change a deadline that comes near, seldom while the
// line-haul is silent, no more when a parcel has arrived, or come back, or is lost, or when
// the order has ended and nothing waits.
func Polls(f *Facts, rs Ruleset, now time.Time) map[string]Poll {
	v := look(f, rs, now)
	if v.created == nil {
		return nil
	}
	cases := v.cases()
	var due []time.Time // of the order's own deadlines that a movement meets
	for _, d := range v.deadlines() {
		if d.Kind == DeadlineOnline && d.State == Pending {
			due = append(due, d.At.Time())
		}
	}
	polls := make(map[string]Poll, len(v.parcels))
	for _, p := range v.parcels {
		stalls := v.stallsAt(p)
		near := slices.Clone(due)
		if stalls.After(v.asOf) {
			near = append(near, stalls)
		}
		for _, c := range cases {
			if c.parcel == p && c.kind == KindStall && (c.status == StatusOpen || c.status == StatusConfirmed) {
				near = append(near, c.opened) // a movement would end it
			}
		}
		var poll Poll
		if v.end.IsZero() && !stalls.IsZero() { // on its way
			if len(p.rows) == 0 {
				poll.CheckBy = rs.NumberCheckDue(p.recorded.ShippedAt)
				near = append(near, poll.CheckBy)
			}
			poll.Plan = v.pollPlan(p, near)
		}
		polls[p.number] = poll
	}
	return polls
}

// pollPlan is denser the nearer the first of the moments is; one that is over is near.
func (v *view) pollPlan(p *parcel, moments []time.Time) PollPlan {
	pack := &v.rules.Pack.Exchange
	every := pack.PollEvery.Value.Std()
	if r, _ := p.lastMovement(v.asOf); r != nil && string(r.Milestone) == v.rules.Pack.Stall.LinehaulMilestone.Value {
		every = pack.PollSilentEvery.Value.Std()
	}
	plan := PollPlan{{From: v.asOf, Every: every}}
	if len(moments) == 0 {
		return plan
	}
	first := slices.MinFunc(moments, time.Time.Compare)
	for i, before := range pack.PollNear.Value {
		from := first.Add(-before.Std())
		if !from.After(v.asOf) {
			from, plan = v.asOf, plan[:0]
		}
		plan = append(plan, PollStep{From: from, Every: pack.PollNearEvery.Value[i].Std()})
	}
	return plan
}
