package activities_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"parcelward/activities"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
)

// giver is a fleet whose service may give numbers up.
type giver struct{ *fleet }

func (g giver) Service(name string) port.TrackingService {
	if name != "svc" {
		return nil
	}
	return g
}

func (g giver) GivenUp(_ context.Context, numbers []string) ([]port.Answer, error) {
	g.listed = append(g.listed, numbers)
	return g.given(numbers)
}

// Once a day of virtual time the service is asked which numbers it has given up, in batches; at
// -1 s, 0 and +1 s. One that does not answer leaves its batch for the next look.
func TestLookForGivenUpNumbers(t *testing.T) {
	t.Parallel()
	f := newFleet(7)
	f.given = func(numbers []string) ([]port.Answer, error) {
		if numbers[0] == "N0" {
			return nil, &port.UnavailableError{Call: "svc: list", Status: 503, After: time.Second}
		}
		return []port.Answer{{Number: numbers[0], Err: port.ErrUnwatched}}, nil
	}
	at := now
	sweep := func() {
		t.Helper()
		f.learned = nil
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestActivityEnvironment()
		activities.Register(env, &activities.Activities{Traces: f, Services: giver{f}, Sweeps: f, Notifier: f})
		_, err := env.ExecuteActivity(protocol.ActivitySweep, protocol.SweepInput{Service: "svc", Clock: protocol.Clock{Origin: at, Start: time.Now(), Speed: 1e-12}})
		require.NoError(t, err)
	}
	sweep()
	require.Equal(t, [][]string{{"N0", "N1", "N2"}, {"N3", "N4", "N5"}, {"N6"}}, f.listed)
	unwatched := []port.Answer{{Number: "N3", Err: port.ErrUnwatched}, {Number: "N6", Err: port.ErrUnwatched}}
	require.Equal(t, unwatched, f.learned[7:], "behind the seven that were due")
	first := f.looked.Add(-24 * time.Hour)
	at = first.Add(24*time.Hour - time.Second)
	sweep()
	require.Empty(t, f.learned)
	at = first.Add(24 * time.Hour)
	sweep()
	require.Equal(t, unwatched, f.learned)
	at = at.Add(24*time.Hour + time.Second)
	sweep()
	require.Equal(t, unwatched, f.learned)
	require.Len(t, f.listed, 9)

	// A service that keeps failing is not asked on and on, and fails no sweep.
	f.given = func([]string) ([]port.Answer, error) { return nil, fmt.Errorf("svc: no list: %w", port.ErrRefused) }
	at = at.Add(24 * time.Hour)
	sweep()
	require.Len(t, f.listed, 10)
}
