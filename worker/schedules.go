package main

import (
	"context"
	"errors"

	"go.temporal.io/sdk/client"

	"parcelward/internal/config"
	"parcelward/internal/connect"
	"parcelward/internal/protocol"
	"parcelward/internal/temporalclient"
)

// ensureSchedules has every tracking service asked, and the orders of every store read, again
// and again.
func ensureSchedules(ctx context.Context, c client.Client, w config.Worker, services connect.Services) error {
	var errs []error
	for _, name := range services.Fleet.Names() {
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
