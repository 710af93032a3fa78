package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/rules/wording"
	"parcelward/internal/temporalclient"
)

// Shipment asks for a parcel to be sent.
type Shipment struct {
	Service    string          `json:"service" minLength:"1" maxLength:"64" doc:"the platform's code" example:"CAINIAO_STANDARD"`
	Carrier    string          `json:"carrier,omitempty" maxLength:"64" doc:"as it is recorded; default: what stands before the service code's first underscore"`
	Serial     int             `json:"serial,omitempty" minimum:"1" maximum:"99" doc:"which parcel of an order that is sent in several; default: 1"`
	Items      []rules.Item    `json:"items,omitempty" doc:"those in the parcel, of an order that is sent in several; default: all"`
	TraceAlert bool            `json:"trace_alert,omitempty" doc:"trace alerts are on (economy lines)"`
	OrderParam json.RawMessage `json:"order_param,omitempty" doc:"what the platform wants for the label beside order and service, in its own form: addresses, package; default: the store's, of PARCELWARD_ALIEXPRESS_ORDER_PARAM_FILE"`
	Number     string          `json:"number,omitempty" maxLength:"256" doc:"tracking number of a label that is made already; default: a label is made"`
	ShippedAt  *time.Time      `json:"shipped_at,omitempty" doc:"default: now"`
	Replaces   string          `json:"replaces,omitempty" maxLength:"256" doc:"the recorded number that number takes the place of"`
}

// Shipping answers: what was checked, and that the shipment is on its way.
type Shipping struct {
	WorkflowID string      `json:"workflow_id"`
	Serial     int         `json:"serial"`
	Due        rules.Stamp `json:"due" doc:"by when a number must stand on the platform"`
	Findings   []Found     `json:"findings" doc:"what to heed before the parcel is sent"`
	Message    Words       `json:"message"`
}

// Found is something to heed before a parcel is sent.
type Found struct {
	Code string `json:"code"`
	Words
}

// NumberGiven answers a number.
type NumberGiven struct {
	Number    string    `json:"number" doc:"as it is declared now"`
	ShippedAt time.Time `json:"shipped_at"`
	Message   Words     `json:"message"`
}

type shipmentInput struct {
	OrderPath
	Body Shipment
}

type shipmentOutput struct{ Body Shipping }

type numberInput struct {
	OrderPath
	Serial int    `path:"serial" minimum:"1" maximum:"99"`
	Key    string `header:"Idempotency-Key" maxLength:"128" doc:"the same key gives the number once"`
	Body   protocol.ShipNumber
}

type numberOutput struct{ Body NumberGiven }

func (s *server) registerShipments(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "ship", Method: http.MethodPost, Path: "/v1/orders/{store}/{order}/shipments",
		Summary: "Make the label of a parcel and declare its number on the platform, or correct a number",
		Description: "Answers what was checked before the label is made. 409 with the reasons where no label must be made, or where this shipment is under way " +
			"already. A number that the platform refuses comes back to a person, as a notice.",
		DefaultStatus: http.StatusAccepted, BodyReadTimeout: bodyPatience,
		Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, s.postShipment)
	huma.Register(api, huma.Operation{
		OperationID: "give-number", Method: http.MethodPut, Path: "/v1/orders/{store}/{order}/shipments/{serial}/number",
		Summary:       "Give a shipment its tracking number, or another after the platform refused one",
		DefaultStatus: http.StatusAccepted, BodyReadTimeout: bodyPatience,
		Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, s.putNumber)
}

func (s *server) postShipment(ctx context.Context, in *shipmentInput) (*shipmentOutput, error) {
	b, now := &in.Body, s.now()
	b.Serial = max(b.Serial, 1)
	number, replaces := tracknum.Normalize(b.Number), tracknum.Normalize(b.Replaces)
	if err := checkShipment(b, number, replaces); err != nil {
		return nil, err
	}
	f, rs, err := s.known(ctx, in.Store, in.Order)
	if err != nil {
		return nil, err
	}
	if rs.Pack == nil {
		return nil, huma.Error409Conflict("nobody knows yet when the order was created: send its order.created first")
	}
	found, ok := rules.BeforeLabel(f, rs, rules.Label{Service: b.Service, Number: number, Part: len(b.Items) > 0, Replaces: replaces}, now)
	found = append(found, rules.CheckTemplate(f, rs, s.Templates[in.Store], now)...)
	due, _ := rules.NumberDue(f, rs)
	switch {
	case !ok:
		return nil, huma.Error409Conflict("the order is not created yet: its order.created lies ahead")
	case rules.Blocked(found):
		return nil, blocked(found)
	}
	carrier, _, _ := strings.Cut(b.Service, "_")
	asked := protocol.ShipmentInput{
		Store: in.Store, Order: in.Order, Service: b.Service, Carrier: cmp.Or(b.Carrier, carrier, b.Service), TraceAlert: b.TraceAlert, Items: b.Items,
		OrderParam: b.OrderParam, Number: number, Replaces: replaces, Due: due, Policy: rs.Pack.ID, Calendar: rs.Calendar.Revision(), Clock: s.Clock,
	}
	if len(b.OrderParam) == 0 || string(b.OrderParam) == "null" {
		asked.OrderParam = s.OrderParams[in.Store]
	}
	if b.ShippedAt != nil {
		asked.ShippedAt = *b.ShippedAt
	}
	wait, cancel := context.WithTimeout(ctx, confirmPatience)
	defer cancel()
	id := protocol.ShipmentWorkflowID(in.Store, in.Order, b.Serial)
	switch err := s.Workflows.StartShipment(wait, b.Serial, asked); {
	case errors.Is(err, temporalclient.ErrRunning):
		return nil, huma.Error409Conflict(fmt.Sprintf("shipment %d of the order is under way: give it its number, or end it first (workflow %s)", b.Serial, id))
	case err != nil:
		return nil, s.unavailable("Temporal", err)
	}
	if err := s.Store.AddShipment(ctx, in.Store, in.Order, b.Serial); err != nil { // it reads the inbox once a day all the same
		s.Log.Warn("a shipment hears late of what becomes of its order", "workflow_id", id, "error", err)
	}
	out := Shipping{
		WorkflowID: id, Serial: b.Serial, Due: rules.Stamp(due), Findings: make([]Found, len(found)),
		Message: Words{"已受理，正在打单或申报。", "Taken: the label is being made, or the number declared."},
	}
	for i, x := range found {
		text := wording.Objection(x)
		out.Findings[i] = Found{x.Code, Words{text.ZH, text.EN}}
	}
	return &shipmentOutput{out}, nil
}

// checkShipment says what is wrong with a request in itself.
func checkShipment(b *Shipment, number, replaces string) error {
	switch {
	case b.Number != "" && number == "":
		return huma.Error422UnprocessableEntity(wording.Objection(rules.Objection{Code: rules.ObjectionNoNumber}).String())
	case (b.Replaces != "") != (replaces != ""), replaces != "" && (number == "" || number == replaces):
		return huma.Error422UnprocessableEntity("replaces: expected a recorded number together with another one in number that takes its place")
	case b.Serial > 1 && len(b.Items) == 0:
		return huma.Error422UnprocessableEntity("items: expected those in the parcel, for the order is sent in several")
	}
	for i, item := range b.Items {
		if item.SKU == "" || item.Quantity < 1 {
			return huma.Error422UnprocessableEntity(fmt.Sprintf("items.%d: expected a sku and a quantity of at least 1", i))
		}
	}
	return nil
}

// blocked says why no label is made, a reason each.
func blocked(found []rules.Objection) error {
	var texts []string
	var details []error
	for _, f := range found {
		if f.Blocks {
			text := wording.Objection(f)
			texts = append(texts, text.String())
			details = append(details, &huma.ErrorDetail{Location: f.Code, Message: text.String()})
		}
	}
	return huma.Error409Conflict(strings.Join(texts, "\n"), details...)
}

func (s *server) putNumber(ctx context.Context, in *numberInput) (*numberOutput, error) {
	wait, cancel := context.WithTimeout(ctx, confirmPatience)
	defer cancel()
	// The same number again is another try, after the platform refused it: so no key of the body.
	taken, err := s.Workflows.Ship(wait, in.Store, in.Order, in.Serial, cmp.Or(in.Key, rand.Text()), in.Body)
	var refused *temporalclient.RefusedError
	switch {
	case errors.As(err, &refused) && refused.Type == protocol.ErrBadInput:
		return nil, huma.Error422UnprocessableEntity(refused.Reason)
	case errors.As(err, &refused):
		return nil, huma.Error409Conflict(refused.Reason)
	case errors.Is(err, temporalclient.ErrNotRunning):
		return nil, huma.Error404NotFound(fmt.Sprintf("no shipment %d of order %s/%s is under way: start it with the number", in.Serial, in.Store, in.Order))
	case err != nil:
		return nil, s.unavailable("the workflow", err)
	}
	out := NumberGiven{Number: taken.Number, Message: Words{"已收到运单号，正在向平台申报。", "The number is taken and is being declared on the platform."}}
	if taken.ShippedAt != nil {
		out.ShippedAt = *taken.ShippedAt
	}
	return &numberOutput{out}, nil
}
