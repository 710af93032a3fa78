// Package activities touches the world for the workflows, through ports.
//
// Invariants: every activity may run more than once and changes the world once, by a key
// made of the workflow's ID and the step; it decides nothing; an error that no repeat can
// mend is non-retryable, and outermost.
package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	Inbox    port.Inbox
	Tracker  port.Tracker
	Filing   port.Filing
	Vault    port.Vault
	Notifier port.Notifier
	Calendar string // revision of the calendar of workdays that this worker holds
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
	} {
		r.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
}

// LoadFacts reads the facts of an order behind a position.
func (a *Activities) LoadFacts(ctx context.Context, q protocol.FactsQuery) (protocol.Facts, error) {
	facts, err := a.Inbox.Load(ctx, q)
	if err != nil {
		return protocol.Facts{}, fail("read the inbox", err)
	}
	facts.Calendar = a.Calendar
	return facts, nil
}

// RecordFacts writes facts to the inbox; one that it knows changes nothing.
func (a *Activities) RecordFacts(ctx context.Context, events []json.RawMessage) error {
	return fail("write to the inbox", a.Inbox.Record(ctx, events))
}

// PollCarrier asks the carrier for a parcel's trace and writes it to the inbox. The event's
// ID is made of the rows, so that the same answer is the same event.
func (a *Activities) PollCarrier(ctx context.Context, r protocol.PollRequest) error {
	rows, err := a.Tracker.Trace(ctx, r.Parcel, r.Now)
	if err != nil {
		return fail("ask the carrier about "+r.Parcel.TrackingNumber, err)
	}
	if len(rows) == 0 {
		return nil
	}
	content, err := json.Marshal(rows)
	if err != nil {
		return fail("encode the trace", err)
	}
	sum := sha256.Sum256(content)
	raw, err := protocol.EncodeEvent(rules.Event{
		Source: protocol.SourceOfPoll(r.Parcel.Carrier), ID: r.Parcel.TrackingNumber + "/" + hex.EncodeToString(sum[:8]),
		Type: rules.TypeTrackingUpdated, Store: r.Parcel.Store, Order: r.Parcel.Order, Time: rows[len(rows)-1].At,
		Data: &rules.TrackingUpdated{TrackingNumber: r.Parcel.TrackingNumber, Rows: rows},
	})
	if err != nil {
		return fail("encode the trace", err)
	}
	return fail("write the trace to the inbox", a.Inbox.Record(ctx, []json.RawMessage{json.RawMessage(raw)}))
}

// Notify tells people something once.
func (a *Activities) Notify(ctx context.Context, n protocol.Notice) error {
	return fail("notify", a.Notifier.Notify(ctx, n))
}

// Gather lists the evidence that the vault holds for a parcel.
func (a *Activities) Gather(ctx context.Context, p protocol.Parcel) ([]protocol.Evidence, error) {
	held, err := a.Vault.Evidence(ctx, p.Store, p.Order, p.TrackingNumber)
	return held, fail("list the evidence", err)
}

// File hands a claim in.
func (a *Activities) File(ctx context.Context, r protocol.FilingRequest) (protocol.Filed, error) {
	filed, err := a.Filing.File(ctx, r)
	return filed, fail("file the claim", err)
}

// Appeal appeals a refusal.
func (a *Activities) Appeal(ctx context.Context, r protocol.AppealRequest) (protocol.Filed, error) {
	filed, err := a.Filing.Appeal(ctx, r)
	return filed, fail("appeal", err)
}

// fail says what was being done, and tells Temporal whether a repeat can help.
func fail(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, port.ErrRefused):
		return temporal.NewNonRetryableApplicationError(fmt.Sprintf("%s: %v", doing, err), protocol.ErrRefused, err)
	}
	options := temporal.ApplicationErrorOptions{Cause: err}
	if asked, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		options.NextRetryDelay = asked.RetryAfter()
	}
	return temporal.NewApplicationErrorWithOptions(fmt.Sprintf("%s: %v", doing, err), protocol.ErrUnavailable, options)
}
