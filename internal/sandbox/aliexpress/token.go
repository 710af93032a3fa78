package aliexpress

import (
	"fmt"
	"net/url"
	"time"
)

// grant is a seller's consent, with one access token. A refresh makes another with the same
// refresh token, and leaves the old one as it is.
type grant struct {
	seller         string
	refresh        string
	expires        time.Time
	refreshExpires time.Time
}

// Code is what a seller brings back from the consent page, good for one token.
func (t *Twin) Code(seller string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	code := fmt.Sprintf("3_%d_%s", 500000+t.next(), seller)
	t.codes[code] = seller
	return code
}

// ExpireTokens ends all access tokens now, and the refresh tokens too where said.
func (t *Twin) ExpireTokens(refreshTokensToo bool) {
	now := t.world.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, g := range t.grants {
		g.expires = now
		if refreshTokensToo {
			g.refreshExpires = now
		}
	}
}

// session is the seller whose access token it is.
func (t *Twin) session(access string) (seller string, p *problem) {
	now := t.world.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.grants[access]
	if g == nil || !now.Before(g.expires) {
		return "", &problem{code: "IllegalAccessToken", text: "The specified access token is invalid or expired"}
	}
	return g.seller, nil
}

func (t *Twin) createToken(form url.Values) (object, *problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	seller, ok := t.codes[form.Get("code")]
	if !ok {
		return nil, &problem{code: "InvalidCode", text: "Invalid authorization code"}
	}
	delete(t.codes, form.Get("code"))
	return t.give(&grant{
		seller: seller, refresh: fmt.Sprintf("5000%dR%s", t.next(), seller), refreshExpires: t.world.Now().Add(t.o.RefreshLife),
	}), nil
}

func (t *Twin) refreshToken(form url.Values) (object, *problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.refresh[form.Get("refresh_token")]
	if g == nil || !t.world.Now().Before(g.refreshExpires) {
		return nil, &problem{code: "IllegalRefreshToken", text: "The specified refresh token is invalid or expired"}
	}
	next := *g
	return t.give(&next), nil
}

// give makes an access token; the lock must be held.
func (t *Twin) give(g *grant) object {
	now := t.world.Now()
	g.expires = now.Add(t.o.TokenLife)
	access := fmt.Sprintf("5000%dA%s", t.next(), g.seller)
	t.grants[access], t.refresh[g.refresh] = g, g
	return object{
		"access_token": access, "refresh_token": g.refresh,
		"expires_in": int64(t.o.TokenLife / time.Second), "expire_time": g.expires.UnixMilli(),
		"refresh_expires_in": int64(g.refreshExpires.Sub(now) / time.Second), "refresh_token_valid_time": g.refreshExpires.UnixMilli(),
		"seller_id": g.seller, "user_id": g.seller, "user_nick": g.seller, "account": g.seller + "@example.com",
		"havana_id": "1730" + g.seller, "account_platform": "seller_center", "sp": "ae", "locale": "zh_CN",
	}
}
