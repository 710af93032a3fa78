package audit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"parcelward/internal/config"
	"parcelward/internal/dispatch"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
)

// The checks.
const (
	CheckReadModel = "read-model" // the read model differs from what the rules say of all facts
	CheckWorkflow  = "workflow"   // the workflow's assessment differs from that of its facts
	CheckUntold    = "untold"     // facts that the workflow was not given change its story
	CheckRunning   = "running"    // a workflow runs that should not, or the reverse
	CheckInbox     = "inbox"      // the order cannot be recomputed at all
)

// Difference is one thing that is not as it should be.
type Difference struct {
	Store string `json:"store"`
	Order string `json:"order"`
	Check string `json:"check"`
	Key   string `json:"key,omitempty"`
	Want  string `json:"want"`
	Got   string `json:"got"`
}

// Idle is a fact that has no effect on its order.
type Idle struct {
	Store  string          `json:"store"`
	Order  string          `json:"order"`
	Type   rules.EventType `json:"type"`
	Source string          `json:"source"`
	ID     string          `json:"id"`
	At     rules.Stamp     `json:"at"`
}

// Report is what an audit found.
type Report struct {
	Orders      int              `json:"orders"`
	Asked       int              `json:"workflows_asked"`
	Forgotten   int              `json:"workflows_forgotten"` // over, and past retention: they can be asked no more
	Uncreated   int              `json:"orders_not_created"`  // facts are kept, and no order.created is among them
	Differences []Difference     `json:"differences"`
	Idle        []Idle           `json:"facts_without_effect"`
	Unknown     map[string]int64 `json:"unknown_types"` // events, by type
}

// Workflows is what the audit asks of Temporal; temporalclient.Orders is one.
type Workflows interface {
	Assessment(ctx context.Context, store, order string, asOf time.Time) (jsontext.Value, error)
	Running(ctx context.Context, store, order string) (bool, error)
}

// Options are what to audit. DB, Workflows and Rules are required.
type Options struct {
	DB        *postgres.DB
	Workflows Workflows
	Rules     config.Rules
	Clock     protocol.Clock
	// Sample is the share of the workflows that are asked, from 0 to 1.
	Sample float64
	// Patience is how long a difference may last before it counts. Defaults to 5 s.
	Patience time.Duration
}

// page is how many orders are read at once.
const page = 500

// abreast is how many orders are looked at at once.
const abreast = 8

// auditor collects findings.
type auditor struct {
	Options
	mu     sync.Mutex
	report Report
}

// Run audits every order. An error means that the audit could not be carried out, not that
// something differs.
func Run(ctx context.Context, o Options) (*Report, error) {
	o.Patience = cmp.Or(o.Patience, 5*time.Second)
	a := &auditor{Options: o, report: Report{Differences: []Difference{}, Idle: []Idle{}}}
	counts, err := o.DB.Counts(ctx)
	if err != nil {
		return nil, err
	}
	a.report.Unknown = counts.Unknown
	var store, order string
	for {
		orders, err := o.DB.Orders(ctx, store, order, page)
		if err != nil {
			return nil, err
		}
		if len(orders) == 0 {
			break
		}
		if err := a.all(ctx, orders); err != nil {
			return nil, err
		}
		last := orders[len(orders)-1]
		store, order = last.Store, last.Order
	}
	slices.SortStableFunc(a.report.Differences, func(x, y Difference) int {
		return cmp.Or(cmp.Compare(x.Store, y.Store), cmp.Compare(x.Order, y.Order))
	})
	slices.SortStableFunc(a.report.Idle, func(x, y Idle) int {
		return cmp.Or(cmp.Compare(x.Store, y.Store), cmp.Compare(x.Order, y.Order), x.At.Time().Compare(y.At.Time()))
	})
	return &a.report, nil
}

func (a *auditor) all(ctx context.Context, orders []postgres.Order) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	todo := make(chan *postgres.Order)
	var workers sync.WaitGroup
	for range abreast {
		workers.Go(func() {
			for o := range todo {
				if err := a.order(ctx, o.Store, o.Order); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range orders {
		todo <- &orders[i]
	}
	close(todo)
	workers.Wait()
	return context.Cause(ctx)
}

// order looks at one order until nothing differs or patience is over.
func (a *auditor) order(ctx context.Context, store, order string) error {
	ask := rand.Float64() < a.Sample //nolint:gosec // a sample
	for end := time.Now().Add(a.Patience); ; {
		f, err := a.look(ctx, store, order, ask)
		if err != nil {
			return err
		}
		if len(f.differences) == 0 || time.Now().After(end) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.report.Orders++
			a.report.Asked += f.asked
			a.report.Forgotten += f.forgotten
			a.report.Uncreated += f.uncreated
			a.report.Differences = append(a.report.Differences, f.differences...)
			a.report.Idle = append(a.report.Idle, f.idle...)
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(min(250*time.Millisecond, a.Patience/4)):
		}
	}
}

// finding is what one look at an order found.
type finding struct {
	order            *postgres.Order
	differences      []Difference
	idle             []Idle
	asked, forgotten int
	uncreated        int
}

func (f *finding) differs(check, key, want, got string) {
	f.differences = append(f.differences, Difference{f.order.Store, f.order.Order, check, key, want, got})
}

func (a *auditor) look(ctx context.Context, store, order string, ask bool) (*finding, error) {
	o, k, err := dispatch.Known(ctx, a.DB, store, order)
	all := k.All
	f := &finding{order: &o}
	if o.Store == "" {
		return nil, err // nothing could be read
	}
	if err != nil {
		f.differs(CheckInbox, "", "facts that can be read", err.Error())
		return f, nil
	}
	rs, err := a.Rules.For(all, o.Policy)
	if err != nil {
		f.differs(CheckInbox, "policy", "a loaded pack", err.Error())
		return f, nil
	}
	if rs.Pack == nil {
		f.uncreated = 1 // nothing to judge
		return f, nil
	}
	now := a.Clock.Virtual(time.Now())
	f.idle = idle(all, rs, now)
	switch {
	case o.Waiting():
		got := fmt.Sprintf("up to %d", o.Seen)
		if o.LastError != "" {
			got += ", last error: " + o.LastError
		}
		f.differs(CheckReadModel, "seen", fmt.Sprintf("facts up to %d", o.Latest), got)
		return f, nil
	case !o.RecheckAt.IsZero() && !o.RecheckAt.After(now):
		f.differs(CheckReadModel, "recheck_at", "a time to come", rules.Stamp(o.RecheckAt).String())
		return f, nil
	}
	cases, err := a.DB.Cases(ctx, store, order)
	if err != nil {
		return nil, err
	}
	f.readModel(all, rs, now, cases)
	if o.Started && rules.MustTell(k.Told, all, rs, now) {
		f.differs(CheckUntold, "", fmt.Sprintf("facts up to %d", o.Latest), fmt.Sprintf("up to %d", o.Handed))
	}
	if err := a.running(ctx, f, all, rs, now); err != nil {
		return nil, err
	}
	if ask && o.Started {
		return f, a.workflow(ctx, f, k, rs, now)
	}
	return f, nil
}

// running compares whether a workflow runs with whether one should.
func (a *auditor) running(ctx context.Context, f *finding, all *rules.Facts, rs rules.Ruleset, now time.Time) error {
	end := rules.PlanOrder(all, rs, now).End
	runs := false
	if f.order.Started {
		var err error
		if runs, err = a.Workflows.Running(ctx, f.order.Store, f.order.Order); err != nil {
			return err
		}
	}
	switch {
	case !f.order.Started && rules.MustStart(all, rs, now):
		f.differs(CheckRunning, "", "a running workflow: the order is paid or shipped", "none was ever started")
	case f.order.Started && end == "" && !runs:
		f.differs(CheckRunning, "", "a running workflow: the story is not over", "none runs")
	case end != "" && runs:
		f.differs(CheckRunning, "", "no workflow: the story is over ("+end+")", "one runs")
	}
	return nil
}

// workflow compares what the workflow believes with what it was told. It may know more: what
// it brought about itself is a fact before the dispatcher counts it as told.
func (a *auditor) workflow(ctx context.Context, f *finding, k dispatch.Knowledge, rs rules.Ruleset, now time.Time) error {
	got, err := a.Workflows.Assessment(ctx, f.order.Store, f.order.Order, now)
	if errors.Is(err, temporalclient.ErrNotRunning) {
		f.forgotten = 1 // if it should run, the check for that has said so
		return nil
	}
	if errors.Is(err, temporalclient.ErrNoAnswer) {
		f.differs(CheckWorkflow, "answer", "an answer", err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	f.asked = 1
	told, err := Assessment(k.Told, rs, now)
	if err != nil {
		return err
	}
	known, err := Assessment(k.All, rs, now)
	if err != nil || bytes.Equal(got, told) || bytes.Equal(got, known) {
		return err
	}
	for _, d := range Diff(told, got) {
		f.differs(CheckWorkflow, d.Key, d.Want, d.Got)
	}
	return nil
}

// Assessment is the JSON that the rules' verdict has everywhere; that of the zero
// assessment while the order is not created.
func Assessment(f *rules.Facts, rs rules.Ruleset, asOf time.Time) (jsontext.Value, error) {
	a, _ := rules.Assess(f, rs, asOf)
	line, err := json.Marshal(&a) //nolint:musttag // money and times write themselves
	if err != nil {
		return nil, fmt.Errorf("write the assessment of %s/%s: %w", f.Store, f.Order, err)
	}
	return line, nil
}
