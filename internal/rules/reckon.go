package rules

import (
	"fmt"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
)

// SumCode names a line of a reckoning.
type SumCode string

// The lines of a reckoning.
const (
	SumPaid       SumCode = "paid" // by the buyer, freight included
	SumCommission SumCode = "commission"
	SumTax        SumCode = "tax"
	SumRate       SumCode = "usd-rate" // Factor: USD for one unit of the order's currency
	SumNet        SumCode = "net"      // what is left, in USD
	SumLoss       SumCode = "loss"
	SumShare      SumCode = "share" // Factor: percent of the loss
	SumCap        SumCode = "cap"   // per order
	SumAsked      SumCode = "asked"
)

// SumCodes lists the lines.
func SumCodes() []SumCode {
	return []SumCode{SumPaid, SumCommission, SumTax, SumRate, SumNet, SumLoss, SumShare, SumCap, SumAsked}
}

// Sum is one line of how an amount is reckoned.
type Sum struct {
	Code   SumCode
	Amount money.Amount    // zero where Factor says it all
	Factor decimal.Decimal // of SumRate and SumShare
}

// Reckon tells how what a claim asks for is reckoned, the last line being the amount itself;
// nil where a rate is missing, as the payout of a [Claim] is.
func (rs Ruleset) Reckon(created *OrderCreated) []Sum {
	v := view{created: created, rules: rs}
	payout := v.payout()
	if payout == nil {
		return nil
	}
	net := decimal.Zero
	for i, part := range []money.Amount{created.AmountPaid, created.Commission, created.Tax} {
		usd, ok := v.usd(part)
		if ok && i > 0 {
			usd = usd.Neg()
		}
		var err error
		if net, err = net.Add(usd); err != nil || !ok {
			return nil
		}
	}
	sums := []Sum{
		{Code: SumPaid, Amount: created.AmountPaid},
		{Code: SumCommission, Amount: created.Commission},
		{Code: SumTax, Amount: created.Tax},
	}
	if created.AmountPaid.Currency != payoutCurrency && created.USDRate != nil {
		sums = append(sums, Sum{Code: SumRate, Factor: *created.USDRate})
	}
	return append(sums,
		Sum{Code: SumNet, Amount: money.Amount{Value: money.RoundHalfUp(net, payoutPlaces), Currency: payoutCurrency}},
		Sum{Code: SumCap, Amount: rs.Pack.Claim.PayoutCap.Value},
		Sum{Code: SumAsked, Amount: *payout})
}

// ReckonProtection is the same for what seller protection pays of a loss, whether or not the
// store is entitled to it. The errors are those of [Ruleset.Protection].
func (rs Ruleset) ReckonProtection(loss money.Amount) ([]Sum, error) {
	p := &rs.Pack.Protection
	entitled := StoreHealth{
		PositiveRatePercent: &p.PositiveRateMinPercent.Value, DisputeRatePercent: &p.DisputeRateMaxPercent.Value, Programmes: p.Programmes.Value,
	}
	asked, _, err := rs.Protection(entitled, loss)
	if err != nil {
		return nil, fmt.Errorf("reckon protection: %w", err)
	}
	return []Sum{
		{Code: SumLoss, Amount: loss}, {Code: SumShare, Factor: p.LossSharePercent.Value}, {Code: SumCap, Amount: p.Cap.Value}, {Code: SumAsked, Amount: asked},
	}, nil
}
