package devstack_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/goleak"

	"parcelward/internal/devstack"
)

// ownerDir makes the test binary an owner of a kept stack there, to be killed.
const ownerDir = "DEVSTACK_TEST_OWNER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerDir); dir != "" {
		s, err := devstack.Start(context.Background(), devstack.Options{Dir: dir, Keep: true, SearchAttributes: attributes})
		if err != nil {
			panic(err)
		}
		fmt.Println(s.DatabaseURL())
		select {}
	}
	goleak.VerifyTestMain(m)
}

var attributes = map[string]string{"Shop": "Keyword", "Numbers": "KeywordList", "Due": "Datetime", "Payout": "Double"}

// nap sets three short timers one after another: by the server's default the first may be lucky, the others take 1 s.
func nap(ctx workflow.Context) error {
	for range 3 {
		if err := workflow.Sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func TestStack(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real servers")
	}
	t.Parallel()
	ctx, dir := t.Context(), filepath.Join(t.TempDir(), "stack")
	s, err := devstack.Start(ctx, devstack.Options{Dir: dir, SearchAttributes: attributes, TimerShift: 100 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) }) // does nothing when closed before
	pids := []int{recorded(t, dir, "postgres"), recorded(t, dir, "temporal")}

	_, err = devstack.StartPostgres(ctx, devstack.Options{Dir: dir})
	require.ErrorContains(t, err, "in use by another running stack")

	require.Equal(t, 1, queryInt(t, s.DatabaseURL(), "SELECT 1"))
	other, err := s.NewDatabase(ctx, "other")
	require.NoError(t, err)
	execute(t, s.DatabaseURL(), "CREATE TABLE here ()")
	require.Equal(t, 0, queryInt(t, other, "SELECT count(*)::int FROM pg_tables WHERE tablename = 'here'"))

	c, err := client.Dial(client.Options{HostPort: s.TemporalAddress(), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: "nap", TaskQueue: "nap",
		TypedSearchAttributes: temporal.NewSearchAttributes(temporal.NewSearchAttributeKeyKeyword("Shop").ValueSet("s1")),
	}, nap)
	require.NoError(t, err)

	require.NoError(t, s.StopTemporal())
	require.False(t, devstack.Alive(pids[1]))
	soon, cancel := context.WithTimeout(ctx, time.Second)
	_, err = c.DescribeWorkflowExecution(soon, "nap", "")
	cancel()
	require.Error(t, err)
	require.NoError(t, s.StartTemporal(ctx))
	pids = append(pids, recorded(t, dir, "temporal"))

	w := worker.New(c, "nap", worker.Options{})
	w.RegisterWorkflow(nap)
	require.NoError(t, w.Start())
	require.NoError(t, run.Get(ctx, nil))
	w.Stop()
	set, fired := timers(t, c, "nap")
	t.Logf("three timers of 200 ms took %s", fired.Sub(set))
	require.Less(t, fired.Sub(set), 1500*time.Millisecond)

	require.NoError(t, s.Close())
	for _, pid := range pids {
		require.False(t, devstack.Alive(pid), "process %d", pid)
	}
	require.NoDirExists(t, dir)
}

// The owner is killed and cannot clean up: the next Start on its folder finds the data, and missing search attributes are added.
func TestOwnerKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real servers")
	}
	t.Parallel()
	dir := t.TempDir()
	owner := exec.CommandContext(t.Context(), os.Args[0])
	owner.Env = append(os.Environ(), ownerDir+"="+dir)
	owner.Stderr = os.Stderr
	out, err := owner.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, owner.Start())
	url, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	execute(t, strings.TrimSpace(url), "CREATE TABLE kept ()")
	pids := []int{recorded(t, dir, "postgres"), recorded(t, dir, "temporal")}
	require.NoError(t, owner.Process.Kill())
	_ = owner.Wait()

	more := map[string]string{"Later": "Keyword", "Shop": "Keyword"}
	s, err := devstack.Start(t.Context(), devstack.Options{Dir: dir, Keep: true, SearchAttributes: more})
	require.NoError(t, err)
	for _, pid := range pids {
		assert.False(t, devstack.Alive(pid), "process %d", pid)
	}
	assert.Equal(t, 1, queryInt(t, s.DatabaseURL(), "SELECT count(*)::int FROM pg_tables WHERE tablename = 'kept'"))
	require.NoError(t, s.Close())
	require.DirExists(t, filepath.Join(dir, "postgres"))
}

// A given database is used as it is, and what was created beside it is dropped.
func TestGivenDatabase(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real servers")
	}
	given, err := devstack.StartPostgres(t.Context(), devstack.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	defer func() { require.NoError(t, given.Close()) }()
	t.Setenv("DATABASE_URL", given.DatabaseURL())

	s, err := devstack.StartPostgres(t.Context(), devstack.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	require.Equal(t, given.DatabaseURL(), s.DatabaseURL())
	url, err := s.NewDatabase(t.Context(), "beside")
	require.NoError(t, err)
	require.Equal(t, 1, queryInt(t, url, "SELECT 1"))
	require.NoError(t, s.Close())
	require.Equal(t, 0, queryInt(t, given.DatabaseURL(), "SELECT count(*)::int FROM pg_database WHERE datname LIKE 'beside%'"))
}

func recorded(t *testing.T, dir, server string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, server+".run"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.Fields(string(b))[0])
	require.NoError(t, err)
	require.True(t, devstack.Alive(pid))
	return pid
}

func queryInt(t *testing.T, url, sql string) int {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	var n int
	require.NoError(t, c.QueryRow(t.Context(), sql).Scan(&n))
	require.NoError(t, c.Close(t.Context()))
	return n
}

func execute(t *testing.T, url, sql string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	_, err = c.Exec(t.Context(), sql)
	require.NoError(t, err)
	require.NoError(t, c.Close(t.Context()))
}

// timers returns when the workflow's first timer was set and when its last one fired.
func timers(t *testing.T, c client.Client, id string) (set, fired time.Time) {
	t.Helper()
	events := c.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		switch e.GetEventType() { //nolint:exhaustive // the others are of no interest
		case enums.EVENT_TYPE_TIMER_STARTED:
			if set.IsZero() {
				set = e.GetEventTime().AsTime()
			}
		case enums.EVENT_TYPE_TIMER_FIRED:
			fired = e.GetEventTime().AsTime()
		}
	}
	return set, fired
}
