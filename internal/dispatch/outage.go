package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
)

// Waits between probes of a server that cannot be reached.
const (
	firstPause = 250 * time.Millisecond
	maxPause   = 5 * time.Second
)

// outage is the time during which a server cannot be reached. It is logged at both ends, not
// per order.
type outage struct {
	what string
	log  *slog.Logger

	mu    sync.Mutex
	since time.Time // zero: none
	err   error
	next  time.Duration
	retry time.Time // no probe before
}

func (o *outage) failed(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if o.since.IsZero() {
		o.since, o.next, o.retry = now, firstPause, now
		o.log.Error("cannot reach "+o.what+"; facts wait in the inbox", "error", err)
	}
	o.err = err
	if !now.Before(o.retry) { // else a call that was under way when another failed
		o.retry = now.Add(o.next/2 + rand.N(o.next/2+1)) //nolint:gosec // jitter
		o.next = min(2*o.next, maxPause)
	}
}

func (o *outage) ended() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.since.IsZero() {
		o.log.Info("reached "+o.what+" again", "after", time.Since(o.since).Round(time.Millisecond))
		o.since, o.err = time.Time{}, nil
	}
}

func (o *outage) down() bool { return o.cause() != nil }

func (o *outage) cause() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		return nil
	}
	return fmt.Errorf("cannot reach %s since %s: %w", o.what, o.since.UTC().Format(time.RFC3339), o.err)
}

// pause waits until the next probe is due, longer after each that failed. After one that
// needed nothing of the server it does not wait.
func (o *outage) pause(ctx context.Context) {
	o.mu.Lock()
	wait := time.Until(o.retry)
	o.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
}

// temporalError marks what a call to Temporal returned, apart from the database's errors.
type temporalError struct{ error }

func (e temporalError) Unwrap() error { return e.error }

// unreachable tells whether err says nothing of the order but that Temporal, or our access to
// it, is not there.
func unreachable(err error) bool {
	if _, called := errors.AsType[temporalError](err); !called {
		return false
	}
	var (
		unavailable *serviceerror.Unavailable
		slow        *serviceerror.DeadlineExceeded
		busy        *serviceerror.ResourceExhausted
		canceled    *serviceerror.Canceled
		denied      *serviceerror.PermissionDenied
		namespace   *serviceerror.NamespaceNotFound
		invalid     *serviceerror.NamespaceInvalidState
		inactive    *serviceerror.NamespaceNotActive
	)
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &unavailable) || errors.As(err, &slow) || errors.As(err, &busy) ||
		errors.As(err, &canceled) || errors.As(err, &denied) || errors.As(err, &namespace) || errors.As(err, &invalid) || errors.As(err, &inactive)
}
