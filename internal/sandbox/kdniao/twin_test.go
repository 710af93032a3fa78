package kdniao_test

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/kdniao"
	"parcelward/internal/sandbox/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	account = "1000000"
	key     = "TEST-APP-KEY"
	query   = "/Ebusiness/EbusinessOrderHandle.aspx"
	dist    = "/api/dist"
)

type bench struct {
	*kdniao.Twin
	world  *world.World
	server *httptest.Server
}

func start(t *testing.T, o kdniao.Options) *bench {
	t.Helper()
	// A day of its own, so that it does not end meanwhile.
	b := &bench{world: world.New(protocol.Clock{Origin: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC), Start: time.Now(), Speed: 1})}
	o.EBusinessID, o.AppKey = account, key
	b.Twin = kdniao.New(b.world, o)
	t.Cleanup(b.Close)
	b.server = httptest.NewServer(b.Handler())
	t.Cleanup(b.server.Close)
	b.world.Add(world.Parcel{Number: "YT0000000000001", Rows: []rules.Row{
		{At: b.world.Now().Add(-26 * time.Hour), Milestone: rules.PickedUp, Location: "义乌市"},
		{At: b.world.Now().Add(-2 * time.Hour), Milestone: rules.CustomsHold, Location: "广州市"},
	}})
	return b
}

func sign(data string) string {
	sum := md5.Sum([]byte(data + key))
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum[:])))
}

func form(kind, data string) url.Values {
	return url.Values{"RequestData": {data}, "EBusinessID": {account}, "RequestType": {kind}, "DataSign": {sign(data)}, "DataType": {"2"}}
}

// post returns the answer, and its status where it is none.
func (b *bench) post(t *testing.T, path string, f url.Values) map[string]any {
	t.Helper()
	resp, err := b.server.Client().PostForm(b.server.URL+path, f)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	if resp.StatusCode != 200 {
		return map[string]any{"status": resp.StatusCode}
	}
	var got map[string]any
	require.NoError(t, json.Unmarshal(body, &got))
	return got
}

const asked = `{"OrderCode":"8190001","ShipperCode":"YTO","LogisticCode":"YT0000000000001"}`

func TestQuery(t *testing.T) {
	t.Parallel()
	b := start(t, kdniao.Options{})
	paid := map[string]any{
		"EBusinessID": account, "OrderCode": "8190001", "ShipperCode": "YTO", "LogisticCode": "YT0000000000001",
		"Success": true, "Reason": nil, "State": "6", "StateEx": "604", "Location": "广州市",
		"Traces": []any{
			map[string]any{"AcceptTime": "2026-03-01 10:00:00", "AcceptStation": "已揽收", "Location": "义乌市", "Action": "1", "Remark": nil},
			map[string]any{"AcceptTime": "2026-03-02 10:00:00", "AcceptStation": "海关扣留，清关异常", "Location": "广州市", "Action": "604", "Remark": nil},
		},
	}
	require.Equal(t, paid, b.post(t, query, form("8001", asked)))
	free := maps.Clone(paid)
	delete(free, "StateEx")
	delete(free, "Location")
	for _, row := range free["Traces"].([]any) {
		delete(row.(map[string]any), "Action")
		delete(row.(map[string]any), "Location")
	}
	require.Equal(t, free, b.post(t, query, form("1002", asked)))
	none := b.post(t, query, form("8002", `{"LogisticCode":"YT0000000000002"}`))
	require.Equal(t, true, none["Success"])
	require.Equal(t, "0", none["State"])
	require.Equal(t, "暂无轨迹信息", none["Reason"])
	require.Equal(t, []any{}, none["Traces"])
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	b := start(t, kdniao.Options{})
	got := b.post(t, dist, form("8008", asked))
	require.Regexp(t, `^2026-03-02 12:00:\d\d$`, got["UpdateTime"])
	delete(got, "UpdateTime")
	require.Equal(t, map[string]any{"EBusinessID": account, "Success": true, "Reason": "", "EstimatedDeliveryTime": ""}, got)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := start(t, kdniao.Options{})
	with := func(f url.Values, key, value string) url.Values {
		if f.Set(key, value); value == "" {
			f.Del(key)
		}
		return f
	}
	for name, c := range map[string]struct {
		path string
		form url.Values
		code string
	}{
		"no data":                    {query, with(form("8001", asked), "RequestData", ""), "101"},
		"no signature":               {query, with(form("8001", asked), "DataSign", ""), "101"},
		"another's signature":        {query, with(form("8001", asked), "DataSign", sign(asked+" ")), "102"},
		"the raw MD5 in Base64":      {query, with(form("8001", asked), "DataSign", "hSQXCpySoDpRC4A5n/UzZQ=="), "102"},
		"another account":            {query, with(form("8001", asked), "EBusinessID", "2"), "104"},
		"XML":                        {query, with(form("8001", asked), "DataType", "1"), "103"},
		"a subscription there":       {query, form("8008", asked), "103"},
		"a query there":              {dist, form("8001", asked), "103"},
		"no JSON":                    {query, form("8001", "{"), "401"},
		"no number":                  {query, form("8001", `{"ShipperCode":"YTO"}`), "402"},
		"special letters":            {query, form("8001", `{"ShipperCode":"YTO","LogisticCode":"YT 0001"}`), "403"},
		"a short number":             {query, form("8001", `{"ShipperCode":"YTO","LogisticCode":"YT1"}`), "404"},
		"a long number":              {query, form("8001", `{"ShipperCode":"YTO","LogisticCode":"`+strings.Repeat("1", 31)+`"}`), "404"},
		"no shipper":                 {query, form("1002", `{"LogisticCode":"YT0000000000001"}`), "101"},
		"no shipper, subscribed":     {dist, form("1008", `{"LogisticCode":"YT0000000000001"}`), "101"},
		"SF without the phone":       {query, form("8001", `{"ShipperCode":"SF","LogisticCode":"SF0000000000001"}`), "101"},
		"cross-border is not served": {query, form("7101", asked), "103"},
	} {
		got := b.post(t, c.path, c.form)
		require.Equal(t, c.code, got["ResultCode"], name)
		require.Equal(t, false, got["Success"], name)
		require.NotEmpty(t, got["Reason"], name)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	b := start(t, kdniao.Options{PerDay: 2})
	require.Equal(t, true, b.post(t, query, form("8001", asked))["Success"])
	require.Equal(t, true, b.post(t, query, form("8001", asked))["Success"])
	require.Equal(t, "405", b.post(t, query, form("8001", asked))["ResultCode"])
	b = start(t, kdniao.Options{PerSecond: 1})
	require.Eventually(t, func() bool { return b.post(t, query, form("8001", asked))["status"] == 429 }, 5*time.Second, time.Millisecond)
	require.Eventually(t, func() bool { return b.post(t, query, form("8001", asked))["Success"] == true }, 5*time.Second, 100*time.Millisecond)
}

func TestAProblemStays(t *testing.T) {
	t.Parallel()
	b := start(t, kdniao.Options{})
	now := b.world.Now()
	b.world.Add(world.Parcel{Number: "YT0000000000003", Rows: []rules.Row{
		{At: now.Add(-3 * time.Hour), Milestone: rules.DeliveryFailed}, {At: now.Add(-2 * time.Hour), Milestone: rules.InTransit},
	}})
	ask := form("8001", `{"ShipperCode":"YTO","LogisticCode":"YT0000000000003"}`)
	got := b.post(t, query, ask)
	require.Equal(t, "4", got["State"])
	require.Equal(t, "2", got["StateEx"])
	b.world.Add(world.Parcel{Number: "YT0000000000003", Rows: []rules.Row{{At: now.Add(-time.Hour), Milestone: rules.Delivered}}})
	got = b.post(t, query, ask)
	require.Equal(t, "3", got["State"])
	require.Equal(t, "302", got["StateEx"])
}
