package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// grace is how long a server may take to stop when asked, before it is killed.
const grace = 10 * time.Second

// patience is how long a server may take to serve; a Postgres that recovers from a crash takes longest.
const patience = 2 * time.Minute

// A process is a server that we started and will wait for.
type process struct {
	cmd    *exec.Cmd
	record string         // file that names it, for a later Start to find should we be killed
	quit   syscall.Signal // asks it to stop
	done   chan struct{}  // closed when it was waited for
	last   *tail
}

// launch starts cmd in a process group of its own, its output going to log, and records it. It closes log when the process has ended.
func launch(cmd *exec.Cmd, record string, quit syscall.Signal, log io.WriteCloser) (*process, error) {
	p := &process{cmd: cmd, record: record, quit: quit, done: make(chan struct{}), last: &tail{}}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	endWithOwner(cmd.SysProcAttr, quit)
	out := io.MultiWriter(log, p.last)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = grace

	started := make(chan error)
	go func() {
		defer close(p.done)
		defer log.Close() //nolint:errcheck // nothing more will be written
		// The kernel takes the end of the thread that forked for the owner's end, so this thread must live as long as the server.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is told by p.last
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	born, _ := startTime(cmd.Process.Pid)
	if err := os.WriteFile(record, fmt.Appendf(nil, "%d %s\n", cmd.Process.Pid, born), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("recording %s: %w", cmd.Path, err), p.stop())
	}
	return p, nil
}

// stop asks the process to end, kills its group when it does not within grace, and waits.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(p.quit) // an ended process is what we want
	select {
	case <-p.done:
	case <-time.After(grace):
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
	}
	if err := os.Remove(p.record); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("devstack: %w", err)
	}
	return nil
}

// await calls ready every 25 ms until it returns nil. It fails when the process ends, ctx is done or patience is over, with the last lines printed.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not within %s", patience))
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		try, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := ready(try)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return &exitError{name: p.cmd.Path, state: p.cmd.ProcessState.String(), last: p.last.String()}
		case <-ctx.Done():
			return fmt.Errorf("%s does not serve yet: %w (last try: %w); it printed:\n%s", p.cmd.Path, context.Cause(ctx), err, p.last)
		case <-tick.C:
		}
	}
}

// exitError tells that a server ended while it was awaited.
type exitError struct{ name, state, last string }

func (e *exitError) Error() string {
	return fmt.Sprintf("%s ended (%s) before it served; it printed:\n%s", e.name, e.state, e.last)
}

// untilFree runs start again when its server ended because something, a port or the shared memory of a dying predecessor, was still in use.
func untilFree(ctx context.Context, start func() error) error {
	for attempt := 1; ; attempt++ {
		err := start()
		var exit *exitError
		if attempt == 5 || !errors.As(err, &exit) || !strings.Contains(exit.last, "in use") {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(attempt) * 200 * time.Millisecond):
		}
	}
}

// reclaim ends the server that record names, if it is still that one and not a later process with its ID, and removes the record.
func reclaim(record string) error {
	b, err := os.ReadFile(record)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	id, born, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
	if pid, err := strconv.Atoi(id); err == nil && pid > 1 {
		ours := func() bool { now, alive := startTime(pid); return alive && now == born }
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
			for end := time.Now().Add(grace); ours() && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
				if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
					return fmt.Errorf("process %d: %w", pid, err)
				}
			}
		}
		if ours() {
			return fmt.Errorf("process %d does not end, even when killed", pid)
		}
	}
	return os.Remove(record)
}

// startTime returns when a process began, in the system's own terms, and whether it is alive. A zombie is not.
func startTime(pid int) (string, bool) {
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return "", false
		}
		// The name in brackets may hold anything; after it come the state (field 3) and, as field 22, the start in ticks since boot.
		fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if len(fields) < 20 || fields[0] == "Z" {
			return "", false
		}
		return fields[19], true
	}
	out, err := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output() //nolint:gosec,noctx // a number; returns at once
	born := strings.TrimSpace(string(out))
	return born, err == nil && born != ""
}

// flock locks f as flock(2) does, taking up again when a signal interrupts it.
func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// freePorts returns n different TCP ports that nothing listened on a moment ago.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", loopback(0)) //nolint:noctx // resolves nothing
		if err != nil {
			return nil, fmt.Errorf("devstack: looking for a free port: %w", err)
		}
		defer l.Close() //nolint:errcheck // all are held until all are known, so that they differ
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// tail keeps the last 4 KB written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-4096):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.b))
}
