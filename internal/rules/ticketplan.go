package rules

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// TicketStatus is where a ticket stands.
type TicketStatus string

// The statuses. The last ones end the story.
const (
	TicketIncomplete TicketStatus = "incomplete" // a person must give what it lacks
	TicketHeld       TicketStatus = "held"       // it waits for the help desk's hours
	TicketToFile     TicketStatus = "to-file"    // a person must file it
	TicketFiled      TicketStatus = "filed"      // it waits for the answer
	TicketUndecided  TicketStatus = "undecided"  // every way was tried: a person decides
	TicketDone       TicketStatus = "solved"
	TicketSettled    TicketStatus = "settled"  // what it was about came to pass by itself
	TicketClosed     TicketStatus = "closed"   // a person gave it up
	TicketGivenUp    TicketStatus = "given-up" // nothing was heard for too long
)

// TicketStatuses lists the statuses.
func TicketStatuses() []TicketStatus {
	return []TicketStatus{
		TicketIncomplete, TicketHeld, TicketToFile, TicketFiled, TicketUndecided, TicketDone, TicketSettled, TicketClosed, TicketGivenUp,
	}
}

// Over tells whether the story has ended.
func (s TicketStatus) Over() bool {
	return s == TicketDone || s == TicketSettled || s == TicketClosed || s == TicketGivenUp
}

// TicketCause is why a ticket is filed once more.
type TicketCause string

// The causes; the first filing has none.
const (
	AgainUnanswered TicketCause = "unanswered"
	AgainReturned   TicketCause = "returned"
	AgainUnsolved   TicketCause = "unsolved"
)

// TicketIdle is how long after the last that was heard of it a ticket's story is given up. Ours.
const TicketIdle = 30 * 24 * time.Hour

// TicketGiven is what a person gave for a field, and when.
type TicketGiven struct {
	Value string    `json:"value"`
	At    time.Time `json:"at"`
}

// TicketStory is what the story of a ticket knows beside the facts of its order.
type TicketStory struct {
	ID       string // of its workflow: what ticket facts are about
	Topic    TicketTopic
	About    string    // number of the claim, or of the complaint; empty: of neither
	Since    time.Time // what is late is late since then; zero: nothing is
	Opened   time.Time
	Due      time.Time // by when it must be filed; zero: no time is set
	GiveUp   time.Time // not filed by then, it is given up; zero: after TicketIdle
	ClosedAt time.Time // a person gave it up then; zero: nobody did
	Profile  StoreProfile
	Title    string
	Given    map[TicketField]TicketGiven
}

// TicketPlan is what the story of a ticket asks for at a moment.
type TicketPlan struct {
	Status   TicketStatus
	Round    int // of filing, from 1
	Channel  TicketChannel
	Cause    TicketCause // of this round
	Reason   string      // with the latest answer, in the other side's words
	Manager  bool        // the manager hears of this round
	Faults   []TicketFault
	FileAt   time.Time // incomplete: not known
	Exact    bool      // FileAt counts only days that the calendar knows
	Within   time.Duration
	FiledAt  time.Time
	TicketID string    // of the latest filing
	Deadline *Deadline // that it waits for now; nil: none
	Idle     time.Time // when the story is given up
	Notices  []Notice  // due, oldest first
	Wake     time.Time // the next moment at which something can become due
}

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

// PlanTicket tells what the story of a ticket asks for at now.
func PlanTicket(f *Facts, rs Ruleset, s *TicketStory, now time.Time) TicketPlan {
	p := &ticketPlay{s: s, rules: rs, facts: f, heard: s.Opened}
	p.next(FirstChannel(s.Topic, s.Profile, rs.Pack), "", false, s.Opened)
	p.round.n = 1
	for _, e := range p.events(now) {
		d, _ := e.Data.(*Ticket)
		p.lapse(d.When)
		p.apply(&e, d)
	}
	p.lapse(now)
	return p.plan(now)
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

// settled tells since when what the ticket was about has come to pass by itself; zero: it has not.
func (p *ticketPlay) settled(now time.Time) time.Time {
	var at time.Time
	for e := range p.facts.Events() {
		if e.Data == nil || p.s.About == "" || !exists(&e, now) || !e.Data.At().After(p.s.Since) {
			continue
		}
		hit := false
		switch d := e.Data.(type) {
		case *ClaimDecided:
			hit = p.s.Topic == TopicReview && e.Type == TypeClaimDecided && d.ClaimID == p.s.About
		case *ClaimFact:
			hit = p.s.Topic == TopicPayout && e.Type == TypeClaimPaid && d.ClaimID == p.s.About
		case *Complaint:
			hit = p.s.Topic == TopicFreight && e.Type == TypeComplaintDecided && d.ComplaintID == p.s.About
		}
		if hit && (at.IsZero() || e.Data.At().Before(at)) {
			at = e.Data.At()
		}
	}
	return at
}

// plan tells what follows.
func (p *ticketPlay) plan(now time.Time) TicketPlan {
	r := &p.round
	out := TicketPlan{
		Round: r.n, Channel: r.channel, Cause: r.cause, Reason: p.reason, Manager: r.manager, FiledAt: r.filed,
		Within: answerWithin(p.s.Topic, r.channel, p.rules.Pack),
	}
	if len(p.ids) > 0 {
		out.TicketID = p.ids[len(p.ids)-1]
	}
	ready, faults := p.ready()
	heard := later(p.heard, ready)
	out.Idle = heard.Add(TicketIdle)
	if !p.s.GiveUp.IsZero() && !p.everFiled {
		out.Idle = earlier(out.Idle, p.s.GiveUp)
	}
	w := &wake{now: now}
	w.at(p.facts.nextFact(now))
	w.at(out.Idle)
	n := &notices{now: now}
	round := "/" + strconv.Itoa(r.n)
	switch {
	case p.end != "":
		out.Status = p.end
		return out
	case !p.settled(now).IsZero():
		out.Status = TicketSettled
	case !p.s.ClosedAt.IsZero():
		out.Status = TicketClosed
		return out
	case !now.Before(out.Idle):
		out.Status = TicketGivenUp
	case p.undecided:
		out.Status = TicketUndecided
		n.add(Notice{Key: "decide" + round, Code: NoticeTicketDecide, Due: r.since, Manager: true})
	case !r.filed.IsZero():
		out.Status = TicketFiled
		out.Deadline = &Deadline{Kind: DeadlineTicketAnswer, At: Stamp(p.due())}
		w.at(MissedAt(p.due()))
		if r.channel == ChannelRobot {
			n.add(Notice{Key: "file" + round, Code: NoticeTicketFile, Due: r.filed, Deadline: out.Deadline})
		}
	default:
		p.unfiled(&out, n, w, ready, faults)
	}
	if out.Status.Over() {
		n.add(Notice{Key: "ended/" + string(out.Status), Code: NoticeTicketEnded, Due: now})
		out.Notices = n.list
		return out
	}
	out.Notices, out.Wake = n.list, w.next
	return out
}

// unfiled is a round that waits for people: for what it lacks, for the hours of the help desk, for
// its filing. One that nobody files within the time of an answer goes to the manager.
func (p *ticketPlay) unfiled(out *TicketPlan, n *notices, w *wake, ready time.Time, faults []TicketFault) {
	r, due := &p.round, p.s.Due
	round := "/" + strconv.Itoa(r.n)
	var by *Deadline
	if !due.IsZero() && !p.everFiled && !n.now.After(due) {
		by = &Deadline{Kind: DeadlineTicketFile, At: Stamp(due)}
		w.at(MissedAt(due))
	}
	out.Deadline, out.Faults = by, faults
	asked := r.since
	if len(faults) > 0 {
		out.Status = TicketIncomplete
		n.add(Notice{Key: "missing" + round, Code: NoticeTicketMissing, Due: r.since, Deadline: by, Manager: r.manager})
	} else {
		out.Status = TicketToFile
		out.FileAt, out.Exact = p.rules.TicketFileAt(ready, due)
		if p.everFiled { // the time for the first filing is no matter any more
			out.FileAt, out.Exact = p.rules.TicketFileAt(ready, time.Time{})
		}
		asked = out.FileAt
		w.at(out.FileAt)
		if n.now.Before(out.FileAt) {
			out.Status = TicketHeld
			return
		}
		n.add(Notice{Key: "file" + round + "/" + Stamp(out.FileAt).String(), Code: NoticeTicketFile, Due: out.FileAt, Deadline: by, Manager: r.manager})
	}
	forgotten := asked.Add(p.rules.Pack.Ticket.AnswerWithin.Value.Std())
	w.at(forgotten)
	if by == nil {
		n.add(Notice{Key: "unfiled" + round, Code: NoticeTicketUnfiled, Due: forgotten, Manager: true})
	}
	if !due.IsZero() && !p.everFiled && n.now.After(due) {
		n.add(Notice{Key: "missed/" + DeadlineTicketFile, Code: NoticeTicketUnfiled, Due: MissedAt(due), Manager: true})
	}
}
