package wire_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/wire"
)

func TestZone(t *testing.T) {
	t.Parallel()
	for text, minutes := range map[string]int{
		"Z": 0, "utc": 0, "GMT": 0, "+00:00": 0, "-0": 0, "GMT+0": 0,
		"+8": 480, "+08": 480, "+800": 480, "+0800": 480, "+8:00": 480, " +08:00 ": 480, "GMT+8": 480, "gmt +08:00": 480, "UTC+8:00": 480,
		"-3": -180, "GMT-3": -180, "-0330": -210, "UTC+05:30": 330, "+14:00": 840, "-12": -720,
	} {
		zone, ok := wire.Zone(text)
		require.True(t, ok, text)
		_, offset := time.Date(2026, 3, 2, 0, 0, 0, 0, zone).Zone()
		require.Equal(t, minutes*60, offset, text)
	}
	for _, text := range []string{"", " ", "CST", "America/Chicago", "+", "8", "+15", "+14:01", "+08:60", "+123456", "GMT+8 (CST)", "+8.5", "＋8"} {
		_, ok := wire.Zone(text)
		require.False(t, ok, text)
	}
	require.Equal(t, "2026-03-02T08:00:00+08:00", time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).In(wire.Beijing()).Format(time.RFC3339))
}
