package kdniao

import (
	"strings"
	"time"

	"parcelward/internal/wire"
)

// firstYear and lastYear bound what is a time: others stand for none, such as the year 1.
const (
	firstYear = 2000
	lastYear  = 2199
)

// at reads the time of a row, in UTC; zone is that of the waybill, where it names one. A
// time in a zone that cannot be read is none.
func (t *trace) at(zone string) (time.Time, bool) {
	text := strings.TrimSpace(string(t.AcceptTime))
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		loc, ok := zoneOf(string(t.Timezone), zone)
		if !ok {
			return time.Time{}, false
		}
		for _, layout := range []string{time.DateTime, "2006-01-02T15:04:05", "2006-1-2 15:04:05", "2006/1/2 15:04:05", "2006-1-2 15:04", "2006/1/2 15:04"} {
			if at, err = time.ParseInLocation(layout, text, loc); err == nil {
				break
			}
		}
	}
	if at = at.UTC(); err != nil || at.Year() < firstYear || at.Year() > lastYear {
		return time.Time{}, false
	}
	return at, true
}

// zoneOf reads the first zone that is given; none given is Beijing's.
func zoneOf(zones ...string) (*time.Location, bool) {
	for _, zone := range zones {
		if strings.TrimSpace(zone) != "" {
			return wire.Zone(zone)
		}
	}
	return wire.Beijing(), true
}
