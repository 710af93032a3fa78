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
}

// Dispatcher hands facts to Temporal. Several may work on one database.
type Dispatcher struct {
	db       *postgres.DB
	temporal Temporal
	book     *policy.Book
	calendar *calendar.Calendar
	clock    protocol.Clock
	log      *slog.Logger
	options  Options

	wake     chan struct{}
	server   *outage // of Temporal
	database *outage
}

// New returns a Dispatcher that judges by the packs of book and by cal, at the time of clock.
func New(db *postgres.DB, temporal Temporal, book *policy.Book, cal *calendar.Calendar, clock protocol.Clock, log *slog.Logger, o Options) *Dispatcher {
	o.Workers = cmp.Or(o.Workers, 8)
	o.Poll = cmp.Or(o.Poll, 250*time.Millisecond)
	o.CallTimeout = cmp.Or(o.CallTimeout, 5*time.Second)
	return &Dispatcher{
		db: db, temporal: temporal, book: book, calendar: cal, clock: clock, log: log, options: o, wake: make(chan struct{}, 1),
		server: &outage{what: "Temporal", log: log}, database: &outage{what: "the database", log: log},
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

// job is a claimed order. During an outage only the probe is tried.
type job struct {
	order *postgres.Order
	probe bool
}

// Run hands facts until ctx ends, and finishes what it has begun: at most a few calls' time.
func (d *Dispatcher) Run(ctx context.Context) error {
	jobs := make(chan job)
	var workers sync.WaitGroup
	for range d.options.Workers {
		workers.Go(func() {
			for j := range jobs {
				d.work(context.WithoutCancel(ctx), j)
			}
		})
	}
	for ctx.Err() == nil {
		if d.feed(ctx, jobs) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-d.wake:
		case <-time.After(d.options.Poll):
		}
	}
	close(jobs)
	workers.Wait()
	return nil
}

// lease is for how long claimed orders are ours: until all of them have been tried, with
// Temporal at its slowest.
func (d *Dispatcher) lease() time.Duration { return 3 * d.options.CallTimeout }

// feed claims orders and gives them to the workers. It reports whether there may be more.
func (d *Dispatcher) feed(ctx context.Context, jobs chan<- job) bool {
	most, probe := 2*d.options.Workers, d.server.down()
	if probe {
		most = 1
		d.server.pause(ctx)
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
		select {
		case jobs <- job{&claimed[i], probe}:
		case <-ctx.Done():
			for j := i; j < len(claimed); j++ {
				d.release(context.WithoutCancel(ctx), &claimed[j], 0, nil)
			}
			return false
		}
	}
	return len(claimed) == most
}

func (d *Dispatcher) claim(ctx context.Context, most int) ([]postgres.Order, error) {
	waiting, err := d.db.ClaimWaiting(ctx, most, d.lease())
	if err != nil || len(waiting) == most {
		return waiting, err
	}
	due, err := d.db.ClaimRechecks(ctx, most-len(waiting), d.lease(), d.clock.Virtual(time.Now()))
	return append(waiting, due...), err
}

// work hands one order and sees to what went wrong.
func (d *Dispatcher) work(ctx context.Context, j job) {
	if d.server.down() && !j.probe {
		d.release(ctx, j.order, 0, nil)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, d.lease())
	defer cancel()
	settled, err := d.guarded(ctx, j.order)
	switch {
	case err == nil && settled:
	case err == nil: // a workflow loaded facts meanwhile: judge again
		d.release(ctx, j.order, 0, nil)
		d.Wake()
	case unreachable(err):
		d.server.failed(err)
		d.release(context.WithoutCancel(ctx), j.order, 0, nil)
	default:
		after := min(time.Second<<min(j.order.Attempts, 10), maxRetry)
		d.log.Error("order not handed to Temporal; others go on", "store", j.order.Store, "order", j.order.Order,
			"attempt", j.order.Attempts+1, "again_in", after, "error", err)
		d.release(context.WithoutCancel(ctx), j.order, after, err)
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
