package aliexpress_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	twin "parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/fault"
)

const day = 24 * time.Hour

func TestRefreshAt(t *testing.T) {
	t.Parallel()
	issued := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ life, early, want time.Duration }{
		"a quarter before the end":      {30 * day, 0, 22*day + 12*time.Hour},
		"a day before the end":          {3 * day, 0, 2 * day},
		"half of a short life":          {30 * time.Hour, 0, 15 * time.Hour},
		"as configured":                 {30 * day, 2 * day, 28 * day},
		"never more than half the life": {30 * day, 29 * day, 15 * day},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := aliexpress.Token{Issued: issued, Expires: issued.Add(c.life)}
			require.Equal(t, issued.Add(c.want), token.RefreshAt(c.early))
		})
	}
}

// tokenBench is a bench whose clock stands still until a test turns it. The twin's clock
// follows the client's.
func tokenBench(t *testing.T) (*bench, *clock) {
	t.Helper()
	c := &clock{now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	// Time stamps bear the twin's time; tokens live by the test's clock.
	b := startAt(t, protocol.Clock{Origin: c.now, Start: time.Now(), Speed: 1e-9}, twin.Options{}, func(o *aliexpress.Options) {
		o.Now = c.Now
		o.HTTP = &http.Client{Transport: restamp{}}
	})
	return b, c
}

// restamp lets calls through whatever the test's clock says: it signs them again with the
// twin's time.
type restamp struct{}

func (restamp) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	form := r.Form
	form.Set("timestamp", fmt.Sprint(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMilli()))
	path := ""
	if rest, ok := strings.CutPrefix(r.URL.Path, "/rest"); ok {
		path = rest
	}
	form.Set("sign", twin.Sign(appSecret, path, form))
	method := form.Get("method")
	form.Del("method")
	url := r.URL.Scheme + "://" + r.URL.Host + r.URL.Path
	if method != "" {
		url += "?method=" + method
	}
	again, err := http.NewRequestWithContext(r.Context(), http.MethodPost, url, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	again.Header = r.Header
	return http.DefaultTransport.RoundTrip(again)
}

func TestTokenIsRefreshedEarly(t *testing.T) {
	t.Parallel()
	b, c := tokenBench(t)
	first, err := b.Tokens().Token(t.Context(), store)
	require.NoError(t, err)
	c.Add(22 * day)
	same, err := b.Tokens().Token(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, first.Access, same.Access)
	status, err := b.Tokens().Status(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, first.Expires, status.ExpiresAt)
	require.Equal(t, first.RefreshAt(0), status.RefreshAt)
	require.Equal(t, first.RefreshExpires, status.RefreshBy)
	require.NoError(t, status.Failed)

	c.Add(12 * time.Hour)
	next, err := b.Tokens().Token(t.Context(), store)
	require.NoError(t, err)
	require.NotEqual(t, first.Access, next.Access)
	saved, err := b.tokens.Load(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, next.Access, saved.Access)
}

func TestTokenRefreshFails(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault.Fault{
		"no answer":       {Path: "/rest", Status: 503},
		"the answer lost": {Path: "/rest", Status: 503, LostAnswer: true},
		"garbage":         {Path: "/rest", Body: fault.Garbage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, c := tokenBench(t)
			first, err := b.Tokens().Token(t.Context(), store)
			require.NoError(t, err)
			b.faults.Add(f)
			c.Add(25 * day)
			old, err := b.Tokens().Token(t.Context(), store)
			require.NoError(t, err, "the old token is good for five days more")
			require.Equal(t, first.Access, old.Access)
			tried := b.faults.Count()
			_, err = b.Tokens().Token(t.Context(), store)
			require.NoError(t, err)
			require.Equal(t, tried, b.faults.Count(), "no second try within a minute")
			status, err := b.Tokens().Status(t.Context(), store)
			require.NoError(t, err)
			require.Error(t, status.Failed)

			c.Add(5 * day)
			_, err = b.Tokens().Token(t.Context(), store)
			var again *port.UnavailableError
			require.ErrorAs(t, err, &again, "an expired token is never used")
			require.NotErrorIs(t, err, port.ErrRefused)

			b.faults.Clear()
			fresh, err := b.Tokens().Token(t.Context(), store)
			require.NoError(t, err)
			require.NotEqual(t, first.Access, fresh.Access)
			status, err = b.Tokens().Status(t.Context(), store)
			require.NoError(t, err)
			require.NoError(t, status.Failed)
		})
	}
}

func TestTokenThatCannotBeSavedIsUsedAndSavedLater(t *testing.T) {
	t.Parallel()
	b, c := tokenBench(t)
	first, err := b.Tokens().Token(t.Context(), store)
	require.NoError(t, err)
	b.tokens.mu.Lock()
	b.tokens.fail = errors.New("the database is down")
	b.tokens.mu.Unlock()
	c.Add(25 * day)
	fresh, err := b.Tokens().Token(t.Context(), store)
	require.NoError(t, err)
	require.NotEqual(t, first.Access, fresh.Access)
	b.tokens.mu.Lock()
	b.tokens.fail = nil
	b.tokens.mu.Unlock()
	c.Add(2 * time.Minute)
	same, err := b.Tokens().Token(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, fresh.Access, same.Access, "no second refresh")
	saved, err := b.tokens.Load(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, fresh.Access, saved.Access)
}

func TestTokenOfAnotherProcess(t *testing.T) {
	t.Parallel()
	b, c := tokenBench(t)
	first, err := b.Tokens().Token(t.Context(), store)
	require.NoError(t, err)
	theirs := first
	theirs.Access, theirs.Issued, theirs.Expires = "theirs", first.Issued.Add(24*day), first.Expires.Add(24*day)
	require.NoError(t, b.tokens.Save(t.Context(), store, theirs))
	b.faults.Add(fault.Fault{Path: "/rest", Status: 500})
	c.Add(25 * day)
	got, err := b.Tokens().Token(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, "theirs", got.Access)
	require.Zero(t, b.faults.Count(), "no refresh of our own")
}

func TestTokenSingleFlight(t *testing.T) {
	t.Parallel()
	b, c := tokenBench(t)
	b.faults.Add(fault.Fault{Path: "/rest", Delay: 200 * time.Millisecond})
	c.Add(25 * day)
	got := make([]aliexpress.Token, 20)
	var wait sync.WaitGroup
	for i := range got {
		wait.Go(func() {
			var err error
			got[i], err = b.Tokens().Token(t.Context(), store)
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, g := range got {
		require.Equal(t, got[0].Access, g.Access)
	}
	require.Equal(t, 1, b.faults.Count(), "one refresh")
}

func TestTokenWithoutConsent(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	var token *aliexpress.TokenError
	_, err := b.Track(t.Context(), []port.Tracked{{Store: "stranger", Order: "1", Number: "X"}})
	require.ErrorAs(t, err, &token)
	require.ErrorIs(t, err, port.ErrRefused)

	// Both tokens end: only the seller can mend that.
	b.twin.ExpireTokens(true)
	_, err = b.Track(t.Context(), []port.Tracked{{Store: store, Order: "1", Number: "X"}})
	require.ErrorAs(t, err, &token)
	require.ErrorIs(t, err, port.ErrRefused)
	require.NoError(t, b.Authorise(t.Context(), store, b.twin.Code("seller"), ""))
	_, err = b.Track(t.Context(), []port.Tracked{{Store: store, Order: "1", Number: "X"}})
	require.NoError(t, err)
	require.ErrorIs(t, b.Authorise(t.Context(), store, "3_0_nobody", ""), port.ErrRefused)
}

func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	old, err := b.tokens.Load(t.Context(), store)
	require.NoError(t, err)
	b.twin.ExpireTokens(false)
	_, err = b.Track(t.Context(), []port.Tracked{{Store: store, Order: "1", Number: "X"}})
	require.NoError(t, err)
	fresh, err := b.tokens.Load(t.Context(), store)
	require.NoError(t, err)
	require.NotEqual(t, old.Access, fresh.Access)
	// One that is refused again at once is not replaced again: the platform is not asked without end.
	saves := b.tokens.saves
	b.twin.ExpireTokens(false)
	_, err = b.Track(t.Context(), []port.Tracked{{Store: store, Order: "1", Number: "X"}})
	var token *aliexpress.TokenError
	require.ErrorAs(t, err, &token)
	require.Equal(t, "IllegalAccessToken", token.Code)
	require.Equal(t, saves, b.tokens.saves)
}

func TestErrorsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	token, err := b.tokens.Load(t.Context(), store)
	require.NoError(t, err)
	for _, f := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(f, token), token.Access)
		require.NotContains(t, fmt.Sprintf(f, token), token.Refresh)
	}
	b.server.Close()
	_, err = b.Track(t.Context(), []port.Tracked{{Store: store, Order: "1", Number: "X"}})
	require.Error(t, err)
	require.NotContains(t, err.Error(), token.Access)
	require.NotContains(t, err.Error(), appSecret)
}

func TestErrors(t *testing.T) {
	t.Parallel()
	evening := time.Date(2026, 3, 1, 14, 0, 0, 0, time.UTC) // 22:00 in Beijing
	for name, c := range map[string]struct {
		body    string
		refused bool // else a repeat may help
		token   bool
		after   time.Duration
	}{
		"signature":           {body: `{"error_response":{"type":"ISV","code":"IncompleteSignature","msg":"The request signature does not conform","request_id":"1"}}`, refused: true},
		"account migration":   {body: `{"error_response":{"code":15,"msg":"Remote service error","sub_code":"isv.account-migration-check-fail","sub_msg":"x"}}`, refused: true},
		"illegal token":       {body: `{"error_response":{"code":"IllegalAccessToken","msg":"x"}}`, refused: true, token: true},
		"old gateway's token": {body: `{"error_response":{"code":27,"msg":"Invalid session","sub_code":"invalid-sessionkey"}}`, refused: true, token: true},
		"system form":         {body: `{"type":"ISV","code":"IllegalAccessToken","message":"x","request_id":"1"}`, refused: true, token: true},
		"unknown":             {body: `{"type":"ISV","code":"Whatever","message":"x","request_id":"1"}`, refused: true},
		"day used up":         {body: `{"error_response":{"code":7,"msg":"App Call Limited","sub_code":"accesscontrol.limited-by-app-access-count","sub_msg":"This ban will last for 1 more seconds"}}`, after: 2 * time.Hour},
		"a minute's limit":    {body: `{"error_response":{"code":7,"msg":"App Call Limited","sub_code":"accesscontrol.limited-by-api-access-count","sub_msg":"This ban will last for 29 more seconds"}}`, after: 30 * time.Second},
		"limit, not said":     {body: `{"error_response":{"code":"ApiCallLimit","msg":"too often"}}`, after: time.Second},
		"limit, system form":  {body: `{"type":"ISV","code":"AppCallLimit","message":"too often"}`, after: 2 * time.Hour},
		"their service":       {body: `{"error_response":{"code":15,"msg":"Remote service error","sub_code":"isp.top-remote-connection-timeout"}}`},
		"their system":        {body: `{"type":"SYSTEM","code":"Odd","message":"x"}`},
		"their time-out":      {body: `{"error_response":{"code":"ServiceTimeout","msg":"x"}}`},
		"no error object":     {body: `{"error_response":"no"}`},
		"null":                {body: `null`},
		"nothing in it":       {body: `{}`},
		"a list":              {body: `[]`},
		"another shape":       {body: `{"result_success":{"a":1}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/rest") {
					_, _ = w.Write([]byte(`{"code":"0","access_token":"a","refresh_token":"r","expires_in":864000}`))
					return
				}
				_, _ = w.Write([]byte(c.body))
			}))
			t.Cleanup(server.Close)
			client, err := aliexpress.New(aliexpress.Options{
				BaseURL: server.URL, AppKey: appKey, AppSecret: appSecret, Tokens: &memory{}, Now: func() time.Time { return evening },
			})
			require.NoError(t, err)
			require.NoError(t, client.Authorise(t.Context(), store, "code", ""))
			_, err = client.Track(t.Context(), []port.Tracked{{Store: store, Order: "1", Number: "X"}})
			require.Error(t, err)
			require.Equal(t, c.refused, errors.Is(err, port.ErrRefused), err)
			_, token := errors.AsType[*aliexpress.TokenError](err)
			require.Equal(t, c.token, token, err)
			if !c.refused {
				var again *port.UnavailableError
				require.ErrorAs(t, err, &again)
				require.Equal(t, c.after, again.After)
			}
		})
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	good := aliexpress.Options{AppKey: "k", AppSecret: "s3cret", Tokens: &memory{}}
	_, err := aliexpress.New(good)
	require.NoError(t, err)
	for want, change := range map[string]func(*aliexpress.Options){
		"base URL":        func(o *aliexpress.Options) { o.BaseURL = "api-sg" },
		"AppKey":          func(o *aliexpress.Options) { o.AppKey = "" },
		"AppSecret":       func(o *aliexpress.Options) { o.AppSecret = " " },
		"Tokens":          func(o *aliexpress.Options) { o.Tokens = nil },
		"EarlyRefresh":    func(o *aliexpress.Options) { o.EarlyRefresh = -1 },
		"category":        func(o *aliexpress.Options) { o.Facts.Category = "huge" },
		"commission rate": func(o *aliexpress.Options) { o.Facts.CommissionRate = "8%" },
	} {
		o := good
		change(&o)
		_, err := aliexpress.New(o)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "s3cret")
	}
}
