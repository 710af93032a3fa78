package devstack

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

// The Temporal CLI that is built when PATH has none. Newer tags carry a replace directive and cannot be installed so. The Makefile reads temporalVersion here.
const (
	temporalModule  = "github.com/temporalio/cli"
	temporalVersion = "v1.5.1"
)

// temporal is a development server on a file.
type temporal struct {
	opts  Options
	ports []int // frontend, Web UI; chosen at the first start and kept
	proc  *process
}

func newTemporal(o Options) *temporal { return &temporal{opts: o} }

// start starts the server unless it runs, and returns when it serves.
func (t *temporal) start(ctx context.Context) error {
	if t.proc != nil {
		return nil
	}
	cli, err := findTemporal(ctx, t.opts.Progress)
	if err != nil {
		return err
	}
	first := t.ports == nil
	err = untilFree(ctx, func() error {
		if first {
			if t.ports, err = freePorts(2); err != nil {
				return err
			}
		}
		return t.serve(ctx, cli)
	})
	if err != nil {
		return fmt.Errorf("devstack: Temporal: %w", err)
	}
	return nil
}

func (t *temporal) stop() error {
	if t.proc == nil {
		return nil
	}
	err := t.proc.stop()
	t.proc = nil
	return err
}

func (t *temporal) serve(ctx context.Context, cli string) error {
	dir := filepath.Join(t.opts.Dir, "temporal")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	args := []string{
		"server", "start-dev", "--db-filename", filepath.Join(dir, "temporal.db"), "--ip", "127.0.0.1",
		"--port", strconv.Itoa(t.ports[0]), "--ui-port", strconv.Itoa(t.ports[1]),
	}
	if t.opts.TimerShift > 0 {
		args = append(args, "--dynamic-config-value", fmt.Sprintf("history.timerProcessorMaxTimeShift=%q", t.opts.TimerShift))
	}
	for _, name := range slices.Sorted(maps.Keys(t.opts.SearchAttributes)) {
		args = append(args, "--search-attribute", name+"="+t.opts.SearchAttributes[name])
	}
	out, err := t.opts.logFor("temporal")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), cli, args...) //nolint:gosec // the Temporal CLI
	proc, err := launch(cmd, filepath.Join(t.opts.Dir, "temporal.run"), syscall.SIGTERM, out)
	if err != nil {
		return err
	}
	if err := proc.await(ctx, t.serving); err != nil {
		return errors.Join(err, proc.stop())
	}
	t.proc = proc
	return nil
}

// serving checks that the frontend is healthy, the namespace usable, and every search attribute known to it; it registers those that a kept file
// lacks, for start-dev registers them only in a new one.
func (t *temporal) serving(ctx context.Context) error {
	c, err := client.NewLazyClient(client.Options{HostPort: loopback(t.ports[0]), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return err
	}
	known, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: client.DefaultNamespace})
	if err != nil {
		return err
	}
	missing := map[string]enums.IndexedValueType{}
	used := make([]string, 0, len(t.opts.SearchAttributes))
	for name, kind := range t.opts.SearchAttributes {
		used = append(used, name+" IS NULL")
		if _, ok := known.GetCustomAttributes()[name]; ok {
			continue
		}
		if missing[name], err = enums.IndexedValueTypeFromString(kind); err != nil {
			return fmt.Errorf("search attribute %s: %w", name, err)
		}
	}
	if len(missing) > 0 {
		add := &operatorservice.AddSearchAttributesRequest{Namespace: client.DefaultNamespace, SearchAttributes: missing}
		if _, err := c.OperatorService().AddSearchAttributes(ctx, add); err != nil {
			return err
		}
	}
	// A query that names them all fails until the frontend's own cache has them.
	_, err = c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: strings.Join(used, " AND ")})
	return err
}

// findTemporal returns the path of the Temporal CLI and builds it when there is none.
func findTemporal(ctx context.Context, progress func(string)) (string, error) {
	if path, err := exec.LookPath("temporal"); err == nil {
		return path, nil
	}
	root, err := projectRoot()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(root, ".bin")
	path := filepath.Join(bin, "temporal")
	if err := os.MkdirAll(bin, 0o755); err != nil { //nolint:gosec // programs, as everywhere
		return "", fmt.Errorf("devstack: folder for the Temporal CLI: %w", err)
	}
	// Tests of several packages may come here at once: one builds, the others wait.
	lock, err := os.Open(bin)
	if err != nil {
		return "", fmt.Errorf("devstack: folder for the Temporal CLI: %w", err)
	}
	defer lock.Close() //nolint:errcheck // a read-only folder; gives the lock back
	if err := flock(lock, syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("devstack: locking %s: %w", bin, err)
	}
	if info, err := buildinfo.ReadFile(path); err == nil && info.Main.Version == temporalVersion {
		return path, nil
	}
	progress("building the Temporal CLI " + temporalVersion + " into .bin, once: 2 to 3 minutes on 2 cores")
	cmd := exec.CommandContext(ctx, "go", "install", temporalModule+"/cmd/temporal@"+temporalVersion)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=", "CGO_ENABLED=0") // no C compiler is needed
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }   // go passes it on to its compilers
	cmd.WaitDelay = grace
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("devstack: building the Temporal CLI (or put `temporal` on PATH): %w\n%s", err, out)
	}
	return path, nil
}

// projectRoot is the folder of this module's go.mod, at or above the working directory.
func projectRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("devstack: working directory: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if b, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && strings.HasPrefix(string(b), "module parcelward\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("devstack: no `temporal` on PATH, and %s is not inside the project, whose .bin would take a built one: "+
				"run this in the project's folder, or install the Temporal CLI", start)
		}
	}
}
