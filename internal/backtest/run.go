package backtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"runtime"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"parcelward/internal/rules"
	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/policy"
)

// Format is how verdicts are written.
type Format string

// The formats.
const (
	JSON  Format = "json"  // one assessment a line
	Table Format = "table" // for a person at a terminal of 120 columns
	HTML  Format = "html"  // one page on what was won, lost, and can still be saved
)

// Options are what a backtest can be told. The zero value is usable.
type Options struct {
	AsOf     time.Time        // the moment to judge at; zero: now
	Policy   *policy.Pack     // judges every order; nil: the embedded pack in force when it was created
	Format   Format           // empty: JSON
	Jobs     int              // workers; 0: one for each core
	Refused  io.Writer        // gets the refused lines, raw; nil: nobody
	Log      io.Writer        // gets refusals and notes for the user; nil: nobody
	Progress func(read int64) // told the bytes of input dealt with since the last call; nil: nobody
}

// Summary is what was read and written.
type Summary struct {
	Events     int                     // taken, repeats and unknown types included
	Orders     int                     // assessments written
	Refused    int                     // lines
	Unknown    map[rules.EventType]int // events of unknown type, by type
	NotCreated int                     // orders without order.created at that moment: not written
	Reread     int                     // orders whose events lay at several places, or that share a parcel
}

// Run reads events from in, one CloudEvent of JSON a line, and writes the verdict on each
// order to out, sorted by store and order. A bad line is refused, logged and counted, and is
// no error. Memory is bounded by the size of the largest order, except for the orders
// counted as Reread. A regular file is read in place; anything else is copied to a temporary
// file as it comes. A reader of out that goes away ends the run without error.
func Run(ctx context.Context, o Options, in io.Reader, out io.Writer) (Summary, error) {
	r, err := newRun(o, in)
	if err != nil {
		return Summary{}, err
	}
	err = r.all(ctx, out)
	if errors.Is(err, syscall.EPIPE) {
		err = nil
	}
	return r.sum, errors.Join(err, r.close())
}

// run is one backtest under way.
type run struct {
	Options
	judge  *judge
	in     *source
	index  *index
	sorter *sorter
	open   *group // whose lines may go on in the next chunk
	sum    Summary
}

func newRun(o Options, in io.Reader) (*run, error) {
	book, err := policy.Embedded()
	if err != nil {
		return nil, err
	}
	days, err := calendar.Embedded()
	if err != nil {
		return nil, err
	}
	if o.AsOf.IsZero() {
		o.AsOf = time.Now()
	}
	if o.Jobs < 1 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if o.Refused == nil {
		o.Refused = io.Discard
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Progress == nil {
		o.Progress = func(int64) {}
	}
	r := &run{Options: o, sorter: new(sorter)}
	r.judge = &judge{asOf: o.AsOf, book: book, only: o.Policy, days: days, hasher: hasher{maphash.MakeSeed()}}
	if r.in, err = newSource(in); err != nil {
		return nil, err
	}
	if r.index, err = newIndex(); err != nil {
		return nil, errors.Join(err, r.in.Close())
	}
	return r, nil
}

func (r *run) close() error {
	return errors.Join(r.in.Close(), r.index.Close(), r.sorter.Close())
}

// all reads, judges again what must be, and writes.
func (r *run) all(ctx context.Context, out io.Writer) error {
	if err := r.first(ctx); err != nil {
		return err
	}
	if len(r.index.suspect) > 0 {
		if err := r.again(ctx); err != nil {
			return err
		}
	}
	w := bufio.NewWriterSize(out, 256<<10)
	report, err := r.report(w)
	if err != nil {
		return err
	}
	err = r.sorter.merge(func(v *verdict) error {
		if len(v.line) == 0 {
			r.sum.NotCreated++
			return nil
		}
		r.sum.Orders++
		if r.sum.Orders%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		return report.add(v)
	})
	if err != nil {
		return err
	}
	if err := report.end(&r.sum); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	r.notes()
	return nil
}

// first reads the whole input once. When ctx ends it returns, even while a read of the
// input still waits.
func (r *run) first(ctx context.Context) error {
	pool := newBuffers()
	work := make(chan *chunk, r.Jobs)
	ordered := make(chan *chunk, 2*r.Jobs)
	ended := make(chan error, 1)
	g, ctx := errgroup.WithContext(ctx)
	go func() { ended <- newLineReader(r.in, pool).feed(ctx, work, ordered) }()
	for range r.Jobs {
		g.Go(func() error { return (&decoder{r.judge, pool}).run(ctx, work) })
	}
	g.Go(func() error {
		for {
			c, more, err := receive(ctx, ordered)
			if err != nil {
				return err
			}
			if !more {
				return errors.Join(<-ended, r.finish())
			}
			d, _, err := receive(ctx, c.done)
			if err != nil {
				return err
			}
			if err := r.take(d); err != nil {
				return err
			}
		}
	})
	return g.Wait()
}

// receive waits for a value, for the end of values, or for the end of ctx.
func receive[T any](ctx context.Context, from <-chan T) (v T, more bool, err error) {
	select {
	case v, more = <-from:
		return v, more, nil
	case <-ctx.Done():
		return v, false, ctx.Err()
	}
}

// take joins what a chunk holds to what came before it.
func (r *run) take(d *decoded) error {
	r.sum.Events += d.events
	for t, n := range d.unknown {
		if r.sum.Unknown == nil {
			r.sum.Unknown = make(map[rules.EventType]int)
		}
		r.sum.Unknown[t] += n
	}
	for _, refused := range d.refused {
		if err := r.refuse(refused); err != nil {
			return err
		}
	}
	r.Progress(d.size)
	if d.first == nil {
		if d.events == 0 && len(d.refused) > 0 {
			return r.finish() // so that no group has a line too long to hold inside
		}
		return nil
	}
	if r.open != nil && r.open.of(d.first.store, d.first.order) {
		r.open.events = append(r.open.events, d.first.events...)
		r.open.span.end = d.first.span.end
	} else {
		if err := r.finish(); err != nil {
			return err
		}
		r.open = d.first
	}
	if d.last == nil {
		return nil
	}
	if err := r.finish(); err != nil {
		return err
	}
	for _, j := range d.whole {
		if err := r.keep(j); err != nil {
			return err
		}
	}
	r.open = d.last
	return nil
}

// finish judges the open group: no more of it follows.
func (r *run) finish() error {
	if r.open == nil {
		return nil
	}
	j, err := r.judge.group(r.open)
	if err != nil {
		return err
	}
	r.open = nil
	return r.keep(j)
}

// keep takes a group's verdict, unless its order is to be judged again anyway.
func (r *run) keep(j *judged) error {
	again, err := r.index.add(j)
	if err != nil || again {
		return err
	}
	return r.sorter.add(j.verdict)
}

// shownRefusals is how many refused lines are told in full.
const shownRefusals = 20

// refuse tells of a refused line and keeps it for mending.
func (r *run) refuse(x refusal) error {
	if r.sum.Refused++; r.sum.Refused <= shownRefusals {
		_, _ = fmt.Fprintf(r.Log, "line %d: %v\n", x.line, x.err)
	}
	if r.Refused == io.Discard {
		return nil
	}
	if _, err := io.Copy(r.Refused, io.NewSectionReader(r.in, x.span.at, x.span.end-x.span.at)); err != nil {
		return fmt.Errorf("keep refused line %d: %w", x.line, err)
	}
	var last [1]byte
	if _, err := r.in.ReadAt(last[:], x.span.end-1); err == nil && last[0] != '\n' {
		_, err := r.Refused.Write([]byte{'\n'})
		return err
	}
	return nil
}

// again judges the orders that the first reading could not see whole.
func (r *run) again(ctx context.Context) error {
	s := newSecond(r.judge, r.in)
	if err := r.index.suspects(func(e entry) error { return s.hold(r.index, e) }); err != nil {
		return err
	}
	r.sum.Reread = len(s.places)
	return s.run(ctx, r.Jobs, r.sorter.add)
}

// notes tells what the user should know beside the verdicts.
func (r *run) notes() {
	note := func(n int, format string, args ...any) {
		if n > 0 {
			_, _ = fmt.Fprintf(r.Log, format+"\n", args...)
		}
	}
	s := &r.sum
	note(s.Refused-shownRefusals, "… and %d more refused lines", s.Refused-shownRefusals)
	note(s.Refused, "%d of %d events refused", s.Refused, s.Refused+s.Events)
	for _, t := range slices.Sorted(maps.Keys(s.Unknown)) {
		note(1, "%d events of the unknown type %.128q: without effect", s.Unknown[t], t)
	}
	note(s.NotCreated, "%d orders without order.created by then: left out", s.NotCreated)
	note(s.Reread, "%d of %d orders lie scattered over the input or share a parcel: read again, their places held in memory (it stays flat when the input is grouped by order)",
		s.Reread, s.Orders+s.NotCreated)
}

// report is one of the formats.
type report interface {
	add(v *verdict) error // in order
	end(s *Summary) error
}

func (r *run) report(w *bufio.Writer) (report, error) {
	switch r.Format {
	case JSON, "":
		return jsonReport{w}, nil
	case Table:
		return newTable(w, r.AsOf, r.zone()), nil
	case HTML:
		return newPage(w, r.AsOf, r.zone()), nil
	}
	return nil, fmt.Errorf("format %q: expected json, table or html", r.Format)
}

// zone is the platform's time zone, in which people read times.
func (r *run) zone() *time.Location {
	if r.judge.only != nil {
		return r.judge.only.Location()
	}
	return r.judge.book.InForce(platform, r.AsOf).Location()
}

// jsonReport writes one assessment a line.
type jsonReport struct{ w *bufio.Writer }

func (r jsonReport) add(v *verdict) error {
	if _, err := r.w.Write(v.line); err != nil {
		return err
	}
	return r.w.WriteByte('\n')
}

func (jsonReport) end(*Summary) error { return nil }
