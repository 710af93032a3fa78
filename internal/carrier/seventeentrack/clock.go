package seventeentrack

import (
	"cmp"
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
	for _, text := range []wire.Text{e.TimeUTC, e.TimeUTC + "Z", e.TimeISO} {
		if at := instant(string(text)); !at.IsZero() {
			return at
		}
	}
	raw := string(e.TimeRaw.Date + "T" + cmp.Or(e.TimeRaw.Time, "00:00"))
	if zone, ok := wire.Zone(string(e.TimeRaw.Timezone)); ok {
		return read(raw, zone, "2006-01-02T15:04:05", "2006-01-02T15:04")
	}
	return instant(raw)
}

// instant reads an ISO 8601 time with a zone; zero: it is none, or one that stands for none, such
// as year 1.
func instant(s string) time.Time {
	s = strings.Replace(strings.TrimSpace(s), " ", "T", 1)
	return read(s, time.UTC, "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700")
}

func read(s string, zone *time.Location, layouts ...string) time.Time {
	for _, layout := range layouts {
		at, err := time.ParseInLocation(layout, s, zone)
		if at = at.UTC(); err == nil && at.Unix() > 0 && at.Year() <= 9999 {
			return at
		}
	}
	return time.Time{}
}
