package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"parcelward/internal/config"
	"parcelward/internal/connect"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/temporalclient"
)

// ensureSchedules has every tracking service asked, and the orders of every store that is read,
// again and again.
func ensureSchedules(ctx context.Context, c client.Client, db *postgres.DB, w config.Worker, services connect.Services) error {
	var errs []error
	for _, name := range services.Fleet.Names() {
		errs = append(errs, db.Serve(ctx, name))
		errs = append(errs, temporalclient.EnsureSchedule(ctx, c, temporalclient.Schedule{
			ID: protocol.SweepID(name), Workflow: protocol.WorkflowSweep, Every: w.SweepEvery,
			Input:   protocol.SweepInput{Service: name, Clock: w.Clock.Protocol()},
			Summary: "Ask " + name + " about parcels that are due · 批量查询轨迹",
		}))
	}
	if services.AliExpress != nil {
		platform := services.AliExpress.Name()
		for _, store := range w.AliExpress.Stores {
			errs = append(errs, temporalclient.EnsureSchedule(ctx, c, temporalclient.Schedule{
				ID: protocol.OrdersID(platform, store), Workflow: protocol.WorkflowOrders, Every: w.AliExpress.PollEvery,
				Input:   protocol.OrdersInput{Platform: platform, Store: store, FirstDays: w.AliExpress.FirstDays, Clock: w.Clock.Protocol()},
				Summary: "Read the changed orders of " + store + " at " + platform + " · 读取平台订单",
			}))
		}
	}
	return errors.Join(errs...)
}

// unservedAfter is how long no worker has had a service whose Schedule is then retired. It is long,
// so that all workers may stand still for a while.
const unservedAfter = 24 * time.Hour

// retireSchedules has services that were taken out of the configuration asked no more, until ctx
// ends. One that this worker lacks may be another's.
func retireSchedules(ctx context.Context, c client.Client, db *postgres.DB, mine []string, log *slog.Logger) {
	turn := time.NewTicker(time.Hour)
	defer turn.Stop()
	for {
		retired, err := temporalclient.RetireSchedules(ctx, c, protocol.SweepID(""), func(id string) (bool, error) {
			service := strings.TrimPrefix(id, protocol.SweepID(""))
			if slices.Contains(mine, service) {
				return true, nil
			}
			return db.Served(ctx, service, unservedAfter)
		})
		if len(retired) > 0 {
			log.Info("no worker has these services any more; their schedules are deleted", "schedules", retired)
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("schedules of services that are gone may be left", "error", err)
		}
		select {
		case <-turn.C:
		case <-ctx.Done():
			return
		}
	}
}
