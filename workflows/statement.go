package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules/wording"
)

// Statement makes and keeps a store's statement of a month, and tells finance where it is. A
// Schedule starts it each month.
func (s *Stories) Statement(ctx workflow.Context, in protocol.StatementInput) (protocol.StatementResult, error) {
	var out protocol.StatementResult
	r := protocol.StatementRequest{Store: in.Store, Month: in.Month, Now: in.Clock.Virtual(workflow.Now(ctx))}
	err := workflow.ExecuteActivity(bookkeeping(ctx, "Statement of "+in.Store+" · 月度对账单"), protocol.ActivityKeepStatement, r).Get(ctx, &out)
	if err != nil {
		return out, err
	}
	text := wording.StatementReady(in.Store, out.Month, out.Orders, out.Differences, out.Changed)
	return out, tellStore(ctx, protocol.Notice{
		Key: "statement/" + in.Store + "/" + out.Month + "/" + out.SHA256, Store: in.Store, Kind: "statement", ZH: text.ZH, EN: text.EN,
	})
}

// Health looks at a store's health in a week, and tells people. A Schedule starts it each week.
func (s *Stories) Health(ctx workflow.Context, in protocol.HealthInput) (protocol.HealthResult, error) {
	var out protocol.HealthResult
	r := protocol.HealthRequest{Store: in.Store, Week: in.Week, Now: in.Clock.Virtual(workflow.Now(ctx))}
	err := workflow.ExecuteActivity(bookkeeping(ctx, "Health of "+in.Store+" · 店铺周健康"), protocol.ActivityStoreHealth, r).Get(ctx, &out)
	if err != nil {
		return out, err
	}
	text := wording.HealthReport(in.Store, &out)
	return out, tellStore(ctx, protocol.Notice{
		Key: "health/" + in.Store + "/" + out.Week, Store: in.Store, Kind: "health", Manager: out.Alarming(), ZH: text.ZH, EN: text.EN,
	})
}

// bookkeeping reads a month of orders: a minute at most, and again while the database is away.
func bookkeeping(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueEvidence, Summary: summary, StartToCloseTimeout: 10 * time.Minute, ScheduleToCloseTimeout: 12 * time.Hour,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 10 * time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute},
	})
}

// tellStore tells people of a store something, once per key. No local activity: nothing runs
// after it that would tell them should the database be away for longer.
func tellStore(ctx workflow.Context, n protocol.Notice) error {
	n.WorkflowID = workflow.GetInfo(ctx).WorkflowExecution.ID
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 30 * time.Second, ScheduleToCloseTimeout: 12 * time.Hour, Summary: "Tell people · 通知",
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute},
	})
	return workflow.ExecuteActivity(ctx, protocol.ActivityNotify, n).Get(ctx, nil)
}
