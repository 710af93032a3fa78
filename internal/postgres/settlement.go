package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/port"
	"parcelward/internal/postgres/query"
	"parcelward/internal/rules/money"
)

// settleAtOnce bounds one statement.
const settleAtOnce = 1000

// KeepSettlements implements [port.OrderReads]. Of one child order told twice the last counts.
func (db *DB) KeepSettlements(ctx context.Context, platform, store string, settled []port.Settlement, at time.Time) error {
	latest := map[[2]string]int{}
	for i := range settled {
		latest[[2]string{settled[i].Order, settled[i].Child}] = i
	}
	p := query.KeepSettlementsParams{Platform: platform, Store: store, At: at}
	keep := func() error {
		if len(p.Orders) == 0 {
			return nil
		}
		if err := db.q.KeepSettlements(ctx, p); err != nil {
			return fmt.Errorf("keep %d settlements of store %s: %w", len(p.Orders), store, err)
		}
		p = query.KeepSettlementsParams{Platform: platform, Store: store, At: at}
		return nil
	}
	for i := range settled {
		s := &settled[i]
		if latest[[2]string{s.Order, s.Child}] != i {
			continue
		}
		currency, err := s.Currency()
		if err != nil {
			return fmt.Errorf("keep the settlements of store %s: %w", store, err)
		}
		p.Orders, p.Children = append(p.Orders, text(s.Order)), append(p.Children, text(s.Child))
		p.Statuses, p.Reasons, p.Currencies = append(p.Statuses, text(s.Status)), append(p.Reasons, text(s.WaitReason)), append(p.Currencies, currency)
		for _, column := range []struct {
			to *[]string
			of *money.Amount
		}{
			{&p.Loans, s.Loan},
			{&p.RealLoans, s.RealLoan},
			{&p.Fees, s.EscrowFee},
			{&p.Affiliates, s.Affiliate},
			{&p.Refunds, s.Refund},
			{&p.RealRefunds, s.RealRefund},
		} {
			value := ""
			if column.of != nil {
				value = column.of.Value.String()
			}
			*column.to = append(*column.to, value)
		}
		if len(p.Orders) == settleAtOnce {
			if err := keep(); err != nil {
				return err
			}
		}
	}
	return keep()
}

// Settled is what a platform pays out for a child order, as it said since a virtual time.
type Settled struct {
	port.Settlement
	At time.Time
}

// Settlements returns what is known of an order's payments, by child order.
func (db *DB) Settlements(ctx context.Context, store, order string) ([]Settled, error) {
	rows, err := db.q.SettlementsOf(ctx, query.SettlementsOfParams{Store: store, OrderNo: order})
	if err != nil {
		return nil, fmt.Errorf("read the settlements of order %s/%s: %w", store, order, err)
	}
	settled := make([]Settled, len(rows))
	for i, r := range rows {
		of := func(d *decimal.Decimal) *money.Amount {
			if d == nil {
				return nil
			}
			return &money.Amount{Value: *d, Currency: r.Currency}
		}
		settled[i] = Settled{port.Settlement{
			Order: r.OrderNo, Child: r.ChildOrderNo, Status: r.Status, WaitReason: r.WaitReason, Loan: of(r.Loan), RealLoan: of(r.RealLoan),
			EscrowFee: of(r.EscrowFee), Affiliate: of(r.Affiliate), Refund: of(r.Refund), RealRefund: of(r.RealRefund),
		}, r.At.UTC()}
	}
	return settled, nil
}
