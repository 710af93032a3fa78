package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"parcelward/internal/port"
	"parcelward/internal/postgres/query"
	"parcelward/internal/protocol"
)

// Record implements [port.Inbox]. An event that cannot be decoded, or that Postgres will never
// take, is refused, and with it all of the call: it is our own.
func (db *DB) Record(ctx context.Context, events []json.RawMessage) error {
	in := make([]Incoming, len(events))
	for i, raw := range events {
		e, err := protocol.DecodeEvent(raw)
		if err != nil {
			return fmt.Errorf("record event %d of %d: %w: %w", i+1, len(events), port.ErrRefused, err)
		}
		in[i] = Incoming{Event: e, Raw: raw}
	}
	_, err := db.Accept(ctx, in)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && slices.Contains([]string{"22", "23"}, refused.Code[:min(2, len(refused.Code))]) {
		return fmt.Errorf("%w: %w", port.ErrRefused, err) // data exception, integrity constraint violation
	}
	return err
}

// maxLoad bounds the facts of one Load. Temporal refuses payloads above 2 MB; one event is
// no larger than this.
const maxLoad = 1 << 20

// Load implements [port.Inbox]. An order of which nothing is known has no facts. Those beyond
// 1 MiB are left for a further Load, and the answer says so.
func (db *DB) Load(ctx context.Context, q protocol.FactsQuery) (protocol.Facts, error) {
	var facts []Fact
	more := false
	err := pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		sql := db.q.WithTx(tx)
		order, err := sql.LockOrder(ctx, query.LockOrderParams{Store: q.Store, OrderNo: q.Order})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("lock the order: %w", err)
		}
		if q.Ticket != "" {
			if err := sql.AddTicket(ctx, query.AddTicketParams{OrderPk: order.OrderPk, WorkflowID: q.Ticket}); err != nil {
				return fmt.Errorf("note the ticket: %w", err)
			}
		}
		rows, err := sql.FactsWithin(ctx, query.FactsWithinParams{OrderPk: order.OrderPk, Behind: q.Behind, MostBytes: maxLoad})
		if err != nil {
			return fmt.Errorf("read facts: %w", err)
		}
		upto := min(q.Behind, order.LatestPosition)
		for _, r := range rows {
			facts, upto = append(facts, Fact{Position: r.Position, Raw: r.Raw}), r.Position
		}
		more = upto < order.LatestPosition
		// Postgres keeps microseconds. Rounded up, no moment that was judged counts as to come.
		judged := q.Now.Add(time.Microsecond - 1).Truncate(time.Microsecond)
		return sql.NoteLoad(ctx, query.NoteLoadParams{OrderPk: order.OrderPk, JudgedAt: judged, ForOrder: q.ForOrder, Upto: upto})
	})
	if err != nil {
		return protocol.Facts{}, fmt.Errorf("load the facts of order %s/%s: %w", q.Store, q.Order, err)
	}
	return protocol.Facts{Events: Numbered(facts), More: more}, nil
}

// Fact is an event as it was received, with its position among the facts of one order.
type Fact struct {
	Position   int64
	Raw        string
	ReceivedAt time.Time // real; zero where nobody asks
}

// Numbered writes facts as they go to workflows, each with its position in it.
func Numbered(facts []Fact) []json.RawMessage {
	if len(facts) == 0 {
		return nil
	}
	events := make([]json.RawMessage, len(facts))
	for i, f := range facts {
		events[i] = json.RawMessage(protocol.Number(jsontext.Value(f.Raw), f.Position))
	}
	return events
}

func factsOf(ctx context.Context, q *query.Queries, pk, behind int64) ([]Fact, error) {
	rows, err := q.FactsOf(ctx, query.FactsOfParams{OrderPk: pk, Behind: behind})
	if err != nil {
		return nil, fmt.Errorf("read facts: %w", err)
	}
	facts := make([]Fact, len(rows))
	for i, r := range rows {
		facts[i] = Fact(r)
	}
	return facts, nil
}
