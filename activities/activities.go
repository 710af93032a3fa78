// Package activities touches the world for the workflows, through ports.
//
// Invariants: every activity may run more than once and changes the world once, by a key
// made of the workflow's ID and the step; it decides nothing that the rules do not; an error that no repeat can
// mend is non-retryable, and outermost.
package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// Activities are the ports that the workflows act through.
type Activities struct {
	Inbox     port.Inbox
	Tracker   port.Tracker
	Traces    port.Traces
	Services  port.Services
	Sweeps    port.Sweeps
	Orders    map[string]port.OrderSource // by platform
	Reads     port.OrderReads
	Filing    port.Filing
	Shipper   port.Shipper
	Vault     port.Vault
	Judge     port.Preflight
	Papers    port.Papers    // nil: no platform shows any
	Warehouse port.Warehouse // nil: none is asked
	Notifier  port.Notifier
	Tickets   port.Tickets // nil: a diagnosis opens none
	Examiner  Examiner
	// Statements and Stores are the books and the health of stores.
	Statements port.Statements
	Stores     port.Stores
	Calendar   string // revision of the calendar of workdays that this worker holds
}

// Registry is a worker or a test environment.
type Registry interface {
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

// Register makes the activities known to a registry.
func Register(r Registry, a *Activities) {
	for name, f := range map[string]any{
		protocol.ActivityLoadFacts:   a.LoadFacts,
		protocol.ActivityRecordFacts: a.RecordFacts,
		protocol.ActivityPollCarrier: a.PollCarrier,
		protocol.ActivityNotify:      a.Notify,
		protocol.ActivityGather:      a.Gather,
		protocol.ActivityFile:        a.File,
		protocol.ActivityAppeal:      a.Appeal,
		protocol.ActivitySendPapers:  a.SendPapers,
		protocol.ActivityAskProtect:  a.AskProtection,
		protocol.ActivityStanding:    a.Standing,
		protocol.ActivityPreflight:   a.Preflight,
		protocol.ActivitySweep:       a.Sweep,
		protocol.ActivityPollOrders:  a.PollOrders,
		protocol.ActivityDiagnose:    a.Diagnose,

		protocol.ActivityListLogistics:   a.ListLogistics,
		protocol.ActivityCreateLogistics: a.CreateLogistics,
		protocol.ActivityFetchWaybill:    a.FetchWaybill,
		protocol.ActivityKeepEvidence:    a.KeepEvidence,
		protocol.ActivityCollect:         a.Collect,
		protocol.ActivityDeclare:         a.Declare,

		protocol.ActivityOpenTicket:    a.OpenTicket,
		protocol.ActivityKeepStatement: a.KeepStatement,
		protocol.ActivityStoreHealth:   a.StoreHealth,
	} {
		r.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
}

// LoadFacts reads the facts of an order behind a position.
func (a *Activities) LoadFacts(ctx context.Context, q protocol.FactsQuery) (protocol.Facts, error) {
	facts, err := a.Inbox.Load(ctx, q)
	if err != nil {
		return protocol.Facts{}, fail(ctx, "read the inbox", err)
	}
	facts.Calendar = a.Calendar
	return facts, nil
}

// RecordFacts writes facts to the inbox; one that it knows changes nothing.
func (a *Activities) RecordFacts(ctx context.Context, events []json.RawMessage) error {
	return fail(ctx, "write to the inbox", a.Inbox.Record(ctx, events))
}

// PollCarrier asks about one parcel, outside the sweep, and has what is new recorded.
func (a *Activities) PollCarrier(ctx context.Context, r protocol.PollRequest) error {
	p := port.Tracked{Store: r.Parcel.Store, Order: r.Parcel.Order, Number: r.Parcel.TrackingNumber, Carrier: r.Parcel.Carrier}
	service, answer, err := a.Tracker.Trace(ctx, p, r.Now)
	if err == nil {
		err = answer.Err
	}
	if err != nil {
		return fail(ctx, "ask about "+r.Parcel.TrackingNumber, err)
	}
	if service == "" || len(answer.Rows)+len(answer.Unplaced) == 0 {
		return nil
	}
	_, err = a.Traces.Learn(ctx, service, []port.Answer{answer})
	return fail(ctx, "record the trace", err)
}

// Notify tells people something once.
func (a *Activities) Notify(ctx context.Context, n protocol.Notice) error {
	return fail(ctx, "notify", a.Notifier.Notify(ctx, n))
}

// Gather lists the evidence that the vault holds for a parcel.
func (a *Activities) Gather(ctx context.Context, p protocol.Parcel) ([]protocol.Evidence, error) {
	held, err := a.Vault.Evidence(ctx, p.Store, p.Order, p.TrackingNumber)
	return held, fail(ctx, "list the evidence", err)
}

// File hands a claim in.
func (a *Activities) File(ctx context.Context, r protocol.FilingRequest) (protocol.Filed, error) {
	filed, err := a.Filing.File(ctx, r)
	return filed, fail(ctx, "file the claim", err)
}

// Appeal appeals a refusal. An appeal only adds: one without a new original, or with one replaced
// or removed, is refused before anything is handed in.
func (a *Activities) Appeal(ctx context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	if r.Adds {
		all, added := make([]string, len(r.Evidence)), make([]string, len(r.Added))
		for i, e := range r.Evidence {
			all[i] = e.SHA256
		}
		for i, o := range r.Added {
			added[i] = o.SHA256
		}
		if err := rules.CheckAppeal(r.HandedIn, added, all); err != nil {
			return protocol.Filed{}, fail(ctx, "appeal", fmt.Errorf("%w: %w", port.ErrRefused, err))
		}
	}
	done, err := a.Filing.Appeal(ctx, r)
	return done, fail(ctx, "appeal", err)
}

// SendPapers hands in what the platform wants besides.
func (a *Activities) SendPapers(ctx context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	filed, err := a.Filing.SendPapers(ctx, r)
	return filed, fail(ctx, "send the papers", err)
}

// AskProtection asks seller protection for a claim that was refused again.
func (a *Activities) AskProtection(ctx context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	filed, err := a.Filing.AskProtection(ctx, r)
	return filed, fail(ctx, "ask seller protection", err)
}

// Preflight judges the originals of a parcel before they are handed in.
func (a *Activities) Preflight(ctx context.Context, r protocol.PapersRequest) (protocol.Papers, error) {
	stop := beat(ctx)
	papers, err := a.Judge.Papers(ctx, r)
	stop()
	return papers, fail(ctx, "judge the evidence", err)
}

// Standing looks up how a store stands with seller protection.
func (a *Activities) Standing(ctx context.Context, q protocol.StandingQuery) (rules.StoreHealth, error) {
	health, err := a.Stores.Health(ctx, q.Store, q.Now)
	return health, fail(ctx, "look up the store's health", err)
}

// fail says what was being done and, by details, what came of it all the same, and tells Temporal
// whether a repeat can help. What fails once the activity's time is over fails by that, whatever a
// port makes of it: a cancelled activity ends cancelled.
func fail(ctx context.Context, doing string, err error, details ...any) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	case errors.Is(err, port.ErrRefused):
		return temporal.NewNonRetryableApplicationError(fmt.Sprintf("%s: %v", doing, err), protocol.ErrRefused, err, details...)
	}
	options := temporal.ApplicationErrorOptions{Cause: err, Details: details}
	if asked, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		options.NextRetryDelay = asked.RetryAfter()
	}
	return temporal.NewApplicationErrorWithOptions(fmt.Sprintf("%s: %v", doing, err), protocol.ErrUnavailable, options)
}
