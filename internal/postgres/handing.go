package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/govalues/decimal"
	"github.com/jackc/pgx/v5"

	"parcelward/internal/port"
	"parcelward/internal/postgres/query"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// ClaimWaiting takes up to a number of orders whose facts wait to be judged, longest waiting
// first. For the span of the lease nobody else gets them; a process that dies gives them back by it.
func (db *DB) ClaimWaiting(ctx context.Context, most int, lease time.Duration) ([]Order, error) {
	rows, err := db.q.ClaimWaiting(ctx, query.ClaimWaitingParams{Most: int32(most), LeaseSeconds: lease.Seconds()}) //nolint:gosec // a handful
	if err != nil {
		return nil, fmt.Errorf("claim waiting orders: %w", err)
	}
	return ordersOf(rows), nil
}

// ClaimRechecks is ClaimWaiting for orders whose assessment changes by time alone and did so
// by the virtual time now.
func (db *DB) ClaimRechecks(ctx context.Context, most int, lease time.Duration, now time.Time) ([]Order, error) {
	rows, err := db.q.ClaimRechecks(ctx, query.ClaimRechecksParams{Most: int32(most), LeaseSeconds: lease.Seconds(), VirtualNow: now}) //nolint:gosec // a handful
	if err != nil {
		return nil, fmt.Errorf("claim orders to look at again: %w", err)
	}
	return ordersOf(rows), nil
}

// Handing is what the dispatcher found of an order, and did.
type Handing struct {
	Upto  int64  // position of the last fact judged
	Told  bool   // the Order workflow has been given them all
	RunID string // when it was started
	// ShipmentsEnded are serials of Shipment workflows that do not run any more.
	ShipmentsEnded []int
	View           View
	Cases          []Case
	Entries        []port.LedgerEntry // booked once per key

	Complaints []rules.FreightComplaint

	Polls    map[string]rules.Poll // of the order's parcels, by tracking number
	JudgedAt time.Time             // virtual
}

// SaveHanding settles what was done with an order as it was claimed. It reports false, and
// changes nothing, when the order must be judged anew: the lease ran out and somebody else
// claimed it, or a workflow loaded facts since then and nothing was told, so that what was
// judged against is no longer what the workflow believes.
func (db *DB) SaveHanding(ctx context.Context, o *Order, h *Handing) (bool, error) {
	saved := false
	err := pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		q := db.q.WithTx(tx)
		n, err := q.SaveHanding(ctx, handingParams(o, h))
		if err != nil || n == 0 {
			return err //nolint:wrapcheck // wrapped below
		}
		saved = true
		if err := saveCases(ctx, q, o, h); err != nil {
			return err
		}
		if err := saveComplaints(ctx, q, o, h); err != nil {
			return err
		}
		if err := planPolls(ctx, q, o, h); err != nil {
			return err
		}
		return book(ctx, q, h.Entries)
	})
	if err != nil {
		return false, fmt.Errorf("save what became of order %s/%s: %w", o.Store, o.Order, err)
	}
	return saved, nil
}

// AddShipment notes that a Shipment workflow of an order was started.
func (db *DB) AddShipment(ctx context.Context, store, order string, serial int) error {
	err := db.q.AddShipment(ctx, query.AddShipmentParams{Store: store, OrderNo: order, Serial: int32(serial)}) //nolint:gosec // two digits
	if err != nil {
		return fmt.Errorf("note shipment %d of order %s/%s: %w", serial, store, order, err)
	}
	return nil
}

// OpenTickets lists the workflow IDs of an order's tickets that may run: those that have looked
// into the inbox and were not found ended.
func (db *DB) OpenTickets(ctx context.Context, o *Order) ([]string, error) {
	ids, err := db.q.OpenTickets(ctx, o.pk)
	if err != nil {
		return nil, fmt.Errorf("list the tickets of order %s/%s: %w", o.Store, o.Order, err)
	}
	return ids, nil
}

// DropTicket strikes out a ticket of an order that has ended.
func (db *DB) DropTicket(ctx context.Context, o *Order, workflowID string) error {
	if err := db.q.DropTicket(ctx, query.DropTicketParams{OrderPk: o.pk, WorkflowID: workflowID}); err != nil {
		return fmt.Errorf("strike out %s: %w", workflowID, err)
	}
	return nil
}

// Release gives an order back untold, to be taken up again after a span. A cause counts as a
// failed attempt and is kept for people; nil counts as none. An order that somebody else
// claimed since is left alone.
func (db *DB) Release(ctx context.Context, o *Order, after time.Duration, cause error) error {
	p := query.ReleaseParams{OrderPk: o.pk, Claimed: o.nextTry, AfterSeconds: after.Seconds(), LastError: o.LastError}
	if cause != nil {
		p.Failures, p.LastError = 1, text(cause.Error())
	}
	if err := db.q.Release(ctx, p); err != nil {
		return fmt.Errorf("release order %s/%s: %w", o.Store, o.Order, err)
	}
	return nil
}

func handingParams(o *Order, h *Handing) query.SaveHandingParams {
	p := query.SaveHandingParams{
		OrderPk: o.pk, Claimed: o.nextTry, Believed: o.Handed, JudgedAt: optional(o.JudgedAt), Upto: h.Upto, Told: h.Told, RunID: h.RunID,
		RecheckAt: optional(h.View.RecheckAt), CreatedAt: optional(h.View.CreatedAt), Policy: h.View.Policy, Stage: string(h.View.Stage),
		ExpectedPayoutUsd: amount(h.View.Payout), Country: h.View.Country, Cases: int32(len(h.Cases)), EndReason: h.View.End, //nolint:gosec // a handful
	}
	for _, serial := range h.ShipmentsEnded {
		p.ShipmentsEnded = append(p.ShipmentsEnded, int32(serial)) //nolint:gosec // two digits
	}
	if d := h.View.NextDeadline; d != nil {
		p.NextDeadlineKind, p.NextDeadline = d.Kind, optional(d.At.Time())
	}
	return p
}

func saveCases(ctx context.Context, q *query.Queries, o *Order, h *Handing) error {
	if len(h.Cases) == 0 && o.CaseCount == 0 {
		return nil
	}
	p := query.UpsertCasesParams{OrderPk: o.pk, ExpectedPayoutUsd: amount(h.View.Payout)}
	for i := range h.Cases {
		c := &h.Cases[i]
		p.Numbers = append(p.Numbers, c.TrackingNumber)
		p.Kinds = append(p.Kinds, string(c.Kind))
		p.Opened = append(p.Opened, c.OpenedAt.Time().Truncate(time.Second))
		p.LastMovements = append(p.LastMovements, c.LastMovementAt.Time())
		p.AlertBys = append(p.AlertBys, c.AlertBy.Time())
		p.ConfirmBys = append(p.ConfirmBys, c.ConfirmBy.Time())
		p.FileBys = append(p.FileBys, c.FileBy.Time())
		p.Statuses = append(p.Statuses, string(c.Status))
		p.Superseded = append(p.Superseded, c.Superseded)
		p.Claims = append(p.Claims, text(c.ClaimID))
		customs, kind, next := never, "", never
		if c.CustomsDocumentBy != nil {
			customs = c.CustomsDocumentBy.String()
		}
		if c.NextDeadline != nil {
			kind, next = c.NextDeadline.Kind, c.NextDeadline.At.String()
		}
		p.CustomsBys = append(p.CustomsBys, customs)
		p.NextKinds = append(p.NextKinds, kind)
		p.Nexts = append(p.Nexts, next)
	}
	if err := q.UpsertCases(ctx, p); err != nil {
		return fmt.Errorf("write cases: %w", err)
	}
	if o.CaseCount == 0 {
		return nil
	}
	if err := q.DropCases(ctx, query.DropCasesParams{OrderPk: o.pk, Numbers: p.Numbers, Kinds: p.Kinds, Opened: p.Opened}); err != nil {
		return fmt.Errorf("drop cases that facts did away with: %w", err)
	}
	return nil
}

// never is the timestamp that stands for none where an array cannot hold NULL.
const never = "infinity"

func amount(a *money.Amount) *string {
	if a == nil {
		return nil
	}
	s := a.Value.String()
	return &s
}

func usd(d *decimal.Decimal) *money.Amount {
	if d == nil {
		return nil
	}
	return &money.Amount{Value: *d, Currency: "USD"}
}

func stamp(t time.Time) rules.Stamp { return rules.Stamp(t.UTC()) }

func deadline(kind string, at *time.Time) *rules.Deadline {
	if at == nil {
		return nil
	}
	return &rules.Deadline{Kind: kind, At: stamp(*at)}
}
