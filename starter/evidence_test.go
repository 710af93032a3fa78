package main

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/config"
	"parcelward/internal/devstack"
	"parcelward/internal/evidence"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
)

// keeping starts a database, by its URL too, and a vault in a folder.
func keeping(t *testing.T) (url string, db *postgres.DB, folder string, vault *evidence.Vault) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs Postgres")
	}
	stack, err := devstack.StartPostgres(t.Context(), devstack.Options{Dir: filepath.Join(t.TempDir(), "stack")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stack.Close()) })
	url = stack.DatabaseURL()
	require.NoError(t, postgres.Migrate(t.Context(), url))
	db, err = postgres.Open(t.Context(), url, postgres.Options{MaxConns: 4})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	folder = filepath.Join(t.TempDir(), "vault")
	bucket, err := evidence.OpenBucket(t.Context(), "file://"+folder)
	require.NoError(t, err)
	vault = evidence.New(bucket, db, "")
	t.Cleanup(func() { require.NoError(t, vault.Close()) })
	return url, db, folder, vault
}

// Originals go in by the API, are listed, and are verified against what lies in the folder.
func TestEvidence(t *testing.T) {
	url, db, folder, vault := keeping(t)
	known, err := new(config.Shared).Rules()
	require.NoError(t, err)
	srv := httptest.NewServer(api.New(api.Options{Store: db, Rules: known, Clock: protocol.Clock{}, Log: slog.New(slog.DiscardHandler), Vault: vault}))
	t.Cleanup(srv.Close)
	record(t, db, "81901", "LP00000000000001", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))

	file := func(name, content string) string {
		name = filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
		return name
	}
	good, bad := file("出库记录.csv", "sku,数量\nLAMP-1,2\n"), file("面单.jpg", "GIF89a")
	add := []string{"evidence", "add", "cn-1001/81901", "--server", srv.URL, "--kind", "outbound_record", "--by", "li", "--given", "skus=LAMP-1", "--tracking-number", "LP00000000000001"}
	status, out, errs := starter(t, "", append(add, good, bad)...)
	assert.Equal(t, exitFailed, status, errs)
	assert.Contains(t, out, "出库记录.csv  text/plain")
	assert.Contains(t, errs, "未保存 · not kept: 面单.jpg")
	assert.Contains(t, errs, "内容是 GIF")
	status, _, errs = starter(t, "", append(add, good)...)
	assert.Equal(t, 0, status, errs)
	status, out, errs = starter(t, "", "evidence", "list", "cn-1001/81901", "--server", srv.URL, "--json")
	assert.Equal(t, 0, status, errs)
	var held api.EvidenceList
	require.NoError(t, json.Unmarshal([]byte(out), &held))
	require.Len(t, held.Items, 1)
	assert.Equal(t, map[string]string{"skus": "LAMP-1"}, held.Items[0].Given)
	status, _, errs = starter(t, "", "evidence", "list", "cn-1001/81901", "--server", "http://127.0.0.1:1")
	assert.Equal(t, exitFailed, status)
	assert.NotEmpty(t, errs)

	verify := []string{"evidence", "verify", "--database", url, "--evidence", "file://" + folder}
	status, out, errs = starter(t, "", verify...)
	assert.Equal(t, 0, status, errs)
	assert.Contains(t, out, "1 entries and 1 files verified")
	sum := held.Items[0].SHA256
	require.NoError(t, os.WriteFile(filepath.Join(folder, "sha256", sum[:2], sum), []byte("sku,数量\nLAMP-1,3\n"), 0o600))
	status, out, errs = starter(t, "", verify...)
	assert.Equal(t, exitFailed, status, errs)
	assert.Contains(t, out, "broken  cn-1001 #1  blob-changed  81901 "+sum)
	status, out, _ = starter(t, "", append(verify, "--json")...)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, out, `"fault":"blob-changed"`)

	export := file("export.csv", "出库时间,订单号,SKU,数量\n2026-03-01 09:00:00,81901,LAMP-1,2\n2026-03-01 09:00:00,81902,LAMP-1,2\n")
	status, imported, errs := starter(t, "", "evidence", "import-outbound", "--store", "cn-1001", "--by", "li", "--server", srv.URL, export)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, imported, "cn-1001/81901  1 行 · lines  新增 · new")
	assert.Contains(t, errs, `第 3 行 · row 3: "81902"`)
	assert.Contains(t, errs, "本店没有这个订单")
}
