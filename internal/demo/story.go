package demo

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/sandbox/world"
)

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// Sent is what is sent to Parcelward at a virtual time: one of an event, whose own time that is,
// an original, and a store's scores.
type Sent struct {
	At     time.Time
	Event  json.RawMessage // CloudEvent
	Upload *Upload
	Scores *Scores
	Scan   bool // a carrier tells it: who plays with tracking services does not send it
}

// story tells one order's events. Times are counted from the order's creation.
type story struct {
	store, order string
	born         time.Time
	sent         []Sent
	carrier      string
	service      string
	country      string // of destination
	sku          string
	whole        int                  // pieces of the order
	parcels      []world.Parcel       // recorded ones
	shipped      map[string]time.Time // by number
	pieces       map[string]int       // likewise
}

func newStory(store, order string, born time.Time) *story {
	return &story{
		store: store, order: order, born: born.UTC().Truncate(time.Second), carrier: "CAINIAO", service: "CAINIAO_STANDARD",
		shipped: map[string]time.Time{}, pieces: map[string]int{},
	}
}

// by changes who carries the order's parcels, and on which line.
func (s *story) by(carrier, service string) { s.carrier, s.service = carrier, service }

// The sources of the demo's events.
const (
	fromShop    = "demo/shop"
	fromCarrier = "demo/carrier"
	fromStaff   = "demo/staff"
)

func (s *story) tell(after time.Duration, source string, t rules.EventType, data func(at time.Time) rules.Data) {
	at := s.born.Add(after)
	raw, err := protocol.EncodeEvent(rules.Event{
		Source: source, ID: fmt.Sprintf("%s/%d", s.order, len(s.sent)+1), Type: t,
		Store: s.store, Order: s.order, Time: at, Data: data(at),
	})
	if err != nil {
		panic("demo: an event of its own making cannot be encoded: " + err.Error())
	}
	s.sent = append(s.sent, Sent{At: at, Event: json.RawMessage(raw), Scan: source == fromCarrier})
}

// sale is what differs between the orders.
type sale struct {
	buyer, country, taxID string
	category              rules.Category
	freeShipping          bool
	currency              string // default USD
	usdRate               string // for 1 unit of another currency
	paid, freight         string
	commission, tax       string // default 0
	sku                   string
	pieces                int // default 1
}

// ordered creates and pays the order, in one batch.
func (s *story) ordered(o sale) {
	s.country = o.country
	if o.category == "" {
		o.category = rules.Standard
	}
	if o.currency == "" {
		o.currency = "USD"
	}
	in := func(text string) money.Amount {
		if text == "" {
			text = "0"
		}
		a, err := money.Parse(text, o.currency)
		if err != nil {
			panic("demo: " + err.Error())
		}
		return a
	}
	pieces := max(o.pieces, 1)
	s.sku, s.whole = o.sku, pieces
	price := in(o.paid) // of one piece: what was paid, freight aside
	goods, err := price.Value.Sub(in(o.freight).Value)
	if err == nil {
		price.Value, err = goods.Quo(decimal.MustNew(int64(pieces), 0))
	}
	if err != nil {
		panic("demo: " + err.Error())
	}
	created := &rules.OrderCreated{
		Buyer: rules.Buyer{Name: o.buyer, Country: o.country, TaxID: o.taxID}, Category: o.category, ServiceCode: s.service,
		FreeShipping: o.freeShipping, AmountPaid: in(o.paid), Freight: in(o.freight), Commission: in(o.commission), Tax: in(o.tax),
		Items: []rules.Item{{SKU: o.sku, Quantity: pieces, Price: &price}},
	}
	if o.usdRate != "" {
		rate := decimal.MustParse(o.usdRate)
		created.USDRate = &rate
	}
	s.tell(0, fromShop, rules.TypeOrderCreated, func(at time.Time) rules.Data { created.CreatedAt = at; return created })
	s.tell(0, fromShop, rules.TypeOrderPaid, func(at time.Time) rules.Data { return &rules.OrderPaid{PaidAt: at} })
}

// recorded puts a parcel's number on the platform. numbers follow from the order's, so
// that any number of orders can be told.
func (s *story) recorded(after time.Duration, suffix string) (number string) {
	number = tracknum.Normalize("PW" + s.order + suffix)
	s.parcels = append(s.parcels, world.Parcel{Number: number, Carrier: s.carrier, Country: s.country})
	s.shipped[number], s.pieces[number] = s.born.Add(after-hour), s.whole
	var items []rules.Item
	if suffix != "" { // the order goes in several parcels, one piece in each
		s.pieces[number] = 1
		items = []rules.Item{{SKU: s.sku, Quantity: 1}}
	}
	s.tell(after, fromShop, rules.TypeShipmentRecorded, func(at time.Time) rules.Data {
		return &rules.ShipmentRecorded{
			TrackingNumber: number, Carrier: s.carrier, ServiceCode: s.service,
			RecordedAt: at, ShippedAt: at.Add(-hour), TraceAlert: true, Items: items,
		}
	})
	return number
}

func (s *story) scan(after time.Duration, number string, m rules.Milestone, location string) {
	s.scanned(after, number, rules.Row{Milestone: m, Location: location})
}

func (s *story) scanned(after time.Duration, number string, r rules.Row) {
	r.Source = rules.FromCarrier
	s.tell(after, fromCarrier, rules.TypeTrackingUpdated, func(at time.Time) rules.Data {
		r.At = at
		return &rules.TrackingUpdated{TrackingNumber: number, Rows: []rules.Row{r}}
	})
	for i := range s.parcels {
		if s.parcels[i].Number == number {
			s.parcels[i].Rows = append(s.parcels[i].Rows, r)
		}
	}
}

func (s *story) alerted(after time.Duration, number string) {
	s.tell(after, fromShop, rules.TypeAlerted, func(at time.Time) rules.Data {
		return &rules.ParcelFact{TrackingNumber: number, When: at}
	})
}

func (s *story) customsDocument(after time.Duration, number string) {
	s.tell(after, fromStaff, rules.TypeCustomsDocument, func(at time.Time) rules.Data {
		return &rules.ParcelFact{TrackingNumber: number, When: at}
	})
}

// confirmed: a person presses the button in the seller centre.
func (s *story) confirmed(after time.Duration, number, by string) {
	s.tell(after, fromStaff, rules.TypeConfirmed, func(at time.Time) rules.Data {
		return &rules.Confirmed{TrackingNumber: number, When: at, By: by}
	})
}

func (s *story) received(after time.Duration) {
	s.tell(after, fromShop, rules.TypeReceiptConfirmed, func(at time.Time) rules.Data { return &rules.ReceiptConfirmed{When: at} })
}

func (s *story) refunded(after time.Duration) {
	s.tell(after, fromShop, rules.TypeOrderRefunded, func(at time.Time) rules.Data { return &rules.OrderStopped{When: at} })
}
