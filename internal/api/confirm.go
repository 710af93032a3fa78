package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
)

// SourceConfirm is the event source of confirmations that came in while no workflow answered.
const SourceConfirm = "parcelward/api"

// confirmPatience is how long a person waits for the workflow's answer.
const confirmPatience = 5 * time.Second

// Confirmed answers a confirmation.
type Confirmed struct {
	Status    string         `json:"status" enum:"confirmed,recorded" doc:"recorded: it counts, but the workflow has not answered yet"`
	Confirmed []rules.CaseID `json:"confirmed" doc:"the cases that are confirmed now"`
	At        rules.Stamp    `json:"at" doc:"when the button was pressed"`
	Message   Words          `json:"message"`
}

// The values of Confirmed.Status.
const (
	StatusConfirmed = "confirmed"
	StatusRecorded  = "recorded"
)

// maxKey is the longest key that goes into an event's ID as it is: with store and order,
// each up to 64, the ID stays below the 256 of an event. Of a longer one the hash goes in.
const maxKey = 64

type confirmInput struct {
	OrderPath
	Key  string `header:"Idempotency-Key" maxLength:"128" doc:"the same key confirms once; default: made of the body"`
	Body protocol.Confirmation
}

type confirmOutput struct {
	Status int
	Body   Confirmed
}

func (s *server) registerConfirm(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "confirm-exception", Method: http.MethodPost, Path: "/v1/orders/{store}/{order}/confirm",
		Summary: "Record that a person pressed the seller centre's confirm button",
		Description: "Answered by the order's workflow: 200 with the cases confirmed, 409 with the reason when there is no such open case or the time is over. " +
			"When no workflow answers within 5 s the confirmation is written to the inbox first, where it counts by its own time, and the answer is 202.",
		BodyReadTimeout: bodyPatience,
		Errors:          []int{http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, s.postConfirm)
}

func (s *server) postConfirm(ctx context.Context, in *confirmInput) (*confirmOutput, error) {
	now := s.now()
	e, err := confirmation(in, now)
	if err != nil {
		return nil, err
	}
	data, _ := e.Data.(*rules.Confirmed)
	in.Body.TrackingNumber, in.Body.At = data.TrackingNumber, &data.When
	f, rs, err := s.known(ctx, in.Store, in.Order)
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, confirmPatience)
	defer cancel()
	result, err := s.Workflows.Confirm(wait, in.Store, in.Order, e.ID, in.Body)
	var refused *temporalclient.RefusedError
	switch {
	case err == nil:
		return &confirmOutput{http.StatusOK, Confirmed{
			Status: StatusConfirmed, Confirmed: result.Confirmed, At: rules.Stamp(result.At),
			Message: Words{"已登记确认异常。", "The exception is confirmed."},
		}}, nil
	case errors.As(err, &refused) && refused.Type == protocol.ErrBadInput:
		return nil, huma.Error422UnprocessableEntity(refused.Reason)
	case errors.As(err, &refused):
		return nil, huma.Error409Conflict(refused.Reason)
	}
	s.Log.Warn("confirmation not answered by a workflow", "workflow_id", protocol.OrderWorkflowID(in.Store, in.Order), "error", err)
	return s.recordConfirmation(ctx, f, rs, e, now)
}

// recordConfirmation judges a confirmation by the facts in the inbox and keeps it there:
// the workflow hears of it when it runs again.
func (s *server) recordConfirmation(ctx context.Context, f *rules.Facts, rs rules.Ruleset, e rules.Event, now time.Time) (*confirmOutput, error) {
	data, _ := e.Data.(*rules.Confirmed)
	if rs.Pack == nil {
		return nil, huma.Error409Conflict("nothing to confirm: nobody knows yet when the order was created")
	}
	if data.When.After(now.Add(time.Minute)) {
		return nil, huma.Error422UnprocessableEntity(fmt.Sprintf("at: expected a time that has come, got %s; it is %s now", rules.Stamp(data.When), rules.Stamp(now)))
	}
	open, late := rules.Confirmable(f, rs, data.TrackingNumber, data.Kind, data.When, now)
	switch {
	case len(open) > 0:
	case !late.IsZero():
		return nil, huma.Error409Conflict(fmt.Sprintf("too late: the case of %s had to be confirmed by %s, and this act is of %s", data.TrackingNumber, rules.Stamp(late), rules.Stamp(data.When)))
	default:
		return nil, huma.Error409Conflict(fmt.Sprintf("no open case of %s at %s: nothing to confirm", data.TrackingNumber, rules.Stamp(data.When)))
	}
	raw, err := protocol.EncodeEvent(e)
	if err != nil {
		return nil, err
	}
	if err := s.accept(ctx, []postgres.Incoming{{Event: e, Raw: raw}}, new(Receipt)); err != nil {
		return nil, err
	}
	return &confirmOutput{http.StatusAccepted, Confirmed{
		Status: StatusRecorded, Confirmed: open, At: rules.Stamp(data.When),
		Message: Words{"已记录，流程尚未应答；以记录的时间为准。", "Recorded, not yet answered; it counts by its own time."},
	}}, nil
}

// confirmation is the event that a confirmation becomes, checked as any event that comes in.
func confirmation(in *confirmInput, now time.Time) (rules.Event, error) {
	c := in.Body
	at := now
	if c.At != nil {
		at = *c.At
	}
	key := in.Key
	if key == "" {
		sum := sha256.Sum256([]byte(strings.Join([]string{c.TrackingNumber, string(c.Kind), c.By, at.UTC().Format(time.RFC3339Nano)}, "\x00")))
		key = hex.EncodeToString(sum[:16])
	}
	if len(key) > maxKey {
		sum := sha256.Sum256([]byte(key))
		key = hex.EncodeToString(sum[:])
	}
	raw, err := protocol.EncodeEvent(rules.Event{
		Source: SourceConfirm, ID: in.Store + "/" + in.Order + "/" + key, Type: rules.TypeConfirmed, Store: in.Store, Order: in.Order, Time: now,
		Data: &rules.Confirmed{TrackingNumber: c.TrackingNumber, Kind: c.Kind, When: at, By: c.By, Note: c.Note},
	})
	if err != nil {
		return rules.Event{}, err
	}
	e, err := protocol.DecodeEvent(raw)
	if bad, ok := errors.AsType[*protocol.EventError](err); ok {
		key := strings.TrimPrefix(bad.Key, "data.")
		return e, huma.Error422UnprocessableEntity(strings.Replace(bad.Error(), bad.Key, key, 1), &huma.ErrorDetail{
			Location: "body." + key, Message: "expected " + bad.Expected, Value: bad.Got,
		})
	}
	return e, nil
}
