package aliexpress

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"parcelward/internal/wire"
)

// BaseURL is the gateway for all regions but the mainland's old ones.
const BaseURL = "https://api-sg.aliexpress.com"

// Options configure a client of one app, which may serve many stores.
type Options struct {
	BaseURL   string     // gateway; empty: [BaseURL]
	AppKey    string     // of the app, from the App Console
	AppSecret string     // of the app; signs, and is never sent
	PartnerID string     // names this software to the platform; empty: parcelward
	Tokens    TokenStore // where the stores' tokens are kept

	// EarlyRefresh is how long before its end a token is refreshed, at most half its life;
	// 0: a quarter of its life, but at least 24 h where that is no more than half of it.
	EarlyRefresh time.Duration
	// PerSecond is how many calls a second the app may make over all workers, which the App
	// Console shows; 0: not limited here, and the platform's own refusals say when to wait.
	PerSecond float64
	// Facts says what the platform does not.
	Facts Facts
	// PushSignature makes what the Authorization header of a push must hold; nil:
	// [PushSignature], which is confirmed for sibling platforms only.
	PushSignature func(appKey, appSecret string, body []byte) string

	HTTP *http.Client     // nil: one that gives up after 45 s
	Now  func() time.Time // the platform's clock, for time stamps and the life of tokens; nil: time.Now
}

// callTimeout bounds a whole call; the vendor's own client waits 15 s for a connection and
// 30 s for an answer.
const callTimeout = 45 * time.Second

// Client speaks to the open platform. It is safe for concurrent use.
type Client struct {
	base      string
	key       string
	secret    string
	partner   string
	perSecond float64
	facts     Facts
	pushSign  func(appKey, appSecret string, body []byte) string
	http      *http.Client
	now       func() time.Time
	tokens    *TokenSource
}

// New makes a client. The error names the option that is missing or malformed.
func New(o Options) (*Client, error) {
	base, err := wire.BaseURL(o.BaseURL, BaseURL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("aliexpress: %w", err)
	case strings.TrimSpace(o.AppKey) == "":
		return nil, fmt.Errorf("aliexpress: AppKey: missing; the App Console shows it")
	case strings.TrimSpace(o.AppSecret) == "":
		return nil, fmt.Errorf("aliexpress: AppSecret: missing; the App Console shows it")
	case o.Tokens == nil:
		return nil, fmt.Errorf("aliexpress: Tokens: missing: where are the stores' tokens kept?")
	case o.EarlyRefresh < 0 || o.PerSecond < 0:
		return nil, fmt.Errorf("aliexpress: EarlyRefresh, PerSecond: expected none or more than 0")
	}
	if err := o.Facts.check(); err != nil {
		return nil, fmt.Errorf("aliexpress: Facts: %w", err)
	}
	c := &Client{
		base: base, key: o.AppKey, secret: o.AppSecret, partner: o.PartnerID,
		perSecond: o.PerSecond, facts: o.Facts, pushSign: o.PushSignature, http: o.HTTP, now: o.Now,
	}
	if c.partner == "" {
		c.partner = "parcelward"
	}
	if c.pushSign == nil {
		c.pushSign = PushSignature
	}
	if c.http == nil {
		c.http = &http.Client{Timeout: callTimeout}
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.tokens = &TokenSource{
		store: o.Tokens, refresh: c.refreshToken, early: o.EarlyRefresh, now: c.now, held: map[string]*heldToken{},
	}
	return c, nil
}

// Tokens is where the client's tokens come from, and what tells how long they last.
func (c *Client) Tokens() *TokenSource { return c.tokens }
