package rules

import (
	"cmp"
	"slices"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
)

// StatementTotals are the sums of a statement. Currencies are kept apart.
type StatementTotals struct {
	Orders      int            `json:"orders"` // charged in the month
	Waived      int            `json:"waived"` // of them those that ended before a parcel was recorded
	Charges     []ChargeTotal  `json:"charges"`
	USD         USDTotal       `json:"usd"`
	Ledger      []LedgerTotal  `json:"ledger"`
	Differences []DifferCount  `json:"differences"`
	Expected    *money.Amount  `json:"expected,omitempty"` // of the orders whose books moved, where a rate is known
	Bill        []BillSubtotal `json:"bill"`
}

// ChargeTotal are the charges in one currency.
type ChargeTotal struct {
	Currency   string          `json:"currency"`
	Orders     int             `json:"orders"`
	Freight    decimal.Decimal `json:"freight"`
	ServiceFee decimal.Decimal `json:"service_fee"`
	Insurance  decimal.Decimal `json:"insurance"`
}

// USDTotal are the charges of all orders that have a rate, each converted to the cent first.
type USDTotal struct {
	Orders     int             `json:"orders"`
	WithoutUSD int             `json:"without_rate"`
	Freight    decimal.Decimal `json:"freight"`
	ServiceFee decimal.Decimal `json:"service_fee"`
	Insurance  decimal.Decimal `json:"insurance"`
}

// LedgerTotal are the month's ledger entries of a kind in one currency.
type LedgerTotal struct {
	Kind     string          `json:"kind"`
	Currency string          `json:"currency"`
	Entries  int             `json:"entries"`
	Sum      decimal.Decimal `json:"sum"`
}

// DifferCount is how often a difference was found.
type DifferCount struct {
	Code  string `json:"code"`
	Count int    `json:"count"`
}

// BillSubtotal are the lines of carriers' bills with one outcome, in one currency.
type BillSubtotal struct {
	Reason   string          `json:"reason"` // empty: matched
	Currency string          `json:"currency"`
	Lines    int             `json:"lines"`
	Sum      decimal.Decimal `json:"sum"`
}

// Add takes a line in.
func (t *StatementTotals) Add(l *StatementLine) error {
	if c := l.Charges; c != nil {
		if err := t.charge(c); err != nil {
			return err
		}
	}
	for i := range l.Books {
		b := &l.Books[i]
		for kind, sum := range b.sums {
			into := slot(&t.Ledger, func(x *LedgerTotal) int {
				return cmp.Or(cmp.Compare(ledgerRank(x.Kind), ledgerRank(kind)), cmp.Compare(x.Kind, kind), cmp.Compare(x.Currency, b.Currency))
			}, LedgerTotal{Kind: kind, Currency: b.Currency})
			into.Entries += sum.entries
			if err := addTo(&into.Sum, sum.sum); err != nil {
				return err
			}
		}
	}
	for _, d := range l.Differences {
		slot(&t.Differences, func(x *DifferCount) int { return cmp.Compare(x.Code, d.Code) }, DifferCount{Code: d.Code}).Count++
	}
	if l.Expected == nil {
		return nil
	}
	if t.Expected == nil {
		t.Expected = &money.Amount{Currency: l.Expected.Currency}
	}
	return addTo(&t.Expected.Value, l.Expected.Value)
}

func (t *StatementTotals) charge(c *Charges) error {
	t.Orders++
	if c.Waived {
		t.Waived++
	}
	into := slot(&t.Charges, func(x *ChargeTotal) int { return cmp.Compare(x.Currency, c.Freight.Currency) }, ChargeTotal{Currency: c.Freight.Currency})
	into.Orders++
	sums := []addition{{&into.Freight, c.Freight.Value}, {&into.ServiceFee, c.ServiceFee.Value}, {&into.Insurance, c.Insurance.Value}}
	if usd := c.USD; usd == nil {
		t.USD.WithoutUSD++
	} else {
		t.USD.Orders++
		sums = append(sums, addition{&t.USD.Freight, usd.Freight}, addition{&t.USD.ServiceFee, usd.ServiceFee}, addition{&t.USD.Insurance, usd.Insurance})
	}
	for _, s := range sums {
		if err := addTo(s.into, s.of); err != nil {
			return err
		}
	}
	return nil
}

type addition struct {
	into *decimal.Decimal
	of   decimal.Decimal
}

// AddBill takes a line of a carrier's bill in.
func (t *StatementTotals) AddBill(amount money.Amount, reason string) error {
	into := slot(&t.Bill, func(x *BillSubtotal) int {
		return cmp.Or(cmp.Compare(x.Reason, reason), cmp.Compare(x.Currency, amount.Currency))
	}, BillSubtotal{Reason: reason, Currency: amount.Currency})
	into.Lines++
	return addTo(&into.Sum, amount.Value)
}

// EqualsLedger tells whether the statement's sums are those of the ledger, kind by kind and
// currency by currency.
func (t *StatementTotals) EqualsLedger(ledger []LedgerTotal) bool {
	return len(t.Ledger) == len(ledger) && !slices.ContainsFunc(ledger, func(l LedgerTotal) bool {
		return !slices.ContainsFunc(t.Ledger, func(x LedgerTotal) bool {
			return x.Kind == l.Kind && x.Currency == l.Currency && x.Entries == l.Entries && x.Sum.Cmp(l.Sum) == 0
		})
	})
}

// ledgerRank orders kinds by a claim's life, unknown ones last.
func ledgerRank(kind string) int {
	order := LedgerKinds()
	if i := slices.Index(order, kind); i >= 0 {
		return i
	}
	return len(order)
}

// slot is the place of a key in a sorted list, made where there is none.
func slot[T any](list *[]T, compare func(*T) int, empty T) *T {
	i, found := slices.BinarySearchFunc(*list, 0, func(x T, _ int) int { return compare(&x) })
	if !found {
		*list = slices.Insert(*list, i, empty)
	}
	return &(*list)[i]
}

func addTo(into *decimal.Decimal, d decimal.Decimal) (err error) {
	*into, err = plus(*into, d)
	return err
}
