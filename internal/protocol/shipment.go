package protocol

import (
	"encoding/json"
	"time"

	"parcelward/internal/rules"
)

// ShipmentInput starts a Shipment workflow: one parcel of an order, from the label to the
// number on the platform.
type ShipmentInput struct {
	Store      string          `json:"store"`
	Order      string          `json:"order"`
	Service    string          `json:"service"`               // the platform's code
	Carrier    string          `json:"carrier"`               // as it is recorded with the number
	TraceAlert bool            `json:"trace_alert"`           // trace alerts are on (economy lines)
	Items      []rules.Item    `json:"items,omitempty"`       // those in the parcel; none: all, and only with items may an order have several shipments
	OrderParam json.RawMessage `json:"order_param,omitempty"` // what the platform wants for the label beside order and service, in its own form
	Number     string          `json:"number,omitempty"`      // normalised; given: the label is made already
	ShippedAt  time.Time       `json:"shipped_at,omitzero"`
	Replaces   string          `json:"replaces,omitempty"` // normalised; the recorded number that Number takes the place of
	Due        time.Time       `json:"due"`                // tracking-number-due, as known at the start
	Policy     string          `json:"policy"`
	Calendar   string          `json:"calendar"`
	Clock      Clock           `json:"clock,omitzero"`
}

// ShipmentResult is how a shipment's story ended.
type ShipmentResult struct {
	Outcome string    `json:"outcome"` // rules.EndRecorded, EndBlocked, EndOver, EndGivenUp
	Number  string    `json:"number,omitempty"`
	At      time.Time `json:"at"` // virtual
}

// ShipNumber is the number of a parcel that was sent.
type ShipNumber struct {
	Number    string     `json:"number"`
	ShippedAt *time.Time `json:"shipped_at,omitempty"` // absent: now
}

// OrderRef names an order.
type OrderRef struct {
	Store string `json:"store"`
	Order string `json:"order"`
}

// LogisticsRequest asks for a logistics order, once. Key is for platforms that take one with a
// call; AliExpress takes none: its adapter looks whether there is one, by order and service.
type LogisticsRequest struct {
	Key        string          `json:"key"` // workflow ID and step
	Store      string          `json:"store"`
	Order      string          `json:"order"`
	Service    string          `json:"service"`
	Others     []string        `json:"others,omitempty"` // IDs of logistics orders that are other parcels'
	OrderParam json.RawMessage `json:"order_param,omitempty"`
}

// Logistics is a logistics order.
type Logistics struct {
	Pending bool   `json:"pending,omitempty"` // a person makes the label
	ID      string `json:"id,omitempty"`
	Number  string `json:"number,omitempty"` // normalised; empty: the platform has not given it yet
}

// WaybillRequest asks for the waybill of a logistics order.
type WaybillRequest struct {
	Store       string `json:"store"`
	Order       string `json:"order"`
	LogisticsID string `json:"logistics_id"`
}

// EvidenceOf are originals of a parcel.
type EvidenceOf struct {
	Store          string     `json:"store"`
	Order          string     `json:"order"`
	TrackingNumber string     `json:"tracking_number"`
	Originals      []Evidence `json:"originals"`
	Now            time.Time  `json:"now,omitzero"` // virtual
}

// DeclareRequest puts a number on the platform, once. Key is as in [LogisticsRequest]: the
// adapter of AliExpress looks whether the number stands on the order.
type DeclareRequest struct {
	Key        string `json:"key"` // workflow ID, step and number
	Store      string `json:"store"`
	Order      string `json:"order"`
	Number     string `json:"number"` // normalised
	Service    string `json:"service"`
	Part       bool   `json:"part,omitempty"`
	OldNumber  string `json:"old_number,omitempty"` // normalised; the one to be replaced
	OldService string `json:"old_service,omitempty"`
	// Unsure are numbers, normalised, whose declaration for this parcel was not answered: one that
	// stands on the order is the one to be replaced, declared with Service.
	Unsure []string `json:"unsure,omitempty"`
}

// Declared is what became of it.
type Declared struct {
	Pending bool     `json:"pending,omitempty"` // a person declares it; the fact comes in as an event
	Refused *Refused `json:"refused,omitempty"` // the platform does not take it
	Old     string   `json:"old,omitempty"`     // of Unsure, the number that was replaced
}

// Refused is a no that a person must see to.
type Refused struct {
	Code   string `json:"code"`   // rules.NoticeNumberRefused or NoticeNumberForm
	Reason string `json:"reason"` // the platform's own, or the form that it asks for
}
