package aliexpress_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/cainiao/action"
	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
	"parcelward/internal/rules"
	twin "parcelward/internal/sandbox/aliexpress"
)

func TestParse(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	row := func(code string, m rules.Milestone) rules.Row {
		return rules.Row{At: at, Milestone: m, Code: code, Source: rules.FromAggregator}
	}
	ms := fmt.Sprint(at.UnixMilli())
	for name, c := range map[string]struct {
		raw    string
		number string
		rows   []rules.Row
		lost   []rules.Row // unplaced
	}{
		"simplified": {`{"result_success":true,"details":[{"action_code":"LH_DEPART","event_date":` + ms + `}]}`, "", []rules.Row{row("LH_DEPART", rules.DepartedOrigin)}, nil},
		"in its envelope": {
			`{"aliexpress_logistics_redefining_querytrackingresult_response":{"result_success":"true","details":{"details":[{"action_code":"GTMS_SIGNED","event_date":"` + ms +
				`","signed_name":" Ana ","address":"Valencia","event_desc":"Delivered"}]},"request_id":"1"}}`, "",
			[]rules.Row{{At: at, Milestone: rules.Delivered, Code: "GTMS_SIGNED", Location: "Valencia", Description: "Delivered", SignedBy: "Ana", Source: rules.FromAggregator}},
			nil,
		},
		"shipment tracking": {
			`{"aliexpress_asf_shipment_tracking_get_response":{"result":{"mailNo":"lp 1","details":[{"trackingCodeDesc":"Left the country","trackingDetailDesc":"Shanghai","time":` + ms + `}]}}}`, "LP1",
			[]rules.Row{{At: at, Milestone: rules.InTransit, Code: "Left the country", Description: "Shanghai", Source: rules.FromAggregator}},
			nil,
		},
		"wall clock":        {`{"details":[{"action_code":"LH_DEPART","event_date":"2026-01-01 19:04:05"}]}`, "", []rules.Row{row("LH_DEPART", rules.DepartedOrigin)}, nil},
		"unknown code":      {`{"details":[{"action_code":"Brand New","event_date":` + ms + `}]}`, "", []rules.Row{row("Brand New", rules.InTransit)}, nil},
		"no code":           {`{"details":[{"status":"odd","event_date":` + ms + `}]}`, "", []rules.Row{row("odd", rules.InTransit)}, nil},
		"station signs":     {`{"details":[{"action_code":"GTMS_STA_SIGNED","event_date":` + ms + `}]}`, "", []rules.Row{row("GTMS_STA_SIGNED", rules.AvailableForPickup)}, nil},
		"no time":           {`{"details":[{"action_code":"GTMS_SIGNED","event_date":"soon"}]}`, "", nil, []rules.Row{{Milestone: rules.Delivered, Code: "GTMS_SIGNED", Source: rules.FromAggregator}}},
		"told twice":        {`{"details":[{"action_code":"LH_DEPART","event_date":` + ms + `},{"action_code":"LH_DEPART","event_date":` + ms + `}]}`, "", []rules.Row{row("LH_DEPART", rules.DepartedOrigin)}, nil},
		"nothing known":     {`{"result_success":true,"details":[]}`, "", nil, nil},
		"nothing at all":    {`{"result_success":true}`, "", nil, nil},
		"a list as a text":  {`{"result_success":true,"details":""}`, "", nil, nil},
		"a lone row":        {`{"details":{"action_code":"LH_DEPART","event_date":` + ms + `}}`, "", []rules.Row{row("LH_DEPART", rules.DepartedOrigin)}, nil},
		"wrapped lone row":  {`{"details":{"details":{"action_code":"LH_DEPART","event_date":` + ms + `}}}`, "", []rules.Row{row("LH_DEPART", rules.DepartedOrigin)}, nil},
		"wrapped nothing":   {`{"result_success":true,"details":{"details":null}}`, "", nil, nil},
		"an empty object":   {`{"result_success":true,"details":{}}`, "", nil, nil},
		"null":              {`{"result_success":true,"details":null}`, "", nil, nil},
		"to its sender":     {`{"details":[{"action_code":"GTMS_SIGNED","event_desc":"Delivered, To Original Sender","event_date":` + ms + `}]}`, "", []rules.Row{{At: at, Milestone: rules.Returned, Code: "GTMS_SIGNED", Description: "Delivered, To Original Sender", Source: rules.FromAggregator}}, nil},
		"unknown keys":      {`{"details":[{"action_code":"LH_DEPART","event_date":` + ms + `,"new":{"a":[1]}}],"more":1}`, "", []rules.Row{row("LH_DEPART", rules.DepartedOrigin)}, nil},
		"other type of row": {`{"result_success":true,"code":"X","details":[{"action_code":7,"event_date":` + ms + `}]}`, "", []rules.Row{row("7", rules.InTransit)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := aliexpress.Parse([]byte(c.raw))
			require.NoError(t, err)
			require.Equal(t, []port.Answer{{Number: c.number, Rows: c.rows, Unplaced: c.lost}}, got)
		})
	}
	for name, raw := range map[string]string{
		"empty": "", "HTML": "<html>", "another object": `{"a":1}`, "a list": "[]", "an error": `{"error_response":{"code":7,"msg":"App Call Limited"}}`,
		"a system error": `{"type":"ISV","code":"IllegalAccessToken","message":"x"}`, "half": `{"details":[{"action_`,
	} {
		_, err := aliexpress.Parse([]byte(raw))
		require.ErrorContains(t, err, "expected", name)
	}
	pushed, err := aliexpress.Parse([]byte(`{"message_type":18,"data":{"orderId":1}}`))
	require.NoError(t, err)
	require.Empty(t, pushed)
}

func TestParseFailedQuery(t *testing.T) {
	t.Parallel()
	got, err := aliexpress.Parse([]byte(`{"result_success":false,"error_desc":"System error"}`))
	require.NoError(t, err)
	require.ErrorContains(t, got[0].Err, "System error")
	require.NotErrorIs(t, got[0].Err, port.ErrRefused)
}

func TestEveryActionCode(t *testing.T) {
	t.Parallel()
	require.GreaterOrEqual(t, len(action.Codes()), 115)
	for _, code := range action.Codes() {
		want, known := action.Milestone(code)
		require.True(t, known)
		got, err := aliexpress.Parse(fmt.Appendf(nil, `{"details":[{"action_code":%q,"event_date":1767323045000}]}`, code))
		require.NoError(t, err)
		require.Equal(t, want, got[0].Rows[0].Milestone, code)
		require.Equal(t, code, got[0].Rows[0].Code)
	}
}

// What was on its way back when it was signed for went to its sender.
func TestDeliveredAfterReturn(t *testing.T) {
	t.Parallel()
	for _, back := range []string{"RT_INBOUND", "RT_TMS_ACCEPT", "RETURNED"} {
		got, err := aliexpress.Parse(fmt.Appendf(nil, `{"details":[
			{"action_code":"GTMS_SIGNED","event_date":1767400000000},
			{"action_code":%q,"event_date":1767300000000},
			{"action_code":"GTMS_SIGNED","event_date":1767200000000}]}`, back))
		require.NoError(t, err)
		require.Equal(t, rules.Delivered, got[0].Rows[0].Milestone)
		require.Equal(t, rules.Returned, got[0].Rows[2].Milestone)
	}
}

// Rows of one moment keep the service's order of events, whichever end it begins with.
func TestEqualTimesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	for _, codes := range [][]string{{"GTMS_SIGNED", "GTMS_DELIVERING", "LH_ARRIVE"}, {"LH_ARRIVE", "GTMS_DELIVERING", "GTMS_SIGNED"}} {
		times := []int{1767300000000, 1767300000000, 1767200000000}
		if codes[0] == "LH_ARRIVE" {
			times[0], times[2] = times[2], times[0]
		}
		got, err := aliexpress.Parse(fmt.Appendf(nil, `{"details":[{"action_code":%q,"event_date":%d},{"action_code":%q,"event_date":%d},{"action_code":%q,"event_date":%d}]}`,
			codes[0], times[0], codes[1], times[1], codes[2], times[2]))
		require.NoError(t, err)
		require.Equal(t, []string{"LH_ARRIVE", "GTMS_DELIVERING", "GTMS_SIGNED"}, []string{got[0].Rows[0].Code, got[0].Rows[1].Code, got[0].Rows[2].Code})
	}
}

// Real traces of AliExpress parcels, as Cainiao shows them, in AliExpress's own shape.
func TestRealTraces(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../../shared/data/tracking/native/cainiao_*.json")
	require.NoError(t, err)
	if len(files) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("no recorded traces beside the project")
		}
		t.Skip("no recorded traces beside the project")
	}
	rows := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var in struct {
			Module []struct {
				DetailList []struct {
					Time       int64  `json:"time"`
					ActionCode string `json:"actionCode"`
					Desc       string `json:"desc"`
				} `json:"detailList"`
			} `json:"module"`
		}
		require.NoError(t, json.Unmarshal(raw, &in), file)
		for _, m := range in.Module {
			details := []map[string]any{}
			for _, d := range m.DetailList {
				details = append(details, map[string]any{"action_code": d.ActionCode, "event_date": d.Time, "event_desc": d.Desc})
			}
			shaped, err := json.Marshal(map[string]any{"result_success": true, "details": details})
			require.NoError(t, err)
			got, err := aliexpress.Parse(shaped)
			require.NoError(t, err)
			require.Len(t, got[0].Rows, len(details), file)
			rows += len(details)
		}
	}
	require.Positive(t, rows)
}

func TestTrackRefusesAndRemembersTheOrder(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	answers, err := b.Track(t.Context(), []port.Tracked{{Store: store, Number: "LP1"}})
	require.NoError(t, err)
	require.ErrorContains(t, answers[0].Err, "are needed", "the platform wants the order's number")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"result_success":true,"details":[{"action_code":"LH_DEPART","event_date":1767323045000},{"action_code":"RETURNED","event_date":"2026-01-01 19:04:05"}]}`,
		`{"x_response":{"details":{"details":[{"action_code":"GTMS_SIGNED","event_date":"soon","signed_name":"Ana"}]}}}`,
		`{"result":{"mailNo":"LP1","details":[{"trackingCodeDesc":"a","time":1}]}}`,
		`{"error_response":{"code":7}}`, `{"type":"ISV","code":"X","message":"y"}`, `{"message_type":53,"data":"{}"}`, `{"result_success":false}`,
	} {
		f.Add([]byte(seed))
	}
	samples, _ := filepath.Glob(shared + "retailcrm_samples/*.json")
	for _, file := range samples {
		if raw, err := os.ReadFile(file); err == nil {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		answers, err := aliexpress.Parse(raw)
		if err != nil {
			require.Empty(t, answers)
			require.Less(t, len(err.Error()), 2000)
			return
		}
		for _, a := range answers {
			for i, r := range a.Rows {
				require.False(t, r.At.IsZero())
				require.Equal(t, time.UTC, r.At.Location())
				require.False(t, i > 0 && r.At.Before(a.Rows[i-1].At), "not sorted")
			}
			for _, r := range a.Unplaced {
				require.True(t, r.At.IsZero())
			}
			// Every distinct row is told.
			var told struct {
				Details []map[string]any `json:"details"`
			}
			if json.Unmarshal(raw, &told) == nil && len(told.Details) == 1 {
				require.Equal(t, 1, len(a.Rows)+len(a.Unplaced))
			}
		}
	})
}
