// Package e2e_test plays whole lives on a real Temporal server and a real Postgres, with the
// worker as a process of its own.
package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/audit"
	"parcelward/internal/bench"
	"parcelward/internal/config"
	"parcelward/internal/temporalclient"
	"parcelward/starter/dev"
)

// origin is where virtual time begins: a Monday, with the Qingming holiday ahead.
var origin = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

const (
	day = 24 * time.Hour

	// The tests' speeds, in virtual seconds a second.
	slowSpeed    = 21_600  // a day in four seconds, where a server and its worker need time to come back
	weatherSpeed = 14_400  // a day in six, where a thousand orders share two cores with a server
	demoSpeed    = 43_200  // a day in two seconds, as `make demo` plays
	costSpeed    = 43_200  // likewise: the faster, the more tasks lose a race and cost an event more
	fastSpeed    = 172_800 // two days in a second
)

// start runs a whole Parcelward for a test.
func start(t *testing.T, o dev.Options) *dev.Stack {
	t.Helper()
	if testing.Short() {
		t.Skip("needs Postgres and Temporal")
	}
	o.Dir, o.Origin = t.TempDir(), origin
	o.Progress = func(line string) { t.Log(line) }
	var err error
	o.Config, err = config.LoadStarter()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute) // the Temporal CLI may have to be built
	defer cancel()
	s, err := dev.Start(ctx, o)
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error("stop:", err)
		}
		if t.Failed() {
			for _, name := range []string{"worker.log", "serve.log"} {
				if log, err := os.ReadFile(filepath.Join(o.Dir, name)); err == nil {
					t.Logf("%s ends with:\n%s", name, log[max(0, len(log)-4000):])
				}
			}
		}
	})
	return s
}

func env(s *dev.Stack) bench.Env {
	return bench.Env{API: s.Server.URL, Temporal: s.Server.Temporal, Clock: s.Clock, Sandbox: s.Sandbox}
}

// until waits for a virtual moment.
func until(t *testing.T, s *dev.Stack, at time.Time) {
	t.Helper()
	select {
	case <-t.Context().Done():
		t.Fatal("the test was ended")
	case <-time.After(s.Clock.Real(at.Sub(s.Clock.Virtual(time.Now())))):
	}
}

// requireAudit requires that every order is what the rules say of its facts: in the read
// model, and in what its workflow believes.
func requireAudit(t *testing.T, s *dev.Stack) *audit.Report {
	t.Helper()
	report, err := audit.Run(t.Context(), audit.Options{
		DB: s.Server.DB, Workflows: temporalclient.Orders{Client: s.Server.Temporal}, Rules: s.Server.Rules, Clock: s.Clock, Sample: 1,
	})
	require.NoError(t, err)
	require.Empty(t, report.Differences)
	return report
}
