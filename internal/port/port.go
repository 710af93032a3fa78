// Package port names what Parcelward needs of the world: carriers, the platform, people's
// attention, and its own records. Activities and the dispatcher speak to these interfaces;
// adapters implement them.
//
// Invariants: every method may be called again with the same arguments and changes the
// world once; an error that no repeat can mend wraps [ErrRefused].
package port

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"parcelward/internal/protocol"
	"parcelward/internal/rules/money"
)

// ErrRefused marks a definite no from the other side: a repeat is useless.
var ErrRefused = errors.New("refused")

// Inbox is the durable record of facts.
type Inbox interface {
	// Record keeps CloudEvents that Parcelward itself brings about. An event whose source
	// and ID are known changes nothing.
	Record(ctx context.Context, events []json.RawMessage) error
	// Load returns the facts of an order behind a position, oldest position first. With
	// ForOrder it notes that the Order workflow knows them from now on; it takes the lock
	// that routing a new fact takes, so that no fact slips in between.
	Load(ctx context.Context, q protocol.FactsQuery) (protocol.Facts, error)
}

// Filing hands claims in. Where the platform has no interface for it a person does, and
// Pending says so.
type Filing interface {
	// File hands a claim in once per key; it looks up before it files again.
	File(ctx context.Context, r protocol.FilingRequest) (protocol.Filed, error)
	// Appeal appeals a rejected claim once per key.
	Appeal(ctx context.Context, r protocol.ClaimRequest) (protocol.Filed, error)
	// SendPapers hands in what the platform wants besides, once per key.
	SendPapers(ctx context.Context, r protocol.ClaimRequest) (protocol.Filed, error)
	// AskProtection asks seller protection for a claim that was refused again, once per key.
	AskProtection(ctx context.Context, r protocol.ClaimRequest) (protocol.Filed, error)
}

// Notifier brings notices to people.
type Notifier interface {
	// Notify keeps a notice durably, once per key, where people see it and whatever sends
	// messages finds it. It does not wait for anybody to be reached: stories call it on the
	// way to a decision.
	Notify(ctx context.Context, n protocol.Notice) error
}

// LedgerEntry is one movement of money in an order's books.
type LedgerEntry struct {
	Key    string       `json:"key"` // booked once
	Store  string       `json:"store"`
	Order  string       `json:"order"`
	Claim  string       `json:"claim_id"`
	Kind   string       `json:"kind"` // claimed, approved, rejected, paid
	Amount money.Amount `json:"amount"`
	At     time.Time    `json:"at"`
}

// Ledger keeps the books.
type Ledger interface {
	Book(ctx context.Context, entries []LedgerEntry) error
}

// Tickets opens support tickets.
type Tickets interface {
	// OpenTicket opens a ticket once per workflow ID: one that is, or was, open under it changes
	// nothing. What the deployment knows better than the caller, such as the store's profile, it
	// fills in.
	OpenTicket(ctx context.Context, in protocol.TicketInput) error
}
