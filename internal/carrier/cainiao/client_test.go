package cainiao_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/cainiao"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	twin "parcelward/internal/sandbox/cainiao"
	"parcelward/internal/sandbox/fault"
	"parcelward/internal/sandbox/world"
)

func options(base string) cainiao.Options {
	return cainiao.Options{BaseURL: base, ProviderID: "provider-1", AppCode: "102905", Secret: "key123"}
}

func client(t *testing.T, o cainiao.Options) *cainiao.Client {
	t.Helper()
	c, err := cainiao.New(o)
	require.NoError(t, err)
	return c
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]twin.Options{
		"tidy, at Greenwich": {},
		"untidy, in Brazil":  {UTCOffset: -3, Repeat: true, Shuffle: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			subject := func(t *testing.T, o twin.Options) porttest.Subject {
				t.Helper()
				w, faults := world.New(protocol.Clock{}), fault.New(1)
				o.ProviderID, o.AppCode, o.Secret = "provider-1", "102905", "key123"
				service := twin.New(w, o)
				t.Cleanup(service.Close)
				server := httptest.NewServer(faults.Wrap(service.Handler()))
				t.Cleanup(server.Close)
				bad := options(server.URL)
				bad.Secret = "another"
				return porttest.Subject{
					Service: client(t, options(server.URL)), BadKey: client(t, bad), World: w, Faults: faults, Carrier: "CAINIAO",
					TellsAlso: true,
				}
			}
			porttest.TrackingServices(t, func(t *testing.T) porttest.Subject {
				t.Helper()
				s := subject(t, o)
				s.Pushing = func(t *testing.T, callback string) porttest.Subject {
					t.Helper()
					o := o
					o.Callback, o.Late, o.Uneven, o.Twice = callback, 60*time.Millisecond, true, true
					return subject(t, o)
				}
				return s
			})
		})
	}
}

// apis.md 4.
func TestDigest(t *testing.T) {
	t.Parallel()
	require.Equal(t, "ufYU7rvXhHY3IDyZgyt6SA==", cainiao.Digest("hello1234", "key123"))
}

func TestNewSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := cainiao.New(cainiao.Options{BaseURL: "link.cainiao.com", PerSecond: -1, AppCode: " "})
	for _, want := range []string{"logistic_provider_id", "appCode", "secret", "base URL", "calls a second"} {
		require.ErrorContains(t, err, want)
	}
	o := options("")
	o.PerSecond = 5
	c := client(t, o)
	require.Equal(t, port.Limits{Batch: 1, PerSecond: 5}, c.Limits())
	require.Equal(t, "cainiao", c.Name())
}

// link answers whatever is asked with body, and keeps the last form.
func link(t *testing.T, body string) (*cainiao.Client, *url.Values) {
	t.Helper()
	asked := new(url.Values)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		*asked = r.PostForm
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	o := options(server.URL)
	o.CPCodes = map[string]string{"Yan-wen": "YWWL"}
	return client(t, o), asked
}

func TestRequest(t *testing.T) {
	t.Parallel()
	c, asked := link(t, `{"success":true,"mailNo":"LP1"}`)
	for carrier, want := range map[string]string{
		"CAINIAO": `{"arg0":{"appCode":"102905","mailNo":"LP1"}}`,
		"YANWEN":  `{"arg0":{"appCode":"102905","mailNo":"LP1","cpCode":"YWWL"}}`,
		"yanwen ": `{"arg0":{"appCode":"102905","mailNo":"LP1","cpCode":"YWWL"}}`,
	} {
		_, err := c.Track(t.Context(), []port.Tracked{{Number: "lp 1", Carrier: carrier}})
		require.NoError(t, err)
		require.Equal(t, url.Values{
			"logistic_provider_id": {"provider-1"},
			"msg_type":             {"CNTECH_LV_LOGISTICS_DETAIL_GET"},
			"to_code":              {"CNTECH_LV"},
			"logistics_interface":  {want},
			"data_digest":          {cainiao.Digest(want, "key123")},
		}, *asked)
	}
	_, err := c.Watch(t.Context(), []port.Tracked{{Number: "LP1"}})
	require.NoError(t, err)
	require.Equal(t, "CNTECH_LV_LOGISTICS_DETAIL_SUBSCRIBE", asked.Get("msg_type"))
}

func TestErrorCodes(t *testing.T) {
	t.Parallel()
	const (
		refused = "refused"
		again   = "again"
		number  = "about the number"
	)
	for code, want := range map[string]string{
		"S01": refused, "S02": refused, "S03": refused, "S04": refused, "S05": refused, "S10": refused, "S11": refused, "S12": refused,
		"S06": again, "S07": again, "S08": again, "S09": again, "S13": again, "": again,
		"B0001": number, "MAIL_NO_INVALID": number,
	} {
		c, _ := link(t, `{"success":"false","errorCode":"`+code+`","errorMsg":"验签或加密失败"}`)
		for name, call := range map[string]func(context.Context, []port.Tracked) ([]port.Answer, error){"track": c.Track, "watch": c.Watch} {
			answers, err := call(t.Context(), []port.Tracked{{Number: "LP1"}})
			var unavailable *port.UnavailableError
			switch want {
			case refused:
				require.ErrorIs(t, err, port.ErrRefused, "%s %s", name, code)
				require.ErrorContains(t, err, code+" 验签或加密失败")
			case again:
				require.ErrorAs(t, err, &unavailable, "%s %s", name, code)
			default:
				require.NoError(t, err, "%s %s", name, code)
				require.ErrorContains(t, answers[0].Err, code)
				require.NotErrorIs(t, answers[0].Err, port.ErrRefused, "it may be tried again")
				require.Equal(t, "LP1", answers[0].Number)
				continue
			}
			require.NotContains(t, err.Error(), "key123")
		}
	}
}

func TestHalfAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"success":true}`, `[{}]`, `null`, `true`, `{"module":[1]}`, `{"success":true,"module":{"detailList":[`} {
		c, _ := link(t, body)
		var again *port.UnavailableError
		_, err := c.Track(t.Context(), []port.Tracked{{Number: "LP1"}})
		require.ErrorAs(t, err, &again, body)
		if body != `{"success":true}` {
			_, err = c.Watch(t.Context(), []port.Tracked{{Number: "LP1"}})
			require.ErrorAs(t, err, &again, body)
		}
	}
}

func TestWhoseAnswer(t *testing.T) {
	t.Parallel()
	const scan = `[{"timeStr":"2026-03-01 08:00:00","timeZone":"GMT+8","actionCode":"GOT"}]`
	for name, c := range map[string]struct {
		body string
		rows int
	}{
		"another number":         {`{"success":true,"module":[{"mailNo":"LP2","detailList":` + scan + `}]}`, 0},
		"among others":           {`{"success":true,"module":[{"mailNo":"LP2","detailList":` + scan + `},{"mailNo":"lp-1","detailList":` + scan + `}]}`, 1},
		"none":                   {`{"success":true,"module":[]}`, 0},
		"unknown to it":          {`{"success":true,"module":[{"mailNo":"LP1","mailNoSource":"EXTERNAL","detailList":[]}]}`, 0},
		"without any":            {`{"success":true,"fullTraceDetail":` + scan + `}`, 1},
		"twice, with one repeat": {`{"module":[{"mailNo":"LP1","detailList":` + scan + `},{"mailNo":"LP1","detailList":` + scan + `}]}`, 1},
	} {
		service, _ := link(t, c.body)
		answers, err := service.Track(t.Context(), []port.Tracked{{Number: "LP1"}})
		require.NoError(t, err, name)
		require.Len(t, answers, 1, name)
		require.Equal(t, "LP1", answers[0].Number, name)
		require.Len(t, answers[0].Rows, c.rows, name)
	}
}

// The order's country decides where the answer names none.
func TestDomesticSignature(t *testing.T) {
	t.Parallel()
	c, _ := link(t, `{"success":true,"mailNo":"LP1","detailList":[{"timeStr":"2026-03-01 08:00:00","timeZone":"GMT+8","actionCode":"SIGNED"}]}`)
	for country, want := range map[string]rules.Milestone{"ES": rules.InTransit, "CN": rules.Delivered, "": rules.Delivered} {
		answers, err := c.Track(t.Context(), []port.Tracked{{Number: "LP1", Country: country}})
		require.NoError(t, err)
		require.Equal(t, want, answers[0].Rows[0].Milestone, country)
	}
}

func TestLastMileNumber(t *testing.T) {
	t.Parallel()
	w := world.New(protocol.Clock{})
	service := twin.New(w, twin.Options{ProviderID: "provider-1", AppCode: "102905", Secret: "key123"})
	t.Cleanup(service.Close)
	server := httptest.NewServer(service.Handler())
	t.Cleanup(server.Close)
	w.Add(world.Parcel{Number: "LP1", Also: "3SDFC0123456789", Rows: []rules.Row{
		{At: time.Now().Add(-time.Hour).Truncate(time.Second), Milestone: rules.PickedUp, Source: rules.FromCarrier},
	}})
	answers, err := client(t, options(server.URL)).Track(t.Context(), []port.Tracked{{Number: "LP1"}})
	require.NoError(t, err)
	require.Equal(t, []string{"3SDFC0123456789"}, answers[0].Also)
}
