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

	LedgerProtectionAsked    = "protection-asked" // of seller protection, after a claim was refused again
	LedgerProtectionApproved = "protection-approved"
	LedgerProtectionRejected = "protection-rejected"
	LedgerProtectionPaid     = "protection-paid"
)

// LedgerKinds lists them: a claim's, then those of seller protection, which follows it.
func LedgerKinds() []string {
	return []string{
		LedgerClaimed, LedgerApproved, LedgerRejected, LedgerPaid,
		LedgerProtectionAsked, LedgerProtectionApproved, LedgerProtectionRejected, LedgerProtectionPaid,
	}
}

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
	Currency   string          `json:"currency"`
	Claimed    decimal.Decimal `json:"claimed"`
	Approved   decimal.Decimal `json:"approved"`
	Rejected   decimal.Decimal `json:"rejected"`
	Paid       decimal.Decimal `json:"paid"`
	Protection ProtectionBooks `json:"protection"`
	Other      decimal.Decimal `json:"other"` // kinds without a column

	sums map[string]kindSum
}

// ProtectionBooks is the same of seller protection.
type ProtectionBooks struct {
	Asked    decimal.Decimal `json:"asked"`
	Approved decimal.Decimal `json:"approved"`
	Rejected decimal.Decimal `json:"rejected"`
	Paid     decimal.Decimal `json:"paid"`
}

// of is the sum of a kind.
func (l *BookLine) of(kind string) *decimal.Decimal {
	switch kind {
	case LedgerClaimed:
		return &l.Claimed
	case LedgerApproved:
		return &l.Approved
	case LedgerRejected:
		return &l.Rejected
	case LedgerPaid:
		return &l.Paid
	case LedgerProtectionAsked:
		return &l.Protection.Asked
	case LedgerProtectionApproved:
		return &l.Protection.Approved
	case LedgerProtectionRejected:
		return &l.Protection.Rejected
	case LedgerProtectionPaid:
		return &l.Protection.Paid
	}
	return &l.Other
}

// Sum is the sum of a kind; of one without a column that of all of these.
func (l *BookLine) Sum(kind string) decimal.Decimal { return *l.of(kind) }

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

// The codes of differences of seller protection: what it should be is what was asked for.
const (
	DifferProtectionUnknown       = "protection-asked-unknown"
	DifferProtectionCurrency      = "protection-currency-differs"
	DifferProtectionApprovedBelow = "protection-approved-below"
	DifferProtectionApprovedAbove = "protection-approved-above"
	DifferProtectionUnpaid        = "protection-approved-not-paid"
	DifferProtectionPaidBelow     = "protection-paid-below"
	DifferProtectionPaidAbove     = "protection-paid-above"
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
	}
	line.Differences = b.differences(line.Expected)
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
		b.lines = slices.Insert(b.lines, i, BookLine{Currency: e.Amount.Currency, sums: map[string]kindSum{}})
		for _, kind := range append(LedgerKinds(), "") {
			*b.lines[i].of(kind) = decimal.Zero.Pad(money.Places(e.Amount.Currency))
		}
	}
	l := &b.lines[i]
	into := l.of(e.Kind)
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

// comparison is what is compared of a claim's money, or of seller protection's.
type comparison struct {
	approved, paid                                                string // kinds
	unknown, currency, below, above, unpaid, paidBelow, paidAbove string // codes
}

func ofClaims() comparison {
	return comparison{
		LedgerApproved, LedgerPaid,
		DifferUnknown, DifferCurrency, DifferApprovedBelow, DifferApprovedAbove, DifferUnpaid, DifferPaidBelow, DifferPaidAbove,
	}
}

func ofProtection() comparison {
	return comparison{
		LedgerProtectionApproved, LedgerProtectionPaid,
		DifferProtectionUnknown, DifferProtectionCurrency, DifferProtectionApprovedBelow, DifferProtectionApprovedAbove,
		DifferProtectionUnpaid, DifferProtectionPaidBelow, DifferProtectionPaidAbove,
	}
}

// differences compares what was approved of claims with what the rules give, and of seller
// protection with what was asked for, and what was paid of each with what was approved; only what
// the month has moved.
func (b *books) differences(expected *money.Amount) []StatementDiffer {
	var payout []money.Amount
	if expected != nil {
		payout = []money.Amount{*expected}
	}
	return append(b.compare(ofClaims(), payout), b.compare(ofProtection(), b.of(LedgerProtectionAsked))...)
}

// compare compares the approved with what should be approved, and the paid with the approved.
func (b *books) compare(c comparison, should []money.Amount) []StatementDiffer {
	var found []StatementDiffer
	approved, paid := b.of(c.approved), b.of(c.paid)
	if b.moved(c.approved) {
		for _, got := range approved {
			if len(should) == 0 {
				found = append(found, StatementDiffer{Code: c.unknown, Got: &got})
				continue
			}
			found = append(found, differ(should, got, c.currency, c.below, c.above)...)
		}
	}
	if !b.moved(c.approved, c.paid) {
		return found
	}
	if len(paid) == 0 {
		for _, a := range approved {
			by := money.Amount{Value: a.Value.Neg(), Currency: a.Currency}
			found = append(found, StatementDiffer{Code: c.unpaid, Expected: &a, By: &by})
		}
	}
	for _, got := range paid {
		found = append(found, differ(approved, got, c.currency, c.paidBelow, c.paidAbove)...)
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

// differ compares an amount with the one of its currency that it should be. With no other to be,
// or among several none of its currency, all of it is too much.
func differ(should []money.Amount, got money.Amount, currency, below, above string) []StatementDiffer {
	i := slices.IndexFunc(should, func(a money.Amount) bool { return a.Currency == got.Currency })
	switch {
	case i < 0 && len(should) == 1:
		return []StatementDiffer{{Code: currency, Expected: &should[0], Got: &got}}
	case i < 0:
		return []StatementDiffer{{Code: above, Got: &got, By: &got}}
	case got.Value.Cmp(should[i].Value) == 0:
		return nil
	}
	d := StatementDiffer{Code: below, Expected: &should[i], Got: &got}
	if got.Value.Cmp(should[i].Value) > 0 {
		d.Code = above
	}
	if by, err := plus(got.Value, should[i].Value.Neg()); err == nil {
		d.By = &money.Amount{Value: by, Currency: got.Currency}
	}
	return []StatementDiffer{d}
}

// plus adds without ever rounding; a sum too long to hold is an error.
func plus(a, b decimal.Decimal) (decimal.Decimal, error) {
	return a.AddExact(b, max(a.Scale(), b.Scale()))
}
