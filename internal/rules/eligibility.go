package rules

import (
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
	"parcelward/internal/rules/taxid"
)

// claim judges the order's cases together.
func (v *view) claim(cases []*caseState, deadlines []Deadline) *Claim {
	var filed time.Time // the order's first filing
	windows := true     // every window passed unfiled
	for _, c := range cases {
		if !c.filed.IsZero() && (filed.IsZero() || c.filed.Before(filed)) {
			filed = c.filed
		}
		windows = windows && c.filed.IsZero() && v.asOf.After(c.fileBy)
	}
	beforeFiling := func(t time.Time) bool { return !t.IsZero() && (filed.IsZero() || t.Before(filed)) }
	var uncertified, falsified, delayed, disputed bool
	cutOff := v.asOf
	if !filed.IsZero() {
		cutOff = earlier(cutOff, filed)
	}
	for _, p := range v.parcels {
		uncertified = uncertified || !v.rules.Pack.Certified(p.recorded.ServiceCode)
		falsified = falsified || p.flagged
		delayed = delayed || v.economyDelay(p, cutOff)
	}
	for _, at := range v.closed {
		disputed = disputed || beforeFiling(at)
	}
	claim := &Claim{Payout: v.payout()}
	for _, r := range []struct {
		reason  string
		applies bool
	}{
		{ReasonUncertified, uncertified},
		{ReasonLateNumber, missed(deadlines, DeadlineTrackingNumber)},
		{ReasonFalsified, falsified},
		{ReasonMissingTaxID, v.taxIDMissing()},
		{ReasonEconomyDelay, delayed},
		{ReasonReceipt, beforeFiling(v.receipt)},
		{ReasonDisputeClosed, disputed},
		{ReasonWindowClosed, windows},
	} {
		if r.applies {
			claim.Reasons = append(claim.Reasons, r.reason)
		}
	}
	claim.Eligible = len(claim.Reasons) == 0
	return claim
}

// taxIDMissing tells whether the destination asks for a tax ID that the buyer has not given.
func (v *view) taxIDMissing() bool {
	kinds, asked := v.rules.Pack.Shipping.TaxIDCountries.Value[v.created.Buyer.Country]
	return asked && !taxid.Valid(v.created.Buyer.TaxID, kinds...)
}

// economyDelay tells whether an economy parcel without trace alerts was silent too long
// between two neighbours among its recording, its movements and the cut-off.
func (v *view) economyDelay(p *parcel, cutOff time.Time) bool {
	if !v.rules.Pack.Economy(p.recorded.ServiceCode) || p.recorded.TraceAlert {
		return false
	}
	longest := v.rules.Pack.Claim.EconomyMaxGap.Value.Std()
	var last time.Time
	var recorded, over bool
	reach := func(t time.Time) {
		over = over || (!last.IsZero() && t.Sub(last) > longest)
		last = t
	}
	for i := range p.movements {
		m := &p.movements[i]
		if m.At.After(cutOff) {
			break
		}
		if at := p.recorded.RecordedAt; !recorded && at.Before(m.At) {
			recorded = true
			reach(at)
		}
		reach(m.At)
	}
	if at := p.recorded.RecordedAt; !recorded && !at.After(cutOff) {
		reach(at)
	}
	for i := range p.movements {
		if m := &p.movements[i]; m.Milestone.ends() && !m.At.After(cutOff) {
			return over
		}
	}
	if !last.IsZero() {
		reach(cutOff)
	}
	return over
}

// payout is what an approval would pay: the amount paid less commission and tax, never
// below zero, at most the cap. It is nil where a rate is missing.
func (v *view) payout() *money.Amount {
	net := decimal.Zero
	for i, part := range []money.Amount{v.created.AmountPaid, v.created.Commission, v.created.Tax} {
		usd, ok := v.usd(part)
		if !ok {
			return nil
		}
		var err error
		if i == 0 {
			net, err = net.Add(usd)
		} else {
			net, err = net.Sub(usd)
		}
		if err != nil {
			return nil
		}
	}
	limit := v.rules.Pack.Claim.PayoutCap.Value
	if net.IsNeg() {
		net = decimal.Zero
	}
	if net.Cmp(limit.Value) > 0 {
		net = limit.Value
	}
	return &money.Amount{Value: money.RoundHalfUp(net, payoutPlaces), Currency: limit.Currency}
}

// usd converts an amount; only the order's own currency has a rate.
func (v *view) usd(a money.Amount) (decimal.Decimal, bool) {
	if a.Currency == payoutCurrency || a.Value.IsZero() {
		return a.Value, true
	}
	if a.Currency != v.created.AmountPaid.Currency || v.created.USDRate == nil {
		return decimal.Zero, false
	}
	usd, err := a.Value.Mul(*v.created.USDRate)
	return usd, err == nil
}
