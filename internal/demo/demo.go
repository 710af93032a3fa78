// Package demo holds the orders that ship with Parcelward: invented people, goods and
// parcels whose stories show every way an order can go, and the same in the size that the
// benchmark needs.
//
// Invariants: pure; the same origin gives the same events, byte for byte; whatever weekday
// or holiday the origin is, every order comes to the outcome that [Scenario.Expected]
// names; an act of a person comes at least one virtual day before anything depends on it.
package demo

import (
	"fmt"
	"slices"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
	"parcelward/internal/sandbox"
	"parcelward/internal/sandbox/world"
)

// Store is the demo's shop.
const Store = "demo-shop"

// Span is how long the play lasts in virtual time: by then every order's story is over,
// and every filing window has passed.
const Span = 57 * day

// Scenario is a play: what is sent when, how the sandbox answers, and what comes of it.
type Scenario struct {
	Origin   time.Time // of virtual time; UTC
	Span     time.Duration
	Events   []Sent // by time; the events of one moment belong into one batch
	Fates    []sandbox.Fate
	Parcels  []world.Parcel     // what the carriers come to know
	Expected map[string]Outcome // by order, as of Origin + Span
}

// Outcome is what an order has come to.
type Outcome struct {
	Stage   rules.Stage
	Cases   []rules.CaseStatus // in output order
	Reasons []string           // for which its claim is not eligible; none: eligible, where there is a case
	Why     wording.Text
	Beside
}

// Beside is what no assessment shows.
type Beside struct {
	Protection rules.ProtectionState   // after a second refusal; empty: none
	Complaints []rules.ComplaintStatus // oldest first
	Tickets    []Ticket                // that its claim opened
}

// BesideOf tells what facts say of it, as of a moment. Of tickets facts alone do not tell.
func BesideOf(f *rules.Facts, rs rules.Ruleset, at time.Time) Beside {
	var b Beside
	plan := rules.PlanOrder(f, rs, at)
	for i := range plan.Assessment.Cases {
		if p := rules.PlanClaim(f, rs, plan.Assessment.Cases[i].ID(), at).Protection; p != nil {
			b.Protection = p.State
		}
	}
	for i := range plan.Complaints {
		b.Complaints = append(b.Complaints, plan.Complaints[i].Status)
	}
	return b
}

// New tells the demo's orders from an origin on.
func New(origin time.Time) Scenario {
	p := newScenario(origin)
	for i, tell := range tales() {
		p.add(newStory(Store, orderNames()[i], p.Origin.Add(time.Duration(i)*hour)), tell)
	}
	return p.sorted()
}

// Many tells n orders, born one after the other over a span: three in five are delivered, the
// others live the demo's other stories in turn. Most of their parcels are carried by YANWEN.
func Many(origin time.Time, n int, over time.Duration) Scenario {
	p := newScenario(origin)
	p.Span += over
	all := tales()
	for i := range n {
		s := newStory(Store, fmt.Sprintf("many-%05d", i), p.Origin.Add(over*time.Duration(i)/time.Duration(n)))
		if i%7 > 0 {
			s.by("YANWEN", "YANWEN_ECONOMY")
		}
		tell := all[0]
		if i%5 > 2 {
			tell = all[i/5*2%len(all)]
			if i%5 == 4 {
				tell = all[(i/5*2+1)%len(all)]
			}
		}
		p.add(s, tell)
	}
	return p.sorted()
}

// tales are the demo's stories, in the order of [orderNames].
func tales() []func(*story) (Outcome, *sandbox.Fate) {
	return []func(*story) (Outcome, *sandbox.Fate){
		delivered, stalledPaid, unconfirmed, lost, lateNumber, noTaxID, customsHold, rejectedAppealedPaid, stranger, resumed, bulky,
		blurredWaybill, protected, morePapers, complaintAnswered, complaintLost, lateDecision,
	}
}

func newScenario(origin time.Time) Scenario {
	return Scenario{Origin: origin.UTC().Truncate(time.Second), Span: Span, Expected: map[string]Outcome{}}
}

func (p *Scenario) add(s *story, tell func(*story) (Outcome, *sandbox.Fate)) {
	outcome, fate := tell(s)
	p.Events = append(p.Events, s.sent...)
	p.Parcels = append(p.Parcels, s.parcels...)
	p.Expected[s.order] = outcome
	if fate != nil {
		fate.Store, fate.Order = s.store, s.order
		p.Fates = append(p.Fates, *fate)
	}
}

func (p *Scenario) sorted() Scenario {
	slices.SortStableFunc(p.Events, func(a, b Sent) int { return a.At.Compare(b.At) })
	return *p
}

// orderNames are the orders' numbers, in the order of the table.
func orderNames() []string {
	return []string{
		"01-delivered", "02-stalled-paid", "03-unconfirmed", "04-lost", "05-late-number", "06-brazil-no-cpf",
		"07-customs-hold", "08-rejected-appealed-paid", "09-signed-by-stranger", "10-resumed", "11-bulky",
		"12-blurred-waybill", "13-seller-protection", "14-more-papers", "15-complaint-answered", "16-complaint-lost", "17-ticket-escalated",
	}
}

// DeliveredOrder is the benchmark's order: created and paid in one batch, recorded at hour
// 20, picked up at hour 32, three more scans, delivered on day 18, received on day 20.
func DeliveredOrder(store, order string, origin time.Time) []Sent {
	s := newStory(store, order, origin)
	s.ordered(sale{buyer: "Ana Prado", country: "US", paid: "42.50", freight: "3.50", commission: "3.40", sku: "LAMP-7"})
	number := s.recorded(20*hour, "")
	s.scan(32*hour, number, rules.PickedUp, "Dongguan")
	s.scan(3*day, number, rules.DepartedOrigin, "Shenzhen")
	s.scan(10*day, number, rules.ArrivedDestination, "Chicago")
	s.scan(17*day, number, rules.OutForDelivery, "Springfield")
	s.scan(18*day, number, rules.Delivered, "Springfield")
	s.received(20 * day)
	return s.sent
}

// ClaimedOrder is an order whose parcel stalls and whose claim is confirmed, filed,
// approved and paid, with the fate that the sandbox needs. It is over on day 47.
func ClaimedOrder(store, order string, origin time.Time) ([]Sent, sandbox.Fate) {
	s := newStory(store, order, origin)
	s.ordered(sale{buyer: "Noel Bright", country: "CA", paid: "61.00", freight: "4.00", commission: "4.88", sku: "KETTLE-2"})
	number := s.recorded(20*hour, "")
	s.scan(32*hour, number, rules.PickedUp, "Yiwu")
	s.scan(6*day, number, rules.InTransit, "Ningbo")
	const opened = 36 * day
	s.papers(number, opened-2*day) // before the case opens no story must hear of them
	s.confirmed(opened+20*hour, number, "demo-staff")
	s.refunded(opened + 5*day)
	slices.SortStableFunc(s.sent, func(a, b Sent) int { return a.At.Compare(b.At) })
	return s.sent, sandbox.Fate{
		Store: store, Order: order, Decision: rules.DecisionApproved, DecideAfter: 6 * day, PayAfter: 2 * day,
	}
}
