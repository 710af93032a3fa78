package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/govalues/decimal"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/tracknum"
)

// checker collects the first thing that is wrong with an event's data.
type checker struct{ err *EventError }

func (c *checker) fail(key, expected, got string) {
	if c.err == nil {
		c.err = &EventError{"data." + key, expected, got}
	}
}

// The most characters of texts. Codes and IDs become parts of keys, names and search
// attributes elsewhere, which have bounds of their own.
const (
	maxCode = 64
	maxID   = 128
	maxText = 256
	maxNote = 4096
)

func (c *checker) text(key, s string, most int) {
	switch {
	case s == "":
		c.fail(key, "a text that is not empty", "")
	case utf8.RuneCountInString(s) > most:
		c.fail(key, fmt.Sprintf("a text of at most %d characters", most), quote(s))
	}
}

const aTime = "an RFC 3339 time with offset"

// The years that times may have. Deadlines are reckoned from them: one after 9999 could not be
// written as RFC 3339, and one of long ago is a mistake.
const (
	firstYear = 1990
	lastYear  = 2200
)

// badTime says what is expected instead of t; empty when t will do.
func badTime(t time.Time) (expected, got string) {
	switch year := t.UTC().Year(); {
	case t.IsZero():
		return aTime, "none"
	case year < firstYear || year > lastYear:
		return fmt.Sprintf("a time in the years %d to %d", firstYear, lastYear), t.Format(time.RFC3339)
	}
	return "", ""
}

func (c *checker) time(key string, t time.Time) {
	if expected, got := badTime(t); expected != "" {
		c.fail(key, expected, got)
	}
}

const aMoney = `{"amount":"88.20","currency":"USD"}`

func (c *checker) money(key string, a *money.Amount) {
	switch {
	case a == nil:
	case a.Currency == "":
		c.fail(key, aMoney, "none")
	case a.IsNegative():
		c.fail(key, "an amount that is not negative", a.String())
	}
}

func (c *checker) number(n *string) {
	got := *n
	if *n = tracknum.Normalize(got); *n == "" || len(*n) > 64 {
		c.fail("tracking_number", "1 to 64 letters and digits", quote(got))
	}
}

func (c *checker) rate(key string, d *decimal.Decimal) {
	if d != nil && !d.IsPos() {
		c.fail(key, "a rate above zero", d.String())
	}
}

// oneOf checks a value of a fixed set.
func oneOf[S ~string](c *checker, key string, s S, allowed ...S) {
	if slices.Contains(allowed, s) {
		return
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	c.fail(key, "one of "+strings.Join(names, ", "), quote(string(s)))
}

// check completes what decoding cannot tell: presence, sets, signs. It normalises the
// tracking numbers in data.
func check(data rules.Data) error {
	c := &checker{}
	switch d := data.(type) {
	case *rules.OrderCreated:
		c.created(d)
	case *rules.OrderPaid:
		c.time("paid_at", d.PaidAt)
	case *rules.OrderStopped:
		c.time("at", d.When)
		c.money("amount", d.Amount)
	case *rules.AddressChanged:
		c.time("at", d.When)
		c.text("address_hash", d.AddressHash, maxText)
	case *rules.ShipmentRecorded:
		c.shipment(d)
	case *rules.TrackingUpdated:
		c.trace(d)
	case *rules.ParcelFact:
		c.number(&d.TrackingNumber)
		c.time("at", d.When)
	case *rules.ReceiptConfirmed:
		c.time("at", d.When)
	case *rules.Dispute:
		c.time("at", d.When)
		oneOf(c, "kind", d.Kind, rules.DisputeNotReceived, rules.DisputeOther)
		c.text("dispute_id", d.DisputeID, maxID)
	case *rules.Confirmed:
		c.confirmed(d)
	case *rules.ClaimFiled:
		c.filed(d)
	case *rules.ClaimDecided:
		c.text("claim_id", d.ClaimID, maxID)
		c.time("at", d.When)
		oneOf(c, "decision", d.Decision, rules.DecisionApproved, rules.DecisionRejected)
		c.money("amount", d.Amount)
	case *rules.ClaimFact:
		c.text("claim_id", d.ClaimID, maxID)
		c.time("at", d.When)
		c.money("amount", d.Amount)
		c.originals(d.Originals)
	case *rules.Complaint:
		c.text("complaint_id", d.ComplaintID, maxID)
		c.time("at", d.When)
	case *rules.EvidenceAdded:
		c.evidence(d)
	case *rules.PapersRequested:
		c.papers(d)
	case *rules.Ticket:
		c.ticket(d)
	}
	if c.err != nil {
		return c.err
	}
	return nil
}

func (c *checker) created(d *rules.OrderCreated) {
	c.time("created_at", d.CreatedAt)
	c.text("buyer.name", d.Buyer.Name, maxText)
	if !isCountry(d.Buyer.Country) {
		c.fail("buyer.country", "an ISO 3166-1 alpha-2 country code", quote(d.Buyer.Country))
	}
	oneOf(c, "category", d.Category, rules.Standard, rules.Bulky, rules.Custom)
	c.text("service_code", d.ServiceCode, maxCode)
	c.money("amount_paid", &d.AmountPaid)
	c.money("freight", &d.Freight)
	c.money("freight_shown", d.FreightShown)
	c.money("commission", &d.Commission)
	c.money("tax", &d.Tax)
	c.rate("usd_rate", d.USDRate)
	c.items(d.Items)
}

// checkNew is what an event must bear besides when it comes in. Facts that were taken in when
// less was asked for stay readable, so that no running order loses its beginning.
func checkNew(data rules.Data) error {
	switch d := data.(type) {
	case *rules.OrderCreated:
		for i, item := range d.Items {
			if item.Price == nil {
				return &EventError{fmt.Sprintf("data.items.%d.price", i), aMoney, "none"}
			}
		}
	case *rules.Complaint:
		if d.Points < 0 || d.Points > maxPoints {
			return &EventError{"data.points", fmt.Sprintf("0 to %d service points", maxPoints), fmt.Sprint(d.Points)}
		}
	}
	return nil
}

// maxPoints is far above what any decision takes.
const maxPoints = 1000

func (c *checker) items(items []rules.Item) {
	for i, item := range items {
		c.text(fmt.Sprintf("items.%d.sku", i), item.SKU, maxText)
		if item.Quantity < 1 {
			c.fail(fmt.Sprintf("items.%d.quantity", i), "a whole number of at least 1", fmt.Sprint(item.Quantity))
		}
		c.money(fmt.Sprintf("items.%d.price", i), item.Price)
	}
}

func (c *checker) shipment(d *rules.ShipmentRecorded) {
	c.number(&d.TrackingNumber)
	c.text("carrier", d.Carrier, maxCode)
	c.text("service_code", d.ServiceCode, maxCode)
	c.time("recorded_at", d.RecordedAt)
	c.time("shipped_at", d.ShippedAt)
	c.items(d.Items)
	if got := d.Replaces; got != "" {
		if d.Replaces = tracknum.Normalize(got); d.Replaces == "" || len(d.Replaces) > 64 || d.Replaces == d.TrackingNumber {
			c.fail("replaces", "another tracking number, of 1 to 64 letters and digits", quote(got))
		}
	}
	for i, id := range d.OrderIDs {
		if !ValidName(id) {
			c.fail(fmt.Sprintf("order_ids.%d", i), "an order number of 1 to 64 characters A-Z a-z 0-9 . _ -", quote(id))
		}
	}
}

func (c *checker) trace(d *rules.TrackingUpdated) {
	c.number(&d.TrackingNumber)
	if d.Rows == nil {
		c.fail("events", "a list of trace rows", "none")
	}
	for i := range d.Rows {
		r := &d.Rows[i]
		c.time(fmt.Sprintf("events.%d.at", i), r.At)
		if !knownMilestone(r.Milestone) {
			c.fail(fmt.Sprintf("events.%d.milestone", i), "a milestone of the exchange format", quote(string(r.Milestone)))
		}
		switch r.Source {
		case rules.FromCarrier, rules.FromAggregator, rules.FromManual:
		default:
			c.fail(fmt.Sprintf("events.%d.source", i), "one of carrier, aggregator, manual", quote(string(r.Source)))
		}
	}
}

func knownMilestone(m rules.Milestone) bool { return slices.Contains(rules.Milestones(), m) }

func (c *checker) confirmed(d *rules.Confirmed) {
	c.number(&d.TrackingNumber)
	c.time("at", d.When)
	if d.By == "" {
		c.fail("by", "the name of the person who pressed the button", "none")
	}
	c.text("by", d.By, maxText)
	if d.Note != "" {
		c.text("note", d.Note, maxNote)
	}
	if d.Kind != "" {
		oneOf(c, "kind", d.Kind, rules.CaseKinds()...)
	}
}

// Check says what is wrong with a confirmation in itself, whichever way it came, and
// normalises its number: what it accepts makes an event that the inbox accepts. A confirmation
// without a time is one of now. The error is an *[EventError].
func (c Confirmation) Check(now time.Time) (Confirmation, error) {
	d := &rules.Confirmed{TrackingNumber: c.TrackingNumber, Kind: c.Kind, When: now, By: c.By, Note: c.Note}
	if c.At != nil {
		d.When = *c.At
	}
	err := check(d)
	if bad, ok := errors.AsType[*EventError](err); ok {
		bad.Key = strings.TrimPrefix(bad.Key, "data.")
	}
	c.TrackingNumber = d.TrackingNumber
	return c, err
}

func (c *checker) filed(d *rules.ClaimFiled) {
	c.number(&d.TrackingNumber)
	c.time("at", d.When)
	c.text("claim_id", d.ClaimID, maxID)
	c.originals(d.Originals)
	if d.Case == nil {
		return
	}
	oneOf(c, "case.kind", d.Case.Kind, rules.CaseKinds()...)
	c.time("case.opened_at", d.Case.OpenedAt)
	c.time("case.last_movement_at", d.Case.LastMovementAt)
	c.time("case.file_by", d.Case.FileBy)
}

func (c *checker) evidence(d *rules.EvidenceAdded) {
	if d.TrackingNumber != "" {
		c.number(&d.TrackingNumber)
	}
	c.time("at", d.When)
	c.text("by", d.By, maxText)
	if len(d.Originals) == 0 {
		c.fail("originals", "a list of originals", "none")
	}
	c.originals(d.Originals)
}

func (c *checker) originals(list []rules.Original) {
	for i, o := range list {
		oneOf(c, fmt.Sprintf("originals.%d.kind", i), o.Kind, rules.EvidenceKinds()...)
		if sum, err := hex.DecodeString(o.SHA256); err != nil || len(sum) != sha256.Size || strings.ToLower(o.SHA256) != o.SHA256 {
			c.fail(fmt.Sprintf("originals.%d.sha256", i), "64 hexadecimal digits in lower case", quote(o.SHA256))
		}
	}
}

func (c *checker) papers(d *rules.PapersRequested) {
	c.text("claim_id", d.ClaimID, maxID)
	c.time("at", d.When)
	for i, kind := range d.Kinds {
		oneOf(c, fmt.Sprintf("kinds.%d", i), kind, rules.EvidenceKinds()...)
	}
	if d.Reason != "" {
		c.text("reason", d.Reason, maxNote)
	}
	if d.Until != nil {
		c.time("until", *d.Until)
	}
}

func (c *checker) ticket(d *rules.Ticket) {
	c.text("ticket_id", d.TicketID, maxID)
	c.time("at", d.When)
	if d.Outcome != "" {
		oneOf(c, "outcome", d.Outcome, rules.TicketSolved, rules.TicketUnsolved, rules.TicketReturned)
	}
	if d.Reason != "" {
		c.text("reason", d.Reason, maxNote)
	}
}

// mandatory are the keys of data whose absence a decoded value does not show, with what is
// expected there.
func mandatory(t rules.EventType) map[string]string {
	switch t {
	case rules.TypeOrderCreated:
		return map[string]string{"free_shipping": "true or false", "items": "a list of items"}
	case rules.TypeShipmentRecorded:
		return map[string]string{"trace_alert": "true or false"}
	default:
		return nil
	}
}

// checkPresence looks for the mandatory keys of the event raw.
func checkPresence(t rules.EventType, raw []byte) error {
	keys := mandatory(t)
	if keys == nil {
		return nil
	}
	var event struct {
		Data map[string]jsontext.Value `json:"data"`
	}
	if err := json.Unmarshal(raw, &event); err != nil {
		return eventError("", raw, err)
	}
	c := &checker{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if value, ok := event.Data[key]; !ok || value.Kind() == 'n' {
			c.fail(key, keys[key], "none")
		}
	}
	if c.err != nil {
		return c.err
	}
	return nil
}
