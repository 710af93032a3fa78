package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
)

// What the platform wants of a claim after its filing, and what may follow its refusal.
const (
	DeadlinePapers            = "papers-by"      // more papers for a claim that was filed
	DeadlineProtection        = "protection-by"  // to ask seller protection
	DeadlineProtectionOutcome = "protection-due" // its answer, and then its money
)

// PapersAsked is a request for more papers that stands unanswered.
type PapersAsked struct {
	Since  time.Time
	Until  time.Time
	Kinds  []EvidenceKind // none: Reason says what
	Reason string
	Ready  bool // they came into the vault since the claim's papers were last handed in
}

// papersAsked is what the platform wants of a claim that it has not decided; nil: nothing.
func (v *view) papersAsked(c *caseState) *PapersAsked {
	if c.status != StatusFiled && c.status != StatusAppealed {
		return nil
	}
	var last *PapersRequested
	for _, e := range v.followed {
		if d, ok := e.Data.(*PapersRequested); ok && d.ClaimID == c.claimID && !d.When.Before(c.filed) && (last == nil || d.When.After(last.When)) {
			last = d
		}
	}
	if last == nil || slices.ContainsFunc(v.followed, func(e *Event) bool {
		d, ok := e.Data.(*ClaimFact)
		return ok && e.Type == TypePapersSent && d.ClaimID == c.claimID && !d.When.Before(last.When)
	}) {
		return nil
	}
	asked := &PapersAsked{Since: last.When, Until: last.When.Add(v.rules.Pack.Claim.PapersWithin.Value.Std()), Kinds: last.Kinds, Reason: last.Reason}
	if last.Until != nil {
		asked.Until = *last.Until
	}
	added := v.added(c)
	asked.Ready = len(added) > 0
	for _, kind := range asked.Kinds {
		asked.Ready = asked.Ready && slices.ContainsFunc(added, func(o Original) bool { return o.Kind == kind })
	}
	return asked
}

// handedIn are the originals that are known to have been handed in for a claim, and since when at
// the latest others may have been: a person who reports a filing does not say with what.
func (v *view) handedIn(c *caseState) (known []Original, unknown time.Time) {
	take := func(at time.Time, list []Original) {
		if known = append(known, list...); len(list) == 0 {
			unknown = later(unknown, at)
		}
	}
	for _, f := range v.filed {
		if f.data.ClaimID == c.claimID && f.data.When.Equal(c.filed) {
			take(c.filed, f.data.Originals)
		}
	}
	for _, f := range v.appealed {
		if f.data.ClaimID == c.claimID && f.data.When.Equal(c.appealed) {
			take(c.appealed, f.data.Originals)
		}
	}
	for _, e := range v.followed {
		if d, ok := e.Data.(*ClaimFact); ok && e.Type == TypePapersSent && d.ClaimID == c.claimID {
			take(d.When, d.Originals)
		}
	}
	return known, unknown
}

// added are the originals of a claim in the vault that were not handed in for it, by their
// content: an appeal must bear one.
func (v *view) added(c *caseState) []Original {
	before, unknown := v.handedIn(c)
	var after []Original
	for _, e := range v.followed {
		d, ok := e.Data.(*EvidenceAdded)
		switch {
		case !ok || d.TrackingNumber != "" && d.TrackingNumber != c.parcel.number:
		case d.When.After(unknown):
			after = append(after, d.Originals...)
		default:
			before = append(before, d.Originals...)
		}
	}
	var added []Original
	for _, o := range after {
		same := func(b Original) bool { return b.SHA256 == o.SHA256 }
		if !slices.ContainsFunc(before, same) && !slices.ContainsFunc(added, same) {
			added = append(added, o)
		}
	}
	return added
}

// Discrepancy is money that is not what it should be.
type Discrepancy struct {
	Expected, Got money.Amount
}

// discrepancy compares what a claim was approved for with what was to be expected, and what was
// paid with what was approved, to the cent and by currency; nil: no discrepancy, or nothing to
// compare.
func (v *view) discrepancy(c *caseState, expected *money.Amount) *Discrepancy {
	got := v.amountOf(c, TypeClaimDecided, c.decided)
	if c.status == StatusPaid {
		if got != nil {
			expected = got
		}
		got = v.amountOf(c, TypeClaimPaid, c.paid)
	}
	if expected == nil || got == nil || got.Currency == expected.Currency && got.Value.Equal(expected.Value) {
		return nil
	}
	return &Discrepancy{Expected: *expected, Got: *got}
}

// amountOf is what a fact of a claim at a moment says of money; nil: nothing.
func (v *view) amountOf(c *caseState, t EventType, at time.Time) *money.Amount {
	for _, f := range v.decided {
		if t == TypeClaimDecided && f.data.ClaimID == c.claimID && f.data.When.Equal(at) {
			return f.data.Amount
		}
	}
	for _, f := range v.settled {
		if t == TypeClaimPaid && f.data.ClaimID == c.claimID && f.data.When.Equal(at) {
			return f.data.Amount
		}
	}
	return nil
}

// ProtectionState is where seller protection stands, which may follow a refused appeal.
type ProtectionState string

// The states.
const (
	ProtectionOpen      ProtectionState = "open"      // to be asked for
	ProtectionLapsed    ProtectionState = "lapsed"    // not asked for in time
	ProtectionRequested ProtectionState = "requested" // waits for the answer
	ProtectionApproved  ProtectionState = "approved"  // waits for the money
	ProtectionRejected  ProtectionState = "rejected"
	ProtectionPaid      ProtectionState = "paid"
)

// live tells whether somebody still waits for it.
func (s ProtectionState) live() bool {
	return s == ProtectionOpen || s == ProtectionRequested || s == ProtectionApproved
}

// ProtectionPlan is seller protection for a claim that was refused again after its appeal.
type ProtectionPlan struct {
	State ProtectionState
	Next  *Deadline     // nil once it is over
	Loss  *money.Amount // USD; what was refunded to the buyer so far; nil: a rate is missing
	// Amount is what can be asked for, and Reasons why nothing can: set by [ProtectionPlan.Judge].
	Amount  *money.Amount
	Reasons []string
}

// Reasons for which seller protection pays nothing, beside those of [Ruleset.Protection].
const (
	ReasonNoLoss        = "no-loss"        // the buyer was not refunded
	ReasonNoRate        = "no-usd-rate"    // the loss is not known in USD
	ReasonHealthUnknown = "health-unknown" // the store's figures are not known
)

// Judge says what seller protection would pay the store, or why it would not. nil: its health is
// not known.
func (p *ProtectionPlan) Judge(rs Ruleset, h *StoreHealth) {
	p.Amount, p.Reasons = nil, nil
	switch {
	case p.Loss == nil:
		p.Reasons = []string{ReasonNoRate}
	case p.Loss.Value.IsZero():
		p.Reasons = []string{ReasonNoLoss}
	case h == nil:
		p.Reasons = []string{ReasonHealthUnknown}
	default:
		amount, reasons, err := rs.Protection(*h, *p.Loss)
		if p.Reasons = reasons; err == nil && len(reasons) == 0 {
			p.Amount = &amount
		}
	}
}

// protectionOf is nil where the claim was not refused after an appeal.
func (v *view) protectionOf(c *caseState) *ProtectionPlan {
	if c.status != StatusClosed || c.appealed.IsZero() {
		return nil
	}
	p := &ProtectionPlan{State: ProtectionOpen, Loss: v.loss()}
	rank := map[EventType]ProtectionState{TypeProtectionRequested: ProtectionRequested, TypeProtectionPaid: ProtectionPaid}
	by := c.decided.Add(v.rules.Pack.Protection.RequestWithin.Value.Std())
	var since time.Time
	facts := slices.Clone(v.followed)
	slices.SortStableFunc(facts, func(a, b *Event) int { return a.Data.At().Compare(b.Data.At()) })
	for _, e := range facts {
		switch d := e.Data.(type) {
		case *ClaimFact:
			to, ok := rank[e.Type]
			switch {
			case !ok || d.ClaimID != c.claimID || d.When.Before(c.decided):
			case to == ProtectionRequested && (p.State != ProtectionOpen || d.When.After(by)):
			default:
				p.State, since = to, d.When
			}
		case *ClaimDecided:
			if d.ClaimID == c.claimID && p.State == ProtectionRequested && !d.When.Before(since) {
				p.State, since = ProtectionRejected, d.When
				if d.Decision == DecisionApproved {
					p.State = ProtectionApproved
				}
			}
		}
	}
	switch p.State {
	case ProtectionOpen:
		p.Next = &Deadline{Kind: DeadlineProtection, At: Stamp(by)}
		if v.asOf.After(by) {
			p.State, p.Next = ProtectionLapsed, nil
		}
	case ProtectionRequested, ProtectionApproved:
		due, _ := v.rules.workdayEnd(since, v.rules.Pack.Protection.OutcomeWorkdays.Value)
		p.Next = &Deadline{Kind: DeadlineProtectionOutcome, At: Stamp(due)}
	default: // over
	}
	return p
}

// refunds counts what the loss is made of.
func (v *view) refunds() int {
	n := 0
	for i := range v.facts.events {
		if e := &v.facts.events[i]; e.Type == TypeOrderRefunded && exists(e, v.asOf) {
			n++
		}
	}
	return n
}

// loss is what the seller lost, in USD: what the buyer was refunded, at most what was paid.
// Nil where a rate is missing.
func (v *view) loss() *money.Amount {
	paid, ok := v.usd(v.created.AmountPaid)
	if !ok {
		return nil
	}
	sum := decimal.Zero
	for i := range v.facts.events {
		e := &v.facts.events[i]
		d, ok := e.Data.(*OrderStopped)
		if !ok || e.Type != TypeOrderRefunded || !exists(e, v.asOf) {
			continue
		}
		part := paid
		if d.Amount != nil {
			if part, ok = v.usd(*d.Amount); !ok {
				return nil
			}
		} else if d.Partial {
			continue // of an unknown size
		}
		var err error
		if sum, err = sum.Add(part); err != nil {
			return nil
		}
	}
	if sum.Cmp(paid) > 0 {
		sum = paid
	}
	return &money.Amount{Value: money.RoundHalfUp(sum, payoutPlaces), Currency: payoutCurrency}
}

// ClaimTicket is a ticket that a claim calls for: the platform is late, or its money differs.
type ClaimTicket struct {
	Topic  TicketTopic
	Mark   string        // tells the tickets of one claim and topic apart
	Since  time.Time     // what is late was due then, or what differs was told
	Amount *money.Amount // nil: not known
}

// ticket is what p calls for now; nil: nothing.
func (v *view) ticket(p *ClaimPlan, c *caseState) *ClaimTicket {
	late := func(d *Deadline) bool { return d != nil && !v.asOf.Before(MissedAt(d.At.Time())) }
	switch next := p.Case.NextDeadline; {
	case c.status == StatusAppealed && late(next):
		return &ClaimTicket{Topic: TopicReview, Mark: "appeal", Since: next.At.Time(), Amount: p.Claim.Payout}
	case c.status == StatusFiled && late(next):
		return &ClaimTicket{Topic: TopicReview, Since: next.At.Time(), Amount: p.Claim.Payout}
	case p.Differs != nil && c.status == StatusPaid:
		return &ClaimTicket{Topic: TopicPayout, Mark: "paid", Since: c.paid, Amount: &p.Differs.Expected}
	case p.Differs != nil && c.status == StatusApproved && !late(next):
		return &ClaimTicket{Topic: TopicPayout, Mark: "approved", Since: c.decided, Amount: &p.Differs.Expected}
	case c.status == StatusApproved && late(next):
		return &ClaimTicket{Topic: TopicPayout, Since: next.At.Time(), Amount: p.Claim.Payout}
	case p.Protection != nil && p.Protection.State != ProtectionOpen && late(p.Protection.Next):
		t := &ClaimTicket{Topic: TopicReview, Mark: "protection", Since: p.Protection.Next.At.Time(), Amount: v.protectionAwaited(c)}
		if p.Protection.State == ProtectionApproved { // the answer has come, the money has not
			t.Topic = TopicPayout
		}
		return t
	}
	return nil
}

// protectionAwaited is what seller protection was approved for, or else what was asked for; nil:
// nobody named an amount.
func (v *view) protectionAwaited(c *caseState) *money.Amount {
	var asked, granted *money.Amount
	for _, e := range v.followed {
		switch d := e.Data.(type) {
		case *ClaimFact:
			if e.Type == TypeProtectionRequested && d.ClaimID == c.claimID {
				asked = cmp.Or(d.Amount, asked)
			}
		case *ClaimDecided:
			if e.Type == TypeProtectionDecided && d.ClaimID == c.claimID && d.Decision == DecisionApproved {
				granted = cmp.Or(d.Amount, granted)
			}
		}
	}
	return cmp.Or(granted, asked)
}

// follow plans what follows a filing: papers that are asked for, money that differs, seller
// protection.
func (v *view) follow(p *ClaimPlan, n *notices, w *wake, c *caseState, without Unfollowed) {
	pack := v.rules.Pack
	if !c.filed.IsZero() {
		p.Added = v.added(c)
		p.HandedIn, _ = v.handedIn(c)
		p.Basis = v.appealBasis(c, p.Added)
	}
	if !without.Evidence {
		p.Papers = v.papersAsked(c)
	}
	if p.Papers != nil {
		by := Deadline{Kind: DeadlinePapers, At: Stamp(p.Papers.Until)}
		told := Notice{Number: c.parcel.number, Deadline: &by}
		key := DeadlinePapers + "/" + Stamp(p.Papers.Since).String()
		n.add(Notice{Key: key, Code: NoticePapers, Due: p.Papers.Since, Deadline: &by, Number: c.parcel.number})
		n.remind(w, key, by, spans(pack.Order.FileReminders.Value), told)
		late := MissedAt(p.Papers.Until)
		w.at(late)
		n.add(Notice{Key: "missed/" + key, Code: NoticeMissed, Due: late, Deadline: &by, Number: c.parcel.number, Manager: true})
	}
	if !without.Money {
		p.Differs = v.discrepancy(c, p.Claim.Payout)
	}
	if p.Differs != nil && (c.status == StatusApproved || c.status == StatusPaid) {
		since := c.decided
		if c.status == StatusPaid {
			since = c.paid
		}
		n.add(Notice{Key: "differs/" + string(c.status), Code: NoticeDiffers, Due: since, Number: c.parcel.number, Manager: true})
	}
	if !without.Aftermath {
		p.Protection = v.protectionOf(c)
	}
	if p.Protection != nil {
		p.Known += v.refunds()
	}
	p.Ticket = v.ticket(p, c)
	if p.Protection == nil || p.Protection.Next == nil {
		return
	}
	next := *p.Protection.Next
	late := MissedAt(next.At.Time())
	w.at(late)
	if p.Protection.State == ProtectionOpen {
		n.remind(w, next.Kind, next, spans(pack.Order.FileReminders.Value), Notice{Number: c.parcel.number, Deadline: &next})
		return
	}
	n.add(Notice{Key: "overdue/" + string(p.Protection.State), Code: NoticeOverdue, Due: late, Deadline: &next, Number: c.parcel.number, Manager: true})
}
