package port

import (
	"context"
	"errors"
	"net/http"
	"time"

	"parcelward/internal/rules"
)

// ErrUnauthorised says that a platform does not let us act for a store any more: the seller
// must authorise again. Errors that wrap it wrap [ErrRefused] too.
var ErrUnauthorised = errors.New("not authorised")

// OrderSource is a platform whose stores' orders are read.
//
// Errors are *[UnavailableError] where a repeat may help, and wrap [ErrUnauthorised] where a
// person must act, or [ErrRefused] for any other no. Anything else means that what the platform
// shows of an order cannot be told as facts.
type OrderSource interface {
	// Name is the platform in configuration, IDs and metrics: aliexpress.
	Name() string
	// Changed lists the orders that changed from from up to to, by the platform's clock, each once.
	Changed(ctx context.Context, store string, from, to time.Time) ([]ChangedOrder, error)
	// Events are what has happened to an order so far, each time with the same sources and IDs.
	Events(ctx context.Context, store, order string) ([]rules.Event, error)
	// Renew renews what lets us act for a store where that is due, and tells how it stands.
	Renew(ctx context.Context, store string) (Authorisation, error)
}

// ChangedOrder is an order in a list of changes.
type ChangedOrder struct {
	Order   string
	Updated time.Time // by the platform's clock
	State   string    // what else the list shows of it; where it differs, the order has changed
}

// Authorisation is how long a platform lets us act for a store.
type Authorisation struct {
	Until   time.Time // unless it is renewed
	RenewBy time.Time // from then on only the seller can renew it; zero: not told
	Failed  error     // why the latest renewal failed; nil: it did not
}

// OrderReads is the record of which changes of a platform's orders were read.
type OrderReads interface {
	// ReadUpto is up to which change a store's orders were listed; zero: never yet.
	ReadUpto(ctx context.Context, platform, store string) (time.Time, error)
	// NoteListed notes in one go that all changes up to a moment are listed, and which: each is
	// due to be read from the virtual time now on, unless it was read already. The moment never
	// goes back.
	NoteListed(ctx context.Context, platform, store string, changed []ChangedOrder, upto, now time.Time) error
	// Unread are changes that are due to be read at a virtual time, the oldest first.
	Unread(ctx context.Context, platform, store string, at time.Time, most int) ([]UnreadOrder, error)
	// NoteRead notes what became of reading a change. One that was listed meanwhile stays due.
	NoteRead(ctx context.Context, platform, store string, r OrderRead) error
	// CountUnread is how many changes wait, due or not.
	CountUnread(ctx context.Context, platform, store string) (int, error)
}

// UnreadOrder is a change that is to be read.
type UnreadOrder struct {
	ChangedOrder
	Attempts int // failed ones in a row
}

// OrderRead is what became of it.
type OrderRead struct {
	UnreadOrder
	Next  time.Time // virtual, of the next attempt; zero: its facts are in the inbox
	Error string    // for people; empty: none
}

// PushedOrder says that something happened to an order; the order itself tells what.
type PushedOrder struct {
	Store string // empty: none of ours
	Order string // empty: the push names none
}

// OrderPusher is a platform that pushes which orders have changed.
type OrderPusher interface {
	Name() string
	// Receive verifies a push over its raw bytes, in constant time, and takes it apart. The
	// error wraps [ErrSignature], or [ErrRefused] for a body that cannot be read; after any
	// other, the same push is welcome again.
	Receive(ctx context.Context, header http.Header, body []byte) (PushedOrder, error)
}
