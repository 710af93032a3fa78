package bench

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

// Cost is what one workflow run costs on a server.
type Cost struct {
	Events  int   // of the history
	Bytes   int64 // of the history, as the server counts them
	Actions int   // billable on Temporal Cloud
}

// Add is the cost of two runs together.
func (c Cost) Add(d Cost) Cost {
	return Cost{c.Events + d.Events, c.Bytes + d.Bytes, c.Actions + d.Actions}
}

// CostOf reads the history of a workflow's latest run.
func CostOf(ctx context.Context, c client.Client, workflowID string) (Cost, error) {
	described, err := c.DescribeWorkflowExecution(ctx, workflowID, "")
	if err != nil {
		return Cost{}, fmt.Errorf("describe %s: %w", workflowID, err)
	}
	cost := Cost{Bytes: described.GetWorkflowExecutionInfo().GetHistorySizeBytes()}
	local := false // local activities of one workflow task are one action together
	history := c.GetWorkflowHistory(ctx, workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return Cost{}, fmt.Errorf("history of %s: %w", workflowID, err)
		}
		cost.Events++
		switch event.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			local = false
		case enumspb.EVENT_TYPE_MARKER_RECORDED:
			if !local {
				cost.Actions++
			}
			local = true
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			cost.Actions += int(event.GetActivityTaskStartedEventAttributes().GetAttempt())
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
			enumspb.EVENT_TYPE_TIMER_STARTED, enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
			enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
			enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
			cost.Actions++
		default: // free of charge
		}
	}
	return cost, nil
}
