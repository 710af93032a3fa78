package carrier_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/cainiao"
	"parcelward/internal/carrier/cainiao/action"
	"parcelward/internal/rules"
	"parcelward/internal/wire"
)

// data is recorded traces; it is not part of the project.
const data = "../../../shared/data/tracking/"

func read(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(data, name))
	if errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CI") != "" {
			t.Fatal("the shared test data is not here")
		}
		t.Skip("the shared test data is not here")
	}
	require.NoError(t, err)
	return raw
}

// timeline is one parcel's recorded trace, in its source's order.
type timeline struct {
	ID      string
	Carrier string
	Number  string `json:"tracking_number"`
	Events  []struct {
		T       string
		TZ      string
		EpochMS int64 `json:"epoch_ms"`
		Code    string
		Text    string
		Detail  string
		Place   string
	}
}

func timelines(t *testing.T) []timeline {
	t.Helper()
	var all []timeline
	for line := range bytes.Lines(read(t, "timelines.jsonl")) {
		var one timeline
		require.NoError(t, json.Unmarshal(line, &one))
		all = append(all, one)
	}
	require.Greater(t, len(all), 40)
	return all
}

// at reads a time with an offset of its own; zone-less ones are read in elsewhere, nil: not.
func at(t *testing.T, text string, elsewhere *time.Location) (when time.Time, zoned bool) {
	t.Helper()
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} {
		if when, err := time.Parse(layout, text); err == nil {
			return when, true
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", time.DateOnly} {
		if when, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			if elsewhere == nil {
				return time.Time{}, false
			}
			return time.Date(when.Year(), when.Month(), when.Day(), when.Hour(), when.Minute(), when.Second(), 0, elsewhere), false
		}
	}
	t.Fatalf("a time of a shape that no adapter has met: %q", text)
	return time.Time{}, false
}

// rows are a timeline's in the order of events, as far as its source tells.
func (l *timeline) rows(t *testing.T, elsewhere *time.Location) []rules.Row {
	t.Helper()
	all := make([]rules.Row, len(l.Events))
	for i, e := range l.Events {
		r := rules.Row{Milestone: rules.InTransit, Code: e.Code, Description: e.Text + e.Detail, Location: e.Place, Source: rules.FromCarrier}
		r.At, _ = at(t, e.T, elsewhere)
		if l.Carrier == "cainiao" {
			r.Milestone, _ = action.Milestone(e.Code)
		}
		all[i] = r
	}
	// Most sources tell the newest first.
	if n := len(all); n > 1 && (l.Events[0].T[:10] > l.Events[n-1].T[:10] || l.Events[0].T > l.Events[n-1].T) {
		slices.Reverse(all)
	}
	return all
}

// Whatever the clock of a source, no row is lost, the oldest comes first, and rows of one
// moment keep their order.
func TestTimelinesInOrder(t *testing.T) {
	t.Parallel()
	equal, midnights, unplacedRows := 0, 0, 0
	for _, l := range timelines(t) {
		for _, elsewhere := range []*time.Location{nil, time.UTC, time.FixedZone("", -11*60*60), time.FixedZone("", 14*60*60)} {
			source := l.rows(t, elsewhere)
			placed, unplaced := wire.Order(source)
			distinct := map[rules.Row]bool{}
			for _, r := range source {
				if r.At = r.At.UTC(); !r.At.IsZero() {
					distinct[r] = true
				}
			}
			for _, e := range l.Events {
				if len(e.T) == len(time.DateOnly) {
					midnights++
				}
			}
			require.Len(t, placed, len(distinct), l.ID)
			require.LessOrEqual(t, len(placed)+len(unplaced), len(source), l.ID)
			unplacedRows += len(unplaced)
			if elsewhere != nil {
				require.Empty(t, unplaced, l.ID)
			}
			for i, r := range placed {
				require.True(t, distinct[r], "%s: %v", l.ID, r)
				require.Equal(t, time.UTC, r.At.Location())
				if i == 0 {
					continue
				}
				require.False(t, r.At.Before(placed[i-1].At), "%s: %v", l.ID, r)
				if r.At.Equal(placed[i-1].At) {
					equal++
					same := func(want rules.Row) func(rules.Row) bool {
						return func(got rules.Row) bool { got.At = got.At.UTC(); return got == want }
					}
					require.Less(t, slices.IndexFunc(source, same(placed[i-1])), slices.IndexFunc(source, same(r)), "%s: %v", l.ID, r)
				}
			}
		}
	}
	require.Positive(t, equal)
	require.Positive(t, midnights)
	require.Positive(t, unplacedRows)
}

// zone is what Cainiao writes beside its local times.
var zone = regexp.MustCompile(`^GMT([+-]\d{1,2})(?::00)?$`)

// Cainiao's own timelines, told as Cainiao tells them.
func TestCainiaoTimelines(t *testing.T) {
	t.Parallel()
	scans, elsewhere := 0, 0
	for _, l := range timelines(t) {
		if l.Carrier != "cainiao" {
			continue
		}
		list := make([]map[string]any, len(l.Events))
		for i, e := range l.Events {
			list[i] = map[string]any{"timeStr": e.T, "timeZone": e.TZ, "actionCode": e.Code, "desc": e.Text + e.Detail}
			if e.EpochMS != 0 {
				list[i]["time"] = e.EpochMS
			}
		}
		raw, err := json.Marshal(map[string]any{"mailNo": l.Number, "detailList": list})
		require.NoError(t, err)
		answers, err := cainiao.Parse(raw)
		require.NoError(t, err, l.ID)
		require.Len(t, answers, 1)
		require.Empty(t, answers[0].Unplaced, l.ID)
		require.Len(t, answers[0].Rows, len(l.Events), "%s: every scan, and none twice", l.ID)
		for _, e := range l.Events {
			want, zoned := at(t, e.T, time.FixedZone("", 8*60*60)) // without a zone Beijing's
			if m := zone.FindStringSubmatch(e.TZ); !zoned && m != nil {
				hours, err := strconv.Atoi(m[1])
				require.NoError(t, err)
				want, _ = at(t, e.T, time.FixedZone("", hours*60*60))
				scans++
				require.Equal(t, time.Duration(hours-8)*time.Hour, time.UnixMilli(e.EpochMS).Sub(want), "%s %s: the epoch is timeStr at +08:00", l.ID, e.T)
				if hours != 8 {
					elsewhere++
				}
			}
			found := slices.ContainsFunc(answers[0].Rows, func(r rules.Row) bool {
				m, _ := action.Milestone(e.Code)
				return r.At.Equal(want) && r.Code == e.Code && r.Description == e.Text+e.Detail && (r.Milestone == m || r.Milestone == rules.Advisory)
			})
			require.True(t, found, "%s: %+v", l.ID, e)
		}
	}
	require.GreaterOrEqual(t, scans, 10)
	require.GreaterOrEqual(t, elsewhere, 2)
}

// No Cainiao trace that was recorded moves by a notice, and all move.
func TestCainiaoTimelinesMove(t *testing.T) {
	t.Parallel()
	for _, l := range timelines(t) {
		if l.Carrier != "cainiao" || l.Events[0].Code == "" {
			continue
		}
		source := l.rows(t, time.UTC)
		placed, _ := wire.Order(source)
		action.Settle(placed, true)
		require.True(t, slices.ContainsFunc(placed, func(r rules.Row) bool {
			return r.Milestone != rules.Advisory && r.Milestone != rules.InfoReceived
		}), l.ID)
		for i, r := range placed {
			if r.Code == "COMMON_INTRANSIT" {
				after := slices.ContainsFunc(placed[:i], func(r rules.Row) bool { return r.Milestone == rules.PickedUp })
				require.Equal(t, after, r.Milestone == rules.InTransit, "%s: %v", l.ID, r)
			}
		}
	}
}

func TestNativeCainiao(t *testing.T) {
	t.Parallel()
	read(t, "timelines.jsonl") // skips without the data
	files, err := filepath.Glob(data + "native/cainiao_*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		raw := read(t, filepath.Join("native", filepath.Base(file)))
		answers, err := cainiao.Parse(raw)
		require.NoError(t, err, file)
		require.NotEmpty(t, answers, file)
		for _, a := range answers {
			// latestTrace and globalCombinedLogisticsTraceDTO repeat a scan of the list.
			listed := bytes.Count(raw, []byte(`"actionCode"`)) - bytes.Count(raw, []byte(`"latestTrace"`)) - bytes.Count(raw, []byte(`"globalCombinedLogisticsTraceDTO"`))
			require.Len(t, a.Rows, listed, file)
			require.Empty(t, a.Unplaced, file)
		}
	}
}

// An aggregator's answer about Cainiao's parcel, as scans without a zone, many of one moment.
func TestNativeTrackingMore(t *testing.T) {
	t.Parallel()
	read(t, "timelines.jsonl") // skips without the data
	files, err := filepath.Glob(data + "native/trackingmore_*_cainiao.json")
	require.NoError(t, err)
	for _, file := range files {
		var all struct {
			Data struct {
				Items []struct {
					Number string `json:"tracking_number"`
					Origin struct {
						Trackinfo []struct{ Date, StatusDescription, Substatus string }
					} `json:"origin_info"`
				}
			}
		}
		require.NoError(t, json.Unmarshal(read(t, filepath.Join("native", filepath.Base(file))), &all))
		for _, item := range all.Data.Items {
			scans := item.Origin.Trackinfo
			list := make([]map[string]string, len(scans))
			for i, s := range scans {
				list[i] = map[string]string{"time": s.Date, "status": s.Substatus, "desc": s.StatusDescription}
			}
			raw, err := json.Marshal(map[string]any{"success": true, "mailNo": item.Number, "fullTraceDetail": list})
			require.NoError(t, err)
			answers, err := cainiao.Parse(raw)
			require.NoError(t, err)
			got := answers[0].Rows
			require.Len(t, got, len(scans))
			for i, r := range got { // told the newest first, to the second
				s := scans[len(scans)-1-i]
				require.Equal(t, s.StatusDescription, r.Description)
				require.Equal(t, s.Date, r.At.In(time.FixedZone("", 8*60*60)).Format(time.DateTime))
			}
		}
	}
}

// What the other carriers' clocks are: 4PX's tkDateStr is +08:00 whatever tkTimezone says, as
// Cainiao's epoch is; Shopee tells epochs.
func TestNativeClocks(t *testing.T) {
	t.Parallel()
	read(t, "timelines.jsonl") // skips without the data
	var source []rules.Row
	files, err := filepath.Glob(data + "native/4px_*.json")
	require.NoError(t, err)
	for _, file := range files {
		var all struct {
			Data []struct {
				Tracks []struct{ TkCode, TkDate, TkDateStr, TkTimezone string }
			}
		}
		require.NoError(t, json.Unmarshal(read(t, filepath.Join("native", filepath.Base(file))), &all))
		for _, parcel := range all.Data {
			for _, s := range parcel.Tracks {
				when, zoned := at(t, s.TkDate, nil)
				require.True(t, zoned)
				require.Equal(t, s.TkDateStr, when.In(time.FixedZone("", 8*60*60)).Format(time.DateTime), "%s says %q", s.TkCode, s.TkTimezone)
				source = append(source, rules.Row{At: when, Milestone: rules.InTransit, Code: s.TkCode})
			}
		}
	}
	files, err = filepath.Glob(data + "native/shopee_xpress_*.json")
	require.NoError(t, err)
	for _, file := range files {
		var one struct {
			Data struct {
				Info struct {
					Records []struct {
						Code string `json:"tracking_code"`
						Text string `json:"description"`
						At   int64  `json:"actual_time"`
					}
				} `json:"sls_tracking_info"`
			}
		}
		require.NoError(t, json.Unmarshal(read(t, filepath.Join("native", filepath.Base(file))), &one))
		require.NotEmpty(t, one.Data.Info.Records, file)
		for _, s := range one.Data.Info.Records {
			source = append(source, rules.Row{At: time.Unix(s.At, 0), Milestone: rules.InTransit, Code: s.Code, Description: file + s.Text})
		}
	}
	require.NotEmpty(t, source)
	placed, unplaced := wire.Order(source)
	require.Empty(t, unplaced)
	distinct := map[rules.Row]bool{}
	for _, r := range source {
		r.At = r.At.UTC()
		distinct[r] = true
	}
	require.Len(t, placed, len(distinct))
}
