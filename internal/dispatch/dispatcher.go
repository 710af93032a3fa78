package dispatch

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"parcelward/internal/config"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/policy"
)

// Temporal is what the dispatcher needs of a Temporal client.
type Temporal interface {
	ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	SignalWorkflow(ctx context.Context, workflowID, runID, signal string, arg any) error
}

// Options tune a Dispatcher. All are real time.
type Options struct {
	// Workers is how many orders are handed at once. Each waits for Temporal most of its
	// time, so it may exceed the cores. Defaults to 8.
	Workers int
	// Poll is how often the inbox is looked into without a Wake: the delay of facts that
	// another process took in. Defaults to 250 ms.
	Poll time.Duration
	// CallTimeout bounds one call to Temporal, retries of its client included. Defaults to 5 s.
	CallTimeout time.Duration
	// Pace is how fast facts must come to their orders, and who hears when they do not.
	Pace Pace
}

// Dispatcher hands facts to Temporal. Several may work on one database.
type Dispatcher struct {
	db       *postgres.DB
	temporal Temporal
	rules    config.Rules
	clock    protocol.Clock
	log      *slog.Logger
	options  Options

	wake     chan struct{}
	slots    chan struct{} // filled by orders at work
	claims   int
	server   *outage // of Temporal
	database *outage
	pace     *pace
}

// New returns a Dispatcher that judges by the packs of book and by cal, at the time of clock.
func New(db *postgres.DB, temporal Temporal, book *policy.Book, cal *calendar.Calendar, clock protocol.Clock, log *slog.Logger, o Options) *Dispatcher {
	o.Workers = cmp.Or(o.Workers, 8)
	o.Poll = cmp.Or(o.Poll, 250*time.Millisecond)
	o.CallTimeout = cmp.Or(o.CallTimeout, 5*time.Second)
	return &Dispatcher{
		db: db, temporal: temporal, rules: config.Rules{Book: book, Calendar: cal}, clock: clock, log: log, options: o,
		wake: make(chan struct{}, 1), slots: make(chan struct{}, o.Workers),
		server: &outage{what: "Temporal", log: log}, database: &outage{what: "the database", log: log},
		pace: newPace(o.Pace, log),
	}
}

// Wake makes Run look into the inbox at once. Call it after taking events in. It never blocks.
func (d *Dispatcher) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Healthy reports nil while Temporal and the database were reachable when last needed.
func (d *Dispatcher) Healthy() error {
	if err := d.server.cause(); err != nil {
		return err
	}
	return d.database.cause()
}

// Run hands facts until ctx ends, and finishes what it has begun: at most a few calls' time.
func (d *Dispatcher) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	workers.Go(func() { d.pace.watch(ctx) })
	for ctx.Err() == nil {
		if d.feed(ctx, &workers) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-d.wake:
		case <-time.After(d.options.Poll):
		}
	}
	workers.Wait()
	return nil
}

// patience is how long the work on one order may take, with Temporal at its slowest.
func (d *Dispatcher) patience() time.Duration { return 3 * d.options.CallTimeout }

// lease is for how long a claimed order is ours: longer than the work on it, which begins at
// once.
func (d *Dispatcher) lease() time.Duration { return d.patience() + d.options.CallTimeout }

// feed claims as many orders as there are free workers and sets them to work. It reports
// whether there may be more. During an outage of Temporal it tries one order after the other.
func (d *Dispatcher) feed(ctx context.Context, workers *sync.WaitGroup) bool {
	probe := d.server.down()
	if probe {
		d.server.pause(ctx)
	}
	select {
	case d.slots <- struct{}{}: // all busy: wait for one
		<-d.slots
	case <-ctx.Done():
		return false
	}
	most := cap(d.slots) - len(d.slots)
	if probe {
		most = 1
	}
	claimed, err := d.claim(ctx, most)
	if err != nil {
		if ctx.Err() == nil {
			d.database.failed(err)
			d.database.pause(ctx)
		}
		return true
	}
	d.database.ended()
	for i := range claimed {
		if probe {
			d.work(context.WithoutCancel(ctx), &claimed[i], probe)
			continue
		}
		d.slots <- struct{}{}
		workers.Go(func() {
			defer func() { <-d.slots }()
			d.work(context.WithoutCancel(ctx), &claimed[i], probe)
		})
	}
	return len(claimed) == most
}

// recheckTurn is every how many claims the orders to look at again go first: a backlog of
// facts must not keep them waiting, nor they the facts.
const recheckTurn = 4

func (d *Dispatcher) claim(ctx context.Context, most int) ([]postgres.Order, error) {
	waiting := func(n int) ([]postgres.Order, error) { return d.db.ClaimWaiting(ctx, n, d.lease()) }
	due := func(n int) ([]postgres.Order, error) {
		return d.db.ClaimRechecks(ctx, n, d.lease(), d.clock.Virtual(time.Now()))
	}
	first, second := waiting, due
	if d.claims++; d.claims%recheckTurn == 0 {
		first, second = due, waiting
	}
	claimed, err := first(most)
	if err != nil || len(claimed) == most {
		return claimed, err
	}
	more, err := second(most - len(claimed))
	if err != nil && len(claimed) > 0 {
		return claimed, nil // they are ours; the error comes again with the next claim
	}
	return append(claimed, more...), err
}

// work hands one order and sees to what went wrong. During an outage only a probe is tried.
func (d *Dispatcher) work(ctx context.Context, o *postgres.Order, probe bool) {
	if d.server.down() && !probe {
		d.release(ctx, o, 0, nil)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, d.patience())
	defer cancel()
	settled, err := d.guarded(ctx, o)
	switch {
	case err == nil && settled:
	case err == nil: // a workflow loaded facts meanwhile, or the lease ran out: judge again
		d.release(ctx, o, 0, nil)
		d.Wake()
	case unreachable(err):
		d.server.failed(err)
		d.pace.failed(o.Store)
		d.release(context.WithoutCancel(ctx), o, 0, nil)
	default:
		d.pace.failed(o.Store)
		after := min(time.Second<<min(o.Attempts, 10), maxRetry)
		d.log.Error("order not handed to Temporal; others go on", "store", o.Store, "order", o.Order,
			"attempt", o.Attempts+1, "again_in", after, "error", err)
		d.release(context.WithoutCancel(ctx), o, after, err)
	}
}

// maxRetry is how long an order that cannot be handed waits at most for the next attempt.
const maxRetry = 5 * time.Minute

// guarded keeps a fault in one order's facts from ending the process for all.
func (d *Dispatcher) guarded(ctx context.Context, o *postgres.Order) (settled bool, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
		}
	}()
	return d.hand(ctx, o)
}

// release gives an order back. Failing that, its lease runs out.
func (d *Dispatcher) release(ctx context.Context, o *postgres.Order, after time.Duration, cause error) {
	ctx, cancel := context.WithTimeout(ctx, d.options.CallTimeout)
	defer cancel()
	if err := d.db.Release(ctx, o, after, cause); err != nil {
		d.database.failed(err)
	}
}
