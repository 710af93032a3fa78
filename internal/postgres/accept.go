package postgres

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"parcelward/internal/postgres/query"
	"parcelward/internal/rules"
)

// Incoming is one event on its way into the inbox: decoded without error by
// protocol.DecodeEvent, and as it was received.
type Incoming struct {
	Event rules.Event
	Raw   []byte
}

// Accepted counts what became of a batch.
type Accepted struct {
	New      int // kept now
	Repeated int // source and ID were known already
}

// acceptAtOnce bounds one transaction: its locks on tracking numbers live in the server's
// lock table, which is small.
const acceptAtOnce = 500

// Accept keeps events and gives each to the orders that it belongs to. When it returns
// without error all are on disk. Events beyond the first 500 go in by further transactions:
// after an error some may be kept, and sending all again is right.
func (db *DB) Accept(ctx context.Context, events []Incoming) (Accepted, error) {
	var sum Accepted
	for chunk := range slices.Chunk(events, acceptAtOnce) {
		b := newBatch(chunk)
		if err := db.byKey(ctx, func(q *query.Queries) error { return b.write(ctx, q) }); err != nil {
			return sum, fmt.Errorf("keep %d events in the inbox: %w", len(chunk), err)
		}
		sum.New += len(b.seqs)
		sum.Repeated += len(chunk) - len(b.seqs)
	}
	return sum, nil
}

type eventKey struct{ source, id string }

type orderKey struct{ store, order string }

func compareOrders(a, b orderKey) int {
	return cmp.Or(strings.Compare(a.store, b.store), strings.Compare(a.order, b.order))
}

// batch is a chunk of events without repeats, by source and ID.
type batch struct {
	events map[eventKey]Incoming
	keys   []eventKey
	seqs   []int64 // of the new ones
}

func newBatch(chunk []Incoming) *batch {
	b := &batch{events: make(map[eventKey]Incoming, len(chunk))}
	for _, in := range chunk {
		key := eventKey{text(in.Event.Source), text(in.Event.ID)}
		if _, repeated := b.events[key]; !repeated {
			b.events[key] = in
			b.keys = append(b.keys, key)
		}
	}
	slices.SortFunc(b.keys, func(x, y eventKey) int {
		return cmp.Or(strings.Compare(x.source, y.source), strings.Compare(x.id, y.id))
	})
	return b
}

// write takes the locks in the package's order: numbers, inbox rows, new orders, order rows,
// tracked numbers.
func (b *batch) write(ctx context.Context, q *query.Queries) error {
	if numbers := b.numbers(); len(numbers.Keys) > 0 {
		if err := q.LockNumbers(ctx, numbers); err != nil {
			return fmt.Errorf("lock tracking numbers: %w", err)
		}
	}
	rows, err := q.InsertEvents(ctx, b.rows())
	if err != nil {
		return fmt.Errorf("insert events: %w", err)
	}
	b.seqs = make([]int64, len(rows))
	var orders []orderKey
	var parcels query.InsertParcelsParams
	var traces query.InsertTracesParams
	var replaced []query.InsertReplacementParams
	for i, row := range rows {
		b.seqs[i] = row.Seq
		e := b.events[eventKey{row.Source, row.ID}].Event
		if e.Data == nil {
			continue
		}
		orders = append(orders, orderKey{e.Store, e.Order})
		switch d := e.Data.(type) {
		case *rules.ShipmentRecorded:
			for _, order := range append([]string{e.Order}, d.OrderIDs...) {
				orders = append(orders, orderKey{e.Store, order})
				addParcel(&parcels, row.Seq, e.Store, order, d)
			}
			if d.Replaces != "" {
				replaced = append(replaced, query.InsertReplacementParams{Number: d.TrackingNumber, Store: e.Store, Old: d.Replaces})
			}
		case *rules.TrackingUpdated:
			for place := range d.Rows {
				addRow(&traces, row.Seq, place, e.Store, d)
			}
		}
	}
	if len(orders) == 0 {
		return nil
	}
	if err := q.EnsureOrders(ctx, names(orders)); err != nil {
		return fmt.Errorf("insert orders: %w", err)
	}
	if len(parcels.Seqs) > 0 {
		if err := q.InsertParcels(ctx, parcels); err != nil {
			return fmt.Errorf("insert parcels: %w", err)
		}
		if err := q.InsertTracked(ctx, tracked(&parcels)); err != nil {
			return fmt.Errorf("insert tracked numbers: %w", err)
		}
	}
	if len(traces.Seqs) > 0 {
		if err := q.InsertTraces(ctx, traces); err != nil {
			return fmt.Errorf("insert trace rows: %w", err)
		}
	}
	if err := q.LockOrdersOf(ctx, b.seqs); err != nil {
		return fmt.Errorf("lock orders: %w", err)
	}
	if err := q.LinkFacts(ctx, b.seqs); err != nil {
		return fmt.Errorf("give facts to their orders: %w", err)
	}
	return replace(ctx, q, replaced)
}

// replace notes which numbers took the place of which, so that the cases of the old ones follow:
// one after the other, for a chain of corrections may lie in one batch.
func replace(ctx context.Context, q *query.Queries, replaced []query.InsertReplacementParams) error {
	var p query.ForgetAnswersParams
	for _, r := range replaced {
		if err := q.InsertReplacement(ctx, r); err != nil {
			return fmt.Errorf("note that %s replaces %s: %w", r.Number, r.Old, err)
		}
		p.Stores, p.Numbers = append(p.Stores, r.Store), append(p.Numbers, r.Number)
	}
	if len(replaced) == 0 {
		return nil
	}
	if err := q.ForgetAnswers(ctx, p); err != nil {
		return fmt.Errorf("forget answers about numbers that replace others: %w", err)
	}
	return nil
}

// numbers are the locks that keep a recording and the facts of its number apart: each sees
// the other, or is seen. Facts among themselves may go on side by side.
func (b *batch) numbers() query.LockNumbersParams {
	locks := map[int64]bool{}
	for _, key := range b.keys {
		e := b.events[key].Event
		recording := e.Type == rules.TypeShipmentRecorded
		if !recording && !e.Type.OfParcel() {
			continue
		}
		h := fnv.New64a()
		h.Write([]byte(e.Store + "/" + numberOf(e.Data)))
		k := int64(h.Sum64()) //nolint:gosec // any 64 bits will do
		locks[k] = locks[k] || recording
	}
	var p query.LockNumbersParams
	for k := range locks {
		p.Keys = append(p.Keys, k)
	}
	slices.Sort(p.Keys)
	for _, k := range p.Keys {
		p.Exclusive = append(p.Exclusive, locks[k])
	}
	return p
}

func (b *batch) rows() query.InsertEventsParams {
	n := len(b.keys)
	p := query.InsertEventsParams{
		Sources: make([]string, n), Ids: make([]string, n), Types: make([]string, n), Stores: make([]string, n),
		Orders: make([]string, n), Numbers: make([]string, n), OfParcels: make([]bool, n), Knowns: make([]bool, n),
		Times: make([]time.Time, n), Raws: make([]string, n),
	}
	for i, key := range b.keys {
		in := b.events[key]
		e := &in.Event
		p.Sources[i], p.Ids[i], p.Types[i], p.Stores[i], p.Orders[i] = key.source, key.id, text(string(e.Type)), e.Store, e.Order
		p.Numbers[i], p.OfParcels[i], p.Knowns[i] = numberOf(e.Data), e.Type.OfParcel(), e.Data != nil
		p.Times[i], p.Raws[i] = e.Time, string(in.Raw)
	}
	return p
}

func numberOf(data rules.Data) string {
	switch d := data.(type) {
	case *rules.ShipmentRecorded:
		return d.TrackingNumber
	case *rules.TrackingUpdated:
		return d.TrackingNumber
	case *rules.ParcelFact:
		return d.TrackingNumber
	case *rules.Confirmed:
		return d.TrackingNumber
	case *rules.ClaimFiled:
		return d.TrackingNumber
	}
	return ""
}

func names(orders []orderKey) query.EnsureOrdersParams {
	slices.SortFunc(orders, compareOrders)
	var p query.EnsureOrdersParams
	for _, o := range slices.Compact(orders) {
		p.Stores = append(p.Stores, o.store)
		p.Orders = append(p.Orders, o.order)
	}
	return p
}

func addParcel(p *query.InsertParcelsParams, seq int64, store, order string, d *rules.ShipmentRecorded) {
	p.Seqs = append(p.Seqs, seq)
	p.Stores = append(p.Stores, store)
	p.Orders = append(p.Orders, order)
	p.Numbers = append(p.Numbers, d.TrackingNumber)
	p.Carriers = append(p.Carriers, text(d.Carrier))
	p.Services = append(p.Services, text(d.ServiceCode))
}

func addRow(p *query.InsertTracesParams, seq int64, place int, store string, d *rules.TrackingUpdated) {
	r := &d.Rows[place]
	p.Seqs = append(p.Seqs, seq)
	p.Places = append(p.Places, int32(place)) //nolint:gosec // an event has far fewer rows
	p.Stores = append(p.Stores, store)
	p.Numbers = append(p.Numbers, d.TrackingNumber)
	p.Times = append(p.Times, r.At)
	p.Milestones = append(p.Milestones, string(r.Milestone))
	p.Codes = append(p.Codes, text(r.Code))
	p.Sources = append(p.Sources, string(r.Source))
	p.Locations = append(p.Locations, text(r.Location))
	p.Descriptions = append(p.Descriptions, text(r.Description))
	p.Signers = append(p.Signers, text(r.SignedBy))
	p.Authorised = append(p.Authorised, r.Authorised)
}

// text makes a JSON string fit for Postgres, whose texts hold no NUL.
func text(s string) string { return strings.ReplaceAll(s, "\x00", "\uFFFD") }
