package rules

import (
	"strconv"
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

// settled tells since when what the ticket was about has come to pass by itself; zero: it has not.
func (p *ticketPlay) settled(now time.Time) time.Time {
	var at time.Time
	for e := range p.facts.Events() {
		if e.Data == nil || p.s.About == "" || !p.s.Topic.SettledBy(e.Type) || !exists(&e, now) || !e.Data.At().After(p.s.Since) {
			continue
		}
		about := ""
		switch d := e.Data.(type) {
		case *ClaimDecided:
			about = d.ClaimID
		case *ClaimFact:
			about = d.ClaimID
		case *Complaint:
			about = d.ComplaintID
		}
		if about == p.s.About && (at.IsZero() || e.Data.At().Before(at)) {
			at = e.Data.At()
		}
	}
	return at
}

// SettledBy tells whether facts of a type can bring about by themselves what a ticket is about: of
// its claim, or of the seller protection that follows it, or of its complaint.
func (t TicketTopic) SettledBy(e EventType) bool {
	switch e {
	case TypeClaimDecided, TypeProtectionDecided:
		return t == TopicReview
	case TypeClaimPaid, TypeProtectionPaid:
		return t == TopicReview || t == TopicPayout
	case TypeComplaintDecided:
		return t == TopicFreight
	default:
		return false
	}
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
