package dev

import (
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/demo"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/world"
)

// SampleOrders are orders that stand on the platform's twin as of now, so that its polling has
// something to show: one that waits to be shipped, and one on its way. People and goods are
// invented.
func SampleOrders(now time.Time) ([]aliexpress.Order, []world.Parcel) {
	const number = "LP00770000000017"
	now = now.UTC().Truncate(time.Second)
	waiting := sampleOrder("8190000000000001", now.Add(-5*time.Hour), "Inês Duarte", "PT", "24.60")
	shipped := sampleOrder("8190000000000002", now.Add(-4*24*time.Hour), "Jonas Weber", "DE", "61.90")
	sent := now.Add(-3 * 24 * time.Hour)
	shipped.Status, shipped.Modified = "WAIT_BUYER_ACCEPT_GOODS", sent
	shipped.Parcels = []aliexpress.Parcel{{Number: number, Service: "CAINIAO_STANDARD", Sent: sent}}
	rows := []rules.Row{
		{At: sent.Add(9 * time.Hour), Milestone: rules.PickedUp, Location: "Hangzhou", Source: rules.FromCarrier},
		{At: sent.Add(40 * time.Hour), Milestone: rules.DepartedOrigin, Location: "Shanghai", Source: rules.FromCarrier},
	}
	return []aliexpress.Order{waiting, shipped}, []world.Parcel{{Number: number, Carrier: "CAINIAO", Country: "DE", Rows: rows}}
}

func sampleOrder(id string, created time.Time, name, country, amount string) aliexpress.Order {
	usd := func(value string) money.Amount { return money.Amount{Value: decimal.MustParse(value), Currency: "USD"} }
	return aliexpress.Order{
		Seller: demo.Store, ID: id, Status: "WAIT_SELLER_SEND_GOODS", Created: created, Paid: created.Add(time.Hour), Modified: created.Add(time.Hour),
		Buyer: "sample" + id[len(id)-1:], Name: name, Country: country, City: "Sampletown", Street: "1 Sample Street", Zip: "0000",
		Amount: usd(amount), Freight: usd("0.00"),
		Lines: []aliexpress.Line{{
			ID: id[:len(id)-1] + "9", Product: "1005000000000001", SKU: "SAMPLE", Service: "CAINIAO_STANDARD", Quantity: 1, Price: usd(amount), FeeRate: "0.08",
		}},
	}
}
