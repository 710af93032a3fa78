package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
)

// Sweep asks one tracking service about every parcel that is due, and compares some of those
// that moved with the platform. A Schedule starts it, and skips a turn while one still runs.
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
	if err != nil {
		out = reached(err)
	}
	diagnose(ctx, in, out.Compare)
	if err == nil {
		err = ctx.Err()
	}
	return out, err
}

// reached is how far a sweep came that failed: what it picked to be compared would not be picked
// again. Sweeps failed before this was heard bear no details, so their histories stay as they are.
func reached(err error) (out protocol.SweepResult) {
	if failed, ok := errors.AsType[*temporal.ApplicationError](err); ok && failed.HasDetails() {
		err = failed.Details(&out)
	} else if late, ok := errors.AsType[*temporal.TimeoutError](err); ok && late.HasLastHeartbeatDetails() {
		err = late.LastHeartbeatDetails(&out)
	}
	if err != nil {
		return protocol.SweepResult{}
	}
	return out
}

// diagnose compares parcels with the platform. One that cannot be compared now is no reason to
// fail: its next scan brings it up again. A sweep that is cancelled compares no more.
func diagnose(ctx workflow.Context, in protocol.SweepInput, parcels []protocol.Parcel) {
	now := in.Clock.Virtual(workflow.Now(ctx))
	asked := make([]workflow.Future, len(parcels))
	for i, p := range parcels {
		asked[i] = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue: protocol.QueueCarriers, StartToCloseTimeout: 30 * time.Second, ScheduleToCloseTimeout: time.Minute, // the next turn waits for it
			Summary:     "Compare with the platform · 核对平台轨迹 " + p.TrackingNumber,
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: 5 * time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: 3},
		}), protocol.ActivityDiagnose, protocol.DiagnoseRequest{Parcel: p, Told: in.Service, Now: now})
	}
	for i, answer := range asked {
		err := answer.Get(ctx, nil)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			workflow.GetLogger(ctx).Warn("a parcel cannot be compared with the platform", "number", parcels[i].TrackingNumber, "error", err)
		}
	}
}
