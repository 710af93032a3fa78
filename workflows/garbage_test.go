package workflows_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
)

func payload(encoding string, data []byte) converter.RawValue {
	p := &commonpb.Payload{Data: data}
	if encoding != "" {
		p.Metadata = map[string][]byte{"encoding": []byte(encoding)}
	}
	return converter.NewRawValue(p)
}

func jsonPayload(s string) converter.RawValue { return payload("json/plain", []byte(s)) }

// garbage is what people and programs may send by mistake or malice.
func garbage() map[string]any {
	valid := func(order, kind, more string) string {
		return fmt.Sprintf(`{"specversion":"1.0","id":"g1","source":"test","type":%q,"subject":"cn-1001/%s","time":"2026-03-03T00:00:00Z"%s}`, kind, order, more)
	}
	return map[string]any{
		"a string":                "please confirm",
		"a number":                42,
		"null":                    nil,
		"true":                    true,
		"nothing":                 payload("", nil),
		"an array of garbage":     []any{1, "x", nil, map[string]any{"a": 1}},
		"very many":               make([]int, 900_000),
		"100 KB of text":          strings.Repeat("包裹", 17_000),
		"binary":                  payload("binary/plain", []byte{0, 0xff, 0xfe, 0x1f, 0x8b}),
		"no encoding":             payload("", []byte("{")),
		"an unknown encoding":     payload("binary/encrypted", []byte{1, 2, 3}),
		"JSON cut short":          jsonPayload(`{"specversion":"1.0","id":"x"`),
		"deep JSON":               jsonPayload(strings.Repeat("[", 50_000)),
		"JSON of another form":    jsonPayload(`{"tracking_number":7,"by":{"a":1},"at":"yesterday"}`),
		"an event without data":   jsonPayload(valid(number, "order.paid", "")),
		"a wrong event":           jsonPayload(valid(number, "order.paid", `,"data":{"paid_at":"2026-03-03T00:00:00"}`)),
		"a reserved key":          jsonPayload(valid(number, "order.cancelled", `,"inboxpos":-1,"data":{"at":"2026-03-03T00:00:00Z"}`)),
		"a reserved key, a text":  jsonPayload(valid(number, "order.cancelled", `,"inboxpos":"1","data":{"at":"2026-03-03T00:00:00Z"}`)),
		"an event named twice":    jsonPayload(valid(number, "order.paid", `,"id":"g2","data":{"paid_at":"2026-03-03T00:00:00Z"}`)),
		"invalid UTF-8":           jsonPayload("{\"specversion\":\"1.0\",\"id\":\"\xff\"}"),
		"confirmed by nobody":     protocol.Confirmation{TrackingNumber: parcel},
		"confirmed, no such kind": map[string]any{"tracking_number": parcel, "by": "x", "kind": "late"},
	}
}

// Nothing that is sent stops an order: the message is kept in the inbox, once, and the story
// goes on to its end.
func TestGarbageStopsNoOrder(t *testing.T) {
	t.Parallel()
	for _, signal := range []string{protocol.SignalEvent, protocol.SignalConfirm} {
		for name, message := range garbage() {
			t.Run(signal+": "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, created)
				at := created.Add(day)
				w.at(at, func() { w.env.SignalWorkflow(signal, message) })
				w.later(at.Add(time.Hour), recorded(at.Add(time.Hour)))
				end := created.Add(10 * day)
				w.later(end, received(end))
				w.order(orderCreated("US", false), paid(created))
				require.Equal(t, rules.EndCancelled, w.result().Reason)
				require.Equal(t, 10*day, w.elapsed(created))
				require.Equal(t, rules.StageInTransit, w.assessment(end.Add(-time.Second)).Stage)
				kept := w.kept()
				require.Len(t, kept, 1, "one message, one fact")
				require.True(t, strings.HasPrefix(kept[0], signal+": "))
				require.Less(t, len(kept[0]), 5000, "not all of a flood")
			})
		}
	}
}

func TestGarbageStopsNoClaim(t *testing.T) {
	t.Parallel()
	for _, signal := range []string{protocol.SignalEvent, protocol.SignalConfirm} {
		for name, message := range garbage() {
			t.Run(signal+": "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, opened)
				w.at(opened.Add(time.Hour), func() { w.env.SignalWorkflow(signal, message) })
				w.later(confirmedAt, confirmed(confirmedAt))
				end := confirmedAt.Add(time.Hour)
				w.later(end, received(end))
				w.claim(stall, stalled()...)
				require.Equal(t, rules.StatusClosed, w.claimResult().Status)
				require.Equal(t, rules.StatusConfirmed, w.status(end.Add(-time.Second)))
				require.Len(t, w.kept(), 1)
			})
		}
	}
}

// Of an array the readable events count and the others are kept.
func TestReadableEventsAmongGarbageCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	at := created.Add(day)
	good, err := protocol.EncodeEvent(cancelled(at))
	require.NoError(t, err)
	w.at(at, func() {
		w.env.SignalWorkflow(protocol.SignalEvent, []any{"x", json.RawMessage(good), 7})
	})
	w.order(orderCreated("US", false), paid(created))
	require.Equal(t, day, w.elapsed(created))
	require.Equal(t, []string{`event: "x",7`}, w.kept())
	require.Len(t, recordedFacts[*rules.OrderStopped](w), 1, "a hand-sent event goes to the inbox")
}

// Events without effect here are kept as they are.
func TestForeignEventsAreKept(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*rules.Event){
		"another order": func(e *rules.Event) { e.Order = "8190002" },
		"another store": func(e *rules.Event) { e.Store = "cn-7" },
		"unknown type":  func(e *rules.Event) { e.Type, e.Data = "order.praised", &rules.ReceiptConfirmed{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			e := cancelled(created.Add(day))
			e.ID = "foreign"
			change(&e)
			raw, err := protocol.EncodeEvent(e)
			require.NoError(t, err)
			w.at(created.Add(day), func() { w.env.SignalWorkflow(protocol.SignalEvent, json.RawMessage(raw)) })
			w.later(created.Add(2*day), cancelled(created.Add(2*day)))
			w.order(orderCreated("US", false), paid(created))
			w.result()
			require.Equal(t, 2*day, w.elapsed(created))
			require.Empty(t, w.kept())
			require.Contains(t, string(w.aside[0]), `"foreign"`)
		})
	}
}

// A position that no inbox gave must not make the story blind to the inbox.
func TestForgedPositionHidesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.at(created.Add(day), func() {
		w.env.SignalWorkflow(protocol.SignalEvent, jsonPayload(
			`{"specversion":"1.0","id":"forged","source":"x","type":"order.praised","time":"2026-03-03T00:00:00Z","inboxpos":9000000000}`))
	})
	w.quietly(created.Add(30*time.Hour), recorded(created.Add(30*time.Hour)))
	end := created.Add(5 * day)
	w.later(end, cancelled(end))
	w.order(orderCreated("US", false), paid(created))
	w.result()
	require.Empty(t, w.told(), "the reminder of 48 h finds the recording in the inbox")
}

// The server's converter compresses; what it cannot decode never reaches the story, and stops
// nothing.
func TestUndecodablePayloadStopsNothing(t *testing.T) {
	t.Parallel()
	for _, signal := range []string{protocol.SignalEvent, protocol.SignalConfirm} {
		t.Run(signal, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			w.env.SetDataConverter(temporalclient.DataConverter())
			w.at(created.Add(day), func() { w.env.SignalWorkflow(signal, payload("binary/zlib", []byte{1, 2, 3})) })
			w.later(created.Add(2*day), cancelled(created.Add(2*day)))
			w.order(orderCreated("US", false), paid(created))
			require.Equal(t, rules.EndCancelled, w.result().Reason)
			require.Equal(t, 2*day, w.elapsed(created))
		})
	}
}

// An update that cannot be read is refused and leaves no trace.
func TestGarbageUpdateIsRefused(t *testing.T) {
	t.Parallel()
	for name, message := range garbage() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			u := w.update(created.Add(day), message)
			w.later(created.Add(2*day), cancelled(created.Add(2*day)))
			w.order(orderCreated("US", false), paid(created))
			require.Equal(t, rules.EndCancelled, w.result().Reason)
			require.False(t, u.accepted)
			require.Error(t, u.rejected)
			require.Len(t, w.inbox, 3)
		})
	}
}
