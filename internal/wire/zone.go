package wire

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Beijing is the zone of China, which has had one offset since 1991.
func Beijing() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }

// maxOffset is that of Kiribati.
const maxOffset = 14 * 60 // minutes

var offset = regexp.MustCompile(`^([+-])(\d{1,2})(?::?(\d{2}))?$`)

// Zone reads a zone as services write it: GMT-3, GMT+08:00, UTC+05:30, +0800, GMT, UTC, Z. Names
// such as CST are none, for they mean different zones to different senders.
func Zone(text string) (zone *time.Location, ok bool) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if text == "Z" || text == "UTC" || text == "GMT" {
		return time.UTC, true
	}
	m := offset.FindStringSubmatch(strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(text, "UTC"), "GMT")))
	if m == nil {
		return nil, false
	}
	hours, _ := strconv.Atoi(m[2])   // digits
	minutes, _ := strconv.Atoi(m[3]) // digits or nothing
	east := hours*60 + minutes
	if east > maxOffset || minutes > 59 {
		return nil, false
	}
	if m[1] == "-" {
		east = -east
	}
	return time.FixedZone("", east*60), true
}
