package seventeentrack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	adapter "parcelward/internal/carrier/seventeentrack"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/seventeentrack"
	"parcelward/internal/sandbox/world"
)

const key = "TEST17KEY"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start makes a twin of w and an adapter that speaks to it.
func start(t *testing.T, w *world.World, o seventeentrack.Options) (*seventeentrack.Twin, *adapter.Client, string) {
	t.Helper()
	o.Key = key
	sim := seventeentrack.New(w, o)
	t.Cleanup(sim.Close)
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)
	c, err := adapter.New(adapter.Options{Key: key, BaseURL: server.URL, HTTP: server.Client()})
	require.NoError(t, err)
	return sim, c, server.URL
}

// received are the pushes that an adapter has taken.
type received struct {
	mu     sync.Mutex
	rows   []int
	status int // answered instead of 200, once
}

func (r *received) serve(t *testing.T, c **adapter.Client) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if status := r.status; status != 0 {
			r.status = 0
			w.WriteHeader(status)
			return
		}
		body, _ := io.ReadAll(req.Body)
		pushed, err := (*c).Receive(req.Header, body)
		if err != nil || len(pushed.Answers) != 1 {
			t.Errorf("push refused: %v: %s", err, body)
			return
		}
		r.rows = append(r.rows, len(pushed.Answers[0].Rows))
		_, _ = w.Write(pushed.Reply)
	}))
	t.Cleanup(server.Close)
	return server
}

func (r *received) all() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.rows)
}

func parcel(number string, ago ...time.Duration) world.Parcel {
	p := world.Parcel{Number: number, Carrier: "CAINIAO", Country: "ES"}
	now := time.Now().Truncate(time.Second)
	for i, d := range ago {
		p.Rows = append(p.Rows, rules.Row{At: now.Add(-d), Milestone: rules.InTransit, Description: fmt.Sprint("scan ", i)})
	}
	return p
}

func outcome(t *testing.T, o adapter.Outcome, err error) (carrier, code int) {
	t.Helper()
	require.NoError(t, err)
	require.Equal(t, 1, len(o.Accepted)+len(o.Rejected))
	if len(o.Rejected) == 1 {
		return 0, o.Rejected[0].Err.Code
	}
	return o.Accepted[0].Carrier, 0
}

// The life of a registration, and every refusal on its way.
func TestRegistration(t *testing.T) {
	t.Parallel()
	w := world.New(protocol.Clock{})
	sim, c, _ := start(t, w, seventeentrack.Options{Quota: 3})
	ctx := t.Context()
	check := func(wantCarrier, wantCode int) func(adapter.Outcome, error) {
		return func(o adapter.Outcome, err error) {
			t.Helper()
			carrier, code := outcome(t, o, err)
			require.Equal(t, wantCode, code)
			require.Equal(t, wantCarrier, carrier)
		}
	}
	const number = "LP00123456789012"
	one := []adapter.Number{{Number: number}}
	check(0, -18010012)(c.Register(ctx, []adapter.Registration{{Number: "1234", Carrier: 3011}}))
	check(0, -18019903)(c.Register(ctx, []adapter.Registration{{Number: number}}))
	check(0, -18019910)(c.Register(ctx, []adapter.Registration{{Number: number, Carrier: -1}}))
	check(0, -18019902)(c.StopTrack(ctx, one))
	check(0, -18019902)(c.Retrack(ctx, one))
	check(2151, 0)(c.Register(ctx, []adapter.Registration{{Number: "AA123456785BR", Tag: "order-1042", OrderNo: "8657"}}))
	check(190271, 0)(c.Register(ctx, []adapter.Registration{{Number: number, Carrier: 190271}}))
	check(0, -18019901)(c.Register(ctx, []adapter.Registration{{Number: number, Carrier: 190271}}))

	change := func(from, to int) (adapter.Outcome, error) {
		return c.ChangeCarrier(ctx, []adapter.CarrierChange{{Number: number, Old: from, New: to}})
	}
	check(0, -18019801)(change(0, 3011))
	check(0, -18019804)(change(190271, 0))
	check(0, -18019802)(change(190271, -1))
	check(0, -18019803)(change(190271, 190271))
	check(0, -18019805)(change(190012, 3011))
	check(0, -18019902)(c.ChangeCarrier(ctx, []adapter.CarrierChange{{Number: "ZZ99999", Old: 1, New: 2}}))
	check(190012, 0)(change(190271, 190012))

	check(0, -18019904)(c.Retrack(ctx, one))
	check(190012, 0)(c.StopTrack(ctx, one))
	check(0, -18019906)(c.StopTrack(ctx, one))
	check(0, -18019806)(change(190012, 3011))
	page, err := c.List(ctx, adapter.ListQuery{TrackingStatus: adapter.Stopped})
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
	require.Equal(t, number, page.Numbers[0].Number)
	require.Equal(t, "ByRequest", page.Numbers[0].StopReason)
	require.Equal(t, 1, page.Numbers[0].CarrierChanges)
	require.False(t, page.Numbers[0].StoppedAt.IsZero())
	require.True(t, page.Numbers[0].CanRetrack())
	check(190012, 0)(c.Retrack(ctx, one))
	require.NoError(t, sim.Expire(ctx, number))
	check(0, -18019905)(c.Retrack(ctx, one))
	page, err = c.List(ctx, adapter.ListQuery{Numbers: []string{number}, PackageStatus: "Expired"})
	require.NoError(t, err)
	require.False(t, page.Numbers[0].CanRetrack())
	require.Equal(t, "Expired", page.Numbers[0].StopReason)

	// To watch means to be sure that it is followed: once given up it is started again, not twice.
	watch := func(number string) error {
		t.Helper()
		answers, err := c.Watch(ctx, []port.Tracked{{Number: number}})
		require.NoError(t, err)
		return answers[0].Err
	}
	require.ErrorIs(t, watch(number), port.ErrRefused)
	require.NoError(t, watch("AA123456785BR"), "followed all the while")
	require.NoError(t, sim.Expire(ctx, "AA123456785BR"))
	require.NoError(t, watch("AA123456785BR"), "started again")
	page, err = c.List(ctx, adapter.ListQuery{Numbers: []string{"AA123456785BR"}})
	require.NoError(t, err)
	require.True(t, page.Numbers[0].Retracked)
	require.Equal(t, adapter.Tracking, page.Numbers[0].TrackingStatus)
	require.NoError(t, sim.Expire(ctx, "AA123456785BR"))
	require.ErrorIs(t, watch("AA123456785BR"), port.ErrRefused)

	q, err := c.Account(ctx)
	require.NoError(t, err)
	require.Equal(t, adapter.Account{Total: 3, Used: 2, Remain: 1, TodayUsed: 2, DailyLimit: 10000000}, q)
	answers, err := c.Watch(ctx, []port.Tracked{{Number: "AA11111", Carrier: "UPS"}, {Number: "AA22222", Carrier: "UPS"}})
	require.NoError(t, err)
	require.ErrorIs(t, answers[1].Err, adapter.ErrQuota, "the numbers' own error: what is watched is asked about all the same")
	answers, err = c.Watch(ctx, []port.Tracked{{Number: "AA11111", Carrier: "UPS"}})
	require.NoError(t, err)
	require.NoError(t, answers[0].Err)
}

func TestNotWatched(t *testing.T) {
	t.Parallel()
	w := world.New(protocol.Clock{})
	_, c, _ := start(t, w, seventeentrack.Options{})
	w.Add(parcel("LP00123456789012", time.Hour))
	asked := []port.Tracked{{Number: "LP00123456789012", Carrier: "CAINIAO"}, {Number: "LP00000000000000", Carrier: "CAINIAO"}}
	answers, err := c.Track(t.Context(), asked)
	require.NoError(t, err)
	require.ErrorIs(t, answers[0].Err, port.ErrUnwatched)
	answers, err = c.Watch(t.Context(), append(asked, port.Tracked{Number: "123", Carrier: "UPS"}))
	require.NoError(t, err)
	require.NoError(t, answers[0].Err)
	require.ErrorIs(t, answers[2].Err, port.ErrRefused)
	answers, err = c.Track(t.Context(), asked)
	require.NoError(t, err)
	require.Len(t, answers[0].Rows, 1)
	require.Equal(t, port.Answer{Number: "LP00000000000000"}, answers[1])

	// Followed for two carriers: it must be said which.
	_, err = c.Register(t.Context(), []adapter.Registration{{Number: "LP00123456789012", Carrier: 3011}})
	require.NoError(t, err)
	answers, err = c.Track(t.Context(), asked[:1])
	require.NoError(t, err)
	require.ErrorIs(t, answers[0].Err, port.ErrRefused)
	answers, err = c.TrackInfo(t.Context(), []adapter.Number{{Number: "LP00123456789012", Carrier: 3011}})
	require.NoError(t, err)
	require.Len(t, answers[0].Rows, 1)
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := world.New(protocol.Clock{})
	_, c, _ := start(t, w, seventeentrack.Options{})
	var parcels []port.Tracked
	for i := range 43 {
		parcels = append(parcels, port.Tracked{Number: fmt.Sprintf("PW%09dCN", i), Carrier: "CAINIAO"})
	}
	w.Add(parcel(parcels[0].Number, 2*time.Hour, time.Hour))
	for _, part := range [][]port.Tracked{parcels[:40], parcels[40:]} {
		_, err := c.Watch(t.Context(), part)
		require.NoError(t, err)
	}
	first, err := c.List(t.Context(), adapter.ListQuery{})
	require.NoError(t, err)
	require.Len(t, first.Numbers, 40)
	require.Equal(t, 43, first.Total)
	require.Equal(t, 2, first.Pages)
	require.Equal(t, "scan 1", first.Numbers[0].LatestEvent)
	require.Equal(t, adapter.Tracking, first.Numbers[0].TrackingStatus)
	require.Equal(t, "InTransit", first.Numbers[0].PackageStatus)
	require.True(t, first.Numbers[0].LatestEventAt.After(time.Now().Add(-2*time.Hour)))
	second, err := c.List(t.Context(), adapter.ListQuery{Page: 2})
	require.NoError(t, err)
	require.Len(t, second.Numbers, 3)
	_, err = c.List(t.Context(), adapter.ListQuery{Numbers: make([]string, 201)})
	require.ErrorIs(t, err, port.ErrRefused)
}

// What the wire looks like, to the letter.
func TestWire(t *testing.T) {
	t.Parallel()
	w := world.New(protocol.Clock{})
	_, _, base := start(t, w, seventeentrack.Options{PerSecond: 6})
	post := func(path, token, body string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header["17token"] = []string{token}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode, string(raw)
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	status, body := post("/track/v2.4/register", "wrong", `[{"number":"AA123456785BR"}]`)
	require.Equal(t, http.StatusUnauthorized, status)
	require.JSONEq(t, `{"code":-18010002,"data":{"errors":[{"code":-18010002,"message":"Invalid security key."}]}}`, body)
	status, _ = post("/track/v2.4/nothing", key, `[]`)
	require.Equal(t, http.StatusNotFound, status)
	status, body = post("/track/v2.4/register", key, `[{"number":"AA123456785BR","tag":"order-1042"},{"number":"1234"}]`)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"code":0,"data":{"accepted":[{"origin":2,"number":"AA123456785BR","carrier":2151,"email":null,"lang":null,"tag":"order-1042"}],
		"rejected":[{"number":"1234","carrier":0,"error":{"code":-18010012,"message":"The format of '1234' is invalid."}}]}}`, body)
	_, body = post("/track/v2.4/gettrackinfo", key, `[{"number":"AA123456785BR"}]`)
	require.Contains(t, body, `"code":-18019909`)
	_, body = post("/track/v2.4/push", key, `[{"number":"AA123456785BR"}]`)
	require.Contains(t, body, `"code":-18010204`)
	_, body = post("/track/v2.4/gettrackinfo", key, `[`+strings.Repeat(`{"number":"AA123456785BR"},`, 40)+`{"number":"AA123456785BR"}]`)
	require.Contains(t, body, `"code":-18010014`)
	_, body = post("/track/v2.4/deletetrack", key, `[{"number":"AA123456785BR","carrier":2151}]`)
	require.Contains(t, body, `"accepted":[{`)
	_, body = post("/track/v2.4/stoptrack", key, `{"number":"AA123456785BR"}`)
	require.Contains(t, body, `"code":-18010013`)
	status, _ = post("/track/v2.4/getquota", key, ``)
	require.Equal(t, http.StatusTooManyRequests, status, "the seventh call of a second")
}

func TestPushes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		o      seventeentrack.Options
		status int
		want   []int
	}{
		"as they come":  {want: []int{1, 2}},
		"again":         {o: seventeentrack.Options{Again: 1}, want: []int{1, 1, 2, 2}},
		"late":          {o: seventeentrack.Options{Late: 50 * time.Millisecond}, want: []int{1, 2}},
		"reordered":     {o: seventeentrack.Options{Reorder: 3 * time.Second}, want: []int{2, 1}},
		"refused once":  {o: seventeentrack.Options{Retries: 1, Every: time.Millisecond}, status: 503, want: []int{1, 2}},
		"refused, lost": {status: 503, want: []int{2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world.New(protocol.Clock{})
			got := &received{status: test.status}
			var c *adapter.Client
			o := test.o
			o.Callback = got.serve(t, &c).URL
			_, c, _ = start(t, w, o)
			const number = "LP00123456789012"
			w.Add(parcel(number, time.Hour, -2*time.Second)) // the second scan is yet to come
			_, err := c.Watch(t.Context(), []port.Tracked{{Number: number, Carrier: "CAINIAO"}})
			require.NoError(t, err)
			require.Eventually(t, func() bool { return len(got.all()) == len(test.want) }, 10*time.Second, 10*time.Millisecond)
			require.Equal(t, test.want, got.all())
			page, err := c.List(t.Context(), adapter.ListQuery{})
			require.NoError(t, err)
			require.NotEqual(t, "NotPushed", page.Numbers[0].PushStatus)
		})
	}
}

func TestPushByHand(t *testing.T) {
	t.Parallel()
	w := world.New(protocol.Clock{})
	got := &received{}
	var c *adapter.Client
	sim, cc, _ := start(t, w, seventeentrack.Options{Callback: got.serve(t, &c).URL})
	c = cc
	const number = "LP00123456789012"
	require.ErrorContains(t, sim.Push(t.Context(), number), "-18019902")
	_, err := c.Watch(t.Context(), []port.Tracked{{Number: number, Carrier: "CAINIAO"}})
	require.NoError(t, err)
	require.ErrorContains(t, sim.Push(t.Context(), number), "nothing has happened")
	require.NoError(t, sim.Expire(t.Context(), number)) // tells of the stop, without rows
	require.Equal(t, []int{0}, got.all())
	w.Add(parcel(number, time.Hour))
	require.NoError(t, sim.Push(t.Context(), number))
	require.Equal(t, []int{0, 1}, got.all(), "a stopped number is not pushed by itself")
	got.mu.Lock()
	got.status = 500
	got.mu.Unlock()
	require.ErrorContains(t, sim.Push(t.Context(), number), "expected HTTP 200, got 500")
}

// The shape is the documented one: every field of the example is there, and no other.
func TestShape(t *testing.T) {
	t.Parallel()
	w := world.New(protocol.Clock{})
	_, _, base := start(t, w, seventeentrack.Options{})
	p := parcel("YT2616912345678901", time.Hour)
	p.Also = "92612999900000000000"
	w.Add(p)
	call := func(path, body string) []byte {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/track/v2.4/"+path, bytes.NewBufferString(body))
		require.NoError(t, err)
		req.Header.Set("17token", key)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return raw
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	call("register", `[{"number":"YT2616912345678901","carrier":190012}]`)
	var got struct {
		Data struct{ Accepted []any }
	}
	require.NoError(t, json.Unmarshal(call("gettrackinfo", `[{"number":"YT2616912345678901"}]`), &got))
	const event = `{"time_iso":"","time_utc":"","time_raw":{"date":"","time":"","timezone":""},"description":"","description_translation":null,
		"location":null,"stage":null,"sub_status":"","address":{"country":"","state":null,"city":"","street":null,"postal_code":null,"coordinates":{"longitude":"","latitude":""}}}`
	var want any
	require.NoError(t, json.Unmarshal([]byte(`{"number":"","carrier":0,"param":null,"tag":"","track_info":{
		"shipping_info":{"shipper_address":{"country":"","state":null,"city":null,"street":null,"postal_code":null,"coordinates":{"longitude":null,"latitude":null}},
			"recipient_address":{"country":"","state":null,"city":null,"street":null,"postal_code":null,"coordinates":{"longitude":null,"latitude":null}}},
		"latest_status":{"status":"","sub_status":"","sub_status_descr":null},"latest_event":`+event+`,
		"time_metrics":{"days_after_order":9,"days_of_transit":8,"days_of_transit_done":0,"days_after_last_update":1,"estimated_delivery_date":{"source":"","from":"","to":""}},
		"milestone":[],
		"misc_info":{"risk_factor":0,"service_type":null,"weight_raw":null,"weight_kg":null,"pieces":null,"dimensions":null,"customer_number":null,"reference_number":null,"local_number":null,"local_provider":null,"local_key":0},
		"tracking":{"providers_hash":1,"providers":[{"provider":{"key":1,"name":"","alias":"","tel":null,"homepage":"","country":""},"provider_tips":null,"service_type":null,
			"latest_sync_status":"","latest_sync_time":"","events_hash":4,"provider_lang":null,"events":[`+event+`]}]}}}`), &want))
	require.Equal(t, keys(want), keys(got.Data.Accepted[0]))
}

// keys is a JSON value with all but its keys taken away.
func keys(v any) any {
	switch v := v.(type) {
	case map[string]any:
		of := map[string]any{}
		for k, inner := range v {
			of[k] = keys(inner)
		}
		return of
	case []any:
		var of []any
		for _, inner := range v {
			of = append(of, keys(inner))
		}
		return of
	}
	return nil
}
