// Worker serves the workflows and activities: configuration, adapters, registration, run.
// It stops gracefully on SIGTERM or Ctrl-C: tasks under way are finished, others go to
// another worker.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"parcelward/activities"
	"parcelward/internal/config"
	"parcelward/internal/connect"
	"parcelward/internal/evidence"
	"parcelward/internal/evidence/preflight"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/sandbox"
	"parcelward/internal/statement"
	"parcelward/internal/temporalclient"
	"parcelward/workflows"
)

// BuildID names this build to Temporal; the linker sets it on a release.
var BuildID = "dev" //nolint:gochecknoglobals // the linker needs a variable

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	c, err := config.LoadWorker()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: c.LogLevel}))
	known, err := c.Rules()
	if err != nil {
		return err
	}
	stores, err := c.StoreProfiles()
	if err != nil {
		return err
	}
	stopTelemetry, err := temporalclient.Telemetry(ctx, "worker", c.OTLPEndpoint)
	if err != nil {
		return err
	}
	defer func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = errors.Join(err, stopTelemetry(late))
	}()
	db, err := postgres.Open(ctx, c.DatabaseURL, postgres.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	bucket, err := evidence.OpenBucket(ctx, c.EvidenceURL)
	if err != nil {
		return err
	}
	vault := evidence.New(bucket, db, "")
	defer func() { err = errors.Join(err, vault.Close()) }()
	temporal, err := temporalclient.Dial(ctx, c.Temporal, log)
	if err != nil {
		return err
	}
	defer temporal.Close()
	if err := checkAttributes(ctx, temporal, c.Temporal.Namespace); err != nil {
		return err
	}
	stories := &workflows.Stories{Book: known.Book, Calendars: known.Calendars}
	services := connect.Connect(&c.Services, c.Clock.Protocol(), db, db)
	for _, problem := range services.Problems {
		log.Error("a service is not asked; the others are", "problem", problem.Error())
	}
	acts := &activities.Activities{
		Inbox: db, Vault: vault, Notifier: notifier{db, log}, Calendar: known.Calendar.Revision(),
		Tracker: services.Fleet, Traces: db, Services: services.Fleet, Sweeps: db, Orders: services.Orders, Reads: db,
		Papers: services.Papers(c.AliExpress.Stores), Warehouse: services.Warehouse,
		Filing:   activities.Assisted{},
		Judge:    &preflight.Checker{Vault: vault, Facts: db, Aliases: db, For: known.For, Now: func() time.Time { return c.Clock.Protocol().Virtual(time.Now()) }},
		Examiner: activities.Examiner{Parcels: db, Tracker: services.Fleet, Services: services.Fleet, Book: known.Book},
		Tickets:  temporalclient.Tickets{Client: temporal, Stores: stores, Calendar: known.Calendar.Revision(), Clock: c.Clock.Protocol()},
		Shipper:  services.Shipper(c.AliExpress.Stores, activities.Assisted{}),
	}
	statements := statement.Maker{Books: db, Book: known.Book, For: known.For}
	acts.Statements = &statements
	acts.Stores = &statement.Stores{Books: db, Facts: db, Book: known.Book, For: known.For}
	if c.Filing == config.FilingSandbox {
		acts.Filing = sandbox.Filing(c.SandboxURL, &http.Client{Timeout: 10 * time.Second})
	}
	if err := ensureSchedules(ctx, temporal, db, c, services); err != nil {
		return err
	}
	every := books{
		client: temporal, configured: slices.Concat(c.AliExpress.Stores, slices.Sorted(maps.Keys(stores))), inbox: db,
		zone: statements.Location(time.Now()).String(), clock: c.Clock.Protocol(), ensured: map[string]bool{},
	}
	if err := every.ensure(ctx); err != nil {
		return err
	}
	retiring, stopRetiring := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() { every.keep(retiring, log) })
	background.Go(func() { retireSchedules(retiring, temporal, db, services.Fleet.Names(), log) })
	defer func() {
		stopRetiring()
		background.Wait()
	}()
	return serve(ctx, temporal, stories, acts, log)
}

// serve runs one worker for each task queue until ctx ends or one of them fails.
func serve(ctx context.Context, c client.Client, stories *workflows.Stories, acts *activities.Activities, log *slog.Logger) error {
	failed := make(chan error, 3)
	options := func(o worker.Options) worker.Options {
		o.WorkerStopTimeout, o.OnFatalError = 10*time.Second, func(err error) { failed <- err }
		o.BuildID = BuildID //nolint:staticcheck // names the build to operators; versioned deployments come with the release pipeline
		return o
	}
	orders := worker.New(c, protocol.QueueOrders, options(worker.Options{}))
	workflows.Register(orders, stories)
	carriers := worker.New(c, protocol.QueueCarriers, options(worker.Options{DisableWorkflowWorker: true, TaskQueueActivitiesPerSecond: 50}))
	evidence := worker.New(c, protocol.QueueEvidence, options(worker.Options{DisableWorkflowWorker: true, MaxConcurrentActivityExecutionSize: 8}))
	var started []worker.Worker
	defer func() {
		var stopping sync.WaitGroup
		for _, w := range started { // together: each may take its whole stop timeout
			stopping.Go(w.Stop)
		}
		stopping.Wait()
	}()
	for _, w := range []worker.Worker{orders, carriers, evidence} {
		activities.Register(w, acts)
		if err := w.Start(); err != nil {
			return fmt.Errorf("start the worker: %w", err)
		}
		started = append(started, w)
	}
	log.Info("worker serves", "queues", []string{protocol.QueueOrders, protocol.QueueCarriers, protocol.QueueEvidence}, "build", BuildID)
	select {
	case <-ctx.Done():
		log.Info("worker stops; tasks under way are finished")
		return nil
	case err := <-failed:
		return fmt.Errorf("worker stopped: %w", err)
	}
}

// checkAttributes refuses to start when the namespace lacks a search attribute: every
// order would fail at its first upsert.
func checkAttributes(ctx context.Context, c client.Client, namespace string) error {
	listed, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); denied {
		return nil // a namespace key on Temporal Cloud may not look; setting up is then an operator's task
	}
	if err != nil {
		return fmt.Errorf("list the search attributes of namespace %s: %w", namespace, err)
	}
	var missing []error
	for _, a := range protocol.SearchAttributes() {
		if _, ok := listed.GetCustomAttributes()[a.Name]; !ok {
			missing = append(missing, fmt.Errorf("search attribute %s is missing; add it with: temporal operator search-attribute create --namespace %s --name %s --type %s",
				a.Name, namespace, a.Name, a.Type))
		}
	}
	return errors.Join(missing...)
}
