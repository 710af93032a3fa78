package wire_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/wire"
)

func TestOrder(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	row := func(at time.Time, words string) rules.Row {
		return rules.Row{At: at, Milestone: rules.InTransit, Description: words, Source: rules.FromCarrier}
	}
	beijing := noon.In(time.FixedZone("CST", 8*60*60))
	in := []rules.Row{
		row(noon, "b"),
		row(time.Time{}, "no time"),
		row(noon.Add(time.Hour), "d"),
		row(noon.Add(-time.Hour), "a"),
		row(beijing, "c"),
		row(beijing, "b"), // the same moment and words as the first
		row(time.Time{}, "no time"),
		row(noon.Add(-time.Hour), "a"),
	}
	placed, unplaced := wire.Order(in)
	require.Equal(t, []rules.Row{row(noon.Add(-time.Hour), "a"), row(noon, "b"), row(noon, "c"), row(noon.Add(time.Hour), "d")}, placed)
	require.Equal(t, []rules.Row{row(time.Time{}, "no time"), row(time.Time{}, "no time")}, unplaced, "of two days, perhaps")
	require.Equal(t, beijing, in[4].At, "the caller's rows stay as they are")

	other := row(noon, "b")
	other.Location = "Valencia"
	placed, _ = wire.Order([]rules.Row{row(noon, "b"), other})
	require.Len(t, placed, 2, "another place is another scan")

	placed, unplaced = wire.Order(nil)
	require.Empty(t, placed)
	require.Empty(t, unplaced)
}
