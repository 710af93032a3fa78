package aliexpress

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"parcelward/internal/port"
	"parcelward/internal/wire"
)

// top makes a business call for a store and decodes the answer into out. A token that the
// platform refuses although it should be good is replaced once, for another process may have
// refreshed it, or a person revoked it.
func (c *Client) top(ctx context.Context, store, method string, params map[string]string, out any) error {
	return c.withToken(ctx, store, method, func(token Token) error {
		return c.topWith(ctx, token, store, method, params, out)
	})
}

// withToken calls for a store with its token, or with another where that one is refused.
func (c *Client) withToken(ctx context.Context, store, method string, call func(Token) error) error {
	token, err := c.tokens.Token(ctx, store)
	if err != nil {
		return fmt.Errorf("aliexpress: %s: %w", method, err)
	}
	err = call(token)
	if _, refused := errors.AsType[*TokenError](err); !refused {
		return err
	}
	token, ok, replaceErr := c.tokens.replace(ctx, store, token)
	switch {
	case replaceErr != nil:
		return fmt.Errorf("aliexpress: %s: %w", method, replaceErr)
	case !ok:
		return err
	}
	return call(token)
}

func (c *Client) topWith(ctx context.Context, token Token, store, method string, params map[string]string, out any) error {
	all := maps.Clone(params)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, c.common())
	all["method"], all["session"] = method, token.Access
	all["v"], all["format"], all["simplify"] = "2.0", "json", "true"
	all["sign"] = Sign(c.secret, "", all)
	delete(all, "method") // it stands in the URL, the rest in the body: URLs get logged
	return c.send(ctx, store, method, "/sync?method="+url.QueryEscape(method), all, out)
}

// gop makes a system call.
func (c *Client) gop(ctx context.Context, store, path string, params map[string]string, out any) error {
	all := maps.Clone(params)
	maps.Copy(all, c.common())
	all["sign"] = Sign(c.secret, path, all)
	return c.send(ctx, store, path, "/rest"+path, all, out)
}

// gopFor makes a business call of the second protocol for a store, like [Client.top].
func (c *Client) gopFor(ctx context.Context, store, path string, params map[string]string, out any) error {
	return c.withToken(ctx, store, path, func(token Token) error {
		all := maps.Clone(params)
		all["access_token"] = token.Access
		return c.gop(ctx, store, path, all, out)
	})
}

func (c *Client) common() map[string]string {
	return map[string]string{
		"app_key": c.key, "sign_method": "sha256", "partner_id": c.partner,
		"timestamp": strconv.FormatInt(c.now().UnixMilli(), 10),
	}
}

func (c *Client) send(ctx context.Context, store, what, target string, params map[string]string, out any) error {
	call := "aliexpress: " + what
	form := url.Values{}
	for name, value := range params {
		if value != "" {
			form.Set(name, value)
		}
	}
	raw, err := wire.PostForm(ctx, c.http, c.base+target, form, call)
	if err != nil {
		return err //nolint:wrapcheck // it names the call already
	}
	answer, failed, err := unwrap(raw)
	switch {
	case err != nil:
		return &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: wire.Short(err.Error()), Cause: err}
	case failed != nil:
		return failed.explain(call, store, c.now())
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: wire.Short(err.Error()), Cause: err}
	}
	return nil
}

// odd is an answer that lacks what every answer of the call has.
func odd(method, expected string) error {
	return &port.UnavailableError{Call: "aliexpress: " + method, Status: http.StatusOK, Detail: "an answer without " + expected}
}

// failure is how either protocol says no.
type failure struct {
	Code      wire.Text `json:"code"`
	Msg       wire.Text `json:"msg"`
	Message   wire.Text `json:"message"`
	SubCode   wire.Text `json:"sub_code"`
	SubMsg    wire.Text `json:"sub_msg"`
	Type      wire.Text `json:"type"`
	RequestID wire.Text `json:"request_id"`
}

// unwrap takes the envelope off an answer: {"<method>_response":{…}} where the gateway did
// not simplify, {"error_response":{…}} or {"type","code","message"} where it says no. The
// error is about a body that is no answer at all.
func unwrap(raw []byte) (answer []byte, failed *failure, err error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil || keys == nil {
		return nil, nil, fmt.Errorf("expected a JSON object, got %q", wire.Short(string(raw)))
	}
	if body, ok := keys["error_response"]; ok {
		failed = new(failure)
		if err := json.Unmarshal(body, failed); err != nil {
			return nil, nil, fmt.Errorf("error_response: %w", err)
		}
		return nil, failed, nil
	}
	if _, ok := keys["code"]; ok {
		failed = new(failure)
		// An answer may have a code of its own kind; one that does not decode is no failure.
		if json.Unmarshal(raw, failed) == nil && failed.Code != "" && failed.Code != "0" && (failed.Message != "" || failed.Type != "") {
			return nil, failed, nil
		}
	}
	for name, body := range keys {
		if strings.HasSuffix(name, "_response") {
			return body, nil, nil
		}
	}
	return raw, nil, nil
}
