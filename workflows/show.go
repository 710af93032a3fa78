package workflows

import (
	"encoding/json"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/wording"
)

// The search attributes by which operators find stories.
//
//nolint:gochecknoglobals // keys, never changed
var (
	attrStore   = temporal.NewSearchAttributeKeyKeyword(protocol.AttrStore)
	attrStage   = temporal.NewSearchAttributeKeyKeyword(protocol.AttrStage)
	attrKind    = temporal.NewSearchAttributeKeyKeyword(protocol.AttrCaseKind)
	attrStatus  = temporal.NewSearchAttributeKeyKeyword(protocol.AttrCaseStatus)
	attrCarrier = temporal.NewSearchAttributeKeyKeyword(protocol.AttrCarrier)
	attrNumbers = temporal.NewSearchAttributeKeyKeywordList(protocol.AttrNumbers)
	attrNext    = temporal.NewSearchAttributeKeyTime(protocol.AttrNextDeadline)
	attrPayout  = temporal.NewSearchAttributeKeyFloat64(protocol.AttrExpectedPayout)
)

// show tells operators where the order stands. The details cost no history; attributes do,
// so a happy life has one upsert, when the parcel is on its way.
func (o *order) show(ctx workflow.Context, plan rules.OrderPlan) {
	workflow.SetCurrentDetails(ctx, wording.Details(plan, o.in.Store, o.in.Order, o.ruleset().Pack.Location()))
	stage := plan.Assessment.Stage
	happyEnd := o.shown == rules.StageInTransit && (stage == rules.StageDelivered || stage == rules.StageClosed)
	if stage == "" || stage == o.shown || happyEnd {
		return
	}
	o.shown = stage
	updates := []temporal.SearchAttributeUpdate{attrStage.ValueSet(string(stage))}
	if len(plan.Numbers) > 0 {
		updates = append(updates, attrNumbers.ValueSet(plan.Numbers), attrCarrier.ValueSet(plan.Carrier))
	}
	if !plan.Wake.IsZero() {
		updates = append(updates, attrNext.ValueSet(plan.Wake))
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		o.log.Error("search attributes not set", "error", err)
	}
}

func claimAttributes(store string, c rules.Case, carrier string, payout *money.Amount) temporal.SearchAttributes {
	updates := append(claimStatus(c),
		attrStore.ValueSet(store), attrKind.ValueSet(string(c.Kind)), attrCarrier.ValueSet(carrier),
		attrNumbers.ValueSet([]string{c.TrackingNumber}))
	if payout != nil {
		if usd, ok := payout.Value.Float64(); ok {
			updates = append(updates, attrPayout.ValueSet(usd))
		}
	}
	return temporal.NewSearchAttributes(updates...)
}

func claimStatus(c rules.Case) []temporal.SearchAttributeUpdate {
	updates := []temporal.SearchAttributeUpdate{attrStatus.ValueSet(string(c.Status))}
	if c.NextDeadline != nil {
		updates = append(updates, attrNext.ValueSet(c.NextDeadline.At.Time()))
	}
	return updates
}

// asOf is the moment that a query asks about: its own, else the story's at its last task.
func (s *story) asOf(ctx workflow.Context, q protocol.AsOf) time.Time {
	if q.AsOf != nil {
		return *q.AsOf
	}
	return s.now(ctx)
}

// assessment is the same JSON as the backtest's, from the facts that this story knows.
func (s *story) assessment(ctx workflow.Context, q protocol.AsOf) (json.RawMessage, error) {
	a, _ := rules.Assess(s.facts, s.ruleset(), s.asOf(ctx, q))
	raw, err := jsonv2.Marshal(a) //nolint:musttag // every field that is shown has its tag
	return json.RawMessage(raw), err
}

func (s *story) timeline(ctx workflow.Context, q protocol.AsOf) []protocol.TimelineEntry {
	loc := s.ruleset().Pack.Location()
	moments := rules.Timeline(s.facts, s.ruleset(), s.asOf(ctx, q))
	entries := make([]protocol.TimelineEntry, len(moments))
	for i, m := range moments {
		text := wording.Moment(m, loc)
		entries[i] = protocol.TimelineEntry{At: m.At.Time(), Future: m.Future, ZH: text.ZH, EN: text.EN}
	}
	return entries
}

func contestAttributes(store, kind, status string, next *rules.Deadline, plan *rules.OrderPlan) temporal.SearchAttributes {
	updates := append(contestStatus(status, next), attrStore.ValueSet(store), attrKind.ValueSet(kind))
	if len(plan.Numbers) > 0 {
		updates = append(updates, attrNumbers.ValueSet(plan.Numbers), attrCarrier.ValueSet(plan.Carrier))
	}
	return temporal.NewSearchAttributes(updates...)
}

func contestStatus(status string, next *rules.Deadline) []temporal.SearchAttributeUpdate {
	updates := []temporal.SearchAttributeUpdate{attrStatus.ValueSet(status)}
	if next != nil {
		updates = append(updates, attrNext.ValueSet(next.At.Time()))
	}
	return updates
}
