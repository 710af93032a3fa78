package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parcelward/internal/port"
	"parcelward/internal/postgres/query"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/tracknum"
)

var (
	_ port.Parcels = (*DB)(nil)
	_ port.Aliases = (*DB)(nil)
)

// Parcel implements [port.Parcels].
func (db *DB) Parcel(ctx context.Context, store, number string) (port.Tracked, *rules.Facts, error) {
	number = tracknum.Normalize(number)
	p := port.Tracked{Store: store, Number: number}
	row, err := db.q.TrackedOf(ctx, query.TrackedOfParams{Store: store, Number: number})
	if errors.Is(err, pgx.ErrNoRows) {
		return p, nil, nil
	}
	if err != nil {
		return p, nil, fmt.Errorf("find parcel %s of store %s: %w", number, store, err)
	}
	p.Order, p.Number, p.Carrier, p.Service, p.Country = row.OrderNo, row.TrackingNumber, row.Carrier, row.ServiceCode, row.Country
	facts, _, err := db.OrderFacts(ctx, store, p.Order)
	return p, facts, err
}

// Aliases implements [port.Aliases].
func (db *DB) Aliases(ctx context.Context, store, number string) ([]string, error) {
	aliases, err := db.q.AliasesOf(ctx, query.AliasesOfParams{Store: store, Number: number})
	if err != nil {
		return nil, fmt.Errorf("read the further numbers of parcel %s of store %s: %w", number, store, err)
	}
	return aliases, nil
}

// OrderFacts implements [port.OrderFacts].
func (db *DB) OrderFacts(ctx context.Context, store, order string) (*rules.Facts, string, error) {
	facts := rules.NewFacts(store, order)
	o, err := db.Order(ctx, store, order)
	if errors.Is(err, ErrNotFound) {
		return facts, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	known, err := db.Facts(ctx, &o)
	if err != nil {
		return nil, "", err
	}
	for _, f := range known {
		e, err := protocol.DecodeEvent([]byte(f.Raw))
		if err != nil { // it was read once, before it was kept
			return nil, "", fmt.Errorf("order %s/%s: fact %d: %w", store, order, f.Position, err)
		}
		facts.Add(e)
	}
	return facts, o.Policy, nil
}
