// Package wire is what all adapters have in common: a bounded HTTP call whose errors tell
// whether a repeat helps, and lenient decoding of what services write now so, now so.
//
// Invariants: no error and no log line holds a header, a query string or a body that was
// sent, for they bear keys; an answer is never read beyond its bound.
package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"parcelward/internal/port"
)

// MaxAnswer bounds an answer's body.
const MaxAnswer = 16 << 20

// maxRetryAfter bounds what the other side may ask for: deadlines go on meanwhile.
const maxRetryAfter = time.Hour

// Do sends a request and returns the body of a 2xx answer. Any other answer is an
// *[port.UnavailableError] for 408, 425, 429 and 5xx, and for no answer at all or one that
// breaks off, and a *[StatusError] otherwise. call names service and operation in
// errors.
func Do(c *http.Client, r *http.Request, call string) ([]byte, error) {
	resp, err := c.Do(r) //nolint:gosec // the host is of the configuration, never of what somebody sent
	if err != nil {
		return nil, noAnswer(r.Context(), call, err)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, noAnswer(r.Context(), call, err)
	}
	switch {
	case len(body) > MaxAnswer:
		return nil, &port.UnavailableError{Call: call, Status: resp.StatusCode, Detail: fmt.Sprintf("more than %d bytes", MaxAnswer)}
	case resp.StatusCode/100 == 2:
		return body, nil
	case resp.StatusCode/100 == 5, resp.StatusCode == http.StatusTooManyRequests,
		resp.StatusCode == http.StatusRequestTimeout, resp.StatusCode == http.StatusTooEarly:
		return nil, &port.UnavailableError{Call: call, Status: resp.StatusCode, After: retryAfter(resp.Header), Detail: Short(string(body))}
	}
	return nil, &StatusError{Call: call, Status: resp.StatusCode, Body: body}
}

// PostForm posts a form to an address, which must bear no key, by [Do].
func PostForm(ctx context.Context, c *http.Client, address string, form url.Values, call string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call, err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")
	return Do(c, r, call)
}

// BaseURL is scheme, host and path of a service, as given or else the standard one, without a
// slash at its end. The error does not repeat what was given, for it may hold a password.
func BaseURL(given, standard string) (string, error) {
	base := strings.TrimSuffix(cmp.Or(given, standard), "/")
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", errors.New("base URL: expected scheme and host, such as " + standard)
	}
	return base, nil
}

// StatusError is an answer that says no, and would again. It wraps [port.ErrRefused].
type StatusError struct {
	Call   string
	Status int    // HTTP
	Body   []byte // what the service said
}

// Error implements error.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: HTTP %d %s: %v", e.Call, e.Status, Short(string(e.Body)), port.ErrRefused)
}

// Unwrap is [port.ErrRefused].
func (e *StatusError) Unwrap() error { return port.ErrRefused }

// noAnswer keeps the URL of the request, which may bear keys, out of the error.
func noAnswer(ctx context.Context, call string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", call, ctx.Err())
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	return &port.UnavailableError{Call: call, Detail: Short(err.Error()), Cause: err}
}

// retryAfter reads a Retry-After: whole seconds or an HTTP date; anything else counts as not
// said.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(value); err == nil || errors.Is(err, strconv.ErrRange) { // too large a number is the largest
		wait = time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		now, err := http.ParseTime(h.Get("Date"))
		if err != nil {
			now = time.Now()
		}
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// Short is the beginning of what a service said, without what cannot be printed.
func Short(s string) string {
	const most = 200
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
}
