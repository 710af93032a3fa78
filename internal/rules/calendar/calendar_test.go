package calendar_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parcelward/internal/rules/calendar"
)

func embedded(tb testing.TB) *calendar.Calendar {
	tb.Helper()
	c, err := calendar.Embedded()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func shanghai(tb testing.TB) *time.Location {
	tb.Helper()
	return time.FixedZone("Asia/Shanghai", 8*3600)
}

func TestYears(t *testing.T) {
	t.Parallel()
	years := embedded(t).Years()
	if len(years) != 23 || years[0] != 2004 || years[22] != 2026 {
		t.Errorf("years %v, want 2004 to 2026", years)
	}
}

func TestNoticesOf2026(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	for date, want := range map[string]bool{
		"2026-10-07": false, "2026-10-08": true, // the leave ends on the 7th
		"2026-02-15": false, "2026-02-23": false, "2026-02-24": true,
		"2026-01-04": true, "2026-02-14": true, "2026-02-28": true, "2026-05-09": true, "2026-09-20": true, "2026-10-10": true, // make-up days
		"2026-10-11": false, "2026-10-12": true,
	} {
		if got, exact := workday(t, c, date); got != want || !exact {
			t.Errorf("%s: workday %v (exact %v), want %v", date, got, exact, want)
		}
	}
	for date, want := range map[string]bool{"2027-10-01": true, "2027-10-02": false, "2003-12-31": true} {
		if got, exact := workday(t, c, date); got != want || exact {
			t.Errorf("%s: workday %v (exact %v), want an approximate %v", date, got, exact, want)
		}
	}
}

func workday(tb testing.TB, c *calendar.Calendar, date string) (work, exact bool) {
	tb.Helper()
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		tb.Fatal(err)
	}
	return c.Workday(d.Date())
}

// TestAgainstHolidayCN compares every day with an independent collection of
// the same notices. Its year files follow the notices, which may move days of
// the December before, so all are read before any is compared.
func TestAgainstHolidayCN(t *testing.T) {
	t.Parallel()
	const dir = "../../../../shared/data/holidays/cn"
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CI") != "" {
			t.Fatal("the shared test data is not here")
		}
		t.Skip("the shared test data is not here")
	}
	moved := map[string]bool{}
	for year := 2007; year <= 2026; year++ {
		data, err := os.ReadFile(fmt.Sprintf("%s/%d.json", dir, year))
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Days []struct {
				Date     string `json:"date"`
				IsOffDay bool   `json:"isOffDay"`
			} `json:"days"`
		}
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		for _, day := range file.Days {
			moved[day.Date] = !day.IsOffDay
		}
	}
	c := embedded(t)
	for d := time.Date(2007, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() < 2027; d = d.AddDate(0, 0, 1) {
		want, ok := moved[d.Format(time.DateOnly)]
		if !ok {
			want = d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
		}
		if got, exact := c.Workday(d.Date()); got != want || !exact {
			t.Errorf("%s: workday %v (exact %v), want %v", d.Format("2006-01-02 Mon"), got, exact, want)
		}
	}
}

func TestWorkdayEnd(t *testing.T) {
	t.Parallel()
	c, loc := embedded(t), shanghai(t)
	for _, tt := range []struct {
		from  string
		n     int
		want  string
		exact bool
	}{
		{"2026-02-26T08:00:00Z", 1, "2026-02-27T15:59:59Z", true},
		{"2026-02-27T15:59:59Z", 1, "2026-02-28T15:59:59Z", true}, // a make-up Saturday
		{"2026-02-27T16:00:00Z", 1, "2026-03-02T15:59:59Z", true}, // midnight in Shanghai: the next date
		{"2026-09-30T01:00:00Z", 1, "2026-10-08T15:59:59Z", true},
		{"2026-09-30T01:00:00Z", 7, "2026-10-15T15:59:59Z", true}, // 8, 9, 10, 12, 13, 14, 15
		{"2026-02-26T08:00:00Z", 0, "2026-02-26T15:59:59Z", true},
		{"2026-12-30T08:00:00Z", 1, "2026-12-31T15:59:59Z", true},
		{"2026-12-31T08:00:00Z", 1, "2027-01-01T15:59:59Z", false}, // 2027 has no notice yet
		{"2003-12-31T08:00:00Z", 1, "2004-01-02T15:59:59Z", true},  // only counted dates matter
	} {
		from, err := time.Parse(time.RFC3339, tt.from)
		if err != nil {
			t.Fatal(err)
		}
		got, exact := c.WorkdayEnd(from, tt.n, loc)
		if got.UTC().Format(time.RFC3339) != tt.want || exact != tt.exact {
			t.Errorf("%s + %d: %s (exact %v), want %s (%v)", tt.from, tt.n, got.UTC().Format(time.RFC3339), exact, tt.want, tt.exact)
		}
	}
	if got, _ := new(calendar.Calendar).WorkdayEnd(time.Date(2026, 10, 2, 0, 0, 0, 0, loc), 1, loc); got.Day() != 5 {
		t.Errorf("without years: %v, want Monday", got)
	}
}

func TestEndOfDay(t *testing.T) {
	t.Parallel()
	got := calendar.EndOfDay(time.Date(2026, 3, 13, 16, 0, 0, 0, time.UTC), shanghai(t))
	if want := time.Date(2026, 3, 14, 15, 59, 59, 0, time.UTC); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestDeadlinesFallOnWorkdays: for any moment and count, the deadline is a
// workday's end and exactly n workdays lie after the start.
func TestDeadlinesFallOnWorkdays(t *testing.T) {
	t.Parallel()
	c, loc := embedded(t), shanghai(t)
	rapid.Check(t, func(t *rapid.T) {
		from := time.Unix(rapid.Int64Range(1_000_000_000, 1_900_000_000).Draw(t, "from"), 0)
		n := rapid.IntRange(1, 40).Draw(t, "n")
		end, exact := c.WorkdayEnd(from, n, loc)
		if work, _ := c.Workday(end.Date()); !work || end.Format(time.TimeOnly) != "23:59:59" {
			t.Fatalf("%v is no workday's end", end)
		}
		counted, all := 0, true
		for day := calendar.EndOfDay(from, loc); day.Before(end); {
			day = day.AddDate(0, 0, 1)
			work, known := c.Workday(day.Date())
			if work {
				counted++
			}
			all = all && known
		}
		if counted != n || exact != all {
			t.Fatalf("%d workdays counted, exact %v; want %d, %v", counted, exact, n, all)
		}
	})
}

// yearFile is a whole year's file with the given changes.
func yearFile(tb testing.TB, year int, change func(holidays, workdays map[string]string)) string {
	tb.Helper()
	holidays, workdays := map[string]string{}, map[string]string{}
	for _, d := range []string{"01-01", "05-01", "05-02", "05-03", "10-01", "10-02", "10-03", "10-04", "10-05", "10-06", "10-07"} {
		holidays[fmt.Sprintf("%d-%s", year, d)] = "x"
	}
	for d := 6; d <= 12; d++ {
		holidays[fmt.Sprintf("%d-02-%02d", year, d)] = "Spring Festival"
	}
	change(holidays, workdays)
	data, err := json.Marshal(map[string]any{"holidays": holidays, "workdays": workdays, "inLieuDays": map[string]string{}})
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

func TestWithYear(t *testing.T) {
	t.Parallel()
	before := embedded(t)
	text := yearFile(t, 2027, func(_, workdays map[string]string) { workdays["2027-10-09"] = "National Day" })
	after, err := before.WithYear(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for date, want := range map[string]bool{"2027-10-01": false, "2027-10-08": true, "2027-10-09": true, "2026-10-08": true} {
		if got, exact := workday(t, after, date); got != want || !exact {
			t.Errorf("%s: %v (exact %v), want %v", date, got, exact, want)
		}
	}
	if _, exact := workday(t, before, "2027-10-01"); exact || slices.Contains(before.Years(), 2027) {
		t.Error("the calendar before has changed")
	}
	again, err := before.WithYear(strings.NewReader(" " + text))
	if err != nil {
		t.Fatal(err)
	}
	if before.Revision() == after.Revision() || after.Revision() != again.Revision() || !strings.HasPrefix(after.Revision(), "cn-2027-") {
		t.Errorf("revisions %s, %s, %s", before.Revision(), after.Revision(), again.Revision())
	}
	gap, err := before.WithYear(strings.NewReader(yearFile(t, 2029, func(_, _ map[string]string) {})))
	if err != nil {
		t.Fatal(err)
	}
	if _, exact := workday(t, gap, "2028-06-01"); exact || len(gap.Years()) != 24 {
		t.Errorf("a year between is known: %v", gap.Years())
	}
}

func TestWithYearRefuses(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	none := func(_, _ map[string]string) {}
	for name, tt := range map[string]struct{ text, want string }{
		"no JSON":         {"{", "expected an object with holidays"},
		"another form":    {`{"year":2027,"days":[]}`, "provisional"},
		"no notice yet":   {`{"holidays":{},"workdays":{},"inLieuDays":{}}`, "provisional"},
		"too large":       {strings.Repeat(" ", 70_000), "over 65536 bytes"},
		"two years":       {yearFile(t, 2027, func(h, _ map[string]string) { h["2028-01-01"] = "x" }), "holidays: 2028-01-01: expected a date of 2027 only"},
		"no date":         {yearFile(t, 2027, func(h, _ map[string]string) { h["2027-02-30"] = "x" }), "holidays: 2027-02-30: expected a date such as"},
		"weekday made up": {yearFile(t, 2027, func(_, w map[string]string) { w["2027-03-01"] = "x" }), "workdays: 2027-03-01: expected a Saturday or Sunday"},
		"both":            {yearFile(t, 2027, func(_, w map[string]string) { w["2027-05-01"] = "x" }), "workdays: 2027-05-01: expected a Saturday or Sunday that is no holiday"},
		"fixed day":       {yearFile(t, 2027, func(h, _ map[string]string) { delete(h, "2027-05-01") }), "holidays: 2027-05-01: missing"},
		"lieu":            {strings.Replace(yearFile(t, 2027, none), `"inLieuDays":{}`, `"inLieuDays":{"2027-03-01":"x"}`, 1), "inLieuDays: 2027-03-01: expected a day that is in holidays too"},
		"far year":        {yearFile(t, 9999, none), "expected a year from 2000 to 2100"},
	} {
		if _, err := c.WithYear(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}

func FuzzWithYear(f *testing.F) {
	f.Add(yearFile(f, 2027, func(_, _ map[string]string) {}))
	f.Add("null")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := new(calendar.Calendar).WithYear(strings.NewReader(text)); err == nil && len(c.Years()) != 1 {
			t.Fatalf("years %v", c.Years())
		}
	})
}

func BenchmarkWorkdayEnd(b *testing.B) {
	c, loc := embedded(b), shanghai(b)
	from := time.Date(2026, 9, 30, 8, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		c.WorkdayEnd(from, 7, loc)
	}
}
