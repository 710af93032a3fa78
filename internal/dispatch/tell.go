package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// maxPayload bounds the facts of one start or signal. Temporal refuses payloads above 2 MB.
const maxPayload = 1 << 20

// tell gives an order's workflow the facts that it has not been given. It starts the workflow
// where none runs, and returns the run ID then.
func (d *Dispatcher) tell(ctx context.Context, o *postgres.Order, k *known, rs rules.Ruleset, plan rules.OrderPlan) (string, error) {
	id := protocol.OrderWorkflowID(o.Store, o.Order)
	if o.Started {
		err := d.signal(ctx, id, parts(k.behind(o.Handed)))
		if _, closed := errors.AsType[*serviceerror.NotFound](err); !closed {
			return "", err
		}
	}
	run, err := d.start(ctx, o, k, rs, plan)
	if running, is := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); is {
		return running.RunId, d.signal(ctx, id, parts(k.behind(o.Handed)))
	}
	return run, err
}

// tellShipments gives the order's Shipment workflows what is new of the order itself: one whose
// parcel was recorded by somebody else, or whose order has ended, must hear of it before the day
// is over, at which it reads the inbox anyway. It returns the serials of those that have ended.
func (d *Dispatcher) tellShipments(ctx context.Context, o *postgres.Order, k *known) (ended []int, err error) {
	for _, serial := range o.Shipments {
		id := protocol.ShipmentWorkflowID(o.Store, o.Order, serial)
		var news []postgres.Fact
		for _, f := range k.ofOrder {
			if f.source != protocol.SourceOfStory(id) { // what it brought about it knows
				news = append(news, f.Fact)
			}
		}
		err := d.signal(ctx, id, parts(news))
		if _, closed := errors.AsType[*serviceerror.NotFound](err); closed {
			ended = append(ended, serial)
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return ended, nil
}

func (d *Dispatcher) signal(ctx context.Context, id string, parts [][]json.RawMessage) error {
	for _, events := range parts {
		err := d.call(ctx, func(ctx context.Context) error {
			return d.temporal.SignalWorkflow(ctx, id, "", protocol.SignalEvent, events)
		})
		if err != nil {
			return fmt.Errorf("signal workflow %s: %w", id, err)
		}
	}
	return nil
}

func (d *Dispatcher) start(ctx context.Context, o *postgres.Order, k *known, rs rules.Ruleset, plan rules.OrderPlan) (string, error) {
	facts := parts(k.rows)
	in := protocol.OrderInput{
		Store: o.Store, Order: o.Order, Policy: rs.Pack.ID, Calendar: rs.Calendar.Revision(), Clock: d.clock, Facts: facts[0], Release: protocol.Release,
	}
	options := startOptions(in, k, plan)
	var run client.WorkflowRun
	err := d.call(ctx, func(ctx context.Context) (err error) {
		run, err = d.temporal.ExecuteWorkflow(ctx, options, protocol.WorkflowOrder, in)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("start workflow %s: %w", options.ID, err)
	}
	return run.GetRunID(), d.signal(ctx, options.ID, facts[1:])
}

// call bounds one call to Temporal. Its success ends an outage, and so does an answer that
// only Temporal itself can give.
func (d *Dispatcher) call(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d.options.CallTimeout)
	defer cancel()
	err := do(ctx)
	if err != nil {
		err = temporalError{err}
	}
	if !unreachable(err) {
		d.server.ended()
	}
	return err
}

// parts numbers facts and splits them so that each part fits into one payload. Of no facts
// there is no part.
func parts(facts []postgres.Fact) [][]json.RawMessage {
	var parts [][]json.RawMessage
	size := maxPayload
	for _, event := range postgres.Numbered(facts) {
		if size += len(event); size > maxPayload {
			parts, size = append(parts, nil), len(event)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], event)
	}
	return parts
}

// startOptions are what operators see and search of an order's workflow from its start on.
func startOptions(in protocol.OrderInput, k *known, plan rules.OrderPlan) client.StartWorkflowOptions {
	created := k.created.Data.(*rules.OrderCreated)
	a := &plan.Assessment
	attributes := []temporal.SearchAttributeUpdate{
		temporal.NewSearchAttributeKeyKeyword(protocol.AttrStore).ValueSet(in.Store),
		temporal.NewSearchAttributeKeyKeyword(protocol.AttrStage).ValueSet(string(a.Stage)),
	}
	if len(plan.Numbers) > 0 {
		attributes = append(attributes,
			temporal.NewSearchAttributeKeyKeywordList(protocol.AttrNumbers).ValueSet(plan.Numbers),
			temporal.NewSearchAttributeKeyKeyword(protocol.AttrCarrier).ValueSet(plan.Carrier))
	}
	if !plan.Wake.IsZero() {
		attributes = append(attributes, temporal.NewSearchAttributeKeyTime(protocol.AttrNextDeadline).ValueSet(plan.Wake))
	}
	if a.Claim != nil && a.Claim.Payout != nil {
		if usd, ok := a.Claim.Payout.Value.Float64(); ok {
			attributes = append(attributes, temporal.NewSearchAttributeKeyFloat64(protocol.AttrExpectedPayout).ValueSet(usd))
		}
	}
	return client.StartWorkflowOptions{
		ID:                                       protocol.OrderWorkflowID(in.Store, in.Order),
		TaskQueue:                                protocol.QueueOrders,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            wording.Summary(in.Store, in.Order, created).String(),
		StaticDetails: fmt.Sprintf("- 政策 / policy: `%s`\n- 工作日历 / workdays: `%s`\n- 创建于 / created: %s\n- 类别 / category: %s\n",
			in.Policy, in.Calendar, rules.Stamp(created.CreatedAt), created.Category),
		Memo: map[string]any{
			"store": in.Store, "order": in.Order, "policy": in.Policy, "created_at": rules.Stamp(created.CreatedAt).String(),
			"country": created.Buyer.Country, "service_code": created.ServiceCode, "amount_paid": created.AmountPaid.String(),
		},
		TypedSearchAttributes: temporal.NewSearchAttributes(attributes...),
	}
}
