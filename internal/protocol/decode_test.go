package protocol_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// object is a JSON object to be spoilt.
type object = map[string]any

var goodData = map[string]object{
	"order.created": {
		"created_at": "2026-03-01T08:00:00+08:00", "buyer": object{"name": "Ana", "country": "BR"}, "category": "standard",
		"service_code": "CAINIAO_STANDARD", "free_shipping": true, "amount_paid": object{"amount": "98.20", "currency": "USD"},
		"freight": object{"amount": "0.00", "currency": "USD"}, "commission": object{"amount": "8.00", "currency": "USD"},
		"tax": object{"amount": "2.00", "currency": "USD"}, "items": []any{object{"sku": "A", "quantity": 1, "price": object{"amount": "98.20", "currency": "USD"}}},
	},
	"order.paid":                 {"paid_at": "2026-03-01T08:00:00+08:00"},
	"order.refunded":             {"at": "2026-03-01T08:00:00+08:00"},
	"order.address_changed":      {"at": "2026-03-01T08:00:00+08:00", "address_hash": "h"},
	"shipment.recorded":          {"tracking_number": "LP1", "carrier": "cainiao", "service_code": "S", "recorded_at": "2026-03-01T08:00:00Z", "shipped_at": "2026-03-01T08:00:00Z", "trace_alert": true},
	"tracking.updated":           {"tracking_number": "LP1", "events": []any{object{"at": "2026-03-01T08:00:00Z", "milestone": "lost", "source": "carrier"}}},
	"exception.alerted":          {"tracking_number": "LP1", "at": "2026-03-01T08:00:00Z"},
	"receipt.confirmed":          {"at": "2026-03-01T08:00:00Z"},
	"dispute.opened":             {"at": "2026-03-01T08:00:00Z", "kind": "not_received", "dispute_id": "d"},
	"exception.confirmed":        {"tracking_number": "LP1", "at": "2026-03-01T08:00:00Z", "by": "wang.li"},
	"claim.filed":                {"tracking_number": "LP1", "at": "2026-03-01T08:00:00Z", "claim_id": "C"},
	"claim.decided":              {"claim_id": "C", "at": "2026-03-01T08:00:00Z", "decision": "approved"},
	"claim.paid":                 {"claim_id": "C", "at": "2026-03-01T08:00:00Z"},
	"complaint.opened":           {"complaint_id": "F", "at": "2026-03-01T08:00:00Z"},
	"customs.document_submitted": {"tracking_number": "LP1", "at": "2026-03-01T08:00:00Z"},
}

func envelope(kind string, data any) object {
	return object{
		"specversion": "1.0", "id": "e1", "source": "/shop", "type": kind, "subject": "cn-1001/8190001",
		"time": "2026-03-01T08:00:00+08:00", "data": data,
	}
}

// with is an object with one value changed at a path; nil removes it.
func with(o object, path string, value any) object {
	key, rest, deeper := strings.Cut(path, ".")
	out := maps.Clone(o)
	switch {
	case deeper && strings.HasPrefix(rest, "0"):
		_, rest, _ = strings.Cut(rest, ".")
		out[key] = []any{with(out[key].([]any)[0].(object), rest, value)}
	case deeper:
		inner, _ := out[key].(object)
		out[key] = with(inner, rest, value)
	case value == nil:
		delete(out, key)
	default:
		out[key] = value
	}
	return out
}

func TestGoodEventsDecode(t *testing.T) {
	t.Parallel()
	for kind, data := range goodData {
		raw, err := json.Marshal(envelope(kind, data))
		require.NoError(t, err)
		e, err := protocol.DecodeEvent(raw)
		require.NoError(t, err, kind)
		require.NotNil(t, e.Data, kind)
		require.Equal(t, "8190001", e.Order)
	}
}

// Every bad event names the key at fault and says what was expected there.
func TestBadEvents(t *testing.T) {
	t.Parallel()
	const aTime = "an RFC 3339 time with offset"
	for _, tc := range []struct {
		name, kind, path string
		value            any
		key, expected    string
	}{
		{"version", "order.paid", "specversion", "0.3", "specversion", `"1.0"`},
		{"replaces itself", "shipment.recorded", "data.replaces", "lp 1", "data.replaces", "another tracking number"},
		{"replaces nothing", "shipment.recorded", "data.replaces", "--", "data.replaces", "another tracking number"},
		{"replaces a number", "shipment.recorded", "data.replaces", 7, "data.replaces", "a JSON string"},
		{"no ID", "order.paid", "id", nil, "id", "1 to 256 characters"},
		{"long ID", "order.paid", "id", strings.Repeat("x", 257), "id", "1 to 256 characters"},
		{"number as ID", "order.paid", "id", 7, "id", "a JSON string"},
		{"no source", "order.paid", "source", "", "source", "1 to 256 characters"},
		{"no type", "order.paid", "type", nil, "type", "1 to 128 characters"},
		{"no time", "order.paid", "time", nil, "time", aTime},
		{"time without offset", "order.paid", "time", "2026-03-01T08:00:00", "time", aTime},
		{"long ago", "order.paid", "time", "1989-12-31T23:59:59Z", "time", "a time in the years 1990 to 2200"},
		{"far ahead", "order.paid", "time", "2200-12-31T23:59:59-01:00", "time", "a time in the years 1990 to 2200"},
		{"paid long ago", "order.paid", "data.paid_at", "1970-01-01T00:00:00Z", "data.paid_at", "a time in the years 1990 to 2200"},
		{"scanned far ahead", "tracking.updated", "data.events.0.at", "9999-12-31T23:59:59Z", "data.events.0.at", "a time in the years 1990 to 2200"},
		{"no subject", "order.paid", "subject", nil, "subject", "STORE/ORDER"},
		{"subject without order", "order.paid", "subject", "cn-1001", "subject", "STORE/ORDER"},
		{"subject with a space", "order.paid", "subject", "cn 1001/1", "subject", "STORE/ORDER"},
		{"long order", "order.paid", "subject", "cn/" + strings.Repeat("1", 65), "subject", "STORE/ORDER"},
		{"reserved key", "order.paid", "inboxpos", 3, "inboxpos", "no such key"},
		{"negative reserved key", "order.paid", "inboxpos", -3, "inboxpos", "no such key"},
		{"reserved key, a text", "order.paid", "inboxpos", "3", "inboxpos", "no such key"},
		{"reserved key, zero", "order.paid", "inboxpos", 0, "inboxpos", "no such key"},
		{"no data", "order.paid", "data", nil, "data", "an object"},
		{"data a text", "order.paid", "data", "x", "data", "an object"},
		{"no paid_at", "order.paid", "data.paid_at", nil, "data.paid_at", aTime},
		{"date only", "order.paid", "data.paid_at", "2026-03-01", "data.paid_at", aTime},
		{"data's time without offset", "order.paid", "data.paid_at", "2026-03-01T08:00:00", "data.paid_at", aTime},
		{"no buyer's name", "order.created", "data.buyer.name", "", "data.buyer.name", "a text that is not empty"},
		{"impossible country", "order.created", "data.buyer.country", "XQ", "data.buyer.country", "ISO 3166-1 alpha-2"},
		{"lower-case country", "order.created", "data.buyer.country", "br", "data.buyer.country", "ISO 3166-1 alpha-2"},
		{"continent", "order.created", "data.buyer.country", "419", "data.buyer.country", "ISO 3166-1 alpha-2"},
		{"category", "order.created", "data.category", "huge", "data.category", "one of standard, bulky, custom"},
		{"no service", "order.created", "data.service_code", nil, "data.service_code", "a text that is not empty"},
		{"flag as text", "order.created", "data.free_shipping", "yes", "data.free_shipping", "true or false"},
		{"negative money", "order.created", "data.amount_paid.amount", "-1.00", "data.amount_paid", "not negative"},
		{"money as number", "order.created", "data.tax.amount", 2.5, "data.tax", `{"amount":"88.20","currency":"USD"}`},
		{"no money", "order.created", "data.commission", nil, "data.commission", `{"amount":"88.20","currency":"USD"}`},
		{"money without currency", "order.created", "data.freight.currency", nil, "data.freight", "currency"},
		{"rate of zero", "order.created", "data.usd_rate", "0", "data.usd_rate", "a rate above zero"},
		{"item without SKU", "order.created", "data.items.0.sku", "", "data.items.0.sku", "a text that is not empty"},
		{"no pieces", "order.created", "data.items.0.quantity", 0, "data.items.0.quantity", "at least 1"},
		{"item without price", "order.created", "data.items.0.price", nil, "data.items.0.price", `{"amount":"88.20","currency":"USD"}`},
		{"item of a negative price", "order.created", "data.items.0.price.amount", "-1", "data.items.0.price", "not negative"},
		{"half a piece", "order.created", "data.items.0.quantity", 0.5, "data.items.0.quantity", "a whole number"},
		{"no refund time", "order.refunded", "data.at", nil, "data.at", aTime},
		{"no address", "order.address_changed", "data.address_hash", nil, "data.address_hash", "a text that is not empty"},
		{"no number", "shipment.recorded", "data.tracking_number", nil, "data.tracking_number", "1 to 64 letters and digits"},
		{"number of signs", "shipment.recorded", "data.tracking_number", "--- ", "data.tracking_number", "1 to 64 letters and digits"},
		{"no carrier", "shipment.recorded", "data.carrier", nil, "data.carrier", "a text that is not empty"},
		{"long carrier", "shipment.recorded", "data.carrier", strings.Repeat("c", 65), "data.carrier", "at most 64 characters"},
		{"long service of a parcel", "shipment.recorded", "data.service_code", strings.Repeat("S", 65), "data.service_code", "at most 64 characters"},
		{"long service", "order.created", "data.service_code", strings.Repeat("S", 65), "data.service_code", "at most 64 characters"},
		{"long name", "order.created", "data.buyer.name", strings.Repeat("名", 257), "data.buyer.name", "at most 256 characters"},
		{"long SKU", "order.created", "data.items.0.sku", strings.Repeat("A", 257), "data.items.0.sku", "at most 256 characters"},
		{"long dispute", "dispute.opened", "data.dispute_id", strings.Repeat("d", 129), "data.dispute_id", "at most 128 characters"},
		{"long claim", "claim.filed", "data.claim_id", strings.Repeat("C", 129), "data.claim_id", "at most 128 characters"},
		{"long decided claim", "claim.decided", "data.claim_id", strings.Repeat("C", 129), "data.claim_id", "at most 128 characters"},
		{"long paid claim", "claim.paid", "data.claim_id", strings.Repeat("C", 129), "data.claim_id", "at most 128 characters"},
		{"long complaint", "complaint.opened", "data.complaint_id", strings.Repeat("F", 129), "data.complaint_id", "at most 128 characters"},
		{"no recording", "shipment.recorded", "data.recorded_at", nil, "data.recorded_at", aTime},
		{"order list", "shipment.recorded", "data.order_ids", []any{"1", "a/b"}, "data.order_ids.1", "an order number"},
		{"row without time", "tracking.updated", "data.events.0.at", nil, "data.events.0.at", aTime},
		{"milestone", "tracking.updated", "data.events.0.milestone", "flying", "data.events.0.milestone", "a milestone"},
		{"row's source", "tracking.updated", "data.events.0.source", "rumour", "data.events.0.source", "one of carrier, aggregator, manual"},
		{"rows no list", "tracking.updated", "data.events", object{}, "data.events", ""},
		{"alert without time", "exception.alerted", "data.at", nil, "data.at", aTime},
		{"receipt without time", "receipt.confirmed", "data.at", nil, "data.at", aTime},
		{"kind of dispute", "dispute.opened", "data.kind", "angry", "data.kind", "one of not_received, other"},
		{"dispute without ID", "dispute.opened", "data.dispute_id", nil, "data.dispute_id", "a text that is not empty"},
		{"confirmed by nobody", "exception.confirmed", "data.by", nil, "data.by", "the name of the person who pressed the button"},
		{"confirmed by a long name", "exception.confirmed", "data.by", strings.Repeat("王", 257), "data.by", "at most 256 characters"},
		{"confirmed with a long note", "exception.confirmed", "data.note", strings.Repeat("注", 4097), "data.note", "at most 4096 characters"},
		{"kind of case", "exception.confirmed", "data.kind", "late", "data.kind", "one of lost, not-received, signature-abnormal, stall"},
		{"filing without ID", "claim.filed", "data.claim_id", nil, "data.claim_id", "a text that is not empty"},
		{"filed case", "claim.filed", "data.case", object{"kind": "stall"}, "data.case.opened_at", aTime},
		{"filed kind", "claim.filed", "data.case", object{"kind": "x"}, "data.case.kind", "one of"},
		{"decision", "claim.decided", "data.decision", "perhaps", "data.decision", "one of approved, rejected"},
		{"payment without claim", "claim.paid", "data.claim_id", nil, "data.claim_id", "a text that is not empty"},
		{"complaint without ID", "complaint.opened", "data.complaint_id", nil, "data.complaint_id", "a text that is not empty"},
		{"document without number", "customs.document_submitted", "data.tracking_number", nil, "data.tracking_number", "1 to 64 letters and digits"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			raw, err := json.Marshal(with(envelope(tc.kind, goodData[tc.kind]), tc.path, tc.value))
			require.NoError(t, err)
			requireBad(t, raw, tc.key, tc.expected)
		})
	}
}

// The first and the last moment that an event may name.
func TestEarliestAndLatestTimes(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"1990-01-01T00:00:00Z", "2200-12-31T23:59:59Z"} {
		event := with(with(envelope("order.paid", goodData["order.paid"]), "time", at), "data.paid_at", at)
		raw, err := json.Marshal(event)
		require.NoError(t, err)
		_, err = protocol.DecodeEvent(raw)
		require.NoError(t, err)
	}
}

// A fact that was taken in when less was asked for stays readable.
func TestFactsStayReadable(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(with(envelope("order.created", goodData["order.created"]), "data.items.0.price", nil))
	require.NoError(t, err)
	_, err = protocol.DecodeFact(raw)
	require.NoError(t, err)
}

// A confirmation is refused in the words in which its event would be, whichever way it comes.
func TestConfirmationIsCheckedAsItsEvent(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	long := now.AddDate(300, 0, 0)
	good := protocol.Confirmation{TrackingNumber: "lp-1 2", By: strings.Repeat("王", 256), Note: strings.Repeat("注", 4096)}
	for name, tc := range map[string]struct {
		change func(c *protocol.Confirmation)
		want   string // empty: accepted
	}{
		"as long as may be": {func(*protocol.Confirmation) {}, ""},
		"of a kind":         {func(c *protocol.Confirmation) { c.Kind = rules.KindLost }, ""},
		"no number":         {func(c *protocol.Confirmation) { c.TrackingNumber = "--" }, `tracking_number: expected 1 to 64 letters and digits, got "--"`},
		"nobody":            {func(c *protocol.Confirmation) { c.By = "" }, "by: expected the name of the person who pressed the button, got none"},
		"a long name":       {func(c *protocol.Confirmation) { c.By += "x" }, "by: expected a text of at most 256 characters, got "},
		"a long note":       {func(c *protocol.Confirmation) { c.Note += "x" }, "note: expected a text of at most 4096 characters, got "},
		"no such kind":      {func(c *protocol.Confirmation) { c.Kind = "late" }, "kind: expected one of lost, not-received, signature-abnormal, stall, got "},
		"far ahead":         {func(c *protocol.Confirmation) { c.At = &long }, "at: expected a time in the years 1990 to 2200, got 2326-03-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := good
			tc.change(&c)
			got, err := c.Check(now)
			at := now
			if c.At != nil {
				at = *c.At
			}
			raw, encodeErr := protocol.EncodeEvent(rules.Event{
				Source: "s", ID: "1", Type: rules.TypeConfirmed, Store: "s", Order: "1", Time: now,
				Data: &rules.Confirmed{TrackingNumber: c.TrackingNumber, Kind: c.Kind, When: at, By: c.By, Note: c.Note},
			})
			require.NoError(t, encodeErr)
			_, eventErr := protocol.DecodeEvent(raw)
			if tc.want == "" {
				require.NoError(t, err)
				require.NoError(t, eventErr)
				require.Equal(t, "LP12", got.TrackingNumber)
				return
			}
			require.ErrorContains(t, err, tc.want)
			require.EqualError(t, eventErr, "data."+err.Error())
		})
	}
}

func requireBad(t *testing.T, raw []byte, key, expected string) {
	t.Helper()
	_, err := protocol.DecodeEvent(raw)
	var bad *protocol.EventError
	require.ErrorAs(t, err, &bad, "%v of %.200s", err, raw)
	require.Equal(t, key, bad.Key, "%v", err)
	require.Contains(t, bad.Expected, expected)
	require.NotEmpty(t, bad.Expected)
	require.Less(t, len(bad.Error()), 600, "hostile input does not flood the answer")
}

// What is no event at all.
func TestNoEvents(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, raw, key, expected string }{
		{"nothing", "", "", "valid JSON"},
		{"cut short", `{"specversion":"1.0"`, "", "valid JSON"},
		{"two", `{} {}`, "", "valid JSON"},
		{"array", `[]`, "", ""},
		{"text", `"x"`, "", ""},
		{"null", `null`, "specversion", `"1.0"`},
		{"key twice", `{"id":"a","id":"b"}`, "id", "valid JSON"},
		{"invalid UTF-8", "{\"id\":\"\xff\"}", "id", "valid JSON"},
		{"deep", strings.Repeat("[", 20_000), "", ""},
		{"too long", strings.Repeat(" ", protocol.MaxEventBytes) + "{}", "", "at most 1048576 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			requireBad(t, []byte(tc.raw), tc.key, tc.expected)
		})
	}
}

func TestUnknownTypeIsNoError(t *testing.T) {
	t.Parallel()
	for _, subject := range []any{nil, "cn-1001/8190001", "anything at all"} {
		raw, err := json.Marshal(with(envelope("order.praised", object{"stars": 5}), "subject", subject))
		require.NoError(t, err)
		e, err := protocol.DecodeEvent(raw)
		require.NoError(t, err)
		require.Nil(t, e.Data)
	}
}

func TestNumberedEvent(t *testing.T) {
	t.Parallel()
	raw, err := json.MarshalIndent(envelope("order.paid", goodData["order.paid"]), "", " ")
	require.NoError(t, err)
	numbered := protocol.Number(append(raw, "\r\n"...), 41)
	f, err := protocol.DecodeFact(numbered)
	require.NoError(t, err)
	require.EqualValues(t, 41, f.Position)
	requireBad(t, numbered, protocol.PositionKey, "reserved")
}

// Keys that nobody knows are ignored, and the type may stand behind the data.
func TestKeyOrderAndUnknownKeys(t *testing.T) {
	t.Parallel()
	e, err := protocol.DecodeEvent([]byte(`{"data":{"paid_at":"2026-03-01T08:00:00Z","note":1},"extra":{"a":[1]},"time":"2026-03-01T08:00:00Z",
		"subject":"s/o","type":"order.paid","source":"x","id":"1","specversion":"1.0"}`))
	require.NoError(t, err)
	require.NotNil(t, e.Data)
	requireBad(t, []byte(`{"data":{"paid_at":7},"time":"2026-03-01T08:00:00Z","subject":"s/o","type":"order.paid","source":"x","id":"1","specversion":"1.0"}`),
		"data.paid_at", "RFC 3339")
}
