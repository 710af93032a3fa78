package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parcelward/internal/port"
	"parcelward/internal/postgres/query"
	"parcelward/internal/rules"
)

// tracked are the numbers that recordings bring, each with the first order that has it, in
// the order in which all lock them.
func tracked(p *query.InsertParcelsParams) query.InsertTrackedParams {
	places := make([]int, len(p.Numbers))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int {
		return cmp.Or(cmp.Compare(p.Stores[a], p.Stores[b]), cmp.Compare(p.Numbers[a], p.Numbers[b]))
	})
	var t query.InsertTrackedParams
	for i, at := range places {
		if i > 0 && p.Stores[at] == p.Stores[places[i-1]] && p.Numbers[at] == p.Numbers[places[i-1]] {
			continue
		}
		t.Stores, t.Numbers, t.Orders = append(t.Stores, p.Stores[at]), append(t.Numbers, p.Numbers[at]), append(t.Orders, p.Orders[at])
		t.Carriers, t.Services = append(t.Carriers, p.Carriers[at]), append(t.Services, p.Services[at])
	}
	return t
}

// ClaimDue implements [port.Sweeps].
func (db *DB) ClaimDue(ctx context.Context, scope port.Scope, now time.Time, most int, lease time.Duration) ([]port.Due, error) {
	carriers := scope.Carriers
	if carriers == nil {
		carriers = []string{}
	}
	rows, err := db.q.ClaimTracked(ctx, query.ClaimTrackedParams{
		VirtualNow: now, LeaseSeconds: lease.Seconds(), Carriers: carriers, Among: !scope.Others, Most: int32(most), //nolint:gosec // a batch
	})
	if err != nil {
		return nil, fmt.Errorf("claim parcels to ask about: %w", err)
	}
	due := make([]port.Due, len(rows))
	for i, r := range rows {
		due[i] = port.Due{
			Tracked: port.Tracked{Store: r.Store, Order: r.OrderNo, Number: r.TrackingNumber, Carrier: r.Carrier, Service: r.ServiceCode, Country: r.Country},
			Hash:    r.AnswerHash, WatchedBy: r.WatchedBy, Attempts: int(r.Attempts), CheckBy: utc(r.CheckBy), First: r.FirstOfCarrier, AskedAt: utc(r.AskedAt),
		}
		if err := json.Unmarshal(r.Plan, &due[i].Plan); err != nil {
			return nil, fmt.Errorf("plan of %s: %w", r.TrackingNumber, err)
		}
	}
	return due, nil
}

// Finish implements [port.Sweeps].
func (db *DB) Finish(ctx context.Context, asked []port.Asked, at time.Time) error {
	p := query.FinishTrackedParams{AskedAt: at}
	for i := range asked {
		a := &asked[i]
		plan, err := planText(a.Plan)
		if err != nil {
			return err
		}
		p.Stores = append(p.Stores, a.Store)
		p.Numbers = append(p.Numbers, a.Number)
		p.Plans = append(p.Plans, plan)
		p.Nexts = append(p.Nexts, spanOf(a.Next))
		p.Errors = append(p.Errors, text(a.Error))
		p.Claimed = append(p.Claimed, a.Hash)
		p.Answers = append(p.Answers, a.Answer)
		p.ClaimedWatched = append(p.ClaimedWatched, a.WatchedBy)
		p.Watched = append(p.Watched, a.Watched)
		p.Heard = append(p.Heard, a.Heard)
	}
	if err := db.q.FinishTracked(ctx, p); err != nil {
		return fmt.Errorf("note what became of %d parcels asked about: %w", len(asked), err)
	}
	return nil
}

// GiveBack implements [port.Sweeps].
func (db *DB) GiveBack(ctx context.Context, due []port.Due) error {
	var p query.ReleaseTrackedParams
	for i := range due {
		p.Stores, p.Numbers = append(p.Stores, due[i].Store), append(p.Numbers, due[i].Number)
	}
	if err := db.q.ReleaseTracked(ctx, p); err != nil {
		return fmt.Errorf("give %d parcels back: %w", len(due), err)
	}
	return nil
}

// So many failures in a row are nothing; from then on each brings a pause, bounded.
const (
	failurePatience = 4
	maxPause        = 5 * time.Minute
)

// Slot implements [port.Sweeps].
func (db *DB) Slot(ctx context.Context, service string, every, most time.Duration) (time.Duration, error) {
	take := query.TakeSlotParams{Service: service, EverySeconds: every.Seconds(), MostSeconds: most.Seconds()}
	seconds, err := db.q.TakeSlot(ctx, take)
	if errors.Is(err, pgx.ErrNoRows) { // paused, or never called before
		if err := db.q.EnsureService(ctx, service); err != nil {
			return 0, fmt.Errorf("limits of %s: %w", service, err)
		}
		if seconds, err = db.q.TakeSlot(ctx, take); errors.Is(err, pgx.ErrNoRows) {
			return 0, fmt.Errorf("%s: %w", service, port.ErrBusy)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("take a slot of %s: %w", service, err)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// Pause implements [port.Sweeps].
func (db *DB) Pause(ctx context.Context, service string, after time.Duration) error {
	err := db.q.PauseService(ctx, query.PauseServiceParams{Service: service, AfterSeconds: after.Seconds(), Patience: failurePatience, MostSeconds: maxPause.Seconds()})
	if err != nil {
		return fmt.Errorf("pause %s: %w", service, err)
	}
	return nil
}

// Answered implements [port.Sweeps].
func (db *DB) Answered(ctx context.Context, service string) error {
	if err := db.q.ServiceAnswered(ctx, service); err != nil {
		return fmt.Errorf("note that %s answers: %w", service, err)
	}
	return nil
}

// Serve implements [port.Sweeps].
func (db *DB) Serve(ctx context.Context, service string) error {
	if err := db.q.ServeService(ctx, service); err != nil {
		return fmt.Errorf("note that %s is served: %w", service, err)
	}
	return nil
}

// Served tells whether a worker that has a service swept within a span (real).
func (db *DB) Served(ctx context.Context, service string, within time.Duration) (bool, error) {
	served, err := db.q.ServedWithin(ctx, query.ServedWithinParams{Service: service, Seconds: within.Seconds()})
	if err != nil {
		return false, fmt.Errorf("read when %s was served: %w", service, err)
	}
	return served, nil
}

// TakeLook implements [port.Sweeps].
func (db *DB) TakeLook(ctx context.Context, service string, now time.Time, every time.Duration) (bool, error) {
	n, err := db.q.TakeLook(ctx, query.TakeLookParams{Service: service, VirtualNow: now, NextLookAt: now.Add(every)})
	if err != nil {
		return false, fmt.Errorf("take the look at %s: %w", service, err)
	}
	return n > 0, nil
}

// Watched implements [port.Sweeps].
func (db *DB) Watched(ctx context.Context, service, after string, most int) ([]string, error) {
	numbers, err := db.q.WatchedNumbers(ctx, query.WatchedNumbersParams{Service: service, After: after, Most: int32(most)}) //nolint:gosec // a batch
	if err != nil {
		return nil, fmt.Errorf("list what %s watches: %w", service, err)
	}
	return numbers, nil
}

// planPolls writes how often the parcels of an order are to be asked about, as judged at now.
func planPolls(ctx context.Context, q *query.Queries, o *Order, h *Handing) error {
	if len(h.Polls) == 0 {
		return nil
	}
	p := query.PlanPollsParams{Store: o.Store, Country: h.View.Country, Judged: h.JudgedAt}
	polled := query.NotePolledParams{OrderPk: o.pk, Store: o.Store}
	for number, poll := range h.Polls {
		text, err := planText(poll.Plan)
		if err != nil {
			return err
		}
		p.Numbers, p.Plans = append(p.Numbers, number), append(p.Plans, text)
		next := poll.Plan.Next(h.JudgedAt)
		p.Nexts, p.Checks = append(p.Nexts, spanOf(next)), append(p.Checks, spanOf(poll.CheckBy))
		polled.Polled = append(polled.Polled, !next.IsZero())
	}
	polled.Numbers = p.Numbers
	if err := q.NotePolled(ctx, polled); err != nil {
		return fmt.Errorf("note whose carriers are asked: %w", err)
	}
	if err := q.LockTracked(ctx, query.LockTrackedParams{Store: o.Store, Numbers: p.Numbers}); err != nil {
		return fmt.Errorf("lock tracked numbers: %w", err)
	}
	if err := q.PlanPolls(ctx, p); err != nil {
		return fmt.Errorf("plan when carriers are asked: %w", err)
	}
	return nil
}

func planText(plan rules.PollPlan) (string, error) {
	if plan == nil {
		plan = rules.PollPlan{}
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return "", fmt.Errorf("encode a poll plan: %w", err)
	}
	return string(text), nil
}
