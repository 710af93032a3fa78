package protocol_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

func TestWorkflowIDs(t *testing.T) {
	t.Parallel()
	require.Equal(t, "order/cn-1001/8190001", protocol.OrderWorkflowID("cn-1001", "8190001"))
	opened := time.Date(2026, 2, 26, 16, 0, 0, 0, time.FixedZone("", 8*3600))
	id := rules.CaseID{TrackingNumber: "LP1", Kind: rules.KindStall, OpenedAt: opened}
	require.Equal(t, "claim/cn-1001/8190001/LP1/stall/20260226T080000Z", protocol.ClaimWorkflowID("cn-1001", "8190001", id))
}

func TestTicketIDs(t *testing.T) {
	t.Parallel()
	for _, serial := range []string{"", "C-1", protocol.TicketSerial("索赔/1 号"), protocol.TicketSerial(strings.Repeat("9", 200)) + "-20260301"} {
		id := protocol.TicketWorkflowID("cn-1001", "8190001", rules.TopicReview, serial)
		store, order, topic, again, ok := protocol.ParseTicketID(id)
		require.True(t, ok, id)
		require.Equal(t, []string{"cn-1001", "8190001", "review_overdue", serial}, []string{store, order, string(topic), again})
	}
	for _, bad := range []string{
		"", "ticket/", "ticket/s/o", "ticket/s/o/fun", "order/s/o", "ticket//o/other", "ticket/s/o/other/", "ticket/s/o/other/..", "ticket/s/o/other/a/b", "Ticket/s/o/other",
		"ticket/s/o/other/" + strings.Repeat("x", 65), "ticket/s/\x00/other",
	} {
		_, _, _, _, ok := protocol.ParseTicketID(bad)
		require.False(t, ok, bad)
	}
}

// Names outside people and programs rely on.
func TestReleasedNames(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"orders", "carriers", "evidence"}, []string{protocol.QueueOrders, protocol.QueueCarriers, protocol.QueueEvidence})
	require.Equal(t, []string{"event", "confirm-exception", "confirm-exception", "assessment", "timeline"},
		[]string{protocol.SignalEvent, protocol.SignalConfirm, protocol.UpdateConfirm, protocol.QueryAssess, protocol.QueryTimeline})
	require.Equal(t, []protocol.SearchAttribute{
		{Name: "StoreId", Type: "Keyword"},
		{Name: "OrderStage", Type: "Keyword"},
		{Name: "CaseKind", Type: "Keyword"},
		{Name: "CaseStatus", Type: "Keyword"},
		{Name: "CarrierCode", Type: "Keyword"},
		{Name: "TrackingNumbers", Type: "KeywordList"},
		{Name: "NextDeadline", Type: "Datetime"},
		{Name: "ExpectedPayoutUsd", Type: "Double"},
	}, protocol.SearchAttributes())
}

func TestServiceOfTrace(t *testing.T) {
	t.Parallel()
	require.Equal(t, "17track", protocol.ServiceOfTrace(protocol.SourceOfTrace("17track", "cn-1001")))
	for _, other := range []string{"", "shop", protocol.SourceOfRun("17track/x"), protocol.SourceOfStory("order/s/1")} {
		require.Empty(t, protocol.ServiceOfTrace(other), other)
	}
}
