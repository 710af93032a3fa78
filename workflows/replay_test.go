package workflows_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"

	"parcelward/internal/temporalclient"
	"parcelward/workflows"
)

// TestReplay plays every history under testdata/histories through the present code: a change
// that would stop a running order fails here. Those named bad-*.json must fail, or the test
// would be blind. record_test.go says how to record them.
func TestReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/histories/*.json")
	require.NoError(t, err)
	var good, bad int
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		must := !strings.HasPrefix(name, "bad-")
		if must {
			good++
		} else {
			bad++
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DataConverter: temporalclient.DataConverter()})
			require.NoError(t, err)
			workflows.Register(replayer, stories(t))
			err = replayer.ReplayWorkflowHistoryFromJSONFile(silence, file)
			if must {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "nondeterministic")
			}
		})
	}
	require.GreaterOrEqual(t, good, 53)
	require.GreaterOrEqual(t, bad, 3)
}
