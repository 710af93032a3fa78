//go:build record

package workflows_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules"
)

// The tracking services of sweeps beside the platform.
const (
	serviceBehind = "17track" // two of its parcels have moved; the platform shows nothing of one, and is away for the other
	serviceQuiet  = "kdniao"  // its parcel has not moved
)

// services are the tracking services and the parcels that they follow. A call that no scene
// makes panics.
type services struct {
	port.Sweeps
	port.Traces
}

func (services) Service(name string) port.TrackingService {
	switch name {
	case serviceBehind, serviceQuiet, port.Platform:
		return tracking{name}
	}
	return nil
}

func (services) Scope(service string) port.Scope { return port.Scope{Carriers: []string{service}} }

func (services) Turn(context.Context, port.TrackingService, time.Duration) error { return nil }

func (services) Note(_ context.Context, _ port.TrackingService, called error) error { return called }

func (services) ClaimDue(_ context.Context, scope port.Scope, _ time.Time, _ int, _ time.Duration) ([]port.Due, error) {
	due := func(n string) port.Due {
		return port.Due{Tracked: port.Tracked{Store: store, Order: number, Number: n, Carrier: "CAINIAO"}}
	}
	if slices.Contains(scope.Carriers, serviceBehind) {
		return []port.Due{due(parcel), due(otherParcel)}, nil
	}
	return []port.Due{due(parcel)}, nil
}

func (services) Finish(context.Context, []port.Asked, time.Time) error { return nil }

func (services) Learn(_ context.Context, _ string, answers []port.Answer) (port.Learnt, error) {
	var l port.Learnt
	for _, a := range answers {
		l.Rows += len(a.Rows)
	}
	return l, nil
}

func (services) Parcel(_ context.Context, _, n string) (port.Tracked, *rules.Facts, error) {
	sent, moved := recorded(created.Add(20*time.Hour)), scan(pickedUp, rules.PickedUp)
	sent.Data.(*rules.ShipmentRecorded).TrackingNumber = n
	moved.Data.(*rules.TrackingUpdated).TrackingNumber = n
	facts := rules.NewFacts(store, number)
	for _, e := range []rules.Event{orderCreated("US", true), paid(created), sent, moved} {
		facts.Add(e)
	}
	return port.Tracked{Store: store, Order: number, Number: n, Carrier: "CAINIAO"}, facts, nil
}

// tracking is a tracking service, by its name.
type tracking struct{ name string }

func (t tracking) Name() string { return t.name }

func (tracking) Limits() port.Limits { return port.Limits{Batch: 40} }

func (tracking) Watch(_ context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	return make([]port.Answer, len(parcels)), nil
}

func (t tracking) Track(_ context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	answers := make([]port.Answer, len(parcels))
	for i, p := range parcels {
		answers[i].Number = p.Number
		switch {
		case t.name == serviceBehind:
			answers[i].Rows = []rules.Row{{At: pickedUp, Milestone: rules.PickedUp, Source: rules.FromCarrier}}
		case t.name == port.Platform && p.Number == otherParcel:
			return nil, &port.UnavailableError{Call: "track", Detail: "connection reset"}
		}
	}
	return answers, nil
}

// catalogue is a platform on which one order has changed.
type catalogue struct{}

func (catalogue) Name() string { return port.Platform }

func (catalogue) Changed(_ context.Context, _ string, _, to time.Time) ([]port.ChangedOrder, error) {
	return []port.ChangedOrder{{Order: "changed", Updated: to}}, nil
}

func (catalogue) Read(_ context.Context, _, order string) (port.OrderNews, error) {
	events := []rules.Event{orderCreated("US", true), paid(created)}
	for i := range events {
		events[i].Order = order
	}
	return port.OrderNews{Events: events}, nil
}

func (catalogue) Abnormal(context.Context, string, time.Time, time.Time) ([]port.AbnormalOrder, error) {
	return nil, nil
}

func (catalogue) Settlements(context.Context, string, time.Time, time.Time) ([]port.Settlement, error) {
	return nil, nil
}

func (catalogue) Renew(context.Context, string) (port.Authorisation, error) {
	return port.Authorisation{Until: created.Add(1000 * day)}, nil
}

// reads is the record of which changes were read.
type reads struct {
	mu  sync.Mutex
	due []port.UnreadOrder
}

func (*reads) ReadUpto(context.Context, string, string) (time.Time, error) { return time.Time{}, nil }

func (r *reads) NoteListed(_ context.Context, _, _ string, changed []port.ChangedOrder, _, _ time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = nil // each window lists the same order
	for _, c := range changed {
		r.due = append(r.due, port.UnreadOrder{ChangedOrder: c})
	}
	return nil
}

func (r *reads) Unread(context.Context, string, string, time.Time, int) ([]port.UnreadOrder, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.due), nil
}

func (r *reads) NoteRead(context.Context, string, string, port.OrderRead) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = nil
	return nil
}

func (*reads) ListedUpto(context.Context, string, string, string) (time.Time, error) {
	return time.Time{}, nil
}

func (*reads) NoteListedUpto(context.Context, string, string, string, time.Time) error { return nil }

func (*reads) KeepSettlements(context.Context, string, string, []port.Settlement, time.Time) error {
	return nil
}

func (r *reads) CountUnread(context.Context, string, string) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.due), nil
}
