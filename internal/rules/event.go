package rules

import (
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
)

// EventType names what happened. The set is fixed by the exchange format and our extensions of
// it; a type outside both is kept by the inbox and reported, and has no effect on an order.
type EventType string

// The event types and, behind each, its Data.
const (
	TypeOrderCreated     EventType = "order.created"              // *OrderCreated
	TypeOrderPaid        EventType = "order.paid"                 // *OrderPaid
	TypeOrderCancelled   EventType = "order.cancelled"            // *OrderStopped
	TypeOrderRefunded    EventType = "order.refunded"             // *OrderStopped
	TypeAddressChanged   EventType = "order.address_changed"      // *AddressChanged
	TypeShipmentRecorded EventType = "shipment.recorded"          // *ShipmentRecorded
	TypeTrackingUpdated  EventType = "tracking.updated"           // *TrackingUpdated
	TypeTrackingFlagged  EventType = "tracking.flagged"           // *ParcelFact
	TypeAlerted          EventType = "exception.alerted"          // *ParcelFact
	TypeCustomsDocument  EventType = "customs.document_submitted" // *ParcelFact
	TypeReceiptConfirmed EventType = "receipt.confirmed"          // *ReceiptConfirmed
	TypeDisputeOpened    EventType = "dispute.opened"             // *Dispute
	TypeDisputeClosed    EventType = "dispute.closed"             // *Dispute
	TypeConfirmed        EventType = "exception.confirmed"        // *Confirmed
	TypeClaimFiled       EventType = "claim.filed"                // *ClaimFiled
	TypeClaimDecided     EventType = "claim.decided"              // *ClaimDecided
	TypeClaimAppealed    EventType = "claim.appealed"             // *ClaimFact
	TypeClaimPaid        EventType = "claim.paid"                 // *ClaimFact
	TypeComplaintOpened  EventType = "complaint.opened"           // *Complaint
	TypeComplaintDecided EventType = "complaint.decided"          // *Complaint
)

// The types that extend the exchange format: what follows a claim, and what people and machines
// add to it. No assessment depends on them: they are taken in, kept and shown in the timeline.
// Behind each its Data.
const (
	TypeEvidenceAdded       EventType = "evidence.added"         // *EvidenceAdded
	TypePapersRequested     EventType = "claim.papers_requested" // *PapersRequested
	TypePapersSent          EventType = "claim.papers_sent"      // *ClaimFact
	TypeProtectionRequested EventType = "protection.requested"   // *ClaimFact
	TypeProtectionDecided   EventType = "protection.decided"     // *ClaimDecided
	TypeProtectionPaid      EventType = "protection.paid"        // *ClaimFact
	TypeComplaintAnswered   EventType = "complaint.answered"     // *Complaint
	TypeDisputeAnswered     EventType = "dispute.answered"       // *Dispute
	TypeTicketFiled         EventType = "ticket.filed"           // *Ticket
	TypeTicketAnswered      EventType = "ticket.answered"        // *Ticket
)

// EventTypes lists every type that has an effect, in the order of the format, then its extensions.
func EventTypes() []EventType {
	return []EventType{
		TypeOrderCreated, TypeOrderPaid, TypeOrderCancelled, TypeOrderRefunded, TypeShipmentRecorded,
		TypeTrackingUpdated, TypeTrackingFlagged, TypeAlerted, TypeReceiptConfirmed, TypeDisputeOpened,
		TypeDisputeClosed, TypeCustomsDocument, TypeConfirmed, TypeClaimFiled, TypeAddressChanged,
		TypeClaimDecided, TypeClaimAppealed, TypeClaimPaid, TypeComplaintOpened, TypeComplaintDecided,
		TypeEvidenceAdded, TypePapersRequested, TypePapersSent, TypeProtectionRequested, TypeProtectionDecided,
		TypeProtectionPaid, TypeComplaintAnswered, TypeDisputeAnswered, TypeTicketFiled, TypeTicketAnswered,
	}
}

// OfParcel tells whether facts of this type count for every order of the store that has
// the parcel recorded, whatever order they name as their subject.
func (t EventType) OfParcel() bool {
	switch t {
	case TypeTrackingUpdated, TypeTrackingFlagged, TypeAlerted, TypeCustomsDocument:
		return true
	default:
		return false
	}
}

// Event is one decoded CloudEvent: something that happened to an order.
type Event struct {
	Source, ID   string // together the idempotency key
	Type         EventType
	Store, Order string    // the subject
	Time         time.Time // when the platform or carrier says it happened
	Data         Data      // nil when the type is unknown
}

// Data is what an event of one type says. At is the fact's own time, the one that
// decides; the fact exists from the later of it and the event's Time.
type Data interface{ At() time.Time }

// Category is the order's kind of goods; it sets the stall threshold.
type Category string

// The categories.
const (
	Standard Category = "standard"
	Bulky    Category = "bulky"
	Custom   Category = "custom"
)

// Buyer is who bought.
type Buyer struct {
	Name        string `json:"name"`
	Country     string `json:"country"` // ISO 3166-1 alpha-2
	TaxID       string `json:"tax_id,omitempty"`
	AddressHash string `json:"address_hash,omitempty"`
}

// Item is a line of the order or of a split shipment.
type Item struct {
	SKU      string        `json:"sku"`
	Quantity int           `json:"quantity"`
	Price    *money.Amount `json:"price,omitempty"`
}

// OrderCreated opens an order.
type OrderCreated struct {
	CreatedAt    time.Time        `json:"created_at"`
	Buyer        Buyer            `json:"buyer"`
	Category     Category         `json:"category"`
	ServiceCode  string           `json:"service_code"` // of the order's freight template
	FreeShipping bool             `json:"free_shipping"`
	AmountPaid   money.Amount     `json:"amount_paid"` // freight included
	Freight      money.Amount     `json:"freight"`
	FreightShown *money.Amount    `json:"freight_shown,omitempty"`
	Commission   money.Amount     `json:"commission"`
	Tax          money.Amount     `json:"tax"`
	USDRate      *decimal.Decimal `json:"usd_rate,omitempty"` // USD for 1 unit of the order's currency
	Items        []Item           `json:"items"`
}

// At implements [Data].
func (d *OrderCreated) At() time.Time { return d.CreatedAt }

// OrderPaid starts the clock of online-due.
type OrderPaid struct {
	PaidAt time.Time `json:"paid_at"`
}

// At implements [Data].
func (d *OrderPaid) At() time.Time { return d.PaidAt }

// OrderStopped is a cancellation or a refund; a partial refund ends nothing.
type OrderStopped struct {
	When    time.Time     `json:"at"`
	Amount  *money.Amount `json:"amount,omitempty"`
	Partial bool          `json:"partial,omitzero"`
}

// At implements [Data].
func (d *OrderStopped) At() time.Time { return d.When }

// AddressChanged says that the buyer's address is another one now.
type AddressChanged struct {
	When        time.Time `json:"at"`
	AddressHash string    `json:"address_hash"`
}

// At implements [Data].
func (d *AddressChanged) At() time.Time { return d.When }

// ShipmentRecorded says that a tracking number stands on the platform.
//
// Replaces extends the exchange format: the number of the same parcel that stood there before.
// What is learnt of the new number from then on goes to the old number's trace too, so that the
// cases of the old number follow the parcel. Nothing else follows from it: both numbers are
// recorded.
type ShipmentRecorded struct {
	TrackingNumber string    `json:"tracking_number"` // normalised
	Carrier        string    `json:"carrier"`
	ServiceCode    string    `json:"service_code"`
	RecordedAt     time.Time `json:"recorded_at"`
	ShippedAt      time.Time `json:"shipped_at"`
	TraceAlert     bool      `json:"trace_alert"`
	Items          []Item    `json:"items,omitempty"`     // of a split order
	OrderIDs       []string  `json:"order_ids,omitempty"` // further orders of the store in the same parcel
	Replaces       string    `json:"replaces,omitempty"`  // normalised; empty: a parcel's first number
}

// At implements [Data].
func (d *ShipmentRecorded) At() time.Time { return d.RecordedAt }

// Milestone is what a scan means, whatever the carrier calls it.
type Milestone string

// The milestones.
const (
	InfoReceived       Milestone = "info_received"
	PickedUp           Milestone = "picked_up"
	DepartedOrigin     Milestone = "departed_origin"
	InTransit          Milestone = "in_transit"
	ArrivedDestination Milestone = "arrived_destination"
	CustomsHold        Milestone = "customs_hold"
	CustomsReleased    Milestone = "customs_released"
	OutForDelivery     Milestone = "out_for_delivery"
	AvailableForPickup Milestone = "available_for_pickup"
	DeliveryFailed     Milestone = "delivery_failed"
	Delivered          Milestone = "delivered"
	Returned           Milestone = "returned"
	Lost               Milestone = "lost"
	ExceptionScan      Milestone = "exception"
	Advisory           Milestone = "advisory"
)

// Milestones lists every milestone, in the order of a parcel's life.
func Milestones() []Milestone {
	return []Milestone{
		InfoReceived, PickedUp, DepartedOrigin, InTransit, ArrivedDestination, CustomsHold, CustomsReleased,
		OutForDelivery, AvailableForPickup, DeliveryFailed, Delivered, Returned, Lost, ExceptionScan, Advisory,
	}
}

// ends tells whether a parcel that reached m can stall no more.
func (m Milestone) ends() bool { return m == Delivered || m == Returned || m == Lost }

// RowSource says who made a trace row. A manual row counts for nothing at all.
type RowSource string

// The sources of trace rows.
const (
	FromCarrier    RowSource = "carrier"
	FromAggregator RowSource = "aggregator"
	FromManual     RowSource = "manual"
)

// Row is one line of a trace.
type Row struct {
	At          time.Time `json:"at"`
	Milestone   Milestone `json:"milestone"`
	Code        string    `json:"code,omitempty"` // the service's own, raw
	Location    string    `json:"location,omitempty"`
	Description string    `json:"description,omitempty"`
	SignedBy    string    `json:"signed_by,omitempty"`
	Authorised  bool      `json:"authorised,omitzero"`
	Source      RowSource `json:"source"`
}

// TrackingUpdated brings rows of one parcel's trace.
type TrackingUpdated struct {
	TrackingNumber string `json:"tracking_number"`
	Rows           []Row  `json:"events"`
}

// At implements [Data] with the zero time: each row exists from its own.
func (d *TrackingUpdated) At() time.Time { return time.Time{} }

// ParcelFact is a flag, an alert or a clearance document of one parcel.
type ParcelFact struct {
	TrackingNumber string    `json:"tracking_number"`
	When           time.Time `json:"at"`
	Reason         string    `json:"reason,omitempty"`
}

// At implements [Data].
func (d *ParcelFact) At() time.Time { return d.When }

// ReceiptConfirmed says that the buyer has the goods.
type ReceiptConfirmed struct {
	When time.Time `json:"at"`
}

// At implements [Data].
func (d *ReceiptConfirmed) At() time.Time { return d.When }

// The kinds of dispute.
const (
	DisputeNotReceived = "not_received"
	DisputeOther       = "other"
)

// Dispute is a buyer's dispute, opened or closed.
type Dispute struct {
	When      time.Time `json:"at"`
	Kind      string    `json:"kind"`
	DisputeID string    `json:"dispute_id"`
}

// At implements [Data].
func (d *Dispute) At() time.Time { return d.When }

// CaseKind is what went wrong with a parcel.
type CaseKind string

// The kinds of case, in output order.
const (
	KindLost        CaseKind = "lost"
	KindNotReceived CaseKind = "not-received"
	KindSignature   CaseKind = "signature-abnormal"
	KindStall       CaseKind = "stall"
)

// CaseKinds lists the kinds of case in output order.
func CaseKinds() []CaseKind {
	return []CaseKind{KindLost, KindNotReceived, KindSignature, KindStall}
}

// Confirmed says that a person pressed the seller centre's confirm button.
type Confirmed struct {
	TrackingNumber string    `json:"tracking_number"`
	Kind           CaseKind  `json:"kind,omitempty"` // empty: every open case of the parcel
	When           time.Time `json:"at"`
	By             string    `json:"by"`
	Note           string    `json:"note,omitempty"`
}

// At implements [Data].
func (d *Confirmed) At() time.Time { return d.When }

// FiledCase is the case as it stood when it was filed; it stands, whatever is learnt later.
type FiledCase struct {
	Kind           CaseKind  `json:"kind"`
	OpenedAt       time.Time `json:"opened_at"`
	LastMovementAt time.Time `json:"last_movement_at"`
	FileBy         time.Time `json:"file_by"`
}

// ClaimFiled says that a claim was handed in.
type ClaimFiled struct {
	TrackingNumber string     `json:"tracking_number"`
	When           time.Time  `json:"at"`
	ClaimID        string     `json:"claim_id"`
	Case           *FiledCase `json:"case,omitempty"`
	Originals      []Original `json:"originals,omitempty"` // that were handed in; none: not known
}

// At implements [Data].
func (d *ClaimFiled) At() time.Time { return d.When }

// The decisions on a claim, and on a request for seller protection.
const (
	DecisionApproved = "approved"
	DecisionRejected = "rejected"
)

// ClaimDecided is the platform's answer to a claim or to its appeal.
type ClaimDecided struct {
	ClaimID  string        `json:"claim_id"`
	When     time.Time     `json:"at"`
	Decision string        `json:"decision"`
	Amount   *money.Amount `json:"amount,omitempty"`
	Reason   string        `json:"reason,omitempty"`
}

// At implements [Data].
func (d *ClaimDecided) At() time.Time { return d.When }

// ClaimFact is what else happens to a claim: an appeal, papers sent, seller protection asked for,
// a payment.
type ClaimFact struct {
	ClaimID string        `json:"claim_id"`
	When    time.Time     `json:"at"`
	Amount  *money.Amount `json:"amount,omitempty"`
	// Originals are all that were handed in with an appeal or with papers; none: not known.
	Originals []Original `json:"originals,omitempty"`
}

// At implements [Data].
func (d *ClaimFact) At() time.Time { return d.When }

// Complaint is a freight complaint, opened or decided.
type Complaint struct {
	ComplaintID string    `json:"complaint_id"`
	When        time.Time `json:"at"`
	Upheld      *bool     `json:"upheld,omitempty"`
	Points      int       `json:"points,omitzero"`
}

// At implements [Data].
func (d *Complaint) At() time.Time { return d.When }

// EvidenceAdded says that originals came into the vault.
type EvidenceAdded struct {
	TrackingNumber string     `json:"tracking_number,omitempty"` // normalised; empty: evidence of the order as a whole
	When           time.Time  `json:"at"`
	By             string     `json:"by"` // a person, or the system that collected them
	Originals      []Original `json:"originals"`
}

// Original is one of them.
type Original struct {
	Kind   EvidenceKind `json:"kind"`
	SHA256 string       `json:"sha256"` // hexadecimal, lower case
}

// At implements [Data].
func (d *EvidenceAdded) At() time.Time { return d.When }

// PapersRequested says that the platform wants more papers for a claim that was filed.
type PapersRequested struct {
	ClaimID string         `json:"claim_id"`
	When    time.Time      `json:"at"`
	Kinds   []EvidenceKind `json:"kinds,omitempty"` // none: the reason says what
	Reason  string         `json:"reason,omitempty"`
	Until   *time.Time     `json:"until,omitempty"` // the platform's own deadline; absent: the policy's
}

// At implements [Data].
func (d *PapersRequested) At() time.Time { return d.When }

// The answers to a ticket.
const (
	TicketSolved   = "solved"
	TicketUnsolved = "unsolved" // answered, and the matter stands as it did
	TicketReturned = "returned" // unread, because something that it must hold is missing
)

// Ticket is a support ticket, filed or answered.
type Ticket struct {
	TicketID string    `json:"ticket_id"` // the platform's
	When     time.Time `json:"at"`
	About    string    `json:"about,omitempty"`   // workflow ID of the ticket's story
	Outcome  string    `json:"outcome,omitempty"` // of an answer
	Reason   string    `json:"reason,omitempty"`
}

// At implements [Data].
func (d *Ticket) At() time.Time { return d.When }
