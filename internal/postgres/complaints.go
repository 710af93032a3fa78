package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/postgres/query"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// Complaints returns the freight complaints of an order, oldest first, as far as the record
// goes: what is at stake, and how each ended. What can still be done about one is asked of the
// rules.
func (db *DB) Complaints(ctx context.Context, store, order string) ([]rules.FreightComplaint, error) {
	rows, err := db.q.ComplaintsOf(ctx, query.ComplaintsOfParams{Store: store, OrderNo: order})
	if err != nil {
		return nil, fmt.Errorf("read the complaints of order %s/%s: %w", store, order, err)
	}
	list := make([]rules.FreightComplaint, len(rows))
	for i, r := range rows {
		list[i] = rules.FreightComplaint{
			ID: r.ComplaintID, Status: rules.ComplaintStatus(r.Status), OpenedAt: stamp(r.OpenedAt), RespondBy: stamp(r.RespondBy),
			AnsweredAt: stampAt(r.AnsweredAt), DecidedAt: stampAt(r.DecidedAt), Points: int(r.Points),
			MoneyAtRisk: sum(r.AtRisk, r.Currency), Frozen: sum(r.Frozen, r.Currency),
		}
	}
	return list, nil
}

// saveComplaints writes an order's complaints. None is ever unmade: facts stay.
func saveComplaints(ctx context.Context, q *query.Queries, o *Order, h *Handing) error {
	if len(h.Complaints) == 0 {
		return nil
	}
	p := query.UpsertComplaintsParams{OrderPk: o.pk}
	for i := range h.Complaints {
		c := &h.Complaints[i]
		p.Ids = append(p.Ids, text(c.ID))
		p.Opened = append(p.Opened, c.OpenedAt.Time())
		p.RespondBys = append(p.RespondBys, c.RespondBy.Time())
		p.Answered = append(p.Answered, orNever(c.AnsweredAt))
		p.Decided = append(p.Decided, orNever(c.DecidedAt))
		p.Statuses = append(p.Statuses, string(c.Status))
		p.Points = append(p.Points, int32(max(0, min(c.Points, maxPoints))))
		var atRisk, frozen, currency string
		if c.MoneyAtRisk != nil {
			atRisk, currency = c.MoneyAtRisk.Value.String(), c.MoneyAtRisk.Currency
		}
		if c.Frozen != nil {
			frozen, currency = c.Frozen.Value.String(), c.Frozen.Currency
		}
		p.AtRisk, p.Frozen, p.Currencies = append(p.AtRisk, atRisk), append(p.Frozen, frozen), append(p.Currencies, currency)
	}
	if err := q.UpsertComplaints(ctx, p); err != nil {
		return fmt.Errorf("write complaints: %w", err)
	}
	return nil
}

// maxPoints is what the column holds: facts of before the check may say anything.
const maxPoints = 1<<31 - 1

func orNever(s *rules.Stamp) string {
	if s == nil {
		return never
	}
	return s.Time().Format(time.RFC3339Nano)
}

func stampAt(t *time.Time) *rules.Stamp {
	if t == nil {
		return nil
	}
	s := stamp(*t)
	return &s
}

func sum(d *decimal.Decimal, currency string) *money.Amount {
	if d == nil {
		return nil
	}
	return &money.Amount{Value: *d, Currency: currency}
}
