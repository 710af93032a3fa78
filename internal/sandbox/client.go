package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// UnavailableError says that the sandbox cannot answer now; a repeat may help.
type UnavailableError struct {
	Call   string
	Status int           // HTTP
	After  time.Duration // real, from Retry-After, at most 1 h; 0: not said
	Detail string
}

// Error implements error.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("%s: expected an answer, got HTTP %d %s; try again", e.Call, e.Status, e.Detail)
}

// RetryAfter is how long to wait before a repeat; 0 where the other side did not say.
func (e *UnavailableError) RetryAfter() time.Duration { return e.After }

// client speaks to a sandbox.
type client struct {
	base string
	http *http.Client
}

// Tracker asks the invented carrier. An HTTP 5xx, 408 or 429 is an *[UnavailableError], any
// other 4xx wraps [port.ErrRefused].
func Tracker(baseURL string, c *http.Client) port.Tracker { return newClient(baseURL, c) }

// Filing files with the invented platform; no real one offers this. Errors are as Tracker's.
func Filing(baseURL string, c *http.Client) port.Filing { return newClient(baseURL, c) }

func newClient(baseURL string, c *http.Client) *client {
	return &client{strings.TrimSuffix(baseURL, "/"), c}
}

// Trace implements [port.Tracker].
func (c *client) Trace(ctx context.Context, p protocol.Parcel, now time.Time) ([]rules.Row, error) {
	var trace rules.TrackingUpdated
	if err := c.call(ctx, http.MethodGet, "/carrier/traces/"+url.PathEscape(p.TrackingNumber), "", nil, &trace); err != nil {
		return nil, err
	}
	n := len(trace.Rows)
	for n > 0 && trace.Rows[n-1].At.After(now) {
		n--
	}
	return trace.Rows[:n], nil
}

// File implements [port.Filing].
func (c *client) File(ctx context.Context, r protocol.FilingRequest) (protocol.Filed, error) {
	var found claim
	err := c.call(ctx, http.MethodGet, "/platform/claims?key="+url.QueryEscape(r.Key), "", nil, &found)
	if errors.Is(err, errNotFound) {
		err = c.call(ctx, http.MethodPost, "/platform/claims", r.Key, r, &found)
	}
	return protocol.Filed{ClaimID: found.ID, At: found.FiledAt}, err
}

// Appeal implements [port.Filing].
func (c *client) Appeal(ctx context.Context, r protocol.AppealRequest) (protocol.Filed, error) {
	var found claim
	path := "/platform/claims/" + url.PathEscape(r.ClaimID)
	err := c.call(ctx, http.MethodGet, path, "", nil, &found)
	if err == nil && found.AppealKey != r.Key {
		err = c.call(ctx, http.MethodPost, path+"/appeals", r.Key, r, &found)
	}
	return protocol.Filed{ClaimID: found.ID, At: found.AppealAt}, err
}

// errNotFound is a 404; nothing is there, and asking again does not bring it.
var errNotFound = fmt.Errorf("not found: %w", port.ErrRefused)

func (c *client) call(ctx context.Context, method, path, key string, in, out any) error {
	call := "sandbox: " + method + " " + path
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s: encode the request: %w", call, err)
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return fmt.Errorf("%s: %w", call, err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(keyHeader, key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", call, err)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return fmt.Errorf("%s: read the answer: %w", call, err)
	}
	switch {
	case resp.StatusCode/100 == 2:
		if err := json.Unmarshal(answer, out); err != nil {
			return fmt.Errorf("%s: decode the answer: %w", call, err)
		}
		return nil
	case resp.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s: %w", call, errNotFound)
	case resp.StatusCode/100 == 4 && resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusRequestTimeout:
		return fmt.Errorf("%s: HTTP %d %s: %w", call, resp.StatusCode, detail(answer), port.ErrRefused)
	}
	return &UnavailableError{Call: call, Status: resp.StatusCode, After: retryAfter(resp.Header.Get("Retry-After")), Detail: detail(answer)}
}

// maxRetryAfter bounds what the other side may ask for: deadlines go on meanwhile.
const maxRetryAfter = time.Hour

// retryAfter reads a Retry-After; anything but whole seconds counts as not said.
func retryAfter(header string) time.Duration {
	seconds, _ := strconv.Atoi(header) // out of range: the nearest number that fits
	return time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
}

// detail is the reason in an answer, else its beginning.
func detail(answer []byte) string {
	var p problem
	if json.Unmarshal(answer, &p) == nil && p.Error != "" {
		return p.Error
	}
	return string(answer[:min(len(answer), 200)])
}
