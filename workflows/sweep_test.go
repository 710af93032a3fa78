package workflows_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"parcelward/activities"
	"parcelward/internal/protocol"
	"parcelward/workflows"
)

// sweeping runs a sweep whose activity answers so, and returns what was to be diagnosed; a
// parcel named "away" cannot be, however often it is tried.
func sweeping(t *testing.T, in protocol.SweepInput, answer protocol.SweepResult, fails error) (env *testsuite.TestWorkflowEnvironment, asked []protocol.DiagnoseRequest) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silence)
	env = suite.NewTestWorkflowEnvironment()
	env.SetStartTime(created)
	workflows.Register(env, stories(t))
	register := func(name string, f any) { env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name}) }
	register(protocol.ActivitySweep, func(context.Context, protocol.SweepInput) (protocol.SweepResult, error) { return answer, fails })
	var mu sync.Mutex
	register(protocol.ActivityDiagnose, func(_ context.Context, r protocol.DiagnoseRequest) (protocol.DiagnoseResult, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r)
		if r.Parcel.TrackingNumber == "away" {
			return protocol.DiagnoseResult{}, errors.New("the platform is away")
		}
		return protocol.DiagnoseResult{}, nil
	})
	env.ExecuteWorkflow(protocol.WorkflowSweep, in)
	require.True(t, env.IsWorkflowCompleted())
	return env, asked
}

// What the sweep picked is compared with the platform, each parcel by itself at the virtual time;
// one that cannot be stops neither the others nor the sweep, and holds it up for a minute at most.
func TestSweepComparesWithThePlatform(t *testing.T) {
	t.Parallel()
	picked := protocol.SweepResult{Asked: 9, Rows: 3, Compare: []protocol.Parcel{{Store: "s", TrackingNumber: "away"}, {Store: "s", TrackingNumber: "LP1"}, {Store: "s", TrackingNumber: "LP2"}}}
	clock := protocol.Clock{Origin: created.Add(1000 * time.Hour), Start: created, Speed: 1}
	env, asked := sweeping(t, protocol.SweepInput{Service: "17track", Clock: clock}, picked, nil)
	var out protocol.SweepResult
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, picked, out)
	require.LessOrEqual(t, env.Now().Sub(created), time.Minute)
	tries := map[string]int{}
	for _, r := range asked {
		tries[r.Parcel.TrackingNumber]++
		require.Equal(t, "17track", r.Told, "the carrier's side is not asked again")
		require.Equal(t, "s", r.Parcel.Store)
		require.WithinDuration(t, created.Add(1000*time.Hour), r.Now, time.Second)
	}
	require.Equal(t, map[string]int{"away": 3, "LP1": 1, "LP2": 1}, tries)
}

func TestSweepWithNothingToCompare(t *testing.T) {
	t.Parallel()
	env, asked := sweeping(t, protocol.SweepInput{Service: "17track"}, protocol.SweepResult{Asked: 9}, nil)
	require.NoError(t, env.GetWorkflowError())
	require.Empty(t, asked)
	env, asked = sweeping(t, protocol.SweepInput{Service: "17track"}, protocol.SweepResult{Compare: []protocol.Parcel{{}}}, temporal.NewNonRetryableApplicationError("no such service", protocol.ErrRefused, nil))
	require.ErrorContains(t, env.GetWorkflowError(), "no such service")
	require.Empty(t, asked)
}

// A sweep that is cancelled while it asks compares nothing, and one that is cancelled while it
// compares waits for nobody: both end cancelled, at once.
func TestCancelledSweepStops(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"while it asks": 30 * time.Second, "while it compares": 90 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var suite testsuite.WorkflowTestSuite
			var logged bytes.Buffer
			suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewTextHandler(&logged, nil))))
			env := suite.NewTestWorkflowEnvironment()
			workflows.Register(env, stories(t))
			activities.Register(env, &activities.Activities{}) // their names; none is called
			env.OnActivity(protocol.ActivitySweep, mock.Anything, mock.Anything).After(time.Minute).Return(protocol.SweepResult{Compare: []protocol.Parcel{{TrackingNumber: "LP1"}, {TrackingNumber: "LP2"}}}, nil)
			compared := 0
			env.OnActivity(protocol.ActivityDiagnose, mock.Anything, mock.Anything).Run(func(mock.Arguments) { compared++ }).After(time.Hour).Return(protocol.DiagnoseResult{}, nil)
			env.RegisterDelayedCallback(env.CancelWorkflow, after)
			start := env.Now()
			env.ExecuteWorkflow(protocol.WorkflowSweep, protocol.SweepInput{Service: "17track"})
			var cancelled *temporal.CanceledError
			require.ErrorAs(t, env.GetWorkflowError(), &cancelled)
			require.Equal(t, after, env.Now().Sub(start).Round(time.Second))
			require.NotContains(t, logged.String(), "cannot be compared", "nothing is wrong with the parcels")
			if after < time.Minute {
				require.Zero(t, compared)
			}
		})
	}
}

// What a sweep picked before it failed is compared all the same, and the sweep fails.
func TestFailedSweepComparesItsPicks(t *testing.T) {
	t.Parallel()
	picked := protocol.SweepResult{Asked: 3, Compare: []protocol.Parcel{{Store: "s", TrackingNumber: "LP1"}}}
	env, asked := sweeping(t, protocol.SweepInput{Service: "17track"}, protocol.SweepResult{}, temporal.NewNonRetryableApplicationError("wrong key", protocol.ErrRefused, nil, picked))
	require.ErrorContains(t, env.GetWorkflowError(), "wrong key")
	require.Len(t, asked, 1)
	require.Equal(t, "LP1", asked[0].Parcel.TrackingNumber)
	env, asked = sweeping(t, protocol.SweepInput{Service: "17track"}, protocol.SweepResult{}, temporal.NewTimeoutError(enums.TIMEOUT_TYPE_HEARTBEAT, nil, picked))
	require.Error(t, env.GetWorkflowError())
	require.NotEmpty(t, asked, "as the heart told last")
	env, asked = sweeping(t, protocol.SweepInput{Service: "17track"}, protocol.SweepResult{}, temporal.NewNonRetryableApplicationError("wrong key", protocol.ErrRefused, nil, "of another kind"))
	require.ErrorContains(t, env.GetWorkflowError(), "wrong key")
	require.Empty(t, asked)
}
