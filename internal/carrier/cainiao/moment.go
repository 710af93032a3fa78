package cainiao

import (
	"strconv"
	"strings"
	"time"

	"parcelward/internal/wire"
)

// moment is when the scan was made; zero where that cannot be told.
func (s *scan) moment() time.Time {
	text, epoch := strings.TrimSpace(string(s.TimeStr)), strings.TrimSpace(string(s.Time))
	ms, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || ms <= 0 {
		if text == "" {
			text = epoch // as in fullTraceDetail
		}
		ms = 0
	}
	if t := wallClock(text, nil); !t.IsZero() {
		return t
	}
	zone := strings.TrimSpace(string(s.TimeZone))
	if in, known := wire.Zone(zone); known {
		if t := wallClock(text, in); !t.IsZero() {
			return t
		}
	}
	switch {
	case ms != 0:
		return sane(time.UnixMilli(ms).UTC())
	case zone == "":
		return wallClock(text, wire.Beijing())
	}
	return time.Time{} // a zone, and nobody knows which
}

// wallClock reads a time of day in a zone; nil: one that names its own. A date alone is its
// midnight.
func wallClock(text string, in *time.Location) time.Time {
	layouts := []string{time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly}
	if in == nil {
		layouts, in = []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700"}, time.UTC
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, in); err == nil {
			return sane(t.UTC())
		}
	}
	return time.Time{}
}

// sane is t, or zero for a placeholder such as 1970-01-01.
func sane(t time.Time) time.Time {
	if t.Year() < 2000 || t.Year() > 2100 {
		return time.Time{}
	}
	return t
}
