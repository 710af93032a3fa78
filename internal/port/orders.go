package port

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
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
	// Read tells what has happened to an order so far. With an error, what could be told is there.
	Read(ctx context.Context, store, order string) (OrderNews, error)
	// Abnormal lists the orders that became abnormal in the platform's warehouses, or whose state
	// there changed, between two moments.
	Abnormal(ctx context.Context, store string, from, to time.Time) ([]AbnormalOrder, error)
	// Settlements lists what the platform pays out for the orders created between two moments, by
	// child order.
	Settlements(ctx context.Context, store string, from, to time.Time) ([]Settlement, error)
	// Renew renews what lets us act for a store where that is due, and tells how it stands.
	Renew(ctx context.Context, store string) (Authorisation, error)
}

// ChangedOrder is an order in a list of changes.
type ChangedOrder struct {
	Order   string
	Updated time.Time // by the platform's clock
	State   string    // what else the list shows of it; where it differs, the order has changed
}

// OrderNews is what a platform shows of an order.
type OrderNews struct {
	Events  []rules.Event // each time with the same sources and IDs
	Payouts []Payout
}

// Payout is compensation that the platform paid for an order: no other interface tells of one.
type Payout struct {
	Child  string // of that child order; empty: of the order
	At     time.Time
	Amount *money.Amount // nil: not told
}

// AbnormalOrder is an order in the platform's list of abnormal orders (异常订单).
type AbnormalOrder struct {
	Order     string
	Number    string // tracking number, normalised; may be empty
	Code      string // the platform's; may be empty
	Reason    string // in the platform's words; may be empty
	Warehouse string // may be empty
}

// Settlement is what a platform pays out, or will, for a child order. Amounts are nil where
// they are not told, and of one currency.
type Settlement struct {
	Order, Child string
	Status       string        // the platform's
	WaitReason   string        // why it is not paid out yet; may be empty
	Loan         *money.Amount // to be paid out
	RealLoan     *money.Amount // paid out
	EscrowFee    *money.Amount // the platform's commission
	Affiliate    *money.Amount // commission of affiliates
	Refund       *money.Amount // to be paid back
	RealRefund   *money.Amount // paid back
}

// Currency is that of all the amounts; empty: none is told. The error says where they differ.
func (s *Settlement) Currency() (string, error) {
	currency := ""
	for _, a := range []*money.Amount{s.Loan, s.RealLoan, s.EscrowFee, s.Affiliate, s.Refund, s.RealRefund} {
		switch {
		case a == nil || a.Currency == currency:
		case currency == "":
			currency = a.Currency
		default:
			return "", fmt.Errorf("settlement of child order %s of order %s: expected amounts of one currency, got %s and %s", s.Child, s.Order, currency, a.Currency)
		}
	}
	return currency, nil
}

// Receipts lets a seller act on the buyer's time to confirm a receipt.
//
// Errors are those of [OrderSource].
type Receipts interface {
	// ReceiptBy is when that time runs out; zero: the platform does not tell.
	ReceiptBy(ctx context.Context, store, order string) (time.Time, error)
	// ExtendReceipt gives the buyer so many days more, once: seen is ReceiptBy as the caller
	// decided on it, and where that has moved on since, the extension was granted already.
	ExtendReceipt(ctx context.Context, store, order string, seen time.Time, days int) error
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
	// ListedUpto is up to when another list of a store was read; zero: never yet.
	ListedUpto(ctx context.Context, platform, store, list string) (time.Time, error)
	NoteListedUpto(ctx context.Context, platform, store, list string, upto time.Time) error
	// KeepSettlements keeps what a platform said at a virtual time. What it said before of a child
	// order is replaced where it differs.
	KeepSettlements(ctx context.Context, platform, store string, settled []Settlement, at time.Time) error
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
