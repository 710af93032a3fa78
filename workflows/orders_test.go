package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"parcelward/internal/protocol"
	"parcelward/workflows"
)

// The reading of orders waits as long as the platform asks, gives up after five attempts, and
// at once where a person must act: the Schedule's next turn goes on.
func TestOrders(t *testing.T) {
	t.Parallel()
	in := protocol.OrdersInput{Platform: "aliexpress", Store: "s"}
	limited := temporal.NewApplicationErrorWithOptions("limited", protocol.ErrUnavailable, temporal.ApplicationErrorOptions{NextRetryDelay: time.Hour})
	for name, c := range map[string]struct {
		errs  []error // of the attempts
		calls int
		took  time.Duration
		fails bool
	}{
		"at once":  {[]error{nil}, 1, 0, false},
		"limited":  {[]error{limited, nil}, 2, time.Hour, false},
		"away":     {[]error{errors.New("away")}, 5, 15 * time.Second, true},
		"no token": {[]error{temporal.NewNonRetryableApplicationError("authorise again", protocol.ErrRefused, nil)}, 1, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var suite testsuite.WorkflowTestSuite
			suite.SetLogger(silence)
			env := suite.NewTestWorkflowEnvironment()
			workflows.Register(env, stories(t))
			calls := 0
			env.RegisterActivityWithOptions(func(got protocol.OrdersInput) (protocol.OrdersResult, error) {
				require.Equal(t, in.Store, got.Store)
				err := c.errs[min(calls, len(c.errs)-1)]
				calls++
				return protocol.OrdersResult{Read: 3}, err
			}, activity.RegisterOptions{Name: protocol.ActivityPollOrders})
			start := env.Now()
			env.ExecuteWorkflow(protocol.WorkflowOrders, in)
			require.True(t, env.IsWorkflowCompleted())
			require.Equal(t, c.calls, calls)
			require.WithinDuration(t, start.Add(c.took), env.Now(), time.Second)
			if c.fails {
				require.Error(t, env.GetWorkflowError())
				return
			}
			require.NoError(t, env.GetWorkflowError())
			var out protocol.OrdersResult
			require.NoError(t, env.GetWorkflowResult(&out))
			require.Equal(t, 3, out.Read)
		})
	}
}
