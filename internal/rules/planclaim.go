package rules

import (
	"strings"
	"time"

	"parcelward/internal/rules/policy"
)

// ClaimPlan is what the story of one case asks for at a moment.
type ClaimPlan struct {
	Found   bool // false: facts learnt later leave no such case
	Case    Case
	ClaimID string
	Claim   Claim     // of the order: eligible or why not, and the expected payout
	Notices []Notice  // due, oldest first
	Wake    time.Time // the next moment at which something can become due; zero: none
	Idle    time.Time // when the story is given up; zero: the case is over
	Carrier string

	HandedIn   []Original      // known to have been
	Added      []Original      // not handed in yet, by content
	Basis      *AppealBasis    // nil: no machine appeals
	Papers     *PapersAsked    // what the platform wants besides; nil: nothing
	Differs    *Discrepancy    // the money is not what it should be; nil: it is, as far as is known
	Protection *ProtectionPlan // nil: the claim was not refused after an appeal
	Ticket     *ClaimTicket    // that must be open; nil: none
	ToAdd      []Uncollected   // originals that a person must bring; the story fills it in
	Known      int             // what follows claims, evidence, and refunds where protection may follow: facts so far
}

// Live tells whether the case still waits for somebody.
func (p *ClaimPlan) Live() bool {
	return p.Found && (p.Case.Status.Live() || p.Protection != nil && p.Protection.State.live())
}

// Filed is the case in the words of its filing.
func (p *ClaimPlan) Filed() FiledCase {
	return FiledCase{
		Kind: p.Case.Kind, OpenedAt: p.Case.OpenedAt.Time().UTC().Truncate(time.Second),
		LastMovementAt: p.Case.LastMovementAt.Time().UTC(), FileBy: p.Case.FileBy.Time().UTC(),
	}
}

// PlanClaim tells what the story of case id asks for at now.
func PlanClaim(f *Facts, rs Ruleset, id CaseID, now time.Time) ClaimPlan {
	return PlanClaimWithout(f, rs, id, now, Unfollowed{})
}

// PlanClaimWithout is [PlanClaim] for a run that leaves something out.
func PlanClaimWithout(f *Facts, rs Ruleset, id CaseID, now time.Time, without Unfollowed) ClaimPlan {
	v := look(f, rs, now)
	if v.created == nil {
		return ClaimPlan{}
	}
	a, cases := v.assess()
	for i := range a.Cases {
		if a.Cases[i].ID().Equal(id) {
			return v.planCase(&a, cases[i], without)
		}
	}
	return ClaimPlan{}
}

func (v *view) planCase(a *Assessment, c *caseState, without Unfollowed) ClaimPlan {
	shown, _ := v.show(c)
	if c.status == StatusAppealed && !without.Aftermath {
		// A reading: the platform has as long for the appeal as for the claim. The assessment, whose
		// form is given, shows no deadline.
		due, _ := v.rules.workdayEnd(c.appealed, v.rules.Pack.Claim.ReviewWorkdays.Value)
		shown.NextDeadline = &Deadline{Kind: DeadlineReview, At: Stamp(due)}
	}
	p := ClaimPlan{Found: true, Case: shown, ClaimID: c.claimID, Claim: *a.Claim, Carrier: c.parcel.recorded.Carrier, Known: len(v.followed)}
	w := &wake{now: v.asOf}
	n := &notices{now: v.asOf}
	if without.Evidence {
		p.Known = 0
	}
	v.follow(&p, n, w, c, without)
	if !c.status.Live() && c.status != StatusPaid { // whoever reported the payment knows
		n.list = append(n.list, v.endedNotice(c, p.Protection))
	}
	if !p.Live() {
		p.Notices = n.list
		return p
	}
	w.at(v.facts.nextFact(v.asOf))
	w.cases([]*caseState{c})
	v.caseNotices(n, w, c, shown.NextDeadline)
	p.Idle = v.facts.lastFact(v.asOf).Add(v.rules.Pack.Order.IdleEnd.Value.Std())
	w.at(p.Idle)
	p.Notices, p.Wake = n.list, w.next
	return p
}

// endedNotice tells that a case is over, and how seller protection went where it followed.
func (v *view) endedNotice(c *caseState, p *ProtectionPlan) Notice {
	n := Notice{Key: "ended/" + string(c.status), Code: NoticeEnded, Due: v.asOf, Number: c.parcel.number}
	if p == nil {
		return n
	}
	n.Key, n.Code, n.Deadline = "protection/"+string(p.State), NoticeProtection, p.Next
	return n
}

// caseNotices are what people must be told of a live case.
func (v *view) caseNotices(n *notices, w *wake, c *caseState, next *Deadline) {
	pack := v.rules.Pack
	told := Notice{Number: c.parcel.number, Deadline: next}
	add := func(key, code string, due time.Time, manager bool) {
		w.at(due)
		one := told
		one.Key, one.Code, one.Due, one.Manager = key, code, due, manager
		n.add(one)
	}
	switch c.status {
	case StatusOpen:
		add("confirm", NoticeConfirm, c.opened, false)
		v.remindToConfirm(add, c)
	case StatusConfirmed:
		add("file", NoticeFile, c.confirmed, false)
		n.remind(w, "file-by", *next, spans(pack.Order.FileReminders.Value), told)
	case StatusFiled:
		expected, _ := v.rules.workdayEnd(c.filed, pack.Claim.ReviewExpectedWorkdays.Value)
		add("outcome", NoticeOutcome, expected, false)
		add("overdue/review-due", NoticeOverdue, MissedAt(next.At.Time()), true)
	case StatusAppealed:
		if next == nil {
			return
		}
		expected, _ := v.rules.workdayEnd(c.appealed, pack.Claim.ReviewExpectedWorkdays.Value)
		add("outcome/appeal", NoticeOutcome, expected, false)
		add("overdue/appeal-review-due", NoticeOverdue, MissedAt(next.At.Time()), true)
	case StatusApproved:
		add("overdue/payout-due/"+Stamp(c.decided).String(), NoticeOverdue, MissedAt(next.At.Time()), true)
	case StatusRejected:
		add("appeal", NoticeAppeal, c.rejected, false)
		n.remind(w, "appeal-by", *next, spans(pack.Order.AppealReminders.Value), told)
	default: // nothing is asked of anybody
	}
}

// remindToConfirm counts from the alert: the one received, else the moment it was due. Of
// several reminders due at once only the latest is worth a word.
func (v *view) remindToConfirm(add func(key, code string, due time.Time, manager bool), c *caseState) {
	alert := c.alert
	if alert.IsZero() {
		alert = c.alertBy
	}
	claim := &v.rules.Pack.Claim
	reminders := claim.ConfirmReminders.Value
	for i, after := range reminders {
		due := alert.Add(after.Std())
		if due.After(c.confirmBy) {
			return
		}
		if i+1 < len(reminders) && !alert.Add(reminders[i+1].Std()).After(v.asOf) {
			continue
		}
		add("remind/confirm-by/"+short(after.Std()), NoticeReminder, due, after >= claim.ConfirmManagerAfter.Value)
	}
}

func spans(ds []policy.Duration) []time.Duration {
	out := make([]time.Duration, len(ds))
	for i, d := range ds {
		out[i] = d.Std()
	}
	return out
}

// short writes whole hours without minutes and seconds.
func short(d time.Duration) string { return strings.TrimSuffix(d.String(), "0m0s") }

// Confirmable lists the cases of a parcel (of one kind, where given) that a confirmation of
// time at would confirm, as far as is known at now. Where there is none because the time is
// over, late is the deadline that passed last.
func Confirmable(f *Facts, rs Ruleset, number string, kind CaseKind, at, now time.Time) (open []CaseID, late time.Time) {
	v := look(f, rs, now)
	v.confirmed = append(v.confirmed, fact[*Confirmed]{&Event{Time: now}, &Confirmed{TrackingNumber: number, Kind: kind, When: at}})
	for _, c := range v.cases() {
		switch {
		case c.parcel.number != number || (kind != "" && kind != c.kind):
		case c.confirmed.Equal(at):
			open = append(open, newCaseID(number, c.kind, c.opened))
		case c.status == StatusExpired && at.After(c.confirmBy) && c.confirmBy.After(late):
			late = c.confirmBy
		}
	}
	return open, late
}
