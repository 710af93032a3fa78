package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
)

// Sweep asks one tracking service about every parcel that is due. A Schedule starts it, and
// skips a turn while one still runs.
func (s *Stories) Sweep(ctx workflow.Context, in protocol.SweepInput) (protocol.SweepResult, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueCarriers, Summary: "Ask " + in.Service + " about parcels that are due · 批量查询轨迹",
		// A sweep after a long outage takes its time; a worker that dies is noticed by the heart.
		StartToCloseTimeout: time.Hour, HeartbeatTimeout: 90 * time.Second,
		// What is left is for the next turn of the Schedule.
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: 5},
	})
	var out protocol.SweepResult
	err := workflow.ExecuteActivity(ctx, protocol.ActivitySweep, in).Get(ctx, &out)
	return out, err
}
