package protocol

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"parcelward/internal/rules"
)

// Limits of what is taken in. One event is far below Temporal's 2 MB for a payload.
const (
	MaxEventBytes = 1 << 20  // one event, one line
	MaxBatchBytes = 10 << 20 // one HTTP body
)

// PositionKey is the CloudEvents extension attribute that an event bears on its way from
// the inbox to a workflow: its place among the facts of that order. Outside events must
// not bear it.
const PositionKey = "inboxpos"

// EventError says what is wrong with an event: where, what was expected, what was found.
type EventError struct {
	Key      string // dotted path in the event, such as data.buyer.country; empty: the event as a whole
	Expected string
	Got      string // shortened; empty when nothing is worth showing
}

// Error implements error.
func (e *EventError) Error() string {
	var b strings.Builder
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString("expected " + e.Expected)
	if e.Got != "" {
		b.WriteString(", got " + e.Got)
	}
	return b.String()
}

// envelope is a CloudEvent in structured mode. Times are strings here, so that a missing
// offset is told apart from a missing time.
type envelope struct {
	SpecVersion string         `json:"specversion"`
	ID          string         `json:"id"`
	Source      string         `json:"source"`
	Type        string         `json:"type"`
	Subject     string         `json:"subject,omitempty"`
	Time        time.Time      `json:"time"`
	Position    int64          `json:"inboxpos,omitzero"`
	Data        jsontext.Value `json:"data,omitzero"`
}

// A Fact is an event with its place among the facts of one order in the inbox; Position is
// 0 for an event that did not come from there.
type Fact struct {
	rules.Event
	Position int64
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// DecodeEvent reads one CloudEvent and checks it wholly: an event without error can be
// judged. An event of unknown type is no error; its Data is nil. Tracking numbers come out
// normalised. Every error is an *[EventError].
func DecodeEvent(raw []byte) (rules.Event, error) {
	f, err := DecodeFact(raw)
	if err == nil && f.Position != 0 {
		err = &EventError{Key: PositionKey, Expected: "no such key: it is reserved"}
	}
	return f.Event, err
}

// DecodeFact is [DecodeEvent] for an event that the inbox may have numbered.
func DecodeFact(raw []byte) (Fact, error) {
	var env envelope
	if len(raw) > MaxEventBytes {
		return Fact{}, &EventError{Expected: fmt.Sprintf("at most %d bytes", MaxEventBytes), Got: fmt.Sprintf("%d bytes", len(raw))}
	}
	if err := json.Unmarshal(raw, &env); err != nil {
		return Fact{}, eventError("", err)
	}
	e := rules.Event{Source: env.Source, ID: env.ID, Type: rules.EventType(env.Type), Time: env.Time}
	switch {
	case env.SpecVersion != "1.0":
		return Fact{}, &EventError{"specversion", `"1.0"`, quote(env.SpecVersion)}
	case env.ID == "" || len(env.ID) > 256:
		return Fact{}, &EventError{"id", "1 to 256 characters", quote(env.ID)}
	case env.Source == "" || len(env.Source) > 256:
		return Fact{}, &EventError{"source", "1 to 256 characters", quote(env.Source)}
	case env.Type == "" || len(env.Type) > 128:
		return Fact{}, &EventError{"type", "1 to 128 characters", quote(env.Type)}
	case env.Time.IsZero():
		return Fact{}, &EventError{"time", "an RFC 3339 time with offset", "none"}
	case env.Position < 0:
		return Fact{}, &EventError{PositionKey, "no such key: it is reserved", ""}
	}
	store, order, ok := strings.Cut(env.Subject, "/")
	known := newData(e.Type)
	if !ok || !namePattern.MatchString(store) || !namePattern.MatchString(order) {
		if known != nil {
			return Fact{}, &EventError{"subject", "STORE/ORDER, each of 1 to 64 characters A-Z a-z 0-9 . _ -", quote(env.Subject)}
		}
		store, order = "", ""
	}
	e.Store, e.Order = store, order
	if known == nil {
		return Fact{Event: e, Position: env.Position}, nil
	}
	if len(env.Data) == 0 {
		return Fact{}, &EventError{"data", "an object", "none"}
	}
	if err := json.Unmarshal(env.Data, known); err != nil {
		return Fact{}, eventError("data", err)
	}
	if err := check(known); err != nil {
		return Fact{}, err
	}
	e.Data = known
	return Fact{Event: e, Position: env.Position}, nil
}

// EncodeEvent writes an event that Parcelward itself brings about as a CloudEvent.
func EncodeEvent(e rules.Event) (jsontext.Value, error) {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return nil, fmt.Errorf("encode the data of event %s %s: %w", e.Source, e.ID, err)
	}
	return json.Marshal(envelope{
		SpecVersion: "1.0", ID: e.ID, Source: e.Source, Type: string(e.Type),
		Subject: e.Store + "/" + e.Order, Time: e.Time, Data: data,
	})
}

// Number marks a raw event with its position in the inbox. raw must be an event that
// [DecodeEvent] accepted.
func Number(raw jsontext.Value, position int64) jsontext.Value {
	body := strings.TrimRight(string(raw), " \t\r\n")
	return jsontext.Value(fmt.Sprintf(`%s,%q:%d}`, strings.TrimSuffix(body, "}"), PositionKey, position))
}

// newData is where data of an event of type t is decoded to; nil for an unknown type.
func newData(t rules.EventType) rules.Data {
	switch t {
	case rules.TypeOrderCreated:
		return new(rules.OrderCreated)
	case rules.TypeOrderPaid:
		return new(rules.OrderPaid)
	case rules.TypeOrderCancelled, rules.TypeOrderRefunded:
		return new(rules.OrderStopped)
	case rules.TypeAddressChanged:
		return new(rules.AddressChanged)
	case rules.TypeShipmentRecorded:
		return new(rules.ShipmentRecorded)
	case rules.TypeTrackingUpdated:
		return new(rules.TrackingUpdated)
	case rules.TypeTrackingFlagged, rules.TypeAlerted, rules.TypeCustomsDocument:
		return new(rules.ParcelFact)
	case rules.TypeReceiptConfirmed:
		return new(rules.ReceiptConfirmed)
	case rules.TypeDisputeOpened, rules.TypeDisputeClosed:
		return new(rules.Dispute)
	case rules.TypeConfirmed:
		return new(rules.Confirmed)
	case rules.TypeClaimFiled:
		return new(rules.ClaimFiled)
	case rules.TypeClaimDecided:
		return new(rules.ClaimDecided)
	case rules.TypeClaimAppealed, rules.TypeClaimPaid:
		return new(rules.ClaimFact)
	case rules.TypeComplaintOpened, rules.TypeComplaintDecided:
		return new(rules.Complaint)
	}
	return nil
}

// eventError turns what the decoder says into the key and what was expected there.
func eventError(under string, err error) *EventError {
	out := &EventError{Key: under, Expected: "a JSON object"}
	var pointer jsontext.Pointer
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntactic):
		out.Expected = "valid JSON: " + strings.TrimPrefix(syntactic.Err.Error(), "jsontext: ")
		pointer = syntactic.JSONPointer
	case errors.As(err, &semantic):
		pointer = semantic.JSONPointer
		out.Expected, out.Got = expectation(semantic)
	default:
		out.Expected = "valid JSON: " + err.Error()
	}
	for token := range pointer.Tokens() {
		if out.Key != "" {
			out.Key += "."
		}
		out.Key += token
	}
	return out
}

func expectation(e *json.SemanticError) (expected, got string) {
	got = quote(string(e.JSONValue))
	if len(e.JSONValue) == 0 {
		got = ""
	}
	if e.GoType != nil {
		switch e.GoType.String() {
		case "time.Time":
			return "an RFC 3339 time with offset, such as 2026-03-01T08:00:00+08:00", got
		case "string":
			return "a JSON string", got
		case "bool":
			return "true or false", got
		case "int", "int64":
			return "a whole number", got
		case "decimal.Decimal", "*decimal.Decimal":
			return `a decimal in a string, such as "0.1382"`, got
		case "money.Amount", "*money.Amount":
			if e.Err != nil {
				return `{"amount":"88.20","currency":"USD"} (` + e.Err.Error() + ")", got
			}
			return `{"amount":"88.20","currency":"USD"}`, got
		}
	}
	if e.Err != nil {
		return "a fitting value (" + e.Err.Error() + ")", got
	}
	return "an object of the documented form", got
}

// quote shortens hostile input for a message.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		return fmt.Sprintf("%.60q…", s)
	}
	return fmt.Sprintf("%q", s)
}
