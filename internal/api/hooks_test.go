package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// pusher takes a body for the number that it tells of, when it is signed "good".
type pusher struct{}

func (pusher) Name() string { return "svc" }

func (pusher) Receive(h http.Header, body []byte) (port.Pushed, error) {
	refusal := port.Pushed{Reply: []byte(`{"Success":false}`), ReplyType: "application/json"}
	switch {
	case h.Get("Sign") != "good":
		return refusal, fmt.Errorf("svc: %w", port.ErrSignature)
	case strings.HasPrefix(string(body), "<"):
		return refusal, fmt.Errorf("svc: expected JSON: %w", port.ErrRefused)
	}
	return port.Pushed{
		Answers: []port.Answer{{Number: string(body), Rows: []rules.Row{{Milestone: rules.Lost}}}},
		Reply:   []byte(`{"Success":true}`), ReplyType: "application/json",
	}, nil
}

// traces keeps what it is told.
type traces struct {
	mu         sync.Mutex
	learnt     []string
	unreadable []string
	down       error
}

func (tr *traces) Learn(_ context.Context, service string, answers []port.Answer) (port.Learnt, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, a := range answers {
		tr.learnt = append(tr.learnt, service+" "+a.Number)
	}
	return port.Learnt{}, tr.down
}

func (tr *traces) KeepUnreadable(_ context.Context, service, reason string, body []byte) error {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.unreadable = append(tr.unreadable, service+" "+reason+" "+string(body))
	return tr.down
}

// A push is verified, kept, and only then answered in the words that its sender wants.
func TestHook(t *testing.T) {
	t.Parallel()
	tr := &traces{}
	server := httptest.NewServer(api.New(api.Options{
		Store: &store{}, Workflows: &workflows{}, Log: slog.New(slog.DiscardHandler), Pushers: map[string]port.Pusher{"svc": pusher{}}, Traces: tr,
	}))
	t.Cleanup(server.Close)
	push := func(service, sign, body string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/hooks/"+service, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Sign", sign)
		resp, err := server.Client().Do(req)
		require.NoError(t, err)
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		return resp.StatusCode, strings.TrimSpace(string(answer))
	}
	for _, c := range []struct {
		name, service, sign, body string
		down                      error
		status                    int
		reply                     string
		learnt, unreadable        []string
	}{
		{"taken", "svc", "good", "LP1", nil, 200, `{"Success":true}`, []string{"svc LP1"}, nil},
		{"forged: counted, not kept", "svc", "bad", "LP1", nil, 401, `{"Success":false}`, nil, nil},
		{"unreadable: kept", "svc", "good", "<html>", nil, 422, `{"Success":false}`, nil, []string{"svc svc: expected JSON: refused <html>"}},
		{"our database is away: never a yes", "svc", "good", "LP1", errors.New("away"), 503, "", []string{"svc LP1"}, nil},
		{"nobody of that name", "other", "good", "LP1", nil, 404, "no service of that name is configured to push here", nil, nil},
		{"too large", "svc", "good", strings.Repeat("x", protocol.MaxBatchBytes+1), nil, 413, "body: cannot be read whole", nil, nil},
	} {
		tr.learnt, tr.unreadable, tr.down = nil, nil, c.down
		status, reply := push(c.service, c.sign, c.body)
		require.Equal(t, c.status, status, c.name)
		require.Equal(t, c.reply, reply, c.name)
		require.Equal(t, c.learnt, tr.learnt, c.name)
		require.Equal(t, c.unreadable, tr.unreadable, c.name)
	}
}

// orderPusher is a platform that pushes the order that it tells of, when it is signed "good".
type orderPusher struct{}

func (orderPusher) Name() string { return "shops" }

func (orderPusher) Receive(_ context.Context, h http.Header, body []byte) (port.PushedOrder, error) {
	switch store, order, _ := strings.Cut(string(body), " "); {
	case h.Get("Sign") != "good":
		return port.PushedOrder{}, fmt.Errorf("shops: %w", port.ErrSignature)
	case store == "<html>":
		return port.PushedOrder{}, fmt.Errorf("shops: expected JSON: %w", port.ErrRefused)
	case store == "down":
		return port.PushedOrder{}, errors.New("shops: whose push it is: away")
	default:
		return port.PushedOrder{Store: store, Order: order}, nil
	}
}

// The push of an order is verified, its reading started, and only then is it answered.
func TestOrderHook(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sign, body string
		temporal   error
		records    error
		status     int
		read       bool
		unreadable int
	}{
		"taken":                 {sign: "good", body: "s 81", status: 200, read: true},
		"Temporal is down":      {sign: "good", body: "s 81", temporal: errors.New("away"), status: 503, read: true},
		"forged":                {sign: "bad", body: "s 81", status: 401},
		"unreadable":            {sign: "good", body: "<html>", status: 422, unreadable: 1},
		"unreadable, not kept":  {sign: "good", body: "<html>", records: errors.New("away"), status: 503, unreadable: 1},
		"whose, nobody can say": {sign: "good", body: "down", status: 503},
		"of another's store":    {sign: "good", body: " 81", status: 200},
		"about no order":        {sign: "good", body: "s", status: 200},
		"about a hostile one":   {sign: "good", body: "s ../81", status: 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, tr := &workflows{down: c.temporal}, &traces{down: c.records}
			server := httptest.NewServer(api.New(api.Options{
				Store: &store{}, Workflows: w, Log: slog.New(slog.DiscardHandler), Clock: clock(), Traces: tr,
				OrderPushers: map[string]port.OrderPusher{"shops": orderPusher{}},
			}))
			t.Cleanup(server.Close)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/hooks/shops", strings.NewReader(c.body))
			require.NoError(t, err)
			req.Header.Set("Sign", c.sign)
			resp, err := server.Client().Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, c.status, resp.StatusCode)
			require.Len(t, tr.unreadable, c.unreadable)
			if !c.read {
				require.Empty(t, w.read)
				return
			}
			require.Len(t, w.read, 1)
			require.Equal(t, "orders/shops/s/81", protocol.OneOrderID(w.read[0].Platform, w.read[0].Store, w.read[0].Order))
			require.NotZero(t, w.read[0].Clock, "it reads by our clock")
		})
	}
}
