package port

import (
	"context"
	"errors"
	"time"
)

// The sources that machines fetch originals from, beside [SourcePlatform].
const (
	SourceWarehouse = "warehouse"
	SourceCarrier   = "carrier"
)

// Paper is an original that a machine fetched.
type Paper struct {
	Name    string
	Content []byte    // the same each time, as long as its source has nothing new
	TakenAt time.Time // zero: it tells itself
}

// ErrNothing says that a source answered and has nothing of what was asked. Errors that wrap it
// wrap [ErrRefused] too: a repeat brings no more.
var ErrNothing = errors.New("there is nothing")

// ErrNobody says that there is no source for a store. Errors that wrap it wrap [ErrRefused] too.
var ErrNobody = errors.New("nobody is there to ask")

// Papers is what platforms show of orders, as originals.
//
// Errors are those of [OrderSource], or wrap [ErrNothing] or [ErrNobody].
type Papers interface {
	// Messages are what buyer and seller wrote to each other about an order.
	Messages(ctx context.Context, store, order string) (Paper, error)
	// OrderDetail is an order's detail, which proves amounts and times.
	OrderDetail(ctx context.Context, store, order string) (Paper, error)
}

// Warehouse is where goods leave from.
type Warehouse interface {
	// Outbound is the record of an order's way out, of one parcel where the warehouse tells them
	// apart. Errors are *[UnavailableError], or wrap [ErrRefused], [ErrNothing] or [ErrNobody].
	Outbound(ctx context.Context, store, order, number string) (Paper, error)
}
