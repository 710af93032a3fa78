package aliexpress

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/wire"
)

// Source is where a store's events come from.
func Source(store string) string { return "aliexpress/" + store }

// OrderEvents fetches an order and its disputes and returns what has happened to it so far, as
// [Facts.Events] does, and which of its refunds are the platform's compensation.
func (c *Client) OrderEvents(ctx context.Context, store, id string) (events []rules.Event, payouts []Refund, err error) {
	o, err := c.Order(ctx, store, id)
	if err != nil {
		return nil, nil, err
	}
	disputes, err := c.orderDisputes(ctx, store, &o)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range o.Refunds {
		if r.Payout() && r.Status == refundDone && !r.At.IsZero() {
			payouts = append(payouts, r)
		}
	}
	events, err = c.facts.Events(store, o, disputes)
	return events, payouts, err
}

// Events are the facts that an order's detail and its disputes show, oldest first. They are
// derived anew from every state, and bear the same source and ID each time: the order's number,
// the type, and, where an order can have several of a type, the tracking number, the dispute
// or the time. So the windows of a poll may overlap, and the first that was told stands.
//
//   - order.created: the category, the commission and the trace alerts are [Facts]'s choices;
//     tax is 0, for the platform does not tell it; freight_shown is left out; the service is
//     that of the first line, OTHER where none is told; usd_rate is reckoned where the order is
//     settled in USD. The buyer's name is the recipient's, for it is compared with who signs.
//   - order.cancelled: finished, by an end reason that says so or without a payment.
//   - order.refunded: each refund that is done, compensation (payout_refund) too; partial while
//     the refunds up to it do not make up the amount of the order. A
//     finished order that a dispute ended without the goods is refunded at its end even where
//     the refund itself is not shown.
//   - receipt.confirmed: the buyer accepted the goods, or his time to object ran out. Before the
//     order has ended its time is that of the last parcel received, else of the last change.
//   - shipment.recorded: each number that stands on the platform; it is shipped when it was
//     declared, for no other time is told.
//   - dispute.opened, dispute.closed.
//
// The error names the key that keeps an order from being told at all.
func (f *Facts) Events(store string, o Order, disputes []Dispute) ([]rules.Event, error) {
	m := &mapping{store: store, order: &o}
	created, err := f.created(&o)
	if err != nil {
		return nil, fmt.Errorf("aliexpress: order %s: %w", o.ID, err)
	}
	m.add(rules.TypeOrderCreated, "", o.Created, created)
	if !o.Paid.IsZero() {
		m.add(rules.TypeOrderPaid, "", o.Paid, &rules.OrderPaid{PaidAt: o.Paid})
	}
	for _, p := range o.Parcels {
		at := p.Sent
		if at.IsZero() {
			at = latest(o.Paid, o.Modified, o.Created)
		}
		service := p.Service
		if service == "" {
			service = unknownService
		}
		m.add(rules.TypeShipmentRecorded, p.Number, at, &rules.ShipmentRecorded{
			TrackingNumber: p.Number, Carrier: f.carrier(service), ServiceCode: service, RecordedAt: at, ShippedAt: at, TraceAlert: f.TraceAlert,
		})
	}
	refunded, err := m.refunds(created.AmountPaid)
	if err != nil {
		return nil, fmt.Errorf("aliexpress: order %s: refund: %w", o.ID, err)
	}
	m.end(refunded)
	for i := range disputes {
		m.dispute(&disputes[i], f)
	}
	slices.SortStableFunc(m.events, func(a, b rules.Event) int { return a.Time.Compare(b.Time) })
	return m.events, nil
}

type mapping struct {
	store  string
	order  *Order
	events []rules.Event
}

// add adds an event; what tells several of its type apart.
func (m *mapping) add(t rules.EventType, what string, at time.Time, data rules.Data) {
	id := m.order.ID + "/" + string(t)
	if what != "" {
		id += "/" + what
	}
	m.events = append(m.events, rules.Event{
		Source: Source(m.store), ID: id, Type: t, Store: m.store, Order: m.order.ID, Time: at, Data: data,
	})
}

func (f *Facts) created(o *Order) (*rules.OrderCreated, error) {
	if o.Amount == nil {
		return nil, fmt.Errorf("order_amount: expected an amount and a currency, got none")
	}
	paid := *o.Amount
	zero := money.Amount{Value: decimal.Zero.Pad(paid.Value.Scale()), Currency: paid.Currency}
	freight := zero
	if o.Freight != nil {
		freight = *o.Freight
	}
	commission, err := f.commission(o, paid, freight)
	if err != nil {
		return nil, err
	}
	d := &rules.OrderCreated{
		CreatedAt: o.Created, Category: f.category(o), ServiceCode: unknownService, FreeShipping: freight.Value.IsZero(),
		AmountPaid: paid, Freight: freight, Commission: commission, Tax: zero, USDRate: usdRate(o, paid), Items: []rules.Item{},
		Buyer: rules.Buyer{
			Name: first(text(o.To.Name), text(o.BuyerName), text(o.Buyer), "unknown"), Country: o.To.Country,
			TaxID: o.TaxID, AddressHash: o.To.hash(),
		},
	}
	if d.Buyer.Country == "" {
		return nil, fmt.Errorf("receipt_address.country: expected a country, got none")
	}
	for _, l := range o.Lines {
		if d.ServiceCode == unknownService && l.Service != "" {
			d.ServiceCode = l.Service
		}
		d.Items = append(d.Items, rules.Item{
			SKU: first(text(l.SKU), text(l.Product), text(l.ID), "unknown"), Quantity: max(l.Quantity, 1), Price: l.Price,
		})
	}
	return d, nil
}

func text(s string) wire.Text { return wire.Text(strings.TrimSpace(s)) }

// hash tells addresses apart without keeping them; empty where there is none.
func (a Address) hash() string {
	if a.Street == "" && a.City == "" {
		return ""
	}
	return rules.AddressHash(a.Country, a.Province, a.City, a.Street, a.Zip)
}

// refunds adds the refunds that are done, and tells whether they make up the whole order.
func (m *mapping) refunds(paid money.Amount) (whole bool, err error) {
	sum := decimal.Zero
	refunds := slices.SortedStableFunc(slices.Values(m.order.Refunds), func(a, b Refund) int { return a.At.Compare(b.At) })
	for _, r := range refunds {
		if r.Status != refundDone || r.At.IsZero() {
			continue
		}
		partial := false
		if r.Amount != nil && r.Amount.Currency == paid.Currency {
			if sum, err = sum.Add(r.Amount.Value); err != nil {
				return false, fmt.Errorf("sum: %w", err)
			}
			partial = sum.Cmp(paid.Value) < 0
		} else if r.Child != "" {
			partial = len(m.order.Lines) > 1
		}
		whole = whole || !partial
		what := r.At.UTC().Format("20060102T150405Z")
		if r.Child != "" {
			what = r.Child + "/" + what
		}
		m.add(rules.TypeOrderRefunded, what, r.At, &rules.OrderStopped{When: r.At, Amount: r.Amount, Partial: partial})
	}
	return whole, nil
}

// outcome is how an order ended.
type outcome int

const (
	ended outcome = iota
	endedAccepted
	endedCancelled
	endedRefunded
)

// outcomes of the end reasons that shop systems know from life; the platform publishes no
// list, and others are judged by the order's other fields.
//
//nolint:gochecknoglobals // a constant that Go cannot write as one
var outcomes = map[string]outcome{
	"buyer_accept_goods":                  endedAccepted,
	"buyer_accept_goods_timeout":          endedAccepted,
	"buyer_confirm_goods":                 endedAccepted,
	"buyer_pay_timeout":                   endedCancelled,
	"buyer_cancel_notpay_order":           endedCancelled,
	"buyer_cancel_order_in_risk":          endedCancelled,
	"risk_reject_closed":                  endedCancelled,
	"cancel_order_close_trade":            endedCancelled,
	"seller_send_goods_timeout":           endedCancelled,
	"seller_accept_issue_no_goods_return": endedRefunded,
	"seller_response_issue_timeout":       endedRefunded,
}

// end adds how the order ended; refunded tells whether its refunds have ended it already.
func (m *mapping) end(refunded bool) {
	o := m.order
	if o.Status != statusFinish {
		if o.Logistics == logisticsAccepted {
			at := time.Time{}
			for _, p := range o.Parcels {
				at = latest(at, p.Received)
			}
			if at.IsZero() {
				at = latest(o.Modified, o.Created)
			}
			m.add(rules.TypeReceiptConfirmed, "", at, &rules.ReceiptConfirmed{When: at})
		}
		return
	}
	at := o.Ended
	if at.IsZero() {
		at = latest(o.Modified, o.Created)
	}
	how := outcomes[o.EndReason]
	if how == ended {
		switch {
		case o.Logistics == logisticsAccepted:
			how = endedAccepted
		case refunded:
			return
		case o.Fund == fundNotPaid || o.Paid.IsZero() || len(o.Parcels) == 0:
			how = endedCancelled
		default:
			how = endedAccepted
		}
	}
	switch {
	case how == endedAccepted:
		m.add(rules.TypeReceiptConfirmed, "", at, &rules.ReceiptConfirmed{When: at})
	case how == endedCancelled:
		m.add(rules.TypeOrderCancelled, "", at, &rules.OrderStopped{When: at})
	case how == endedRefunded && !refunded:
		m.add(rules.TypeOrderRefunded, "", at, &rules.OrderStopped{When: at})
	}
}

func (m *mapping) dispute(d *Dispute, f *Facts) {
	if d.Opened.IsZero() {
		return
	}
	kind := rules.DisputeOther
	if d.NotReceived || !d.told && f.notReceived(d.Reason) {
		kind = rules.DisputeNotReceived
	}
	m.add(rules.TypeDisputeOpened, d.ID, d.Opened, &rules.Dispute{When: d.Opened, Kind: kind, DisputeID: d.ID})
	if !d.Closed.IsZero() {
		m.add(rules.TypeDisputeClosed, d.ID, d.Closed, &rules.Dispute{When: d.Closed, Kind: kind, DisputeID: d.ID})
	}
}

// latest is the latest of moments.
func latest(times ...time.Time) time.Time {
	var l time.Time
	for _, t := range times {
		if t.After(l) {
			l = t
		}
	}
	return l
}
