package port

import (
	"context"
	"errors"
	"time"

	"parcelward/internal/rules"
)

// Learnt counts what was new in answers.
type Learnt struct {
	Rows   int // that no trace held yet
	Strays int // answers about numbers that no order has recorded
}

// Traces is the record of what carriers say.
type Traces interface {
	// Learn keeps what a service says. Rows that a parcel's trace does not hold yet go to the
	// inbox, one event for each store that has recorded the number; either of a parcel's
	// numbers finds it. What is said of a number that nobody has recorded is kept until
	// somebody does. Rows without a time are kept for inspection, each once. Answers with an Err
	// are left out, but for ErrUnwatched: that number is to be watched anew.
	Learn(ctx context.Context, service string, answers []Answer) (Learnt, error)
	// KeepUnreadable keeps the beginning of a body that could not be read, for inspection.
	KeepUnreadable(ctx context.Context, service, reason string, body []byte) error
}

// ErrBusy says that a service may not be called for longer than the caller would wait.
var ErrBusy = errors.New("the service is not to be called yet")

// Scope is which carriers' parcels a service is asked about, by the names under which they
// were recorded.
type Scope struct {
	Carriers []string // in upper case
	Others   bool     // all carriers but these
}

// Due is a parcel that a service is to be asked about.
type Due struct {
	Tracked
	Plan      rules.PollPlan
	Hash      []byte    // of the latest answer; nil: none yet
	WatchedBy string    // the service that watches the number; empty: none
	Attempts  int       // failed ones in a row
	AskedAt   time.Time // when it was last answered for, virtual; zero: never

	// CheckBy is when the carrier must know the number, virtual, and First that it is the
	// store's first with that carrier; zero: it is known.
	CheckBy time.Time
	First   bool
}

// Asked is what became of it.
type Asked struct {
	Due
	Next    time.Time // virtual; zero: never again by itself
	Answer  []byte    // hash of the answer
	Error   string    // for people; empty: it was answered
	Heard   bool      // with rows
	Watched string    // the service that watches the number from now on, unless it gave it up meanwhile; empty: none
}

// Sweeps hands out parcels to ask about, and the right to call services, over all workers.
type Sweeps interface {
	// ClaimDue takes up to a number of parcels that are due at the virtual time now, the
	// longest due first. For the span of the lease (real) nobody else gets them.
	ClaimDue(ctx context.Context, scope Scope, now time.Time, most int, lease time.Duration) ([]Due, error)
	// Finish gives parcels back with what became of them at a virtual time.
	Finish(ctx context.Context, asked []Asked, at time.Time) error
	// GiveBack gives parcels back as they were.
	GiveBack(ctx context.Context, due []Due) error
	// Slot takes the next free slot of a service that takes a call in every span, and tells how
	// long to wait for it: at most the span given, else [ErrBusy], and no slot is taken.
	Slot(ctx context.Context, service string, every, most time.Duration) (time.Duration, error)
	// Pause notes a failure of a service and keeps all workers from calling it: for the span
	// that it asked for, and after several failures in a row for longer and longer.
	Pause(ctx context.Context, service string, after time.Duration) error
	// Answered notes that a service works.
	Answered(ctx context.Context, service string) error
	// Serve notes that a worker has a service.
	Serve(ctx context.Context, service string) error
	// TakeLook tells one caller, once in every span (virtual), to look for numbers that a served
	// service has given up.
	TakeLook(ctx context.Context, service string, now time.Time, every time.Duration) (bool, error)
	// Watched lists numbers that a service watches and that are still asked about: those after
	// one, ascending.
	Watched(ctx context.Context, service, after string, most int) ([]string, error)
}

// Services are the tracking services that are configured.
type Services interface {
	// Service is a service by its name; nil: not configured.
	Service(name string) TrackingService
	// Scope is whose parcels a service is asked about.
	Scope(service string) Scope
	// Turn waits until a service may be called, over all workers: at most so long (real), else
	// the error wraps [ErrBusy].
	Turn(ctx context.Context, s TrackingService, most time.Duration) error
	// Note tells all workers how a call went, and returns the call's own error.
	Note(ctx context.Context, s TrackingService, called error) error
}

// QuotaWatcher is a tracking service that sells numbers by the piece.
type QuotaWatcher interface {
	// Quota is how many more numbers may be watched, of how many.
	Quota(ctx context.Context) (remain, total int64, err error)
}

// GiverUp is a tracking service that may give up numbers that it watches.
type GiverUp interface {
	// GivenUp tells which of some numbers, at most Limits().Batch, are given up and would be
	// watched again: an answer for each, whose Err is [ErrUnwatched].
	GivenUp(ctx context.Context, numbers []string) ([]Answer, error)
}
