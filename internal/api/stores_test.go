package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/config"
	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/statement"
)

// books are those of a store without orders; it knows one parcel.
type books struct {
	down   error
	kept   port.Bill
	scores rules.HealthScores
	by     string

	statement port.StatementKept
}

func (b *books) EachOrder(context.Context, string, time.Time, time.Time, func(port.OrderBooks) error) ([]rules.LedgerTotal, error) {
	return nil, b.down
}

func (b *books) EachBilled(context.Context, string, rules.Month, func(port.BilledLine) error) error {
	return b.down
}

func (b *books) LastKept(context.Context, string, string) (port.StatementKept, error) {
	return b.statement, b.down
}

func (b *books) Keep(context.Context, port.StatementKept, map[string]io.Reader) (bool, error) {
	return true, b.down
}

func (b *books) KeptFile(_ context.Context, _ port.StatementKept, _ string, w io.Writer) error {
	_, err := io.WriteString(w, "as kept")
	return errors.Join(err, b.down)
}

func (b *books) Billed(context.Context, []string) (map[string][]port.BillKnown, error) {
	return nil, b.down
}

func (b *books) BilledBefore(context.Context, string, string, []string) ([]rules.BillLine, error) {
	return nil, b.down
}

func (b *books) KeepBill(_ context.Context, _ string, bill port.Bill) error {
	b.kept = bill
	return b.down
}

func (b *books) Opened(context.Context, string, time.Time, time.Time) ([]rules.Event, error) {
	return nil, b.down
}

func (b *books) CountOrders(context.Context, string, time.Time, time.Time) (int, error) {
	return 0, b.down
}

func (b *books) Scores(context.Context, string, rules.Week) (rules.HealthScores, error) {
	return b.scores, b.down
}

func (b *books) SetScores(_ context.Context, _ string, _ rules.Week, s rules.HealthScores, by string) error {
	b.scores, b.by = s, by
	return b.down
}

func shop(t *testing.T) (*books, func(method, path, body string) (int, http.Header, string)) {
	t.Helper()
	known, err := new(config.Shared).Rules()
	require.NoError(t, err)
	b := new(books)
	srv := httptest.NewServer(api.New(api.Options{
		Store: new(store), Workflows: new(workflows), Rules: known, Clock: clock(), Log: slog.New(slog.DiscardHandler),
		Statements: &statement.Maker{Books: b, Book: known.Book, For: known.For},
		Bills:      &statement.Importer{Bills: b, Book: known.Book, For: known.For},
		Stores:     &statement.Stores{Books: b, Facts: b, Book: known.Book, For: known.For},
	}))
	t.Cleanup(srv.Close)
	return b, func(method, path, body string) (int, http.Header, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		if method == http.MethodPost {
			req.Header.Set("Content-Type", "application/octet-stream")
		}
		res, err := srv.Client().Do(req)
		require.NoError(t, err)
		defer res.Body.Close() //nolint:errcheck // only read
		data, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, res.Header, string(data)
	}
}

func TestGetStatement(t *testing.T) {
	t.Parallel()
	b, call := shop(t)
	status, header, body := call(http.MethodGet, "/v1/stores/s/statements/2026-02?format=xlsx", "")
	assert.Equal(t, http.StatusOK, status, body)
	assert.Equal(t, `attachment; filename="statement-s-2026-02.xlsx"`, header.Get("Content-Disposition"))
	assert.True(t, strings.HasPrefix(body, "PK"))
	status, header, body = call(http.MethodGet, "/v1/stores/s/statements/2026-02", "")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "application/json", header.Get("Content-Type"))
	assert.True(t, json.Valid([]byte(body)), body)
	_, _, body = call(http.MethodGet, "/v1/stores/s/statements/2026-02?format=csv", "")
	assert.True(t, strings.HasPrefix(body, "\ufeff订单号"))
	for _, bad := range []string{"/v1/stores/s/statements/2026-13", "/v1/stores/s/statements/x", "/v1/stores/s/statements/2026-02?format=pdf", "/v1/stores/a*b/statements/2026-02"} {
		status, _, body = call(http.MethodGet, bad, "")
		assert.Equal(t, http.StatusUnprocessableEntity, status, body)
	}
	sum := sha256.Sum256([]byte("as kept"))
	b.statement = port.StatementKept{Serial: 1, Files: map[string]string{"csv": hex.EncodeToString(sum[:]), "xlsx": "other"}}
	_, header, body = call(http.MethodGet, "/v1/stores/s/statements/2026-02?format=csv", "")
	assert.Equal(t, "as kept", body)
	assert.Equal(t, `"`+b.statement.Files["csv"]+`"`, header.Get("ETag"))
	_, header, body = call(http.MethodGet, "/v1/stores/s/statements/2026-02?format=csv&live=true", "")
	assert.True(t, strings.HasPrefix(body, "\ufeff订单号"))
	assert.Empty(t, header.Get("ETag"))
	_, _, body = call(http.MethodGet, "/v1/stores/s/statements/2026-02", "")
	assert.True(t, json.Valid([]byte(body)), body)
	status, _, body = call(http.MethodGet, "/v1/stores/s/statements/2026-02?format=xlsx", "")
	assert.Equal(t, http.StatusServiceUnavailable, status, "not what was kept")
	assert.NotContains(t, body, "as kept")
	b.down = errors.New("away")
	status, _, body = call(http.MethodGet, "/v1/stores/s/statements/2026-02?format=csv", "")
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.NotContains(t, body, "订单号", "no half file")
}

func TestImportBill(t *testing.T) {
	t.Parallel()
	b, call := shop(t)
	status, _, body := call(http.MethodPost, "/v1/stores/s/bills?name=b.csv", "运单号,日期,金额,币种\nLP1,2026-02-01,3,CNY\n")
	assert.Equal(t, http.StatusOK, status, body)
	var got api.BillImported
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	assert.Equal(t, "unknown-number", got.Unmatched[0].Reason)
	assert.Equal(t, "系统内查无此运单号", got.Unmatched[0].ZH)
	assert.Len(t, b.kept.Lines, 1)
	status, _, body = call(http.MethodPost, "/v1/stores/s/bills?name=b.csv", "运单号,日期,金额,币种\n8.19E+18,2026-02-01,3,CNY\n")
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, "line 2")
	status, _, _ = call(http.MethodPost, "/v1/stores/s/bills", strings.Repeat("x", statement.MaxBillBytes+2))
	assert.Equal(t, http.StatusRequestEntityTooLarge, status)
}

func TestStoreHealth(t *testing.T) {
	t.Parallel()
	b, call := shop(t) // on Sunday, 1 March 2026
	status, _, body := call(http.MethodPut, "/v1/stores/s/health/2026-W09", `{"service_score":"4.5","programmes":[],"by":"li"}`)
	assert.Equal(t, http.StatusNoContent, status, body)
	assert.Equal(t, "4.5 [] li", b.scores.ServiceScore.String()+" [] "+b.by)
	assert.NotNil(t, b.scores.Programmes)
	status, _, body = call(http.MethodGet, "/v1/stores/s/health", "")
	assert.Equal(t, http.StatusOK, status, body)
	assert.Contains(t, body, `"week":"2026-W09"`)
	assert.Contains(t, body, "search rank falls by 37 %")
	assert.Contains(t, body, "没有订单")
	for path, bad := range map[string]string{
		"2026-W09": `{"by":"li"}`, "2026-W10": `{"service_score":"4","by":"li"}`, "2026-W54": `{"service_score":"4","by":"li"}`,
		"2026-W08": `{"service_score":"5.1","by":"li"}`, "2026-W07": `{"positive_rate_percent":"101","by":"li"}`, "2026-W06": `{"service_score":4.5,"by":"li"}`, "2026-W05": `{"service_score":"4"}`,
	} {
		status, _, body = call(http.MethodPut, "/v1/stores/s/health/"+path, bad)
		assert.Equal(t, http.StatusUnprocessableEntity, status, body)
	}
}
