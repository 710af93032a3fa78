package rules

import (
	"fmt"
	"slices"
	"time"
)

// StoryPlan is what the story of a freight complaint or of a dispute asks for at a moment.
type StoryPlan struct {
	Found   bool // false: no such complaint or dispute is known
	Live    bool // it still waits for somebody
	Status  string
	Next    *Deadline      // that it waits for; nil: none
	Asked   []EvidenceKind // kinds of originals that count for it
	Basis   string         // changes when originals must be judged anew
	Notices []Notice       // due, oldest first
	Wake    time.Time      // the next moment at which something can become due; zero: none
	Idle    time.Time      // when the story is given up; zero: it is over
	Numbers []string       // tracking numbers recorded
	Carrier string         // of the first parcel
}

// originals are what is known of an order's evidence: what the vault holds, as the pre-flight
// judged it, and what the facts say came into it and nobody has judged yet.
type originals struct {
	held  []CheckedOriginal
	told  []EvidenceKind // not judged
	facts int
	last  time.Time // the latest fact
}

// evidence sorts out the evidence as of now.
func (v *view) evidence(held []CheckedOriginal) originals {
	o := originals{held: held}
	for i := range v.facts.events {
		e := &v.facts.events[i]
		d, ok := e.Data.(*EvidenceAdded)
		if !ok || !exists(e, v.asOf) {
			continue
		}
		o.facts++
		o.last = later(o.last, later(d.When, e.Time))
		for _, original := range d.Originals {
			if !slices.ContainsFunc(held, func(h CheckedOriginal) bool { return h.SHA256 == original.SHA256 && h.Kind == original.Kind }) {
				o.told = append(o.told, original.Kind)
			}
		}
	}
	return o
}

// serves tells whether an original of one kind does for another. The scan or the file of a
// waybill is a shipping label with its number.
func (k EvidenceKind) serves(asked EvidenceKind) bool {
	return k == asked || asked == EvidenceShippingLabel && k == EvidenceWaybill
}

// unjudged tells whether an original of a kind is known by the facts alone.
func (o *originals) unjudged(kind EvidenceKind) bool {
	return slices.ContainsFunc(o.told, func(k EvidenceKind) bool { return k.serves(kind) })
}

// refuses tells whether an original was judged, and would be refused.
func (o *originals) refuses(original Original) bool {
	there := false
	for i := range o.held {
		if h := &o.held[i]; h.SHA256 == original.SHA256 && h.Kind == original.Kind {
			if there = true; h.Verdict != VerdictRefused {
				return false // at another parcel it is good
			}
		}
	}
	return there
}

// best is the best judged original of a kind; nil: there is none.
func (o *originals) best(kind EvidenceKind) *CheckedOriginal {
	var best *CheckedOriginal
	for i := range o.held {
		h := &o.held[i]
		if h.Kind.serves(kind) && (best == nil || h.Verdict != best.Verdict && h.Verdict.worse(best.Verdict) == best.Verdict) {
			best = h
		}
	}
	return best
}

// has tells whether there is an original of a kind that would not be refused. One that nobody
// has judged yet counts.
func (o *originals) has(kind EvidenceKind) bool {
	best := o.best(kind)
	return best != nil && best.Verdict != VerdictRefused || o.unjudged(kind)
}

// judged tells whether there is an original of each kind that was judged and not refused.
func (o *originals) judged(asked []string) bool {
	return !slices.ContainsFunc(asked, func(kind string) bool {
		best := o.best(EvidenceKind(kind))
		return best == nil || best.Verdict == VerdictRefused
	})
}

// faults are the best originals of the kinds asked that are not ready.
func (o *originals) faults(asked []string) []CheckedOriginal {
	var faults []CheckedOriginal
	for _, kind := range asked {
		if best := o.best(EvidenceKind(kind)); best != nil && best.Verdict != VerdictReady {
			faults = append(faults, *best)
		}
	}
	return faults
}

func kindsOf(names []string) []EvidenceKind {
	kinds := make([]EvidenceKind, len(names))
	for i, name := range names {
		kinds[i] = EvidenceKind(name)
	}
	return kinds
}

// unfit tells, of each original that would be refused or that a person must look at, once.
func (n *notices) unfit(faults []CheckedOriginal, due time.Time, by *Deadline) {
	for i := range faults {
		f := &faults[i]
		n.add(Notice{Key: "unfit/" + string(f.Kind) + "/" + shortHash(f.SHA256) + "/" + string(f.Verdict), Code: NoticeUnready, Due: due, Deadline: by})
	}
}

// missing lists what is asked for and not there.
func (o *originals) missing(asked []string) []EvidenceKind {
	var missing []EvidenceKind
	for _, kind := range asked {
		if !o.has(EvidenceKind(kind)) {
			missing = append(missing, EvidenceKind(kind))
		}
	}
	return missing
}

// openings are the first facts of a type for each complaint or dispute, by its number.
func openings[D Data](facts []fact[D], t EventType, number func(D) string) []fact[D] {
	var first []fact[D]
	for _, f := range facts {
		if f.event.Type != t {
			continue
		}
		at := slices.IndexFunc(first, func(known fact[D]) bool { return number(known.data) == number(f.data) })
		switch {
		case at < 0:
			first = append(first, f)
		case before(f.event, first[at].event):
			first[at] = f
		}
	}
	return first
}

// plan begins the plan of a story that waits for people.
func (v *view) plan(o *originals, status string, live bool, next *Deadline) (p StoryPlan, n *notices, w *wake) {
	p = StoryPlan{Found: true, Live: live, Status: status, Next: next, Basis: fmt.Sprint(o.facts, " ", v.basis(""))}
	for _, parcel := range v.parcels {
		p.Numbers = append(p.Numbers, parcel.number)
		p.Basis += "\n" + v.basis(parcel.number)
	}
	if first := v.firstParcel(); first != nil {
		p.Carrier = first.recorded.Carrier
	}
	n, w = &notices{now: v.asOf}, &wake{now: v.asOf}
	if live {
		w.at(v.facts.nextFact(v.asOf))
		p.Idle = v.facts.lastFact(v.asOf).Add(v.rules.Pack.Order.IdleEnd.Value.Std())
		w.at(p.Idle)
	}
	return p, n, w
}

// basis is what originals of a parcel are judged by, as far as complaints and disputes ask.
func (v *view) basis(number string) string {
	of := v.preflightOf(number, nil)
	of.Items, of.SentAt = nil, time.Time{} // an outbound record's, a conversation's
	return fmt.Sprint(of)
}

// urge tells at once of a deadline that opened at some moment, reminds of it, and wakes when
// it is missed. From a span before it on the manager is told too.
func (n *notices) urge(w *wake, told Notice, before []time.Duration, manager time.Duration) {
	d := *told.Deadline
	w.at(MissedAt(d.At.Time()))
	n.add(told)
	first := len(n.list)
	n.remind(w, d.Kind, d, before, told)
	for i := range n.list[first:] {
		one := &n.list[first+i]
		one.Manager = d.At.Time().Sub(one.Due) <= manager
	}
}

// plannedAt tells something from a moment on, and wakes for it.
func (n *notices) plannedAt(w *wake, due time.Time, told Notice) {
	w.at(due)
	told.Due = due
	n.add(told)
}

// finish closes a plan.
func (p *StoryPlan) finish(n *notices, w *wake) {
	slices.SortStableFunc(n.list, func(a, b Notice) int { return a.Due.Compare(b.Due) })
	p.Notices, p.Wake = n.list, w.next
}

// contested are the complaints and disputes of an order that are not left out, and whether one of
// them is live.
func (v *view) contested(without Unfollowed) (complaints []FreightComplaint, disputes []BuyerDispute, live bool) {
	complaints = slices.DeleteFunc(v.freightComplaints(nil), func(c FreightComplaint) bool { return slices.Contains(without.Complaints, c.ID) })
	disputes = slices.DeleteFunc(v.buyerDisputes(nil), func(d BuyerDispute) bool { return slices.Contains(without.Disputes, d.ID) })
	live = slices.ContainsFunc(complaints, func(c FreightComplaint) bool { return c.Status.Live() }) ||
		slices.ContainsFunc(disputes, func(d BuyerDispute) bool { return d.Status.Live() })
	return complaints, disputes, live
}

// NextDeadline is the earliest of what the order, its cases, complaints and disputes wait for;
// nil: nothing.
func (p *OrderPlan) NextDeadline() *Deadline {
	var next *Deadline
	consider := func(d *Deadline) {
		if d != nil && (next == nil || d.At.Time().Before(next.At.Time())) {
			next = &Deadline{Kind: d.Kind, At: d.At}
		}
	}
	a := &p.Assessment
	for i := range a.Deadlines {
		if a.Deadlines[i].State == Pending {
			consider(&a.Deadlines[i])
		}
	}
	for i := range a.Cases {
		consider(a.Cases[i].NextDeadline)
	}
	for i := range p.Complaints {
		consider(p.Complaints[i].NextDeadline)
	}
	for i := range p.Disputes {
		consider(p.Disputes[i].NextDeadline)
	}
	return next
}

// Contested lists an order's freight complaints and disputes as of now, oldest first: where
// each stands, its deadlines, and what is at risk. Evidence counts as far as the facts tell
// of it. Nothing is known of an order that was not created.
func Contested(f *Facts, rs Ruleset, now time.Time) ([]FreightComplaint, []BuyerDispute) {
	complaints, disputes, _ := look(f, rs, now).contested(Unfollowed{})
	return complaints, disputes
}

// contestsChange wakes when a live complaint or dispute changes by time alone.
func (v *view) contestsChange(w *wake) {
	complaints, disputes, _ := v.contested(Unfollowed{})
	for _, c := range complaints {
		if c.Status == ComplaintOpen {
			w.at(MissedAt(c.RespondBy.Time()))
		}
	}
	for _, d := range disputes {
		if d.Status == DisputeOpen {
			w.at(MissedAt(d.EvidenceBy.Time()))
		}
		if d.refusalDue() {
			w.at(MissedAt(d.RefusalBy.Time()))
		}
	}
}

// deadlinesOfContests are what is to come, or was missed, of complaints and disputes, whether
// one is live, and when the last of the others ended.
func (v *view) deadlinesOfContests(deadline func(d Deadline, subject string)) (live bool, last time.Time) {
	complaints, disputes, live := v.contested(Unfollowed{})
	for _, c := range complaints {
		if c.Status == ComplaintOpen || c.Status == ComplaintLost {
			deadline(Deadline{Kind: DeadlineRespond, At: c.RespondBy}, c.ID)
		}
		if c.DecidedAt != nil {
			last = later(last, c.DecidedAt.Time())
		}
	}
	for _, d := range disputes {
		if d.ClosedAt != nil {
			last = later(last, d.ClosedAt.Time())
			continue
		}
		if d.Status == DisputeOpen || d.Status == DisputeLate {
			deadline(Deadline{Kind: DeadlineEvidence, At: d.EvidenceBy}, d.ID)
		}
		if d.RefusalBy != nil && d.RefusedAt == nil {
			deadline(Deadline{Kind: DeadlineRefusal, At: *d.RefusalBy}, d.ID)
		}
	}
	return live, last
}

func stampOf(t time.Time) *Stamp {
	if t.IsZero() {
		return nil
	}
	s := Stamp(t)
	return &s
}
