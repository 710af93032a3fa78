package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

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

// ReadUpto is up to which change the orders of a store were read; zero: never yet.
func (db *DB) ReadUpto(ctx context.Context, platform, store string) (time.Time, error) {
	at, err := db.q.ReadUpto(ctx, query.ReadUptoParams{Platform: platform, Store: store})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, fmt.Errorf("read how far the orders of store %s were read: %w", store, err)
	}
	return utc(at), nil
}

// NoteRead notes that all changes up to a moment are in the inbox. It never goes back.
func (db *DB) NoteRead(ctx context.Context, platform, store string, upto time.Time) error {
	if err := db.q.NoteRead(ctx, query.NoteReadParams{Platform: platform, Store: store, Upto: upto}); err != nil {
		return fmt.Errorf("note how far the orders of store %s were read: %w", store, err)
	}
	return nil
}
