package rules_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parcelward/internal/demo"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// TestPolls: a carrier is asked often while a movement would change a deadline that comes
// near, seldom in line-haul silence, and no more when nothing hangs on it.
func TestPolls(t *testing.T) {
	t.Parallel()
	const number = "LP00123456789012"
	created := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	day := timelineDay
	usd := money.Amount{Currency: "USD"}
	base := []rules.Event{
		of(rules.TypeOrderCreated, &rules.OrderCreated{CreatedAt: created, Category: rules.Standard, ServiceCode: "CAINIAO_STANDARD", FreeShipping: true, AmountPaid: usd, Freight: usd, Commission: usd, Tax: usd, Buyer: rules.Buyer{Name: "A", Country: "US"}}),
		of(rules.TypeOrderPaid, &rules.OrderPaid{PaidAt: created}),
		of(rules.TypeShipmentRecorded, &rules.ShipmentRecorded{TrackingNumber: number, Carrier: "CAINIAO", ServiceCode: "CAINIAO_STANDARD", RecordedAt: created.Add(20 * time.Hour), ShippedAt: created.Add(20 * time.Hour)}),
	}
	scan := func(after time.Duration, m rules.Milestone) rules.Event {
		return of(rules.TypeTrackingUpdated, &rules.TrackingUpdated{TrackingNumber: number, Rows: []rules.Row{{At: created.Add(after), Milestone: m, Source: rules.FromCarrier}}})
	}
	at := func(after, every time.Duration) rules.PollStep {
		return rules.PollStep{From: created.Add(after), Every: every}
	}
	const h = time.Hour
	for _, c := range []struct {
		name   string
		now    time.Duration
		events []rules.Event
		plan   rules.PollPlan
		check  time.Duration // by when the number must be known
	}{
		{"online-due comes near", 20 * h, nil, rules.PollPlan{at(20*h, 2*h)}, 68 * h},
		{"scanned in time, and online-due is met", 24 * h, []rules.Event{scan(22*h, rules.PickedUp)}, rules.PollPlan{at(24*h, 12*h), at(22*h+23*day, 6*h), at(22*h+28*day, 2*h)}, 0},
		{"only announced: known, but not online", 21 * h, []rules.Event{scan(20*h, rules.InfoReceived)}, rules.PollPlan{at(21*h, 6*h), at(24*h, 2*h)}, 0},
		{"under way: 30 days to the stall", 3 * day, []rules.Event{scan(2*day, rules.PickedUp)}, rules.PollPlan{at(3*day, 12*h), at(25*day, 6*h), at(30*day, 2*h)}, 0},
		{"line-haul: 37 days, and silence", 3 * day, []rules.Event{scan(2*day, rules.DepartedOrigin)}, rules.PollPlan{at(3*day, 24*h), at(32*day, 6*h), at(37*day, 2*h)}, 0},
		{"a day before the stall", 31 * day, []rules.Event{scan(2*day, rules.PickedUp)}, rules.PollPlan{at(31*day, 2*h)}, 0},
		{"stalled: a movement would end the case", 32*day + h, []rules.Event{scan(2*day, rules.PickedUp)}, rules.PollPlan{at(32*day+h, 2*h)}, 0},
		{"stalled and unconfirmed", 50 * day, []rules.Event{scan(2*day, rules.PickedUp)}, rules.PollPlan{at(50*day, 12*h)}, 0},
		{"delivered", 5 * day, []rules.Event{scan(4*day, rules.Delivered)}, nil, 0},
		{"cancelled", 5 * day, []rules.Event{of(rules.TypeOrderCancelled, &rules.OrderStopped{When: created.Add(4 * day)})}, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			facts := timelineFacts(append(append([]rules.Event(nil), base...), c.events...)...)
			want := rules.Poll{Plan: c.plan}
			if c.check != 0 {
				want.CheckBy = created.Add(c.check)
			}
			if diff := cmp.Diff(map[string]rules.Poll{number: want}, rules.Polls(facts, timelineRules(t), created.Add(c.now))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPollPlanNext: at -1 s, 0 and +1 s of a denser step.
func TestPollPlanNext(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	plan := rules.PollPlan{{start, 12 * time.Hour}, {start.Add(24 * time.Hour), 6 * time.Hour}}
	for _, c := range []struct{ asked, next time.Duration }{
		{-48 * time.Hour, 0},
		{0, 12 * time.Hour},
		{12*time.Hour - time.Second, 24*time.Hour - time.Second},
		{12 * time.Hour, 24 * time.Hour},
		{12*time.Hour + time.Second, 24 * time.Hour},
		{24*time.Hour - time.Second, 30*time.Hour - time.Second},
		{24 * time.Hour, 30 * time.Hour},
	} {
		if got := plan.Next(start.Add(c.asked)); !got.Equal(start.Add(c.next)) {
			t.Errorf("asked at %s: expected %s, got %s", c.asked, c.next, got.Sub(start))
		}
	}
	if next := rules.PollPlan(nil).Next(start); !next.IsZero() {
		t.Errorf("nothing to ask: expected never, got %s", next)
	}
}

func of(t rules.EventType, data rules.Data) rules.Event {
	at := data.At()
	if u, ok := data.(*rules.TrackingUpdated); ok {
		at = u.Rows[0].At
	}
	return rules.Event{Source: "poll-test", ID: string(t) + at.String(), Type: t, Store: demo.Store, Order: "x", Time: at, Data: data}
}
