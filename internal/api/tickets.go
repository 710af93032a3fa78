package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/rules/wording"
	"parcelward/internal/temporalclient"
)

// TicketRequest asks for a ticket to be opened.
type TicketRequest struct {
	Topic  rules.TicketTopic            `json:"topic" minLength:"1" maxLength:"64" example:"release_failed"`
	Serial string                       `json:"serial,omitempty" maxLength:"64" pattern:"^[A-Za-z0-9._-]*$" doc:"tells tickets of one topic apart; a serial is used once"`
	About  string                       `json:"about,omitempty" maxLength:"128" doc:"number of the claim, or of the complaint"`
	Number string                       `json:"tracking_number,omitempty" maxLength:"256"`
	Amount *money.Amount                `json:"amount,omitempty" doc:"that is late or at stake"`
	Since  *time.Time                   `json:"since,omitempty" doc:"what is late was due then"`
	Due    *time.Time                   `json:"due,omitempty" doc:"by when the ticket must be filed"`
	Fields map[rules.TicketField]string `json:"fields,omitempty" doc:"what is known of the ticket already: texts"`
	By     string                       `json:"by,omitempty" maxLength:"128"`
}

// TicketOpened answers: to whom the ticket goes, and what it still lacks.
type TicketOpened struct {
	WorkflowID string              `json:"workflow_id"`
	Channel    rules.TicketChannel `json:"channel"`
	Missing    []Found             `json:"missing" doc:"without which it would be returned unread"`
	Message    Words               `json:"message"`
}

type ticketInput struct {
	OrderPath
	Body TicketRequest
}

type ticketOutput struct{ Body TicketOpened }

type ticketUpdateInput struct {
	OrderPath
	Topic  rules.TicketTopic `path:"topic" maxLength:"64"`
	Serial string            `query:"serial" maxLength:"64" pattern:"^[A-Za-z0-9._-]*$"`
	Key    string            `header:"Idempotency-Key" maxLength:"128" doc:"the same key gives once"`
	Body   protocol.TicketUpdate
}

type ticketUpdateOutput struct{ Body protocol.TicketState }

func (s *server) registerTickets(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "open-ticket", Method: http.MethodPost, Path: "/v1/orders/{store}/{order}/tickets",
		Summary: "Open a support ticket about an order",
		Description: "Answers to whom it goes and what it lacks. A person files it: its number comes in as a ticket.filed event and its answer as ticket.answered, " +
			"each with about = workflow_id. 409 where this ticket was opened before.",
		DefaultStatus: http.StatusAccepted, BodyReadTimeout: bodyPatience,
		Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, s.postTicket)
	huma.Register(api, huma.Operation{
		OperationID: "complete-ticket", Method: http.MethodPut, Path: "/v1/orders/{store}/{order}/tickets/{topic}",
		Summary:         "Give a ticket what it lacks (texts, and SHA-256 of uploaded proofs), or give it up",
		BodyReadTimeout: bodyPatience,
		Errors:          []int{http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, s.putTicket)
}

func (s *server) postTicket(ctx context.Context, in *ticketInput) (*ticketOutput, error) {
	b, now := &in.Body, s.now()
	number := tracknum.Normalize(b.Number)
	switch {
	case !slices.Contains(rules.TicketTopics(), b.Topic):
		return nil, unknownTopic(b.Topic)
	case !plain(b.About) || rules.HasPhone(b.About):
		return nil, huma.Error422UnprocessableEntity("about: expected the number of a claim or a complaint")
	case (b.Number != "") != (number != "") || len(number) > 64:
		return nil, huma.Error422UnprocessableEntity("tracking_number: expected 1 to 64 letters or digits")
	case b.Serial == "." || b.Serial == "..":
		return nil, huma.Error422UnprocessableEntity("serial: expected a name of letters, digits . _ -")
	}
	_, rs, err := s.known(ctx, in.Store, in.Order)
	if err != nil {
		return nil, err
	}
	if rs.Pack == nil {
		return nil, huma.Error409Conflict("nobody knows yet when the order was created: send its order.created first")
	}
	asked := protocol.TicketInput{
		Store: in.Store, Order: in.Order, Topic: b.Topic, Serial: b.Serial, About: b.About, Number: number, Amount: b.Amount,
		Opened: now, Given: b.Fields, By: b.By, Policy: rs.Pack.ID, Calendar: rs.Calendar.Revision(),
	}
	if b.Since != nil {
		asked.Since = *b.Since
	}
	if b.Due != nil {
		asked.Due = *b.Due
	}
	profile := s.Profiles[in.Store]
	missing, err := ticketLacks(&asked, profile, rs)
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, confirmPatience)
	defer cancel()
	switch err := s.Tickets.StartTicket(wait, asked); {
	case errors.Is(err, temporalclient.ErrRunning):
		return nil, huma.Error409Conflict(fmt.Sprintf("this ticket was opened before: complete it, or open another with a serial of its own (workflow %s)", asked.ID()))
	case err != nil:
		return nil, s.unavailable("Temporal", err)
	}
	return &ticketOutput{TicketOpened{
		WorkflowID: asked.ID(), Channel: rules.FirstChannel(b.Topic, profile, rs.Pack), Missing: missing,
		Message: Words{"工单已建立。", "The ticket is opened."},
	}}, nil
}

// ticketLacks lists what a new ticket lacks. What was given and cannot be right is an error; so is
// a proof, which must lie in the vault and is given afterwards.
func ticketLacks(in *protocol.TicketInput, profile rules.StoreProfile, rs rules.Ruleset) ([]Found, error) {
	draft := rules.TicketDraft{
		Topic: in.Topic, Channel: rules.FirstChannel(in.Topic, profile, rs.Pack), Fields: map[rules.TicketField]string{rules.FieldOrder: in.Order},
		Title: rs.Pack.Ticket.FundsTitlePrefix.Value, // as our own templates begin
	}
	required := rules.RequiredFields(in.Topic, rules.ChannelTicket, rs.Pack)
	for f, value := range in.Given {
		if f.Proof() != "" {
			return nil, huma.Error422UnprocessableEntity(fmt.Sprintf("fields.%s: a proof is given after the ticket is opened: PUT it", f))
		}
		if !slices.Contains(rules.TicketFields(), f) && !slices.Contains(required, f) {
			return nil, huma.Error422UnprocessableEntity(fmt.Sprintf("fields.%.64s: no such field", f))
		}
		draft.Fields[f] = value
	}
	missing := []Found{}
	var wrong []string
	var details []error
	for _, fault := range rules.CheckTicket(draft, in.Order, rs.Pack) {
		text := wording.TicketFault(fault)
		if fault.Code == rules.FaultMissing {
			missing = append(missing, Found{string(fault.Field), Words{text.ZH, text.EN}})
			continue
		}
		wrong = append(wrong, text.String())
		details = append(details, &huma.ErrorDetail{Location: "body.fields." + string(fault.Field), Message: text.String()})
	}
	if len(wrong) > 0 {
		return nil, huma.Error422UnprocessableEntity(strings.Join(wrong, "\n"), details...)
	}
	return missing, nil
}

// unknownTopic says which topics there are.
func unknownTopic(t rules.TicketTopic) error {
	names := make([]string, 0, len(rules.TicketTopics()))
	for _, known := range rules.TicketTopics() {
		names = append(names, string(known))
	}
	return huma.Error422UnprocessableEntity(fmt.Sprintf("topic: expected one of %s, got %.64q", strings.Join(names, ", "), t))
}

func (s *server) putTicket(ctx context.Context, in *ticketUpdateInput) (*ticketUpdateOutput, error) {
	if !slices.Contains(rules.TicketTopics(), in.Topic) {
		return nil, unknownTopic(in.Topic)
	}
	wait, cancel := context.WithTimeout(ctx, confirmPatience)
	defer cancel()
	id := protocol.TicketWorkflowID(in.Store, in.Order, in.Topic, in.Serial)
	state, err := s.Tickets.UpdateTicket(wait, id, cmp.Or(in.Key, rand.Text()), in.Body)
	var refused *temporalclient.RefusedError
	switch {
	case errors.As(err, &refused) && refused.Type == protocol.ErrBadInput:
		return nil, huma.Error422UnprocessableEntity(refused.Reason)
	case errors.As(err, &refused):
		return nil, huma.Error409Conflict(refused.Reason)
	case errors.Is(err, temporalclient.ErrNotRunning):
		return nil, huma.Error404NotFound(fmt.Sprintf("no such ticket is open: %s", id))
	case err != nil:
		return nil, s.unavailable("the workflow", err)
	}
	return &ticketUpdateOutput{state}, nil
}

// plain tells whether a text is of printing characters only.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
