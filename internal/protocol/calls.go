package protocol

import (
	"encoding/json"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// FactsQuery asks for the facts of one order.
type FactsQuery struct {
	Store    string    `json:"store"`
	Order    string    `json:"order"`
	Behind   int64     `json:"behind"`    // the highest position known; 0: all
	ForOrder bool      `json:"for_order"` // the Order workflow itself asks
	Now      time.Time `json:"now"`       // virtual time of the question: what is judged
	// Ticket is the workflow ID of the Ticket that asks; empty: another story does. From then on it
	// is told what can settle it.
	Ticket string `json:"ticket,omitempty"`
}

// Facts are numbered CloudEvents (PositionKey), and the revision of the calendar that the
// worker holds: from then on the story reckons with that one.
type Facts struct {
	Events   []json.RawMessage `json:"events,omitempty"`
	More     bool              `json:"more,omitempty"` // there are further ones behind the last of these
	Calendar string            `json:"calendar,omitempty"`
}

// Parcel names a parcel to a tracker.
type Parcel struct {
	Store          string `json:"store"`
	Order          string `json:"order"`
	TrackingNumber string `json:"tracking_number"`
	Carrier        string `json:"carrier"`
}

// FilingRequest is everything a claim needs.
type FilingRequest struct {
	Key      string          `json:"key"` // workflow ID and step
	Store    string          `json:"store"`
	Order    string          `json:"order"`
	Case     rules.FiledCase `json:"case"`
	Number   string          `json:"tracking_number"`
	Payout   *money.Amount   `json:"payout,omitempty"`
	Evidence []Evidence      `json:"evidence,omitempty"`
	Now      time.Time       `json:"now"` // virtual
}

// ClaimRequest hands something in for a claim that was filed: an appeal, papers that the platform
// wants, or a request for seller protection.
type ClaimRequest struct {
	Key      string           `json:"key"` // workflow ID and step
	Store    string           `json:"store"`
	Order    string           `json:"order"`
	Number   string           `json:"tracking_number,omitempty"`
	ClaimID  string           `json:"claim_id"`
	Adds     bool             `json:"adds,omitempty"` // an appeal, to be compared with what was handed in; stories that began before do not know that
	Evidence []Evidence       `json:"evidence,omitempty"`
	Added    []rules.Original `json:"added,omitempty"`     // those of them that were not handed in before
	HandedIn []string         `json:"handed_in,omitempty"` // hashes of what is known to have been
	Amount   *money.Amount    `json:"amount,omitempty"`    // asked of seller protection
	Now      time.Time        `json:"now"`
}

// Filed is the answer to a filing, or to what is handed in for a claim.
type Filed struct {
	Pending bool      `json:"pending,omitempty"` // a person has been asked; the fact comes in as an event
	ClaimID string    `json:"claim_id,omitempty"`
	At      time.Time `json:"at,omitzero"` // virtual
}

// Evidence is one original in the vault.
type Evidence struct {
	Kind      string    `json:"kind"` // a rules.EvidenceKind
	Name      string    `json:"name"`
	SHA256    string    `json:"sha256"`               // hexadecimal
	MediaType string    `json:"media_type,omitempty"` // as found in its bytes
	Size      int64     `json:"size,omitempty"`       // bytes
	Source    string    `json:"source,omitempty"`     // who brought it: upload, platform, warehouse, carrier
	By        string    `json:"by,omitempty"`         // the person, or the service
	TakenAt   time.Time `json:"taken_at,omitzero"`    // of the picture or the record; zero: not known
}

// Notice tells people something, in both languages.
type Notice struct {
	Key        string    `json:"key"` // told once per key
	Store      string    `json:"store"`
	Order      string    `json:"order"`
	WorkflowID string    `json:"workflow_id"`
	Kind       string    `json:"kind"`
	Manager    bool      `json:"manager,omitempty"` // the manager too
	Due        time.Time `json:"due,omitzero"`
	ZH         string    `json:"zh"`
	EN         string    `json:"en"`
}

// Valid tells whether an answer that is not pending can be a fact.
func (f Filed) Valid() bool { return f.ClaimID != "" && len(f.ClaimID) <= 128 && !f.At.IsZero() }

// PollRequest asks a carrier about one parcel.
type PollRequest struct {
	Parcel Parcel    `json:"parcel"`
	Now    time.Time `json:"now"` // virtual
}

// SweepInput asks one tracking service about every parcel that is due.
type SweepInput struct {
	Service string `json:"service"` // by its name
	Clock   Clock  `json:"clock,omitzero"`
}

// SweepResult counts what became of it.
type SweepResult struct {
	Asked  int `json:"asked"`  // parcels answered for
	Rows   int `json:"rows"`   // of traces that were new
	Failed int `json:"failed"` // parcels that the service could say nothing of
	// Compare are parcels whose trace on the platform may be behind: at most MaxCompared.
	Compare []Parcel `json:"compare,omitempty"`
}

// MaxCompared bounds the parcels of one sweep that are compared with the platform.
const MaxCompared = 20

// DiagnoseRequest compares both sides of a parcel, and tells people where the platform is
// behind.
type DiagnoseRequest struct {
	Parcel Parcel    `json:"parcel"`
	Told   string    `json:"told,omitempty"` // the service that has just told of the parcel; empty: it is asked
	Now    time.Time `json:"now"`            // virtual
}

// DiagnoseResult is what was found.
type DiagnoseResult struct {
	Findings []rules.FindingCode `json:"findings"`
	Told     bool                `json:"told,omitempty"` // people have a notice of it
}

// OrdersInput has the orders of a store read at its platform: those that changed, or one.
type OrdersInput struct {
	Platform  string `json:"platform"`
	Store     string `json:"store"`
	Order     string `json:"order,omitempty"`      // this one at once; empty: all that changed
	FirstDays int    `json:"first_days,omitempty"` // how far the first reading goes back
	Clock     Clock  `json:"clock,omitzero"`
}

// OrdersResult counts what became of it.
type OrdersResult struct {
	Listed int `json:"listed"` // changes in the windows, which overlap
	Read   int `json:"read"`   // orders whose facts are in the inbox now
	Failed int `json:"failed"` // orders that stay due: they could not be read, or told wholly
}

// PapersRequest has the originals of a parcel judged before they are handed in.
type PapersRequest struct {
	Store          string    `json:"store"`
	Order          string    `json:"order"`
	TrackingNumber string    `json:"tracking_number"`
	HandedIn       []string  `json:"handed_in,omitempty"` // hashes: they may be handed in again, whatever is found
	Now            time.Time `json:"now"`                 // virtual
}

// Papers is the judgement, and what of them may be handed in.
type Papers struct {
	rules.Papers
	Evidence []Evidence `json:"evidence,omitempty"`
}

// StandingQuery asks how a store stands with seller protection.
type StandingQuery struct {
	Store string    `json:"store"`
	Now   time.Time `json:"now"` // virtual
}
