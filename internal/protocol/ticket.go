package protocol

import (
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// TicketInput starts a Ticket workflow. The facts of its order it reads from the inbox.
type TicketInput struct {
	Store   string                       `json:"store"`
	Order   string                       `json:"order"`
	Topic   rules.TicketTopic            `json:"topic"`
	Serial  string                       `json:"serial,omitempty"`          // of the workflow ID
	About   string                       `json:"about,omitempty"`           // number of the claim, or of the complaint
	Number  string                       `json:"tracking_number,omitempty"` // normalised
	Amount  *money.Amount                `json:"amount,omitempty"`          // that is late or at stake
	Since   time.Time                    `json:"since,omitzero"`            // what is late was due then; zero: nothing is
	Opened  time.Time                    `json:"opened,omitzero"`           // virtual; zero: at the start
	Due     time.Time                    `json:"due,omitzero"`              // by when it must be filed; zero: no time is set
	GiveUp  time.Time                    `json:"give_up,omitzero"`          // not filed by then, it is given up
	Detail  *Bilingual                   `json:"detail,omitempty"`          // further facts, from our own templates
	Given   map[rules.TicketField]string `json:"given,omitempty"`           // fields known at the start
	By      string                       `json:"by,omitempty"`              // who gave them
	Profile rules.StoreProfile           `json:"profile,omitzero"`

	Policy   string `json:"policy"`
	Calendar string `json:"calendar"`
	Clock    Clock  `json:"clock,omitzero"`
}

// Bilingual is a text in both languages.
type Bilingual struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// ID is the workflow ID of the ticket.
func (in TicketInput) ID() string { return TicketWorkflowID(in.Store, in.Order, in.Topic, in.Serial) }

// TicketResult is how a ticket's story ended.
type TicketResult struct {
	Outcome  rules.TicketStatus `json:"outcome"`
	TicketID string             `json:"ticket_id,omitempty"` // the platform's, of the latest filing
	At       time.Time          `json:"at"`                  // virtual
}

// TicketUpdate is what a person gives a ticket. Of a proof it is the SHA-256 of an original
// that the vault holds.
type TicketUpdate struct {
	Fields map[rules.TicketField]string `json:"fields,omitempty"`
	Close  bool                         `json:"close,omitempty"` // it is given up
	By     string                       `json:"by"`
}

// TicketState answers: where the ticket stands, and what it still lacks.
type TicketState struct {
	Status  rules.TicketStatus  `json:"status"`
	Channel rules.TicketChannel `json:"channel"`
	Missing []rules.TicketField `json:"missing,omitempty"`
	FileAt  time.Time           `json:"file_at,omitzero"` // when it is to be filed
	Message Bilingual           `json:"message"`
}
