package devstack

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A record left by a killed owner ends the server that it names, and no other process that has come to its ID.
func TestReclaim(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		born func(string) string
		ends bool
	}{
		"ours":            {func(born string) string { return born }, true},
		"another process": {func(born string) string { return born + "1" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), "sleep", "60")
			require.NoError(t, cmd.Start())
			ended := make(chan struct{})
			go func() { _ = cmd.Wait(); close(ended) }()
			born, alive := startTime(cmd.Process.Pid)
			require.True(t, alive)
			record := filepath.Join(t.TempDir(), "x.run")
			require.NoError(t, os.WriteFile(record, fmt.Appendf(nil, "%d %s\n", cmd.Process.Pid, tc.born(born)), 0o600))

			require.NoError(t, reclaim(record))
			require.NoFileExists(t, record)
			_, alive = startTime(cmd.Process.Pid)
			require.Equal(t, tc.ends, !alive)
			_ = cmd.Process.Kill()
			<-ended
		})
	}
}
