package protocol

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"parcelward/internal/rules"
)

// Workflow types.
const (
	WorkflowOrder    = "Order"
	WorkflowClaim    = "Claim"
	WorkflowSweep    = "Sweep"
	WorkflowOrders   = "Orders"
	WorkflowShipment = "Shipment"
	WorkflowTicket   = "Ticket"

	WorkflowComplaint = "Complaint"
	WorkflowDispute   = "Dispute"

	WorkflowStatement = "Statement"
	WorkflowHealth    = "Health"
)

// Task queues: stories, rate-limited calls to carriers, heavy files.
const (
	QueueOrders   = "orders"
	QueueCarriers = "carriers"
	QueueEvidence = "evidence"
)

// Signals, updates and queries of the Order workflow; Claim, Complaint and Dispute hear SignalEvent from their order, and SignalConfirm.
const (
	SignalEvent    = "event"             // one CloudEvent or an array of them
	SignalConfirm  = "confirm-exception" // a Confirmation
	UpdateConfirm  = "confirm-exception" // a Confirmation; answered by a ConfirmationResult
	UpdateShip     = "ship"              // of Shipment: a ShipNumber; answered by it as it is declared
	UpdateTicket   = "ticket"            // of Ticket: a TicketUpdate; answered by a TicketState
	QueryAssess    = "assessment"        // an AsOf; answered by a rules.Assessment
	QueryTimeline  = "timeline"          // answered by []TimelineEntry
	sourceTemporal = "parcelward/temporal/"
	sourceStory    = "parcelward/story/"
	sourceTrace    = "parcelward/trace/"
	openedAtLayout = "20060102T150405Z"
)

// Activities; each name is a method of activities.Activities.
const (
	ActivityLoadFacts   = "LoadFacts"     // local; FactsQuery to Facts
	ActivityRecordFacts = "RecordFacts"   // local; []json.RawMessage, CloudEvents
	ActivityPollCarrier = "PollCarrier"   // PollRequest
	ActivityNotify      = "Notify"        // Notice
	ActivityGather      = "Gather"        // local; Parcel to []Evidence
	ActivityFile        = "File"          // FilingRequest to Filed
	ActivityAppeal      = "Appeal"        // ClaimRequest to Filed
	ActivitySendPapers  = "SendPapers"    // ClaimRequest to Filed
	ActivityAskProtect  = "AskProtection" // ClaimRequest to Filed
	ActivityPreflight   = "Preflight"     // PapersRequest to Papers
	ActivityStanding    = "Standing"      // local; StandingQuery to rules.StoreHealth
	ActivitySweep       = "Sweep"         // SweepInput to SweepResult
	ActivityPollOrders  = "PollOrders"    // OrdersInput to OrdersResult
	ActivityDiagnose    = "Diagnose"      // DiagnoseRequest to DiagnoseResult

	ActivityListLogistics   = "ListLogistics"   // OrderRef to []string, IDs of logistics orders
	ActivityCreateLogistics = "CreateLogistics" // LogisticsRequest to Logistics
	ActivityFetchWaybill    = "FetchWaybill"    // WaybillRequest to Evidence
	ActivityKeepEvidence    = "KeepEvidence"    // local; EvidenceOf
	ActivityCollect         = "Collect"         // CollectRequest to Collected
	ActivityDeclare         = "Declare"         // DeclareRequest to Declared

	ActivityOpenTicket    = "OpenTicket"    // TicketInput
	ActivityKeepStatement = "KeepStatement" // StatementRequest to StatementResult
	ActivityStoreHealth   = "StoreHealth"   // HealthRequest to HealthResult
)

// TypeUnreadable is the type of an event that keeps a message nobody could read. It is
// outside the types that have an effect.
const TypeUnreadable = "parcelward.message.unreadable"

// Error types of application errors that cross from activities to workflows.
const (
	ErrRefused     = "Refused"     // the other side understood and said no: a repeat is useless
	ErrBadInput    = "BadInput"    // we sent something that can never be right
	ErrUnavailable = "Unavailable" // worth a repeat
	ErrTooLate     = "TooLate"     // update refused: the deadline has passed
	ErrNoCase      = "NoCase"      // update refused: no such open case
	ErrBusy        = "Busy"        // update refused: what was given before is being carried out
)

// SearchAttribute is a custom search attribute that must be registered with the namespace.
type SearchAttribute struct{ Name, Type string }

// The search attributes, as operators search them.
const (
	AttrStore          = "StoreId"
	AttrStage          = "OrderStage"
	AttrCaseKind       = "CaseKind"
	AttrCaseStatus     = "CaseStatus"
	AttrCarrier        = "CarrierCode"
	AttrNumbers        = "TrackingNumbers"
	AttrNextDeadline   = "NextDeadline" // a lower bound: set along with another attribute
	AttrExpectedPayout = "ExpectedPayoutUsd"
)

// SearchAttributes lists every custom search attribute with its type.
func SearchAttributes() []SearchAttribute {
	return []SearchAttribute{
		{AttrStore, "Keyword"},
		{AttrStage, "Keyword"},
		{AttrCaseKind, "Keyword"},
		{AttrCaseStatus, "Keyword"},
		{AttrCarrier, "Keyword"},
		{AttrNumbers, "KeywordList"},
		{AttrNextDeadline, "Datetime"},
		{AttrExpectedPayout, "Double"},
	}
}

// OrderWorkflowID is the ID of the workflow that keeps an order.
func OrderWorkflowID(store, order string) string { return "order/" + store + "/" + order }

// ClaimWorkflowID is the ID of the workflow that runs the claim of one case. A parcel can
// stall twice, so the moment of opening is part of it.
func ClaimWorkflowID(store, order string, c rules.CaseID) string {
	return "claim/" + store + "/" + order + "/" + c.TrackingNumber + "/" + string(c.Kind) + "/" + c.OpenedAt.UTC().Format(openedAtLayout)
}

// ComplaintWorkflowID is the ID of the workflow that keeps a freight complaint, by its number at
// the platform.
func ComplaintWorkflowID(store, complaint string) string {
	return "complaint/" + store + "/" + complaint
}

// DisputeWorkflowID is the ID of the workflow that keeps a buyer's dispute, by its number at
// the platform.
func DisputeWorkflowID(store, dispute string) string { return "dispute/" + store + "/" + dispute }

// The case kinds of stories that are no parcel's exception, as operators search them.
const (
	CaseKindComplaint = "freight-complaint"
	CaseKindDispute   = "dispute"
)

// ShipmentWorkflowID is the ID of the workflow that sends one parcel of an order; serial counts
// the parcels of an order that is sent in several, from 1.
func ShipmentWorkflowID(store, order string, serial int) string {
	id := "shipment/" + store + "/" + order
	if serial > 1 {
		id += "/" + strconv.Itoa(serial)
	}
	return id
}

// TicketWorkflowID is the ID of the workflow that keeps a ticket. serial tells tickets of one
// topic apart, such as a claim's number; it may be empty.
func TicketWorkflowID(store, order string, topic rules.TicketTopic, serial string) string {
	id := ticketPrefix + store + "/" + order + "/" + string(topic)
	if serial != "" {
		id += "/" + serial
	}
	return id
}

// ParseTicketID takes a ticket's workflow ID apart; ok is false where it is none.
func ParseTicketID(id string) (store, order string, topic rules.TicketTopic, serial string, ok bool) {
	rest, ok := strings.CutPrefix(id, ticketPrefix)
	parts := strings.SplitN(rest, "/", 4)
	if !ok || len(parts) < 3 || !ValidName(parts[0]) || !ValidName(parts[1]) || !slices.Contains(rules.TicketTopics(), rules.TicketTopic(parts[2])) {
		return "", "", "", "", false
	}
	if len(parts) == 4 {
		if serial = parts[3]; !ValidName(serial) {
			return "", "", "", "", false
		}
	}
	return parts[0], parts[1], rules.TicketTopic(parts[2]), serial, true
}

// TicketSerial makes a serial of another side's number, such as a claim's: what a workflow ID
// does not take becomes a hyphen.
func TicketSerial(number string) string {
	serial := strings.Map(func(r rune) rune {
		if !ValidName("x" + string(r)) {
			return '-'
		}
		return r
	}, number)
	return serial[:min(len(serial), maxSerial)]
}

// maxSerial keeps a serial a name, and leaves room for a day behind it.
const maxSerial = 55

const ticketPrefix = "ticket/"

// SweepID names the Schedule, and the workflow, that asks a tracking service.
func SweepID(service string) string { return "sweep/" + service }

// OrdersID names the Schedule, and its workflows, that read a store's orders at a platform.
func OrdersID(platform, store string) string { return "orders/" + platform + "/" + store }

// OneOrderID names the workflow that reads one order at once, because the platform pushed it.
func OneOrderID(platform, store, order string) string { return OrdersID(platform, store) + "/" + order }

// StatementID names the Schedule, and its workflows, that make a store's monthly statements.
func StatementID(store string) string { return "statement/" + store }

// HealthID names the Schedule, and its workflows, that look at a store's health each week.
func HealthID(store string) string { return "health/" + store }

// SourceOfRun is the event source of what a person did through Temporal itself, in one run.
func SourceOfRun(runID string) string { return sourceTemporal + runID }

// SourceOfTrace is the event source of what a tracking service says of a store's parcels.
func SourceOfTrace(service, store string) string { return sourceTrace + service + "/" + store }

// ServiceOfTrace is the tracking service of such an event source; empty: it is none.
func ServiceOfTrace(source string) string {
	rest, ok := strings.CutPrefix(source, sourceTrace)
	if !ok {
		return ""
	}
	service, _, _ := strings.Cut(rest, "/")
	return service
}

// SourceOfStory is the event source of what a workflow brought about; the event's ID is the
// step, so that a repeat is the same event.
func SourceOfStory(workflowID string) string { return sourceStory + workflowID }

// Clock tells virtual time: origin + (real - start) * speed. The zero Clock is real time.
type Clock struct {
	Origin time.Time `json:"origin,omitzero"` // virtual time at Start
	Start  time.Time `json:"start,omitzero"`  // real time
	Speed  float64   `json:"speed,omitzero"`  // virtual seconds in a real one
}

// Virtual is the virtual time at the real time t, in UTC.
func (c Clock) Virtual(t time.Time) time.Time {
	if c.Speed == 0 {
		return t.UTC()
	}
	return c.Origin.Add(time.Duration(float64(t.Sub(c.Start)) * c.Speed)).UTC()
}

// Real is how long virtual span d lasts on the wall, rounded up to the nanosecond.
func (c Clock) Real(d time.Duration) time.Duration {
	if c.Speed == 0 {
		return d
	}
	return time.Duration(float64(d)/c.Speed) + 1
}
