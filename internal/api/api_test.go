package api_test

import (
	"cmp"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/govalues/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/config"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
)

// store is an inbox in memory.
type store struct {
	mu        sync.Mutex
	events    []postgres.Incoming
	log       []entry
	shipments []string
	down      error
}

func (s *store) Accept(_ context.Context, events []postgres.Incoming) (postgres.Accepted, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return postgres.Accepted{}, s.down
	}
	var sum postgres.Accepted
	for _, e := range events {
		known := false
		for _, old := range s.events {
			known = known || (old.Event.Source == e.Event.Source && old.Event.ID == e.Event.ID)
		}
		if known {
			sum.Repeated++
			continue
		}
		sum.New++
		s.events = append(s.events, postgres.Incoming{Event: e.Event, Raw: []byte(strings.Clone(string(e.Raw)))})
	}
	return sum, nil
}

func (s *store) Order(_ context.Context, shop, order string) (postgres.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Event.Store == shop && e.Event.Order == order {
			return postgres.Order{Store: shop, Order: order}, s.down
		}
	}
	return postgres.Order{}, cmp.Or(s.down, postgres.ErrNotFound)
}

func (s *store) Facts(_ context.Context, o *postgres.Order) ([]postgres.Fact, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var facts []postgres.Fact
	for i, e := range s.events {
		if e.Event.Store == o.Store && e.Event.Order == o.Order {
			facts = append(facts, postgres.Fact{Position: int64(i + 1), Raw: string(e.Raw)})
		}
	}
	return facts, s.down
}

func (s *store) AddShipment(_ context.Context, shop, order string, serial int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shipments = append(s.shipments, fmt.Sprint(shop, "/", order, "/", serial))
	return s.down
}

// entry is one of the audit log.
type entry struct {
	actor, action string
	detail        map[string]any
}

func (s *store) Log(_ context.Context, actor, action, _, _ string, detail any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	e := entry{actor: actor, action: action}
	if err := json.Unmarshal(raw, &e.detail); err != nil {
		return err
	}
	s.log = append(s.log, e)
	return s.down
}

func (s *store) Logged(_ context.Context, action, _, _, key string) (stdjson.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.log {
		if e.action == action && e.detail["key"] == key {
			return json.Marshal(e.detail)
		}
	}
	return nil, s.down
}

func (s *store) Ping(context.Context) error { return s.down }

// workflows answers confirmations as told.
type workflows struct {
	answer func(key string, c protocol.Confirmation) (protocol.ConfirmationResult, error)
	ship   func(serial int, in protocol.ShipmentInput) error
	number func(serial int, key string, n protocol.ShipNumber) (protocol.ShipNumber, error)
	down   error
	read   []protocol.OrdersInput
}

func (w *workflows) Read(_ context.Context, in protocol.OrdersInput) error {
	w.read = append(w.read, in)
	return w.down
}

func (w *workflows) Confirm(_ context.Context, _, _, key string, c protocol.Confirmation) (protocol.ConfirmationResult, error) {
	return w.answer(key, c)
}

func (w *workflows) StartShipment(_ context.Context, serial int, in protocol.ShipmentInput) error {
	return w.ship(serial, in)
}

func (w *workflows) Ship(_ context.Context, _, _ string, serial int, key string, n protocol.ShipNumber) (protocol.ShipNumber, error) {
	return w.number(serial, key, n)
}

func (w *workflows) Check(context.Context) error { return w.down }

type bundle struct {
	receipts  *receipts
	store     *store
	workflows *workflows
	tickets   *tickets
	client    api.Client
	url       string
}

// clock stands still but for a second or so: 2026-03-01.
func clock() protocol.Clock {
	return protocol.Clock{Origin: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Start: time.Now(), Speed: 1}
}

func setup(t *testing.T) *bundle {
	t.Helper()
	known, err := new(config.Shared).Rules()
	require.NoError(t, err)
	b := &bundle{store: new(store), workflows: new(workflows), receipts: new(receipts), tickets: new(tickets)}
	srv := httptest.NewServer(api.New(api.Options{
		Store: b.store, Workflows: b.workflows, Receipts: b.receipts, Tickets: b.tickets, Rules: known,
		Profiles: map[string]rules.StoreProfile{"s": {Rating: decimal.MustParse("4.8"), RatingMonths: 6}}, Clock: clock(), WebUI: "http://ui", Namespace: "default",
		OrderParams: map[string]stdjson.RawMessage{"s": stdjson.RawMessage(`{"package_params":[{"weight":"0.5"}]}`)},
		Log:         slog.New(slog.DiscardHandler),
	}))
	t.Cleanup(srv.Close)
	b.url = srv.URL
	b.client = api.Client{Base: srv.URL, HTTP: srv.Client()}
	return b
}

func (b *bundle) post(t *testing.T, path, mediaType, body string) (int, http.Header, string) {
	t.Helper()
	res, err := http.Post(b.url+path, mediaType, strings.NewReader(body))
	require.NoError(t, err)
	return answer(t, res)
}

func (b *bundle) get(t *testing.T, path string) (int, http.Header, string) {
	t.Helper()
	res, err := http.Get(b.url + path)
	require.NoError(t, err)
	return answer(t, res)
}

func answer(t *testing.T, res *http.Response) (int, http.Header, string) {
	t.Helper()
	defer res.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, res.Header, string(text)
}

// event is a CloudEvent of order s/1.
func event(id, eventType, at, data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"test","type":%q,"subject":"s/1","time":%q,"data":%s}`, id, eventType, at, data)
}

const (
	createdData = `{"created_at":"2026-01-01T10:00:00+08:00","buyer":{"name":"Ana","country":"DE"},"category":"standard","service_code":"CAINIAO_STANDARD",` +
		`"free_shipping":true,"amount_paid":{"amount":"88.20","currency":"USD"},"freight":{"amount":"0","currency":"USD"},` +
		`"commission":{"amount":"4.00","currency":"USD"},"tax":{"amount":"0","currency":"USD"},"items":[{"sku":"A","quantity":1,"price":{"amount":"50.00","currency":"USD"}}]}`
	recordedData = `{"tracking_number":"LP00123456789012","carrier":"cainiao","service_code":"CAINIAO_STANDARD","recorded_at":"2026-01-02T10:00:00+08:00","shipped_at":"2026-01-02T09:00:00+08:00","trace_alert":false}`
	scanData     = `{"tracking_number":"LP00123456789012","events":[{"at":"2026-01-20T08:00:00+08:00","milestone":"in_transit","source":"carrier"}]}`
)

func created() string { return event("1", "order.created", "2026-01-01T10:00:00+08:00", createdData) }

// stalled is an order whose parcel is silent since 2026-01-20: confirm-by is 2026-02-25.
func stalled() []string {
	return []string{
		created(),
		event("2", "order.paid", "2026-01-01T11:00:00+08:00", `{"paid_at":"2026-01-01T11:00:00+08:00"}`),
		event("3", "shipment.recorded", "2026-01-02T10:00:00+08:00", recordedData),
		event("4", "tracking.updated", "2026-01-20T09:00:00+08:00", scanData),
	}
}

func (b *bundle) load(t *testing.T, events []string) {
	t.Helper()
	status, _, body := b.post(t, "/v1/events", "application/x-ndjson", strings.Join(events, "\n"))
	require.Equal(t, http.StatusAccepted, status, body)
}

func TestStoreDown(t *testing.T) {
	b := setup(t)
	b.store.down = errors.New("secret-host refused")
	status, _, text := b.post(t, "/v1/events", "application/json", created())
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.NotContains(t, text, "secret-host")
	status, _, _ = b.get(t, "/v1/orders/s/1")
	assert.Equal(t, http.StatusServiceUnavailable, status)
}

func TestAssessment(t *testing.T) {
	b := setup(t)
	b.load(t, stalled())
	f := rules.NewFacts("s", "1")
	for _, line := range stalled() {
		e, err := protocol.DecodeEvent([]byte(line))
		require.NoError(t, err)
		f.Add(e)
	}
	known, err := new(config.Shared).Rules()
	require.NoError(t, err)
	rs, err := known.For(f, "")
	require.NoError(t, err)
	a, ok := rules.Assess(f, rs, time.Date(2026, 2, 20, 0, 0, 0, 0, time.UTC))
	require.True(t, ok)
	want, err := json.Marshal(&a)
	require.NoError(t, err)
	for _, asOf := range []string{"2026-02-20T00:00:00Z", "2026-02-20T08:00:00%2B08:00", "2026-02-20T08:00:00+08:00"} {
		status, header, got := b.get(t, "/v1/orders/s/1/assessment?as_of="+asOf)
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, "application/json", header.Get("Content-Type"))
		assert.Equal(t, string(want)+"\n", got, "the same bytes as the backtest's")
	}
	for path, want := range map[string]int{
		"/v1/orders/s/1/assessment?as_of=2026-02-20T00:00:00":  422,
		"/v1/orders/s/1/assessment?as_of=2025-02-20T00:00:00Z": 404,
		"/v1/orders/s/2/assessment":                            404,
		"/v1/orders/s/%25/assessment":                          422,
		"/v1/orders/s/" + strings.Repeat("9", 65):              422,
	} {
		status, header, text := b.get(t, path)
		assert.Equal(t, want, status, path+text)
		assert.Equal(t, "application/problem+json", header.Get("Content-Type"), path)
	}
}

func TestOrder(t *testing.T) {
	b := setup(t)
	b.load(t, stalled())
	o, err := b.client.Order(t.Context(), "s", "1")
	require.NoError(t, err)
	assert.Equal(t, 4, o.Facts)
	assert.Equal(t, "order/s/1", o.WorkflowID)
	assert.Equal(t, "http://ui/namespaces/default/workflows/order%2Fs%2F1", o.WebUI)
	require.NotNil(t, o.Assessment)
	assert.Equal(t, rules.StatusExpired, o.Assessment.Cases[0].Status)
	assert.NotEmpty(t, o.Waiting.ZH)
	assert.GreaterOrEqual(t, len(o.Timeline), 5)
	assert.Empty(t, o.Complaints)
	b.load(t, []string{
		event("5", "complaint.opened", "2026-01-03T09:00:00+08:00", `{"complaint_id":"F-1","at":"2026-01-03T09:00:00+08:00"}`),
		event("6", "dispute.opened", "2026-01-03T09:00:00+08:00", `{"dispute_id":"D-1","kind":"other","at":"2026-01-03T09:00:00+08:00"}`),
	})
	o, err = b.client.Order(t.Context(), "s", "1")
	require.NoError(t, err)
	require.Len(t, o.Complaints, 1)
	assert.Equal(t, rules.ComplaintLost, o.Complaints[0].Status)
	assert.Equal(t, [2]int{1, 3}, o.Complaints[0].PointsAtRisk)
	assert.NotNil(t, o.Complaints[0].MoneyAtRisk)
	require.Len(t, o.Disputes, 1)
	assert.Equal(t, rules.DisputeLate, o.Disputes[0].Status)
	_, err = b.client.Order(t.Context(), "s", "2")
	var p *api.ProblemError
	require.ErrorAs(t, err, &p)
	assert.Equal(t, 404, p.Status)
}

func confirmAt(at string) protocol.Confirmation {
	c := protocol.Confirmation{TrackingNumber: "lp 0012-3456789012", By: "wang"}
	if at != "" {
		t, _ := time.Parse(time.RFC3339, at)
		c.At = &t
	}
	return c
}

func TestConfirmAnswered(t *testing.T) {
	b := setup(t)
	b.load(t, stalled())
	var keys []string
	b.workflows.answer = func(key string, c protocol.Confirmation) (protocol.ConfirmationResult, error) {
		keys = append(keys, key)
		assert.Equal(t, "LP00123456789012", c.TrackingNumber)
		require.NotNil(t, c.At, "the API always says when")
		return protocol.ConfirmationResult{At: *c.At, Confirmed: []rules.CaseID{{TrackingNumber: c.TrackingNumber, Kind: rules.KindStall}}}, nil
	}
	for range 2 {
		got, err := b.client.Confirm(t.Context(), "s", "1", "", confirmAt("2026-02-24T12:00:00Z"))
		require.NoError(t, err)
		assert.Equal(t, api.StatusConfirmed, got.Status)
		assert.Len(t, got.Confirmed, 1)
	}
	assert.Equal(t, keys[0], keys[1], "the same act has the same key")
	_, err := b.client.Confirm(t.Context(), "s", "1", "task-7", confirmAt(""))
	require.NoError(t, err)
	assert.Contains(t, keys[2], "task-7")
	assert.Len(t, b.store.events, 4, "the workflow writes the fact")
}

func TestConfirmNotAnswered(t *testing.T) {
	b := setup(t)
	b.load(t, stalled())
	b.workflows.answer = func(string, protocol.Confirmation) (protocol.ConfirmationResult, error) {
		return protocol.ConfirmationResult{}, temporalclient.ErrNoAnswer
	}
	for range 2 {
		got, err := b.client.Confirm(t.Context(), "s", "1", "", confirmAt("2026-02-24T12:00:00Z"))
		require.NoError(t, err)
		assert.Equal(t, api.StatusRecorded, got.Status)
	}
	require.Len(t, b.store.events, 5, "recorded once")
	o, err := b.client.Order(t.Context(), "s", "1")
	require.NoError(t, err)
	assert.Equal(t, rules.StatusConfirmed, o.Assessment.Cases[0].Status, "it counts by its own time")
}

// STORE/ORDER/KEY would be longer than an event's ID may be.
func TestConfirmLongKey(t *testing.T) {
	b := setup(t)
	store, order := strings.Repeat("s", 64), strings.Repeat("1", 64)
	for _, e := range stalled() {
		b.load(t, []string{strings.Replace(e, `"s/1"`, `"`+store+"/"+order+`"`, 1)})
	}
	var key string
	b.workflows.answer = func(k string, c protocol.Confirmation) (protocol.ConfirmationResult, error) {
		key = k
		return protocol.ConfirmationResult{At: *c.At}, nil
	}
	_, err := b.client.Confirm(t.Context(), store, order, strings.Repeat("k", 128), confirmAt("2026-02-24T12:00:00Z"))
	require.NoError(t, err)
	assert.LessOrEqual(t, len(key), 256)
}

func TestConfirmRefused(t *testing.T) {
	b := setup(t)
	b.load(t, stalled())
	noAnswer := func(string, protocol.Confirmation) (protocol.ConfirmationResult, error) {
		return protocol.ConfirmationResult{}, temporalclient.ErrNotRunning
	}
	refuse := func(string, protocol.Confirmation) (protocol.ConfirmationResult, error) {
		return protocol.ConfirmationResult{}, &temporalclient.RefusedError{Type: protocol.ErrTooLate, Reason: "too late: by then"}
	}
	kind := confirmAt("2026-02-24T12:00:00Z")
	kind.Kind = "bored"
	anonymous := confirmAt("2026-02-24T12:00:00Z")
	anonymous.By = ""
	for name, c := range map[string]struct {
		answer func(string, protocol.Confirmation) (protocol.ConfirmationResult, error)
		order  string
		body   protocol.Confirmation
		status int
		says   string
	}{
		"by the workflow": {refuse, "1", confirmAt("2026-02-24T12:00:00Z"), 409, "too late"},
		"too late":        {noAnswer, "1", confirmAt("2026-02-28T12:00:00Z"), 409, "too late"},
		"no case yet":     {noAnswer, "1", confirmAt("2026-02-01T12:00:00Z"), 409, "no open case"},
		"to come":         {noAnswer, "1", confirmAt("2026-03-24T12:00:00Z"), 422, "has come"},
		"unknown order":   {noAnswer, "2", confirmAt("2026-02-24T12:00:00Z"), 404, "unknown"},
		"kind":            {noAnswer, "1", kind, 422, "kind"},
		"nobody":          {noAnswer, "1", anonymous, 422, "by"},
	} {
		t.Run(name, func(t *testing.T) {
			b.workflows.answer = c.answer
			_, err := b.client.Confirm(t.Context(), "s", c.order, "", c.body)
			var p *api.ProblemError
			require.ErrorAs(t, err, &p)
			assert.Equal(t, c.status, p.Status)
			assert.Contains(t, p.Error(), c.says)
		})
	}
	assert.Len(t, b.store.events, 4, "nothing was recorded")
	for _, body := range []string{`{}`, `{"tracking_number":"A","by":"w","at":"2026-02-24"}`, `[`, `{"tracking_number":7,"by":"w"}`} {
		status, header, text := b.post(t, "/v1/orders/s/1/confirm", "application/json", body)
		assert.Contains(t, []int{400, 422}, status, body+text)
		assert.Equal(t, "application/problem+json", header.Get("Content-Type"))
	}
}

func TestHealth(t *testing.T) {
	b := setup(t)
	status, _, text := b.get(t, "/readyz")
	assert.Equal(t, http.StatusOK, status, text)
	b.workflows.down = errors.New("no")
	status, _, text = b.get(t, "/readyz")
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.JSONEq(t, `{"status":"unready","postgres":"ok","temporal":"does not answer"}`, text)
	b.store.down = errors.New("no")
	_, _, text = b.get(t, "/readyz")
	assert.Contains(t, text, `"postgres":"does not answer"`)
	status, _, _ = b.get(t, "/healthz")
	assert.Equal(t, http.StatusOK, status)
}

func TestCrossSitePostsAreRefused(t *testing.T) {
	b := setup(t)
	req, err := http.NewRequest(http.MethodPost, b.url+"/v1/events", strings.NewReader(created()))
	require.NoError(t, err)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	status, _, _ := answer(t, res)
	assert.Equal(t, http.StatusForbidden, status)
	assert.Empty(t, b.store.events)
}

func TestOpenAPI(t *testing.T) {
	b := setup(t)
	status, _, text := b.get(t, "/openapi.json")
	require.Equal(t, http.StatusOK, status)
	value := jsontext.Value(text)
	require.True(t, value.IsValid())
	for _, want := range []string{
		`"openapi":"3.1.0"`, "/v1/orders/{store}/{order}/confirm", "application/cloudevents-batch+json", "application/x-ndjson", `"/readyz"`, "next_deadline",
	} {
		assert.Contains(t, text, want)
	}
	assert.NotContains(t, text, os.TempDir())
}
