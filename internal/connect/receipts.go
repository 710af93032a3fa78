package connect

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
)

// Receipts acts on the receipts of the stores named, through AliExpress where it has its keys.
// Of all others it refuses: a person does so in the seller centre.
func (s Services) Receipts(stores []string) port.Receipts {
	return receipts{s.AliExpress, stores}
}

type receipts struct {
	client *aliexpress.Client // nil: no keys
	stores []string
}

func (r receipts) check(store string) error {
	if r.client == nil || !slices.Contains(r.stores, store) {
		return fmt.Errorf("store %s has no interface to its platform: %w", store, port.ErrRefused)
	}
	return nil
}

// ReceiptBy implements [port.Receipts].
func (r receipts) ReceiptBy(ctx context.Context, store, order string) (time.Time, error) {
	if err := r.check(store); err != nil {
		return time.Time{}, err
	}
	o, err := r.client.Order(ctx, store, order)
	return o.ReceiptBy, err
}

// ExtendReceipt implements [port.Receipts].
func (r receipts) ExtendReceipt(ctx context.Context, store, order string, seen time.Time, days int) error {
	if err := r.check(store); err != nil {
		return err
	}
	return r.client.ExtendReceipt(ctx, store, order, seen, days)
}
