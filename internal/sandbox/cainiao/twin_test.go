package cainiao_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	adapter "parcelward/internal/carrier/cainiao"
	"parcelward/internal/carrier/cainiao/action"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/cainiao"
	"parcelward/internal/sandbox/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const interfaceText = `{"arg0":{"appCode":"102905","mailNo":"LP1"}}`

// interfaceDigest was reckoned apart from this project's code.
const interfaceDigest = "PZqMgBG07lje217BVDlWtQ=="

func valid() url.Values {
	return url.Values{
		"logistic_provider_id": {"provider-1"}, "to_code": {"CNTECH_LV"}, "msg_type": {"CNTECH_LV_LOGISTICS_DETAIL_GET"},
		"logistics_interface": {interfaceText}, "data_digest": {interfaceDigest},
	}
}

func start(t *testing.T, o cainiao.Options) (w *world.World, twin *cainiao.Twin, base string) {
	t.Helper()
	o.ProviderID, o.AppCode, o.Secret = "provider-1", "102905", "key123"
	transport := &http.Transport{}
	o.HTTP = &http.Client{Transport: transport}
	w = world.New(protocol.Clock{})
	twin = cainiao.New(w, o)
	server := httptest.NewServer(twin.Handler())
	t.Cleanup(func() {
		twin.Close()
		server.Close()
		transport.CloseIdleConnections()
		http.DefaultClient.CloseIdleConnections()
	})
	return w, twin, server.URL
}

func post(t *testing.T, base string, form url.Values) (status int, body string) {
	t.Helper()
	resp, err := http.PostForm(base+cainiao.Path, form)
	require.NoError(t, err)
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, string(raw)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	_, _, base := start(t, cainiao.Options{})
	for name, c := range map[string]struct {
		key, value, code string
	}{
		"provider":  {"logistic_provider_id", "provider-2", "S03"},
		"signature": {"data_digest", "ufYU7rvXhHY3IDyZgyt6SA==", "S02"},
		"content":   {"logistics_interface", interfaceText + " ", "S02"},
		"message":   {"msg_type", "TMS_WAYBILL_GET", "S04"},
	} {
		form := valid()
		form.Set(c.key, c.value)
		status, body := post(t, base, form)
		require.Equal(t, http.StatusOK, status, name)
		require.Contains(t, body, `{"success":false,"errorCode":"`+c.code+`","errorMsg":"`, name)
	}
	resp, err := http.Get(base + cainiao.Path)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	w, _, base := start(t, cainiao.Options{UTCOffset: -3})
	_, body := post(t, base, valid())
	require.JSONEq(t, `{"success":true,"module":[{"mailNo":"LP1","mailNoSource":"EXTERNAL","detailList":[]}]}`, body, "unknown")
	w.Add(world.Parcel{Number: "LP1", Also: "3S1", Country: "BR", Rows: []rules.Row{
		{At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Milestone: rules.PickedUp, Location: "Shenzhen", Description: "Picked up"},
		{At: time.Date(2026, 1, 9, 1, 0, 0, 0, time.UTC), Milestone: rules.ArrivedDestination, Code: "GTMS_ACCEPT"},
		{At: time.Date(2026, 1, 9, 2, 0, 0, 0, time.UTC), Milestone: rules.OutForDelivery},
	}})
	_, body = post(t, base, valid())
	latest := `{"time":1767884400000,"timeStr":"2026-01-08 23:00:00","timeZone":"GMT-3","actionCode":"GTMS_DELIVERING","desc":"","standerdDesc":"","descTitle":"Carrier note:",
		"group":{"nodeCode":"AE_GROUP_GTMS_DELIVERING"}}`
	accepted := `{"time":1767880800000,"timeStr":"2026-01-08 22:00:00","timeZone":"GMT-3","actionCode":"GTMS_ACCEPT","desc":"","standerdDesc":"","descTitle":"Carrier note:"}`
	require.JSONEq(t, `{"success":true,"module":[{"mailNo":"LP1","mailNoSource":"AE","originCountry":"Mainland China","destCountry":"BR",
		"status":"DELIVERING","statusDesc":"Delivering","daysNumber":"8\tday(s)","destCpInfo":{"cpName":"Last mile"},
		"realMailNo":"Last mile 3S1","copyRealMailNo":"3S1","latestTrace":`+latest+`,"detailList":[`+
		latest+`,`+accepted+`,
		{"time":1767225600000,"timeStr":"2026-01-01 08:00:00","timeZone":"GMT+8","actionCode":"PU_PICKUP_SUCCESS","desc":"Picked up",
		"standerdDesc":"[Shenzhen] Picked up","descTitle":"Carrier note:"}]}]}`, body)
}

func TestEveryMilestoneHasACode(t *testing.T) {
	t.Parallel()
	for _, m := range rules.Milestones() {
		got, known := action.Milestone(cainiao.Code(rules.Row{Milestone: m}))
		require.True(t, known, m)
		require.Equal(t, m, got)
	}
}

// inbox is a callback that takes pushes through the adapter.
type inbox struct {
	client *adapter.Client
	mu     sync.Mutex
	rows   []int // of each push, in order of arrival
	refuse bool
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	pushed, err := in.client.Receive(r.Header, body)
	in.mu.Lock()
	defer in.mu.Unlock()
	if err != nil || in.refuse {
		http.Error(w, "no", http.StatusInternalServerError)
		return
	}
	in.rows = append(in.rows, len(pushed.Answers[0].Rows))
	w.Header().Set("Content-Type", pushed.ReplyType)
	_, _ = w.Write(pushed.Reply)
}

func (in *inbox) seen() []int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.rows)
}

// subscribed starts a twin that pushes to an inbox, and subscribes LP1.
func subscribed(t *testing.T, o cainiao.Options, secret string) (*world.World, *cainiao.Twin, *inbox) {
	t.Helper()
	in := &inbox{}
	callback := httptest.NewServer(in)
	t.Cleanup(callback.Close)
	o.Callback = callback.URL
	w, twin, base := start(t, o)
	client, err := adapter.New(adapter.Options{BaseURL: base, ProviderID: "provider-1", AppCode: "102905", Secret: secret})
	require.NoError(t, err)
	in.client = client
	if secret == "key123" {
		for range 2 { // the second changes nothing
			_, err = client.Watch(t.Context(), []port.Tracked{{Number: "LP1"}})
			require.NoError(t, err)
		}
	}
	return w, twin, in
}

func add(w *world.World, after time.Duration) {
	w.Add(world.Parcel{Number: "LP1", Rows: []rules.Row{{At: w.Now().Add(after).Truncate(time.Second), Milestone: rules.InTransit}}})
}

func TestPushes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o    cainiao.Options
		want []int
	}{
		"as things happen": {cainiao.Options{}, []int{1, 2}},
		"each twice":       {cainiao.Options{Twice: true}, []int{1, 1, 2, 2}},
		"overtaken":        {cainiao.Options{Late: time.Second, Uneven: true}, []int{2, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, twin, in := subscribed(t, c.o, "key123")
			add(w, -2*time.Hour)
			if !c.o.Uneven {
				require.Eventually(t, func() bool { return len(in.seen()) == len(c.want)/2 }, 5*time.Second, time.Millisecond)
			} else {
				time.Sleep(200 * time.Millisecond) // the twin has seen the first row by then, and waits
			}
			add(w, -time.Hour)
			require.Eventually(t, func() bool { return slices.Equal(c.want, in.seen()) }, 5*time.Second, time.Millisecond)
			require.Zero(t, twin.Failed())
		})
	}
}

func TestPushByHand(t *testing.T) {
	t.Parallel()
	w, twin, in := subscribed(t, cainiao.Options{}, "key123")
	require.NoError(t, twin.Push(t.Context(), "lp-9"))
	require.Equal(t, []int{0}, in.seen())
	in.mu.Lock()
	in.refuse = true
	in.mu.Unlock()
	require.ErrorContains(t, twin.Push(t.Context(), "LP1"), "HTTP 500")
	add(w, -time.Hour)
	require.Eventually(t, func() bool { return twin.Failed() == 1 }, 5*time.Second, time.Millisecond)

	_, other, _ := subscribed(t, cainiao.Options{}, "another")
	require.ErrorContains(t, other.Push(t.Context(), "LP1"), "HTTP 500", "the signature does not fit")
}

func TestCloseEndsLatePushes(t *testing.T) {
	t.Parallel()
	w, twin, in := subscribed(t, cainiao.Options{Late: time.Hour}, "key123")
	add(w, -time.Hour)
	time.Sleep(50 * time.Millisecond) // the twin has seen the row by then, and waits
	began := time.Now()
	twin.Close()
	twin.Close()
	require.Less(t, time.Since(began), 5*time.Second)
	require.Empty(t, in.seen())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, twin.Push(ctx, "LP1"), context.Canceled)
}
