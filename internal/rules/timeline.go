package rules

import (
	"cmp"
	"slices"
	"time"

	"parcelward/internal/rules/money"
)

// DeadlineDocument is by when a clearance document still extends the filing window.
const DeadlineDocument = "customs-document-by"

// The codes of moments that the rules find; a moment of a fact bears its event's type.
const (
	MomentCaseOpened = "case.opened"
	MomentCaseEnded  = "case.ended"
	MomentMissed     = "deadline.missed"
	MomentDeadline   = "deadline" // to come
	MomentStall      = "stall"    // to come, unless the parcel moves
	MomentStoryEnd   = "story.end"
)

// MomentCodes lists the codes that the rules find.
func MomentCodes() []string {
	return []string{MomentCaseOpened, MomentCaseEnded, MomentMissed, MomentDeadline, MomentStall, MomentStoryEnd}
}

// Moment is one line of an order's timeline. Fields that do not apply to the code are empty.
type Moment struct {
	At       Stamp         `json:"at"`
	Code     string        `json:"code"`             // an EventType or a Moment… code
	Future   bool          `json:"future,omitzero"`  // not yet, and only if nothing else happens
	Ignored  bool          `json:"ignored,omitzero"` // kept, but counts for nothing
	Number   string        `json:"tracking_number,omitempty"`
	Kind     CaseKind      `json:"kind,omitempty"`
	Status   CaseStatus    `json:"status,omitempty"`   // with which a case ended
	Deadline string        `json:"deadline,omitempty"` // kind of deadline
	End      string        `json:"end,omitempty"`      // why the story ends
	Scan     *Row          `json:"scan,omitempty"`
	Service  string        `json:"service_code,omitempty"`
	Carrier  string        `json:"carrier,omitempty"`
	ClaimID  string        `json:"claim_id,omitempty"`
	Decision string        `json:"decision,omitempty"`
	Reason   string        `json:"reason,omitempty"`
	By       string        `json:"by,omitempty"`
	Subject  string        `json:"subject,omitempty"` // dispute kind, dispute or complaint number
	Points   int           `json:"points,omitzero"`   // service points that a complaint cost
	Partial  bool          `json:"partial,omitzero"`
	Amount   *money.Amount `json:"amount,omitempty"`
}

// Timeline tells an order's story as it stands at now: what happened, what the rules made
// of it, and what comes next if nothing else happens, oldest first. Reminders are left out.
func Timeline(f *Facts, rs Ruleset, now time.Time) []Moment {
	v := look(f, rs, now)
	moments := v.happened()
	if v.created != nil {
		moments = append(moments, v.found()...)
	}
	slices.SortStableFunc(moments, func(a, b Moment) int { return a.At.Time().Compare(b.At.Time()) })
	return moments
}

// happened is a moment for each existing fact and trace row, in the rank of facts.
func (v *view) happened() []Moment {
	type dated struct {
		Moment
		event *Event
		place int
	}
	var all []dated
	for i := range v.facts.events {
		e := &v.facts.events[i]
		if e.Data == nil || !exists(e, v.asOf) {
			continue
		}
		u, ok := e.Data.(*TrackingUpdated)
		if !ok {
			all = append(all, dated{v.moment(e), e, 0})
			continue
		}
		for j := range u.Rows {
			if r := &u.Rows[j]; !r.At.After(v.asOf) {
				all = append(all, dated{Moment{
					At: Stamp(r.At), Code: string(e.Type), Number: u.TrackingNumber, Scan: r, Ignored: v.quiet(u.TrackingNumber, r),
				}, e, j})
			}
		}
	}
	slices.SortFunc(all, func(a, b dated) int {
		return cmp.Or(a.At.Time().Compare(b.At.Time()), compareEvents(a.event, b.event), cmp.Compare(a.place, b.place))
	})
	moments := make([]Moment, len(all))
	for i := range all {
		moments[i] = all[i].Moment
	}
	return moments
}

// quiet tells whether a trace row moves nothing: by hand, of a quiet milestone, or of a
// number that is not recorded.
func (v *view) quiet(number string, r *Row) bool {
	return r.Source == FromManual || v.parcel(number) == nil ||
		slices.Contains(v.rules.Pack.Stall.QuietMilestones.Value, string(r.Milestone))
}

// moment shows one fact that is no trace.
func (v *view) moment(e *Event) Moment {
	m := Moment{At: Stamp(e.Data.At()), Code: string(e.Type)}
	switch d := e.Data.(type) {
	case *OrderCreated:
		m.Service, m.Amount = d.ServiceCode, &d.AmountPaid
	case *OrderStopped:
		m.Amount, m.Partial = d.Amount, d.Partial
	case *ShipmentRecorded:
		m.Number, m.Carrier, m.Service = d.TrackingNumber, d.Carrier, d.ServiceCode
	case *ParcelFact:
		m.Number, m.Reason, m.Ignored = d.TrackingNumber, d.Reason, v.parcel(d.TrackingNumber) == nil
	case *Dispute:
		m.Subject = d.Kind
	case *Confirmed:
		m.Number, m.Kind, m.By, m.Reason = d.TrackingNumber, d.Kind, d.By, d.Note
	case *ClaimFiled:
		m.Number, m.ClaimID = d.TrackingNumber, d.ClaimID
		if d.Case != nil {
			m.Kind = d.Case.Kind
		}
	case *ClaimDecided:
		m.ClaimID, m.Decision, m.Amount, m.Reason = d.ClaimID, d.Decision, d.Amount, d.Reason
	case *ClaimFact:
		m.ClaimID, m.Amount = d.ClaimID, d.Amount
	case *Complaint:
		m.Subject = d.ComplaintID
		if e.Type == TypeComplaintDecided {
			m.Decision, m.Points = string(d.outcome()), d.Points
		}
	case *EvidenceAdded:
		m.Number, m.By = d.TrackingNumber, d.By
	case *PapersRequested:
		m.ClaimID, m.Reason = d.ClaimID, d.Reason
	case *Ticket:
		m.Subject, m.Reason = d.TicketID, d.Reason
	}
	return m
}

// found is what the rules make of the facts.
func (v *view) found() []Moment {
	a, cases := v.assess()
	var moments []Moment
	deadline := func(d Deadline, number string, kind CaseKind) {
		m := Moment{At: d.At, Code: MomentDeadline, Future: true, Deadline: d.Kind, Number: number, Kind: kind}
		if v.asOf.After(d.At.Time()) {
			m.At, m.Code, m.Future = Stamp(MissedAt(d.At.Time())), MomentMissed, false
		}
		moments = append(moments, m)
	}
	live, last := v.deadlinesOfContests(func(d Deadline, subject string) {
		deadline(d, "", "")
		moments[len(moments)-1].Subject = subject
	})
	last = later(last, v.end) // of the end, and of the ends of cases, complaints and disputes
	for i, c := range cases {
		id := Moment{Number: c.parcel.number, Kind: c.kind}
		opened := id
		opened.At, opened.Code = Stamp(c.opened), MomentCaseOpened
		moments = append(moments, opened)
		if c.status.Live() {
			live = true
			if next := a.Cases[i].NextDeadline; next != nil {
				deadline(*next, c.parcel.number, c.kind)
			}
			if c.status == StatusOpen && c.fileBy.After(c.confirmBy) {
				deadline(Deadline{Kind: DeadlineFile, At: Stamp(c.fileBy)}, c.parcel.number, c.kind)
			}
			continue
		}
		ended := id
		ended.At, ended.Code, ended.Status, ended.ClaimID = Stamp(v.endOf(c)), MomentCaseEnded, c.status, c.claimID
		moments = append(moments, ended)
		last = later(last, ended.At.Time())
	}
	over := !live && (!v.end.IsZero() || v.over(&wake{now: v.asOf}) != "")
	if v.end.IsZero() && !over {
		moments = append(moments, v.stallsToCome()...)
	}
	for _, d := range a.Deadlines {
		if d.State == Missed || d.State == Pending && !over {
			deadline(d, "", "")
		}
	}
	return append(moments, v.storyEnd(live, last)...)
}

// stallsToCome is when each parcel stalls if nothing more is heard, and until when a
// clearance document counts.
func (v *view) stallsToCome() []Moment {
	var moments []Moment
	for _, p := range v.parcels {
		at := v.stallsAt(p)
		if !at.After(v.asOf) {
			continue
		}
		moments = append(moments, Moment{At: Stamp(at), Code: MomentStall, Future: true, Number: p.number, Kind: KindStall})
		if r := v.heldAtCustoms(p); r != nil && !slices.ContainsFunc(p.documents, func(t time.Time) bool { return !t.Before(r.At) }) {
			moments = append(moments, Moment{At: Stamp(at), Code: MomentDeadline, Future: true, Number: p.number, Deadline: DeadlineDocument})
		}
	}
	return moments
}

// endOf is when a case that lives no more ended.
func (v *view) endOf(c *caseState) time.Time {
	switch c.status {
	case StatusResumed:
		for i := range c.parcel.movements {
			if m := &c.parcel.movements[i]; m.At.After(c.opened) {
				return m.At
			}
		}
	case StatusExpired:
		return MissedAt(c.confirmBy)
	case StatusWindowShut:
		return MissedAt(c.fileBy)
	case StatusPaid:
		return c.paid
	case StatusClosed:
		switch {
		case !c.appealed.IsZero():
			return c.decided
		case !c.rejected.IsZero():
			return MissedAt(c.appealBy)
		}
		return v.end
	case StatusOpen, StatusConfirmed, StatusFiled, StatusApproved, StatusRejected, StatusAppealed:
	}
	return v.asOf // of a live case: not yet
}

// storyEnd is when the order's story ends, or ended; nothing while a case lives. last is
// the latest of the order's end and its cases' ends.
func (v *view) storyEnd(live bool, last time.Time) []Moment {
	if live {
		return nil
	}
	m := Moment{Code: MomentStoryEnd}
	since, delivered := v.allDelivered()
	switch {
	case !v.end.IsZero():
		m.At, m.End = Stamp(last), EndCancelled
	case delivered:
		m.At, m.End = Stamp(later(last, since.Add(v.rules.Pack.Order.DisputePeriod.Value.Std()))), EndDelivered
	default:
		m.At, m.End = Stamp(v.facts.lastFact(v.asOf).Add(v.rules.Pack.Order.IdleEnd.Value.Std())), EndIdle
	}
	m.Future = m.At.Time().After(v.asOf)
	return []Moment{m}
}
