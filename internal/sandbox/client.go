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
	"strings"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/wire"
)

// client speaks to a sandbox.
type client struct {
	base string
	http *http.Client
}

// Filing files with the invented platform; no real one offers this. An error is an
// *[port.UnavailableError] where a repeat may help, else it wraps [port.ErrRefused].
func Filing(baseURL string, c *http.Client) port.Filing { return newClient(baseURL, c) }

func newClient(baseURL string, c *http.Client) *client {
	return &client{strings.TrimSuffix(baseURL, "/"), c}
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
	answer, err := wire.Do(c.http, req, call)
	if refused, ok := errors.AsType[*wire.StatusError](err); ok && refused.Status == http.StatusNotFound {
		return fmt.Errorf("%s: %w", call, errNotFound)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: "an answer that cannot be read: " + err.Error()}
	}
	return nil
}
