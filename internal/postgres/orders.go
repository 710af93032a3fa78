package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parcelward/internal/postgres/query"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// ErrNotFound says that nothing is known of an order.
var ErrNotFound = errors.New("order not found")

// Order is one order as it is routed and shown. Times are virtual and in UTC; zero: none.
type Order struct {
	Store, Order string

	Latest   int64 // position of its latest fact
	Seen     int64 // the dispatcher has judged the facts up to here
	Handed   int64 // the Order workflow knows the facts up to here
	Started  bool  // a workflow was ever started
	RunID    string
	JudgedAt time.Time // when a workflow last loaded the facts

	Attempts  int    // failed ones in a row
	LastError string // of the latest failed one

	Shipments []int // serials of Shipment workflows that may run

	View
	CaseCount int
	UpdatedAt time.Time // real

	pk      int64
	nextTry time.Time // names the claim
}

// Waiting tells whether facts wait to be judged by the dispatcher.
func (o *Order) Waiting() bool { return o.Latest > o.Seen }

// View is what people see of an order, as the rules said when its facts were last judged.
type View struct {
	Policy       string      // the pack to which it is pinned
	Stage        rules.Stage // empty: not created yet
	Country      string
	NextDeadline *rules.Deadline
	Payout       *money.Amount // expected, USD
	End          string        // why its story is over (rules.End…); empty: it is not
	RecheckAt    time.Time     // when it changes by time alone
	CreatedAt    time.Time     // in the words of the order.created that counts
}

// Case is a case of an order's latest assessment.
type Case struct {
	rules.Case
	ClaimID string // empty: not filed
	Payout  *money.Amount
}

// Order returns what is known of an order, or [ErrNotFound].
func (db *DB) Order(ctx context.Context, store, order string) (Order, error) {
	row, err := db.q.GetOrder(ctx, query.GetOrderParams{Store: store, OrderNo: order})
	if errors.Is(err, pgx.ErrNoRows) {
		return Order{}, fmt.Errorf("order %s/%s: %w", store, order, ErrNotFound)
	}
	if err != nil {
		return Order{}, fmt.Errorf("read order %s/%s: %w", store, order, err)
	}
	return orderOf(row), nil
}

// Orders lists at most a number of orders by store and number, beginning behind the one
// named; empty names: at the first.
func (db *DB) Orders(ctx context.Context, behindStore, behindOrder string, most int) ([]Order, error) {
	rows, err := db.q.ListOrders(ctx, query.ListOrdersParams{Store: behindStore, OrderNo: behindOrder, Most: int32(most)}) //nolint:gosec // a page
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	return ordersOf(rows), nil
}

// Stores lists every store of which the inbox has an order, in order.
func (db *DB) Stores(ctx context.Context) ([]string, error) {
	stores, err := db.q.Stores(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the stores: %w", err)
	}
	return stores, nil
}

// Facts returns the facts of an order by position; none for an order that is not known.
func (db *DB) Facts(ctx context.Context, o *Order) ([]Fact, error) {
	facts, err := factsOf(ctx, db.q, o.pk, 0)
	if err != nil {
		return nil, fmt.Errorf("order %s/%s: %w", o.Store, o.Order, err)
	}
	return facts, nil
}

// Cases returns the cases of an order's latest assessment, in output order.
func (db *DB) Cases(ctx context.Context, store, order string) ([]Case, error) {
	rows, err := db.q.CasesOf(ctx, query.CasesOfParams{Store: store, OrderNo: order})
	if err != nil {
		return nil, fmt.Errorf("read the cases of order %s/%s: %w", store, order, err)
	}
	cases := make([]Case, len(rows))
	for i, r := range rows {
		cases[i] = Case{
			Case: rules.Case{
				Kind: rules.CaseKind(r.Kind), TrackingNumber: r.TrackingNumber, LastMovementAt: stamp(r.LastMovementAt),
				OpenedAt: stamp(r.OpenedAt), AlertBy: stamp(r.AlertBy), ConfirmBy: stamp(r.ConfirmBy), FileBy: stamp(r.FileBy),
				Status: rules.CaseStatus(r.Status), Superseded: r.Superseded, NextDeadline: deadline(r.NextDeadlineKind, r.NextDeadline),
			},
			ClaimID: r.ClaimID, Payout: usd(r.ExpectedPayoutUsd),
		}
		if r.CustomsDocumentBy != nil {
			by := stamp(*r.CustomsDocumentBy)
			cases[i].CustomsDocumentBy = &by
		}
	}
	return cases, nil
}

// Trace returns the rows known of a tracking number, oldest first, manual ones too.
func (db *DB) Trace(ctx context.Context, store, number string) ([]rules.Row, error) {
	rows, err := db.q.TraceOf(ctx, query.TraceOfParams{Store: store, TrackingNumber: number})
	if err != nil {
		return nil, fmt.Errorf("read the trace of %s: %w", number, err)
	}
	trace := make([]rules.Row, len(rows))
	for i, r := range rows {
		trace[i] = rules.Row{
			At: r.At.UTC(), Milestone: rules.Milestone(r.Milestone), Code: r.Code, Location: r.Location, Description: r.Description,
			SignedBy: r.SignedBy, Authorised: r.Authorised, Source: rules.RowSource(r.Source),
		}
	}
	return trace, nil
}

// Counts is how much there is.
type Counts struct {
	Events  int64
	Orders  int64
	Waiting int64            // orders with facts that the dispatcher has yet to judge
	Failing int64            // of them, those that it tried in vain
	Unknown map[string]int64 // events of unknown type, by type
}

// Counts counts all rows: for people and tests, not for every scrape.
func (db *DB) Counts(ctx context.Context) (Counts, error) {
	row, err := db.q.Counts(ctx)
	if err != nil {
		return Counts{}, fmt.Errorf("count the inbox: %w", err)
	}
	types, err := db.q.UnknownTypes(ctx)
	if err != nil {
		return Counts{}, fmt.Errorf("count events of unknown type: %w", err)
	}
	c := Counts{Events: row.Events, Orders: row.Orders, Waiting: row.Waiting, Failing: row.Failing, Unknown: map[string]int64{}}
	for _, t := range types {
		c.Unknown[t.Type] = t.Events
	}
	return c, nil
}

func ordersOf(rows []query.Order) []Order {
	orders := make([]Order, len(rows))
	for i, r := range rows {
		orders[i] = orderOf(r)
	}
	return orders
}

func orderOf(r query.Order) Order {
	shipments := make([]int, len(r.Shipments))
	for i, serial := range r.Shipments {
		shipments[i] = int(serial)
	}
	return Order{
		Shipments: shipments,
		Store:     r.Store, Order: r.OrderNo, Latest: r.LatestPosition, Seen: r.SeenPosition, Handed: r.HandedPosition,
		Started: r.Started, RunID: r.RunID, JudgedAt: utc(r.JudgedAt), Attempts: int(r.Attempts), LastError: r.LastError,
		View: View{
			Policy: r.Policy, Stage: rules.Stage(r.Stage), Country: r.Country, NextDeadline: deadline(r.NextDeadlineKind, r.NextDeadline),
			Payout: usd(r.ExpectedPayoutUsd), End: r.EndReason, RecheckAt: utc(r.RecheckAt),
			CreatedAt: utc(r.CreatedAt),
		},
		CaseCount: int(r.Cases), UpdatedAt: r.UpdatedAt.UTC(), pk: r.OrderPk, nextTry: r.NextTryAt,
	}
}
