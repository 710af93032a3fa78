package activities

import (
	"context"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
)

// Assisted is the filing that every real store has: the platform offers no interface for
// claims, so a person hands the claim in, and the fact comes back as an event.
type Assisted struct{}

var _ port.Filing = Assisted{}

// File asks for nothing but patience: the claim's notices tell the person what to do.
func (Assisted) File(context.Context, protocol.FilingRequest) (protocol.Filed, error) {
	return protocol.Filed{Pending: true}, nil
}

// Appeal is like File.
func (Assisted) Appeal(context.Context, protocol.AppealRequest) (protocol.Filed, error) {
	return protocol.Filed{Pending: true}, nil
}
