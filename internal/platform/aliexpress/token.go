package aliexpress

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"parcelward/internal/port"
	"parcelward/internal/wire"
)

// Token lets the app act for a store. Its text form holds no secret.
type Token struct {
	Access         string    `json:"access_token"`
	Refresh        string    `json:"refresh_token"`
	Issued         time.Time `json:"issued"`
	Expires        time.Time `json:"expires"`
	RefreshExpires time.Time `json:"refresh_expires"` // from then on only the seller can renew it; zero: not told
	Seller         string    `json:"seller_id"`
	Account        string    `json:"account"`
}

// String implements [fmt.Stringer].
func (t Token) String() string {
	return fmt.Sprintf("token of %s until %s", t.Seller, t.Expires.UTC().Format(time.RFC3339))
}

// GoString implements [fmt.GoStringer].
func (t Token) GoString() string { return t.String() }

// RefreshAt is when the token should be replaced: early before its end where that is said, at
// most half its life; else a quarter of its life, but at least 24 h where the life allows.
func (t Token) RefreshAt(early time.Duration) time.Time {
	life := t.Expires.Sub(t.Issued)
	if early == 0 {
		early = max(life/4, 24*time.Hour)
	}
	return t.Expires.Add(-min(early, life/2))
}

// ErrNoToken says that a store has never authorised the app.
var ErrNoToken = errors.New("no token")

// TokenStore keeps the stores' tokens, durably and secret.
type TokenStore interface {
	// Load returns a store's token; the error wraps [ErrNoToken] where there is none.
	Load(ctx context.Context, store string) (Token, error)
	// Save replaces a store's token.
	Save(ctx context.Context, store string, t Token) error
}

// TokenStatus tells how long a store can be served without a person.
type TokenStatus struct {
	ExpiresAt time.Time // of the token in use
	RefreshAt time.Time // when it is replaced
	RefreshBy time.Time // from then on the seller must authorise again; zero: not told
	Failed    error     // why the last refresh failed; nil: it did not
}

// refreshPause is how long a refresh that failed is not tried again, while a token is good or
// the platform refuses it.
const refreshPause = time.Minute

// refreshTimeout bounds a refresh, which outlives the call that began it.
const refreshTimeout = 2 * time.Minute

type heldToken struct {
	token   Token
	unsaved bool // the platform gave it, but the store did not take it yet
	failed  error
	pause   time.Time // no refresh before
}

// TokenSource hands out tokens that are good, and replaces them in time: one refresh at once
// per store, saved before it is relied on elsewhere. The old token is used until its end where
// a refresh fails, and never after it. A refresh whose answer is lost is asked again with the
// same refresh token; that the platform grants this is not confirmed.
type TokenSource struct {
	store   TokenStore
	refresh func(ctx context.Context, store string, old Token) (Token, error)
	early   time.Duration
	now     func() time.Time

	flight singleflight.Group
	mu     sync.Mutex
	held   map[string]*heldToken
}

// Token is a store's token, good now. The error is a *[TokenError] where a person must act, and
// an *[port.UnavailableError] where a repeat may help.
func (s *TokenSource) Token(ctx context.Context, store string) (Token, error) {
	now := s.now()
	s.mu.Lock()
	h := s.held[store]
	if h != nil && now.Before(h.token.Expires) &&
		(now.Before(h.pause) || !h.unsaved && now.Before(h.token.RefreshAt(s.early))) {
		defer s.mu.Unlock()
		return h.token, nil
	}
	s.mu.Unlock()
	return s.share(ctx, store, "")
}

// replace gets another token than one that the platform refused. It tells whether it did; it
// does not, too soon after the last time.
func (s *TokenSource) replace(ctx context.Context, store string, refused Token) (t Token, ok bool, err error) {
	s.mu.Lock()
	h := s.held[store]
	if h != nil && h.token.Access == refused.Access && s.now().Before(h.pause) {
		s.mu.Unlock()
		return Token{}, false, nil
	}
	s.mu.Unlock()
	t, err = s.share(ctx, store, refused.Access)
	return t, err == nil && t.Access != refused.Access, err
}

// share lets one caller renew a store's token, and gives the others what comes of it.
func (s *TokenSource) share(ctx context.Context, store, refused string) (Token, error) {
	done := s.flight.DoChan(store+"\x00"+refused, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTimeout)
		defer cancel()
		return s.renew(ctx, store, refused)
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return Token{}, r.Err
		}
		t, _ := r.Val.(Token) // renew returns nothing else
		return t, nil
	case <-ctx.Done():
		return Token{}, fmt.Errorf("store %s: token: %w", store, ctx.Err())
	}
}

// renew takes the newest token there is, and replaces it where it is due or refused.
func (s *TokenSource) renew(ctx context.Context, store, refused string) (Token, error) {
	s.mu.Lock()
	h := s.held[store]
	if h == nil {
		h = &heldToken{}
	}
	next := *h
	s.mu.Unlock()

	saved, err := s.store.Load(ctx, store)
	switch {
	case err == nil && (next.token.Access == "" || saved.Issued.After(next.token.Issued)):
		next.token, next.unsaved = saved, false // another process may have renewed it
	case err == nil:
	case next.token.Access == "":
		if errors.Is(err, ErrNoToken) {
			return Token{}, &TokenError{Store: store, Detail: ErrNoToken.Error()}
		}
		return Token{}, &port.UnavailableError{Call: "load the token of store " + store, Detail: wire.Short(err.Error()), Cause: err}
	}
	now := s.now()
	good := now.Before(next.token.Expires) && next.token.Access != refused
	if !good || !now.Before(next.token.RefreshAt(s.early)) {
		var fresh Token
		if fresh, err = s.refreshed(ctx, store, next.token, now); err == nil {
			next.token, next.unsaved, good = fresh, true, true
		}
	}
	if err == nil && next.unsaved {
		if saveErr := s.store.Save(ctx, store, next.token); saveErr != nil {
			err = fmt.Errorf("store %s: keep the token: %w", store, saveErr)
		} else {
			next.unsaved = false
		}
	}
	next.failed = err
	next.pause = time.Time{}
	if err != nil || refused != "" {
		next.pause = now.Add(refreshPause)
	}
	s.mu.Lock()
	s.held[store] = &next
	s.mu.Unlock()
	if !good {
		return Token{}, err
	}
	return next.token, nil
}

func (s *TokenSource) refreshed(ctx context.Context, store string, old Token, now time.Time) (Token, error) {
	if !old.RefreshExpires.IsZero() && !now.Before(old.RefreshExpires) {
		return Token{}, &TokenError{Store: store, Detail: "the refresh token ended at " + old.RefreshExpires.UTC().Format(time.RFC3339)}
	}
	return s.refresh(ctx, store, old)
}

// Status tells how a store's token stands, without a call to the platform.
func (s *TokenSource) Status(ctx context.Context, store string) (TokenStatus, error) {
	t, err := s.store.Load(ctx, store)
	s.mu.Lock()
	defer s.mu.Unlock()
	var failed error
	if h := s.held[store]; h != nil {
		failed = h.failed
		if err != nil || h.token.Issued.After(t.Issued) {
			t, err = h.token, nil
		}
	}
	if err != nil {
		return TokenStatus{}, fmt.Errorf("store %s: load the token: %w", store, err)
	}
	return TokenStatus{ExpiresAt: t.Expires, RefreshAt: t.RefreshAt(s.early), RefreshBy: t.RefreshExpires, Failed: failed}, nil
}

// Authorise turns the code that a seller brings back from the platform's consent page into the
// store's token, and keeps it. uuid is what the page was given, and may be empty.
func (c *Client) Authorise(ctx context.Context, store, code, uuid string) error {
	t, err := c.askToken(ctx, store, "/auth/token/create", map[string]string{"code": code, "uuid": uuid}, Token{})
	if err != nil {
		return err
	}
	if err := c.tokens.store.Save(ctx, store, t); err != nil {
		return fmt.Errorf("store %s: keep the token: %w", store, err)
	}
	c.tokens.mu.Lock()
	defer c.tokens.mu.Unlock()
	c.tokens.held[store] = &heldToken{token: t}
	return nil
}

func (c *Client) refreshToken(ctx context.Context, store string, old Token) (Token, error) {
	return c.askToken(ctx, store, "/auth/token/refresh", map[string]string{"refresh_token": old.Refresh}, old)
}

// askToken asks for a token; what the answer leaves out stays as it was.
func (c *Client) askToken(ctx context.Context, store, path string, params map[string]string, old Token) (Token, error) {
	var out struct {
		AccessToken           wire.Text `json:"access_token"`
		RefreshToken          wire.Text `json:"refresh_token"`
		ExpiresIn             wire.Text `json:"expires_in"`               // seconds
		RefreshExpiresIn      wire.Text `json:"refresh_expires_in"`       // seconds
		ExpireTime            wire.Text `json:"expire_time"`              // epoch ms
		RefreshTokenValidTime wire.Text `json:"refresh_token_valid_time"` // epoch ms
		SellerID              wire.Text `json:"seller_id"`
		Account               wire.Text `json:"account"`
	}
	now := c.now().UTC()
	if err := c.gop(ctx, store, path, maps.Clone(params), &out); err != nil {
		return Token{}, err
	}
	t := old
	t.Access, t.Issued = string(out.AccessToken), now
	t.Expires = until(now, out.ExpiresIn, out.ExpireTime)
	if out.RefreshToken != "" {
		t.Refresh = string(out.RefreshToken)
	}
	if end := until(now, out.RefreshExpiresIn, out.RefreshTokenValidTime); !end.IsZero() {
		t.RefreshExpires = end
	}
	if out.SellerID != "" {
		t.Seller = string(out.SellerID)
	}
	if out.Account != "" {
		t.Account = string(out.Account)
	}
	if t.Access == "" || !t.Expires.After(now) {
		return Token{}, &port.UnavailableError{Call: "aliexpress: " + path, Status: 200, Detail: "an answer without a token and its life"}
	}
	return t, nil
}

// until is the end of a life of so many seconds from now, else the moment told; zero where
// neither is. Seconds come first: they do not depend on both clocks being right.
func until(now time.Time, seconds, epochMs wire.Text) time.Time {
	if n, err := strconv.ParseInt(string(seconds), 10, 32); err == nil && n > 0 {
		return now.Add(time.Duration(n) * time.Second)
	}
	if n, err := strconv.ParseInt(string(epochMs), 10, 64); err == nil && n > 0 {
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}
