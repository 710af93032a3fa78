package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parcelward/internal/port"
	"parcelward/internal/postgres/query"
)

// Token is what lets us act for a store at a platform, as it was saved; nil: there is none.
func (db *DB) Token(ctx context.Context, platform, store string) ([]byte, error) {
	token, err := db.q.LoadToken(ctx, query.LoadTokenParams{Platform: platform, Store: store})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the token of store %s: %w", store, err)
	}
	return token, nil
}

// SaveToken replaces a store's token, which is JSON.
func (db *DB) SaveToken(ctx context.Context, platform, store string, token []byte) error {
	if err := db.q.SaveToken(ctx, query.SaveTokenParams{Platform: platform, Store: store, Token: token}); err != nil {
		return fmt.Errorf("save the token of store %s: %w", store, err)
	}
	return nil
}

// ReadUpto implements [port.OrderReads].
func (db *DB) ReadUpto(ctx context.Context, platform, store string) (time.Time, error) {
	at, err := db.q.ReadUpto(ctx, query.ReadUptoParams{Platform: platform, Store: store})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, fmt.Errorf("read how far the orders of store %s were read: %w", store, err)
	}
	return utc(at), nil
}

// readsKept is how long it is remembered that a change was read: longer than windows overlap.
const readsKept = time.Hour

// NoteListed implements [port.OrderReads].
func (db *DB) NoteListed(ctx context.Context, platform, store string, changed []port.ChangedOrder, upto, now time.Time) error {
	p := query.NoteChangedParams{Platform: platform, Store: store, DueAt: now}
	for _, c := range changed {
		p.Orders, p.Updates, p.States = append(p.Orders, text(c.Order)), append(p.Updates, c.Updated), append(p.States, text(c.State))
	}
	err := db.durably(ctx, func(q *query.Queries) error {
		if len(changed) > 0 {
			if err := q.NoteChanged(ctx, p); err != nil {
				return err //nolint:wrapcheck // said below
			}
		}
		if err := q.NoteListed(ctx, query.NoteListedParams{Platform: platform, Store: store, Upto: upto}); err != nil {
			return err //nolint:wrapcheck // said below
		}
		return q.ForgetReads(ctx, query.ForgetReadsParams{Platform: platform, Store: store, Before: upto.Add(-readsKept)})
	})
	if err != nil {
		return fmt.Errorf("note %d changed orders of store %s: %w", len(changed), store, err)
	}
	return nil
}

// Unread implements [port.OrderReads].
func (db *DB) Unread(ctx context.Context, platform, store string, at time.Time, most int) ([]port.UnreadOrder, error) {
	rows, err := db.q.UnreadOrders(ctx, query.UnreadOrdersParams{Platform: platform, Store: store, At: at, Most: int32(most)}) //nolint:gosec // a batch
	if err != nil {
		return nil, fmt.Errorf("list the orders of store %s that are to be read: %w", store, err)
	}
	unread := make([]port.UnreadOrder, len(rows))
	for i, r := range rows {
		unread[i] = port.UnreadOrder{
			ChangedOrder: port.ChangedOrder{Order: r.OrderNo, Updated: r.UpdatedAt.UTC(), State: r.State}, Attempts: int(r.Attempts),
		}
	}
	return unread, nil
}

// NoteRead implements [port.OrderReads].
func (db *DB) NoteRead(ctx context.Context, platform, store string, r port.OrderRead) error {
	err := db.q.NoteOrderRead(ctx, query.NoteOrderReadParams{
		Platform: platform, Store: store, OrderNo: r.Order, UpdatedAt: r.Updated, State: r.State, Next: optional(r.Next), Error: text(r.Error),
	})
	if err != nil {
		return fmt.Errorf("note that order %s/%s was read: %w", store, r.Order, err)
	}
	return nil
}

// ListedUpto implements [port.OrderReads].
func (db *DB) ListedUpto(ctx context.Context, platform, store, list string) (time.Time, error) {
	upto, err := db.q.ListedUpto(ctx, query.ListedUptoParams{Platform: platform, Store: store, List: list})
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read how far the %s of store %s were read: %w", list, store, err)
	}
	return upto.UTC(), nil
}

// NoteListedUpto implements [port.OrderReads].
func (db *DB) NoteListedUpto(ctx context.Context, platform, store, list string, upto time.Time) error {
	if err := db.q.NoteListedUpto(ctx, query.NoteListedUptoParams{Platform: platform, Store: store, List: list, Upto: upto}); err != nil {
		return fmt.Errorf("note how far the %s of store %s were read: %w", list, store, err)
	}
	return nil
}

// CountUnread implements [port.OrderReads].
func (db *DB) CountUnread(ctx context.Context, platform, store string) (int, error) {
	n, err := db.q.CountUnread(ctx, query.CountUnreadParams{Platform: platform, Store: store})
	if err != nil {
		return 0, fmt.Errorf("count the orders of store %s that are to be read: %w", store, err)
	}
	return int(n), nil
}
