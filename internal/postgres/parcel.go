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

var _ port.Parcels = (*DB)(nil)

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
	order, err := db.Order(ctx, store, p.Order)
	if err != nil {
		return p, nil, err
	}
	known, err := db.Facts(ctx, &order)
	if err != nil {
		return p, nil, err
	}
	facts := rules.NewFacts(store, p.Order)
	for _, f := range known {
		e, err := protocol.DecodeEvent([]byte(f.Raw))
		if err != nil { // it was read once, before it was kept
			return p, nil, fmt.Errorf("order %s/%s: fact %d: %w", store, p.Order, f.Position, err)
		}
		facts.Add(e)
	}
	return p, facts, nil
}
