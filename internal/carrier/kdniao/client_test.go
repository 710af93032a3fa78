package kdniao_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/kdniao"
	"parcelward/internal/port"
	"parcelward/internal/rules"
	twin "parcelward/internal/sandbox/kdniao"
	"parcelward/internal/sandbox/world"
)

func TestNew(t *testing.T) {
	t.Parallel()
	_, err := kdniao.New(kdniao.Options{BaseURL: "api.kdniao.com", CustomerName: "12a4"})
	require.ErrorContains(t, err, "base URL")
	require.ErrorContains(t, err, "EBusinessID")
	require.ErrorContains(t, err, "AppKey")
	require.ErrorContains(t, err, "customer name")
	c, err := kdniao.New(kdniao.Options{EBusinessID: account, AppKey: key})
	require.NoError(t, err)
	require.Equal(t, port.Limits{Batch: 1, PerSecond: 20}, c.Limits())
	require.Equal(t, "kdniao", c.Name())
	c, err = kdniao.New(kdniao.Options{EBusinessID: account, AppKey: key, PerSecond: -1})
	require.NoError(t, err)
	require.Zero(t, c.Limits().PerSecond)
}

// heard records what a client sends, and answers body.
func heard(t *testing.T, o kdniao.Options, body string) (*kdniao.Client, *[]*http.Request, *[]url.Values) {
	t.Helper()
	var requests []*http.Request
	var forms []url.Values
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		requests, forms = append(requests, r), append(forms, r.PostForm)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	o.BaseURL, o.EBusinessID, o.AppKey, o.HTTP = server.URL, account, key, server.Client()
	c, err := kdniao.New(o)
	require.NoError(t, err)
	return c, &requests, &forms
}

const nothing = `{"EBusinessID":"1000000","LogisticCode":"YT0000000000001","Success":true,"State":"0","Reason":"暂无轨迹信息","Traces":[]}`

func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o                    kdniao.Options
		carrier              string
		watch                bool
		path, kind, data, md string
	}{
		"query": {
			carrier: "YTO", path: "/Ebusiness/EbusinessOrderHandle.aspx", kind: "8001",
			data: `{"OrderCode":"","ShipperCode":"YTO","LogisticCode":"YT0000000000001"}`,
			md:   "ODUyNDE3MGE5YzkxMmRhMTUxMGI4MDM5OWZmNTMzNjU=",
		},
		"free query": {
			o: kdniao.Options{Free: true}, carrier: "YTO", path: "/Ebusiness/EbusinessOrderHandle.aspx", kind: "1002",
			data: `{"OrderCode":"","ShipperCode":"YTO","LogisticCode":"YT0000000000001"}`,
		},
		"detection": {
			o: kdniao.Options{Detect: true}, carrier: "CAINIAO", path: "/Ebusiness/EbusinessOrderHandle.aspx", kind: "8002",
			data: `{"OrderCode":"","ShipperCode":"","LogisticCode":"YT0000000000001"}`,
		},
		"no detection where the carrier is known": {
			o: kdniao.Options{Detect: true}, carrier: "Yanwen", path: "/Ebusiness/EbusinessOrderHandle.aspx", kind: "8001",
			data: `{"OrderCode":"","ShipperCode":"IYWWL","LogisticCode":"YT0000000000001"}`,
		},
		"a carrier of one's own": {
			o: kdniao.Options{Shippers: map[string]string{"Cai-niao": "CNX"}}, carrier: "CAINIAO", path: "/Ebusiness/EbusinessOrderHandle.aspx", kind: "8001",
			data: `{"OrderCode":"","ShipperCode":"CNX","LogisticCode":"YT0000000000001"}`,
		},
		"digits of the phone": {
			o: kdniao.Options{CustomerName: "0042"}, carrier: "SF", path: "/Ebusiness/EbusinessOrderHandle.aspx", kind: "8001",
			data: `{"OrderCode":"","ShipperCode":"SF","LogisticCode":"YT0000000000001","CustomerName":"0042"}`,
		},
		"no digits for others": {
			o: kdniao.Options{CustomerName: "0042"}, carrier: "4px", path: "/Ebusiness/EbusinessOrderHandle.aspx", kind: "8001",
			data: `{"OrderCode":"","ShipperCode":"D4PX","LogisticCode":"YT0000000000001"}`,
		},
		"subscription": {
			carrier: "YTO", watch: true, path: "/api/dist", kind: "8008",
			data: `{"OrderCode":"","ShipperCode":"YTO","LogisticCode":"YT0000000000001"}`,
		},
		"free subscription": {
			o: kdniao.Options{Free: true}, carrier: "YTO", watch: true, path: "/api/dist", kind: "1008",
			data: `{"OrderCode":"","ShipperCode":"YTO","LogisticCode":"YT0000000000001"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, requests, forms := heard(t, c.o, nothing)
			call := client.Track
			if c.watch {
				call = client.Watch
			}
			answers, err := call(t.Context(), tracked("YT0000000000001", c.carrier))
			require.NoError(t, err)
			require.Equal(t, []port.Answer{{Number: "YT0000000000001"}}, answers)
			require.Len(t, *requests, 1)
			require.Equal(t, c.path, (*requests)[0].URL.Path)
			require.Equal(t, http.MethodPost, (*requests)[0].Method)
			require.Equal(t, "application/x-www-form-urlencoded;charset=utf-8", (*requests)[0].Header.Get("Content-Type"))
			form := (*forms)[0]
			require.Equal(t, c.data, form.Get("RequestData"))
			require.Equal(t, c.kind, form.Get("RequestType"))
			require.Equal(t, account, form.Get("EBusinessID"))
			require.Equal(t, "2", form.Get("DataType"))
			if c.md != "" {
				require.Equal(t, c.md, form.Get("DataSign"))
			}
		})
	}
}

func TestRefusedWithoutACall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o       kdniao.Options
		carrier string
		watch   bool
		says    string
	}{
		"unknown carrier":                {carrier: "CAINIAO", says: `carrier "CAINIAO": no shipper code is known; set one in the option Shippers`},
		"unknown carrier, watched":       {carrier: "CAINIAO", watch: true, says: "Shippers"},
		"detection finds no subscriber":  {o: kdniao.Options{Detect: true}, carrier: "CAINIAO", watch: true, says: "Shippers"},
		"no carrier":                     {says: `carrier ""`},
		"a carrier taken away":           {o: kdniao.Options{Shippers: map[string]string{"YTO": ""}}, carrier: "YTO", says: `carrier "YTO"`},
		"no digits of the phone":         {carrier: "SF", says: "CustomerName"},
		"no digits of the phone, either": {o: kdniao.Options{Detect: true}, carrier: "ZTO", says: "CustomerName"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, requests, _ := heard(t, c.o, nothing)
			call := client.Track
			if c.watch {
				call = client.Watch
			}
			answers, err := call(t.Context(), tracked("YT0000000000001", c.carrier))
			require.NoError(t, err)
			require.Len(t, answers, 1)
			require.Equal(t, "YT0000000000001", answers[0].Number)
			require.ErrorIs(t, answers[0].Err, port.ErrRefused)
			require.ErrorContains(t, answers[0].Err, c.says)
			require.Empty(t, *requests)
		})
	}
}

// What an error asks for; empty: there is none.
const (
	refused  = "no repeat"
	later    = "a repeat"
	inAnHour = "a repeat in an hour"
)

func verdict(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	require.NotContains(t, err.Error(), key)
	again, ok := errors.AsType[*port.UnavailableError](err)
	switch {
	case ok && again.After == time.Hour:
		return inAnHour
	case ok:
		return later
	}
	require.ErrorIs(t, err, port.ErrRefused)
	return refused
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body          string
		number, whole string
	}{
		"100":                      {body: `{"Success":false,"ResultCode":"100"}`},
		"101 a parameter":          {body: `{"Success":false,"ResultCode":"101"}`, number: refused},
		"102 the signature":        {body: `{"Success":false,"ResultCode":"102"}`, whole: refused},
		"103 the format":           {body: `{"Success":false,"ResultCode":103}`, number: refused},
		"104 the account":          {body: `{"Success":false,"ResultCode":"104"}`, whole: refused},
		"105 something else":       {body: `{"Success":false,"ResultCode":"105","Reason":"其他错误"}`, number: later},
		"401 RequestData":          {body: `{"Success":false,"ResultCode":"401"}`, number: refused},
		"402 no number":            {body: `{"Success":false,"ResultCode":"402"}`, number: refused},
		"403 special letters":      {body: `{"Success":false,"ResultCode":"403"}`, number: refused},
		"404 the length":           {body: `{"Success":false,"ResultCode":"404"}`, number: refused},
		"405 the quota":            {body: `{"Success":false,"ResultCode":"405"}`, whole: inAnHour},
		"a code that nobody knows": {body: `{"Success":false,"ResultCode":"999"}`, number: later},
		"the code in Code":         {body: `{"Success":"false","Code":"404"}`, number: refused},
		"the code in Reason":       {body: `{"Success":false,"Reason":"[102]校验问题"}`, whole: refused},
		"the signature in words":   {body: `{"Success":false,"Reason":"数据验签失败"}`, whole: refused},
		"the quota in words":       {body: `{"Success":false,"Reason":"超出查询次数限制"}`, whole: inAnHour},
		"nothing known in words":   {body: `{"Success":false,"Reason":"暂无轨迹信息"}`},
		"watched in words":         {body: `{"Success":false,"Reason":"该单号已订阅"}`},
		"other words":              {body: `{"Success":false,"Reason":"3小时后再试"}`, number: later},
		"no words":                 {body: `{"Success":false}`, number: later},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _, _ := heard(t, kdniao.Options{}, c.body)
			for what, call := range map[string]func() ([]port.Answer, error){
				"track": func() ([]port.Answer, error) { return client.Track(t.Context(), tracked("YT00001", "YTO")) },
				"watch": func() ([]port.Answer, error) { return client.Watch(t.Context(), tracked("YT00001", "YTO")) },
			} {
				answers, err := call()
				number, whole := "", verdict(t, err)
				if whole == "" {
					require.Len(t, answers, 1, what)
					require.Equal(t, "YT00001", answers[0].Number)
					number = verdict(t, answers[0].Err)
				} else {
					require.Empty(t, answers, what)
				}
				require.Equal(t, c.number, number, what)
				require.Equal(t, c.whole, whole, what)
			}
		})
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `[]`, `null`, `"Success"`, `{"Success":{}}`, `{"Traces":null}`, `{"Success":true,"Traces":[{"AcceptTime":`} {
		client, _, _ := heard(t, kdniao.Options{}, body)
		answers, err := client.Track(t.Context(), tracked("YT00001", "YTO"))
		require.Equal(t, later, verdict(t, err), body)
		require.Empty(t, answers)
		_, err = kdniao.Parse([]byte(body))
		require.Error(t, err, body)
	}
}

func TestAnotherParcelsAnswerIsNotTaken(t *testing.T) {
	t.Parallel()
	body := `{"LogisticCode":"yt-00002","Success":true,"State":"2","Traces":[{"AcceptTime":"2026-03-01 08:05:37","AcceptStation":"已揽收"}]}`
	client, _, _ := heard(t, kdniao.Options{}, body)
	answers, err := client.Track(t.Context(), tracked("YT00001", "YTO"))
	require.NoError(t, err)
	require.Equal(t, []port.Answer{{Number: "YT00001"}}, answers)
	answers, err = client.Track(t.Context(), tracked("YT00002", "YTO"))
	require.NoError(t, err)
	require.Len(t, answers[0].Rows, 1)
}

// Without codes the wording alone carries the milestones.
func TestFreeKinds(t *testing.T) {
	t.Parallel()
	s := start(t, kdniao.Options{Free: true}, twin.Options{})
	now := time.Now().UTC().Truncate(time.Second)
	var rows []rules.Row
	for i, m := range rules.Milestones() {
		if m == rules.Returned { // what is delivered behind it is returned too
			continue
		}
		rows = append(rows, rules.Row{At: now.Add(time.Duration(i-30) * time.Hour), Milestone: m, Location: "Madrid", Source: rules.FromCarrier})
	}
	s.world.Add(world.Parcel{Number: "YT00001", Rows: rows})
	answers, err := s.Watch(t.Context(), tracked("YT00001", "YTO"))
	require.NoError(t, err)
	require.NoError(t, answers[0].Err)
	answers, err = s.Track(t.Context(), tracked("YT00001", "YTO"))
	require.NoError(t, err)
	require.Len(t, answers[0].Rows, len(rows))
	for i, r := range answers[0].Rows {
		require.Equal(t, rows[i].Milestone, r.Milestone, r.Description)
		require.Equal(t, rows[i].At, r.At)
		require.Empty(t, r.Code)
		require.Empty(t, r.Location)
		require.Equal(t, rules.FromAggregator, r.Source)
	}
}

func TestSignedByAnother(t *testing.T) {
	t.Parallel()
	for _, free := range []bool{false, true} {
		s := start(t, kdniao.Options{Free: free}, twin.Options{})
		s.world.Add(world.Parcel{Number: "YT00001", Rows: []rules.Row{
			{At: time.Now().Add(-time.Hour), Milestone: rules.Delivered, SignedBy: "Maria Lopez", Source: rules.FromCarrier},
		}})
		answers, err := s.Track(t.Context(), tracked("YT00001", "YTO"))
		require.NoError(t, err)
		require.Equal(t, rules.Delivered, answers[0].Rows[0].Milestone)
		require.Equal(t, "Maria Lopez", answers[0].Rows[0].SignedBy)
	}
}
