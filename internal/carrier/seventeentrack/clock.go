package seventeentrack

import (
	"strings"
	"time"

	"parcelward/internal/wire"
)

// rawTime is a time as the carrier told it, any part of which may be missing.
type rawTime struct {
	Date     wire.Text `json:"date"`
	Time     wire.Text `json:"time"`
	Timezone wire.Text `json:"timezone"`
}

// at is when an event was: by time_utc, else by time_iso, else by time_raw with its own zone; zero
// where none can be read. A date without a time counts from its first moment.
func (e *event) at() time.Time {
	if at := instant(string(e.TimeUTC)); !at.IsZero() {
		return at
	}
	if at := instant(string(e.TimeUTC) + "Z"); !at.IsZero() {
		return at
	}
	if at := instant(string(e.TimeISO)); !at.IsZero() {
		return at
	}
	clock := string(e.TimeRaw.Time)
	if clock == "" {
		clock = "00:00"
	}
	return instant(string(e.TimeRaw.Date) + "T" + clock + offset(string(e.TimeRaw.Timezone)))
}

// instant reads an ISO 8601 time with a zone; zero: it is none, or one that stands for none, such
// as year 1.
func instant(s string) time.Time {
	s = strings.Replace(strings.TrimSpace(s), " ", "T", 1)
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700"} {
		at, err := time.Parse(layout, s)
		if at = at.UTC(); err == nil && at.Unix() > 0 && at.Year() <= 9999 {
			return at
		}
	}
	return time.Time{}
}

// offset brings a zone such as +08:00, -0330, UTC or GMT+8 to the form of ISO 8601; any other
// stays what it is, and cannot be read.
func offset(zone string) string {
	zone = strings.ToUpper(strings.TrimSpace(zone))
	if zone == "UTC" || zone == "GMT" {
		return "Z"
	}
	zone = strings.TrimPrefix(strings.TrimPrefix(zone, "UTC"), "GMT")
	switch {
	case len(zone) == len("+8"):
		return zone[:1] + "0" + zone[1:] + "00"
	case len(zone) == len("+08"):
		return zone + "00"
	case len(zone) == len("+8:00") && zone[2] == ':':
		return zone[:1] + "0" + zone[1:]
	}
	return zone
}
