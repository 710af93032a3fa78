package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

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
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        rules.EventType `json:"type"`
	Subject     string          `json:"subject,omitempty"`
	Time        time.Time       `json:"time"`
	Position    jsontext.Value  `json:"inboxpos,omitempty"` // raw: null and 0 are there too
	Data        payload         `json:"data"`
}

// payload is the data of an event. It is decoded where it stands when the type came before
// it, as it nearly always does: a second look costs a third of the whole.
type payload struct {
	eventType *rules.EventType // of the envelope around; not nil
	known     rules.Data
	raw       jsontext.Value // while the type is not known yet
}

// MarshalJSONTo implements [json.MarshalerTo].
func (p payload) MarshalJSONTo(enc *jsontext.Encoder) error { return json.MarshalEncode(enc, p.known) }

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (p *payload) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if *p.eventType == "" {
		raw, err := dec.ReadValue()
		p.raw = raw.Clone()
		return err
	}
	if p.known = newData(*p.eventType); p.known == nil {
		return dec.SkipValue()
	}
	return json.UnmarshalDecode(dec, p.known)
}

// A Fact is an event with its place among the facts of one order in the inbox; Position is
// 0 for an event that did not come from there.
type Fact struct {
	rules.Event
	Position int64
}

// ValidName tells whether s can name a store or an order: [A-Za-z0-9._-]{1,64}.
func ValidName(s string) bool {
	for _, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return 0 < len(s) && len(s) <= 64 && s != "." && s != ".." // which no URL can name
}

// DecodeEvent reads one CloudEvent and checks it wholly: an event without error can be
// judged. An event of unknown type is no error; its Data is nil. Tracking numbers come out
// normalised. Every error is an *[EventError].
func DecodeEvent(raw []byte) (rules.Event, error) {
	if len(raw) > MaxEventBytes {
		return rules.Event{}, &EventError{Expected: fmt.Sprintf("at most %d bytes", MaxEventBytes), Got: fmt.Sprintf("%d bytes", len(raw))}
	}
	f, numbered, err := decode(raw)
	switch {
	case err != nil:
	case numbered:
		err = &EventError{Key: PositionKey, Expected: "no such key: it is reserved"}
	default:
		err = checkNew(f.Data)
	}
	return f.Event, err
}

// DecodeFact is [DecodeEvent] for an event that the inbox has taken in, and may have numbered:
// it has no limit of size.
func DecodeFact(raw []byte) (Fact, error) {
	f, _, err := decode(raw)
	return f, err
}

// decode reads an event and tells whether it bears a position.
func decode(raw []byte) (f Fact, numbered bool, err error) {
	var env envelope
	env.Data.eventType = &env.Type
	if err := json.Unmarshal(raw, &env); err != nil {
		return f, false, eventError("", raw, err)
	}
	e := rules.Event{Source: env.Source, ID: env.ID, Type: env.Type, Time: env.Time}
	switch {
	case env.SpecVersion != "1.0":
		return f, false, &EventError{"specversion", `"1.0"`, quote(env.SpecVersion)}
	case env.ID == "" || len(env.ID) > 256:
		return f, false, &EventError{"id", "1 to 256 characters", quote(env.ID)}
	case env.Source == "" || len(env.Source) > 256:
		return f, false, &EventError{"source", "1 to 256 characters", quote(env.Source)}
	case env.Type == "" || len(env.Type) > 128:
		return f, false, &EventError{"type", "1 to 128 characters", quote(string(env.Type))}
	}
	if expected, got := badTime(env.Time); expected != "" {
		return f, false, &EventError{"time", expected, got}
	}
	position, numbered, ok := env.position()
	if !ok {
		return f, true, &EventError{PositionKey, "no such key: it is reserved", ""}
	}
	store, order, ok := strings.Cut(env.Subject, "/")
	known := newData(e.Type) != nil
	if !ok || !ValidName(store) || !ValidName(order) {
		if known {
			return f, false, &EventError{"subject", "STORE/ORDER, each of 1 to 64 characters A-Z a-z 0-9 . _ -", quote(env.Subject)}
		}
		store, order = "", ""
	}
	e.Store, e.Order = store, order
	if !known {
		return Fact{Event: e, Position: position}, numbered, nil
	}
	if e.Data = env.Data.known; e.Data == nil {
		if len(env.Data.raw) == 0 {
			return f, false, &EventError{"data", "an object", "none"}
		}
		e.Data = newData(e.Type)
		if err := json.Unmarshal(env.Data.raw, e.Data); err != nil {
			return f, false, eventError("data", env.Data.raw, err)
		}
	}
	if err := checkPresence(e.Type, raw); err != nil {
		return f, false, err
	}
	if err := check(e.Data); err != nil {
		return f, false, err
	}
	return Fact{Event: e, Position: position}, numbered, nil
}

// position is the event's place in the inbox, whether it bears one, and whether it may.
func (e *envelope) position() (position int64, numbered, ok bool) {
	if len(e.Position) == 0 {
		return 0, false, true
	}
	err := json.Unmarshal(e.Position, &position)
	return position, true, err == nil && position > 0
}

// EncodeEvent writes an event that Parcelward itself brings about as a CloudEvent.
func EncodeEvent(e rules.Event) (jsontext.Value, error) {
	raw, err := json.Marshal(envelope{
		SpecVersion: "1.0", ID: e.ID, Source: e.Source, Type: e.Type,
		Subject: e.Store + "/" + e.Order, Time: e.Time, Data: payload{known: e.Data},
	})
	if err != nil {
		return nil, fmt.Errorf("encode event %s %s: %w", e.Source, e.ID, err)
	}
	return raw, nil
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
	case rules.TypeDisputeOpened, rules.TypeDisputeClosed, rules.TypeDisputeAnswered:
		return new(rules.Dispute)
	case rules.TypeConfirmed:
		return new(rules.Confirmed)
	case rules.TypeClaimFiled:
		return new(rules.ClaimFiled)
	case rules.TypeClaimDecided, rules.TypeProtectionDecided:
		return new(rules.ClaimDecided)
	case rules.TypeClaimAppealed, rules.TypeClaimPaid, rules.TypePapersSent, rules.TypeProtectionRequested, rules.TypeProtectionPaid:
		return new(rules.ClaimFact)
	case rules.TypeComplaintOpened, rules.TypeComplaintAnswered, rules.TypeComplaintDecided:
		return new(rules.Complaint)
	case rules.TypeEvidenceAdded:
		return new(rules.EvidenceAdded)
	case rules.TypePapersRequested:
		return new(rules.PapersRequested)
	case rules.TypeTicketFiled, rules.TypeTicketAnswered:
		return new(rules.Ticket)
	}
	return nil
}

// eventError turns what the decoder says of raw into the key, what was expected there and
// what was found.
func eventError(under string, raw []byte, err error) *EventError {
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
		out.Expected, out.Got = expectation(semantic), valueAt(raw, semantic.ByteOffset)
	default:
		out.Expected = "valid JSON: " + err.Error()
	}
	for token := range pointer.Tokens() {
		if len(out.Key) > 2*most {
			out.Key += ".…"
			break
		}
		if out.Key != "" {
			out.Key += "."
		}
		out.Key += plain(token)
	}
	return out
}

func expectation(e *json.SemanticError) string {
	if e.GoType != nil {
		switch e.GoType.String() {
		case "time.Time":
			return "an RFC 3339 time with offset, such as 2026-03-01T08:00:00+08:00"
		case "string":
			return "a JSON string"
		case "bool":
			return "true or false"
		case "int", "int64":
			return "a whole number"
		case "decimal.Decimal", "*decimal.Decimal":
			return `a decimal in a string, such as "0.1382"`
		case "money.Amount", "*money.Amount":
			if e.Err != nil {
				return `{"amount":"88.20","currency":"USD"} (` + e.Err.Error() + ")"
			}
			return `{"amount":"88.20","currency":"USD"}`
		}
	}
	if e.Err != nil {
		return "a fitting value (" + e.Err.Error() + ")"
	}
	return "an object of the documented form"
}

// valueAt is the JSON value that begins at a place of raw, shortened; empty where none does.
func valueAt(raw []byte, at int64) string {
	if at < 0 || at > int64(len(raw)) {
		return ""
	}
	value, err := jsontext.NewDecoder(bytes.NewReader(raw[at:])).ReadValue()
	if err != nil {
		return ""
	}
	return plain(string(value))
}

// plain shortens hostile input for a message, without quotes.
func plain(s string) string {
	short := strings.ToValidUTF8(s[:min(len(s), most)], "")
	if len(short) < len(s) {
		short += "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, short)
}

// most is how many bytes of hostile input a message shows.
const most = 60

// quote shortens hostile input for a message.
func quote(s string) string {
	if len(s) > most {
		return fmt.Sprintf("%.60q…", s)
	}
	return fmt.Sprintf("%q", s)
}
