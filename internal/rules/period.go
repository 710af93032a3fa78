package rules

import (
	"fmt"
	"time"
)

// Month is a calendar month in the platform's zone.
type Month struct{ first time.Time } // UTC midnight of its first day, whatever the zone

// ParseMonth reads a month such as "2026-03".
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil || t.Year() < 2000 {
		return Month{}, fmt.Errorf("month %q: expected a year and a month such as 2026-03", s)
	}
	return Month{t}, nil
}

// MonthOf is the month in which t lies, in loc.
func MonthOf(t time.Time, loc *time.Location) Month {
	t = t.In(loc)
	return Month{time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)}
}

// String is the form that [ParseMonth] reads.
func (m Month) String() string { return m.first.Format("2006-01") }

// Previous is the month before.
func (m Month) Previous() Month { return Month{m.first.AddDate(0, -1, 0)} }

// Next is the month after.
func (m Month) Next() Month { return Month{m.first.AddDate(0, 1, 0)} }

// Bounds are its first moment and the first moment after it, in loc.
func (m Month) Bounds(loc *time.Location) (from, until time.Time) {
	y, month, _ := m.first.Date()
	return time.Date(y, month, 1, 0, 0, 0, 0, loc), time.Date(y, month+1, 1, 0, 0, 0, 0, loc)
}

// Week is a calendar week, Monday to Sunday, in the platform's zone (ISO 8601).
type Week struct{ monday time.Time } // UTC midnight of its first day, whatever the zone

// ParseWeek reads a week such as "2026-W10".
func ParseWeek(s string) (Week, error) {
	var year, n int
	if _, err := fmt.Sscanf(s, "%4d-W%2d", &year, &n); err == nil && year >= 2000 {
		// 4 January lies in the first week.
		w := WeekOf(time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC), time.UTC).Add(n - 1)
		if w.String() == s {
			return w, nil
		}
	}
	return Week{}, fmt.Errorf("week %q: expected an ISO week such as 2026-W10", s)
}

// WeekOf is the week in which t lies, in loc.
func WeekOf(t time.Time, loc *time.Location) Week {
	t = t.In(loc)
	return Week{time.Date(t.Year(), t.Month(), t.Day()-(int(t.Weekday())+6)%7, 0, 0, 0, 0, time.UTC)}
}

// String is the form that [ParseWeek] reads.
func (w Week) String() string {
	year, n := w.monday.ISOWeek()
	return fmt.Sprintf("%04d-W%02d", year, n)
}

// Add is the week so many weeks later.
func (w Week) Add(n int) Week { return Week{w.monday.AddDate(0, 0, 7*n)} }

// Bounds are its first moment and the first moment after it, in loc.
func (w Week) Bounds(loc *time.Location) (from, until time.Time) {
	y, m, d := w.monday.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, loc), time.Date(y, m, d+7, 0, 0, 0, 0, loc)
}
