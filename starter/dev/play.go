package dev

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"parcelward/internal/api"
	"parcelward/internal/audit"
	"parcelward/internal/demo"
	"parcelward/internal/demo/player"
	"parcelward/internal/dispatch"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
)

const (
	atOnce       = 200 // bounds a batch of events
	peopleAtOnce = 8
)

// Play sends the scenario's events, originals and scores over HTTP, each at its virtual time or as
// soon after as can be, and returns when the scenario is over. Scans it leaves to the twins, which
// push them.
func (s *Stack) Play(ctx context.Context, sc demo.Scenario) error {
	client := s.Server.Client()
	steps := slices.DeleteFunc(slices.Clone(sc.Events), func(e demo.Sent) bool { return e.Scan })
	// People work side by side: an original that is being examined keeps no event waiting.
	people, working := errgroup.WithContext(ctx)
	people.SetLimit(peopleAtOnce)
	err := s.play(working, client, steps, people)
	if err := errors.Join(err, people.Wait()); err != nil {
		return err
	}
	return s.until(ctx, sc.Origin.Add(sc.Span))
}

func (s *Stack) play(ctx context.Context, client api.Client, steps []demo.Sent, people *errgroup.Group) error {
	for len(steps) > 0 {
		if err := s.until(ctx, steps[0].At); err != nil {
			return err
		}
		if steps[0].Event == nil {
			act := &steps[0]
			people.Go(func() error { return player.Act(ctx, client, act) })
			steps = steps[1:]
			continue
		}
		now := s.Now()
		var due [][]byte
		for len(steps) > 0 && len(due) < atOnce && steps[0].Event != nil && !steps[0].At.After(now) {
			due = append(due, steps[0].Event)
			steps = steps[1:]
		}
		receipt, err := client.Send(ctx, due)
		if err != nil {
			return err
		}
		if len(receipt.Refused) > 0 {
			return fmt.Errorf("an event of the demo was refused: %s", receipt.Refused[0].String())
		}
	}
	return nil
}

// until waits for a virtual moment.
func (s *Stack) until(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(s.Clock.Real(at.Sub(s.Now())))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Verdict compares what became of an order with what should have.
type Verdict struct {
	Order       string
	Outcome     rules.Assessment // live, as of the scenario's end
	Beside      demo.Beside      // likewise
	Expected    demo.Outcome
	Differences []string // none: all is as it should be
}

// Judge asks the workflows what became of the scenario's orders, and compares it with the
// backtest of the same events and with what the scenario expects. What differs gets some
// seconds to settle.
func (s *Stack) Judge(ctx context.Context, sc demo.Scenario) ([]Verdict, error) {
	const patience = 15 * time.Second
	for end := time.Now().Add(patience); ; {
		verdicts := make([]Verdict, 0, len(sc.Expected))
		good := true
		for _, order := range slices.Sorted(maps.Keys(sc.Expected)) {
			v, err := s.judge(ctx, sc, order)
			if err != nil {
				return nil, err
			}
			good = good && len(v.Differences) == 0
			verdicts = append(verdicts, v)
		}
		if good || time.Now().After(end) {
			return verdicts, nil
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (s *Stack) judge(ctx context.Context, sc demo.Scenario, order string) (Verdict, error) {
	v := Verdict{Order: order, Expected: sc.Expected[order]}
	end := sc.Origin.Add(sc.Span)
	o, k, err := dispatch.Known(ctx, s.Inbox(), demo.Store, order)
	if err != nil {
		return v, err
	}
	rs, err := s.Server.Rules.For(k.All, o.Policy)
	if err != nil {
		return v, err
	}
	backtest, err := audit.Assessment(k.All, rs, end)
	if err != nil {
		return v, err
	}
	live, err := temporalclient.Orders{Client: s.Server.Temporal}.Assessment(ctx, demo.Store, order, end)
	if errors.Is(err, temporalclient.ErrNotRunning) || errors.Is(err, temporalclient.ErrNoAnswer) {
		v.Differences = append(v.Differences, "workflow: "+err.Error())
		return v, nil
	}
	if err != nil {
		return v, err
	}
	for _, c := range audit.Diff(backtest, live) {
		v.Differences = append(v.Differences, fmt.Sprintf("%s: backtest %s, live %s", c.Key, c.Want, c.Got))
	}
	if err := json.Unmarshal(live, &v.Outcome); err != nil { //nolint:musttag // money and times read themselves
		return v, fmt.Errorf("read the assessment of %s: %w", order, err)
	}
	if err := s.beside(ctx, &v, k.All, rs, end); err != nil {
		return v, err
	}
	v.compare()
	return v, nil
}

// beside tells what became of all that no assessment shows, as the inbox, the books and the
// workflows say; it reports where they differ.
func (s *Stack) beside(ctx context.Context, v *Verdict, facts *rules.Facts, rs rules.Ruleset, end time.Time) error {
	v.Beside = demo.BesideOf(facts, rs, end)
	recorded, err := s.Inbox().Complaints(ctx, demo.Store, v.Order)
	if err != nil {
		return err
	}
	var booked []rules.ComplaintStatus
	for i := range recorded {
		booked = append(booked, recorded[i].Status)
	}
	v.differs("complaints in the books", v.Beside.Complaints, booked)
	for _, want := range v.Expected.Tickets {
		patient, stop := context.WithTimeout(ctx, ticketPatience)
		var result protocol.TicketResult
		err := s.Server.Temporal.GetWorkflow(patient, want.ID, "").Get(patient, &result)
		stop()
		if err != nil {
			v.Differences = append(v.Differences, fmt.Sprintf("%s: %v", want.ID, err))
			continue
		}
		v.Beside.Tickets = append(v.Beside.Tickets, demo.Ticket{ID: want.ID, Topic: want.Topic, Status: result.Outcome, Number: result.TicketID})
	}
	return nil
}

// ticketPatience is how long the end of a ticket's story is waited for.
const ticketPatience = 2 * time.Second

// compare adds what is not as the scenario expects.
func (v *Verdict) compare() {
	var statuses []rules.CaseStatus
	for _, c := range v.Outcome.Cases {
		statuses = append(statuses, c.Status)
	}
	var reasons []string
	if v.Outcome.Claim != nil {
		reasons = v.Outcome.Claim.Reasons
	}
	v.differs("stage", v.Expected.Stage, v.Outcome.Stage)
	v.differs("cases", v.Expected.Cases, statuses)
	v.differs("claim.reasons", v.Expected.Reasons, reasons)
	v.differs("protection", v.Expected.Protection, v.Beside.Protection)
	v.differs("complaints", v.Expected.Complaints, v.Beside.Complaints)
	v.differs("tickets", v.Expected.Tickets, v.Beside.Tickets)
}

func (v *Verdict) differs(key string, want, got any) {
	if w, g := fmt.Sprint(want), fmt.Sprint(got); w != g {
		v.Differences = append(v.Differences, fmt.Sprintf("%s: expected %s, live %s", key, w, g))
	}
}

// Audit recomputes all orders of the run, and asks every workflow.
func (s *Stack) Audit(ctx context.Context) (*audit.Report, error) {
	return audit.Run(ctx, audit.Options{
		DB: s.Inbox(), Workflows: temporalclient.Orders{Client: s.Server.Temporal}, Rules: s.Server.Rules, Clock: s.Clock, Sample: 1,
	})
}
