package fault_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/sandbox/fault"
)

func serve(t *testing.T, i *fault.Injector) (url string, asked *int) {
	t.Helper()
	asked = new(int)
	server := httptest.NewServer(i.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what came is answered
		*asked++
		_, _ = w.Write(append(body, body...))
	})))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func ask(ctx context.Context, t *testing.T, url string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/a/b", strings.NewReader("{\"x\":1}"))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, string(body), err
}

func TestFaults(t *testing.T) {
	t.Parallel()
	const whole = `{"x":1}{"x":1}`
	for _, c := range []struct {
		name   string
		fault  fault.Fault
		status int
		body   string
		broken bool
		asked  int
	}{
		{"another path", fault.Fault{Path: "/b", Status: 500}, 200, whole, false, 1},
		{"another method", fault.Fault{Method: http.MethodGet, Status: 500}, 200, whole, false, 1},
		{"another body", fault.Fault{Holds: `"y"`, Status: 500}, 200, whole, false, 1},
		{"that body", fault.Fault{Holds: `"x"`, Status: 500}, 500, "a fault that was asked for\n", false, 0},
		{"instead of the service", fault.Fault{Path: "/a", Status: 503}, 503, "a fault that was asked for\n", false, 0},
		{"lost answer", fault.Fault{Status: 500, LostAnswer: true}, 500, "a fault that was asked for\n", false, 1},
		{"cut", fault.Fault{Body: fault.Cut}, 200, whole[:len(whole)/2], false, 1},
		{"half", fault.Fault{Body: fault.Half}, 200, whole[:len(whole)/2], true, 1},
		{"empty", fault.Fault{Body: fault.Empty}, 200, "", false, 1},
		{"late", fault.Fault{Delay: 20 * time.Millisecond}, 200, whole, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var i fault.Injector
			require.NoError(t, c.fault.Check())
			c.fault.Times = 1
			i.Add(c.fault)
			url, asked := serve(t, &i)
			status, body, err := ask(t.Context(), t, url)
			require.Equal(t, c.broken, err != nil, "%v", err)
			require.Equal(t, c.status, status)
			require.Equal(t, c.body, body)
			require.Equal(t, c.asked, *asked)
			status, body, err = ask(t.Context(), t, url)
			require.NoError(t, err, "once only")
			require.Equal(t, whole, body)
			require.Equal(t, http.StatusOK, status)
		})
	}
}

// A share of the calls, the same ones for the same seed.
func TestShare(t *testing.T) {
	t.Parallel()
	run := func() (hits []bool) {
		i := fault.New(7)
		i.Add(fault.Fault{Status: 500, Share: 0.2})
		url, _ := serve(t, i)
		for range 200 {
			status, _, err := ask(t.Context(), t, url)
			require.NoError(t, err)
			hits = append(hits, status == http.StatusInternalServerError)
		}
		require.InDelta(t, 40, i.Count(), 25)
		return hits
	}
	first, again := run(), run()
	require.Equal(t, first, again)
}

// A caller who goes ends the delay.
func TestDelayHearsTheCallerGo(t *testing.T) {
	t.Parallel()
	var i fault.Injector
	i.Add(fault.Fault{Delay: time.Hour})
	url, asked := serve(t, &i)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, _, err := ask(ctx, t, url)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Zero(t, *asked)
}

// Whoever plays with a running sandbox orders faults over HTTP.
func TestOrder(t *testing.T) {
	t.Parallel()
	var i fault.Injector
	for body, status := range map[string]int{
		`{"path":"/a","status":503,"times":1}`: 204, "": 422, "{": 422, `{"path":"a"}`: 422, `{"status":200}`: 422,
		`{"share":2}`: 422, `{"body":"odd"}`: 422, `{"lost_answer":true}`: 422,
	} {
		w := httptest.NewRecorder()
		i.Order(w, httptest.NewRequest(http.MethodPost, "/sandbox/faults", strings.NewReader(body)))
		require.Equal(t, status, w.Code, body)
	}
	url, _ := serve(t, &i)
	status, _, err := ask(t.Context(), t, url)
	require.NoError(t, err)
	require.Equal(t, 503, status)
	require.Equal(t, 1, i.Count())
}
