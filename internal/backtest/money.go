package backtest

import (
	"fmt"

	"github.com/govalues/decimal"

	"parcelward/internal/rules"
)

// tally is a number of orders and what their claims would pay together.
type tally struct {
	Orders  int
	USD     decimal.Decimal
	Unknown int // of Orders, those whose amount is not known for want of a rate
}

func (t *tally) add(a *rules.Assessment) error {
	t.Orders++
	if a.Claim == nil || a.Claim.Payout == nil {
		t.Unknown++
		return nil
	}
	sum, err := t.USD.Add(a.Claim.Payout.Value)
	if err != nil {
		return fmt.Errorf("add up the payout of order %s/%s: %w", a.Store, a.Order, err)
	}
	t.USD = sum
	return nil
}

// purse adds up money by outcome and by cause of loss.
type purse struct {
	outcome [outcomes]tally
	cause   [causes]tally
}

func (p *purse) add(f fate, a *rules.Assessment) error {
	if f.outcome == NoCase {
		return nil
	}
	if err := p.outcome[f.outcome].add(a); err != nil {
		return err
	}
	if f.outcome != Lost {
		return nil
	}
	return p.cause[f.cause].add(a)
}
