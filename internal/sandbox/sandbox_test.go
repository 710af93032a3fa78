package sandbox_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/sandbox"
	"parcelward/internal/sandbox/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const day = 24 * time.Hour

// world is a sandbox with an API that hears what it pushes; a virtual day lasts 10 ms.
type world struct {
	*sandbox.Sandbox
	url    string
	origin time.Time
	http   *http.Client

	mu     sync.Mutex
	heard  []rules.Event
	refuse int // so many pushes are answered 503
}

func newWorld(t *testing.T, o sandbox.Options) *world {
	t.Helper()
	w := &world{origin: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
	api := httptest.NewServer(http.HandlerFunc(w.hear))
	t.Cleanup(api.Close)
	o.Clock = protocol.Clock{Origin: w.origin, Start: time.Now(), Speed: 100 * day.Seconds()}
	o.Callback = api.URL
	w.Sandbox = sandbox.New(o)
	t.Cleanup(w.Close)
	server := httptest.NewServer(w.Handler())
	t.Cleanup(server.Close)
	w.url, w.http = server.URL, server.Client()
	return w
}

func (w *world) hear(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse > 0 {
		w.refuse--
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(r.Body)
	e, bad := protocol.DecodeEvent(body)
	if err = errors.Join(err, bad); err != nil || r.Header.Get("Content-Type") != "application/cloudevents+json" {
		http.Error(rw, "bad event", http.StatusUnprocessableEntity)
		return
	}
	w.heard = append(w.heard, e)
}

// await waits until n events were heard.
func (w *world) await(t *testing.T, n int) []rules.Event {
	t.Helper()
	for range 500 {
		w.mu.Lock()
		heard := w.heard
		w.mu.Unlock()
		if len(heard) >= n {
			return heard
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("expected %d events, heard %d", n, len(w.heard))
	return nil
}

func done(t *testing.T, resp *http.Response) {
	t.Helper()
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
}

func request(w *world, key string) protocol.FilingRequest {
	payout, err := money.Parse("88.20", "USD")
	if err != nil {
		panic(err)
	}
	return protocol.FilingRequest{
		Key: key, Store: "demo", Order: "1", Number: "LP001", Payout: &payout, Now: w.origin.Add(time.Hour),
		Case: rules.FiledCase{Kind: rules.KindStall, OpenedAt: w.origin},
	}
}

func TestApprovedAndPaid(t *testing.T) {
	w := newWorld(t, sandbox.Options{Fates: []sandbox.Fate{
		{Order: "other", Decision: rules.DecisionRejected},
		{Order: "1", Decision: rules.DecisionApproved, DecideAfter: 3 * day, PayAfter: 2 * day},
	}})
	w.mu.Lock()
	w.refuse = 2
	w.mu.Unlock()
	filing := sandbox.Filing(w.url, w.http)
	r := request(w, "claim/demo/1/file")
	first, err := filing.File(t.Context(), r)
	if err != nil || !strings.HasPrefix(first.ClaimID, "C-") || !first.At.Equal(r.Now) {
		t.Fatalf("got %+v, %v", first, err)
	}
	r.Now = r.Now.Add(time.Hour)
	again, err := filing.File(t.Context(), r)
	if err != nil || again != first {
		t.Errorf("a repeat: got %+v, %v, expected %+v", again, err, first)
	}
	heard := w.await(t, 2)
	if e := heard[0]; e.Type != rules.TypeClaimDecided || !e.Time.Equal(first.At.Add(3*day)) || e.ID != first.ClaimID+"/decided/1" || e.Store != "demo" || e.Order != "1" {
		t.Errorf("decision: %+v", e)
	}
	if e := heard[1]; e.Type != rules.TypeClaimPaid || !e.Time.Equal(first.At.Add(5*day)) || e.Source != sandbox.Source {
		t.Errorf("payment: %+v", e)
	}
	c := w.Counters()
	if c.Filings[r.Key] != 1 || len(c.Cases) != 1 || c.PushRetries != 2 || c.Pushed != 2 {
		t.Errorf("counters: %+v", c)
	}
}

func TestRejectedAppealedPaid(t *testing.T) {
	w := newWorld(t, sandbox.Options{Fates: []sandbox.Fate{{
		Decision: rules.DecisionRejected, DecideAfter: day, Reason: "waybill not legible",
		AppealDecision: rules.DecisionApproved, AppealAfter: 2 * day, PayAfter: day,
	}}})
	filing := sandbox.Filing(w.url, w.http)
	filed, err := filing.File(t.Context(), request(w, "k"))
	if err != nil {
		t.Fatal(err)
	}
	appeal := protocol.ClaimRequest{Key: "k/appeal", Store: "demo", Order: "1", ClaimID: filed.ClaimID, Now: w.origin.Add(time.Minute)}
	if _, err := filing.Appeal(t.Context(), appeal); !errors.Is(err, port.ErrRefused) {
		t.Errorf("an appeal before the rejection: got %v, expected a refusal", err)
	}
	if d := w.await(t, 1)[0].Data.(*rules.ClaimDecided); d.Decision != rules.DecisionRejected || d.Reason == "" {
		t.Errorf("decision: %+v", d)
	}
	appeal.Now = w.origin.Add(2 * day)
	first, err := filing.Appeal(t.Context(), appeal)
	if err != nil || !first.At.Equal(appeal.Now) || first.ClaimID != filed.ClaimID {
		t.Fatalf("got %+v, %v", first, err)
	}
	if again, err := filing.Appeal(t.Context(), appeal); err != nil || again != first {
		t.Errorf("a repeat: got %+v, %v, expected %+v", again, err, first)
	}
	heard := w.await(t, 3)
	if d := heard[1].Data.(*rules.ClaimDecided); d.Decision != rules.DecisionApproved || !d.When.Equal(appeal.Now.Add(2*day)) || heard[1].ID != filed.ClaimID+"/decided/2" {
		t.Errorf("second decision: %+v", heard[1])
	}
	if heard[2].Type != rules.TypeClaimPaid {
		t.Errorf("payment: %+v", heard[2])
	}
	appeal.Key = "another"
	if _, err := filing.Appeal(t.Context(), appeal); !errors.Is(err, port.ErrRefused) {
		t.Errorf("a second appeal: got %v, expected a refusal", err)
	}
	appeal.ClaimID = "C-NONE"
	if _, err := filing.Appeal(t.Context(), appeal); !errors.Is(err, port.ErrRefused) {
		t.Errorf("an unknown claim: got %v, expected a refusal", err)
	}
}

func TestFaults(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	filing := sandbox.Filing(w.url, w.http)
	w.Faults.Add(fault.Fault{Path: "/platform", Method: http.MethodPost, Status: 503, Times: 1, RetryAfter: 7, LostAnswer: true})
	_, err := filing.File(t.Context(), request(w, "k"))
	var down *port.UnavailableError
	if !errors.As(err, &down) || down.Status != 503 || down.RetryAfter() != 7*time.Second || errors.Is(err, port.ErrRefused) {
		t.Fatalf("got %v, expected HTTP 503", err)
	}
	filed, err := filing.File(t.Context(), request(w, "k"))
	if err != nil || filed.ClaimID == "" {
		t.Errorf("after a lost answer: %+v, %v", filed, err)
	}
	if c := w.Counters(); c.Filings["k"] != 1 || w.Faults.Count() != 1 {
		t.Errorf("filed twice after a lost answer: %+v", c)
	}
	for status, refused := range map[int]bool{400: true, 422: true, 429: false, 500: false} {
		w.Faults.Add(fault.Fault{Method: http.MethodPost, Status: status, Times: 1})
		_, err := filing.File(t.Context(), request(w, fmt.Sprint(status)))
		if err == nil || errors.Is(err, port.ErrRefused) != refused {
			t.Errorf("HTTP %d: got %v, expected refused %t", status, err, refused)
		}
	}
	w.Faults.Add(fault.Fault{Method: http.MethodPost, Body: fault.Cut, Times: 1})
	if _, err := filing.File(t.Context(), request(w, "cut")); !errors.As(err, &down) {
		t.Errorf("half an answer: got %v, expected that a repeat may help", err)
	}
}

func TestBadRequests(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	for _, c := range []struct{ key, body string }{{"", "{}"}, {"k", "{}"}, {"k", "nonsense"}, {"k", strings.Repeat("[", 2<<20)}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/platform/claims", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Idempotency-Key", c.key)
		resp, err := w.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		done(t, resp)
		if resp.StatusCode/100 != 4 {
			t.Errorf("key %q, body %.20s: got %s, expected a refusal", c.key, c.body, resp.Status)
		}
	}
}

// TestCloseWhileWaiting closes with fates still to come; goleak finds what stays.
func TestCloseWhileWaiting(t *testing.T) {
	w := newWorld(t, sandbox.Options{Fates: []sandbox.Fate{{Decision: rules.DecisionApproved, DecideAfter: 1e5 * day}}})
	if _, err := sandbox.Filing(w.url, w.http).File(t.Context(), request(w, "k")); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := sandbox.Filing(w.url, w.http).File(t.Context(), request(w, "late")); err != nil {
		t.Errorf("after Close: %v", err)
	}
}
