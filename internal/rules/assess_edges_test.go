package rules_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/rulestest"
)

// The order of the table: picked up, then 30 days of silence. The alert is due on Friday 3 April
// 2026 (Qingming's days off begin on the 4th).
var (
	edgeCreated = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	edgePicked  = edgeCreated.Add(32 * time.Hour)
	edgeOpened  = edgePicked.Add(30 * edgeDay)
	edgeAlertBy = time.Date(2026, 4, 3, 15, 59, 59, 0, time.UTC)
	edgeConfirm = edgeAlertBy.Add(72 * time.Hour)
	edgeFileBy  = time.Date(2026, 4, 17, 15, 59, 59, 0, time.UTC)
)

const (
	edgeDay    = 24 * time.Hour
	edgeParcel = "LP1"
)

// edge is a fact that is known from its own time on.
func edge(t rules.EventType, data rules.Data) rules.Event {
	return rules.Event{Source: "test", Type: t, Store: store, Order: order, Time: data.At(), Data: data}
}

func edgeShipped(number, service string, recorded time.Time) rules.Event {
	return edge(rules.TypeShipmentRecorded, &rules.ShipmentRecorded{
		TrackingNumber: number, Carrier: "cainiao", ServiceCode: service, RecordedAt: recorded, ShippedAt: recorded,
	})
}

func edgeScan(number string, at time.Time, m rules.Milestone) rules.Event {
	e := edge(rules.TypeTrackingUpdated, &rules.TrackingUpdated{
		TrackingNumber: number, Rows: []rules.Row{{At: at, Milestone: m, Source: rules.FromCarrier}},
	})
	e.Time = at
	return e
}

func edgeMoves(at time.Time) rules.Event { return edgeScan(edgeParcel, at, rules.InTransit) }

func edgeConfirmed(at time.Time) rules.Event {
	return edge(rules.TypeConfirmed, &rules.Confirmed{TrackingNumber: edgeParcel, When: at, By: "li.na"})
}

func edgeFiled(number string, at time.Time) rules.Event {
	return edge(rules.TypeClaimFiled, &rules.ClaimFiled{TrackingNumber: number, When: at, ClaimID: "C1"})
}

// edgeFiledCase is a filing that names the case of the table.
func edgeFiledCase(at time.Time) rules.Event {
	return edge(rules.TypeClaimFiled, &rules.ClaimFiled{TrackingNumber: edgeParcel, When: at, ClaimID: "C1", Case: &rules.FiledCase{
		Kind: rules.KindStall, OpenedAt: edgeOpened, LastMovementAt: edgePicked, FileBy: edgeFileBy,
	}})
}

func edgeDecided(at time.Time, decision string) rules.Event {
	return edge(rules.TypeClaimDecided, &rules.ClaimDecided{ClaimID: "C1", When: at, Decision: decision})
}

func edgeAppealed(at time.Time) rules.Event {
	return edge(rules.TypeClaimAppealed, &rules.ClaimFact{ClaimID: "C1", When: at})
}

func edgeAlerted(at time.Time) rules.Event {
	return edge(rules.TypeAlerted, &rules.ParcelFact{TrackingNumber: edgeParcel, When: at})
}

func edgeCancelled(at time.Time) rules.Event {
	return edge(rules.TypeOrderCancelled, &rules.OrderStopped{When: at})
}

func edgeReceived(at time.Time) rules.Event {
	return edge(rules.TypeReceiptConfirmed, &rules.ReceiptConfirmed{When: at})
}

func edgeDispute(t rules.EventType, at time.Time) rules.Event {
	return edge(t, &rules.Dispute{When: at, Kind: rules.DisputeNotReceived, DisputeID: "d1"})
}

// edgeFacts are the facts of an order that was paid at once, and these.
func edgeFacts(events ...rules.Event) *rules.Facts {
	usd := func(s string) money.Amount { return money.Amount{Value: decimal.MustParse(s), Currency: "USD"} }
	all := append([]rules.Event{
		edge(rules.TypeOrderCreated, &rules.OrderCreated{
			CreatedAt: edgeCreated, Buyer: rules.Buyer{Name: "Ana Souza", Country: "US"}, Category: rules.Standard,
			ServiceCode: "CAINIAO_STANDARD", AmountPaid: usd("98.20"), Freight: usd("0.00"), Commission: usd("8.00"), Tax: usd("2.00"),
		}),
		edge(rules.TypeOrderPaid, &rules.OrderPaid{PaidAt: edgeCreated}),
	}, events...)
	for i := range all {
		all[i].ID = strconv.Itoa(i)
	}
	return rulestest.Facts(store, order, all)
}

// edgeStalled are the facts of a parcel that stalls at edgeOpened, and these.
func edgeStalled(events ...rules.Event) []rules.Event {
	return append([]rules.Event{
		edgeShipped(edgeParcel, "CAINIAO_STANDARD", edgeCreated.Add(time.Hour)), edgeScan(edgeParcel, edgePicked, rules.PickedUp),
	}, events...)
}

// edgeEconomy are the facts of an economy parcel without trace alerts that moved once, and was
// lost some time after.
func edgeEconomy(gap time.Duration) []rules.Event {
	recorded := edgeCreated.Add(time.Hour)
	moved := recorded.Add(15 * edgeDay)
	return []rules.Event{
		edgeShipped(edgeParcel, "CAINIAO_SUPER_ECONOMY", recorded), edgeMoves(moved), edgeScan(edgeParcel, moved.Add(gap), rules.Lost),
	}
}

// Rules that hold or break at one instant. A case is shown as its kind and status, and a * where
// it is superseded.
func TestEdges(t *testing.T) {
	t.Parallel()
	const second = time.Second
	rs := rulestest.Ruleset()
	stranded := edgeConfirm.Add(edgeDay) // the case has expired
	moved := edgeOpened.Add(edgeDay)
	filed := edgeOpened.Add(2 * edgeDay)
	refused := filed.Add(edgeDay)
	appealed := refused.Add(edgeDay)
	refusedOnce := []rules.Event{edgeFiled(edgeParcel, filed), edgeDecided(refused, rules.DecisionRejected), edgeAppealed(appealed)}
	late := edgeFileBy
	for _, tc := range []struct {
		name    string
		facts   []rules.Event
		asOf    time.Time
		cases   []string
		reasons []string
	}{
		{"filed as it had expired, the parcel never moved", edgeStalled(edgeFiledCase(stranded.Add(edgeDay))), late, []string{"stall filed"}, nil},
		{"filed as it had expired, the parcel moved before", edgeStalled(edgeMoves(stranded), edgeFiledCase(stranded.Add(edgeDay))), late, []string{"stall filed*"}, nil},
		{"filed as it had expired, the parcel moved then", edgeStalled(edgeMoves(stranded), edgeFiledCase(stranded)), late, []string{"stall filed*"}, nil},
		{"filed as it had expired, the parcel moved afterwards", edgeStalled(edgeMoves(stranded.Add(second)), edgeFiledCase(stranded)), stranded.Add(edgeDay), []string{"stall filed"}, nil},

		{"decided at the appeal", edgeStalled(append(refusedOnce, edgeDecided(appealed, rules.DecisionApproved))...), late, []string{"stall appealed"}, nil},
		{"decided 1 s after the appeal", edgeStalled(append(refusedOnce, edgeDecided(appealed.Add(second), rules.DecisionApproved))...), late, []string{"stall approved"}, nil},
		{
			"decided at the appeal, and otherwise after it",
			edgeStalled(append(refusedOnce, edgeDecided(appealed, rules.DecisionApproved), edgeDecided(appealed.Add(second), rules.DecisionRejected))...),
			late,
			[]string{"stall closed"},
			nil,
		},
		{"decided at the filing", edgeStalled(edgeFiled(edgeParcel, filed), edgeDecided(filed, rules.DecisionApproved)), late, []string{"stall approved"}, nil},
		{"decided 1 s before the filing", edgeStalled(edgeFiled(edgeParcel, filed), edgeDecided(filed.Add(-second), rules.DecisionApproved)), late, []string{"stall filed"}, nil},

		{
			"two filings with one claim ID",
			edgeStalled(edgeShipped("LP2", "CAINIAO_STANDARD", edgeCreated.Add(time.Hour)), edgeScan("LP2", edgePicked, rules.PickedUp),
				edgeFiled(edgeParcel, filed), edgeFiled("LP2", filed.Add(second))),
			edgeConfirm,
			[]string{"stall filed", "stall open"},
			nil,
		},

		{"moved at the order's end", edgeStalled(edgeMoves(moved), edgeCancelled(moved)), late, []string{"stall movement-resumed"}, nil},
		{"moved 1 s after the order's end", edgeStalled(edgeMoves(moved.Add(second)), edgeCancelled(moved)), late, []string{"stall closed"}, nil},
		{"confirmed and filed at once, at confirm-by", edgeStalled(edgeFiled(edgeParcel, edgeConfirm), edgeConfirmed(edgeConfirm)), late, []string{"stall filed"}, nil},
		{"filed at the order's end", edgeStalled(edgeFiled(edgeParcel, filed), edgeCancelled(filed)), edgeFileBy, []string{"stall closed"}, nil},

		{"ended as the case would open", edgeStalled(edgeCancelled(edgeOpened)), late, nil, nil},
		{"ended 1 s after the case opened", edgeStalled(edgeCancelled(edgeOpened.Add(second))), edgeFileBy, []string{"stall closed"}, nil},

		{"alerted at alert-by + 72 h", edgeStalled(edgeAlerted(edgeConfirm)), edgeConfirm.Add(edgeDay), []string{"stall open"}, nil},
		{"alerted 1 s later", edgeStalled(edgeAlerted(edgeConfirm.Add(second))), edgeConfirm.Add(edgeDay), []string{"stall confirmation-expired"}, nil},

		{"delivered as the dispute opens", edgeStalled(edgeScan(edgeParcel, moved, rules.Delivered), edgeDispute(rules.TypeDisputeOpened, moved)), moved, []string{"stall movement-resumed"}, nil},
		{
			"delivered 1 s after the dispute opened",
			edgeStalled(edgeScan(edgeParcel, moved, rules.Delivered), edgeDispute(rules.TypeDisputeOpened, moved.Add(-second))),
			moved,
			[]string{"stall movement-resumed", "not-received open"},
			nil,
		},

		{"economy line, silent for 15 d", edgeEconomy(15 * edgeDay), edgeOpened, []string{"lost open"}, nil},
		{"economy line, silent for 1 s more", edgeEconomy(15*edgeDay + second), edgeOpened, []string{"lost open"}, []string{rules.ReasonEconomyDelay}},

		{"received 1 s before the filing", edgeStalled(edgeFiled(edgeParcel, filed), edgeReceived(filed.Add(-second))), edgeFileBy, []string{"stall closed"}, []string{rules.ReasonReceipt}},
		{"received at the filing: the order had ended", edgeStalled(edgeFiled(edgeParcel, filed), edgeReceived(filed)), edgeFileBy, []string{"stall closed"}, []string{rules.ReasonReceipt}},
		{"received 1 s after the filing", edgeStalled(edgeFiled(edgeParcel, filed), edgeReceived(filed.Add(second))), edgeFileBy, []string{"stall filed"}, nil},
		{"dispute closed 1 s before the filing", edgeStalled(edgeFiled(edgeParcel, filed), edgeDispute(rules.TypeDisputeClosed, filed.Add(-second))), late, []string{"stall filed"}, []string{rules.ReasonDisputeClosed}},
		{"dispute closed at the filing", edgeStalled(edgeFiled(edgeParcel, filed), edgeDispute(rules.TypeDisputeClosed, filed)), late, []string{"stall filed"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a, ok := rules.Assess(edgeFacts(tc.facts...), rs, tc.asOf)
			require.True(t, ok)
			var cases []string
			for _, c := range a.Cases {
				shown := string(c.Kind) + " " + string(c.Status)
				if c.Superseded {
					shown += "*"
				}
				cases = append(cases, shown)
			}
			require.Equal(t, tc.cases, cases)
			if len(cases) == 0 {
				require.Nil(t, a.Claim)
				return
			}
			require.Equal(t, tc.reasons, a.Claim.Reasons)
			require.Equal(t, len(tc.reasons) == 0, a.Claim.Eligible)
		})
	}
}

// A delivered order's story ends when its dispute period does, not a second earlier.
func TestDisputePeriodEnds(t *testing.T) {
	t.Parallel()
	rs := rulestest.Ruleset()
	delivered := edgeCreated.Add(18 * edgeDay)
	facts := edgeFacts(edgeStalled(edgeScan(edgeParcel, delivered, rules.Delivered))...)
	end := delivered.Add(rs.Pack.Order.DisputePeriod.Value.Std())
	for _, tc := range []struct {
		name string
		at   time.Time
		end  string
		wake time.Time
	}{
		{"-1 s", end.Add(-time.Second), "", end},
		{"0", end, rules.EndDelivered, time.Time{}},
		{"+1 s", end.Add(time.Second), rules.EndDelivered, time.Time{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			plan := rules.PlanOrder(facts, rs, tc.at)
			require.Equal(t, tc.end, plan.End)
			require.Equal(t, tc.wake, plan.Wake)
			require.Equal(t, rules.StageDelivered, plan.Assessment.Stage)
		})
	}
}
