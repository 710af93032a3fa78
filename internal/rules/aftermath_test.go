package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/rulestest"
)

// A claim filed on Tuesday 7 April 2026, in Shanghai's time.
var followFiled = time.Date(2026, 4, 7, 3, 0, 0, 0, time.UTC)

func followed(more ...rules.Event) *rules.Facts {
	facts := rules.NewFacts(store, order)
	for i, e := range append(handedEvents(), more...) {
		e.ID = string(rune('A' + i))
		facts.Add(e)
	}
	return facts
}

// handedEvents end with the filing.
func handedEvents() []rules.Event {
	return []rules.Event{
		edge(rules.TypeOrderCreated, edgeOrder("88.20")), edge(rules.TypeOrderPaid, &rules.OrderPaid{PaidAt: edgeCreated}),
		edgeShipped(edgeParcel, "CAINIAO_STANDARD", edgeCreated.Add(20*time.Hour)), edgeScan(edgeParcel, edgePicked, rules.PickedUp),
		edgeConfirmed(edgeOpened.Add(time.Hour)), edgeFiled(edgeParcel, followFiled),
	}
}

func edgeOrder(paid string) *rules.OrderCreated {
	return &rules.OrderCreated{
		CreatedAt: edgeCreated, Buyer: rules.Buyer{Name: "Emil Novak", Country: "GB"}, Category: rules.Standard, ServiceCode: "CAINIAO_STANDARD",
		AmountPaid: dollars(paid), Freight: dollars("0"), Commission: dollars("0"), Tax: dollars("0"),
	}
}

func dollars(s string) money.Amount {
	return money.Amount{Value: decimal.MustParse(s), Currency: "USD"}
}

func planFollowed(f *rules.Facts, now time.Time) rules.ClaimPlan {
	return rules.PlanClaim(f, rulestest.Ruleset(), rules.CaseID{TrackingNumber: edgeParcel, Kind: rules.KindStall, OpenedAt: edgeOpened}, now)
}

// A request for more papers stands until they are sent or the claim is decided; its deadline is
// the platform's, else the policy's 72 h.
func TestPapersAsked(t *testing.T) {
	t.Parallel()
	at := followFiled.Add(48 * time.Hour)
	until := at.Add(24 * time.Hour)
	ask := func(until *time.Time) rules.Event {
		return edge(rules.TypePapersRequested, &rules.PapersRequested{
			ClaimID: "C1", When: at, Kinds: []rules.EvidenceKind{rules.EvidenceOutbound}, Reason: "SKU missing", Until: until,
		})
	}
	sent := func(at time.Time) rules.Event {
		return edge(rules.TypePapersSent, &rules.ClaimFact{ClaimID: "C1", When: at})
	}
	plan := planFollowed(followed(ask(nil)), at)
	require.Equal(t, &rules.PapersAsked{Since: at, Until: at.Add(72 * time.Hour), Kinds: []rules.EvidenceKind{rules.EvidenceOutbound}, Reason: "SKU missing"}, plan.Papers)
	require.True(t, hasNotice(plan.Notices, "papers-by/"+rules.Stamp(at).String()))
	require.Nil(t, planFollowed(followed(ask(nil)), at.Add(-time.Second)).Papers, "not asked yet")
	require.Equal(t, until, planFollowed(followed(ask(&until)), at).Papers.Until)
	require.Nil(t, planFollowed(followed(ask(&until), sent(at)), at).Papers, "sent at once")
	require.NotNil(t, planFollowed(followed(ask(&until), sent(at.Add(-time.Second))), at).Papers, "sent before it was asked")
	require.Nil(t, planFollowed(followed(ask(&until), edge(rules.TypeClaimDecided, &rules.ClaimDecided{ClaimID: "C1", When: at, Decision: rules.DecisionApproved})), at).Papers, "decided")
	missed := "missed/papers-by/" + rules.Stamp(at).String()
	for offset, told := range map[time.Duration]bool{-time.Second: false, 0: false, time.Second: true} {
		require.Equal(t, told, hasNotice(planFollowed(followed(ask(&until)), until.Add(offset)).Notices, missed), "%s", offset)
	}
}

// What was not handed in yet is told by content where the filing says what it held, and else by
// time; a repeat of what was handed in is nothing new.
func TestAddedByContent(t *testing.T) {
	t.Parallel()
	original := func(n byte) rules.Original {
		return rules.Original{Kind: rules.EvidenceWaybill, SHA256: strings.Repeat(string(n), 64)}
	}
	brought := func(at time.Time, list ...rules.Original) rules.Event {
		return edge(rules.TypeEvidenceAdded, &rules.EvidenceAdded{TrackingNumber: edgeParcel, When: at, By: "li.na", Originals: list})
	}
	a, b, c := original('a'), original('b'), original('c')
	before, after := followFiled.Add(-time.Hour), followFiled.Add(time.Hour)
	with := func(more ...rules.Event) rules.ClaimPlan {
		filing := edgeFiled(edgeParcel, followFiled)
		filing.Data.(*rules.ClaimFiled).Originals = []rules.Original{a}
		facts := rules.NewFacts(store, order)
		for i, e := range append(append(handedEvents()[:5:5], filing), more...) {
			e.ID = string(rune('A' + i))
			facts.Add(e)
		}
		return planFollowed(facts, after.Add(48*time.Hour))
	}
	plan := with(brought(before, a, b), brought(after, a, c))
	require.Equal(t, []rules.Original{a}, plan.HandedIn)
	require.Equal(t, []rules.Original{b, c}, plan.Added, "b lay in the vault, but was not handed in")
	sent := edge(rules.TypePapersSent, &rules.ClaimFact{ClaimID: "C1", When: after, Originals: []rules.Original{a, c}})
	plan = with(brought(before, a, b), brought(after, a, c), sent)
	require.Equal(t, []rules.Original{a, a, c}, plan.HandedIn)
	require.Equal(t, []rules.Original{b}, plan.Added)
	unsaid := edge(rules.TypePapersSent, &rules.ClaimFact{ClaimID: "C1", When: after})
	require.Empty(t, with(brought(before, b), unsaid).Added, "a person sent papers, who knows which")
	plan = planFollowed(followed(brought(before, a, b), brought(after, a, c)), after)
	require.Empty(t, plan.HandedIn)
	require.Equal(t, []rules.Original{c}, plan.Added, "the filing does not say what it held")
}

// What was approved is compared with what was to be expected, and what was paid with what was
// approved, to the cent.
func TestDiscrepancy(t *testing.T) {
	t.Parallel()
	at := followFiled.Add(72 * time.Hour)
	approve := func(amount string) rules.Event {
		d := &rules.ClaimDecided{ClaimID: "C1", When: at, Decision: rules.DecisionApproved}
		if amount != "" {
			a := dollars(amount)
			d.Amount = &a
		}
		return edge(rules.TypeClaimDecided, d)
	}
	pay := func(amount string) rules.Event {
		a := dollars(amount)
		return edge(rules.TypeClaimPaid, &rules.ClaimFact{ClaimID: "C1", When: at.Add(time.Hour), Amount: &a})
	}
	for name, tc := range map[string]struct {
		facts         []rules.Event
		expected, got string // got empty: no discrepancy
		key           string
	}{
		"as expected":            {[]rules.Event{approve("88.20")}, "", "", ""},
		"the scale is no matter": {[]rules.Event{approve("88.2")}, "", "", ""},
		"no amount told":         {[]rules.Event{approve("")}, "", "", ""},
		"a cent less":            {[]rules.Event{approve("88.19")}, "88.20", "88.19", "differs/approved"},
		"a cent more":            {[]rules.Event{approve("88.21")}, "88.20", "88.21", "differs/approved"},
		"paid as approved":       {[]rules.Event{approve("80.00"), pay("80.00")}, "", "", ""},
		"paid less":              {[]rules.Event{approve("80.00"), pay("79.99")}, "80.00", "79.99", "differs/paid"},
		"paid, nothing approved": {[]rules.Event{approve(""), pay("80.00")}, "88.20", "80.00", "differs/paid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := planFollowed(followed(tc.facts...), at.Add(2*time.Hour))
			if tc.got == "" {
				require.Nil(t, plan.Differs)
				return
			}
			require.NotNil(t, plan.Differs)
			require.Equal(t, dollars(tc.expected).String(), plan.Differs.Expected.String())
			require.Equal(t, dollars(tc.got).String(), plan.Differs.Got.String())
			require.True(t, hasNotice(plan.Notices, tc.key), "%+v", plan.Notices)
		})
	}
}

// Amounts of two currencies are never the same, whatever their figures.
func TestDiscrepancyOfCurrency(t *testing.T) {
	t.Parallel()
	at := followFiled.Add(72 * time.Hour)
	yuan := money.Amount{Value: decimal.MustParse("88.20"), Currency: "CNY"}
	approved := edge(rules.TypeClaimDecided, &rules.ClaimDecided{ClaimID: "C1", When: at, Decision: rules.DecisionApproved, Amount: &yuan})
	plan := planFollowed(followed(approved), at)
	require.Equal(t, &rules.Discrepancy{Expected: dollars("88.20"), Got: yuan}, plan.Differs)
	require.Equal(t, rules.TopicPayout, plan.Ticket.Topic)
	require.Equal(t, "approved", plan.Ticket.Mark)
	paid := edge(rules.TypeClaimPaid, &rules.ClaimFact{ClaimID: "C1", When: at, Amount: new(dollars("12.35"))})
	plan = planFollowed(followed(approved, paid), at)
	require.Equal(t, &rules.Discrepancy{Expected: yuan, Got: dollars("12.35")}, plan.Differs)
}

// Seller protection that is late calls for a ticket, and its money for another, of the funds.
func TestProtectionTickets(t *testing.T) {
	t.Parallel()
	rejected := followFiled.Add(72 * time.Hour)
	again, asked := rejected.Add(96*time.Hour), rejected.Add(120*time.Hour)
	facts := []rules.Event{
		edge(rules.TypeClaimDecided, &rules.ClaimDecided{ClaimID: "C1", When: rejected, Decision: rules.DecisionRejected}),
		edge(rules.TypeClaimAppealed, &rules.ClaimFact{ClaimID: "C1", When: rejected.Add(time.Hour)}),
		edge(rules.TypeClaimDecided, &rules.ClaimDecided{ClaimID: "C1", When: again, Decision: rules.DecisionRejected}),
		edge(rules.TypeProtectionRequested, &rules.ClaimFact{ClaimID: "C1", When: asked, Amount: new(dollars("50"))}),
	}
	due := planFollowed(followed(facts...), asked).Protection.Next.At.Time()
	late := func(offset time.Duration, due time.Time, facts []rules.Event) *rules.ClaimTicket {
		return planFollowed(followed(facts...), due.Add(offset)).Ticket
	}
	for _, offset := range aroundZero {
		require.Equal(t, offset > 0, late(offset, due, facts) != nil, offset)
	}
	require.Equal(t, &rules.ClaimTicket{Topic: rules.TopicReview, Mark: "protection", Since: due, Amount: new(dollars("50"))}, late(time.Second, due, facts))
	facts = append(facts, edge(rules.TypeProtectionDecided, &rules.ClaimDecided{ClaimID: "C1", When: due.Add(time.Hour), Decision: rules.DecisionApproved, Amount: new(dollars("49.99"))}))
	require.Nil(t, late(2*time.Hour, due, facts), "it is answered")
	paidBy := planFollowed(followed(facts...), due.Add(time.Hour)).Protection.Next.At.Time()
	for _, offset := range aroundZero {
		require.Equal(t, offset > 0, late(offset, paidBy, facts) != nil, offset)
	}
	require.Equal(t, &rules.ClaimTicket{Topic: rules.TopicPayout, Mark: "protection", Since: paidBy, Amount: new(dollars("49.99"))}, late(time.Second, paidBy, facts))
	facts = append(facts, edge(rules.TypeProtectionPaid, &rules.ClaimFact{ClaimID: "C1", When: paidBy.Add(time.Hour)}))
	require.Nil(t, late(2*time.Hour, paidBy, facts), "it is paid")
}

// Seller protection follows a refusal after the appeal, and nothing else; it can be asked for
// until 15 days later.
func TestProtectionAfterTheAppeal(t *testing.T) {
	t.Parallel()
	rejected := followFiled.Add(72 * time.Hour)
	again := rejected.Add(96 * time.Hour)
	by := again.Add(15 * 24 * time.Hour)
	decided := func(t rules.EventType, at time.Time, decision string) rules.Event {
		return edge(t, &rules.ClaimDecided{ClaimID: "C1", When: at, Decision: decision})
	}
	claim := func(t rules.EventType, at time.Time) rules.Event {
		return edge(t, &rules.ClaimFact{ClaimID: "C1", When: at})
	}
	refused := []rules.Event{
		decided(rules.TypeClaimDecided, rejected, rules.DecisionRejected), claim(rules.TypeClaimAppealed, rejected.Add(time.Hour)),
		decided(rules.TypeClaimDecided, again, rules.DecisionRejected),
	}
	state := func(now time.Time, more ...rules.Event) rules.ProtectionState {
		plan := planFollowed(followed(append(refused[:3:3], more...)...), now)
		require.Equal(t, rules.StatusClosed, plan.Case.Status)
		require.NotNil(t, plan.Protection)
		require.Equal(t, plan.Protection.Next != nil, plan.Live())
		return plan.Protection.State
	}
	require.Nil(t, planFollowed(followed(refused[:2]...), again.Add(-time.Second)).Protection, "the appeal is not decided")
	require.Nil(t, planFollowed(followed(refused[0]), by).Protection, "not appealed")
	require.Equal(t, rules.ProtectionOpen, state(again))
	require.Equal(t, rules.ProtectionOpen, state(by))
	require.Equal(t, rules.ProtectionLapsed, state(by.Add(time.Second)))
	asked := claim(rules.TypeProtectionRequested, by)
	require.Equal(t, rules.ProtectionRequested, state(by.Add(time.Second), asked))
	require.Equal(t, rules.ProtectionLapsed, state(by.Add(time.Second), claim(rules.TypeProtectionRequested, by.Add(time.Second))), "asked too late")
	granted := decided(rules.TypeProtectionDecided, by.Add(time.Hour), rules.DecisionApproved)
	require.Equal(t, rules.ProtectionApproved, state(by.Add(time.Hour), granted, asked), "whatever arrived first")
	require.Equal(t, rules.ProtectionRejected, state(by.Add(time.Hour), asked, decided(rules.TypeProtectionDecided, by.Add(time.Hour), rules.DecisionRejected)))
	require.Equal(t, rules.ProtectionPaid, state(by.Add(2*time.Hour), asked, granted, claim(rules.TypeProtectionPaid, by.Add(2*time.Hour))))

	// The order lives on while protection may come, and no longer.
	end := claimless(by)
	require.Len(t, rules.PlanOrder(followed(append(refused[:3:3], end)...), rulestest.Ruleset(), by).Cases, 1)
	require.NotEmpty(t, rules.PlanOrder(followed(append(refused[:3:3], end)...), rulestest.Ruleset(), by.Add(time.Second)).End)
	require.True(t, rules.MustTell(followed(append(refused[:3:3], end)...), followed(append(refused[:3:3], end, asked)...), rulestest.Ruleset(), by))
}

// claimless: a partial refund long ago, and the buyer's receipt, ended the order before.
func claimless(at time.Time) rules.Event {
	return edge(rules.TypeOrderRefunded, &rules.OrderStopped{When: at.Add(-24 * time.Hour)})
}

func TestProtectionAmount(t *testing.T) {
	t.Parallel()
	rejected := followFiled.Add(72 * time.Hour)
	again := rejected.Add(96 * time.Hour)
	health := &rules.StoreHealth{PositiveRatePercent: new(decimal.MustParse("95")), DisputeRatePercent: new(decimal.MustParse("1.2")), Programmes: []string{"anxinda"}}
	for name, tc := range map[string]struct {
		refunds []*rules.OrderStopped
		health  *rules.StoreHealth
		amount  string
		reasons []string
	}{
		"no refund":        {nil, health, "", []string{rules.ReasonNoLoss}},
		"full refund":      {[]*rules.OrderStopped{{When: again}}, health, "50.00", nil}, // 61.74 > 50
		"partial refunds":  {[]*rules.OrderStopped{{When: again, Partial: true, Amount: new(dollars("10.05"))}, {When: again, Partial: true, Amount: new(dollars("20"))}}, health, "21.04", nil},
		"more than paid":   {[]*rules.OrderStopped{{When: again, Amount: new(dollars("500"))}}, health, "50.00", nil},
		"health not known": {[]*rules.OrderStopped{{When: again}}, nil, "", []string{rules.ReasonHealthUnknown}},
		"bad health": {[]*rules.OrderStopped{{When: again}}, &rules.StoreHealth{
			PositiveRatePercent: new(decimal.MustParse("94.99")), DisputeRatePercent: new(decimal.MustParse("1.21")), Programmes: []string{},
		}, "", []string{"positive-rate", "dispute-rate", "not-joined-anxinda"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts := []rules.Event{
				edge(rules.TypeClaimDecided, &rules.ClaimDecided{ClaimID: "C1", When: rejected, Decision: rules.DecisionRejected}),
				edge(rules.TypeClaimAppealed, &rules.ClaimFact{ClaimID: "C1", When: rejected.Add(time.Hour)}),
				edge(rules.TypeClaimDecided, &rules.ClaimDecided{ClaimID: "C1", When: again, Decision: rules.DecisionRejected}),
			}
			for _, r := range tc.refunds {
				facts = append(facts, edge(rules.TypeOrderRefunded, r))
			}
			plan := planFollowed(followed(facts...), again)
			plan.Protection.Judge(rulestest.Ruleset(), tc.health)
			require.Equal(t, tc.reasons, plan.Protection.Reasons)
			if tc.amount == "" {
				require.Nil(t, plan.Protection.Amount)
				return
			}
			require.Equal(t, dollars(tc.amount).String(), plan.Protection.Amount.String())
		})
	}
}
