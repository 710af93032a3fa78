package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/rules/money"
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

func TestListedUpto(t *testing.T) {
	db := open(t)
	upto, err := db.ListedUpto(t.Context(), shopAt, "shop", "abnormal")
	require.NoError(t, err)
	require.True(t, upto.IsZero())
	for _, at := range []time.Time{judged, judged.Add(-time.Hour)} { // one that failed is tried before its day
		require.NoError(t, db.NoteListedUpto(t.Context(), shopAt, "shop", "abnormal", at))
		upto, err = db.ListedUpto(t.Context(), shopAt, "shop", "abnormal")
		require.NoError(t, err)
		require.Equal(t, at, upto)
	}
	upto, err = db.ListedUpto(t.Context(), shopAt, "shop", "settlements")
	require.NoError(t, err)
	require.True(t, upto.IsZero(), "each list by itself")
}

// What is said again changes nothing, not even since when it is said; what differs replaces.
func TestSettlements(t *testing.T) {
	db := open(t)
	usd := func(s string) *money.Amount {
		a, err := money.Parse(s, "USD")
		require.NoError(t, err)
		return &a
	}
	keep := func(at time.Duration, settled ...port.Settlement) {
		require.NoError(t, db.KeepSettlements(t.Context(), shopAt, "shop", settled, judged.Add(at)))
	}
	waiting := port.Settlement{Order: "1", Child: "11", Status: "wait_loan", WaitReason: "wait_buyer_accept_goods", Loan: usd("9.50"), EscrowFee: usd("0.50")}
	bare := port.Settlement{Order: "1", Child: "12", Status: "wait_loan"}
	keep(0, waiting, bare, port.Settlement{Order: "2", Child: "21", Loan: usd("1.00")})
	keep(time.Hour, waiting, bare)
	got, err := db.Settlements(t.Context(), "shop", "1")
	require.NoError(t, err)
	require.Equal(t, []postgres.Settled{{Settlement: waiting, At: judged}, {Settlement: bare, At: judged}}, got)
	done := waiting
	done.Status, done.WaitReason, done.RealLoan, done.Affiliate, done.Refund, done.RealRefund = "loan_ok", "", usd("9.50"), usd("0.20"), usd("1.00"), usd("1.00")
	keep(2*time.Hour, waiting, done) // of one told twice the last counts
	got, err = db.Settlements(t.Context(), "shop", "1")
	require.NoError(t, err)
	require.Equal(t, postgres.Settled{Settlement: done, At: judged.Add(2 * time.Hour)}, got[0])
	eur, err := money.Parse("1.00", "EUR")
	require.NoError(t, err)
	done.Refund = &eur
	require.ErrorContains(t, db.KeepSettlements(t.Context(), shopAt, "shop", []port.Settlement{done}, judged), "one currency")
	var many []port.Settlement
	for i := range 1001 {
		many = append(many, port.Settlement{Order: "9", Child: fmt.Sprint(i)})
	}
	keep(0, many...)
	got, err = db.Settlements(t.Context(), "shop", "9")
	require.NoError(t, err)
	require.Len(t, got, 1001)
}

// The first entry of an action with a key is found; others' keys and orders are not.
func TestLogged(t *testing.T) {
	db := open(t)
	for _, n := range []int{1, 2} {
		require.NoError(t, db.Log(t.Context(), "LI", "receipt.extend", "shop", "1", map[string]any{"key": "k", "n": n}))
	}
	raw, err := db.Logged(t.Context(), "receipt.extend", "shop", "1", "k")
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"k","n":1}`, string(raw))
	for _, other := range [][3]string{{"receipt.extended", "1", "k"}, {"receipt.extend", "2", "k"}, {"receipt.extend", "1", "x"}} {
		raw, err := db.Logged(t.Context(), other[0], "shop", other[1], other[2])
		require.NoError(t, err)
		require.Nil(t, raw)
	}
}
