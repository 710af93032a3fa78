package workflows_test

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/govalues/decimal"
	"go.temporal.io/sdk/client"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

var created = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

var serial atomic.Int64

func startOptions(id string) client.StartWorkflowOptions { return client.StartWorkflowOptions{ID: id} }

// event is an event of the order with its data, known from its own time on.
func event(t rules.EventType, at time.Time, data rules.Data) rules.Event {
	return rules.Event{
		Source: "test", ID: fmt.Sprint("e", serial.Add(1)), Type: t, Store: store, Order: number, Time: at, Data: data,
	}
}

func usd(s string) money.Amount { return money.Amount{Value: decimal.MustParse(s), Currency: "USD"} }

func orderCreated(country string, free bool) rules.Event {
	price := usd("98.20")
	return event(rules.TypeOrderCreated, created, &rules.OrderCreated{
		CreatedAt: created, Buyer: rules.Buyer{Name: "Ana Souza", Country: country}, Category: rules.Standard,
		ServiceCode: "CAINIAO_STANDARD", FreeShipping: free, AmountPaid: usd("98.20"), Freight: usd("0.00"),
		Commission: usd("8.00"), Tax: usd("2.00"), Items: []rules.Item{{SKU: "LAMP-1", Quantity: 1, Price: &price}},
	})
}

func paid(at time.Time) rules.Event {
	return event(rules.TypeOrderPaid, at, &rules.OrderPaid{PaidAt: at})
}

func recorded(at time.Time) rules.Event {
	return event(rules.TypeShipmentRecorded, at, &rules.ShipmentRecorded{
		TrackingNumber: parcel, Carrier: "cainiao", ServiceCode: "CAINIAO_STANDARD", RecordedAt: at, ShippedAt: at, TraceAlert: true,
	})
}

func scan(at time.Time, m rules.Milestone) rules.Event {
	return event(rules.TypeTrackingUpdated, at, &rules.TrackingUpdated{
		TrackingNumber: parcel, Rows: []rules.Row{{At: at, Milestone: m, Source: rules.FromCarrier}},
	})
}

func received(at time.Time) rules.Event {
	return event(rules.TypeReceiptConfirmed, at, &rules.ReceiptConfirmed{When: at})
}

func confirmed(at time.Time) rules.Event {
	return event(rules.TypeConfirmed, at, &rules.Confirmed{TrackingNumber: parcel, When: at, By: "wang.li"})
}

func filed(at time.Time, claimID string) rules.Event {
	return event(rules.TypeClaimFiled, at, &rules.ClaimFiled{TrackingNumber: parcel, When: at, ClaimID: claimID})
}

func decided(at time.Time, claimID, decision string) rules.Event {
	return event(rules.TypeClaimDecided, at, &rules.ClaimDecided{ClaimID: claimID, When: at, Decision: decision})
}

// added brings one original into the vault, after those with which claims are filed here.
func added(at time.Time) rules.Event {
	return event(rules.TypeEvidenceAdded, at, &rules.EvidenceAdded{
		TrackingNumber: parcel, When: at, By: "li.na", Originals: []rules.Original{{Kind: rules.EvidenceWaybill, SHA256: fmt.Sprintf("%064x", at.Unix())}},
	})
}

func appealed(at time.Time, claimID string) rules.Event {
	return event(rules.TypeClaimAppealed, at, &rules.ClaimFact{ClaimID: claimID, When: at})
}

func settled(at time.Time, claimID string) rules.Event {
	return event(rules.TypeClaimPaid, at, &rules.ClaimFact{ClaimID: claimID, When: at})
}

func cancelled(at time.Time) rules.Event {
	return event(rules.TypeOrderCancelled, at, &rules.OrderStopped{When: at})
}

func refunded(at time.Time, partial bool) rules.Event {
	return event(rules.TypeOrderRefunded, at, &rules.OrderStopped{When: at, Partial: partial})
}

func alerted(at time.Time) rules.Event {
	return event(rules.TypeAlerted, at, &rules.ParcelFact{TrackingNumber: parcel, When: at})
}

func document(at time.Time) rules.Event {
	return event(rules.TypeCustomsDocument, at, &rules.ParcelFact{TrackingNumber: parcel, When: at})
}

// aroundDeadline are the moments at which every deadline is tried.
var aroundDeadline = map[string]time.Duration{"-1 s": -time.Second, "0": 0, "+1 s": time.Second}
