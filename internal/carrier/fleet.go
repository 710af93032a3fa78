package carrier

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
)

// Fleet is the tracking services that are configured, and which of them is asked about whose
// parcels. It implements [port.Tracker].
type Fleet struct {
	services map[string]port.TrackingService
	by       map[string]string // service by carrier, in upper case
	slots    Slots
	clock    protocol.Clock // by which services count the calls in a second
}

// Slots is the part of [port.Sweeps] that spaces calls, over all workers.
type Slots interface {
	Slot(ctx context.Context, service string, every, most time.Duration) (time.Duration, error)
	Pause(ctx context.Context, service string, after time.Duration) error
	Answered(ctx context.Context, service string) error
}

// Others stands for every carrier that is not named.
const Others = "*"

// NewFleet makes a fleet. by names the service for a carrier, as orders name it, or for
// [Others]; empty: the first of the services is asked about all. On an accelerated clock the
// services are twins, which live by it too. Each problem names a carrier of by whose service is
// not there: nobody is asked about its parcels, and all others are as by says.
func NewFleet(services []port.TrackingService, by map[string]string, slots Slots, clock protocol.Clock) (f *Fleet, problems []error) {
	f = &Fleet{services: map[string]port.TrackingService{}, by: map[string]string{}, slots: slots, clock: clock}
	for _, s := range services {
		f.services[s.Name()] = s
	}
	if len(by) == 0 && len(services) > 0 {
		by = map[string]string{Others: services[0].Name()}
	}
	for _, carrier := range slices.Sorted(maps.Keys(by)) {
		if f.services[by[carrier]] == nil {
			problems = append(problems, fmt.Errorf("%s:%s: expected a service that is configured (%s), got %q; nobody is asked about the parcels of %s",
				carrier, by[carrier], strings.Join(f.Names(), ", "), by[carrier], carrier))
		}
		f.by[strings.ToUpper(carrier)] = by[carrier] // no other service takes its place
	}
	return f, problems
}

// Names are the services, sorted.
func (f *Fleet) Names() []string { return slices.Sorted(maps.Keys(f.services)) }

// Service is a service by its name; nil: not configured.
func (f *Fleet) Service(name string) port.TrackingService { return f.services[name] }

// Of is the service that is asked about a carrier's parcels; nil: none.
func (f *Fleet) Of(carrier string) port.TrackingService {
	if name, ok := f.by[strings.ToUpper(carrier)]; ok {
		return f.services[name]
	}
	return f.services[f.by[Others]]
}

// Scope is whose parcels a service is asked about: carriers in upper case, for orders write
// them now so, now so.
func (f *Fleet) Scope(service string) port.Scope {
	others := f.by[Others] == service
	scope := port.Scope{Others: others}
	for carrier, name := range f.by {
		if carrier != Others && (name == service) != others {
			scope.Carriers = append(scope.Carriers, carrier)
		}
	}
	slices.Sort(scope.Carriers)
	return scope
}

// mostWait is how long a single question waits for its turn.
const mostWait = 10 * time.Second

// Trace implements [port.Tracker]. A number that the service does not watch yet it is asked
// to watch.
func (f *Fleet) Trace(ctx context.Context, p port.Tracked, now time.Time) (string, port.Answer, error) {
	s := f.Of(p.Carrier)
	if s == nil {
		return "", port.Answer{Number: p.Number}, nil
	}
	a, err := f.one(ctx, s, p, s.Track)
	if err == nil && errors.Is(a.Err, port.ErrUnwatched) {
		if a, err = f.one(ctx, s, p, s.Watch); err == nil && a.Err == nil {
			a, err = f.one(ctx, s, p, s.Track)
		}
	}
	if errors.Is(a.Err, port.ErrUnwatched) {
		a.Err = nil // watched from now on, and nothing known yet
	}
	for len(a.Rows) > 0 && a.Rows[len(a.Rows)-1].At.After(now) {
		a.Rows = a.Rows[:len(a.Rows)-1]
	}
	return s.Name(), a, err
}

// one asks about one parcel, at its turn.
func (f *Fleet) one(ctx context.Context, s port.TrackingService, p port.Tracked, ask func(context.Context, []port.Tracked) ([]port.Answer, error)) (port.Answer, error) {
	if err := f.Turn(ctx, s, mostWait); err != nil {
		return port.Answer{}, err
	}
	answers, err := ask(ctx, []port.Tracked{p})
	if err = f.Note(ctx, s, err); err == nil && len(answers) != 1 {
		err = fmt.Errorf("%s: %d answers for 1 number", s.Name(), len(answers))
	}
	if err != nil {
		return port.Answer{}, err
	}
	return answers[0], nil
}

// Turn waits until a service may be called, at most so long (real), or returns an error that
// wraps [port.ErrBusy].
func (f *Fleet) Turn(ctx context.Context, s port.TrackingService, most time.Duration) error {
	var every time.Duration
	if rate := s.Limits().PerSecond; rate > 0 {
		every = f.clock.Real(time.Duration(float64(time.Second) / rate))
	}
	wait, err := f.slots.Slot(ctx, s.Name(), every, most)
	if err != nil {
		return fmt.Errorf("%s: take a turn: %w", s.Name(), err)
	}
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: wait for a turn: %w", s.Name(), ctx.Err())
	}
}

// Note tells all workers how a call went: one that did not come through keeps them off the
// service for a while. It returns the call's own error.
func (f *Fleet) Note(ctx context.Context, s port.TrackingService, called error) error {
	away, ok := errors.AsType[*port.UnavailableError](called)
	switch {
	case ok:
		return errors.Join(called, f.slots.Pause(context.WithoutCancel(ctx), s.Name(), away.After))
	case called != nil:
		return called
	}
	if err := f.slots.Answered(ctx, s.Name()); err != nil {
		return fmt.Errorf("%s: note that it works: %w", s.Name(), err)
	}
	return nil
}
