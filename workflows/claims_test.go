package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

var afterPickUp = pickedUp.Add(time.Hour)

// A whole life: stalled, confirmed, filed by machine, refused, appealed, paid; the order
// believes what its claim brought about.
func TestStalledOrderIsPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, afterPickUp)
	w.answer = protocol.Filed{ClaimID: "C1"}
	var claims []string
	w.onChild(func(id string) { claims = append(claims, id) })
	w.later(confirmedAt, confirmed(confirmedAt))
	rejectedAt := confirmedAt.Add(5 * day)
	w.later(rejectedAt, decided(rejectedAt, "C1", rules.DecisionRejected))
	w.later(rejectedAt, added(rejectedAt))
	w.later(rejectedAt.Add(2*day), decided(rejectedAt.Add(2*day), "C1", rules.DecisionApproved))
	paidAt := rejectedAt.Add(3 * day)
	w.later(paidAt, settled(paidAt, "C1"))
	w.later(paidAt.Add(day), refunded(paidAt.Add(day), false))
	w.order(stalled()...)

	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, []string{protocol.ClaimWorkflowID(store, number, stall)}, claims)
	require.Equal(t, paidAt.Add(day).Sub(afterPickUp), w.elapsed(afterPickUp))
	for at, want := range map[time.Time]rules.CaseStatus{
		opened: rules.StatusOpen, confirmedAt.Add(time.Second): rules.StatusFiled,
		rejectedAt.Add(appealQuiet + time.Second): rules.StatusAppealed, rejectedAt.Add(2 * day): rules.StatusApproved, paidAt: rules.StatusPaid,
	} {
		require.Equal(t, want, w.status(at), at)
	}
	require.Equal(t, 1, w.asked("poll"))
	require.Equal(t, 1, w.asked("file"))
	require.Equal(t, 1, w.asked("appeal"))
	require.Equal(t, []string{since(opened) + " confirm", since(rejectedAt) + " appeal"}, w.told())
}

// A movement that only the carrier knows: asked once before the case, and the order sleeps on
// until the next stall.
func TestCarrierKnowsOfNewerMovement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, afterPickUp)
	moved := opened.Add(-time.Hour)
	w.trace = scan(moved, rules.InTransit).Data.(*rules.TrackingUpdated).Rows
	w.onChild(func(id string) {
		require.Equal(t, protocol.ClaimWorkflowID(store, number, rules.CaseID{TrackingNumber: parcel, Kind: rules.KindStall, OpenedAt: moved.Add(30 * day)}), id)
	})
	end := moved.Add(30*day + time.Hour)
	w.later(end, received(end))
	w.order(stalled()...)
	w.result()
	require.Equal(t, 2, w.asked("poll"), "once per stall")
	require.Empty(t, w.assessment(moved.Add(30*day-time.Second)).Cases)
	require.Equal(t, []string{since(moved.Add(30*day)) + " confirm", since(end) + ended(rules.StatusClosed)}, w.told())
	events := recordedFacts[*rules.TrackingUpdated](w)
	require.Equal(t, protocol.SourceOfTrace("carrier", store), events[len(events)-1].Source)
}

// A carrier that does not answer is left out.
func TestCarrierDoesNotAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, afterPickUp)
	w.during["poll"] = func(int) error { return downBetween(w, opened, opened.Add(day)) }
	end := opened.Add(time.Hour)
	w.later(end, received(end))
	w.order(stalled()...)
	w.result()
	require.Equal(t, rules.StatusOpen, w.status(end.Add(-time.Second)))
	require.Contains(t, w.told()[0], " confirm")
	require.LessOrEqual(t, w.asked("poll"), 10)
}

// Every live case has its claim; two parcels, two claims.
func TestOneClaimPerCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created.Add(day))
	second := recorded(created.Add(2 * time.Hour))
	second.Data.(*rules.ShipmentRecorded).TrackingNumber = "LP2"
	claims := map[string]bool{}
	w.onChild(func(id string) { claims[id] = true })
	stallAt := created.Add(30 * day)
	end := stallAt.Add(3 * time.Hour)
	w.later(end, received(end))
	w.order(orderCreated("US", false), paid(created), recorded(created), second)
	w.result()
	require.Equal(t, map[string]bool{
		"claim/cn-1001/8190001/LP00123456789012/stall/20260401T020000Z": true,
		"claim/cn-1001/8190001/LP2/stall/20260401T040000Z":              true,
	}, claims)
	require.Equal(t, 2, w.asked("poll"))
}

// Each parcel of a split order has its own carrier, which is asked about it and is the one
// of its claim.
func TestEachParcelHasItsOwnCarrier(t *testing.T) {
	t.Parallel()
	carriers := map[string]string{}
	w := newWorldWith(t, created.Add(day), func(ctx workflow.Context, in protocol.ClaimInput) (protocol.ClaimResult, error) {
		attributes := workflow.GetTypedSearchAttributes(ctx)
		carriers[in.Case.TrackingNumber], _ = attributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(protocol.AttrCarrier))
		return protocol.ClaimResult{}, nil
	})
	second := recorded(created.Add(2 * time.Hour))
	second.Data.(*rules.ShipmentRecorded).TrackingNumber, second.Data.(*rules.ShipmentRecorded).Carrier = "YT2", "yanwen"
	end := created.Add(30*day + 3*time.Hour)
	w.later(end, received(end))
	w.order(orderCreated("US", false), paid(created), recorded(created), second)
	w.result()
	require.Equal(t, map[string]string{parcel: "cainiao", "YT2": "yanwen"}, carriers)
	require.Equal(t, []port.Tracked{
		{Store: store, Order: number, Number: parcel, Carrier: "cainiao"},
		{Store: store, Order: number, Number: "YT2", Carrier: "yanwen"},
	}, w.polled)
}

// A claim that has closed while its case lives starts again, with all facts; forwarding to it
// is no error.
func TestClosedClaimStartsAgain(t *testing.T) {
	t.Parallel()
	var known []int // facts that each run was given
	w := newWorldWith(t, opened, func(ctx workflow.Context, in protocol.ClaimInput) (protocol.ClaimResult, error) {
		if known = append(known, len(in.Facts)); len(known) == 1 { // gone before its time
			return protocol.ClaimResult{}, workflow.Sleep(ctx, time.Hour)
		}
		return protocol.ClaimResult{}, workflow.Sleep(ctx, 10*day)
	})
	w.env.SetDetachedChildWait(false)
	at := opened.Add(2 * time.Hour)
	w.quietly(at.Add(-90*time.Minute), alerted(at.Add(-90*time.Minute))) // what the claim may have known
	end := at.Add(day)
	w.later(end, received(end))
	w.order(stalled()...)
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, []int{4, 5}, known)
	require.Equal(t, 1, w.asked("poll"))
}

// An operator who ends a claim means it: it does not start again.
func TestEndedClaimStaysEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, opened)
	runs := 0
	w.onChild(func(id string) {
		runs++
		w.env.RegisterDelayedCallback(func() { w.env.CancelWorkflowByID(id, "") }, time.Hour)
	})
	w.later(opened.Add(2*time.Hour), confirmed(opened.Add(2*time.Hour)))
	end := opened.Add(3 * time.Hour)
	w.later(end, received(end))
	w.order(stalled()...)
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, 1, runs)
	require.Zero(t, w.asked("file"))
}
