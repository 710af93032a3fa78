package activities

import (
	"context"
	"fmt"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
)

// Assisted is the filing that every real store has: the platform offers no interface for
// claims, so a person hands the claim in, and the fact comes back as an event. A store whose
// platform is not configured ships in the same way.
type Assisted struct{}

var (
	_ port.Filing  = Assisted{}
	_ port.Shipper = Assisted{}
)

// File asks for nothing but patience: the claim's notices tell the person what to do.
func (Assisted) File(context.Context, protocol.FilingRequest) (protocol.Filed, error) {
	return protocol.Filed{Pending: true}, nil
}

// Appeal is like File.
func (Assisted) Appeal(context.Context, protocol.ClaimRequest) (protocol.Filed, error) {
	return protocol.Filed{Pending: true}, nil
}

// SendPapers is like File.
func (Assisted) SendPapers(context.Context, protocol.ClaimRequest) (protocol.Filed, error) {
	return protocol.Filed{Pending: true}, nil
}

// AskProtection is like File.
func (Assisted) AskProtection(context.Context, protocol.ClaimRequest) (protocol.Filed, error) {
	return protocol.Filed{Pending: true}, nil
}

// Logistics knows of none.
func (Assisted) Logistics(context.Context, string, string) ([]string, error) { return nil, nil }

// CreateLogistics leaves the label to a person.
func (Assisted) CreateLogistics(context.Context, protocol.LogisticsRequest) (protocol.Logistics, error) {
	return protocol.Logistics{Pending: true}, nil
}

// Waybill has none to give: whoever makes the label keeps it.
func (Assisted) Waybill(context.Context, string, string) ([]byte, error) {
	return nil, fmt.Errorf("waybill: this store has no interface to the platform: %w", port.ErrRefused)
}

// Declare waits for a person, whose act comes in as shipment.recorded.
func (Assisted) Declare(context.Context, protocol.DeclareRequest) (protocol.Declared, error) {
	return protocol.Declared{Pending: true}, nil
}

// Correct is like Declare.
func (Assisted) Correct(context.Context, protocol.DeclareRequest) (protocol.Declared, error) {
	return protocol.Declared{Pending: true}, nil
}
