package aliexpress

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a minimal image has no zoneinfo files

	"parcelward/internal/wire"
)

// pacific is the zone of the platform's times, summer time included.
//
//nolint:gochecknoglobals // a constant that Go cannot write as one
var pacific = func() *time.Location {
	l, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		panic(err) // tzdata is built in
	}
	return l
}()

// The platform's ways to write a moment.
const (
	dateTime  = "2006-01-02 15:04:05"
	slashTime = "01/02/2006 15:04:05" // of findloanlistquery
)

// moment reads a time as the platform writes it: in US Pacific time where it bears no zone, or
// as an epoch in milliseconds or seconds; zero where it is none. Of the two moments that a
// wall clock shows in the hour after the end of summer time, it takes the earlier: a deadline
// is then never later than the platform's.
func moment(text wire.Text) time.Time {
	s := strings.TrimSpace(string(text))
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
		switch {
		case len(s) == 10:
			return time.Unix(n, 0).UTC()
		case len(s) == 13:
			return time.UnixMilli(n).UTC()
		}
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC()
	}
	for _, layout := range []string{dateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly, slashTime} {
		t, err := time.ParseInLocation(layout, s, pacific)
		if err != nil || t.Year() < 1999 { // the platform's zero dates
			continue
		}
		if earlier := t.Add(-time.Hour); earlier.Format(dateTime) == t.Format(dateTime) {
			t = earlier
		}
		return t.UTC()
	}
	return time.Time{}
}

// window writes a span of time as the platform reads it, to the second, no narrower than it is:
// an end that lies in the doubled hour is moved out of it, for nobody says which of the two
// hours the platform would take.
func window(from, to time.Time, layout string) (start, end string) {
	from, to = from.In(pacific).Truncate(time.Second), to.In(pacific)
	if t := to.Truncate(time.Second); t.Before(to) {
		to = t.Add(time.Second)
	}
	for doubled(from) {
		from = from.Truncate(time.Hour).Add(-time.Second)
	}
	for doubled(to) {
		to = to.Truncate(time.Hour).Add(time.Hour)
	}
	return from.Format(layout), to.Format(layout)
}

// doubled tells whether the wall clock shows t twice.
func doubled(t time.Time) bool {
	wall := t.Format(dateTime)
	return t.Add(-time.Hour).Format(dateTime) == wall || t.Add(time.Hour).Format(dateTime) == wall
}
