package rules

import (
	"fmt"
	"slices"
	"time"
)

// MustStart tells whether an order that no workflow has kept yet needs one: it is paid or
// shipped, or there is a complaint or dispute about it, and its story is not over.
func MustStart(f *Facts, rs Ruleset, now time.Time) bool {
	v := look(f, rs, now)
	contested := len(v.complaints)+len(v.contests) > 0
	return v.created != nil && (v.paid != nil || len(v.parcels) > 0 || contested) && PlanOrder(f, rs, now).End == ""
}

// MustTell tells whether a workflow that believes some of the facts must hear the others
// now: its story would differ, or it would wake too late. A plain scan is no reason: it
// rides along with the next fact that is, or is read when the workflow wakes.
func MustTell(believed, all *Facts, rs Ruleset, now time.Time) bool {
	if believed.Len() == all.Len() {
		return false
	}
	b, a := PlanOrder(believed, rs, now), PlanOrder(all, rs, now)
	if b.End != a.End || b.Assessment.Stage != a.Assessment.Stage || b.Known != a.Known || !slices.Equal(b.Numbers, a.Numbers) {
		return true
	}
	if wakesEarlier(a.Wake, b.Wake) || !slices.EqualFunc(b.Assessment.Cases, a.Assessment.Cases, SameCase) {
		return true
	}
	if !slices.EqualFunc(b.Complaints, a.Complaints, func(x, y FreightComplaint) bool { return x.ID == y.ID && x.Mark() == y.Mark() }) ||
		!slices.EqualFunc(b.Disputes, a.Disputes, func(x, y BuyerDispute) bool { return x.ID == y.ID && x.Mark() == y.Mark() }) {
		return true
	}
	if len(a.Cases) > 0 && !slices.Equal(b.Assessment.Claim.Reasons, a.Assessment.Claim.Reasons) {
		return true
	}
	return newNotice(b.Notices, a.Notices)
}

// newNotice tells whether a holds a notice that b does not.
func newNotice(b, a []Notice) bool {
	return slices.ContainsFunc(a, func(x Notice) bool {
		return !slices.ContainsFunc(b, func(y Notice) bool { return x.Key == y.Key })
	})
}

func wakesEarlier(a, b time.Time) bool {
	return !a.IsZero() && (b.IsZero() || a.Before(b))
}

// SameCase tells whether two views of a case ask the same of people.
func SameCase(a, b Case) bool { return a.ID().Equal(b.ID()) && a.Mark() == b.Mark() }

// Mark changes whenever the case's story must hear of something.
func (c *Case) Mark() string {
	return fmt.Sprint(c.Status, c.Superseded, c.ClaimID(), c.ConfirmBy.Time().UnixNano(), c.FileBy.Time().UnixNano())
}

// NextChange is the next moment after now at which an assessment, or the end of the story,
// changes by time alone; zero when it never does.
func NextChange(f *Facts, rs Ruleset, now time.Time) time.Time {
	v := look(f, rs, now)
	w := &wake{now: now}
	w.at(f.nextFact(now))
	if v.created == nil {
		return w.next
	}
	for _, d := range v.deadlines() {
		if d.State == Pending {
			w.at(MissedAt(d.At.Time()))
		}
	}
	for _, p := range v.parcels {
		if v.end.IsZero() {
			w.at(v.stallsAt(p))
		}
	}
	w.cases(v.cases())
	v.contestsChange(w)
	v.over(w)
	w.at(f.lastFact(now).Add(rs.Pack.Order.IdleEnd.Value.Std()))
	return w.next
}
