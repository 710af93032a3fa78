package seventeentrack_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/seventeentrack"
	"parcelward/internal/port"
	"parcelward/internal/rules"
)

// parsed is the only answer of an answer with these providers' events.
func parsed(t *testing.T, providers ...string) port.Answer {
	t.Helper()
	raw := `{"code":0,"data":{"rejected":[],"accepted":[{"number":"YT2616912345678901","track_info":{"tracking":{"providers":[`
	for i, events := range providers {
		if i > 0 {
			raw += ","
		}
		raw += `{"events":` + events + `}`
	}
	answers, err := seventeentrack.Parse([]byte(raw + `]}}}]}}`))
	require.NoError(t, err)
	require.Len(t, answers, 1)
	return answers[0]
}

// Every status, sub-status and stage that the service documents.
func TestMilestones(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]rules.Milestone{
		"NotFound": rules.InfoReceived, "InfoReceived": rules.InfoReceived, "InTransit": rules.InTransit, "Expired": rules.Advisory,
		"AvailableForPickup": rules.AvailableForPickup, "OutForDelivery": rules.OutForDelivery, "DeliveryFailure": rules.DeliveryFailed,
		"Delivered": rules.Delivered, "Exception": rules.ExceptionScan,

		"NotFound_Other": rules.InfoReceived, "NotFound_InvalidCode": rules.InfoReceived,
		"InTransit_PickedUp": rules.PickedUp, "InTransit_Other": rules.InTransit, "InTransit_Departure": rules.DepartedOrigin,
		"InTransit_Arrival": rules.ArrivedDestination, "InTransit_CustomsProcessing": rules.InTransit,
		"InTransit_CustomsReleased": rules.CustomsReleased, "InTransit_CustomsRequiringInformation": rules.CustomsHold,
		"Expired_Other": rules.Advisory, "AvailableForPickup_Other": rules.AvailableForPickup, "OutForDelivery_Other": rules.OutForDelivery,
		"DeliveryFailure_Other": rules.DeliveryFailed, "DeliveryFailure_NoBody": rules.DeliveryFailed,
		"DeliveryFailure_Security": rules.DeliveryFailed, "DeliveryFailure_Rejected": rules.DeliveryFailed,
		"DeliveryFailure_InvalidAddress": rules.DeliveryFailed, "Delivered_Other": rules.Delivered,
		"Exception_Other": rules.ExceptionScan, "Exception_Returning": rules.ExceptionScan, "Exception_Returned": rules.Returned,
		"Exception_NoBody": rules.ExceptionScan, "Exception_Security": rules.ExceptionScan, "Exception_Damage": rules.ExceptionScan,
		"Exception_Rejected": rules.ExceptionScan, "Exception_Delayed": rules.ExceptionScan, "Exception_Lost": rules.Lost,
		"Exception_Destroyed": rules.Lost, "Exception_Cancel": rules.ExceptionScan,

		"PickedUp": rules.PickedUp, "Departure": rules.DepartedOrigin, "Arrival": rules.ArrivedDestination,
		"Returning": rules.ExceptionScan, "Returned": rules.Returned,

		"InTransit_Teleported": rules.InTransit, "Delivered_ToMoon": rules.InTransit, "17": rules.InTransit,
	} {
		for _, field := range []string{"sub_status", "stage"} {
			a := parsed(t, fmt.Sprintf(`[{"time_utc":"2026-06-29T13:05:00Z","description":"x",%q:%q}]`, field, code))
			require.Len(t, a.Rows, 1)
			require.Equal(t, want, a.Rows[0].Milestone, code)
			require.Equal(t, code, a.Rows[0].Code)
		}
	}
	a := parsed(t, `[{"time_utc":"2026-06-29T13:05:00Z","sub_status":"","stage":null}]`)
	require.Equal(t, rules.Row{At: a.Rows[0].At, Milestone: rules.InTransit, Source: rules.FromAggregator}, a.Rows[0])
}

func TestTimes(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 6, 29, 13, 5, 0, 0, time.UTC)
	for times, want := range map[string]time.Time{
		`"time_utc":"2026-06-29T13:05:00Z","time_iso":"2026-06-29T21:05:00+09:00"`:                                                want,
		`"time_utc":"2026-06-29T13:05:00"`:                                                                                        want,
		`"time_utc":null,"time_iso":"2026-06-29T21:05:00+08:00"`:                                                                  want,
		`"time_utc":"0001-01-01T00:00:00Z","time_iso":"2026-06-29T21:05:00+0800"`:                                                 want,
		`"time_utc":"","time_iso":"2026-06-29 21:05+08:00"`:                                                                       want,
		`"time_utc":null,"time_iso":null,"time_raw":{"date":"2026-06-29","time":"21:05:00","timezone":"+08:00"}`:                  want,
		`"time_utc":null,"time_iso":null,"time_raw":{"date":"2026-06-29","time":"21:05","timezone":"GMT+8"}`:                      want,
		`"time_utc":null,"time_iso":null,"time_raw":{"date":"2026-06-29","time":"21:05:00","timezone":"+08"}`:                     want,
		`"time_utc":null,"time_iso":null,"time_raw":{"date":"2026-06-29","time":"21:05:00","timezone":"UTC+8:00"}`:                want,
		`"time_utc":null,"time_iso":null,"time_raw":{"date":"2026-06-29","time":"09:35:00","timezone":"-0330"}`:                   want,
		`"time_utc":null,"time_iso":null,"time_raw":{"date":"2026-06-29","time":"13:05:00","timezone":"UTC"}`:                     want,
		`"time_utc":null,"time_iso":null,"time_raw":{"date":"2026-06-29","time":null,"timezone":"Z"}`:                             want.Truncate(24 * time.Hour),
		`"time_utc":null,"time_iso":"2026-06-29T21:05:00","time_raw":{"date":"2026-06-29","time":"21:05:00","timezone":"+08:00"}`: want,
		`"time_utc":null,"time_iso":"2026-06-29T21:05:00","time_raw":{"date":"2026-06-29","time":"21:05:00","timezone":null}`:     {},
		`"time_utc":null,"time_iso":null,"time_raw":{"date":"2026-06-29","time":"21:05:00","timezone":"CST"}`:                     {},
		`"time_utc":null,"time_iso":null,"time_raw":{"date":null,"time":"21:05:00","timezone":"+08:00"}`:                          {},
		`"time_utc":null,"time_iso":null,"time_raw":null`:                                                                         {},
		`"time_utc":"9999-12-31T23:59:59-12:00"`:                                                                                  {},
		`"time_utc":"1970-01-01T00:00:00Z"`:                                                                                       {},
		`"time_utc":"29.06.2026"`:                                                                                                 {},
	} {
		a := parsed(t, `[{`+times+`,"description":"Entregue","sub_status":"Delivered_Other"}]`)
		if want.IsZero() {
			require.Empty(t, a.Rows, times)
			require.Equal(t, []rules.Row{{Milestone: rules.Delivered, Code: "Delivered_Other", Description: "Entregue", Source: rules.FromAggregator}}, a.Unplaced)
			continue
		}
		require.Empty(t, a.Unplaced, times)
		require.Equal(t, want, a.Rows[0].At, times)
	}
}

// Two unplaced events of the same words are two rows, though a row tells no difference.
func TestUnplacedAreNoRepeats(t *testing.T) {
	t.Parallel()
	a := parsed(t, `[{"time_raw":{"date":"2026-06-30"},"description":"Arrived"},{"time_raw":{"date":"2026-06-29"},"description":"Arrived"},
		{"time_raw":{"date":"2026-06-29"},"description":"Arrived"}]`)
	require.Len(t, a.Unplaced, 2)
}

func TestProviders(t *testing.T) {
	t.Parallel()
	a := parsed(t,
		`[{"time_utc":"2017-01-13T02:00:00Z","description":"Delivery success","sub_status":"Delivered_Other"},
		  {"time_utc":"2016-12-27T05:47:00Z","description":"Acceptance","sub_status":"InTransit_PickedUp","location":null,"address":{"country":"CN","state":null,"city":"Shenzhen"}},
		  {"time_utc":"2016-12-27T05:47:00Z","description":"Before it","sub_status":"InTransit_Other"}]`,
		`[{"time_utc":"2017-01-13T10:00:00Z","description":"Entregue","sub_status":"Delivered_Other","location":"4480 - VILA DO CONDE"},
		  {"time_utc":"2017-01-13T10:00:00Z","description":"Entregue","sub_status":"Delivered_Other","location":"4480 - VILA DO CONDE"},null]`)
	require.Empty(t, a.Unplaced)
	var told []string
	for _, r := range a.Rows {
		told = append(told, r.Description+"/"+r.Location+"/"+string(r.Milestone))
	}
	require.Equal(t, []string{
		"Before it//in_transit", "Acceptance/Shenzhen, CN/picked_up", "Delivery success//delivered", "Entregue/4480 - VILA DO CONDE/delivered",
	}, told)
}

func TestAlso(t *testing.T) {
	t.Parallel()
	for local, want := range map[string][]string{
		`"92 6129-99"`: {"92612999"}, `null`: nil, `""`: nil, `" yt2616912345678901"`: nil, `926129`: {"926129"},
	} {
		answers, err := seventeentrack.Parse([]byte(`{"event":"TRACKING_UPDATED","data":{"number":"YT2616912345678901","track_info":{"misc_info":{"local_number":` + local + `}}}}`))
		require.NoError(t, err)
		require.Equal(t, want, answers[0].Also, local)
	}
}

// A number that is followed for two carriers has the rows of both, and of one that is there the
// other's rejection does not count.
func TestTwoCarriers(t *testing.T) {
	t.Parallel()
	answers, err := seventeentrack.Parse([]byte(`{"code":0,"data":{"accepted":[
		{"number":"AA11111","carrier":1,"track_info":` + oneEvent + `},{"number":"BB22222","carrier":1,"track_info":` + oneEvent + `},
		{"number":"AA11111","carrier":2,"track_info":{"misc_info":{"local_number":"CC33333"},"latest_event":{"time_utc":"2026-06-28T13:05:00Z","description":"y"}}}],
		"rejected":[{"number":"AA11111","carrier":3,"error":{"code":-18019909,"message":"…"}},{"number":"BB22222","carrier":3,"error":{"code":-18019902,"message":"…"}}]}}`))
	require.NoError(t, err)
	require.Len(t, answers, 2)
	require.Len(t, answers[0].Rows, 2)
	require.Equal(t, "y", answers[0].Rows[0].Description)
	require.Equal(t, []string{"CC33333"}, answers[0].Also)
	require.Equal(t, "BB22222", answers[1].Number)
	require.NoError(t, answers[1].Err)
}

// What the sender signs for is no delivery.
func TestDeliveredToTheSender(t *testing.T) {
	t.Parallel()
	a := parsed(t, `[{"time_utc":"2026-06-29T13:05:00Z","sub_status":"Delivered_Other","description":"Delivered"},
		{"time_utc":"2026-06-27T13:05:00Z","sub_status":"Exception_Returned","description":"Returned to shipper"},
		{"time_utc":"2026-06-25T13:05:00Z","sub_status":"Delivered_Other","description":"Delivered, to the wrong door"}]`)
	require.Equal(t, rules.Delivered, a.Rows[0].Milestone)
	require.Equal(t, rules.Returned, a.Rows[1].Milestone)
	require.Equal(t, rules.Returned, a.Rows[2].Milestone)
	require.Equal(t, "Delivered_Other", a.Rows[2].Code)
	a = parsed(t, `[{"time_utc":"2026-06-29T13:05:00Z","sub_status":"Delivered_Other","description":"Delivered, To Original Sender"}]`)
	require.Equal(t, rules.Returned, a.Rows[0].Milestone)
	// On its way back it may still be handed out.
	a = parsed(t, `[{"time_utc":"2026-06-29T13:05:00Z","sub_status":"Delivered_Other","description":"Delivered"},
		{"time_utc":"2026-06-27T13:05:00Z","sub_status":"Exception_Returning","description":"Back to the post office"}]`)
	require.Equal(t, rules.Delivered, a.Rows[1].Milestone)
}

func TestLatestEvent(t *testing.T) {
	t.Parallel()
	const event = `{"time_utc":"2026-06-29T13:05:00Z","description":"Handed over"}`
	for status, want := range map[string]string{
		`{"status":"Delivered","sub_status":"Delivered_Other"}`: "Delivered_Other",
		`{"status":"Delivered","sub_status":null}`:              "Delivered",
		`{"status":"Expired","sub_status":"Expired_Other"}`:     "", // says nothing of the event
		`null`: "",
	} {
		for _, providers := range []string{`null`, `[]`, `[{"events":[` + event + `]}]`} {
			answers, err := seventeentrack.Parse([]byte(`{"event":"TRACKING_UPDATED","data":{"number":"AA11111","track_info":{
				"latest_status":` + status + `,"latest_event":` + event + `,"tracking":{"providers":` + providers + `}}}}`))
			require.NoError(t, err)
			require.Len(t, answers[0].Rows, 1)
			require.Equal(t, want, answers[0].Rows[0].Code)
		}
	}
}

func TestParseWhatIsNoTrace(t *testing.T) {
	t.Parallel()
	answers, err := seventeentrack.Parse([]byte(`{"code":0,"data":{
		"accepted":[{"origin":2,"number":"AA123456789BR","carrier":2151,"email":null,"lang":null,"tag":"order-1042"}],
		"rejected":[{"number":"1234","carrier":"0","error":{"code":-18010012,"message":"The format of '1234' is invalid."}},
		            {"number":"AA55555","carrier":0,"error":{"code":-18019902,"message":"…"}}]}}`))
	require.NoError(t, err)
	require.Len(t, answers, 3)
	require.Equal(t, port.Answer{Number: "AA123456789BR"}, answers[0])
	require.ErrorIs(t, answers[1].Err, port.ErrRefused)
	require.ErrorContains(t, answers[1].Err, "The format of '1234' is invalid.")
	require.ErrorIs(t, answers[2].Err, port.ErrUnwatched)
	for raw, want := range map[string]string{
		`{"code":-18010002,"data":{"errors":[{"code":-18010002,"message":"Invalid security key."}]}}`: "-18010002 Invalid security key.",
		`{"code":0,"data":{"quota_total":1100}}`:                                                      "expected accepted or rejected numbers",
		`{"code":0}`:                                                                                  "data", `{}`: "expected an answer", `[]`: "expected JSON", ``: "expected JSON", `{"event":"TRACKING_UPDATED"}`: "data",
		`{"event":"TRACKING_UPDATED","data":null}`: "expected data",
	} {
		_, err := seventeentrack.Parse([]byte(raw))
		require.ErrorContains(t, err, want, raw)
	}
}

// leg is a parcel leg of the shared real traces.
type leg struct {
	Carrier string `json:"carrier"`
	Number  string `json:"tracking_number"`
	Events  []struct {
		T      string  `json:"t"`
		Code   string  `json:"code"`
		Text   string  `json:"text"`
		Detail string  `json:"detail"`
		Place  *string `json:"place"`
	} `json:"events"`
}

func legs(t *testing.T) []leg {
	t.Helper()
	file, err := os.Open("../../../../shared/data/tracking/timelines.jsonl")
	if errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CI") != "" {
			t.Fatal("the shared real traces are not here")
		}
		t.Skip("the shared real traces are not here")
	}
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	var all []leg
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l leg
		require.NoError(t, json.Unmarshal(lines.Bytes(), &l))
		all = append(all, l)
	}
	require.NoError(t, lines.Err())
	return all
}

// events writes a leg as 17TRACK would show it: what has a zone in time_iso, the rest in time_raw.
func (l *leg) events() string {
	events := make([]map[string]any, len(l.Events))
	for i, e := range l.Events {
		events[i] = map[string]any{"time_utc": nil, "time_iso": nil, "description": e.Text + " " + e.Detail, "location": e.Place, "sub_status": e.Code}
		if _, err := time.Parse(time.RFC3339, e.T); err == nil {
			events[i]["time_iso"] = e.T
		} else {
			raw := map[string]any{"date": e.T[:10], "time": nil, "timezone": nil}
			if len(e.T) >= 19 {
				raw["time"] = e.T[11:19]
			}
			events[i]["time_raw"] = raw
		}
	}
	written, _ := json.Marshal(events)
	return string(written)
}

// No scan of the real traces is lost, placed or not.
func TestRealTraces(t *testing.T) {
	t.Parallel()
	placed, unplaced := 0, 0
	for _, l := range legs(t) {
		distinct := map[string]bool{}
		for _, e := range l.Events {
			place := ""
			if e.Place != nil {
				place = *e.Place
			}
			distinct[e.T+e.Text+e.Detail+place+e.Code] = true
		}
		a := parsed(t, l.events())
		require.Equal(t, len(distinct), len(a.Rows)+len(a.Unplaced), l.Number)
		require.True(t, slices.IsSortedFunc(a.Rows, func(a, b rules.Row) int { return a.At.Compare(b.At) }))
		placed, unplaced = placed+len(a.Rows), unplaced+len(a.Unplaced)
	}
	require.Greater(t, placed, 200)
	require.Greater(t, unplaced, 50)
}

// Both ends of one parcel tell the same scans at different hours; both are kept.
func TestRealBothEnds(t *testing.T) {
	t.Parallel()
	var ends []string
	n := 0
	for _, l := range legs(t) {
		if l.Number == "RQ062471279MY" {
			ends = append(ends, l.events())
			n += len(l.Events)
		}
	}
	require.Len(t, ends, 2)
	a := parsed(t, ends...)
	require.Len(t, a.Rows, n)
	last := a.Rows[n-1]
	require.Equal(t, "Entregue ", last.Description)
	require.Equal(t, time.Date(2017, 1, 13, 10, 0, 0, 0, time.UTC), last.At)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"code":0,"data":{"accepted":[{"number":"AA11111","carrier":2151,"track_info":` + oneEvent + `}],"rejected":[]}}`,
		`{"code":0,"data":{"accepted":[],"rejected":[{"number":"1234","carrier":"0","error":{"code":-18010012,"message":"x"}}]}}`,
		`{"event":"TRACKING_STOPPED","data":{"number":"AA123456789BR","carrier":2151,"param":null,"tag":""}}`,
		`{"event":"TRACKING_UPDATED","data":{"number":"AA1","track_info":{"latest_event":{"time_raw":{"date":"2026-06-29","time":"21:05:00","timezone":"+8"}},
			"misc_info":{"local_number":"bb 22"},"milestone":[{"key_stage":"PickedUp","time_utc":null}],"tracking":{"providers":[{"events":[
			{"time_iso":"2026-06-29T21:05:00+08:00","description":"é","sub_status":"Exception_Returned"},{"time_utc":"9999-12-31T23:59:59Z","sub_status":"Delivered_Other"}]}]}}}}`,
		`{"code":-18010002,"data":{"errors":[{"code":-18010002,"message":"Invalid security key."}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		answers, err := seventeentrack.Parse(raw)
		if err != nil {
			require.Nil(t, answers)
			return
		}
		for _, a := range answers {
			require.True(t, slices.IsSortedFunc(a.Rows, func(a, b rules.Row) int { return a.At.Compare(b.At) }))
			for _, r := range a.Rows {
				require.False(t, r.At.IsZero())
				require.Contains(t, rules.Milestones(), r.Milestone)
			}
			for _, r := range a.Unplaced {
				require.True(t, r.At.IsZero())
			}
			_, err := json.Marshal(a.Rows)
			require.NoError(t, err)
			require.NotContains(t, a.Also, a.Number)
		}
	})
}
