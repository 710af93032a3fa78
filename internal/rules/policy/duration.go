package policy

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is an exact span of time, never negative: "72h", "30d" (1 d = 24 h),
// "10s", "6.2h".
type Duration time.Duration

const day = 24 * time.Hour

var errDuration = errors.New(`a duration such as "72h" or "30d", not negative`)

// ParseDuration reads whole days ("30d") or what time.ParseDuration reads; a
// negative or overlong duration is an error that tells what was expected.
func ParseDuration(s string) (Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 63)
		if err != nil || n > math.MaxInt64/uint64(day) {
			return 0, errDuration
		}
		return Duration(time.Duration(n) * day), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		return 0, errDuration
	}
	return Duration(d), nil
}

// Std is the duration as the standard library's.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String gives whole days from two days on, else the standard form.
func (d Duration) String() string {
	if std := d.Std(); std >= 2*day && std%day == 0 {
		return strconv.FormatInt(int64(std/day), 10) + "d"
	}
	return d.Std().String()
}
