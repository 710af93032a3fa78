package demo_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/demo"
	"parcelward/internal/evidence/inspect"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/sandbox"
)

// machines do for one order what the workflows, the vault and the sandbox bring about, each act a
// delay later than it could be.
type machines struct {
	t       *testing.T
	f       *rules.Facts
	rs      rules.Ruleset
	fate    *sandbox.Fate // nil: nobody decides
	delay   time.Duration
	sent    []demo.Sent
	scored  bool
	tickets map[string]*rules.TicketStory
	done    map[string]bool
}

// act lives from one moment to another, and returns what became of the order's tickets.
func (m *machines) act(from, to time.Time) []demo.Ticket {
	m.tickets, m.done = map[string]*rules.TicketStory{}, map[string]bool{}
	last := from
	for now := from; now.Before(to); now = now.Add(12 * time.Hour) {
		m.hear(last, now)
		last = now
		for _, id := range rules.PlanOrder(m.f, m.rs, now).Cases {
			p := rules.PlanClaim(m.f, m.rs, id, now)
			m.ticket(&p, now)
			m.step(&p, id, now)
		}
	}
	var tickets []demo.Ticket
	for id, story := range m.tickets {
		plan := rules.PlanTicket(m.f, m.rs, story, to)
		tickets = append(tickets, demo.Ticket{ID: id, Topic: story.Topic, Status: plan.Status, Number: plan.TicketID})
	}
	return tickets
}

// hear takes in what people put into the vault and entered in (after, until].
func (m *machines) hear(after, until time.Time) {
	for i := range m.sent {
		s := &m.sent[i]
		if !s.At.After(after) || s.At.After(until) {
			continue
		}
		m.scored = m.scored || s.Scores != nil
		if u := s.Upload; u != nil && u.Order == m.f.Order {
			sum := sha256.Sum256(u.Content)
			m.add(rules.TypeEvidenceAdded, fmt.Sprintf("%s/%d", u.Name, i), &rules.EvidenceAdded{
				TrackingNumber: u.Number, When: s.At, By: u.By, Originals: []rules.Original{{Kind: u.Kind, SHA256: hex.EncodeToString(sum[:])}},
			})
		}
	}
}

func (m *machines) add(typ rules.EventType, id string, data rules.Data) {
	m.f.Add(rules.Event{Source: "test", ID: id, Type: typ, Store: m.f.Store, Order: m.f.Order, Time: data.At(), Data: data})
}

// once tells whether a step of a claim is new.
func (m *machines) once(step string) bool {
	known := m.done[step]
	m.done[step] = true
	return !known
}

// ticket opens the ticket that a claim calls for.
func (m *machines) ticket(p *rules.ClaimPlan, now time.Time) {
	if p.Ticket == nil {
		return
	}
	serial := p.ClaimID
	if p.Ticket.Mark != "" {
		serial = p.Ticket.Mark + "-" + serial
	}
	id := protocol.TicketWorkflowID(m.f.Store, m.f.Order, p.Ticket.Topic, protocol.TicketSerial(serial))
	if m.tickets[id] == nil {
		m.tickets[id] = &rules.TicketStory{ID: id, Topic: p.Ticket.Topic, About: p.ClaimID, Since: p.Ticket.Since, Opened: now}
	}
}

// step does the next thing for a claim.
func (m *machines) step(p *rules.ClaimPlan, id rules.CaseID, now time.Time) {
	workflow := protocol.ClaimWorkflowID(m.f.Store, m.f.Order, id)
	claim := sandbox.ClaimID(workflow + "#file")
	at := now.Add(m.delay)
	switch p.Case.Status {
	case rules.StatusConfirmed:
		if !m.ready(now) || !m.once("file") {
			return
		}
		filed := p.Filed()
		m.add(rules.TypeClaimFiled, claim+"/filed", &rules.ClaimFiled{TrackingNumber: id.TrackingNumber, When: at, ClaimID: claim, Case: &filed})
		switch fate := m.fate; {
		case fate != nil && fate.PapersAfter > 0:
			m.add(rules.TypePapersRequested, claim+"/papers", &rules.PapersRequested{ClaimID: claim, When: at.Add(fate.PapersAfter), Kinds: fate.Papers})
		case fate != nil:
			m.decide(p, at.Add(fate.DecideAfter), claim, fate.Decision)
		}
	case rules.StatusFiled:
		if p.Papers != nil && p.Papers.Ready && m.once("papers") {
			m.add(rules.TypePapersSent, claim+"/sent", &rules.ClaimFact{ClaimID: claim, When: at})
			m.decide(p, at.Add(m.fate.DecideAfter), claim, m.fate.Decision)
		}
	case rules.StatusRejected:
		if p.Basis != nil && !now.Before(p.Basis.From) && m.once("appeal") {
			m.add(rules.TypeClaimAppealed, claim+"/appealed", &rules.ClaimFact{ClaimID: claim, When: at})
			m.decide(p, at.Add(m.fate.AppealAfter), claim, m.fate.AppealDecision)
		}
	case rules.StatusClosed:
		m.protect(p, claim, at)
	default: // waits for others
	}
}

func (m *machines) decide(p *rules.ClaimPlan, at time.Time, claim, decision string) {
	d := &rules.ClaimDecided{ClaimID: claim, When: at, Decision: decision}
	if decision == rules.DecisionApproved {
		d.Amount = m.pays(p.Claim.Payout)
		m.add(rules.TypeClaimPaid, claim+"/paid", &rules.ClaimFact{ClaimID: claim, When: at.Add(m.fate.PayAfter), Amount: d.Amount})
	}
	m.add(rules.TypeClaimDecided, fmt.Sprintf("%s/decided/%s", claim, at), d)
}

func (m *machines) pays(payout *money.Amount) *money.Amount {
	if payout == nil || m.fate.PaidLess == "" {
		return payout
	}
	less, err := payout.Value.Sub(decimal.MustParse(m.fate.PaidLess))
	if err != nil {
		m.t.Fatal(err)
	}
	return &money.Amount{Value: less, Currency: payout.Currency}
}

// protect asks seller protection, once somebody has entered the store's scores.
func (m *machines) protect(p *rules.ClaimPlan, claim string, at time.Time) {
	if p.Protection == nil || p.Protection.State != rules.ProtectionOpen || !m.scored {
		return
	}
	rate, none := decimal.MustParse("97.4"), decimal.Zero
	p.Protection.Judge(m.rs, &rules.StoreHealth{PositiveRatePercent: &rate, DisputeRatePercent: &none, Programmes: []string{"anxinda"}})
	if p.Protection.Amount == nil {
		m.t.Errorf("%s: no seller protection: %v", m.f.Order, p.Protection.Reasons)
		return
	}
	if !m.once("protection") {
		return
	}
	decided := at.Add(m.fate.ProtectAfter)
	m.add(rules.TypeProtectionRequested, claim+"/asked", &rules.ClaimFact{ClaimID: claim, When: at, Amount: p.Protection.Amount})
	m.add(rules.TypeProtectionDecided, claim+"/granted", &rules.ClaimDecided{ClaimID: claim, When: decided, Decision: m.fate.ProtectDecision, Amount: p.Protection.Amount})
	m.add(rules.TypeProtectionPaid, claim+"/granted/paid", &rules.ClaimFact{ClaimID: claim, When: decided.Add(m.fate.ProtectPayAfter), Amount: p.Protection.Amount})
}

// ready tells whether the pre-flight lets a machine file with what the vault holds.
func (m *machines) ready(now time.Time) bool {
	papers := m.papers(now)
	return papers.Verdict() == rules.VerdictReady
}

func (m *machines) papers(now time.Time) rules.Papers {
	var judged []rules.CheckedOriginal
	for i := range m.sent {
		u := m.sent[i].Upload
		if u == nil || u.Order != m.f.Order || m.sent[i].At.After(now) {
			continue
		}
		sight := seen(m.t, u, m.rs.Pack.Location())
		of := rules.PreflightFacts(m.f, m.rs, u.Number, nil, now)
		of.Kind, of.Source, of.Given = u.Kind, "upload", u.Given
		judged = append(judged, rules.CheckedOriginal{Name: u.Name, Preflight: m.rs.Preflight(of, &sight)})
	}
	return m.rs.PapersOf(judged)
}

// sights are what was measured: the stories are played often, their papers are the same.
var sights sync.Map

func seen(t *testing.T, u *demo.Upload, loc *time.Location) rules.Sight {
	t.Helper()
	key := string(u.Kind) + string(u.Content)
	if known, ok := sights.Load(key); ok {
		sight, _ := known.(rules.Sight)
		return sight
	}
	sight := inspect.Bytes(t.Context(), u.Content, u.Kind, loc)
	sights.Store(key, sight)
	return sight
}

// TestPapers: what the stories' people upload is good, but for the blurred waybill, which the
// pre-flight refuses for that reason.
func TestPapers(t *testing.T) {
	t.Parallel()
	rs := ruleset(t)
	p := demo.New(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	for order, f := range collect(t, p.Events) {
		m := &machines{t: t, f: f, rs: rs, sent: p.Events}
		papers := m.papers(p.Origin.Add(p.Span))
		for _, o := range papers.Originals {
			blurred := o.Name == "waybill-blurred.png"
			switch {
			case blurred && (o.Verdict != rules.VerdictRefused || !o.Has(rules.PreflightBlurred)):
				t.Errorf("%s: %s is %s: %+v", order, o.Name, o.Verdict, o.Findings)
			case !blurred && o.Verdict != rules.VerdictReady && slices.Contains(rs.Pack.Claim.EvidenceKinds.Value, string(o.Kind)),
				!blurred && o.Verdict == rules.VerdictRefused:
				t.Errorf("%s: %s is %s: %+v", order, o.Name, o.Verdict, o.Findings)
			}
		}
	}
}
