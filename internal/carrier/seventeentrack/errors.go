package seventeentrack

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"parcelward/internal/port"
	"parcelward/internal/wire"
)

// ErrQuota says that the account's registrations are used up, for the day or for good. A call's
// error wraps it beside [port.UnavailableError]: a repeat helps once there is quota again.
var ErrQuota = errors.New("quota used up")

// CodeError is what 17TRACK says is wrong with a call or with one number of it. It wraps
// [port.ErrRefused], [port.ErrUnwatched] or [ErrQuota] where its code means that.
type CodeError struct {
	Code    int
	Message string // 17TRACK's own, shortened
}

// Error implements error.
func (e *CodeError) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Message) }

// Unwrap is what the code means to the caller.
func (e *CodeError) Unwrap() error {
	switch e.verdict() {
	case refused, account:
		return port.ErrRefused
	case unwatched:
		return port.ErrUnwatched
	case quota:
		return ErrQuota
	case again, watched, silent:
	}
	return nil
}

// notStopped refuses the restart of a number that is followed.
const notStopped = -18019904

// verdict is what a code means.
type verdict int

const (
	again     verdict = iota // a repeat may help
	refused                  // no repeat helps
	account                  // refused, whatever the number
	quota                    // no more registrations
	watched                  // registered already
	unwatched                // not registered
	silent                   // nothing known yet
)

// ofAccount tells whether every other number would hear the same.
func (v verdict) ofAccount() bool { return v == account || v == quota }

// verdict reads the documented codes. One that no document names may pass.
func (e *CodeError) verdict() verdict {
	switch e.Code {
	case -18010001, // the caller's address is not listed
		-18010002, // wrong key
		-18010004, // account disabled
		-18010005: // not authorised
		return account
	case -18019907, // daily limit
		-18019908: // quota gone
		return quota
	case -18019901:
		return watched
	case -18019902:
		return unwatched
	case -18019909:
		return silent
	case -18010010, -18010011, -18010012, -18010013, -18010015, // data missing, of wrong value, of wrong format, wrong, wrong field
		-18010014,  // more than 40 numbers
		-18010016,  // last mile for postal carriers only
		-18010018,  // the carrier wants country and postcode,
		-18010019,  // … a postcode,
		-18010020,  // … a telephone number,
		-18010022,  // … more
		-18010201,  // push URL missing,
		-18010202,  // … malformed,
		-18010203,  // … failed its test,
		-18010204,  // … not set
		-18010205,  // malformed address
		-18019801,  // change of carrier: old one missing,
		-18019802,  // … new one wrong,
		-18019803,  // … the same,
		-18019804,  // … new one missing,
		-18019805,  // … old one is another,
		-18019806,  // … of a stopped number,
		-18019807,  // … too often,
		-18019809,  // … there is one already
		-18019810,  // followed for several carriers
		-18019811,  // wrong change
		-18019818,  // no real-time query of this carrier
		-18019903,  // carrier not detected
		notStopped, // restart
		-18019905,  // second restart
		-18019906,  // stop of one not followed
		-18019910,  // wrong carrier key
		-18019911,  // carrier not registrable
		-18019912:  // real-time queries not authorised
		return refused
	case -18010003, // internal
		-18010206, // push failed
		-18019808, // change of carrier under way
		-18019815, // the carrier timed out,
		-18019816, // … failed
		-18019817: // charge not processed
		return again
	default:
		return again
	}
}

// whole is the error as one of a whole call.
func (e *CodeError) whole(call string) error {
	if v := e.verdict(); v == refused || v == account {
		return fmt.Errorf("%s: %w", call, e)
	}
	return &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: e.Error(), Cause: e}
}

// ofNumber is the error as one of a number alone: nil where the number's state is what was
// wanted, or where it is only that nothing is known yet.
func (e *CodeError) ofNumber() error {
	switch e.verdict() {
	case watched, silent:
		return nil
	case unwatched:
		return port.ErrUnwatched
	case again, refused, account, quota:
	}
	return e
}

// failure is an error as 17TRACK writes it.
type failure struct {
	Code    wire.Text `json:"code"`
	Message wire.Text `json:"message"`
}

// coded reads a failure; a code that is no number counts as one that nobody knows.
func (f failure) coded() *CodeError {
	code, err := strconv.Atoi(string(f.Code))
	if err != nil {
		return &CodeError{Message: wire.Short(string(f.Code) + " " + string(f.Message))}
	}
	return &CodeError{Code: code, Message: wire.Short(string(f.Message))}
}
