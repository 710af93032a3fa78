package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
)

// Orders reads a store's orders at its platform: those that changed, or the one that the
// platform pushed. A Schedule starts it for all, and skips a turn while one still runs.
func (s *Stories) Orders(ctx workflow.Context, in protocol.OrdersInput) (protocol.OrdersResult, error) {
	what := "changed orders of " + in.Store
	if in.Order != "" {
		what = "order " + in.Store + "/" + in.Order
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueCarriers, Summary: "Read " + what + " at " + in.Platform + " · 读取平台订单",
		// The first reading takes its time; between two heartbeats lies one list of a few pages.
		StartToCloseTimeout: time.Hour, HeartbeatTimeout: 3 * time.Minute,
		// What is left is for the next turn of the Schedule.
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: 5},
	})
	var out protocol.OrdersResult
	err := workflow.ExecuteActivity(ctx, protocol.ActivityPollOrders, in).Get(ctx, &out)
	return out, err
}
