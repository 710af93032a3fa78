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
	"parcelward/internal/rules/wording"
)

// ErrRunning says that a workflow of that ID runs already.
var ErrRunning = errors.New("such a workflow runs already")

// StartShipment starts the workflow of one of an order's parcels. Errors: ErrRunning,
// ErrNoAnswer.
func (o Orders) StartShipment(ctx context.Context, serial int, in protocol.ShipmentInput) error {
	_, err := o.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: protocol.ShipmentWorkflowID(in.Store, in.Order, serial), TaskQueue: protocol.QueueOrders,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            wording.ShipmentSummary(in.Store, in.Order, in.Service).String(),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(protocol.AttrStore).ValueSet(in.Store),
			temporal.NewSearchAttributeKeyKeyword(protocol.AttrCarrier).ValueSet(in.Carrier),
			temporal.NewSearchAttributeKeyTime(protocol.AttrNextDeadline).ValueSet(in.Due),
		),
	}, protocol.WorkflowShipment, in)
	if _, running := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); running {
		return fmt.Errorf("%w: %s", ErrRunning, protocol.ShipmentWorkflowID(in.Store, in.Order, serial))
	}
	return explain(err)
}

// Ship gives a running shipment its number. The same key gives it once. Errors: *RefusedError,
// ErrNotRunning, ErrNoAnswer.
func (o Orders) Ship(ctx context.Context, store, order string, serial int, key string, n protocol.ShipNumber) (protocol.ShipNumber, error) {
	var taken protocol.ShipNumber
	handle, err := o.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: protocol.ShipmentWorkflowID(store, order, serial), UpdateID: key, UpdateName: protocol.UpdateShip,
		Args: []any{n}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &taken)
	}
	return taken, explain(err)
}
