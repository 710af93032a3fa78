package protocol_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/protocol"
)

func TestZeroClockIsRealTime(t *testing.T) {
	t.Parallel()
	var c protocol.Clock
	now := time.Date(2026, 3, 1, 9, 0, 0, 7, time.FixedZone("", 8*3600))
	require.Equal(t, now.UTC(), c.Virtual(now))
	require.Equal(t, 72*time.Hour, c.Real(72*time.Hour))
	require.Equal(t, -time.Hour, c.Real(-time.Hour))
}

// A timer of the real length of a span rings when the span has passed, and not more than a
// little later, at every speed in use and for spans up to half a year.
func TestClockVirtualAndRealAreInverse(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 14, 0, 0, 123, time.UTC)
	origin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.FixedZone("", 8*3600))
	for _, speed := range []float64{1, 60, 3600, 43_200, 86_400, 0.5} {
		c := protocol.Clock{Origin: origin, Start: start, Speed: speed}
		require.Equal(t, origin.UTC(), c.Virtual(start))
		for _, span := range []time.Duration{0, time.Millisecond, time.Second, time.Hour, 72 * time.Hour, 30 * 24 * time.Hour, 180 * 24 * time.Hour} {
			got := c.Virtual(start.Add(c.Real(span))).Sub(origin)
			late := time.Duration(2*speed) + time.Duration(math.Ceil(float64(span)*1e-15))
			require.GreaterOrEqual(t, got, span, "speed %v, span %v", speed, span)
			require.LessOrEqual(t, got, span+late, "speed %v, span %v", speed, span)
		}
	}
}
