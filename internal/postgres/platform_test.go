package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/postgres/postgrestest"
)

const shopAt = "aliexpress"

// reads lists what is due at a moment after judged.
func reads(tb testing.TB, db *postgres.DB, after time.Duration) []port.UnreadOrder {
	tb.Helper()
	list, err := db.Unread(tb.Context(), shopAt, "shop", judged.Add(after), 9)
	require.NoError(tb, err)
	return list
}

func listed(tb testing.TB, db *postgres.DB, upto time.Duration, changed ...port.ChangedOrder) {
	tb.Helper()
	require.NoError(tb, db.NoteListed(tb.Context(), shopAt, "shop", changed, judged.Add(upto), judged))
}

func read(tb testing.TB, db *postgres.DB, r port.OrderRead) {
	tb.Helper()
	require.NoError(tb, db.NoteRead(tb.Context(), shopAt, "shop", r))
}

// A change is due until it was read, at -1 s, 0 and +1 s of its next attempt; the same change
// listed again is not due again, another one is.
func TestOrderReads(t *testing.T) {
	db := open(t)
	upto, err := db.ReadUpto(t.Context(), shopAt, "shop")
	require.NoError(t, err)
	require.True(t, upto.IsZero())
	a := port.ChangedOrder{Order: "a", Updated: judged.Add(-time.Minute), State: "PAID"}
	b := port.ChangedOrder{Order: "b", Updated: judged.Add(-2 * time.Minute), State: "PAID"}
	listed(t, db, 0, a, b)
	listed(t, db, -time.Hour)
	upto, err = db.ReadUpto(t.Context(), shopAt, "shop")
	require.NoError(t, err)
	require.Equal(t, judged, upto, "it never goes back")
	require.Equal(t, []port.UnreadOrder{{ChangedOrder: b}, {ChangedOrder: a}}, reads(t, db, 0))
	require.Empty(t, reads(t, db, -time.Second))

	read(t, db, port.OrderRead{UnreadOrder: port.UnreadOrder{ChangedOrder: a}})
	read(t, db, port.OrderRead{UnreadOrder: port.UnreadOrder{ChangedOrder: b}, Next: judged.Add(time.Hour), Error: "away\x00"})
	listed(t, db, time.Minute, a, b)
	require.Empty(t, reads(t, db, time.Hour-time.Second), "the same changes again")
	require.Equal(t, []port.UnreadOrder{{ChangedOrder: b, Attempts: 1}}, reads(t, db, time.Hour))
	n, err := db.CountUnread(t.Context(), shopAt, "shop")
	require.NoError(t, err)
	require.Equal(t, 1, n)

	// Within one second the state alone may tell; at the end of summer time clocks go back.
	shipped := a
	shipped.State = "SHIPPED"
	earlier := b
	earlier.Updated = b.Updated.Add(-time.Hour)
	listed(t, db, time.Minute, shipped, earlier)
	require.Equal(t, []port.UnreadOrder{{ChangedOrder: earlier}, {ChangedOrder: shipped}}, reads(t, db, 0))

	// What was read of the change before leaves the new one due.
	read(t, db, port.OrderRead{UnreadOrder: port.UnreadOrder{ChangedOrder: a}})
	require.Len(t, reads(t, db, 0), 2)
	others, err := db.Unread(t.Context(), shopAt, "other", judged, 9)
	require.NoError(t, err)
	require.Empty(t, others)
}

// What was read is forgotten when the windows have gone past it; what was not is kept.
func TestOrderReadsAreForgotten(t *testing.T) {
	db, url := postgrestest.Open(t)
	a, b := port.ChangedOrder{Order: "a", Updated: judged}, port.ChangedOrder{Order: "b", Updated: judged}
	listed(t, db, 0, a, b)
	read(t, db, port.OrderRead{UnreadOrder: port.UnreadOrder{ChangedOrder: a}})
	listed(t, db, time.Hour)
	require.Equal(t, "2", scalar(t, url, "SELECT count(*)::text FROM order_reads"))
	listed(t, db, time.Hour+time.Second)
	require.Equal(t, "b", scalar(t, url, "SELECT string_agg(order_no, '') FROM order_reads"))
}

func TestTokens(t *testing.T) {
	db := open(t)
	token, err := db.Token(t.Context(), shopAt, "shop")
	require.NoError(t, err)
	require.Nil(t, token)
	listed(t, db, 0)
	token, err = db.Token(t.Context(), shopAt, "shop")
	require.NoError(t, err)
	require.Nil(t, token, "a store that was read without one")
	require.NoError(t, db.SaveToken(t.Context(), shopAt, "shop", []byte(`{"a":1}`)))
	require.NoError(t, db.SaveToken(t.Context(), shopAt, "shop", []byte(`{"a":2}`)))
	token, err = db.Token(t.Context(), shopAt, "shop")
	require.NoError(t, err)
	require.JSONEq(t, `{"a":2}`, string(token))
}
