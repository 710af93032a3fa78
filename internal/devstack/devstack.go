package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Options say what Start starts. Only Dir is required.
type Options struct {
	// Dir is the folder for data, logs and process records; it is created. A relative path is taken from the working directory.
	Dir string
	// Log receives what the servers print, both mixed. Defaults to the files postgres.log and temporal.log under Dir/logs.
	Log io.Writer
	// SearchAttributes maps custom search attributes to their types ("Keyword", "KeywordList", "Datetime", "Double", …). All are
	// registered in the namespace "default" when Start returns, also in a kept data folder that lacks some.
	SearchAttributes map[string]string
	// TimerShift is the server's history.timerProcessorMaxTimeShift: how late a short timer may fire. 100 ms suits accelerated clocks.
	// Defaults to the server's own value, by which timers under 1 s take 1 s.
	TimerShift time.Duration
	// Keep leaves the data in Dir at Close and takes up what is there at Start. Otherwise Start begins empty and Close removes the data.
	Keep bool
	// Progress is told in one line what a step that takes long is doing. Called from several goroutines. Defaults to silence.
	Progress func(string)
}

// A Stack is a running Postgres and, unless it came from StartPostgres, a running Temporal server. Its methods are safe for concurrent use.
type Stack struct {
	opts     Options
	dir      *os.File // locked while the stack lives
	postgres *postgres
	temporal *temporal // nil when only Postgres was started
	mu       sync.Mutex
	closed   bool
}

// Start starts Postgres and Temporal and returns when both serve. ctx bounds the starting only; the servers run until Close.
//
// Postgres is DATABASE_URL when that is set; else a private cluster made with the programs of an installed Postgres 15 or newer. Temporal is
// the `temporal` on PATH, else .bin/temporal of the project, built on first use (two to three minutes).
// It fails when Dir is in use by another Stack, when Postgres is not installed, or when a server ends or does not serve before ctx is done (at most two minutes);
// nothing runs then.
func Start(ctx context.Context, o Options) (*Stack, error) {
	s, err := open(o)
	if err != nil {
		return nil, err
	}
	s.temporal = newTemporal(s.opts)
	var pgErr, temporalErr error
	var wg sync.WaitGroup
	wg.Go(func() { pgErr = s.postgres.start(ctx) })
	wg.Go(func() { temporalErr = s.temporal.start(ctx) })
	wg.Wait()
	if err := errors.Join(pgErr, temporalErr); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// StartPostgres is Start without the Temporal server.
func StartPostgres(ctx context.Context, o Options) (*Stack, error) {
	s, err := open(o)
	if err != nil {
		return nil, err
	}
	if err := s.postgres.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// open takes the data folder: locks it, ends servers that outlived an owner, and empties it unless its data are kept.
func open(o Options) (*Stack, error) {
	if o.Dir == "" {
		return nil, errors.New("devstack: Options.Dir is empty: name a folder for the servers' data")
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.Log != nil {
		o.Log = &lockedWriter{w: o.Log}
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, fmt.Errorf("devstack: data folder: %w", err)
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil { //nolint:gosec // the postgres user must be able to enter
		return nil, fmt.Errorf("devstack: data folder: %w", err)
	}
	dir, err := os.Open(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("devstack: data folder: %w", err)
	}
	if err := flock(dir, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		err = fmt.Errorf("devstack: %s is in use by another running stack: stop that one, or name another folder (%w)", o.Dir, err)
		return nil, errors.Join(err, dir.Close())
	}
	s := &Stack{opts: o, dir: dir, postgres: newPostgres(o)}
	for _, name := range []string{"postgres", "temporal"} {
		if err := reclaim(filepath.Join(o.Dir, name+".run")); err != nil {
			return nil, errors.Join(fmt.Errorf("devstack: ending the %s that an earlier run left in %s: %w", name, o.Dir, err), dir.Close())
		}
	}
	if !o.Keep {
		if err := s.removeData(); err != nil {
			return nil, errors.Join(err, dir.Close())
		}
	}
	return s, nil
}

// DatabaseURL is DATABASE_URL when that was set at Start, else the private cluster's database, password included.
func (s *Stack) DatabaseURL() string { return s.postgres.url }

// TemporalAddress is the frontend's host:port; empty without a Temporal server.
func (s *Stack) TemporalAddress() string {
	if s.temporal == nil {
		return ""
	}
	return loopback(s.temporal.ports[0])
}

// WebUI is the address of Temporal's Web UI; empty without a Temporal server.
func (s *Stack) WebUI() string {
	if s.temporal == nil {
		return ""
	}
	return "http://" + loopback(s.temporal.ports[1])
}

// NewDatabase creates an empty database and returns its URL. Its name is the given one plus a random part, so that nothing that exists is met.
// Close drops it, unless it is in a private cluster that is kept.
func (s *Stack) NewDatabase(ctx context.Context, name string) (string, error) {
	return s.postgres.newDatabase(ctx, name)
}

// StopTemporal stops the Temporal server, as an outage; what it acknowledged stays in its file. Stopping a stopped one is no error.
func (s *Stack) StopTemporal() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.temporal == nil {
		return nil
	}
	return s.temporal.stop()
}

// StartTemporal starts a stopped Temporal server on the same ports and file and returns when it serves. Starting a running one is no error.
func (s *Stack) StartTemporal(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.temporal == nil {
		return errors.New("devstack: this stack has no Temporal server to start: it was closed or came from StartPostgres")
	}
	return s.temporal.start(ctx)
}

// Close stops what Start started and waits for its end; unless Options.Keep, it removes the data, and Dir too when nothing else is in it.
// Closing again does nothing.
func (s *Stack) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	if s.temporal != nil {
		errs = append(errs, s.temporal.stop())
	}
	errs = append(errs, s.postgres.stop())
	if !s.opts.Keep {
		errs = append(errs, s.removeData())
		if left, err := os.ReadDir(s.opts.Dir); err == nil && len(left) == 0 {
			errs = append(errs, os.Remove(s.opts.Dir))
		}
	}
	return errors.Join(append(errs, s.dir.Close())...)
}

// removeData removes what a stack writes into Dir, and nothing else that may be there.
func (s *Stack) removeData() error {
	var errs []error
	for _, name := range []string{"postgres", "postgres.new", "temporal", "logs"} {
		errs = append(errs, os.RemoveAll(filepath.Join(s.opts.Dir, name)))
	}
	return errors.Join(errs...)
}

// logFor opens where the named server's output goes. Closing the file is the caller's; for Options.Log closing does nothing.
func (o Options) logFor(server string) (io.WriteCloser, error) {
	if w, ok := o.Log.(*lockedWriter); ok {
		return w, nil
	}
	dir := filepath.Join(o.Dir, "logs")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("devstack: log folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, server+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("devstack: log file: %w", err)
	}
	return f, nil
}

// lockedWriter lets two servers share one log.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (l *lockedWriter) Close() error { return nil }
