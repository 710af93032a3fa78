package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// ticketRound is one try to have a ticket answered.
type ticketRound struct {
	n            int
	channel      TicketChannel
	cause        TicketCause
	manager      bool
	since, filed time.Time // filed: zero while it is not
}

// ticketPlay plays the facts over a ticket.
type ticketPlay struct {
	s         *TicketStory
	rules     Ruleset
	facts     *Facts
	round     ticketRound
	ids       []string // of every filing
	argued    bool     // an answer that solved nothing has had its second try
	undecided bool
	everFiled bool
	end       TicketStatus
	reason    string
	heard     time.Time // last fact, or change of round
}

// events are the filings and answers of this ticket that exist at now, by their own times.
func (p *ticketPlay) events(now time.Time) []Event {
	var mine []Event
	for e := range p.facts.Events() {
		if d, ok := e.Data.(*Ticket); ok && exists(&e, now) && p.facts.TicketAbout(d) == p.s.ID {
			mine = append(mine, e)
		}
	}
	slices.SortFunc(mine, func(a, b Event) int {
		filed := func(e *Event) int {
			if e.Type == TypeTicketFiled {
				return 0
			}
			return 1
		}
		return cmp.Or(a.Data.At().Compare(b.Data.At()), cmp.Compare(filed(&a), filed(&b)), compareEvents(&a, &b))
	})
	return mine
}

// TicketAbout is the workflow ID of the story that a ticket fact belongs to: the one that it
// names, or that the filing of its number named. Empty: none.
func (f *Facts) TicketAbout(d *Ticket) string {
	if d.About != "" {
		return d.About
	}
	for i := range f.events {
		if filed, ok := f.events[i].Data.(*Ticket); ok && filed.TicketID == d.TicketID && filed.About != "" {
			return filed.About
		}
	}
	return ""
}

// ProtectionAsked tells whether seller protection was asked for a claim by now: from then on the
// platform owes the claim itself nothing, and what is late is the protection's.
func (f *Facts) ProtectionAsked(claim string, now time.Time) bool {
	return claim != "" && slices.ContainsFunc(f.events, func(e Event) bool {
		d, ok := e.Data.(*ClaimFact)
		return ok && e.Type == TypeProtectionRequested && d.ClaimID == claim && exists(&e, now)
	})
}

// TicketAwaited tells whether a ticket among those whose workflow ID begins so was filed and has
// no answer at now. A nil f knows none.
func (f *Facts) TicketAwaited(begins string, now time.Time) bool {
	if f == nil {
		return false
	}
	var filed, answered []string
	for i := range f.events {
		e := &f.events[i]
		d, ok := e.Data.(*Ticket)
		if !ok || !exists(e, now) || !strings.HasPrefix(f.TicketAbout(d), begins) {
			continue
		}
		if e.Type == TypeTicketFiled {
			filed = append(filed, f.TicketAbout(d))
		} else {
			answered = append(answered, f.TicketAbout(d))
		}
	}
	return slices.ContainsFunc(filed, func(about string) bool { return !slices.Contains(answered, about) })
}

// next begins another round.
func (p *ticketPlay) next(c TicketChannel, cause TicketCause, manager bool, since time.Time) {
	p.round = ticketRound{n: p.round.n + 1, channel: c, cause: cause, manager: manager, since: since}
	p.heard = later(p.heard, since)
	if c == ChannelRobot { // it is asked, not filed with
		if ready, faults := p.ready(); len(faults) == 0 {
			p.round.filed = ready
		}
	}
}

// draft is the ticket as it stands. What a second try asks for beside, must be newer than the
// answer that asked for it.
func (p *ticketPlay) draft() TicketDraft {
	d := TicketDraft{Topic: p.s.Topic, Channel: p.round.channel, Title: p.s.Title, Fields: map[TicketField]string{FieldOrder: p.facts.Order}}
	for _, f := range TicketFields() {
		if g, ok := p.s.Given[f]; ok && f != FieldOrder {
			d.Fields[f] = g.Value
		}
	}
	return d
}

// ready is since when the round can be filed, or what is in the way.
func (p *ticketPlay) ready() (time.Time, []TicketFault) {
	faults := CheckTicket(p.draft(), p.facts.Order, p.rules.Pack)
	at := p.round.since
	corrected := false
	for _, f := range TicketFields() {
		g, ok := p.s.Given[f]
		if !ok {
			continue
		}
		at = later(at, g.At)
		corrected = corrected || !g.At.Before(p.round.since)
	}
	switch p.round.cause {
	case AgainReturned:
		if !corrected {
			faults = append(faults, TicketFault{FieldCorrection, FaultMissing})
		}
	case AgainUnsolved:
		for _, f := range []TicketField{FieldArgumentZH, FieldArgumentEN} {
			if g, ok := p.s.Given[f]; !ok || g.At.Before(p.round.since) {
				faults = append(faults, TicketFault{f, FaultMissing})
			}
		}
	case AgainUnanswered:
	}
	return at, faults
}

// due is when the answer is due; zero while nothing is filed.
func (p *ticketPlay) due() time.Time {
	if p.round.filed.IsZero() {
		return time.Time{}
	}
	return p.round.filed.Add(answerWithin(p.s.Topic, p.round.channel, p.rules.Pack))
}

// lapse escalates what is unanswered at t: the robot and the carrier by a ticket, a ticket by the
// service partner, and the partner's by the manager and once more; then a person decides.
func (p *ticketPlay) lapse(t time.Time) {
	due := p.due()
	if due.IsZero() || !t.After(due) || p.undecided || p.end != "" {
		return
	}
	missed := MissedAt(due)
	switch p.round.channel {
	case ChannelRobot, ChannelCarrier:
		p.next(p.desk(), AgainUnanswered, false, missed)
	case ChannelTicket, ChannelAdvisor:
		p.next(ChannelPartner, AgainUnanswered, p.round.manager, missed)
	case ChannelPartner:
		if p.round.manager {
			p.undecide(missed)
			return
		}
		p.next(ChannelPartner, AgainUnanswered, true, missed)
	}
}

// desk is the platform's own way for this store.
func (p *ticketPlay) desk() TicketChannel {
	if p.s.Profile.Advised(p.rules.Pack) {
		return ChannelAdvisor
	}
	return ChannelTicket
}

func (p *ticketPlay) undecide(at time.Time) {
	p.undecided, p.round.since = true, at
	p.heard = later(p.heard, at)
}

// apply takes in one fact.
func (p *ticketPlay) apply(e *Event, d *Ticket) {
	if p.end != "" {
		return
	}
	p.heard = later(p.heard, d.When)
	if e.Type == TypeTicketFiled {
		p.ids = append(p.ids, d.TicketID)
		if p.round.channel == ChannelRobot { // somebody did not wait for it
			p.next(p.desk(), "", false, d.When)
		}
		if p.round.filed.IsZero() || p.undecided {
			if p.undecided {
				p.round.n++
			}
			p.round.filed, p.everFiled, p.undecided = d.When, true, false
		}
		return
	}
	again := map[string]TicketCause{TicketReturned: AgainReturned, TicketUnsolved: AgainUnsolved}[d.Outcome]
	if again != "" && again == p.round.cause && p.round.filed.IsZero() && !p.undecided {
		return // the same answer, reported twice
	}
	p.reason = d.Reason
	switch d.Outcome {
	case TicketSolved:
		p.end = TicketDone
	case TicketReturned:
		if !p.undecided {
			p.next(p.round.channel, AgainReturned, p.round.manager, d.When)
		}
	case TicketUnsolved:
		switch {
		case p.undecided:
		case p.round.channel == ChannelRobot || p.round.channel == ChannelCarrier:
			p.next(p.desk(), AgainUnsolved, false, d.When)
		case p.argued:
			p.undecide(d.When)
		default:
			p.argued = true
			p.next(p.round.channel, AgainUnsolved, p.round.manager, d.When)
		}
	}
}
