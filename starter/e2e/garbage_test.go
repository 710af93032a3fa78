package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"parcelward/internal/bench"
	"parcelward/internal/demo"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/starter/dev"
)

// Whatever anybody sends to an order or its claim, it lives on to its end, and what was sent is kept. A
// fact for an order that has long closed starts it again, with everything known.
func TestGarbageAndLateFactsStopNothing(t *testing.T) {
	const order = "garbage-1"
	s := start(t, dev.Options{Speed: fastSpeed})
	id := protocol.OrderWorkflowID(demo.Store, order)
	events := demo.DeliveredOrder(demo.Store, order, origin.Add(2*day))
	played := make(chan error, 1)
	go func() { played <- bench.Play(t.Context(), env(s), events) }()
	until(t, s, origin.Add(4*day))

	garbage := []any{
		"not an event", 42, nil, []string{"a", "b"}, map[string]any{"specversion": "1.0"}, strings.Repeat("x", 100_000), []byte{0xff, 0xfe, 0},
	}
	for _, payload := range garbage {
		for _, signal := range []string{protocol.SignalEvent, protocol.SignalConfirm} {
			require.NoError(t, s.Server.Temporal.SignalWorkflow(t.Context(), id, "", signal, payload))
		}
		handle, err := s.Server.Temporal.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: id, UpdateName: protocol.UpdateConfirm, Args: []any{payload}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err == nil {
			err = handle.Get(t.Context(), nil)
		}
		require.Errorf(t, err, "update with %.20v", payload)
	}
	unknown, err := json.Marshal(map[string]any{
		"specversion": "1.0", "id": "u1", "source": "e2e", "type": "shop.mood_changed", "subject": demo.Store + "/" + order,
		"time": origin.Add(3 * day), "data": map[string]any{"mood": "fine"},
	})
	require.NoError(t, err)
	require.NoError(t, bench.Post(t.Context(), s.Server.URL, []json.RawMessage{unknown}), "an unknown type is kept")

	require.NoError(t, <-played)
	var end protocol.OrderResult
	require.NoError(t, s.Server.Temporal.GetWorkflow(t.Context(), id, "").Get(t.Context(), &end))
	assert.Equal(t, rules.EndCancelled, end.Reason)
	counts, err := s.Server.DB.Counts(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 1, counts.Unknown["shop.mood_changed"])
	assert.GreaterOrEqual(t, counts.Unknown[protocol.TypeUnreadable], int64(2*len(garbage)), "every unreadable signal is kept")

	first := run(t, s, id)
	lost := s.Clock.Virtual(time.Now()).Add(-time.Hour)
	dispute := rules.Event{
		Source: "e2e", ID: "late", Type: rules.TypeClaimFiled, Store: demo.Store, Order: order, Time: lost,
		Data: &rules.ClaimFiled{TrackingNumber: numberOf(t, events), When: events[len(events)-1].At.Add(-3 * day), ClaimID: "C-LATE", Case: &rules.FiledCase{
			Kind: rules.KindStall, OpenedAt: events[len(events)-1].At.Add(-4 * day), LastMovementAt: origin.Add(3 * day), FileBy: lost.Add(10 * day),
		}},
	}
	require.NoError(t, bench.Post(t.Context(), s.Server.URL, []json.RawMessage{encode(t, dispute)}))
	require.Eventually(t, func() bool { return run(t, s, id) != first }, 30*time.Second, 100*time.Millisecond, "a late fact that matters starts the order again")
	var claim string
	require.Eventually(t, func() bool {
		a, err := assessment(t, s, order)
		if err != nil || len(a.Cases) != 1 || a.Cases[0].Status != rules.StatusFiled || !a.Cases[0].Superseded {
			return false
		}
		claim = protocol.ClaimWorkflowID(demo.Store, order, a.Cases[0].ID())
		_, err = s.Server.Temporal.DescribeWorkflowExecution(t.Context(), claim, "")
		return err == nil
	}, 30*time.Second, 100*time.Millisecond)

	for _, payload := range garbage {
		for _, signal := range []string{protocol.SignalEvent, protocol.SignalConfirm} {
			require.NoError(t, s.Server.Temporal.SignalWorkflow(t.Context(), claim, "", signal, payload))
		}
	}
	before := counts.Unknown[protocol.TypeUnreadable]
	require.Eventually(t, func() bool {
		counts, err := s.Server.DB.Counts(t.Context())
		return err == nil && counts.Unknown[protocol.TypeUnreadable] >= before+int64(2*len(garbage))
	}, 30*time.Second, 100*time.Millisecond, "every unreadable signal is kept")
	requireAudit(t, s)
	paid := s.Clock.Virtual(time.Now())
	require.NoError(t, bench.Post(t.Context(), s.Server.URL, []json.RawMessage{encode(t, rules.Event{
		Source: "e2e", ID: "paid", Type: rules.TypeClaimPaid, Store: demo.Store, Order: order, Time: paid,
		Data: &rules.ClaimFact{ClaimID: "C-LATE", When: paid},
	})}))
	var result protocol.ClaimResult
	require.NoError(t, s.Server.Temporal.GetWorkflow(t.Context(), claim, "").Get(t.Context(), &result))
	assert.Equal(t, rules.StatusPaid, result.Status, "the claim still hears")
	requireAudit(t, s)
}

// run is the ID of a workflow's latest run.
func run(t *testing.T, s *dev.Stack, workflowID string) string {
	t.Helper()
	described, err := s.Server.Temporal.DescribeWorkflowExecution(t.Context(), workflowID, "")
	require.NoError(t, err)
	return described.GetWorkflowExecutionInfo().GetExecution().GetRunId()
}
