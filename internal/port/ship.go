package port

import (
	"context"
	"fmt"

	"parcelward/internal/protocol"
)

// Shipper makes labels and puts tracking numbers on the platform. Where a store has no
// interface a person does both, and Pending says so.
//
// Errors: an *[UnavailableError] where a repeat may help; one that wraps [ErrRefused] with the
// platform's reason where it does not.
type Shipper interface {
	// Logistics lists the IDs of the logistics orders that an order has.
	Logistics(ctx context.Context, store, order string) ([]string, error)
	// CreateLogistics makes a logistics order, which makes the label, and tells what is known of
	// it by now. One that the order has for the service already, and that is not among Others,
	// is the one that was asked for.
	CreateLogistics(ctx context.Context, r protocol.LogisticsRequest) (protocol.Logistics, error)
	// Waybill fetches the PDF of a logistics order's waybill.
	Waybill(ctx context.Context, store, logisticsID string) ([]byte, error)
	// Declare puts a number on an order that waits for its shipment, or in the place of one of
	// Unsure that stands there. It looks first whether the number stands there, and again after a
	// failure. A number that has not the form that the
	// platform asks of the service is refused by a *[FormError], without a call that declares.
	Declare(ctx context.Context, r protocol.DeclareRequest) (protocol.Declared, error)
	// Correct replaces OldNumber, or one of Unsure that stands there, as Declare does.
	Correct(ctx context.Context, r protocol.DeclareRequest) (protocol.Declared, error)
}

// FormError says that a number has not the form that the platform asks of a service.
type FormError struct{ Number, Service, Pattern string }

// Error implements error.
func (e *FormError) Error() string {
	return fmt.Sprintf("tracking number %s for %s: expected the form %s: %v", e.Number, e.Service, e.Pattern, ErrRefused)
}

// Unwrap is [ErrRefused].
func (e *FormError) Unwrap() error { return ErrRefused }
