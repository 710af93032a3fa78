package postgres

import (
	"context"
	"fmt"

	"github.com/govalues/decimal"
	"github.com/jackc/pgx/v5"

	"parcelward/internal/port"
	"parcelward/internal/postgres/query"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// Billed implements [port.Bills].
func (db *DB) Billed(ctx context.Context, numbers []string) (map[string][]port.BillKnown, error) {
	rows, err := db.q.BillParcels(ctx, numbers)
	if err != nil {
		return nil, fmt.Errorf("look up billed parcels: %w", err)
	}
	facts := map[int64]*rules.Facts{}
	known := make(map[string][]port.BillKnown, len(rows))
	for _, r := range rows {
		if facts[r.OrderPk] == nil {
			facts[r.OrderPk] = rules.NewFacts(r.Store, r.OrderNo)
		}
		known[r.Asked] = append(known[r.Asked], port.BillKnown{
			Store: r.Store, Number: r.TrackingNumber, Order: r.OrderNo, Policy: r.Policy, Facts: facts[r.OrderPk],
		})
	}
	if len(facts) == 0 {
		return known, nil
	}
	// With traces: a parcel that moved is no cancelled one.
	if err := fill(ctx, db.q, facts, append(statementTypes(), string(rules.TypeTrackingUpdated))); err != nil {
		return nil, fmt.Errorf("look up billed parcels: %w", err)
	}
	return known, nil
}

// BilledBefore implements [port.Bills].
func (db *DB) BilledBefore(ctx context.Context, store, file string, numbers []string) ([]rules.BillLine, error) {
	rows, err := db.q.BillLinesOf(ctx, query.BillLinesOfParams{Store: store, File: file, Numbers: numbers})
	if err != nil {
		return nil, fmt.Errorf("look up lines billed before: %w", err)
	}
	lines := make([]rules.BillLine, len(rows))
	for i, r := range rows {
		lines[i] = rules.BillLine{Number: r.TrackingNumber, Date: r.Billed, Fee: r.Fee, Amount: money.Amount{Value: r.Amount, Currency: r.Currency}}
	}
	return lines, nil
}

// linesAtOnce bounds one statement of an import; all of a file is one transaction.
const linesAtOnce = 2000

// KeepBill implements [port.Bills].
func (db *DB) KeepBill(ctx context.Context, store string, b port.Bill) error {
	err := pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		q := db.q.WithTx(tx)
		for lines := b.Lines; len(lines) > 0; {
			n := min(len(lines), linesAtOnce)
			p := query.KeepBillLinesParams{Store: store, File: b.File, Name: text(b.Name)}
			for _, l := range lines[:n] {
				addBillLine(&p, l)
			}
			if err := q.KeepBillLines(ctx, p); err != nil {
				return err //nolint:wrapcheck // wrapped below
			}
			lines = lines[n:]
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep the bill %s of store %s: %w", b.Name, store, err)
	}
	return nil
}

func addBillLine(p *query.KeepBillLinesParams, l port.BilledLine) {
	weight, expected, currency := "", "", ""
	if l.Weight != nil {
		weight = l.Weight.String()
	}
	if l.Expected != nil {
		expected, currency = l.Expected.Value.String(), l.Expected.Currency
	}
	p.Lines = append(p.Lines, int32(l.Line)) //nolint:gosec // the import bounds it
	p.Numbers = append(p.Numbers, l.BillLine.Number)
	p.Orders = append(p.Orders, text(l.BillLine.Order))
	p.Dates = append(p.Dates, l.Date)
	p.Weights = append(p.Weights, weight)
	p.Fees = append(p.Fees, text(l.Fee))
	p.Amounts = append(p.Amounts, l.Amount.Value.String())
	p.Currencies = append(p.Currencies, l.Amount.Currency)
	p.Parcels = append(p.Parcels, l.BillMatch.Number)
	p.OfOrders = append(p.OfOrders, l.BillMatch.Order)
	p.Reasons = append(p.Reasons, l.Reason)
	p.Expecteds = append(p.Expecteds, expected)
	p.ExpectedCurrencies = append(p.ExpectedCurrencies, currency)
}

// EachBilled implements [port.Books].
func (db *DB) EachBilled(ctx context.Context, store string, m rules.Month, each func(port.BilledLine) error) error {
	p := query.BillLinesBetweenParams{Store: store, FromDay: m.String() + "-01", UntilDay: m.Next().String() + "-01", Most: linesAtOnce}
	for {
		rows, err := db.q.BillLinesBetween(ctx, p)
		if err != nil {
			return fmt.Errorf("read the bills of store %s: %w", store, err)
		}
		for _, r := range rows {
			l, err := billedLine(r)
			if err != nil {
				return fmt.Errorf("bill %s, line %d, in the database: %w", r.Name, r.Line, err)
			}
			if err := each(l); err != nil {
				return err
			}
			p.BehindFile, p.BehindLine = r.File, r.Line
		}
		if len(rows) < linesAtOnce {
			return nil
		}
	}
}

func billedLine(r query.BillLinesBetweenRow) (port.BilledLine, error) {
	l := port.BilledLine{
		BillLine: rules.BillLine{
			Line: int(r.Line), Number: r.TrackingNumber, Order: r.OrderNo, Date: r.Billed, Fee: r.Fee,
			Amount: money.Amount{Value: r.Amount, Currency: r.Currency},
		},
		BillMatch: rules.BillMatch{Number: r.Parcel, Order: r.OfOrder, Reason: r.Reason},
		File:      r.Name,
	}
	if r.Weight != "" {
		w, err := decimal.Parse(r.Weight)
		if err != nil {
			return l, fmt.Errorf("weight: %w", err)
		}
		l.Weight = &w
	}
	if r.Expected != "" {
		expected, err := decimal.Parse(r.Expected)
		if err != nil {
			return l, fmt.Errorf("expected amount: %w", err)
		}
		l.Expected = &money.Amount{Value: expected, Currency: r.ExpectedCurrency}
		if by, err := r.Amount.SubExact(expected, max(r.Amount.Scale(), expected.Scale())); err == nil && r.Currency == r.ExpectedCurrency {
			l.By = &money.Amount{Value: by, Currency: r.Currency}
		}
	}
	return l, nil
}
