package statement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

// Importer imports carriers' bills.
type Importer struct {
	Bills port.Bills
	Book  *policy.Book
	For   func(f *rules.Facts, pinned string) (rules.Ruleset, error)
}

// Imported is what became of a bill.
type Imported struct {
	Store   string                `json:"store"`
	File    string                `json:"file"` // SHA-256
	Lines   int                   `json:"lines"`
	Matched int                   `json:"matched"`
	Totals  rules.StatementTotals `json:"-"`
	// Unmatched are all others, each with its reason.
	Unmatched []port.BilledLine `json:"unmatched"`
}

// numbersAtOnce bounds a look-up.
const numbersAtOnce = 500

// Import matches each line of a bill to a parcel, or tells why it cannot be, as known at the
// virtual time now, and keeps all. The same file again changes nothing but what became of its
// lines since. What is wrong with the file is a *[BillError].
func (im *Importer) Import(ctx context.Context, store, name string, data []byte, now time.Time) (Imported, error) {
	lines, err := ReadBill(name, data)
	if err != nil {
		return Imported{}, err
	}
	sum := sha256.Sum256(data)
	out := Imported{Store: store, File: hex.EncodeToString(sum[:]), Lines: len(lines), Unmatched: []port.BilledLine{}}
	bill := port.Bill{File: out.File, Name: name}
	seen := map[string]bool{}
	for rest := lines; len(rest) > 0; {
		n := min(len(rest), numbersAtOnce)
		matched, err := im.match(ctx, store, out.File, rest[:n], seen, now)
		if err != nil {
			return out, err
		}
		bill.Lines, rest = append(bill.Lines, matched...), rest[n:]
	}
	if err := im.Bills.KeepBill(ctx, store, bill); err != nil {
		return out, err
	}
	for _, l := range bill.Lines {
		l.File = name
		if l.Reason == "" {
			out.Matched++
		} else {
			out.Unmatched = append(out.Unmatched, l)
		}
	}
	return out, nil
}

func (im *Importer) match(ctx context.Context, store, file string, lines []rules.BillLine, seen map[string]bool, now time.Time) ([]port.BilledLine, error) {
	numbers := make([]string, len(lines))
	for i, l := range lines {
		numbers[i] = l.Number
	}
	known, err := im.Bills.Billed(ctx, numbers)
	if err != nil {
		return nil, err
	}
	before, err := im.Bills.BilledBefore(ctx, store, file, numbers)
	if err != nil {
		return nil, err
	}
	for i := range before {
		seen[sameLine(&before[i])] = true
	}
	matched := make([]port.BilledLine, len(lines))
	for i := range lines {
		l := &lines[i]
		k, err := im.known(store, known[l.Number], now)
		if err != nil {
			return nil, err
		}
		k.Repeated = seen[sameLine(l)]
		seen[sameLine(l)] = true
		rs := rules.Ruleset{Pack: im.Book.InForce(platform, now)}
		matched[i] = port.BilledLine{BillLine: *l, BillMatch: rs.MatchBill(*l, k)}
	}
	return matched, nil
}

// sameLine is what two lines have in common that bill the same.
func sameLine(l *rules.BillLine) string {
	return strings.Join([]string{l.Number, l.Date, strings.ToLower(l.Fee), l.Amount.Value.Trim(0).String(), l.Amount.Currency}, "\x00")
}

// known sorts out what is known of a number: the parcel of the store, or that another has it.
func (im *Importer) known(store string, all []port.BillKnown, now time.Time) (rules.BillKnown, error) {
	var k rules.BillKnown
	for _, b := range all {
		if b.Store != store {
			k.Elsewhere = true
			continue
		}
		rs, err := im.For(b.Facts, b.Policy)
		if err != nil {
			return k, err
		}
		if rs.Pack == nil || k.Number != "" && k.Number != b.Number {
			continue // not created yet; or another parcel that once had the number
		}
		if o, ok := rs.BillOrder(b.Facts, b.Number, now); ok {
			k.Number, k.Orders = b.Number, append(k.Orders, o)
		}
	}
	return k, nil
}
