package seventeentrack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/wire"
)

const (
	name    = "17track"
	baseURL = "https://api.17track.net"
	root    = "/track/v2.4/"

	batch     = 40  // numbers in a call
	perSecond = 3   // calls of an account
	listed    = 200 // numbers that a list can be narrowed to
)

// Options set a client up.
type Options struct {
	Key     string // the account's access key, from the dashboard; needed, and never shown
	BaseURL string // scheme and host; empty: https://api.17track.net
	// HTTP makes the calls; it follows no redirect, which could carry the key elsewhere. Nil: a
	// client of 45 s per call, for 17TRACK takes up to 30.
	HTTP *http.Client
	// Carriers are 17TRACK's carrier keys by the names that orders use, over those built in; 0
	// lets 17TRACK detect the carrier. Case, spaces and punctuation of names do not matter.
	Carriers map[string]int
}

// Client speaks to 17TRACK. It is safe for concurrent use.
type Client struct {
	key      string
	base     string
	http     *http.Client
	carriers map[string]int
}

var (
	_ port.TrackingService = (*Client)(nil)
	_ port.Pusher          = (*Client)(nil)
	_ port.QuotaWatcher    = (*Client)(nil)
	_ port.GiverUp         = (*Client)(nil)
)

// New makes a client; the error names what is missing or malformed.
func New(o Options) (*Client, error) {
	c := &Client{key: o.Key, carriers: carrierKeys()}
	var problems []error
	if !printable(o.Key) {
		problems = append(problems, errors.New("key: expected the account's access key, of printable ASCII without spaces"))
	}
	var err error
	if c.base, err = wire.BaseURL(o.BaseURL, baseURL); err != nil {
		problems = append(problems, err)
	}
	named := make(map[string]int, len(o.Carriers))
	for carrier, key := range o.Carriers {
		folded := fold(carrier)
		if folded == "" || key < 0 {
			problems = append(problems, fmt.Errorf("carriers: expected a name and a key of at least 0, got %q: %d", carrier, key))
		}
		named[folded] = key
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	maps.Copy(c.carriers, named)
	c.http = &http.Client{Timeout: 45 * time.Second}
	if o.HTTP != nil {
		own := *o.HTTP
		c.http = &own
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

func printable(key string) bool {
	return key != "" && strings.IndexFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// Name implements [port.TrackingService] and [port.Pusher].
func (c *Client) Name() string { return name }

// Limits implements [port.TrackingService].
func (c *Client) Limits() port.Limits { return port.Limits{Batch: batch, PerSecond: perSecond} }

// call posts in, or nothing where it is nil, to an operation and returns the envelope of an
// answer that is whole and without an error of the whole call.
func (c *Client) call(ctx context.Context, operation string, in any) (*envelope, error) {
	call := name + ": " + operation
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("%s: encode the request: %w", call, err)
		}
		body = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+root+operation, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("17token", c.key)
	raw, err := wire.Do(c.http, r, call)
	if err != nil {
		return nil, paced(err)
	}
	var e envelope
	switch err := json.Unmarshal(raw, &e); {
	case err != nil:
		return nil, garbled(call, err.Error())
	case e.Code == nil:
		return nil, garbled(call, "no code: "+string(raw))
	}
	if failed := e.failed(); failed != nil {
		return nil, failed.whole(call)
	}
	return &e, nil
}

// paced gives a refusal for haste the wait of the documented pace, where none is said.
func paced(err error) error {
	if u, ok := errors.AsType[*port.UnavailableError](err); ok && u.Status == http.StatusTooManyRequests && u.After == 0 {
		u.After = time.Second
	}
	return err
}

// garbled is the error of an answer that is none; the next may be one.
func garbled(call, why string) error {
	return &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: "that is no answer of 17TRACK: " + wire.Short(why)}
}

// numbers calls an operation on n numbers and returns what it says of them. An error that
// concerns the account, though it stands at one number, is one of the whole call.
func (c *Client) numbers(ctx context.Context, operation string, n int, in any) (*content, error) {
	call := name + ": " + operation
	if n == 0 {
		return &content{}, nil
	}
	if n > batch {
		return nil, fmt.Errorf("%s: expected at most %d numbers, got %d: %w", call, batch, n, port.ErrRefused)
	}
	e, err := c.call(ctx, operation, in)
	if err != nil {
		return nil, err
	}
	data, err := e.content()
	if err != nil {
		return nil, garbled(call, err.Error())
	}
	for _, r := range data.Rejected {
		if failed := r.Error.coded(); failed.verdict().ofAccount() {
			return nil, failed.whole(call)
		}
	}
	return data, nil
}
