package protocol

import (
	"encoding/json"
	"time"

	"parcelward/internal/rules"
)

// OrderInput starts an Order workflow: everything known of the order so far.
type OrderInput struct {
	Store    string            `json:"store"`
	Order    string            `json:"order"`
	Policy   string            `json:"policy"`   // ID of the pinned policy pack
	Calendar string            `json:"calendar"` // revision of the calendar of workdays
	Clock    Clock             `json:"clock,omitzero"`
	Facts    []json.RawMessage `json:"facts"` // numbered CloudEvents
	State    *OrderState       `json:"state,omitempty"`

	// Release tells what the story may go by from its beginning; see [Release]. Zero: begun by a
	// release that did not say.
	Release int `json:"release,omitempty"`
}

// Release is of the stories that begin now. From 1 on, evidence and what follows a claim are told
// to the claims of an order. A patch would cost each order two events.
const Release = 1

// OrderState is what a run hands to the next by Continue-As-New, beside the facts.
type OrderState struct {
	Done    []string       `json:"done"`              // keys of the acts carried out
	Claims  []rules.CaseID `json:"claims"`            // live claims, to which facts are forwarded
	Stopped []rules.CaseID `json:"stopped,omitempty"` // claims that an operator ended, or that failed: none starts again
	Stage   rules.Stage    `json:"stage,omitempty"`   // as last shown to operators

	// Contests and StoppedContests are the same of complaints and disputes, by workflow ID.
	Contests        []string `json:"contests,omitempty"`
	StoppedContests []string `json:"stopped_contests,omitempty"`
}

// OrderResult is how an order's story ended.
type OrderResult struct {
	Reason string      `json:"reason"` // why it ended: rules.End…
	Stage  rules.Stage `json:"stage"`
	At     time.Time   `json:"at"` // virtual
}

// ClaimInput starts a Claim workflow.
type ClaimInput struct {
	Store    string            `json:"store"`
	Order    string            `json:"order"`
	Case     rules.CaseID      `json:"case"`
	Policy   string            `json:"policy"`
	Calendar string            `json:"calendar"`
	Clock    Clock             `json:"clock,omitzero"`
	Facts    []json.RawMessage `json:"facts"`
}

// ClaimResult is how a claim's story ended.
type ClaimResult struct {
	Status  rules.CaseStatus `json:"status"`
	ClaimID string           `json:"claim_id,omitempty"`
	At      time.Time        `json:"at"` // virtual
}

// ContestInput starts a Complaint or a Dispute workflow.
type ContestInput struct {
	Store    string            `json:"store"`
	Order    string            `json:"order"`
	ID       string            `json:"id"` // of the complaint or dispute at the platform
	Policy   string            `json:"policy"`
	Calendar string            `json:"calendar"`
	Clock    Clock             `json:"clock,omitzero"`
	Facts    []json.RawMessage `json:"facts"`
}

// ComplaintResult is how a freight complaint's story ended.
type ComplaintResult struct {
	Status rules.ComplaintStatus `json:"status"` // a live one: nothing was heard for too long
	Points int                   `json:"points,omitempty"`
	At     time.Time             `json:"at"` // virtual
}

// DisputeResult is how a dispute's story ended.
type DisputeResult struct {
	Status rules.DisputeStatus `json:"status"` // a live one: nothing was heard for too long
	At     time.Time           `json:"at"`     // virtual
}

// Confirmation says that a person pressed the seller centre's confirm button.
type Confirmation struct {
	TrackingNumber string         `json:"tracking_number"`
	Kind           rules.CaseKind `json:"kind,omitempty"` // empty: every open case of the parcel
	By             string         `json:"by"`
	At             *time.Time     `json:"at,omitempty"` // when the button was pressed; absent: now
	Note           string         `json:"note,omitempty"`
}

// ConfirmationResult answers the update: the cases that are confirmed now.
type ConfirmationResult struct {
	Confirmed []rules.CaseID `json:"confirmed"`
	At        time.Time      `json:"at"`
}

// AsOf is the argument of the assessment query; without as_of it is the workflow's own time
// at its latest task.
type AsOf struct {
	AsOf *time.Time `json:"as_of,omitempty"`
}

// TimelineEntry is one line of an order's timeline, for people.
type TimelineEntry struct {
	At     time.Time `json:"at"`
	Future bool      `json:"future,omitempty"` // it comes if nothing happens before
	ZH     string    `json:"zh"`
	EN     string    `json:"en"`
}
