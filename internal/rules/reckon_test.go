package rules_test

import (
	"testing"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/rulestest"
)

func sumsOf(sums []rules.Sum) map[rules.SumCode]string {
	all := map[rules.SumCode]string{}
	for _, s := range sums {
		if all[s.Code] = s.Amount.String(); s.Amount.Currency == "" {
			all[s.Code] = s.Factor.String()
		}
	}
	return all
}

func TestReckon(t *testing.T) {
	t.Parallel()
	rs := rulestest.Ruleset()
	amount := func(value, currency string) money.Amount {
		a, err := money.Parse(value, currency)
		require.NoError(t, err)
		return a
	}
	created := rules.OrderCreated{AmountPaid: amount("96.40", "USD"), Commission: amount("7.71", "USD"), Tax: amount("0.49", "USD")}
	require.Equal(t, map[rules.SumCode]string{
		rules.SumPaid: "96.40 USD", rules.SumCommission: "7.71 USD", rules.SumTax: "0.49 USD", rules.SumNet: "88.20 USD",
		rules.SumCap: "100.00 USD", rules.SumAsked: "88.20 USD",
	}, sumsOf(rs.Reckon(&created)))

	rate := decimal.MustParse("0.14")
	created = rules.OrderCreated{AmountPaid: amount("1000.00", "CNY"), Commission: amount("80.00", "CNY"), Tax: amount("0.00", "CNY"), USDRate: &rate}
	sums := rs.Reckon(&created)
	require.Equal(t, rules.SumAsked, sums[len(sums)-1].Code)
	require.Equal(t, map[rules.SumCode]string{
		rules.SumPaid: "1000.00 CNY", rules.SumCommission: "80.00 CNY", rules.SumTax: "0.00 CNY", rules.SumRate: "0.14", rules.SumNet: "128.80 USD",
		rules.SumCap: "100.00 USD", rules.SumAsked: "100.00 USD",
	}, sumsOf(sums))

	created.USDRate = nil
	require.Nil(t, rs.Reckon(&created), "without a rate nobody knows the sum")

	sums, err := rs.ReckonProtection(amount("88.20", "USD"))
	require.NoError(t, err)
	require.Equal(t, map[rules.SumCode]string{
		rules.SumLoss: "88.20 USD", rules.SumShare: "70", rules.SumCap: "50.00 USD", rules.SumAsked: "50.00 USD",
	}, sumsOf(sums))
	_, err = rs.ReckonProtection(amount("1.00", "EUR"))
	require.ErrorContains(t, err, "expected a positive amount in USD")
}

func TestCompareEvidence(t *testing.T) {
	t.Parallel()
	required := rulestest.Ruleset().Pack.Claim.EvidenceKinds.Value
	order := []rules.EvidenceKind{rules.EvidenceWaybill, rules.EvidenceOutbound, rules.EvidenceMessages, rules.EvidenceRefusal, rules.EvidenceOther, "unheard of"}
	for i := range order {
		for j := range order {
			got := rules.CompareEvidence(required, order[i], order[j])
			require.Equal(t, i < j, got < 0, "%s, %s", order[i], order[j])
		}
	}
	require.Negative(t, rules.CompareEvidence([]string{"refusal"}, rules.EvidenceRefusal, rules.EvidenceWaybill))
}
