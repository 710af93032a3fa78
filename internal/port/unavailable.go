package port

import (
	"fmt"
	"time"
)

// UnavailableError says that a service cannot answer now; a repeat may help.
type UnavailableError struct {
	Call   string        // which service, and what was asked of it; holds no secret
	Status int           // HTTP; 0: no answer at all
	After  time.Duration // how long to wait before a repeat, real; 0: not said
	Detail string        // what the service said, shortened; holds no secret
	Cause  error         // may be nil
}

// Error implements error.
func (e *UnavailableError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s: no answer: %s; try again", e.Call, e.Detail)
	}
	return fmt.Sprintf("%s: expected an answer, got HTTP %d %s; try again", e.Call, e.Status, e.Detail)
}

// Unwrap is the cause.
func (e *UnavailableError) Unwrap() error { return e.Cause }

// RetryAfter is how long to wait before a repeat; 0 where the other side did not say.
func (e *UnavailableError) RetryAfter() time.Duration { return e.After }
