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
func (c *client) Appeal(ctx context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	return c.handIn(ctx, "appeals", r, func(known claim) step { return known.Appeal })
}

// SendPapers implements [port.Filing].
func (c *client) SendPapers(ctx context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	return c.handIn(ctx, "papers", r, func(known claim) step { return known.Papers })
}

// AskProtection implements [port.Filing].
func (c *client) AskProtection(ctx context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	return c.handIn(ctx, "protection", r, func(known claim) step { return known.Protected })
}

// handIn looks whether something was handed in for a claim, before it hands it in.
func (c *client) handIn(ctx context.Context, what string, r protocol.ClaimRequest, made func(claim) step) (protocol.Filed, error) {
	path := "/platform/claims/" + url.PathEscape(r.ClaimID)
	var known claim
	if err := c.call(ctx, http.MethodGet, path, "", nil, &known); err != nil {
		return protocol.Filed{}, err
	}
	done := made(known)
	if done.Key != r.Key {
		if err := c.call(ctx, http.MethodPost, path+"/"+what, r.Key, r, &done); err != nil {
			return protocol.Filed{}, err
		}
	}
	return protocol.Filed{ClaimID: r.ClaimID, At: done.At}, nil
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
