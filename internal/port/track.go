package port

import (
	"context"
	"errors"
	"net/http"
	"time"

	"parcelward/internal/rules"
)

// Tracker asks whoever tracks a parcel's carrier.
type Tracker interface {
	// Trace returns the whole trace as known at now, and the service that told it; an empty
	// service: nobody is there to ask about that carrier. Errors are those of
	// [TrackingService.Track], or wrap [ErrBusy].
	Trace(ctx context.Context, p Tracked, now time.Time) (service string, a Answer, err error)
}

// Tracked is a parcel that a tracking service is asked about.
type Tracked struct {
	Store   string
	Order   string
	Number  string // normalised
	Carrier string // as the order's shipment was recorded, such as CAINIAO; each adapter has its own codes for them
	Service string // the platform's service code; may be empty
	Country string // of destination, ISO 3166-1 alpha-2; may be empty
}

// Platform is the tracking service that is the platform itself.
const Platform = "aliexpress"

// Parcels is what our own records say of parcels.
type Parcels interface {
	// Parcel finds a parcel of a store by either of its numbers, with the facts of the order that
	// recorded it first. Nil facts: none has, and the number is the one asked for.
	Parcel(ctx context.Context, store, number string) (Tracked, *rules.Facts, error)
}

// Answer is what a tracking service says of one number.
type Answer struct {
	Number   string      // normalised
	Rows     []rules.Row // oldest first, without exact repeats; equal times keep the service's order of events
	Unplaced []rules.Row // without At: their time could not be read
	Also     []string    // further numbers of the same parcel, normalised: the last mile's, say
	// Err is about this number alone: nil; [ErrUnwatched]; or wrapping [ErrRefused] where no
	// repeat helps, such as a malformed number. Anything else may be tried again.
	// A number that the service does not know yet, or has nothing on, is no error: no rows.
	Err error
}

// ErrUnwatched says that the service must be asked to watch the number first.
var ErrUnwatched = errors.New("not watched yet")

// Limits are what a service takes.
type Limits struct {
	Batch     int     // numbers in one call, at least 1
	PerSecond float64 // calls a second over all workers; 0: not limited
}

// TrackingService is a carrier or an aggregator that is asked about many numbers at once.
//
// An error of a whole call is an *[UnavailableError] where a repeat may help, or wraps
// [ErrRefused] where it does not: a wrong key, say. Answers come in the order of what was
// asked, one each. More than Limits().Batch numbers are refused without a call.
type TrackingService interface {
	// Name is the service in event sources, configuration and metrics: 17track, kdniao,
	// cainiao, aliexpress.
	Name() string
	Limits() Limits
	// Watch asks the service to follow numbers, so that it pushes what it learns; one that it
	// follows already is no error. A service that needs no asking answers without a call.
	Watch(ctx context.Context, parcels []Tracked) ([]Answer, error)
	// Track asks for whole traces as they are known now.
	Track(ctx context.Context, parcels []Tracked) ([]Answer, error)
}

// ErrSignature says that a push does not bear the signature that its sender's key makes.
var ErrSignature = errors.New("wrong signature")

// Pushed is what a push says, and what its sender wants to hear.
type Pushed struct {
	Answers   []Answer
	Reply     []byte // body of the answer that says: taken
	ReplyType string // its content type
}

// Pusher is a service that pushes what it learns to us.
type Pusher interface {
	Name() string
	// Receive verifies a push over its raw bytes, in constant time, and takes it apart. The
	// error wraps [ErrSignature], or [ErrRefused] for a body that cannot be read; Pushed.Reply
	// and ReplyType are then what the sender wants to hear of it, and may be empty.
	Receive(header http.Header, body []byte) (Pushed, error)
}
