package kdniao_test

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/kdniao"
	"parcelward/internal/port"
	"parcelward/internal/rules"
	twin "parcelward/internal/sandbox/kdniao"
	"parcelward/internal/sandbox/world"
)

func newClient(t *testing.T, key string) *kdniao.Client {
	t.Helper()
	c, err := kdniao.New(kdniao.Options{EBusinessID: account, AppKey: key})
	require.NoError(t, err)
	return c
}

func push(kind, data, signature string) []byte {
	return []byte(url.Values{"RequestType": {kind}, "RequestData": {data}, "DataSign": {signature}}.Encode())
}

func sign(data, key string) string {
	sum := md5.Sum([]byte(data + key))
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum[:])))
}

// The vendor's own pair and a made one. Neither text is a push, so that one that is signed
// rightly is refused for what it says.
func TestSignatures(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ data, key, signature string }{
		{
			`{'OrderCode':'','ShipperCode':'SF','LogisticCode':'589707398027'}`,
			"518a73d8-1f7f-441a-b644-33e77b49d846", // published in the vendor's demos
			"NTE1MzE5Yzc0MjljNzIyMjUyYjBjYWUzMDI2YWEyZjE=",
		},
		{`{"OrderCode":"","ShipperCode":"YTO","LogisticCode":"YT0000000000001"}`, key, "ODUyNDE3MGE5YzkxMmRhMTUxMGI4MDM5OWZmNTMzNjU="},
	} {
		c := newClient(t, v.key)
		for _, signature := range []string{v.signature, url.QueryEscape(v.signature)} { // the latter is encoded twice then
			_, err := c.Receive(nil, push("101", v.data, signature))
			require.ErrorIs(t, err, port.ErrRefused)
			require.NotErrorIs(t, err, port.ErrSignature)
		}
		for _, signature := range []string{"", "%", "%zz", strings.ToLower(v.signature), v.signature[1:], v.signature + "="} {
			pushed, err := c.Receive(nil, push("101", v.data, signature))
			require.ErrorIs(t, err, port.ErrSignature, signature)
			require.NotContains(t, err.Error(), v.key)
			require.Contains(t, string(pushed.Reply), `"Success":false`)
		}
		_, err := c.Receive(nil, push("101", v.data+" ", v.signature))
		require.ErrorIs(t, err, port.ErrSignature)
	}
}

// As the documentation shows it, and one more waybill of the cross-border shape.
const documented = `{"EBusinessID":"1000000","PushTime":"2026-03-02 21:12:00","Count":"2","Data":[{
  "EBusinessID":"1000000","OrderCode":"8100000000001","ShipperCode":"YTO","LogisticCode":"YT0000000000001",
  "Success":true,"Reason":"","State":"2","StateEx":"204","Location":"广州市","CallBack":"shop-7","EstimatedDeliveryTime":"2026-03-10",
  "Traces":[{"AcceptTime":"2026-03-01 08:05:37","AcceptStation":"已揽收","Location":"义乌市","Action":"1","Remark":null},
            {"AcceptTime":"2026-03-02 21:10:00","AcceptStation":"到达转运中心","Location":"广州市","Action":"204"}],
  "PickerInfo":{"PersonName":"","PersonTel":"","PersonCode":"","StationName":"","StationAddress":"","StationTel":""}},
 {"LogisticCode":"lp-00 1","Success":true,"State":"4","StateEx":"426",
  "Traces":[{"AcceptTime":"2024-06-28T11:23:51","Timezone":"-05:00","Location":"STOCKTON,CA,US","AcceptStation":"Arrived","Action":222},
            {"AcceptTime":"2024-06-29T11:23:51","Timezone":"America/Chicago","AcceptStation":"Lost","Action":"426"}]}]}`

func TestReceive(t *testing.T) {
	t.Parallel()
	c := newClient(t, key)
	want := []port.Answer{
		{Number: "YT0000000000001", Rows: []rules.Row{
			{At: time.Date(2026, 3, 1, 0, 5, 37, 0, time.UTC), Milestone: rules.PickedUp, Code: "1", Location: "义乌市", Description: "已揽收", Source: rules.FromAggregator},
			{At: time.Date(2026, 3, 2, 13, 10, 0, 0, time.UTC), Milestone: rules.InTransit, Code: "204", Location: "广州市", Description: "到达转运中心", Source: rules.FromAggregator},
		}},
		{
			Number:   "LP001",
			Rows:     []rules.Row{{At: time.Date(2024, 6, 28, 16, 23, 51, 0, time.UTC), Milestone: rules.ArrivedDestination, Code: "222", Location: "STOCKTON,CA,US", Description: "Arrived", Source: rules.FromAggregator}},
			Unplaced: []rules.Row{{Milestone: rules.Lost, Code: "426", Description: "Lost", Source: rules.FromAggregator}},
		},
	}
	for _, kind := range []string{"101", "102", "7108"} {
		pushed, err := c.Receive(http.Header{}, push(kind, documented, sign(documented, key)))
		require.NoError(t, err)
		require.Equal(t, want, pushed.Answers)
		require.Equal(t, "application/json;charset=utf-8", pushed.ReplyType)
		var reply map[string]any
		require.NoError(t, json.Unmarshal(pushed.Reply, &reply))
		at, err := time.ParseInLocation(time.DateTime, reply["UpdateTime"].(string), time.FixedZone("", 8*3600))
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), at, time.Minute)
		delete(reply, "UpdateTime")
		require.Equal(t, map[string]any{"EBusinessID": account, "Success": true, "Reason": ""}, reply)
	}
	for _, raw := range [][]byte{[]byte(documented), push("101", documented, "")} {
		answers, err := kdniao.Parse(raw)
		require.NoError(t, err)
		require.Equal(t, want, answers)
	}
}

func TestReceiveMoney(t *testing.T) {
	t.Parallel()
	data := `{"EBusinessID":"1000000","Count":"1","Data":[{"LogisticCode":"YT00001","OrderState":"2","AccountName":"*佳","AccountTel":"1234","AccountNum":"9999"}]}`
	pushed, err := newClient(t, key).Receive(nil, push("107", data, sign(data, key)))
	require.NoError(t, err)
	require.Empty(t, pushed.Answers)
	require.Contains(t, string(pushed.Reply), `"Success":true`)
	answers, err := kdniao.Parse(push("107", data, ""))
	require.NoError(t, err)
	require.Empty(t, answers)
}

func TestReceiveWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	c := newClient(t, key)
	for _, body := range []string{"", "%", "a=b", "RequestType=101;x", documented, string(push("101", "{", sign("{", key))), string(push("101", `{"Data":[{}]}`, sign(`{"Data":[{}]}`, key)))} {
		pushed, err := c.Receive(nil, []byte(body))
		require.ErrorIs(t, err, port.ErrRefused, body)
		require.Empty(t, pushed.Answers)
		require.Contains(t, string(pushed.Reply), `"Success":false`)
	}
}

// ear takes the pushes of a twin by a client.
type ear struct {
	mu      sync.Mutex
	client  *kdniao.Client
	heard   []port.Answer
	refuse  int // so many pushes are not taken
	invalid int
	kinds   []string // RequestType of each
}

func (e *ear) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refuse > 0 {
		e.refuse--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	pushed, err := e.client.Receive(r.Header, body)
	if err != nil {
		e.invalid++
	}
	form, _ := url.ParseQuery(string(body))
	e.kinds = append(e.kinds, form.Get("RequestType"))
	e.heard = append(e.heard, pushed.Answers...)
	_, _ = w.Write(pushed.Reply)
}

func (e *ear) all() []port.Answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.heard
}

// step lets the i-th thing happen to a parcel.
func (s *stage) step(i int) {
	life := []rules.Milestone{rules.PickedUp, rules.InTransit, rules.OutForDelivery, rules.Delivered, rules.Returned}
	s.world.Add(world.Parcel{Number: "YT00001", Rows: []rules.Row{
		{At: s.world.Now().Add(time.Duration(i-len(life)) * time.Hour), Milestone: life[i], Source: rules.FromCarrier},
	}})
}

func listen(t *testing.T, o kdniao.Options, to twin.Options) (*stage, *ear) {
	t.Helper()
	e := &ear{}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	to.Callback, to.HTTP = server.URL, server.Client()
	s := start(t, o, to)
	e.client = s.Client
	return s, e
}

func TestPushes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o      kdniao.Options
		twin   twin.Options
		refuse int
		times  int // of each
	}{
		"in turn":   {times: 1},
		"free":      {o: kdniao.Options{Free: true}, times: 1},
		"late":      {twin: twin.Options{Late: 50 * time.Millisecond}, times: 1},
		"twice":     {twin: twin.Options{Twice: true}, times: 2},
		"not taken": {refuse: 2, times: 1},
		"unsorted":  {twin: twin.Options{Repeat: 2, Shuffle: true}, times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, e := listen(t, c.o, c.twin)
			e.refuse = c.refuse
			for range 2 { // a second subscription changes nothing
				answers, err := s.Watch(t.Context(), tracked("YT00001", "YTO"))
				require.NoError(t, err)
				require.NoError(t, answers[0].Err)
			}
			const told = 4 // up to the sign-off
			for i := range told + 1 {
				began := time.Now()
				s.step(i)
				if i == told {
					time.Sleep(c.twin.Late + 100*time.Millisecond)
					require.Len(t, e.all(), told*c.times)
					break
				}
				require.Eventually(t, func() bool { return len(e.all()) == (i+1)*c.times }, 5*time.Second, time.Millisecond)
				require.GreaterOrEqual(t, time.Since(began), c.twin.Late)
				a := e.all()[i*c.times]
				require.Equal(t, "YT00001", a.Number)
				require.Len(t, a.Rows, i+1)
				require.Equal(t, rules.PickedUp, a.Rows[0].Milestone)
				require.Equal(t, c.o.Free, a.Rows[0].Code == "")
			}
			require.Zero(t, e.invalid)
			if c.o.Free {
				require.NotContains(t, e.kinds, "102")
			} else {
				require.NotContains(t, e.kinds, "101")
			}
		})
	}
}

func TestPushesOutOfOrder(t *testing.T) {
	t.Parallel()
	s, e := listen(t, kdniao.Options{}, twin.Options{Reorder: true})
	s.step(0)
	_, err := s.Watch(t.Context(), tracked("YT00001", "YTO"))
	require.NoError(t, err)
	time.Sleep(50 * time.Millisecond) // the first push is under way, and slow
	s.step(1)
	require.Eventually(t, func() bool { return len(e.all()) == 2 }, 5*time.Second, time.Millisecond)
	require.Len(t, e.all()[0].Rows, 2)
	require.Len(t, e.all()[1].Rows, 1)
}

func TestPushByHand(t *testing.T) {
	t.Parallel()
	s, e := listen(t, kdniao.Options{}, twin.Options{})
	s.step(0)
	require.ErrorContains(t, s.twin.Push(t.Context(), "YT00001"), "subscribed")
	_, err := s.Watch(t.Context(), tracked("YT00001", "YTO"))
	require.NoError(t, err)
	require.NoError(t, s.twin.Push(t.Context(), "yt-00001"))
	require.NotEmpty(t, e.all())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.twin.Push(ctx, "YT00001"), context.Canceled)
	e.mu.Lock()
	e.refuse = 9
	e.mu.Unlock()
	require.ErrorContains(t, s.twin.Push(t.Context(), "YT00001"), "503")
}

// An entry that says that it failed, and shows a trace all the same, is heard.
func TestPushedRowsBesideARefusal(t *testing.T) {
	t.Parallel()
	data := `{"EBusinessID":"1000000","Count":"2","Data":[
		{"LogisticCode":"YT00001","Success":false,"Reason":"3小时后再试","State":"0","Traces":[]},
		{"LogisticCode":"YT00002","Success":false,"Reason":"三天后再试","State":"2","Traces":[{"AcceptTime":"2026-03-01 08:05:37","AcceptStation":"已揽收"}]}]}`
	pushed, err := newClient(t, key).Receive(nil, push("101", data, sign(data, key)))
	require.NoError(t, err)
	require.Len(t, pushed.Answers, 2)
	require.Error(t, pushed.Answers[0].Err)
	require.NoError(t, pushed.Answers[1].Err)
	require.Len(t, pushed.Answers[1].Rows, 1)
	client, _, _ := heard(t, kdniao.Options{}, `{"LogisticCode":"YT00001","Success":false,"Reason":"3小时后再试","Traces":[{"AcceptTime":"2026-03-01 08:05:37","AcceptStation":"已揽收"}]}`)
	answers, err := client.Track(t.Context(), tracked("YT00001", "YTO"))
	require.NoError(t, err)
	require.NoError(t, answers[0].Err)
	require.Len(t, answers[0].Rows, 1)
}
