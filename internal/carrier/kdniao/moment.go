package kdniao

import (
	"strconv"
	"strings"
	"time"
)

// beijing is the zone of times that bear none.
func beijing() *time.Location { return time.FixedZone("CST", 8*60*60) }

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
		loc, ok := offset(string(t.Timezone), zone)
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

// offset reads the first zone that is given: "-05:00", "+0800", "+8", "UTC+8", "Z"; none
// given is Beijing's.
func offset(zones ...string) (*time.Location, bool) {
	for _, zone := range zones {
		zone = strings.TrimPrefix(strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(zone)), "UTC"), "GMT")
		if zone == "" {
			continue
		}
		if zone == "Z" {
			return time.UTC, true
		}
		digits := strings.Replace(zone[1:], ":", "", 1)
		if len(digits) == 1 || len(digits) == 2 { // hours alone
			digits += "00"
		}
		clock, err := strconv.ParseUint(digits, 10, 16)
		if mark := zone[0]; err != nil || mark != '+' && mark != '-' || clock > 1400 || clock%100 > 59 {
			return nil, false
		}
		seconds := int(clock/100*60+clock%100) * 60
		if zone[0] == '-' {
			seconds = -seconds
		}
		return time.FixedZone("", seconds), true
	}
	return beijing(), true
}
