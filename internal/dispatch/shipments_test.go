package dispatch_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"parcelward/internal/protocol"
)

// next hands the next order.
func (s *scene) next(t *testing.T) {
	t.Helper()
	claimed, err := s.Claim(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	saved, err := s.Hand(t.Context(), &claimed[0])
	require.NoError(t, err)
	require.True(t, saved)
}

// A Shipment workflow hears what becomes of its order, but neither scans nor what it brought
// about itself; one that has ended is not called again.
func TestShipmentsHearOfTheirOrder(t *testing.T) {
	t.Parallel()
	s := idle(t, at(day0.Add(10*day)))
	first, second := protocol.ShipmentWorkflowID("shop", "1", 1), protocol.ShipmentWorkflowID("shop", "1", 2)
	s.accept(t, created("1"), paid("1"))
	s.next(t)
	for _, serial := range []int{1, 2, 2} {
		require.NoError(t, s.db.AddShipment(t.Context(), "shop", "1", serial))
	}
	require.Equal(t, []int{1, 2}, s.order(t, "1").Shipments)
	s.server.set(func() { s.server.open[first], s.server.open[second] = "a", "b" })

	s.accept(t, `{"specversion":"1.0","id":"ship/LP1","source":"`+protocol.SourceOfStory(first)+`","type":"shipment.recorded","subject":"shop/1","time":"2026-01-06T04:00:00Z",
		"data":{"tracking_number":"LP1","carrier":"cainiao","service_code":"CAINIAO_STANDARD","recorded_at":"2026-01-06T04:00:00Z","shipped_at":"2026-01-06T04:00:00Z","trace_alert":true}}`)
	s.next(t)
	require.Empty(t, s.server.ids[first], "it knows")
	require.Equal(t, []string{"ship/LP1"}, s.server.ids[second])

	s.accept(t, scan("s1", "1", "LP1", day0.Add(2*day), "picked_up"))
	s.next(t)
	require.Len(t, s.server.ids[second], 1, "a scan is no news of the order")

	s.server.set(func() { s.server.refuse[second] = serviceerror.NewUnavailable("busy") })
	s.accept(t, event("end", "order.cancelled", "1", day0.Add(3*day), `{"at":"$T"}`))
	claimed, err := s.Claim(t.Context(), 1)
	require.NoError(t, err)
	_, err = s.Hand(t.Context(), &claimed[0])
	require.Error(t, err, "and is tried again")
	require.NoError(t, s.db.Release(context.WithoutCancel(t.Context()), &claimed[0], 0, err))
	s.server.set(func() { delete(s.server.refuse, second); delete(s.server.open, first) })
	s.next(t)
	require.Contains(t, s.server.ids[second], "end")
	require.Equal(t, []int{2}, s.order(t, "1").Shipments, "the first had ended")
}
