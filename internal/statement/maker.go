package statement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

// platform is whose policy packs hold for a store.
const platform = "aliexpress"

// The formats of a statement.
const (
	XLSX = "xlsx"
	CSV  = "csv"  // the orders
	JSON = "json" // all of it
)

// MediaType is a format's media type; empty: there is no such format.
func MediaType(format string) string {
	switch format {
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case CSV:
		return "text/csv; charset=utf-8"
	case JSON:
		return "application/json"
	}
	return ""
}

// Maker makes statements.
type Maker struct {
	Books port.Books
	Book  *policy.Book
	// For is what an order is judged by: config.Rules.For.
	For func(f *rules.Facts, pinned string) (rules.Ruleset, error)
}

var _ port.Statements = (*Maker)(nil)

// Made is a statement that was written.
type Made struct {
	Totals rules.StatementTotals
	SHA256 string // of all that it says, as JSON: what a later one is compared by
}

// sink takes a statement in: its orders, then its bill lines, then the sums.
type sink interface {
	order(l *rules.StatementLine) error
	bill(l *port.BilledLine) error
	end(t *rules.StatementTotals) error
}

// Location is the platform's zone at a moment.
func (m *Maker) Location(at time.Time) *time.Location { return m.pack(at).Location() }

func (m *Maker) pack(at time.Time) *policy.Pack { return m.Book.InForce(platform, at) }

// Write writes the statement of a store's month, as it is at the virtual time now. After an
// error what was written is worth nothing.
func (m *Maker) Write(ctx context.Context, w io.Writer, format, store string, month rules.Month, now time.Time) (Made, error) {
	return m.write(ctx, map[string]io.Writer{format: w}, store, month, now)
}

// write is Write in several formats at once.
func (m *Maker) write(ctx context.Context, to map[string]io.Writer, store string, month rules.Month, now time.Time) (Made, error) {
	pack := m.pack(now)
	hash := sha256.New()
	said := io.Writer(hash)
	var sinks []sink
	for _, format := range slices.Sorted(maps.Keys(to)) {
		switch format {
		case XLSX:
			x, err := newWorkbook(to[format], store, month, pack)
			if err != nil {
				return Made{}, err
			}
			defer x.close()
			sinks = append(sinks, x)
		case CSV:
			sinks = append(sinks, newTable(to[format], pack.Location()))
		case JSON:
			said = io.MultiWriter(hash, to[format])
		default:
			return Made{}, fmt.Errorf("format %q: expected xlsx, csv or json: %w", format, port.ErrRefused)
		}
	}
	totals, err := m.reckon(ctx, store, month, now, append(sinks, newDocument(said, store, month)))
	if err != nil {
		return Made{}, err
	}
	return Made{totals, hex.EncodeToString(hash.Sum(nil))}, nil
}

func (m *Maker) reckon(ctx context.Context, store string, month rules.Month, now time.Time, sinks []sink) (rules.StatementTotals, error) {
	var totals rules.StatementTotals
	from, until := month.Bounds(m.Location(now))
	ledger, err := m.Books.EachOrder(ctx, store, from, until, func(o port.OrderBooks) error {
		line, about, err := m.line(o, month, now)
		if err != nil || !about {
			return err
		}
		if err := totals.Add(&line); err != nil {
			return fmt.Errorf("order %s: the sums are too long to hold: %w", o.Order, err)
		}
		return each(sinks, func(s sink) error { return s.order(&line) })
	})
	if err != nil {
		return totals, fmt.Errorf("statement %s of store %s: %w", month, store, err)
	}
	if !totals.EqualsLedger(ledger) {
		return totals, fmt.Errorf("statement %s of store %s: its sums %v are not the ledger's %v; nothing is made, for one of them is wrong", month, store, totals.Ledger, ledger)
	}
	err = m.Books.EachBilled(ctx, store, month, func(l port.BilledLine) error {
		if err := totals.AddBill(l.Amount, l.Reason); err != nil {
			return fmt.Errorf("bill %s, line %d: the sums are too long to hold: %w", l.File, l.Line, err)
		}
		return each(sinks, func(s sink) error { return s.bill(&l) })
	})
	if err == nil {
		err = each(sinks, func(s sink) error { return s.end(&totals) })
	}
	if err != nil {
		return totals, fmt.Errorf("statement %s of store %s: %w", month, store, err)
	}
	return totals, nil
}

func (m *Maker) line(o port.OrderBooks, month rules.Month, now time.Time) (rules.StatementLine, bool, error) {
	rs, err := m.For(o.Facts, o.Policy)
	if err != nil {
		return rules.StatementLine{}, false, err
	}
	if rs.Pack == nil {
		if len(o.Ledger) > 0 {
			return rules.StatementLine{}, false, errors.New("order " + o.Order + " has ledger entries and was never created")
		}
		return rules.StatementLine{}, false, nil
	}
	return rs.StatementLine(o.Facts, o.Ledger, month, now)
}

func each(sinks []sink, do func(sink) error) error {
	for _, s := range sinks {
		if err := do(s); err != nil {
			return err
		}
	}
	return nil
}
