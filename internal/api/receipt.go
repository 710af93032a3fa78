package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// extendPatience is how long the platform may take to look the order up and to extend, real.
const extendPatience = 45 * time.Second

// Extension asks for more time for the buyer to confirm the receipt.
type Extension struct {
	Days int    `json:"days" minimum:"1" maximum:"180" doc:"how many more; the platform knows how many it allows"`
	By   string `json:"by,omitempty" maxLength:"128" doc:"who asks, for the audit log"`
	Note string `json:"note,omitempty" maxLength:"1024" doc:"why, for the audit log"`
}

// Extended answers an extension.
type Extended struct {
	Before  *rules.Stamp `json:"before,omitempty" doc:"when the time would have run out; absent: the platform does not tell"`
	After   *rules.Stamp `json:"after,omitempty" doc:"when it runs out now; absent: the platform has not told yet"`
	Message Words        `json:"message"`
}

type extendInput struct {
	OrderPath
	Key  string `header:"Idempotency-Key" minLength:"1" maxLength:"128" required:"true" doc:"the same key extends once: send it again after a failure"`
	Body Extension
}

type extendOutput struct{ Body Extended }

// The actions in the audit log. One of the first is written before the platform is called, with
// the end that was seen then: so a repeat of its key finds out whether the extension was granted.
const (
	actionExtend   = "receipt.extend"
	actionExtended = "receipt.extended"
	actionRefused  = "receipt.refused"
)

// extension is an entry of the audit log.
type extension struct {
	Key   string    `json:"key"`
	Days  int       `json:"days"`
	Seen  time.Time `json:"seen,omitzero"`  // the end before
	After time.Time `json:"after,omitzero"` // the end afterwards
	Note  string    `json:"note,omitempty"`
	Why   string    `json:"why,omitempty"` // the platform's reason
}

func (s *server) registerReceipt(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "extend-receipt", Method: http.MethodPost, Path: "/v1/orders/{store}/{order}/extend-receipt",
		Summary: "Extend the buyer's time to confirm the receipt at the platform, while a parcel stalls",
		Description: "Written to the audit log before and after. 409 with the platform's reason where it does not extend, or where the store has no interface " +
			"to its platform; 503 where it does not answer: the same key may be sent again.",
		BodyReadTimeout: bodyPatience,
		Errors:          []int{http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, s.postExtend)
}

func (s *server) postExtend(ctx context.Context, in *extendInput) (*extendOutput, error) {
	if _, _, err := s.known(ctx, in.Store, in.Order); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, extendPatience)
	defer cancel()
	entry, done, err := s.extensionOf(ctx, in)
	if err != nil {
		return nil, err
	}
	if !done {
		if err := s.extend(ctx, in, &entry); err != nil {
			return nil, err
		}
	}
	out := Extended{Before: stampOf(entry.Seen), After: stampOf(entry.After), Message: Words{"平台已延长买家收货时间。", "The platform has extended the buyer's time to confirm the receipt."}}
	return &extendOutput{out}, nil
}

// extensionOf finds the extension that was begun under the key, or begins one; done: it was
// granted.
func (s *server) extensionOf(ctx context.Context, in *extendInput) (entry extension, done bool, err error) {
	for _, action := range []string{actionExtended, actionExtend} {
		raw, err := s.Store.Logged(ctx, action, in.Store, in.Order, in.Key)
		if err == nil && raw != nil {
			err = json.Unmarshal(raw, &entry)
		}
		switch {
		case err != nil:
			return entry, false, s.unavailable("the audit log", err)
		case raw == nil:
			continue
		case entry.Days != in.Body.Days:
			return entry, false, huma.Error409Conflict(fmt.Sprintf("Idempotency-Key: expected a new one: this one extended, or tried to, by %d days", entry.Days))
		}
		return entry, action == actionExtended, nil
	}
	entry = extension{Key: in.Key, Days: in.Body.Days, Note: in.Body.Note}
	if entry.Seen, err = s.Receipts.ReceiptBy(ctx, in.Store, in.Order); err != nil {
		return entry, false, s.notExtended(ctx, in, entry, err)
	}
	if err := s.Store.Log(ctx, cmp.Or(in.Body.By, "api"), actionExtend, in.Store, in.Order, entry); err != nil {
		return entry, false, s.unavailable("the audit log", err)
	}
	return entry, false, nil
}

func (s *server) extend(ctx context.Context, in *extendInput, entry *extension) error {
	if err := s.Receipts.ExtendReceipt(ctx, in.Store, in.Order, entry.Seen, entry.Days); err != nil {
		return s.notExtended(ctx, in, *entry, err)
	}
	after, err := s.Receipts.ReceiptBy(ctx, in.Store, in.Order)
	if err != nil {
		s.Log.Warn("the platform extended a receipt, but does not tell until when", "store", in.Store, "order", in.Order, "error", err)
	}
	if after.After(entry.Seen) {
		entry.After = after
	}
	if err := s.Store.Log(ctx, cmp.Or(in.Body.By, "api"), actionExtended, in.Store, in.Order, *entry); err != nil {
		return s.unavailable("the audit log", err)
	}
	return nil
}

// notExtended tells why, and writes a refusal to the audit log.
func (s *server) notExtended(ctx context.Context, in *extendInput, entry extension, why error) error {
	if !errors.Is(why, port.ErrRefused) {
		return s.unavailable("the platform", why)
	}
	entry.Why = why.Error()
	if err := s.Store.Log(ctx, cmp.Or(in.Body.By, "api"), actionRefused, in.Store, in.Order, entry); err != nil {
		return s.unavailable("the audit log", err)
	}
	return huma.Error409Conflict(wording.NotExtended(entry.Why).String())
}

// stampOf is nil for no time.
func stampOf(t time.Time) *rules.Stamp {
	if t.IsZero() {
		return nil
	}
	s := rules.Stamp(t.UTC())
	return &s
}
