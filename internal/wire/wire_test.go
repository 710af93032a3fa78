package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/wire"
)

const call = "17track: register"

// serve answers every call in one way.
func serve(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL
}

// do makes a call that bears a secret in its URL, in a header and in its body.
func do(ctx context.Context, t *testing.T, c *http.Client, url string) ([]byte, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/do?session=SECRET", strings.NewReader("sign=SECRET"))
	require.NoError(t, err)
	r.Header.Set("17token", "SECRET")
	body, err := wire.Do(c, r, call)
	if err != nil {
		require.NotContains(t, err.Error(), "SECRET")
		require.Contains(t, err.Error(), call)
		require.Nil(t, body)
	}
	return body, err
}

func TestDoStatuses(t *testing.T) {
	t.Parallel()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for status, want := range map[int]string{
		200: "", 201: "", 202: "",
		301: "refused", 307: "refused", 400: "refused", 401: "refused", 403: "refused", 404: "refused", 409: "refused", 422: "refused",
		408: "again", 425: "again", 429: "again", 500: "again", 502: "again", 503: "again", 504: "again", 599: "again",
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, "what it\nsaid")
		})
		body, err := do(t.Context(), t, c, url)
		again, isAgain := errors.AsType[*port.UnavailableError](err)
		no, isNo := errors.AsType[*wire.StatusError](err)
		require.Equal(t, want == "again", isAgain, status)
		require.Equal(t, want == "refused", isNo, status)
		require.Equal(t, want == "refused", errors.Is(err, port.ErrRefused), status)
		switch want {
		case "":
			require.NoError(t, err, status)
			require.Equal(t, "what it\nsaid", string(body), status)
		case "again":
			require.Equal(t, status, again.Status)
			require.Equal(t, "what it said", again.Detail)
			require.Zero(t, again.After)
		case "refused":
			require.Equal(t, status, no.Status)
			require.Equal(t, "what it\nsaid", string(no.Body))
			require.ErrorContains(t, err, fmt.Sprintf("HTTP %d what it said", status))
		}
	}
}

func TestDoRetryAfter(t *testing.T) {
	t.Parallel()
	date := func(in time.Duration) string { return time.Now().Add(in).UTC().Format(http.TimeFormat) }
	now := date(0)
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Format(http.TimeFormat)
	for name, c := range map[string]struct {
		after, date string
		want        time.Duration
		within      time.Duration
	}{
		"none":                           {"", now, 0, 0},
		"seconds":                        {"7", now, 7 * time.Second, 0},
		"none at all":                    {"0", now, 0, 0},
		"an hour":                        {"3600", now, time.Hour, 0},
		"too long":                       {"86400", now, time.Hour, 0},
		"more than a number holds":       {strings.Repeat("9", 40), now, time.Hour, 0},
		"below zero":                     {"-5", now, 0, 0},
		"far below zero":                 {"-10000000000", now, 0, 0},
		"garbage":                        {"soon", now, 0, 0},
		"a fraction":                     {"1.5", now, 0, 0},
		"a date by the service's clock":  {"Mon, 02 Mar 2026 12:01:30 GMT", noon, 90 * time.Second, 0},
		"a date by our own clock":        {date(30 * time.Second), "noon", 30 * time.Second, 5 * time.Second},
		"a date that has passed":         {"Mon, 02 Mar 2026 11:59:30 GMT", noon, 0, 0},
		"a date that is too far away":    {"Tue, 03 Mar 2026 12:00:00 GMT", noon, time.Hour, 0},
		"a date in the form of RFC 850":  {"Monday, 02-Mar-26 12:00:05 GMT", noon, 5 * time.Second, 0},
		"a date that is none of HTTP's":  {"2026-03-02T12:01:30Z", noon, 0, 0},
		"spaces around, which HTTP cuts": {" 9 ", now, 9 * time.Second, 0},
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = []string{c.date}
			if c.after != "" {
				w.Header().Set("Retry-After", c.after)
			}
			w.WriteHeader(http.StatusTooManyRequests)
		})
		_, err := do(t.Context(), t, http.DefaultClient, url)
		again, ok := errors.AsType[*port.UnavailableError](err)
		require.True(t, ok, name)
		require.InDelta(t, c.want, again.After, float64(c.within), name)
	}
}

func TestDoAnswersThatBreakOff(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"in its head": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"in its body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = fmt.Fprint(w, `{"code":0`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"in the body of a refusal": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprint(w, `{"code":0`)
		},
		"never": func(w http.ResponseWriter, _ *http.Request) {
			chunk := make([]byte, 1<<20)
			for range wire.MaxAnswer>>20 + 1 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		},
	} {
		_, err := do(t.Context(), t, http.DefaultClient, serve(t, answer))
		again, ok := errors.AsType[*port.UnavailableError](err)
		require.True(t, ok, "%s: %v", name, err)
		require.NotEmpty(t, again.Detail, name)
		require.NotErrorIs(t, err, port.ErrRefused, name)
	}
}

func TestDoTakesTheLongestAnswer(t *testing.T) {
	t.Parallel()
	body, err := do(t.Context(), t, http.DefaultClient, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, wire.MaxAnswer)) // a caller who is gone is seen by the length
	}))
	require.NoError(t, err)
	require.Len(t, body, wire.MaxAnswer)
}

func TestDoWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	_, err := do(t.Context(), t, http.DefaultClient, gone.URL)
	again, ok := errors.AsType[*port.UnavailableError](err)
	require.True(t, ok, "%v", err)
	require.Zero(t, again.Status)
	require.NotContains(t, fmt.Sprintf("%+v", again.Cause), "SECRET")

	slow := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only with its body read does the server see a caller go
		<-r.Context().Done()
	})
	_, err = do(t.Context(), t, &http.Client{Timeout: 20 * time.Millisecond}, slow)
	_, ok = errors.AsType[*port.UnavailableError](err)
	require.True(t, ok, "the service's slowness: %v", err)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = do(ctx, t, http.DefaultClient, slow)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, ok = errors.AsType[*port.UnavailableError](err)
	require.False(t, ok, "the caller's own end: %v", err)
}

func TestShort(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                             "",
		"签名错误":                         "签名错误",
		"two\nlines\tand\x1b[31m\x00":  "two lines and [31m ",
		"\u202ehidden\u200b":           " hidden ",
		strings.Repeat("x", 200):       strings.Repeat("x", 200),
		strings.Repeat("x", 201):       strings.Repeat("x", 200) + "…",
		"x" + strings.Repeat("快", 100): "x" + strings.Repeat("快", 66) + "…", // not in the middle of a letter
	} {
		require.Equal(t, want, wire.Short(in))
	}
	require.True(t, strings.HasPrefix(wire.Short("\xff\xfe<html>"), "��<html>"), "bytes of no text")
}

func TestPostForm(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.Method, " ", r.URL.RequestURI(), " ", r.Header.Get("Content-Type"), " ", r.PostFormValue("data"))
	})
	body, err := wire.PostForm(t.Context(), http.DefaultClient, address+"/do?method=x", url.Values{"data": {`{"no":"快 1"}`}}, call)
	require.NoError(t, err)
	require.Equal(t, `POST /do?method=x application/x-www-form-urlencoded;charset=utf-8 {"no":"快 1"}`, string(body))

	refuses := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	_, err = wire.PostForm(t.Context(), http.DefaultClient, refuses, url.Values{"sign": {"SECRET"}}, call)
	require.ErrorIs(t, err, port.ErrRefused)
	require.NotContains(t, err.Error(), "SECRET")
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	const standard = "https://api.example.com"
	for given, want := range map[string]string{
		"": standard, "https://twin.example.com": "https://twin.example.com", "http://127.0.0.1:8080/": "http://127.0.0.1:8080",
		"https://example.com/gate/": "https://example.com/gate",
	} {
		got, err := wire.BaseURL(given, standard)
		require.NoError(t, err, given)
		require.Equal(t, want, got)
	}
	for _, given := range []string{"api.example.com", "ftp://example.com", "https://", "//example.com", "https://u:SECRET@example.com", "https://example.com?key=SECRET", "https://exa mple.com/SECRET", "https://example.com#SECRET"} {
		_, err := wire.BaseURL(given, standard)
		require.EqualError(t, err, "base URL: expected scheme and host, such as https://api.example.com", given)
	}
}
