package rules

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
)

// The kinds of ledger entries that a statement has columns for.
const (
	LedgerClaimed  = "claimed"
	LedgerApproved = "approved"
	LedgerRejected = "rejected"
	LedgerPaid     = "paid"
)

// LedgerLine is one movement of money in an order's books.
type LedgerLine struct {
	Kind   string
	Amount money.Amount
	At     time.Time
}

// StatementLine is an order in a store's monthly statement.
type StatementLine struct {
	Order     string    `json:"order"`
	CreatedAt time.Time `json:"created_at"`
	// Charges are there where the order was created in the month: each order is charged once,
	// whenever its claims come.
	Charges     *Charges          `json:"charges,omitempty"`
	Books       []BookLine        `json:"books,omitempty"` // by currency; the month's entries
	Expected    *money.Amount     `json:"expected,omitempty"`
	Differences []StatementDiffer `json:"differences,omitempty"`
}

// Charges is what an order's transport costs, in the order's currency and in USD.
type Charges struct {
	Freight    money.Amount  `json:"freight"`
	ServiceFee money.Amount  `json:"service_fee"`
	Insurance  money.Amount  `json:"insurance"`
	USD        *ChargesInUSD `json:"usd,omitempty"` // nil: no rate
	// Waived: the order ended before a parcel was recorded, so that nothing was transported.
	Waived bool `json:"waived,omitzero"`
}

// ChargesInUSD is each charge by the order's rate, to the cent.
type ChargesInUSD struct {
	Rate       decimal.Decimal `json:"rate"`
	Freight    decimal.Decimal `json:"freight"`
	ServiceFee decimal.Decimal `json:"service_fee"`
	Insurance  decimal.Decimal `json:"insurance"`
}

// BookLine is what the month brought to an order's books in one currency.
type BookLine struct {
	Currency string          `json:"currency"`
	Claimed  decimal.Decimal `json:"claimed"`
	Approved decimal.Decimal `json:"approved"`
	Rejected decimal.Decimal `json:"rejected"`
	Paid     decimal.Decimal `json:"paid"`
	Other    decimal.Decimal `json:"other"` // kinds without a column

	sums map[string]kindSum
}

type kindSum struct {
	entries int
	sum     decimal.Decimal
}

// The codes of differences.
const (
	DifferUnknown       = "expected-unknown"  // no rate: nobody can tell what was expected
	DifferCurrency      = "currency-differs"  // the amounts cannot be compared
	DifferApprovedBelow = "approved-below"    // less than the rules give
	DifferApprovedAbove = "approved-above"    //
	DifferUnpaid        = "approved-not-paid" // by the month's end
	DifferPaidBelow     = "paid-below"        // less than approved
	DifferPaidAbove     = "paid-above"        //
)

// StatementDiffer is an amount that is not what another says it should be: as it stood at the
// end of the month, in a month that moved it.
type StatementDiffer struct {
	Code     string        `json:"code"`
	Expected *money.Amount `json:"expected,omitempty"`
	Got      *money.Amount `json:"got,omitempty"`
	By       *money.Amount `json:"by,omitempty"` // got less expected
}

// StatementLine tells an order's line in the statement of a month, from its facts as they are
// at now and its books up to the end of the month. It reports false where the month is not
// about the order. Both fees are of the order's freight, each rounded half up to the currency's places
// (rules.md section 6; that the service fee is of the freight is a reading).
func (rs Ruleset) StatementLine(f *Facts, ledger []LedgerLine, m Month, now time.Time) (StatementLine, bool, error) {
	v := look(f, rs, now)
	if v.created == nil {
		if len(ledger) > 0 {
			return StatementLine{}, false, fmt.Errorf("order %s/%s: %d ledger entries of an order that was not created", f.Store, f.Order, len(ledger))
		}
		return StatementLine{}, false, nil
	}
	from, until := m.Bounds(rs.Pack.Location())
	line := StatementLine{Order: f.Order, CreatedAt: v.created.CreatedAt}
	if at := v.created.CreatedAt; !at.Before(from) && at.Before(until) {
		charges, err := v.charges()
		if err != nil {
			return line, false, fmt.Errorf("order %s/%s: %w", f.Store, f.Order, err)
		}
		line.Charges = charges
	}
	b := books{toDate: map[[2]string]decimal.Decimal{}}
	for _, e := range ledger {
		if err := b.add(e, from, until); err != nil {
			return line, false, fmt.Errorf("order %s/%s: %w", f.Store, f.Order, err)
		}
	}
	line.Books = b.lines
	if b.moved(LedgerClaimed, LedgerApproved, LedgerRejected, LedgerPaid) {
		line.Expected = v.payout()
		line.Differences = b.differences(line.Expected)
	}
	return line, line.Charges != nil || len(line.Books) > 0, nil
}

func (v *view) charges() (*Charges, error) {
	freight, p := v.created.Freight, &v.rules.Pack.Statement
	c := &Charges{Freight: freight, Waived: !v.end.IsZero() && len(v.parcels) == 0}
	if c.Waived {
		c.Freight.Value = decimal.Zero.Pad(money.Places(freight.Currency))
	}
	var err error
	if c.ServiceFee, err = share(c.Freight, p.ServiceFeePercent.Value); err != nil {
		return nil, fmt.Errorf("service fee of %s: %w", freight, err)
	}
	if c.Insurance, err = share(c.Freight, p.InsurancePercent.Value); err != nil {
		return nil, fmt.Errorf("insurance of %s: %w", freight, err)
	}
	c.USD, err = v.inUSD(c)
	return c, err
}

// share is a percentage of an amount, rounded half up to the currency's places.
func share(a money.Amount, percent decimal.Decimal) (money.Amount, error) {
	part, err := percent.Quo(decimal.Hundred)
	if err == nil {
		part, err = a.Value.MulExact(part, min(a.Value.Scale()+part.Scale(), decimal.MaxScale))
	}
	if err != nil {
		return money.Amount{}, err
	}
	return money.Amount{Value: money.RoundHalfUp(part, money.Places(a.Currency)), Currency: a.Currency}, nil
}

// inUSD is nil where there is no rate for the charges' currency.
func (v *view) inUSD(c *Charges) (*ChargesInUSD, error) {
	rate := decimal.One
	if c.Freight.Currency != payoutCurrency {
		if v.created.USDRate == nil || c.Freight.Currency != v.created.AmountPaid.Currency {
			return nil, nil //nolint:nilnil // no rate is no error
		}
		rate = *v.created.USDRate
	}
	usd := &ChargesInUSD{Rate: rate}
	for _, x := range []struct {
		into *decimal.Decimal
		of   money.Amount
	}{{&usd.Freight, c.Freight}, {&usd.ServiceFee, c.ServiceFee}, {&usd.Insurance, c.Insurance}} {
		in, err := x.of.Value.Mul(rate)
		if err != nil {
			return nil, fmt.Errorf("%s in %s: %w", x.of, payoutCurrency, err)
		}
		*x.into = money.RoundHalfUp(in, payoutPlaces)
	}
	return usd, nil
}

// books sums up an order's entries.
type books struct {
	lines  []BookLine                    // the month's, by currency
	toDate map[[2]string]decimal.Decimal // up to the month's end, by kind and currency
}

func (b *books) add(e LedgerLine, from, until time.Time) error {
	if !e.At.Before(until) {
		return nil
	}
	key := [2]string{e.Kind, e.Amount.Currency}
	var err error
	if b.toDate[key], err = plus(b.toDate[key], e.Amount.Value); err != nil {
		return err
	}
	if e.At.Before(from) {
		return nil
	}
	i, found := slices.BinarySearchFunc(b.lines, e.Amount.Currency, func(l BookLine, c string) int { return cmp.Compare(l.Currency, c) })
	if !found {
		zero := decimal.Zero.Pad(money.Places(e.Amount.Currency))
		b.lines = slices.Insert(b.lines, i, BookLine{
			Currency: e.Amount.Currency, Claimed: zero, Approved: zero, Rejected: zero, Paid: zero, Other: zero, sums: map[string]kindSum{},
		})
	}
	l := &b.lines[i]
	into := &l.Other
	switch e.Kind {
	case LedgerClaimed:
		into = &l.Claimed
	case LedgerApproved:
		into = &l.Approved
	case LedgerRejected:
		into = &l.Rejected
	case LedgerPaid:
		into = &l.Paid
	}
	if *into, err = plus(*into, e.Amount.Value); err != nil {
		return err
	}
	sum := l.sums[e.Kind]
	sum.entries++
	if sum.sum, err = plus(sum.sum, e.Amount.Value); err != nil {
		return err
	}
	l.sums[e.Kind] = sum
	return nil
}

// moved tells whether the month has an entry of one of the kinds.
func (b *books) moved(kinds ...string) bool {
	return slices.ContainsFunc(b.lines, func(l BookLine) bool {
		return slices.ContainsFunc(kinds, func(kind string) bool { return l.sums[kind].entries > 0 })
	})
}

// differences compares what was approved with what the rules give, and what was paid with what
// was approved; only what the month has moved.
func (b *books) differences(expected *money.Amount) []StatementDiffer {
	var found []StatementDiffer
	approved, paid := b.of(LedgerApproved), b.of(LedgerPaid)
	if b.moved(LedgerApproved) {
		found = append(found, differ(expected, approved, DifferApprovedBelow, DifferApprovedAbove)...)
	}
	if !b.moved(LedgerApproved, LedgerPaid) {
		return found
	}
	switch {
	case len(paid) == 0:
		for _, a := range approved {
			by := money.Amount{Value: a.Value.Neg(), Currency: a.Currency}
			found = append(found, StatementDiffer{Code: DifferUnpaid, Expected: &a, By: &by})
		}
	case len(approved) == 1:
		found = append(found, differ(&approved[0], paid, DifferPaidBelow, DifferPaidAbove)...)
	default: // paid without approval, or approvals in several currencies
		for _, p := range paid {
			if i := slices.IndexFunc(approved, func(a money.Amount) bool { return a.Currency == p.Currency }); i >= 0 {
				found = append(found, differ(&approved[i], []money.Amount{p}, DifferPaidBelow, DifferPaidAbove)...)
			} else {
				found = append(found, StatementDiffer{Code: DifferPaidAbove, Got: &p, By: &p})
			}
		}
	}
	return found
}

// of are the sums of a kind up to the month's end, by currency.
func (b *books) of(kind string) []money.Amount {
	var sums []money.Amount
	for key, sum := range b.toDate {
		if key[0] == kind {
			sums = append(sums, money.Amount{Value: sum, Currency: key[1]})
		}
	}
	slices.SortFunc(sums, func(a, b money.Amount) int { return cmp.Compare(a.Currency, b.Currency) })
	return sums
}

func differ(expected *money.Amount, got []money.Amount, below, above string) []StatementDiffer {
	var found []StatementDiffer
	for _, g := range got {
		switch {
		case expected == nil:
			found = append(found, StatementDiffer{Code: DifferUnknown, Got: &g})
		case g.Currency != expected.Currency:
			found = append(found, StatementDiffer{Code: DifferCurrency, Expected: expected, Got: &g})
		case g.Value.Cmp(expected.Value) != 0:
			d := StatementDiffer{Code: below, Expected: expected, Got: &g}
			if g.Value.Cmp(expected.Value) > 0 {
				d.Code = above
			}
			if by, err := plus(g.Value, expected.Value.Neg()); err == nil {
				d.By = &money.Amount{Value: by, Currency: g.Currency}
			}
			found = append(found, d)
		}
	}
	return found
}

// plus adds without ever rounding; a sum too long to hold is an error.
func plus(a, b decimal.Decimal) (decimal.Decimal, error) {
	return a.AddExact(b, max(a.Scale(), b.Scale()))
}
