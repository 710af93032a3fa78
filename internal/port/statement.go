package port

import (
	"context"
	"io"
	"time"

	"parcelward/internal/rules"
)

// OrderBooks is an order with what a statement is made of.
type OrderBooks struct {
	Order  string
	Policy string             // the pack to which it is pinned; empty: not judged yet
	Facts  *rules.Facts       // of money and parcels; no traces
	Ledger []rules.LedgerLine // up to the end of the span
}

// Bill is what was imported of a carrier's bill.
type Bill struct {
	File  string // SHA-256
	Name  string // of the file, for people
	Lines []BilledLine
}

// BilledLine is a line with what became of it.
type BilledLine struct {
	rules.BillLine
	rules.BillMatch

	File string `json:"file"` // name
}

// BillKnown is what is known of one number that a bill names.
type BillKnown struct {
	Store, Number, Order string // Number: the declared one
	Policy               string
	Facts                *rules.Facts
}

// StatementKept is a monthly statement as it was kept.
type StatementKept struct {
	Store  string                `json:"store"`
	Month  string                `json:"month"`
	Serial int                   `json:"serial"` // from 1; 0: none was kept
	SHA256 string                `json:"sha256"` // of all that it says, as JSON: what a later one is compared by
	Totals rules.StatementTotals `json:"totals"`
	Files  map[string]string     `json:"files"` // SHA-256 of each of its files, by format
	AsOf   time.Time             `json:"as_of"` // virtual
}

// Books is what statements are made of: all of it as it stood at one moment, read in pages.
type Books interface {
	// EachOrder walks over the orders of a store that a span of time is about, by number, and
	// returns the sums of the span's ledger as the database adds them up. A fact that cannot be
	// read ends it.
	EachOrder(ctx context.Context, store string, from, until time.Time, each func(OrderBooks) error) ([]rules.LedgerTotal, error)
	// EachBilled walks over the imported bill lines of a month, by file and line.
	EachBilled(ctx context.Context, store string, m rules.Month, each func(BilledLine) error) error
	// LastKept is the statement that was kept last; its Serial is 0 where none was.
	LastKept(ctx context.Context, store, month string) (StatementKept, error)
	// Keep keeps a statement with its files, by format, under its Serial, all of it or nothing; it
	// reports false where the serial is taken.
	Keep(ctx context.Context, s StatementKept, files map[string]io.Reader) (bool, error)
	// KeptFile writes a file of a statement as it was kept. A format that was not kept writes nothing.
	KeptFile(ctx context.Context, s StatementKept, format string, w io.Writer) error
}

// Bills keeps carriers' bills.
type Bills interface {
	// Billed is what is known of numbers, of all stores, by the number asked for; either number
	// of a parcel finds it.
	Billed(ctx context.Context, numbers []string) (map[string][]BillKnown, error)
	// BilledBefore are the lines about numbers in files that were imported before this one.
	BilledBefore(ctx context.Context, store, file string, numbers []string) ([]rules.BillLine, error)
	// KeepBill keeps all lines of a file, or none. Lines that are kept already get what became
	// of them anew.
	KeepBill(ctx context.Context, store string, b Bill) error
}

// Statements makes and keeps the statement of a store's month.
type Statements interface {
	// Location is the platform's zone at a moment.
	Location(at time.Time) *time.Location
	// KeepMonth keeps the statement of a month as it is at the virtual time now. It reports
	// whether an earlier one said something else; one that says the same is not kept again.
	KeepMonth(ctx context.Context, store string, m rules.Month, now time.Time) (kept StatementKept, changed bool, err error)
}

// Stores knows how stores do.
type Stores interface {
	// Health is what seller protection asks of a store at a virtual moment.
	Health(ctx context.Context, store string, at time.Time) (rules.StoreHealth, error)
	// Week judges a store's health in a week, from the facts as they are at the virtual time now.
	Week(ctx context.Context, store string, w rules.Week, now time.Time) (rules.Health, error)
	// SetScores keeps what a person read off the seller centre for a week.
	SetScores(ctx context.Context, store string, w rules.Week, s rules.HealthScores, by string) error
}

// StoreFacts is what a store's health is counted from.
type StoreFacts interface {
	// Opened are the events of a span, both its ends included, that opened complaints and disputes
	// of a store, in the order in which they came.
	Opened(ctx context.Context, store string, from, until time.Time) ([]rules.Event, error)
	// CountOrders counts the orders created in a span.
	CountOrders(ctx context.Context, store string, from, until time.Time) (int, error)
	// Scores are those entered for a week; of programmes the latest known by then. SetScores adds
	// to them: what it leaves out stays.
	Scores(ctx context.Context, store string, w rules.Week) (rules.HealthScores, error)
	SetScores(ctx context.Context, store string, w rules.Week, s rules.HealthScores, by string) error
}
