package temporalclient

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// Tickets opens tickets, and gives them what they lack.
type Tickets struct {
	Client   client.Client
	Stores   map[string]rules.StoreProfile // by store; one that is missing has the ordinary channels
	Calendar string                        // revision of the workdays, for tickets whose opener names none
	Clock    protocol.Clock
}

// StartTicket starts the workflow of a ticket. Errors: ErrRunning where its ID was taken, also by
// one that has ended; ErrNoAnswer.
func (t Tickets) StartTicket(ctx context.Context, in protocol.TicketInput) error {
	in.Profile, in.Clock = t.Stores[in.Store], t.Clock
	if in.Calendar == "" {
		in.Calendar = t.Calendar
	}
	attributes := []temporal.SearchAttributeUpdate{temporal.NewSearchAttributeKeyKeyword(protocol.AttrStore).ValueSet(in.Store)}
	if !in.Due.IsZero() {
		attributes = append(attributes, temporal.NewSearchAttributeKeyTime(protocol.AttrNextDeadline).ValueSet(in.Due))
	}
	if in.Number != "" {
		attributes = append(attributes, temporal.NewSearchAttributeKeyKeywordList(protocol.AttrNumbers).ValueSet([]string{in.Number}))
	}
	_, err := t.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: in.ID(), TaskQueue: protocol.QueueOrders,
		// An ID is used once: what is told about it later is never taken for another ticket's.
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            wording.TicketSummary(in.Store, in.Order, in.Topic).String(),
		TypedSearchAttributes:                    temporal.NewSearchAttributes(attributes...),
	}, protocol.WorkflowTicket, in)
	if _, taken := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); taken {
		return fmt.Errorf("%w: %s", ErrRunning, in.ID())
	}
	return explain(err)
}

// OpenTicket implements port.Tickets.
func (t Tickets) OpenTicket(ctx context.Context, in protocol.TicketInput) error {
	if err := t.StartTicket(ctx, in); !errors.Is(err, ErrRunning) {
		return err
	}
	return nil
}

// UpdateTicket gives a running ticket what it lacks. The same key gives it once. Errors:
// *RefusedError, ErrNotRunning, ErrNoAnswer.
func (t Tickets) UpdateTicket(ctx context.Context, id, key string, u protocol.TicketUpdate) (protocol.TicketState, error) {
	var state protocol.TicketState
	handle, err := t.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateID: key, UpdateName: protocol.UpdateTicket, Args: []any{u}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &state)
	}
	return state, explain(err)
}
