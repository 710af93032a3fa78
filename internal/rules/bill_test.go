package rules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"parcelward/internal/rules"
	"parcelward/internal/rules/rulestest"
)

func TestMatchBill(t *testing.T) {
	t.Parallel()
	order := rules.BillOrder{Order: "o", Freight: sum(t, "28.50 CNY"), Parcels: 1}
	with := func(change func(*rules.BillOrder)) []rules.BillOrder {
		o := order
		change(&o)
		return []rules.BillOrder{o}
	}
	same := []rules.BillOrder{order}
	for _, tc := range []struct {
		name, order, amount, fee string
		known                    rules.BillKnown
		reason, by               string
	}{
		{"equal", "", "28.50 CNY", "", rules.BillKnown{Number: "LP1", Orders: same}, "", "0.00 CNY"},
		{"at the tolerance", "o", "29.00 CNY", "基础运费", rules.BillKnown{Number: "LP1", Orders: same}, "", "0.50 CNY"},
		{"a cent over it", "", "29.01 CNY", "Freight", rules.BillKnown{Number: "LP1", Orders: same}, rules.BillAmount, "0.51 CNY"},
		{"a cent under it", "", "27.99 CNY", "", rules.BillKnown{Number: "LP1", Orders: same}, rules.BillAmount, "-0.51 CNY"},
		{"in another currency nothing is tolerated", "", "28.51 USD", "", rules.BillKnown{Number: "LP1", Orders: with(func(o *rules.BillOrder) { o.Freight = sum(t, "28.50 USD") })}, rules.BillAmount, "0.01 USD"},
		{"another currency", "", "28.50 USD", "", rules.BillKnown{Number: "LP1", Orders: same}, rules.BillCurrency, ""},
		{"a fee beside the freight", "", "3.00 CNY", "燃油附加费", rules.BillKnown{Number: "LP1", Orders: same}, "", ""},
		{"free shipping", "", "3.00 CNY", "", rules.BillKnown{Number: "LP1", Orders: with(func(o *rules.BillOrder) { o.Free = true })}, rules.BillNothing, ""},
		{"one of two parcels", "", "3.00 CNY", "", rules.BillKnown{Number: "LP1", Orders: with(func(o *rules.BillOrder) { o.Parcels = 2 })}, rules.BillNothing, ""},
		{"two currencies in a parcel", "", "57.00 CNY", "", rules.BillKnown{Number: "LP1", Orders: append(with(func(o *rules.BillOrder) { o.Freight = sum(t, "28.50 USD") }), order)}, rules.BillNothing, ""},
		{"two orders in a parcel", "", "57.00 CNY", "", rules.BillKnown{Number: "LP1", Orders: []rules.BillOrder{order, order}}, "", "0.00 CNY"},
		{"unknown", "", "1 CNY", "", rules.BillKnown{}, rules.BillUnknown, ""},
		{"another store's", "", "1 CNY", "", rules.BillKnown{Elsewhere: true}, rules.BillElsewhere, ""},
		{"twice", "", "28.50 CNY", "", rules.BillKnown{Number: "LP1", Orders: same, Repeated: true}, rules.BillRepeated, ""},
		{"another order's", "x", "28.50 CNY", "", rules.BillKnown{Number: "LP1", Orders: same}, rules.BillOrderNot, ""},
		{"cancelled", "", "28.50 CNY", "", rules.BillKnown{Number: "LP1", Orders: with(func(o *rules.BillOrder) { o.Cancelled = true })}, rules.BillCancelled, ""},
	} {
		m := rulestest.Ruleset().MatchBill(rules.BillLine{Number: "LP1", Order: tc.order, Fee: tc.fee, Amount: sum(t, tc.amount)}, tc.known)
		assert.Equal(t, tc.reason, m.Reason, tc.name)
		by := ""
		if m.By != nil {
			by = m.By.String()
		}
		assert.Equal(t, tc.by, by, tc.name)
	}
}

func TestBillOrder(t *testing.T) {
	t.Parallel()
	rs, at := rulestest.Ruleset(), beijing(t, "2026-03-01 00:00:00")
	fact := func(id string, kind rules.EventType, d rules.Data) rules.Event {
		return rules.Event{Source: "t", ID: id, Type: kind, Store: "s", Order: "o", Time: at, Data: d}
	}
	shipped := fact("s", rules.TypeShipmentRecorded, &rules.ShipmentRecorded{TrackingNumber: "LP1", RecordedAt: at})
	cancelled := fact("c", rules.TypeOrderCancelled, &rules.OrderStopped{When: at})
	moved := fact("m", rules.TypeTrackingUpdated, &rules.TrackingUpdated{TrackingNumber: "LP1", Rows: []rules.Row{{At: at, Milestone: rules.PickedUp, Source: rules.FromCarrier}}})
	_, ok := rs.BillOrder(billed(t, at, nil), "LP1", at)
	assert.False(t, ok)
	o, ok := rs.BillOrder(billed(t, at, nil, shipped, cancelled), "LP1", at.Add(time.Hour))
	assert.True(t, ok && o.Cancelled)
	o, _ = rs.BillOrder(billed(t, at, nil, shipped, cancelled, moved), "LP1", at.Add(time.Hour))
	assert.False(t, o.Cancelled, "a parcel that moved is owed for")
}

func TestCheckTemplate(t *testing.T) {
	t.Parallel()
	rs, at := rulestest.Ruleset(), beijing(t, "2026-03-01 00:00:00")
	tier := sum(t, "28.50 CNY")
	templates := []rules.FreightTemplate{{Service: "CAINIAO_STANDARD", Tiers: []rules.FreightTier{{Countries: []string{"US"}}, {Countries: []string{"FR"}, Freight: &tier}}}}
	for name, tc := range map[string]struct {
		change    func(*rules.OrderCreated)
		templates []rules.FreightTemplate
		want      []string
	}{
		"no templates":          {func(*rules.OrderCreated) {}, nil, nil},
		"as the tier says":      {func(d *rules.OrderCreated) { d.Freight = sum(t, "28.50 CNY") }, templates, nil},
		"at the tolerance":      {func(d *rules.OrderCreated) { d.Freight = sum(t, "29.00 CNY") }, templates, nil},
		"over the tolerance":    {func(d *rules.OrderCreated) { d.Freight = sum(t, "29.01 CNY") }, templates, []string{rules.ObjectionTierFreight}},
		"not served":            {func(d *rules.OrderCreated) { d.Buyer.Country = "BR" }, templates, []string{rules.ObjectionTier}},
		"no template":           {func(d *rules.OrderCreated) { d.ServiceCode = "CAINIAO_ECONOMY" }, templates, []string{rules.ObjectionTemplate}},
		"a tier without amount": {func(d *rules.OrderCreated) { d.Buyer.Country, d.Freight = "US", sum(t, "99 CNY") }, templates, nil},
		"more than was shown": {func(d *rules.OrderCreated) {
			d.Freight, d.FreightShown = sum(t, "12.00 CNY"), new(sum(t, "8.00 CNY"))
		}, nil, []string{rules.ObjectionFreightShown}},
	} {
		var got []string
		for _, o := range rules.CheckTemplate(billed(t, at, tc.change), rs, tc.templates, at) {
			got = append(got, o.Code)
			assert.False(t, o.Blocks)
		}
		assert.Equal(t, tc.want, got, name)
	}
}
