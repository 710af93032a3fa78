package protocol_test

import (
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
