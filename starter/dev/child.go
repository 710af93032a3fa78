package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// grace is how long a child may take to stop when asked; a worker finishes its tasks.
const grace = 15 * time.Second

// Child is a process of ours, in a process group of its own, so that Ctrl-C at the terminal
// reaches it only through us.
type Child struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it was waited for
}

// startChild runs program with its output appended to the file log.
func startChild(program string, env []string, log string) (*Child, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", program, err)
	}
	c := &Child{cmd: exec.Command(program), log: log, done: make(chan struct{})} //nolint:noctx // the user's worker; Stop ends it in good order
	c.cmd.Env, c.cmd.Stdout, c.cmd.Stderr = env, out, out
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithUs(c.cmd.SysProcAttr)
	started := make(chan error)
	go func() {
		defer close(c.done)
		defer out.Close() //nolint:errcheck // nothing more is written
		// The kernel takes the end of the thread that forked for our end.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			_ = c.cmd.Wait() // its state tells how it ended
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return c, nil
}

// Done is closed when the process has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// PID is the process's ID.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Kill ends the process at once, as a crash would, and waits for it.
func (c *Child) Kill() {
	_ = syscall.Kill(-c.PID(), syscall.SIGKILL) // an ended one is what we want
	<-c.done
}

// Stop asks the process to end, and kills it when it does not within 15 s.
func (c *Child) Stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // an ended one is what we want
	select {
	case <-c.done:
	case <-time.After(grace):
		c.Kill()
	}
}

// ended says how the process ended, with its last words.
func (c *Child) ended(name string) error {
	return fmt.Errorf("%s ended by itself (%s); its last lines in %s:\n%s", name, c.cmd.ProcessState, c.log, lastLines(c.log))
}

// lastLines is the end of a log file, for people.
func lastLines(file string) string {
	const most = 2 << 10
	f, err := os.Open(file)
	if err != nil {
		return err.Error()
	}
	defer f.Close() //nolint:errcheck // only read
	if _, err := f.Seek(-most, io.SeekEnd); err != nil {
		_, _ = f.Seek(0, io.SeekStart) // shorter than that
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

// workerProgram is the worker to run: the one configured, else built from the source where
// we stand in it, else the one beside this program.
func workerProgram(ctx context.Context, configured string, progress func(string)) (string, error) {
	if configured != "" {
		return configured, nil
	}
	if root, err := moduleRoot(); err == nil {
		program := filepath.Join(root, ".dev", "bin", "worker")
		progress("正在编译 worker · building the worker")
		build := exec.CommandContext(ctx, "go", "build", "-o", program, "./worker") //nolint:gosec // our own source
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build the worker: %w\n%s", err, out)
		}
		return program, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the worker: %w", err)
	}
	beside := filepath.Join(filepath.Dir(self), "worker")
	if _, err := os.Stat(beside); err != nil {
		return "", errors.New("no worker found: expected PARCELWARD_WORKER, the project's source around the working directory, or a program named worker beside this one")
	}
	return beside, nil
}

// moduleRoot is the folder of Parcelward's go.mod, at or above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("working directory: %w", err)
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module parcelward\n") {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("not inside the project's source")
		}
		dir = up
	}
}
