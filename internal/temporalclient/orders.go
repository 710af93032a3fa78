package temporalclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"parcelward/internal/protocol"
)

// What can come in the way of an answer.
var (
	// ErrNoAnswer says that Temporal or its workers did not answer in time; the question may be asked again.
	ErrNoAnswer = errors.New("no answer from Temporal")
	// ErrNotRunning says that no workflow of that ID runs (for queries: is known).
	ErrNotRunning = errors.New("no such workflow")
)

// RefusedError is a workflow's no, with its reason.
type RefusedError struct {
	Type   string // protocol.ErrBadInput, ErrTooLate, ErrNoCase or ErrBusy
	Reason string
}

// Error implements error.
func (e *RefusedError) Error() string { return e.Reason }

// Orders speaks to the workflows of orders.
type Orders struct{ Client client.Client }

// Confirm records a confirmation with the order's workflow. The same key asks once, however
// often it is repeated. Errors: *RefusedError, ErrNotRunning, ErrNoAnswer.
func (o Orders) Confirm(ctx context.Context, store, order, key string, c protocol.Confirmation) (protocol.ConfirmationResult, error) {
	var result protocol.ConfirmationResult
	handle, err := o.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: protocol.OrderWorkflowID(store, order), UpdateID: key, UpdateName: protocol.UpdateConfirm,
		Args: []any{c}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &result)
	}
	return result, explain(err)
}

// Assessment asks the order's workflow what it believes as of a moment: the JSON of a
// rules.Assessment. Errors: ErrNotRunning, ErrNoAnswer.
func (o Orders) Assessment(ctx context.Context, store, order string, asOf time.Time) (jsontext.Value, error) {
	answer, err := o.Client.QueryWorkflow(ctx, protocol.OrderWorkflowID(store, order), "", protocol.QueryAssess, protocol.AsOf{AsOf: &asOf})
	if err != nil {
		return nil, explain(err)
	}
	var raw jsontext.Value
	if err := answer.Get(&raw); err != nil {
		return nil, fmt.Errorf("read the assessment of %s/%s: %w", store, order, err)
	}
	return raw, nil
}

// Running tells whether a workflow keeps the order now. Errors: ErrNoAnswer.
func (o Orders) Running(ctx context.Context, store, order string) (bool, error) {
	d, err := o.Client.DescribeWorkflow(ctx, protocol.OrderWorkflowID(store, order), "")
	switch err = explain(err); {
	case errors.Is(err, ErrNotRunning):
		return false, nil
	case err != nil:
		return false, err
	}
	return d.WorkflowCloseTime == nil, nil
}

// Read has an order read at its platform at once. One that is being read already is not read
// twice. Errors: ErrNoAnswer.
func (o Orders) Read(ctx context.Context, in protocol.OrdersInput) error {
	_, err := o.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: protocol.OneOrderID(in.Platform, in.Store, in.Order), TaskQueue: protocol.QueueOrders,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "Read order " + in.Store + "/" + in.Order + " at " + in.Platform + " · 读取平台订单",
	}, protocol.WorkflowOrders, in)
	return explain(err)
}

// Check tells whether Temporal answers at all.
func (o Orders) Check(ctx context.Context) error {
	_, err := o.Client.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}

// explain turns the SDK's errors into this package's.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var refused *temporal.ApplicationError
	if errors.As(err, &refused) && slices.Contains([]string{protocol.ErrBadInput, protocol.ErrTooLate, protocol.ErrNoCase, protocol.ErrBusy}, refused.Type()) {
		return &RefusedError{refused.Type(), refused.Message()}
	}
	if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
		return fmt.Errorf("%w: %w", ErrNotRunning, err)
	}
	return fmt.Errorf("%w: %w", ErrNoAnswer, err)
}
