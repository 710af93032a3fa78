package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parcelward/internal/port"
	"parcelward/internal/postgres/query"
	"parcelward/internal/protocol"
	"parcelward/internal/rules/money"
)

// Book implements [port.Ledger].
func (db *DB) Book(ctx context.Context, entries []port.LedgerEntry) error {
	return db.durably(ctx, func(q *query.Queries) error { return book(ctx, q, entries) })
}

func book(ctx context.Context, q *query.Queries, entries []port.LedgerEntry) error {
	if len(entries) == 0 {
		return nil
	}
	var p query.BookParams
	for _, e := range entries {
		p.Keys = append(p.Keys, text(e.Key))
		p.Stores = append(p.Stores, e.Store)
		p.Orders = append(p.Orders, e.Order)
		p.Claims = append(p.Claims, text(e.Claim))
		p.Kinds = append(p.Kinds, e.Kind)
		p.Amounts = append(p.Amounts, e.Amount.Value.String())
		p.Currencies = append(p.Currencies, e.Amount.Currency)
		p.Times = append(p.Times, e.At)
	}
	if err := q.Book(ctx, p); err != nil {
		return fmt.Errorf("book %d entries: %w", len(entries), err)
	}
	return nil
}

// Entries returns what is booked for an order, oldest first.
func (db *DB) Entries(ctx context.Context, store, order string) ([]port.LedgerEntry, error) {
	rows, err := db.q.Entries(ctx, query.EntriesParams{Store: store, OrderNo: order})
	if err != nil {
		return nil, fmt.Errorf("read the books of order %s/%s: %w", store, order, err)
	}
	entries := make([]port.LedgerEntry, len(rows))
	for i, r := range rows {
		entries[i] = port.LedgerEntry{
			Key: r.Key, Store: r.Store, Order: r.OrderNo, Claim: r.ClaimID, Kind: r.Kind,
			Amount: money.Amount{Value: r.Amount, Currency: r.Currency}, At: r.At.UTC(),
		}
	}
	return entries, nil
}

// Told notes that people are told n and reports whether its key is new: only then they are.
func (db *DB) Told(ctx context.Context, n protocol.Notice) (bool, error) {
	rows, err := db.q.Tell(ctx, query.TellParams{
		Key: text(n.Key), Store: n.Store, OrderNo: n.Order, WorkflowID: n.WorkflowID, Kind: n.Kind, Manager: n.Manager,
		Due: optional(n.Due), Zh: text(n.ZH), En: text(n.EN),
	})
	if err != nil {
		return false, fmt.Errorf("note notice %s: %w", n.Key, err)
	}
	return rows == 1, nil
}

// Logged is the detail of the first entry of an action on an order that bears a key in it; nil:
// there is none.
func (db *DB) Logged(ctx context.Context, action, store, order, key string) (json.RawMessage, error) {
	raw, err := db.q.Logged(ctx, query.LoggedParams{Store: store, OrderNo: order, Action: action, Key: key})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("audit log: look for %s: %w", action, err)
	}
	return raw, nil
}

// Log appends to the audit log: who did what to which order. detail is kept as JSON.
func (db *DB) Log(ctx context.Context, actor, action, store, order string, detail any) error {
	raw, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("audit log: detail of %s: %w", action, err)
	}
	err = db.q.Log(ctx, query.LogParams{Actor: text(actor), Action: action, Store: store, OrderNo: order, Detail: raw})
	if err != nil {
		return fmt.Errorf("audit log: %s: %w", action, err)
	}
	return nil
}
