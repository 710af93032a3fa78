package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
)

// NumberCheckDue is by when the carrier must know the number of a store's first parcel
// with that carrier.
func (rs Ruleset) NumberCheckDue(shipped time.Time) time.Time {
	return shipped.Add(rs.Pack.Shipping.NumberCheckDue.Value.Std())
}

// StoreHealth is what seller protection asks of a store. What nobody knows is nil, and never
// taken for good.
type StoreHealth struct {
	PositiveRatePercent *decimal.Decimal `json:"positive_rate_percent,omitempty"` // of the last 90 days
	DisputeRatePercent  *decimal.Decimal `json:"dispute_rate_percent,omitempty"`
	Programmes          []string         `json:"programmes"` // joined; empty and not nil: none is
}

// Protection tells what seller protection pays after a rejected appeal: a share of the
// actual loss (USD), at most the cap, or the reasons for which it pays nothing.
func (rs Ruleset) Protection(h StoreHealth, loss money.Amount) (money.Amount, []string, error) {
	p := &rs.Pack.Protection
	limit := p.Cap.Value
	nothing := money.Amount{Value: decimal.Zero.Pad(payoutPlaces), Currency: limit.Currency}
	if loss.Currency != limit.Currency || loss.IsNegative() {
		return nothing, nil, fmt.Errorf("loss: expected a positive amount in %s, got %s", limit.Currency, loss)
	}
	var reasons []string
	switch {
	case h.PositiveRatePercent == nil:
		reasons = append(reasons, "positive-rate-unknown")
	case h.PositiveRatePercent.Cmp(p.PositiveRateMinPercent.Value) < 0:
		reasons = append(reasons, "positive-rate")
	}
	switch {
	case h.DisputeRatePercent == nil:
		reasons = append(reasons, "dispute-rate-unknown")
	case h.DisputeRatePercent.Cmp(p.DisputeRateMaxPercent.Value) > 0:
		reasons = append(reasons, "dispute-rate")
	}
	if h.Programmes == nil {
		reasons = append(reasons, "programmes-unknown")
		return nothing, reasons, nil
	}
	for _, programme := range p.Programmes.Value {
		if !slices.Contains(h.Programmes, programme) {
			reasons = append(reasons, "not-joined-"+programme)
		}
	}
	if len(reasons) > 0 {
		return nothing, reasons, nil
	}
	share, err := loss.Value.Mul(p.LossSharePercent.Value)
	if err == nil {
		share, err = share.Quo(decimal.Hundred)
	}
	if err != nil {
		return nothing, nil, fmt.Errorf("share of the loss %s: %w", loss, err)
	}
	if share.Cmp(limit.Value) > 0 {
		share = limit.Value
	}
	return money.Amount{Value: money.RoundHalfUp(share, payoutPlaces), Currency: limit.Currency}, nil, nil
}

// CheckAppeal tells what is wrong with the originals of an appeal, by their content hashes: it
// must hold every one that is known to have been handed in before, and at least one of those that
// came since and were not.
func CheckAppeal(handedIn, added, appeal []string) error {
	for _, hash := range handedIn {
		if !slices.Contains(appeal, hash) {
			return fmt.Errorf("appeal: original %s was handed in before and is missing; an appeal only adds, nothing may be replaced or removed", hash)
		}
	}
	for _, hash := range appeal {
		if slices.Contains(added, hash) && !slices.Contains(handedIn, hash) {
			return nil
		}
	}
	return fmt.Errorf("appeal: expected at least one original that was not handed in before, got %d and none of them new", len(appeal))
}

// MissingEvidence lists the kinds that a filing must hold and does not.
func (rs Ruleset) MissingEvidence(kinds []string) []string {
	var missing []string
	for _, kind := range rs.Pack.Claim.EvidenceKinds.Value {
		if !slices.Contains(kinds, kind) {
			missing = append(missing, kind)
		}
	}
	return missing
}
