package postgres_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/memblob"

	"parcelward/internal/evidence"
	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

func evidenceItem(store, order, hash string) port.EvidenceItem {
	return port.EvidenceItem{
		Store: store, Order: order, Number: "LP1", Given: map[string]string{"ship_date": "2026-03-01", "note": "<重>"},
		KeptAt: time.Date(2026, 3, 1, 8, 0, 0, 123456000, time.UTC),
		Evidence: protocol.Evidence{
			Kind: "waybill", Name: "面单.jpg", SHA256: hash, MediaType: "image/jpeg", Size: 7, Source: "upload", By: "li",
			TakenAt: time.Date(2026, 2, 28, 8, 0, 0, 0, time.UTC),
		},
	}
}

func TestEvidenceIndex(t *testing.T) {
	t.Parallel()
	db := open(t)
	ctx := t.Context()
	first, err := db.Append(ctx, evidenceItem("shop", "1", "aa"))
	require.NoError(t, err)
	again, err := db.Append(ctx, evidenceItem("shop", "1", "aa"))
	require.NoError(t, err)
	assert.Equal(t, first, again)
	anew := evidenceItem("shop", "1", "aa")
	anew.Given, anew.TakenAt = map[string]string{"weight_kg": "1"}, time.Time{}
	second, err := db.Append(ctx, anew)
	require.NoError(t, err)
	assert.EqualValues(t, 2, second.Position)
	assert.Equal(t, first.Seal, second.Previous)
	assert.Len(t, second.Given, 3)
	assert.Equal(t, first.TakenAt, second.TakenAt)
	_, err = db.Append(ctx, evidenceItem("other", "1", "aa"))
	require.NoError(t, err)

	items, err := db.Items(ctx, "shop", "1")
	require.NoError(t, err)
	require.Len(t, items, 2)
	first.Previous = []byte{}
	assert.Equal(t, first, items[0])
	assert.Equal(t, second.Sum(), items[1].Seal, "what comes back bears its seal")
	heads, err := db.Heads(ctx)
	require.NoError(t, err)
	require.Len(t, heads, 2)
	assert.Equal(t, port.EvidenceHead{Store: "shop", Position: 2, Seal: second.Seal, Last: 2}, heads[1])
	chain, err := db.Chain(ctx, "shop", 1, 10)
	require.NoError(t, err)
	assert.Equal(t, items[1:], chain)
}

// Who adds at the same time waits for the other: one chain, without gaps or doubles.
func TestEvidenceOneAfterTheOther(t *testing.T) {
	t.Parallel()
	db := open(t)
	var writers sync.WaitGroup
	for i := range 40 {
		writers.Go(func() {
			_, err := db.Append(t.Context(), evidenceItem("shop", "1", fmt.Sprintf("%02d", i/2)))
			assert.NoError(t, err)
		})
	}
	writers.Wait()
	chain, err := db.Chain(t.Context(), "shop", 0, 100)
	require.NoError(t, err)
	require.Len(t, chain, 20)
	previous := []byte{}
	for i, item := range chain {
		require.EqualValues(t, i+1, item.Position)
		require.Equal(t, previous, item.Previous)
		previous = item.Seal
	}
}

// Nobody changes an entry by the usual means; what is changed by others shows.
func TestEvidenceIsAppendOnly(t *testing.T) {
	t.Parallel()
	db, url := postgrestest.Open(t)
	vault := evidence.New(memblob.OpenBucket(nil), db, t.TempDir())
	for i := range 4 {
		_, err := vault.Put(t.Context(), port.NewOriginal{
			Store: "shop", Order: "1", Kind: rules.EvidenceOther, Name: "a.txt", By: "li", TakenAt: time.Date(2026, 3, 1, 0, 0, 0, 999_999_999, time.UTC),
		}, strings.NewReader(fmt.Sprintln("file", i)))
		require.NoError(t, err)
	}
	verify := func() string {
		report, err := vault.Verify(t.Context())
		require.NoError(t, err)
		var b strings.Builder
		for _, x := range report.Broken {
			fmt.Fprintf(&b, "%s/%d %s ", x.Store, x.Position, x.Fault)
		}
		return strings.TrimSpace(b.String())
	}
	require.Empty(t, verify())
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // the test has ended
	for _, statement := range []string{"UPDATE evidence SET name = 'x'", "DELETE FROM evidence", "TRUNCATE evidence"} {
		_, err := conn.Exec(t.Context(), statement)
		require.ErrorContains(t, err, "append-only", statement)
	}
	for _, tc := range []struct{ statement, shows string }{
		{"UPDATE evidence SET given = 'no JSON' WHERE position = 2", "shop/2 entry-changed"},
		{"UPDATE evidence SET given = '{}' WHERE position = 2", ""},
		{"DELETE FROM evidence WHERE position = 4", "shop/4 head-wrong"},
		{"DELETE FROM evidence_heads", "shop/3 head-wrong"},
	} {
		_, err := conn.Exec(t.Context(), "ALTER TABLE evidence DISABLE TRIGGER append_only; "+tc.statement+"; ALTER TABLE evidence ENABLE TRIGGER append_only")
		require.NoError(t, err)
		require.Equal(t, tc.shows, verify(), tc.statement)
	}
}

// What was noted before there was a vault is in the chain, sealed as the vault seals.
func TestNotedEvidenceMovesOver(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	config, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	sql := stdlib.OpenDB(*config)
	defer sql.Close() //nolint:errcheck // the test has ended
	provider, err := goose.NewProvider(goose.DialectPostgres, sql, os.DirFS("migrations"))
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), 4)
	require.NoError(t, err)
	_, err = sql.ExecContext(t.Context(), `INSERT INTO evidence VALUES
		('shop', '1', 'LP1', 'waybill', 'bb', '面单-2.pdf', '2026-03-01 08:00:00.123456+00'), ('shop', '1', '700001', 'waybill', 'aa', 'waybill.pdf', '2026-03-01 07:00+00'),
		('shop', '2', 'LP2', 'waybill', 'cc', '', '2026-03-02 07:00+00'), ('other', '9', 'LP9', 'waybill', 'dd', 'x', '2026-03-02 07:00+00')`)
	require.NoError(t, err)
	for range 2 { // there, and back, and there again
		_, err = provider.UpTo(t.Context(), 5)
		require.NoError(t, err)
		db, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 2})
		require.NoError(t, err)
		vault := evidence.New(memblob.OpenBucket(nil), db, t.TempDir())
		report, err := vault.Verify(t.Context())
		require.NoError(t, err)
		require.Empty(t, report.Broken)
		require.EqualValues(t, 4, report.Noted)
		held, err := vault.Evidence(t.Context(), "shop", "1", "LP1")
		require.NoError(t, err)
		require.Equal(t, []protocol.Evidence{{Kind: "waybill", Name: "面单-2.pdf", SHA256: "bb"}}, held)
		require.NoError(t, vault.KeepEvidence(t.Context(), "shop", "1", "LP1", []protocol.Evidence{{Kind: "waybill", SHA256: "aa"}}))
		held, err = vault.Evidence(t.Context(), "shop", "1", "LP1")
		require.NoError(t, err)
		require.Len(t, held, 2)
		heads, err := db.Heads(t.Context())
		require.NoError(t, err)
		require.True(t, bytes.Equal(heads[1].Seal, mustChain(t, db, "shop")))
		db.Close()
		_, err = sql.ExecContext(t.Context(), `ALTER TABLE evidence DISABLE TRIGGER append_only; DELETE FROM evidence WHERE store = 'shop' AND position > 3`)
		require.NoError(t, err)
		_, err = provider.DownTo(t.Context(), 4)
		require.NoError(t, err)
	}
}

// mustChain is the seal at the end of a chain.
func mustChain(t *testing.T, db *postgres.DB, store string) []byte {
	t.Helper()
	chain, err := db.Chain(t.Context(), store, 0, 100)
	require.NoError(t, err)
	return chain[len(chain)-1].Seal
}
