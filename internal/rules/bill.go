package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
)

// BillLine is one line of a carrier's bill.
type BillLine struct {
	Line   int              `json:"line"`            // of the file, from 1
	Number string           `json:"tracking_number"` // normalised
	Order  string           `json:"order,omitempty"` // as the carrier names it; often empty
	Date   string           `json:"date"`            // local, such as 2026-03-31
	Weight *decimal.Decimal `json:"weight,omitempty"`
	Fee    string           `json:"fee,omitempty"` // name; empty: the freight
	Amount money.Amount     `json:"amount"`
}

// BillKnown is what our records say of a bill line's number.
type BillKnown struct {
	Number    string      // declared, of the store's parcel that has the line's number or alias; empty: none
	Orders    []BillOrder // of the parcel
	Elsewhere bool        // another store has the number
	Repeated  bool        // an earlier line says the same: of this file, or of one imported before
}

// BillOrder is an order in a billed parcel.
type BillOrder struct {
	Order     string
	Freight   money.Amount
	Free      bool // free shipping: no freight stands on the order
	Parcels   int  // of the order
	Cancelled bool // before the parcel moved
}

// The reasons for which a bill line is not matched.
const (
	BillUnknown   = "unknown-number"
	BillElsewhere = "other-store"
	BillRepeated  = "duplicate-line"
	BillOrderNot  = "order-differs" // the number is another order's
	BillCancelled = "parcel-cancelled"
	BillCurrency  = "currency-differs"
	BillAmount    = "amount-differs"
	BillNothing   = "nothing-to-compare" // the parcel is ours, and no amount of its own stands on record
)

// BillReasons lists them, in the order in which they are looked for.
func BillReasons() []string {
	return []string{BillUnknown, BillElsewhere, BillRepeated, BillOrderNot, BillCancelled, BillCurrency, BillAmount, BillNothing}
}

// BillMatch is what became of a bill line.
type BillMatch struct {
	Number   string        `json:"parcel,omitempty"`   // declared
	Order    string        `json:"of_order,omitempty"` // the first of the parcel
	Reason   string        `json:"reason,omitempty"`   // empty: matched
	Expected *money.Amount `json:"expected,omitempty"` // nil: nothing to compare the amount with
	By       *money.Amount `json:"by,omitempty"`       // billed less expected
}

// BillOrder tells what an order says of a bill for its parcel; false where the order was not
// created, or does not have the parcel.
func (rs Ruleset) BillOrder(f *Facts, number string, now time.Time) (BillOrder, bool) {
	v := look(f, rs, now)
	if v.created == nil {
		return BillOrder{}, false
	}
	p := v.parcel(number)
	if p == nil {
		return BillOrder{}, false
	}
	return BillOrder{
		Order: f.Order, Freight: v.created.Freight, Free: v.created.FreeShipping || v.created.Freight.Value.IsZero(),
		Parcels: len(v.parcels), Cancelled: v.cancelled() && len(p.movements) == 0,
	}, true
}

// cancelled tells whether the order was cancelled, whatever else ended it.
func (v *view) cancelled() bool {
	for i := range v.facts.events {
		if e := &v.facts.events[i]; e.Type == TypeOrderCancelled && e.Data != nil && exists(e, v.asOf) {
			return true
		}
	}
	return false
}

// MatchBill matches a line to a parcel, or tells why it cannot be. The amount is compared where
// the line is the freight itself and the order's freight is for this parcel alone. Free shipping, an
// order in several parcels and orders in several currencies leave nothing to compare it with, and
// that is a reason; a fee beside the freight is matched by its number.
func (rs Ruleset) MatchBill(l BillLine, k BillKnown) BillMatch {
	if k.Number == "" || len(k.Orders) == 0 {
		if k.Elsewhere {
			return BillMatch{Reason: BillElsewhere}
		}
		return BillMatch{Reason: BillUnknown}
	}
	m := BillMatch{Number: k.Number, Order: k.Orders[0].Order}
	if i := slices.IndexFunc(k.Orders, func(o BillOrder) bool { return o.Order == l.Order }); i >= 0 {
		m.Order = l.Order
	} else if l.Order != "" {
		m.Reason = BillOrderNot
	}
	switch {
	case k.Repeated:
		m.Reason = BillRepeated
	case m.Reason != "":
	case !slices.ContainsFunc(k.Orders, func(o BillOrder) bool { return !o.Cancelled }):
		m.Reason = BillCancelled
	case rs.billsFreight(l.Fee):
		rs.compareBill(&m, l.Amount, k.Orders)
	}
	return m
}

func (rs Ruleset) billsFreight(fee string) bool {
	fee = strings.TrimSpace(fee)
	return fee == "" || slices.ContainsFunc(rs.Pack.Statement.BillFreightNames.Value, func(name string) bool { return SameName(name, fee) })
}

func (rs Ruleset) compareBill(m *BillMatch, billed money.Amount, orders []BillOrder) {
	expected := money.Amount{Currency: orders[0].Freight.Currency}
	for _, o := range orders {
		sum, err := plus(expected.Value, o.Freight.Value)
		if o.Free || o.Parcels != 1 || o.Freight.Currency != expected.Currency || err != nil {
			m.Reason = BillNothing
			return
		}
		expected.Value = sum
	}
	m.Expected = &expected
	if billed.Currency != expected.Currency {
		m.Reason = BillCurrency
		return
	}
	by, err := plus(billed.Value, expected.Value.Neg())
	if err != nil {
		m.Reason = BillAmount // a difference too long to hold is no small one
		return
	}
	m.By = &money.Amount{Value: by, Currency: billed.Currency}
	tolerance := rs.Pack.Statement.BillTolerance.Value
	if tolerance.Currency != billed.Currency {
		tolerance.Value = decimal.Zero // as for the buyer: of another currency nothing is tolerated
	}
	if by.Abs().Cmp(tolerance.Value) > 0 {
		m.Reason = BillAmount
	}
}
