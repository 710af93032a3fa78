package cainiao_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/cainiao"
	"parcelward/internal/rules"
)

const native = "../../../../shared/data/tracking/native/"

// recorded reads a recorded answer.
func recorded(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(native, name))
	if errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CI") != "" {
			t.Fatal("the shared test data is not here")
		}
		t.Skip("the shared test data is not here")
	}
	require.NoError(t, err)
	return raw
}

func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		number string
		rows   string // oldest first
	}{
		"cainiao_LP_brazil_in_customs.json": {"LP00123456789CN", `
			2025-05-21T05:33:04Z picked_up PU_PICKUP_SUCCESS
			2025-05-21T14:51:17Z in_transit SC_INBOUND_SUCCESS
			2025-05-28T16:33:27Z customs_released CC_IM_SUCCESS`},
		"cainiao_RC000000001EE_delivered.json": {"RC000000001EE", `
			2025-12-08T14:29:00Z picked_up PU_PICKUP_SUCCESS
			2025-12-08T14:44:22Z in_transit GTMS_OE_DEPART
			2026-01-26T06:53:04Z arrived_destination LH_ARRIVE
			2026-02-02T06:23:08Z in_transit COMMON_INTRANSIT
			2026-02-04T09:32:25Z customs_released CC_IM_SUCCESS
			2026-02-05T23:52:42Z out_for_delivery GTMS_DO_DEPART
			2026-02-06T07:25:17Z delivered GTMS_SIGNED`},
		"cainiao_UG251542831MV_economy.json": {"UG251542831MV", `
			2026-08-14T10:10:38Z picked_up PU_PICKUP_SUCCESS
			2026-08-18T11:22:16Z departed_origin LH_DEPART
			2026-08-26T11:53:11Z arrived_destination LH_ARRIVE`},
	} {
		answers, err := cainiao.Parse(recorded(t, name))
		require.NoError(t, err, name)
		require.Len(t, answers, 1, name)
		require.Equal(t, c.number, answers[0].Number)
		require.Empty(t, answers[0].Unplaced, name)
		var got strings.Builder
		for _, r := range answers[0].Rows {
			require.Equal(t, rules.FromCarrier, r.Source)
			require.NotEmpty(t, r.Description)
			got.WriteString("\n\t\t\t" + r.At.Format(time.RFC3339) + " " + string(r.Milestone) + " " + r.Code)
		}
		require.Equal(t, c.rows, got.String(), name)
	}
	answers, err := cainiao.Parse(recorded(t, "cainiao_LP_brazil_in_customs.json"))
	require.NoError(t, err)
	require.Equal(t, "Shatian Town", answers[0].Rows[1].Location)
	require.Equal(t, "[Shatian Town] Processing at sorting center", answers[0].Rows[1].Description)
}

// In every recorded scan the epoch is timeStr read as +08:00, whatever timeZone says.
func TestRecordedEpochIsBeijingTime(t *testing.T) {
	t.Parallel()
	elsewhere := 0
	files, err := filepath.Glob(native + "cainiao_*.json")
	require.NoError(t, err)
	recorded(t, "cainiao_UG251542831MV_economy.json") // skips without the data
	for _, file := range files {
		var one struct {
			Module     []json.RawMessage `json:"module"`
			DetailList []struct {
				Time              int64
				TimeStr, TimeZone string
			}
		}
		raw := recorded(t, filepath.Base(file))
		require.NoError(t, json.Unmarshal(raw, &one))
		if len(one.Module) > 0 {
			require.NoError(t, json.Unmarshal(one.Module[0], &one))
		}
		require.NotEmpty(t, one.DetailList, file)
		for _, s := range one.DetailList {
			wall, err := time.ParseInLocation(time.DateTime, s.TimeStr, time.FixedZone("", 8*60*60))
			require.NoError(t, err)
			require.Equal(t, wall.UnixMilli(), s.Time, "%s %s %s", file, s.TimeStr, s.TimeZone)
			if s.TimeZone != "GMT+8" && s.TimeZone != "GMT+08:00" {
				elsewhere++
			}
		}
	}
	require.GreaterOrEqual(t, elsewhere, 2, "scans at another place")
}

func TestMoment(t *testing.T) {
	t.Parallel()
	const epoch = `"time":1748410407000` // 2025-05-28T05:33:27Z
	for scan, want := range map[string]string{
		`"timeStr":"2025-05-28 13:33:27","timeZone":"GMT-3",` + epoch:       "2025-05-28T16:33:27Z",
		`"timeStr":"2025-05-28 13:33:27","timeZone":"GMT+08:00",` + epoch:   "2025-05-28T05:33:27Z",
		`"timeStr":"2025-05-28 13:33:27","timeZone":"UTC+05:30",` + epoch:   "2025-05-28T08:03:27Z",
		`"timeStr":"2025-05-28 13:33:27","timeZone":"gmt -0930"`:            "2025-05-28T23:03:27Z",
		`"timeStr":"2025-05-28 13:33:27","timeZone":"GMT"`:                  "2025-05-28T13:33:27Z",
		`"timeStr":"2025-05-28 13:33:27","timeZone":"Z"`:                    "2025-05-28T13:33:27Z",
		`"timeStr":"2025-05-28 13:33:27","timeZone":"",` + epoch:            "2025-05-28T05:33:27Z",
		`"timeStr":"2025-05-28 13:33:27","timeZone":null`:                   "2025-05-28T05:33:27Z", // Beijing's
		`"timeStr":"2025-05-28 13:33:27","timeZone":"CST",` + epoch:         "2025-05-28T05:33:27Z",
		`"timeStr":"2025-05-28 13:33:27","timeZone":"CST"`:                  "", // whose?
		`"timeStr":"2025-05-28 13:33:27","timeZone":"GMT+15"`:               "",
		`"timeStr":"","timeZone":"GMT-3",` + epoch:                          "2025-05-28T05:33:27Z",
		`"timeStr":"soon","timeZone":"GMT-3",` + epoch:                      "2025-05-28T05:33:27Z",
		`"timeStr":"2025-05-28","timeZone":"GMT-3"`:                         "2025-05-28T03:00:00Z",
		`"timeStr":"2025-05-28 13:33","timeZone":"GMT+8"`:                   "2025-05-28T05:33:00Z",
		`"timeStr":"2025-05-28 13:33:27.500","timeZone":"GMT+8"`:            "2025-05-28T05:33:27.5Z",
		`"timeStr":"2025-05-28T13:33:27-03:00","timeZone":"GMT+8",` + epoch: "2025-05-28T16:33:27Z",
		`"time":"1748410407000"`:                                            "2025-05-28T05:33:27Z",
		`"time":"2025-05-28 13:33:27"`:                                      "2025-05-28T05:33:27Z", // fullTraceDetail
		`"time":0`:                                                          "",
		`"time":-5`:                                                         "",
		`"time":1748410407`:                                                 "", // 1970
		`"time":99999999999999999999`:                                       "",
		`"timeStr":"1970-01-01 08:00:00","timeZone":"GMT+8"`:                "",
		`"timeStr":"0000-00-00 00:00:00","timeZone":"GMT+8"`:                "",
		`"timeStr":"2025-02-30 08:00:00","timeZone":"GMT+8"`:                "",
		`"timeStr":true`:   "",
		`"desc":"nothing"`: "",
		`"timeStr":{"a":1},"timeZone":"GMT+8","time":1748410407000,"actionCode":"X"`: "", // kept as it is
	} {
		answers, err := cainiao.Parse([]byte(`{"mailNo":"LP1","detailList":[{` + scan + `}]}`))
		require.NoError(t, err, scan)
		if want == "" {
			require.Empty(t, answers[0].Rows, scan)
			require.Len(t, answers[0].Unplaced, 1, scan)
			continue
		}
		require.Empty(t, answers[0].Unplaced, scan)
		require.Len(t, answers[0].Rows, 1, scan)
		require.Equal(t, want, answers[0].Rows[0].At.Format(time.RFC3339Nano), scan)
		require.Equal(t, time.UTC, answers[0].Rows[0].At.Location())
	}
}

func TestParseShapes(t *testing.T) {
	t.Parallel()
	const list = `"detailList":[{"timeStr":"2026-03-01 08:00:00","timeZone":"GMT+8","actionCode":"GOT","desc":"d"}]`
	for _, raw := range []string{
		`{"success":true,"module":[{"mailNo":"lp 1",` + list + `}]}`,
		`{"success":true,"module":{"mailNo":"LP1",` + list + `}}`,
		`{"module":[{"mailNo":"LP1",` + list + `}],"unknown":[{}]}`,
		`[{"mailNo":"LP1",` + list + `,"status":{"new":"shape"}}]`,
		` {"mailNo":"LP1",` + list + `}` + "\n",
		`{"success":"true","mailNo":"LP1","fullTraceDetail":[{"time":"2026-03-01 08:00:00","status":"GOT","desc":"d"}]}`,
		`{"mailNo":"LP1",` + list + `,"latestTrace":{"timeStr":"2026-03-01 08:00:00","timeZone":"GMT+8","actionCode":"GOT","desc":"d"}}`,
		`{"mailNo":"LP1","detailList":null,"latestTrace":{"timeStr":"2026-03-01 08:00:00","timeZone":"GMT+8","actionCode":"GOT","desc":"d"}}`,
		`data_digest=unseen&logistics_interface=%7B%22mailNo%22%3A%22LP1%22%2C%22detailList%22%3A%5B%7B%22timeStr%22%3A%222026-03-01+08%3A00%3A00%22%2C%22actionCode%22%3A%22GOT%22%2C%22desc%22%3A%22d%22%7D%5D%7D`,
	} {
		answers, err := cainiao.Parse([]byte(raw))
		require.NoError(t, err, raw)
		require.Len(t, answers, 1, raw)
		require.Equal(t, "LP1", answers[0].Number, raw)
		require.Equal(t, []rules.Row{{
			At: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Milestone: rules.PickedUp, Code: "GOT", Description: "d", Source: rules.FromCarrier,
		}}, answers[0].Rows, raw)
	}
	for raw, want := range map[string]string{
		``:          "got nothing",
		`<html>`:    "expected a JSON object with module",
		`{"a":1}`:   "expected module, or mailNo",
		`[{"a":1}]`: "expected module, or mailNo",
		`{"success":false,"errorCode":"S02","errorMsg":"no"}`: "got the error S02 no",
		`{"mailNo":"LP1","detailList":{}}`:                    "expected modules",
		`a=b`:                                                 "expected a JSON object",
	} {
		_, err := cainiao.Parse([]byte(raw))
		require.ErrorContains(t, err, want, raw)
	}
}

func TestLastMileNumbers(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string][]string{
		`"realMailNo":"PostNL 3SDFC0123456789","copyRealMailNo":"3SDFC0123456789"`: {"3SDFC0123456789"},
		`"realMailNo":"PostNL 3SDFC0123456789"`:                                    {"3SDFC0123456789"},
		`"copyRealMailNo":"lp 1"`:                                                  nil,
		`"realMailNo":"","copyRealMailNo":null`:                                    nil,
	} {
		answers, err := cainiao.Parse([]byte(`{"mailNo":"LP1","detailList":[],` + keys + `}`))
		require.NoError(t, err, keys)
		require.Equal(t, want, answers[0].Also, keys)
	}
}

// Scans of one moment keep the order of events, however the list runs.
func TestOrderOfEqualTimes(t *testing.T) {
	t.Parallel()
	const (
		first  = `{"timeStr":"2026-03-01 08:00:00","timeZone":"GMT+8","actionCode":"GTMS_DO_ARRIVE"}`
		second = `{"timeStr":"2026-03-01 08:00:00","timeZone":"GMT+8","actionCode":"GTMS_DELIVERING"}`
		third  = `{"timeStr":"2026-03-01 09:00:00","timeZone":"GMT+8","actionCode":"GTMS_SIGNED"}`
	)
	for _, list := range []string{
		third + "," + second + "," + first, first + "," + second + "," + third, second + "," + first,
		second + "," + third + "," + first, third + ",null," + second + "," + second + "," + first,
	} {
		answers, err := cainiao.Parse([]byte(`{"mailNo":"LP1","detailList":[` + list + `]}`))
		require.NoError(t, err)
		require.Equal(t, "GTMS_DO_ARRIVE", answers[0].Rows[0].Code, list)
		require.Equal(t, "GTMS_DELIVERING", answers[0].Rows[1].Code, list)
	}
}

func TestUnknownCode(t *testing.T) {
	t.Parallel()
	answers, err := cainiao.Parse([]byte(`{"mailNo":"LP1","destCountry":"Chile","detailList":[{"timeStr":"2026-03-01 08:00:00","timeZone":"GMT+8","actionCode":"Brand new"}]}`))
	require.NoError(t, err)
	require.Equal(t, "Brand new", answers[0].Rows[0].Code)
	require.Equal(t, rules.InTransit, answers[0].Rows[0].Milestone)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"success":true,"module":[{"mailNo":"LP1","destCountry":"Brazil","copyRealMailNo":"3S","detailList":[{"time":1748410407000,"timeStr":"2025-05-28 13:33:27","timeZone":"GMT-3","actionCode":"COMMON_INTRANSIT"},{"timeStr":"x"},null,1]}]}`,
		`{"success":true,"mailNo":"LP1","fullTraceDetail":[{"time":"2026-03-01 08:00:00","status":"SIGN","desc":"【杭州】d"}]}`,
		`{"success":false,"errorCode":"S02"}`, `[]`, `[null]`, `logistics_interface=%7B%7D&data_digest=x`,
	} {
		f.Add([]byte(seed))
	}
	if files, err := filepath.Glob(native + "cainiao_*.json"); err == nil {
		for _, file := range files {
			if raw, err := os.ReadFile(file); err == nil {
				f.Add(raw)
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		answers, err := cainiao.Parse(raw)
		if err != nil {
			return
		}
		for _, a := range answers {
			for i, r := range a.Rows {
				if r.At.IsZero() || r.At.Location() != time.UTC || i > 0 && r.At.Before(a.Rows[i-1].At) {
					t.Fatalf("row %d out of order: %v", i, a.Rows)
				}
			}
			for _, r := range a.Unplaced {
				if !r.At.IsZero() {
					t.Fatalf("unplaced at %s", r.At)
				}
			}
		}
		// Every distinct scan of a plain module is there.
		var m struct {
			MailNo     string           `json:"mailNo"`
			DetailList []map[string]any `json:"detailList"`
		}
		if json.Unmarshal(raw, &m) == nil && m.MailNo != "" && len(answers) == 1 {
			codes := map[string]bool{}
			for _, r := range append(answers[0].Rows, answers[0].Unplaced...) {
				codes[r.Code] = true
			}
			for _, s := range m.DetailList {
				if code, ok := s["actionCode"].(string); ok && len(s) == 1 && code != "" && !codes[code] {
					t.Fatalf("scan %q is lost", code)
				}
			}
		}
	})
}
