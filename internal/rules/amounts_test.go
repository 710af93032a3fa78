package rules_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/policy"
	"parcelward/internal/rules/rulestest"
	"parcelward/internal/rules/wording"
)

// Every amount of money in the policy decides something: each is tried a cent below what the
// scene has, at it, and a cent above.
func TestAmounts(t *testing.T) {
	t.Parallel()
	type scene struct {
		of   func(rs rules.Ruleset) string
		want [3]string // with the policy's amount a cent lower, as it is, a cent higher
	}
	cny := func(s string) money.Amount { return money.Amount{Value: decimal.MustParse(s), Currency: "CNY"} }
	scenes := map[string]scene{
		"Claim.PayoutCap": {func(rs rules.Ruleset) string {
			facts := rules.NewFacts(store, order)
			for i, e := range append(edgeStalled(), edge(rules.TypeOrderCreated, edgeOrder("100.00"))) {
				e.ID = fmt.Sprint(i)
				facts.Add(e)
			}
			a, _ := rules.Assess(facts, rs, edgeOpened)
			return a.Claim.Payout.String()
		}, [3]string{"99.99 USD", "100.00 USD", "100.00 USD"}},
		"Protection.Cap": {func(rs rules.Ruleset) string {
			good, none := decimal.Hundred, decimal.Zero
			pays, reasons, err := rs.Protection(rules.StoreHealth{
				PositiveRatePercent: &good, DisputeRatePercent: &none, Programmes: rs.Pack.Protection.Programmes.Value,
			}, dollars("71.43")) // its share is 50.001
			return fmt.Sprint(pays, reasons, err)
		}, [3]string{"49.99 USD [] <nil>", "50.00 USD [] <nil>", "50.00 USD [] <nil>"}},
		"Complaint.FreightTolerance": {func(rs rules.Ruleset) string {
			created, shown := edgeOrder("98.20"), cny("10.00")
			created.Freight, created.FreightShown = cny("10.50"), &shown
			facts := rules.NewFacts(store, order)
			facts.Add(edge(rules.TypeOrderCreated, created))
			return fmt.Sprint(len(rules.CheckTemplate(facts, rs, nil, edgeCreated)))
		}, [3]string{"1", "0", "0"}},
		"Ticket.AdvisorSalesMin": {func(rs rules.Ruleset) string {
			sales := dollars("50000.00")
			return fmt.Sprint(rules.StoreProfile{SalesPerYear: &sales}.Advised(rs.Pack))
		}, [3]string{"true", "true", "false"}},
		"Statement.InsuranceCap": {func(rs rules.Ruleset) string { // told, for no fact tells of a payment
			_, told, _ := strings.Cut(wording.StatementNotes("", "", rs.Pack.Statement.InsuranceCap.Value.String())[0].EN, "cover at most ")
			told, _, _ = strings.Cut(told, " per order")
			return told
		}, [3]string{"499.99 CNY", "500.00 CNY", "500.01 CNY"}},
		"Statement.BillTolerance": {func(rs rules.Ruleset) string {
			known := rules.BillKnown{Number: "LP1", Orders: []rules.BillOrder{{Order: order, Freight: cny("10.00"), Parcels: 1}}}
			above := rs.MatchBill(rules.BillLine{Amount: cny("10.50")}, known)
			below := rs.MatchBill(rules.BillLine{Amount: cny("9.50")}, known)
			return above.Reason + "/" + below.Reason
		}, [3]string{"amount-differs/amount-differs", "/", "/"}},
	}
	for path, s := range scenes {
		for i, by := range []string{"-0.01", "0.00", "0.01"} {
			pack := *rulestest.Ruleset().Pack // what it points to is not changed
			amount, ok := reflect.ValueOf(&pack).Elem(), true
			for name := range strings.SplitSeq(path, ".") {
				amount = amount.FieldByName(name)
				ok = ok && amount.IsValid()
			}
			require.True(t, ok, path)
			value := amount.FieldByName("Value").Addr().Interface().(*money.Amount)
			moved, err := value.Value.Add(decimal.MustParse(by))
			require.NoError(t, err)
			value.Value = moved
			rs := rulestest.Ruleset()
			rs.Pack = &pack
			assert.Equal(t, s.want[i], s.of(rs), "%s, %s", path, by)
		}
	}
	var declared, tried []string
	pack := reflect.TypeFor[policy.Pack]()
	for section := range pack.Fields() {
		if section.Type.Kind() != reflect.Struct {
			continue
		}
		for value := range section.Type.Fields() {
			if value.Type == reflect.TypeFor[policy.Value[money.Amount]]() {
				declared = append(declared, section.Name+"."+value.Name)
			}
		}
	}
	for path := range scenes {
		tried = append(tried, path)
	}
	assert.ElementsMatch(t, declared, tried, "an amount of the policy has no scene here")
}

// Every deadline of the buyer's complaints and disputes at the second before, at it, and after:
// what a moment changes, with the policy's span and with another.
func TestContestSpans(t *testing.T) {
	t.Parallel()
	opened := contestStart.Add(100 * time.Hour)
	for name, tc := range map[string]struct {
		span func(p *policy.Pack) *policy.Value[policy.Duration]
		from time.Time
		lost func(c *contested, at time.Time) bool // with an act at that moment
	}{
		"respond": {func(p *policy.Pack) *policy.Value[policy.Duration] { return &p.Complaint.RespondWithin }, opened, func(c *contested, at time.Time) bool {
			c.add(rules.TypeComplaintOpened, &rules.Complaint{ComplaintID: "F", When: opened})
			c.add(rules.TypeComplaintAnswered, &rules.Complaint{ComplaintID: "F", When: at})
			return c.complaint(at).Status == rules.ComplaintLost
		}},
		"pick-up": {func(p *policy.Pack) *policy.Value[policy.Duration] { return &p.Complaint.PickupWithin }, contestStart, func(c *contested, at time.Time) bool {
			shot := c.judged(opened, rules.EvidencePickup, map[string]string{"picked_up_at": at.Format(time.RFC3339)})
			return shot.Has(rules.PreflightLatePickup)
		}},
		"evidence": {func(p *policy.Pack) *policy.Value[policy.Duration] { return &p.Ticket.DisputeEvidenceWithin }, disputedAt, func(c *contested, at time.Time) bool {
			c.disputes(rules.TypeDisputeOpened, disputedAt)
			c.disputes(rules.TypeDisputeAnswered, at)
			return c.dispute(at).Status == rules.DisputeLate
		}},
		"refusal": {func(p *policy.Pack) *policy.Value[policy.Duration] { return &p.Order.DisputePeriod }, disputedAt, func(c *contested, at time.Time) bool {
			c.moves(disputedAt, rules.Delivered)
			c.disputes(rules.TypeDisputeOpened, disputedAt)
			refused := c.judged(at, rules.EvidenceRefusal, map[string]string{"taken_at": at.Format(time.RFC3339)})
			c.evidence(at, rules.EvidenceRefusal)
			late := c.dispute(at).Status == rules.DisputeDeemed
			assert.Equal(c, late, refused.Has(rules.PreflightTimeMark), "the pre-flight and the dispute agree")
			return late
		}},
	} {
		for _, more := range []time.Duration{0, 7 * time.Hour} {
			for off, lost := range map[time.Duration]bool{-time.Second: false, 0: false, time.Second: true} {
				c := newContested(t)
				pack := *preflightRules(t).Pack
				span := tc.span(&pack)
				span.Value += policy.Duration(more)
				c.rs.Pack = &pack
				assert.Equal(t, lost, tc.lost(c, tc.from.Add(span.Value.Std()+off)), "%s + %s, %s", name, more, off)
			}
		}
	}
}
