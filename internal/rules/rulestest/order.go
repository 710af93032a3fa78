// Package rulestest draws whole orders for property tests: plausible lives with every kind
// of fact, times on and around the deadlines, facts learnt late, and nonsense that the
// exchange format allows.
//
// Invariants: the same draws give the same events; every event could have come from
// protocol.DecodeEvent; source and ID together are unique within an order.
package rulestest

import (
	"fmt"
	"time"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"parcelward/internal/rules"
	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/policy"
)

const day = 24 * time.Hour

// Order draws the events of an order of store cn-1001, in no particular order.
func Order(t *rapid.T) []rules.Event { return OrderNamed(t, "cn-1001", "8190001", numbers("A")) }

// OrderNamed draws the events of an order whose parcels have some of the given tracking
// numbers.
func OrderNamed(t *rapid.T, store, order string, numbers []string) []rules.Event {
	o := &drawing{T: t, store: store, order: order, numbers: numbers}
	o.create()
	for _, n := range numbers[:rapid.IntRange(0, len(numbers)).Draw(t, "parcels")] {
		o.parcel(n)
	}
	o.buyer()
	o.claims()
	return rapid.Permutation(o.events).Draw(t, "arrival")
}

func numbers(mark string) []string { return []string{"LP" + mark + "1", "LP" + mark + "2"} }

// Ruleset is the embedded policy and calendar.
func Ruleset() rules.Ruleset {
	book, err := policy.Embedded()
	if err != nil {
		panic(err)
	}
	days, err := calendar.Embedded()
	if err != nil {
		panic(err)
	}
	return rules.Ruleset{Pack: book.InForce("aliexpress", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), Calendar: days}
}

// Facts are the facts of an order with these events.
func Facts(store, order string, events []rules.Event) *rules.Facts {
	f := rules.NewFacts(store, order)
	for _, e := range events {
		f.Add(e)
	}
	return f
}

// AsOf draws a moment to judge events at: often exactly at, just before or just after one
// of their deadlines.
func AsOf(t *rapid.T, rs rules.Ruleset, store, order string, events []rules.Event) time.Time {
	var moments []time.Time
	if a, ok := rules.Assess(Facts(store, order, events), rs, late); ok {
		moments = deadlines(&a)
	}
	for _, e := range events {
		moments = append(moments, e.Time)
	}
	at := rapid.SampledFrom(moments).Draw(t, "as of about")
	return at.Add(rapid.SampledFrom(edges).Draw(t, "as of edge"))
}

// late is after everything that is drawn.
var late = time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant that Go cannot write as one

// edges are where deadlines break.
var edges = []time.Duration{ //nolint:gochecknoglobals // a constant that Go cannot write as one
	-day, -time.Second, -time.Millisecond, 0, time.Millisecond, time.Second, day, 3 * day, 20 * day,
}

func deadlines(a *rules.Assessment) []time.Time {
	var out []time.Time
	for _, d := range a.Deadlines {
		out = append(out, d.At.Time())
	}
	for _, c := range a.Cases {
		out = append(out, c.OpenedAt.Time(), c.AlertBy.Time(), c.ConfirmBy.Time(), c.FileBy.Time())
		if c.NextDeadline != nil {
			out = append(out, c.NextDeadline.At.Time())
		}
	}
	return out
}

// drawing is an order being drawn.
type drawing struct {
	*rapid.T
	store, order string
	numbers      []string
	created      time.Time
	events       []rules.Event
}

func (o *drawing) coin(label string) bool { return rapid.Bool().Draw(o.T, label) }

// one in n.
func (o *drawing) rarely(n int, label string) bool { return rapid.IntRange(1, n).Draw(o.T, label) == n }

// after draws a moment around base + d.
func (o *drawing) after(base time.Time, d time.Duration, label string) time.Time {
	if o.coin(label + " on the edge") {
		return base.Add(d + rapid.SampledFrom(edges).Draw(o.T, label+" edge"))
	}
	return base.Add(time.Duration(rapid.Int64Range(0, int64(2*d/time.Millisecond)).Draw(o.T, label)) * time.Millisecond)
}

// add puts in an event that is mostly told when it happens, and sometimes late.
func (o *drawing) add(kind rules.EventType, at time.Time, d rules.Data) {
	told := at
	if o.rarely(5, "told late") {
		told = at.Add(rapid.SampledFrom([]time.Duration{time.Second, day, 40 * day}).Draw(o.T, "delay"))
	}
	source := rapid.SampledFrom([]string{"/platform", "/carrier"}).Draw(o.T, "source")
	o.events = append(o.events, rules.Event{
		Source: source, ID: fmt.Sprintf("%s-%d", o.order, len(o.events)), Type: kind, Store: o.store, Order: o.order, Time: told, Data: d,
	})
}

func usd(amount string) money.Amount {
	return money.Amount{Value: decimal.MustParse(amount), Currency: "USD"}
}

var services = []string{"CAINIAO_STANDARD", "CAINIAO_SUPER_ECONOMY", "OWN_TRUCK"} //nolint:gochecknoglobals // a constant that Go cannot write as one

func (o *drawing) create() {
	o.created = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 400*24*3600).Draw(o.T, "created")) * time.Second)
	for range rapid.IntRange(1, 2).Draw(o.T, "creations") {
		shown, price := usd("1.00"), usd("50.00")
		o.add(rules.TypeOrderCreated, o.created, &rules.OrderCreated{
			CreatedAt: o.created,
			Buyer: rules.Buyer{
				Name: "Ana Souza", Country: rapid.SampledFrom([]string{"US", "BR", "RU"}).Draw(o.T, "country"),
				TaxID: rapid.SampledFrom([]string{"", "529.982.247-25", "7707083893"}).Draw(o.T, "tax id"),
			},
			Category:     rapid.SampledFrom([]rules.Category{rules.Standard, rules.Bulky, rules.Custom}).Draw(o.T, "category"),
			ServiceCode:  rapid.SampledFrom(services).Draw(o.T, "service"),
			FreeShipping: o.coin("free shipping"),
			AmountPaid:   usd(rapid.SampledFrom([]string{"0.00", "53.405", "250.00"}).Draw(o.T, "paid")),
			Freight:      usd("1.40"), FreightShown: &shown, Commission: usd("2.50"), Tax: usd("0.00"),
			Items: []rules.Item{{SKU: "S1", Quantity: 1, Price: &price}},
		})
	}
	if o.coin("is paid") {
		at := o.after(o.created, time.Hour, "paid at")
		o.add(rules.TypeOrderPaid, at, &rules.OrderPaid{PaidAt: at})
	}
}

func (o *drawing) parcel(number string) {
	at := o.after(o.created, 3*day, "recorded")
	for range rapid.IntRange(1, 2).Draw(o.T, "recordings") {
		o.add(rules.TypeShipmentRecorded, at, &rules.ShipmentRecorded{
			TrackingNumber: number, Carrier: "cainiao", ServiceCode: rapid.SampledFrom(services).Draw(o.T, "shipped by"),
			RecordedAt: at, ShippedAt: at, TraceAlert: o.coin("trace alert"),
		})
	}
	last := at
	for range rapid.IntRange(0, 6).Draw(o.T, "scans") {
		rows := make([]rules.Row, rapid.IntRange(1, 2).Draw(o.T, "rows"))
		for i := range rows {
			wait := rapid.SampledFrom([]time.Duration{0, day, 16 * day, 30 * day, 37 * day, 45 * day, 52 * day}).Draw(o.T, "silence")
			last = o.after(last, wait, "scan")
			rows[i] = rules.Row{
				At: last, Milestone: rapid.SampledFrom(rules.Milestones()).Draw(o.T, "milestone"),
				SignedBy: rapid.SampledFrom([]string{"", "ANA  souza", "P. Stranger"}).Draw(o.T, "signed"), Authorised: o.rarely(5, "authorised"),
				Source: rapid.SampledFrom([]rules.RowSource{rules.FromCarrier, rules.FromCarrier, rules.FromAggregator, rules.FromManual}).Draw(o.T, "row source"),
			}
		}
		o.add(rules.TypeTrackingUpdated, last, &rules.TrackingUpdated{TrackingNumber: number, Rows: rows})
	}
	if o.rarely(8, "flagged") {
		o.add(rules.TypeTrackingFlagged, last, &rules.ParcelFact{TrackingNumber: number, When: last, Reason: "copied"})
	}
	if o.rarely(3, "document") {
		doc := o.after(last, 10*day, "document at")
		o.add(rules.TypeCustomsDocument, doc, &rules.ParcelFact{TrackingNumber: number, When: doc})
	}
}

// buyer draws what the buyer does: disputes, and the ends of an order.
func (o *drawing) buyer() {
	for i := range rapid.IntRange(0, 2).Draw(o.T, "disputes") {
		at := o.after(o.created, 40*day, "dispute")
		d := &rules.Dispute{When: at, Kind: rapid.SampledFrom([]string{rules.DisputeNotReceived, rules.DisputeOther}).Draw(o.T, "dispute kind"), DisputeID: fmt.Sprint("D", i)}
		o.add(rules.TypeDisputeOpened, at, d)
		if o.rarely(3, "dispute closed") {
			closed := *d
			closed.When = o.after(at, 5*day, "closed")
			o.add(rules.TypeDisputeClosed, closed.When, &closed)
		}
	}
	at := o.after(o.created, 60*day, "end")
	switch rapid.IntRange(0, 9).Draw(o.T, "ending") {
	case 0:
		o.add(rules.TypeReceiptConfirmed, at, &rules.ReceiptConfirmed{When: at})
	case 1:
		o.add(rules.TypeOrderRefunded, at, &rules.OrderStopped{When: at, Partial: o.coin("partial")})
	case 2:
		o.add(rules.TypeOrderCancelled, at, &rules.OrderStopped{When: at})
	}
}
