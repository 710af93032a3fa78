package aliexpress_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	twin "parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/world"
)

func serve(t *testing.T, o twin.Options) (w *world.World, tw *twin.Twin, base string) {
	t.Helper()
	w = world.New(protocol.Clock{})
	o.AppKey, o.AppSecret = "123456", "helloworld"
	tw = twin.New(w, o)
	server := httptest.NewServer(tw.Handler())
	t.Cleanup(server.Close)
	return w, tw, server.URL
}

// post makes a call that is right but for change, which comes before it is signed.
func post(t *testing.T, base, target string, form url.Values, change func(url.Values)) map[string]any {
	t.Helper()
	at, err := url.Parse(target)
	require.NoError(t, err)
	all := url.Values{"app_key": {"123456"}, "sign_method": {"sha256"}, "timestamp": {strconv.FormatInt(time.Now().UnixMilli(), 10)}}
	maps.Copy(all, form)
	if change != nil {
		change(all)
	}
	signed := url.Values{}
	maps.Copy(signed, all)
	maps.Copy(signed, at.Query())
	path, system := strings.CutPrefix(at.Path, "/rest")
	if !system {
		path = ""
	}
	if !all.Has("sign") {
		all.Set("sign", twin.Sign("helloworld", path, signed))
	}
	resp, err := http.PostForm(base+target, all)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	require.Equal(t, http.StatusOK, resp.StatusCode, "the platform says no with 200")
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, json.Unmarshal(body, &out), "%s", body)
	return out
}

func TestGatewaysRefuse(t *testing.T) {
	t.Parallel()
	_, tw, base := serve(t, twin.Options{})
	token := post(t, base, "/rest/auth/token/create", url.Values{"code": {tw.Code("seller")}}, nil)
	require.Equal(t, "0", token["code"])
	require.InDelta(t, 30*24*3600, token["expires_in"], 1)
	session := token["access_token"].(string)
	const good = "/sync?method=aliexpress.logistics.redefining.listlogisticsservice"
	for name, c := range map[string]struct {
		target string
		change func(url.Values)
		want   string
	}{
		"app key":   {good, func(v url.Values) { v.Set("app_key", "1") }, "InvalidAppKey"},
		"signature": {good, func(v url.Values) { v.Set("sign", "1") }, "IncompleteSignature"},
		"md5":       {good, func(v url.Values) { v.Set("sign_method", "md5") }, "InvalidSignMethod"},
		"too old": {good, func(v url.Values) {
			v.Set("timestamp", strconv.FormatInt(time.Now().Add(-7201*time.Second).UnixMilli(), 10))
		}, "IllegalTimestamp"},
		"too new": {good, func(v url.Values) {
			v.Set("timestamp", strconv.FormatInt(time.Now().Add(7210*time.Second).UnixMilli(), 10))
		}, "IllegalTimestamp"},
		"no time stamp":  {good, func(v url.Values) { v.Del("timestamp") }, "MissingParameter"},
		"session":        {good, func(v url.Values) { v.Set("session", "1") }, "IllegalAccessToken"},
		"unknown method": {"/sync?method=aliexpress.claims.file", nil, "InvalidApiPath"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := post(t, base, c.target, url.Values{"session": {session}}, c.change)
			require.Equal(t, c.want, out["error_response"].(map[string]any)["code"], out)
		})
	}
	t.Run("good, in its envelope", func(t *testing.T) {
		t.Parallel()
		out := post(t, base, good, url.Values{"session": {session}}, nil)
		inner := out["aliexpress_logistics_redefining_listlogisticsservice_response"].(map[string]any)
		require.NotEmpty(t, inner["result_list"].(map[string]any)["aeop_logistics_service_result"])
	})
	t.Run("an ISO time stamp, simplified", func(t *testing.T) {
		t.Parallel()
		out := post(t, base, good, url.Values{"session": {session}, "simplify": {"true"}}, func(v url.Values) {
			v.Set("timestamp", time.Now().UTC().Format(time.RFC3339))
		})
		require.NotEmpty(t, out["result_list"])
		require.NotEmpty(t, out["request_id"])
	})
	t.Run("system calls have their own form", func(t *testing.T) {
		t.Parallel()
		for target, want := range map[string]string{
			"/rest/auth/token/create": "InvalidCode", "/rest/auth/token/refresh": "IllegalRefreshToken", "/rest/claims": "InvalidApiPath",
		} {
			out := post(t, base, target, url.Values{"code": {"x"}, "refresh_token": {"x"}}, nil)
			require.Equal(t, want, out["code"])
			require.Equal(t, "ISV", out["type"])
		}
	})
}

func TestCodeIsGoodForOneToken(t *testing.T) {
	t.Parallel()
	_, tw, base := serve(t, twin.Options{})
	form := url.Values{"code": {tw.Code("seller")}}
	require.Equal(t, "0", post(t, base, "/rest/auth/token/create", form, nil)["code"])
	require.Equal(t, "InvalidCode", post(t, base, "/rest/auth/token/create", form, nil)["code"])
}

// memory keeps one token.
type memory struct{ token aliexpress.Token }

func (m *memory) Load(context.Context, string) (aliexpress.Token, error)     { return m.token, nil }
func (m *memory) Save(_ context.Context, _ string, t aliexpress.Token) error { m.token = t; return nil }

func client(t *testing.T, tw *twin.Twin, base string) *aliexpress.Client {
	t.Helper()
	c, err := aliexpress.New(aliexpress.Options{BaseURL: base, AppKey: "123456", AppSecret: "helloworld", Tokens: &memory{}})
	require.NoError(t, err)
	require.NoError(t, c.Authorise(t.Context(), "s", tw.Code("seller"), ""))
	return c
}

func TestEveryMilestoneComesBack(t *testing.T) {
	t.Parallel()
	w, tw, base := serve(t, twin.Options{})
	c := client(t, tw, base)
	now := w.Now().Truncate(time.Second)
	for i, m := range rules.Milestones() {
		number := fmt.Sprintf("PW%09dCN", i)
		w.Add(world.Parcel{Number: number, Rows: []rules.Row{{At: now.Add(-time.Hour), Milestone: m, SignedBy: "Ana"}}})
		got, err := c.Track(t.Context(), []port.Tracked{{Store: "s", Order: "1", Number: number}})
		require.NoError(t, err)
		require.Equal(t, m, got[0].Rows[0].Milestone)
		require.Equal(t, "Ana", got[0].Rows[0].SignedBy)
	}
	// A row that bears an action code of its milestone shows it.
	w.Add(world.Parcel{Number: "PWX", Rows: []rules.Row{{At: now.Add(-time.Hour), Milestone: rules.InTransit, Code: "COMMON_INTRANSIT"}}})
	got, err := c.Track(t.Context(), []port.Tracked{{Store: "s", Order: "1", Number: "PWX"}})
	require.NoError(t, err)
	require.Equal(t, "COMMON_INTRANSIT", got[0].Rows[0].Code)
}

func TestCallsOfTheDayRunOut(t *testing.T) {
	t.Parallel()
	_, tw, base := serve(t, twin.Options{CallsPerDay: 2})
	c := client(t, tw, base)
	for range 2 {
		_, err := c.Services(t.Context(), "s")
		require.NoError(t, err)
	}
	_, err := c.Services(t.Context(), "s")
	var again *port.UnavailableError
	require.ErrorAs(t, err, &again)
	require.LessOrEqual(t, again.After, 24*time.Hour)
	require.Equal(t, 0, time.Now().Add(again.After).Add(time.Second).UTC().Hour()-16, "until 24:00 in Beijing")
}

func TestWaybillIsAPDF(t *testing.T) {
	t.Parallel()
	w, tw, base := serve(t, twin.Options{})
	c := client(t, tw, base)
	tw.Add(twin.Order{Seller: "seller", ID: "8190001", Status: "WAIT_SELLER_SEND_GOODS", Created: w.Now()})
	id, err := c.CreateLogistics(t.Context(), "s", json.RawMessage(`{"trade_order_param":{"trade_order_id":8190001},"solution_param":{"solution_code":"X"}}`))
	require.NoError(t, err)
	pdf, err := c.Waybill(t.Context(), "s", id)
	require.NoError(t, err)
	// The table of contents stands where it is said to, and so does each object.
	tail := pdf[bytes.LastIndex(pdf, []byte("startxref\n"))+len("startxref\n"):]
	at, err := strconv.Atoi(strings.SplitN(string(tail), "\n", 2)[0])
	require.NoError(t, err)
	table := strings.Split(string(pdf[at:]), "\n")
	require.Equal(t, "xref", table[0])
	for i := 1; i <= 5; i++ {
		place, err := strconv.Atoi(strings.Fields(table[2+i])[0])
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(pdf[place:], fmt.Appendf(nil, "%d 0 obj", i)))
	}
}

// What the documentation says of the list of payments: dates in the other order, by the creation
// of orders in US Pacific, at most 200 a page, every amount of a child order.
func TestPayments(t *testing.T) {
	t.Parallel()
	w, tw, base := serve(t, twin.Options{})
	c := client(t, tw, base)
	usd, err := money.Parse("9.50", "USD")
	require.NoError(t, err)
	at := w.Now().Add(-time.Hour).Truncate(time.Second)
	for i := range 205 {
		tw.Add(twin.Order{
			Seller: "seller", ID: fmt.Sprint(8190001 + i), Status: "FINISH", Created: at.Add(-time.Duration(i) * time.Minute), Paid: at, Amount: usd, Freight: usd,
			Lines: []twin.Line{{ID: fmt.Sprint(91000 + i), Product: "1", Quantity: 1, Price: usd}}, Refunds: []twin.Refund{{Status: "refund_ok", Type: "payout_refund", At: at, Amount: usd}},
		})
	}
	all, err := c.Settlements(t.Context(), "s", at.Add(-24*time.Hour), w.Now(), aliexpress.LoanDone)
	require.NoError(t, err)
	require.Len(t, all, 205)
	children := map[string]bool{}
	for _, s := range all {
		children[s.Child] = true
		require.NotNil(t, s.Affiliate)
		require.Equal(t, "9.50 USD", s.Refunded.String())
	}
	require.Len(t, children, 205, "pages hold still")
	few, err := c.Settlements(t.Context(), "s", at.Add(-10*time.Minute), w.Now(), "")
	require.NoError(t, err)
	require.Len(t, few, 11)
	_, err = c.Settlements(t.Context(), "s", at, w.Now(), "paid")
	require.ErrorIs(t, err, port.ErrRefused)
}

// Who submits a step of a dispute, and where it stands, are the documented values.
func TestDisputeVocabulary(t *testing.T) {
	t.Parallel()
	w, tw, base := serve(t, twin.Options{})
	c := client(t, tw, base)
	opened := w.Now().Add(-48 * time.Hour).Truncate(time.Second)
	d := twin.Dispute{Seller: "seller", ID: "7", Order: "8190001", Buyer: "es123", Opened: opened}
	tw.AddDispute(d)
	got, err := c.Dispute(t.Context(), "s", "es123", "7")
	require.NoError(t, err)
	require.Equal(t, "wait_for_seller_response", got.Detail)
	require.Equal(t, "WAIT_SOLUTION_TIMEOUT", got.Timeout)
	require.Equal(t, opened.Add(5*24*time.Hour), got.TimeoutAt)
	d.Status, d.Closed = "finish", opened.Add(time.Hour)
	tw.AddDispute(d)
	got, err = c.Dispute(t.Context(), "s", "es123", "7")
	require.NoError(t, err)
	require.Equal(t, "ae_feedback_finish", got.Detail)
	require.Zero(t, got.TimeoutAt)
	for _, step := range got.Steps {
		require.Contains(t, []string{"seller", "buyer", "waiter", "system"}, step.By)
	}
}
