package temporalclient_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
)

// starts is a client that only starts workflows.
type starts struct {
	client.Client
	fails   error
	options client.StartWorkflowOptions
	in      protocol.TicketInput
}

func (s *starts) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	s.options, s.in = o, args[0].(protocol.TicketInput)
	return nil, s.fails
}

// A ticket starts once per ID, with what the deployment knows of its store; to open it again
// changes nothing, and is no error.
func TestOpenTicket(t *testing.T) {
	t.Parallel()
	s := new(starts)
	profile := rules.StoreProfile{Partner: "p"}
	clock := protocol.Clock{Speed: 2}
	tickets := temporalclient.Tickets{Client: s, Stores: map[string]rules.StoreProfile{"s": profile}, Calendar: "c", Clock: clock}
	in := protocol.TicketInput{Store: "s", Order: "1", Topic: rules.TopicPayout, Serial: "C1", Policy: "p"}
	require.NoError(t, tickets.OpenTicket(t.Context(), in))
	require.Equal(t, "ticket/s/1/payout_overdue/C1", s.options.ID)
	require.Equal(t, enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, s.options.WorkflowIDReusePolicy)
	require.True(t, s.options.WorkflowExecutionErrorWhenAlreadyStarted)
	require.Contains(t, s.options.StaticSummary, "物流赔付逾期未到账")
	in.Profile, in.Calendar, in.Clock = profile, "c", clock
	require.Equal(t, in, s.in)

	s.fails = serviceerror.NewWorkflowExecutionAlreadyStarted("ended", "", "run")
	require.NoError(t, tickets.OpenTicket(t.Context(), in))
	require.ErrorIs(t, tickets.StartTicket(t.Context(), in), temporalclient.ErrRunning)
	s.fails = serviceerror.NewUnavailable("connection refused")
	require.ErrorIs(t, tickets.OpenTicket(t.Context(), in), temporalclient.ErrNoAnswer)
}
