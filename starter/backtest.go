package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"parcelward/internal/backtest"
	"parcelward/internal/rules/policy"
)

// backtestCmd judges a file of events without a server.
type backtestCmd struct {
	Events  string    `required:"" placeholder:"FILE" help:"事件文件，每行一个；- 为标准输入。 · Events, one CloudEvent of JSON a line; - for standard input."`
	AsOf    time.Time `placeholder:"TIME" help:"评估时刻（带时区），默认现在。 · Judge as of this moment, such as 2026-06-30T16:00:00Z; default: now."`
	Policy  string    `placeholder:"FILE" help:"用此规则文件。 · Judge every order by this policy pack (YAML); default: the built-in one in force when it was created."`
	Format  string    `enum:"json,table,html" default:"json" help:"json、table 或 html。 · json: one assessment a line; table: for a terminal; html: a page on money won, lost and still to save."`
	Jobs    int       `placeholder:"N" help:"并行数，默认全部核心。 · Workers; default: one for each core."`
	Refused string    `placeholder:"FILE" help:"把被拒绝的行写入此文件，改正后可重新导入。 · Write refused lines to this file, to be mended and fed again."`
}

// Run writes the verdicts to standard output. Its error bears exit status 1 when lines were
// refused, and 2 when the work could not be begun.
func (c *backtestCmd) Run(ctx context.Context, s streams) (err error) {
	o := backtest.Options{AsOf: c.AsOf, Format: backtest.Format(c.Format), Jobs: c.Jobs, Log: s.err}
	if c.Jobs < 0 {
		return &exitError{exitUsage, fmt.Errorf("--jobs %d: expected 1 or more", c.Jobs)}
	}
	if c.Policy != "" {
		if o.Policy, err = loadPolicy(c.Policy); err != nil {
			return &exitError{exitUsage, err}
		}
	}
	in, size, err := openEvents(c.Events, s.in)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer func() { _ = in.Close() }() // only read
	if c.Refused != "" {
		refused, failed := os.Create(c.Refused)
		if failed != nil {
			return &exitError{exitUsage, fmt.Errorf("--refused: %w", failed)}
		}
		defer func() { err = errors.Join(err, refused.Close()) }()
		o.Refused = refused
	}
	if s.terminal() {
		bar := newBar(size)
		defer bar.close()
		o.Log, o.Progress = bar, bar.add
	}
	sum, err := backtest.Run(ctx, o, in, s.out)
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted: the output is not complete")
	case err != nil:
		return err
	case sum.Refused > 0:
		return &exitError{exitFailed, fmt.Errorf("%d lines were refused: mend and feed them again (--refused FILE keeps them)", sum.Refused)}
	}
	return nil
}

// openEvents opens a file of events, or standard input for -, and tells its size where
// that is known, else -1.
func openEvents(file string, stdin io.Reader) (io.ReadCloser, int64, error) {
	in := stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, 0, fmt.Errorf("--events: %w", err)
		}
		in = f
	}
	f, ok := in.(*os.File)
	if !ok {
		return io.NopCloser(in), -1, nil
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("--events: %w", err)
	case info.IsDir():
		return nil, 0, fmt.Errorf("--events %s: is a directory; expected a file of events, one a line", file)
	case info.Mode().IsRegular():
		return f, info.Size(), nil
	}
	return f, -1, nil
}

func loadPolicy(file string) (*policy.Pack, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	return policy.Load(f, file)
}

// exitError ends the program with a status other than kong's own.
type exitError struct {
	status int
	error
}

// ExitCode implements kong's ExitCoder.
func (e *exitError) ExitCode() int { return e.status }

// Unwrap gives the cause.
func (e *exitError) Unwrap() error { return e.error }

// bar is a progress bar over bytes, on standard error, that makes room for messages.
type bar struct {
	mu  sync.Mutex
	bar *progressbar.ProgressBar
}

func newBar(size int64) *bar {
	return &bar{bar: progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowBytes(true), progressbar.OptionFullWidth(),
		progressbar.OptionSetDescription("reading events"), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish())}
}

func (b *bar) add(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.bar.Add64(n) // a bar that cannot be drawn stops nothing
}

// Write prints a message above the bar.
func (b *bar) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.bar.Clear()
	return os.Stderr.Write(p)
}

func (b *bar) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.bar.Clear()
	_ = b.bar.Exit()
}
