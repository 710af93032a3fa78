package api

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
)

// Receipt answers a batch of events.
type Receipt struct {
	Accepted int       `json:"accepted" doc:"events that are in the inbox now and were not before"`
	Repeated int       `json:"repeated" doc:"events whose source and id were known: they change nothing"`
	Unknown  int       `json:"unknown,omitempty" doc:"of those accepted or repeated: events of unknown type, which are kept and have no effect"`
	Refused  []Refusal `json:"refused,omitempty" doc:"events that did not go in; mend and send them again"`
}

// Refusal says why an event did not go in.
type Refusal struct {
	Place
	ID       string `json:"id,omitempty" doc:"of the event, where it could be read"`
	Key      string `json:"key,omitempty" doc:"dotted path in the event; none: the event as a whole"`
	Expected string `json:"expected"`
	Got      string `json:"got,omitempty"`
}

// String says what is wrong, without the place.
func (r *Refusal) String() string {
	e := protocol.EventError{Key: r.Key, Expected: r.Expected, Got: r.Got}
	return e.Error()
}

// refusedError is a problem (RFC 9457) with the refusals as an extension member.
type refusedError struct {
	huma.ErrorModel
	Refused []Refusal `json:"refused"`
}

type eventsInput struct {
	ContentType string `header:"Content-Type"`
	RawBody     []byte
}

type eventsOutput struct {
	Body Receipt
}

// bodyPatience is how long a body may take to arrive.
const bodyPatience = 60 * time.Second

func (s *server) registerEvents(api huma.API) {
	event := &huma.Schema{Type: "object", Description: "A CloudEvent 1.0; see the exchange format.", Required: []string{"specversion", "id", "source", "type", "time"}, AdditionalProperties: true, Properties: map[string]*huma.Schema{
		"specversion": {Type: "string", Enum: []any{"1.0"}},
		"id":          {Type: "string", Description: "with source the idempotency key"},
		"source":      {Type: "string"},
		"type":        {Type: "string", Examples: []any{"order.created"}},
		"subject":     {Type: "string", Description: "STORE/ORDER"},
		"time":        {Type: "string", Format: "date-time"},
		"data":        {Type: "object", AdditionalProperties: true},
	}}
	huma.Register(api, huma.Operation{
		OperationID: "send-events", Method: http.MethodPost, Path: "/v1/events",
		Summary: "Send events",
		Description: "Takes CloudEvents: one (structured mode), a batch, or one a line. A 202 means that all events but the refused ones are durably " +
			"in the inbox; repeats are accepted and change nothing, so a batch can always be sent again. 422: none could go in. 413: the body is over 10 MiB, and nothing went in.",
		DefaultStatus: http.StatusAccepted, MaxBodyBytes: protocol.MaxBatchBytes + 1, BodyReadTimeout: bodyPatience,
		SkipValidateBody: true, // protocol.DecodeEvent does, and better
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			mediaEvent: {Schema: event}, mediaJSON: {Schema: event},
			mediaBatch:  {Schema: &huma.Schema{Type: "array", Items: event}},
			mediaNDJSON: {Schema: &huma.Schema{Type: "string", Description: "one CloudEvent a line"}},
		}},
		Errors: []int{http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, s.postEvents)
}

func (s *server) postEvents(ctx context.Context, in *eventsInput) (*eventsOutput, error) {
	mediaType, _, _ := mime.ParseMediaType(in.ContentType) // empty when unreadable, and refused below
	split := parts(mediaType, in.RawBody)
	if split == nil {
		return nil, huma.Error415UnsupportedMediaType("Content-Type: expected " +
			strings.Join([]string{mediaEvent, mediaJSON, mediaBatch, mediaNDJSON}, ", ") + fmt.Sprintf("; got %.80q", in.ContentType))
	}
	done, err := s.decoding(ctx, len(in.RawBody))
	if err != nil {
		return nil, err
	}
	defer done()
	var out eventsOutput
	var good []postgres.Incoming
	for p := range split {
		e, refused := p.decode()
		if refused != nil {
			refused.Place = p.Place
			out.Body.Refused = append(out.Body.Refused, *refused)
			continue
		}
		good = append(good, e)
	}
	if len(good) == 0 && len(out.Body.Refused) > 0 {
		return nil, refusal(out.Body.Refused)
	}
	if len(good) > 0 {
		if err := s.accept(ctx, good, &out.Body); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// Decoded, a body takes several times its bytes until it is in the inbox.
const (
	maxDecoding      = 64 << 20         // bytes of all bodies at once
	decodingPatience = 20 * time.Second // how long one waits for its turn; the answer has 30 s
)

// decoding waits until a body may be decoded; the caller calls done when it is in the inbox.
func (s *server) decoding(ctx context.Context, bytes int) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, decodingPatience)
	defer cancel()
	n := int64(bytes)
	if s.bodies.Acquire(ctx, n) != nil {
		return nil, huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("too many events are coming in at once; send all again later: what is sent twice counts once"),
			http.Header{"Retry-After": {"5"}})
	}
	return func() { s.bodies.Release(n) }, nil
}

// accept writes events to the inbox and counts them.
func (s *server) accept(ctx context.Context, events []postgres.Incoming, r *Receipt) error {
	kept, err := s.Store.Accept(ctx, events)
	if err != nil {
		return s.unavailable("the inbox", err)
	}
	r.Accepted, r.Repeated = kept.New, kept.Repeated
	for i := range events {
		if events[i].Event.Data == nil {
			r.Unknown++
		}
	}
	return nil
}

func (p part) decode() (postgres.Incoming, *Refusal) {
	if p.err != nil {
		return postgres.Incoming{}, refuse(p.raw, p.err)
	}
	return Decode(p.raw)
}

// Decode reads one event on its way into the inbox, or says why it is refused. The event
// lies in raw itself.
func Decode(raw []byte) (postgres.Incoming, *Refusal) {
	e, err := protocol.DecodeEvent(raw)
	if bad, ok := errors.AsType[*protocol.EventError](err); ok {
		return postgres.Incoming{}, refuse(raw, bad)
	}
	return postgres.Incoming{Event: e, Raw: raw}, nil
}

func refuse(raw []byte, e *protocol.EventError) *Refusal {
	const most = 128 // hostile nesting makes a long path
	return &Refusal{ID: idOf(raw), Key: e.Key[:min(len(e.Key), most)], Expected: e.Expected, Got: e.Got}
}

// idOf finds the id of an event that is not good otherwise; empty when there is none.
func idOf(raw []byte) string {
	var e struct {
		ID string `json:"id"`
	}
	if len(raw) <= protocol.MaxEventBytes {
		_ = json.Unmarshal(raw, &e, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) // what was read before the fault is enough
	}
	return e.ID[:min(len(e.ID), 256)]
}

func refusal(refused []Refusal) error {
	problem := &refusedError{ErrorModel: huma.ErrorModel{
		Title: http.StatusText(http.StatusUnprocessableEntity), Status: http.StatusUnprocessableEntity,
		Detail: fmt.Sprintf("no event went in: %d refused", len(refused)),
	}, Refused: refused}
	if len(refused) == 1 {
		problem.Detail = "the event did not go in: " + refused[0].String()
	}
	return problem
}
