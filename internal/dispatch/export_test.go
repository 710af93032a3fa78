package dispatch

import (
	"context"

	"parcelward/internal/postgres"
)

// Hand is the work on one order.
func (d *Dispatcher) Hand(ctx context.Context, o *postgres.Order) (bool, error) {
	return d.hand(ctx, o)
}

// Claim takes the next orders.
func (d *Dispatcher) Claim(ctx context.Context, most int) ([]postgres.Order, error) {
	return d.claim(ctx, most)
}
