package workflows

import (
	"encoding/json"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// Every call to an activity is here, with its time-outs beside it.

// loadFacts is local: one query of our own database on the way to a decision, and one
// event instead of six.
func loadFacts(ctx workflow.Context, q protocol.FactsQuery) (protocol.Facts, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, local("Read the inbox · 读取收件箱"))
	var out protocol.Facts
	err := workflow.ExecuteLocalActivity(ctx, protocol.ActivityLoadFacts, q).Get(ctx, &out)
	return out, err
}

// recordFacts is local for the same reason. The inbox knows a repeat by source and ID.
func recordFacts(ctx workflow.Context, events []json.RawMessage) error {
	ctx = workflow.WithLocalActivityOptions(ctx, local("Write to the inbox · 写入收件箱"))
	return workflow.ExecuteLocalActivity(ctx, protocol.ActivityRecordFacts, events).Get(ctx, nil)
}

// local tries for some seconds, within one workflow task: the story itself waits longer, and
// decides nothing while our own database is away.
func local(summary string) workflow.LocalActivityOptions {
	return workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: 8 * time.Second, StartToCloseTimeout: 5 * time.Second, Summary: summary,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 2 * time.Second},
	}
}

// poll asks the carrier once, to be sure, and lets the inbox have the answer. A carrier that
// does not answer in two minutes is left out: the trace that we have decides.
func poll(ctx workflow.Context, p protocol.PollRequest) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueCarriers, StartToCloseTimeout: 20 * time.Second, ScheduleToCloseTimeout: 2 * time.Minute,
		Summary:     "Ask the carrier · 查询承运商 " + p.Parcel.TrackingNumber,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 20 * time.Second},
	})
	return workflow.ExecuteActivity(ctx, protocol.ActivityPollCarrier, p).Get(ctx, nil)
}

// notify is local: a notice is told by keeping it where people and the senders of messages
// read it, in our own database. What could not be kept is tried again later, until it is stale.
func notify(ctx workflow.Context, n protocol.Notice) error {
	ctx = workflow.WithLocalActivityOptions(ctx, local("Tell · 通知 "+n.Kind))
	return workflow.ExecuteLocalActivity(ctx, protocol.ActivityNotify, n).Get(ctx, nil)
}

// gather lists the evidence that the vault holds.
func gather(ctx workflow.Context, p protocol.Parcel) ([]protocol.Evidence, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, local("List the evidence · 列出证据"))
	var out []protocol.Evidence
	err := workflow.ExecuteLocalActivity(ctx, protocol.ActivityGather, p).Get(ctx, &out)
	return out, err
}

// file tries for as long as it is told; the adapter looks up before it files again.
func file(ctx workflow.Context, r protocol.FilingRequest, within time.Duration) (protocol.Filed, error) {
	var out protocol.Filed
	err := workflow.ExecuteActivity(filing(ctx, "File the claim · 提交索赔", within), protocol.ActivityFile, r).Get(ctx, &out)
	return out, err
}

// appeal is like file.
func appeal(ctx workflow.Context, r protocol.ClaimRequest, within time.Duration) (protocol.Filed, error) {
	var out protocol.Filed
	err := workflow.ExecuteActivity(filing(ctx, "Appeal · 申诉", within), protocol.ActivityAppeal, r).Get(ctx, &out)
	return out, err
}

// sendPapers is like file.
func sendPapers(ctx workflow.Context, r protocol.ClaimRequest, within time.Duration) (protocol.Filed, error) {
	var out protocol.Filed
	err := workflow.ExecuteActivity(filing(ctx, "Send the papers · 补交材料", within), protocol.ActivitySendPapers, r).Get(ctx, &out)
	return out, err
}

// askProtection is like file.
func askProtection(ctx workflow.Context, r protocol.ClaimRequest, within time.Duration) (protocol.Filed, error) {
	var out protocol.Filed
	err := workflow.ExecuteActivity(filing(ctx, "Ask seller protection · 申请卖家保障", within), protocol.ActivityAskProtect, r).Get(ctx, &out)
	return out, err
}

// standing is local: queries of our own database.
func standing(ctx workflow.Context, q protocol.StandingQuery) (rules.StoreHealth, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, local("Look up the store's health · 查询店铺健康度"))
	var out rules.StoreHealth
	err := workflow.ExecuteLocalActivity(ctx, protocol.ActivityStanding, q).Get(ctx, &out)
	return out, err
}

func filing(ctx workflow.Context, summary string, within time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueEvidence, StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: max(within, time.Second), Summary: summary,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute},
	})
}

// listLogistics looks which labels an order has already.
func listLogistics(ctx workflow.Context, o protocol.OrderRef, within time.Duration) ([]string, error) {
	var out []string
	err := workflow.ExecuteActivity(platform(ctx, "Look for labels · 查询已有面单", within), protocol.ActivityListLogistics, o).Get(ctx, &out)
	return out, err
}

// createLogistics tries for as long as it is told; the adapter looks up before it asks again.
func createLogistics(ctx workflow.Context, r protocol.LogisticsRequest, within time.Duration) (protocol.Logistics, error) {
	var out protocol.Logistics
	err := workflow.ExecuteActivity(platform(ctx, "Make the label · 打单", within), protocol.ActivityCreateLogistics, r).Get(ctx, &out)
	return out, err
}

// declare is like createLogistics.
func declare(ctx workflow.Context, r protocol.DeclareRequest, within time.Duration) (protocol.Declared, error) {
	var out protocol.Declared
	err := workflow.ExecuteActivity(platform(ctx, "Declare the shipment · 申报发货 "+r.Number, within), protocol.ActivityDeclare, r).Get(ctx, &out)
	return out, err
}

// platform is for short calls of a platform, which are limited like a carrier's.
func platform(ctx workflow.Context, summary string, within time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueCarriers, StartToCloseTimeout: 3 * time.Minute, ScheduleToCloseTimeout: max(within, time.Second), Summary: summary,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	})
}

// fetchWaybill tries for two minutes: the parcel does not wait for it, and it is tried again.
func fetchWaybill(ctx workflow.Context, r protocol.WaybillRequest) (protocol.Evidence, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueEvidence, StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: 2 * time.Minute, Summary: "Fetch the waybill · 取面单文件",
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 20 * time.Second},
	})
	var out protocol.Evidence
	err := workflow.ExecuteActivity(ctx, protocol.ActivityFetchWaybill, r).Get(ctx, &out)
	return out, err
}

// collect fetches what a machine can get for a case. Its sources are asked in parallel, each
// again until it has been away too long; what does not come is left to a person.
func collect(ctx workflow.Context, r protocol.CollectRequest, within time.Duration) (protocol.Collected, error) {
	within = max(within, time.Second)
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueEvidence, StartToCloseTimeout: min(within, 4*time.Minute), ScheduleToCloseTimeout: within, HeartbeatTimeout: 30 * time.Second,
		Summary:     "Collect the evidence · 收集证据",
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
	})
	var out protocol.Collected
	err := workflow.ExecuteActivity(ctx, protocol.ActivityCollect, r).Get(ctx, &out)
	return out, err
}

// preflight has the originals measured and judged, which takes seconds for a picture.
func preflight(ctx workflow.Context, r protocol.PapersRequest, within time.Duration) (protocol.Papers, error) {
	within = max(within, time.Second)
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueEvidence, StartToCloseTimeout: min(within, 5*time.Minute), ScheduleToCloseTimeout: within, HeartbeatTimeout: 30 * time.Second,
		Summary:     "Judge the evidence · 预检凭证",
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	})
	var out protocol.Papers
	err := workflow.ExecuteActivity(ctx, protocol.ActivityPreflight, r).Get(ctx, &out)
	return out, err
}

// keepEvidence is local: two statements in our own database.
func keepEvidence(ctx workflow.Context, e protocol.EvidenceOf) error {
	ctx = workflow.WithLocalActivityOptions(ctx, local("Keep the waybill as evidence · 留存面单"))
	return workflow.ExecuteLocalActivity(ctx, protocol.ActivityKeepEvidence, e).Get(ctx, nil)
}

// openTicket opens a ticket once per workflow ID; the story that asks for it does not wait for
// its end. A server that is away is tried for some minutes.
func openTicket(ctx workflow.Context, in protocol.TicketInput) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueOrders, StartToCloseTimeout: 20 * time.Second, ScheduleToCloseTimeout: 10 * time.Minute,
		Summary:     "Open a ticket · 建工单 " + string(in.Topic),
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	})
	return workflow.ExecuteActivity(ctx, protocol.ActivityOpenTicket, in).Get(ctx, nil)
}
