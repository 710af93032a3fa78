package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/rules"
)

// A parcel is found by either of its numbers, however they are written, with the facts of its
// order; one of another store is not.
func TestParcel(t *testing.T) {
	db := open(t)
	accept(t, db, paid(t, "0", "a"), recorded(t, "1", "a", "LP1"), recorded(t, "2", "b", "RB2"))
	_, err := db.Learn(t.Context(), "svc", []port.Answer{
		{Number: "LP1", Also: []string{"RB1", "RB2"}, Rows: []rules.Row{{At: judged, Milestone: rules.InTransit, Source: rules.FromCarrier}}},
	})
	require.NoError(t, err)
	want := port.Tracked{Store: "shop", Order: "a", Number: "LP1", Carrier: "cainiao", Service: "CAINIAO_STANDARD"}
	for _, number := range []string{"LP1", " lp 1", "RB1"} {
		p, facts, err := db.Parcel(t.Context(), "shop", number)
		require.NoError(t, err)
		require.Equal(t, want, p)
		require.Equal(t, 3, facts.Len())
		require.Equal(t, "cainiao", facts.Recording("LP1", judged).Carrier)
		require.Len(t, facts.Trace("LP1", judged.Add(time.Second), func(string) bool { return true }), 1)
	}
	p, _, err := db.Parcel(t.Context(), "shop", "RB2")
	require.NoError(t, err)
	require.Equal(t, "b", p.Order, "its own number comes before another parcel's further one")
	for _, at := range [][2]string{{"other", "LP1"}, {"shop", "LP9"}} {
		p, facts, err := db.Parcel(t.Context(), at[0], at[1])
		require.NoError(t, err)
		require.Nil(t, facts)
		require.Equal(t, port.Tracked{Store: at[0], Number: at[1]}, p)
	}
}

// What a service told of a parcel is its own, unless the store has recorded it as another parcel.
func TestAliases(t *testing.T) {
	db := open(t)
	accept(t, db, paid(t, "0", "a"), recorded(t, "1", "a", "LP1"), recorded(t, "2", "b", "RB2"))
	none, err := db.Aliases(t.Context(), "shop", "LP1")
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = db.Learn(t.Context(), "svc", []port.Answer{
		{Number: "LP1", Also: []string{"RB2", "RB1", "RA1"}, Rows: []rules.Row{{At: judged, Milestone: rules.InTransit, Source: rules.FromCarrier}}},
	})
	require.NoError(t, err)
	for at, want := range map[[2]string][]string{{"shop", "LP1"}: {"RA1", "RB1"}, {"shop", "RB2"}: nil, {"shop", "RB1"}: nil, {"other", "LP1"}: nil} {
		got, err := db.Aliases(t.Context(), at[0], at[1])
		require.NoError(t, err)
		require.ElementsMatch(t, want, got, at)
	}
}
