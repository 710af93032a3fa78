// Package calendar knows mainland China's workdays: Monday to Friday, less the
// public holidays, plus the weekend days worked in exchange (make-up days).
//
// Invariants: a Calendar never changes; its Revision names its data, so that a
// running workflow can be pinned to what it was started with; outside the
// calendar's years every Monday to Friday is a workday and the answer says that
// it is not exact. A year is one of the calendar's only when its file holds the
// notice for the whole year: a provisional file is refused. No clock; the
// embedded data comes with its NOTICE in the folder cn.
package calendar

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"time"
)

//go:embed cn/*.json
var files embed.FS

// Calendar is an immutable set of years. The zero Calendar has none.
type Calendar struct {
	first    int     // the year of years[0]
	years    []*year // nil where a year in between is not known
	revision string
}

// year has a bit for each day: set on workdays.
type year [6]uint64

func (y *year) work(yearDay int) bool { return y[yearDay>>6]&(1<<(yearDay&63)) != 0 }

func (y *year) set(yearDay int, work bool) {
	if bit := uint64(1) << (yearDay & 63); work {
		y[yearDay>>6] |= bit
	} else {
		y[yearDay>>6] &^= bit
	}
}

// Embedded is the calendar in the binary: 2004 to 2026. Parse it once per
// process. An error is a fault of the build.
func Embedded() (*Calendar, error) {
	names, err := fs.Glob(files, "cn/*.json")
	if err != nil {
		return nil, err
	}
	c := new(Calendar)
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if c, err = c.WithYear(bytes.NewReader(data)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return c, nil
}

// WithYear is a new calendar with one year more, or replaced, and with a new
// revision. The form is a year file of chinese-days:
//
//	{"holidays": {"2027-01-01": "…", …}, "workdays": {"2027-02-06": "…", …}, "inLieuDays": {…}}
//
// A file that is malformed, mixes years, contradicts itself or does not yet
// hold the whole year is refused with what is wrong and what was expected.
func (c *Calendar) WithYear(r io.Reader) (*Calendar, error) {
	number, days, err := readYear(r)
	if err != nil {
		return nil, fmt.Errorf("calendar year: %w", err)
	}
	first, last := number, number
	if len(c.years) > 0 {
		first, last = min(first, c.first), max(last, c.first+len(c.years)-1)
	}
	next := &Calendar{first: first, years: make([]*year, last-first+1)}
	copy(next.years[max(0, c.first-first):], c.years)
	next.years[number-first] = days
	next.revision = next.name()
	return next, nil
}

// Revision names the data, such as "cn-2026-0a1b2c3d": the last year and a hash
// of all workdays. Equal revisions answer equally.
func (c *Calendar) Revision() string { return c.revision }

// Years lists the calendar's years, rising.
func (c *Calendar) Years() []int {
	var years []int
	for i, y := range c.years {
		if y != nil {
			years = append(years, c.first+i)
		}
	}
	return years
}

// Workday reports whether a date is a workday, and whether that is exact: the
// date lies in the calendar's years.
func (c *Calendar) Workday(y int, m time.Month, d int) (work, exact bool) {
	return c.workday(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

// WorkdayEnd is 23:59:59 in loc on the n-th workday after t's local date (for
// n = 0 on that date itself), and whether every date counted lies in the
// calendar's years. It does not allocate.
func (c *Calendar) WorkdayEnd(t time.Time, n int, loc *time.Location) (end time.Time, exact bool) {
	y, m, d := t.In(loc).Date()
	date := time.Date(y, m, d, 0, 0, 0, 0, time.UTC) // a civil date: in UTC every day has 24 h
	exact = true
	for n > 0 {
		date = date.Add(24 * time.Hour)
		work, known := c.workday(date)
		if work {
			n--
		}
		exact = exact && known
	}
	y, m, d = date.Date()
	return endOf(y, m, d, loc), exact
}

// EndOfDay is 23:59:59 in loc on t's local date.
func EndOfDay(t time.Time, loc *time.Location) time.Time {
	y, m, d := t.In(loc).Date()
	return endOf(y, m, d, loc)
}

func endOf(y int, m time.Month, d int, loc *time.Location) time.Time {
	return time.Date(y, m, d, 23, 59, 59, 0, loc)
}

// workday judges a civil date, given as its midnight in UTC.
func (c *Calendar) workday(date time.Time) (work, exact bool) {
	if i := date.Year() - c.first; i >= 0 && i < len(c.years) && c.years[i] != nil {
		return c.years[i].work(date.YearDay() - 1), true
	}
	return weekday(date), false
}

func weekday(date time.Time) bool {
	return date.Weekday() != time.Saturday && date.Weekday() != time.Sunday
}

// name hashes the workdays themselves, so that a file's spacing or festival
// names do not make another revision.
func (c *Calendar) name() string {
	var data []byte
	years := c.Years()
	for _, number := range years {
		data = strconv.AppendInt(data, int64(number), 10)
		for _, word := range c.years[number-c.first] {
			data = binary.BigEndian.AppendUint64(data, word)
		}
	}
	sum := sha256.Sum256(data)
	return fmt.Sprintf("cn-%d-%s", slices.Max(years), hex.EncodeToString(sum[:4]))
}
