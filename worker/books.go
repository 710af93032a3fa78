package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"go.temporal.io/sdk/client"

	"parcelward/internal/protocol"
	"parcelward/internal/temporalclient"
)

// books has the statement of each store made every month, and its health looked at every week:
// of the stores that are configured, and of those that the inbox has orders of, whoever sent them.
type books struct {
	client     client.Client
	configured []string
	inbox      interface {
		Stores(ctx context.Context) ([]string, error)
	}
	zone  string // IANA: the platform's
	clock protocol.Clock

	ensured map[string]bool // stores whose schedules are there
}

// ensure sees to the stores that are new to this worker. One that fails does not keep the others
// from theirs, and is new again the next time.
func (b *books) ensure(ctx context.Context) error {
	known, err := b.inbox.Stores(ctx)
	errs := []error{err}
	for _, store := range slices.Concat(b.configured, known) {
		if b.ensured[store] {
			continue
		}
		if err := b.schedule(ctx, store); err != nil {
			errs = append(errs, err)
			continue
		}
		b.ensured[store] = true
	}
	return errors.Join(errs...)
}

// storesSeen is how often stores of which the first order came meanwhile are looked for. A new
// store's first statement and week are further away.
const storesSeen = time.Hour

// keep ensures again and again, until ctx ends.
func (b *books) keep(ctx context.Context, log *slog.Logger) {
	turn := time.NewTicker(storesSeen)
	defer turn.Stop()
	for {
		select {
		case <-turn.C:
		case <-ctx.Done():
			return
		}
		if err := b.ensure(ctx); err != nil && ctx.Err() == nil {
			log.Warn("some stores may have no monthly statement and no weekly health yet; tried again within the hour", "error", err)
		}
	}
}

// schedule has a store's statement made on the 2nd of each month, and its health looked at each
// Monday, at 09:00 in the platform's zone.
func (b *books) schedule(ctx context.Context, store string) error {
	nine := []client.ScheduleRange{{Start: 9}}
	return errors.Join(
		temporalclient.EnsureSchedule(ctx, b.client, temporalclient.Schedule{
			ID: protocol.StatementID(store), Workflow: protocol.WorkflowStatement, Zone: b.zone,
			At:      &client.ScheduleCalendarSpec{DayOfMonth: []client.ScheduleRange{{Start: 2}}, Hour: nine},
			Input:   protocol.StatementInput{Store: store, Clock: b.clock},
			Summary: "Monthly statement of " + store + " · 月度对账单",
		}),
		temporalclient.EnsureSchedule(ctx, b.client, temporalclient.Schedule{
			ID: protocol.HealthID(store), Workflow: protocol.WorkflowHealth, Zone: b.zone,
			At:      &client.ScheduleCalendarSpec{DayOfWeek: []client.ScheduleRange{{Start: 1}}, Hour: nine},
			Input:   protocol.HealthInput{Store: store, Clock: b.clock},
			Summary: "Weekly health of " + store + " · 店铺周健康",
		}))
}
