package warehouse_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/evidence/inspect"
	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/warehouse"
)

const (
	order  = "8190001"
	parcel = "LP00123456789012"
)

func ask(t *testing.T, status int, body string) (port.Paper, error) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/cn-1001/out" || r.URL.Query().Get("order") != order || r.URL.Query().Get("n") != parcel || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("asked %s", r.URL)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(srv.Close)
	c, err := warehouse.New(warehouse.Options{URL: srv.URL + "/{store}/out?order={order}&n={number}", Token: "secret"})
	require.NoError(t, err)
	return c.Outbound(t.Context(), "cn-1001", order, "lp 00123456789012")
}

func TestOutbound(t *testing.T) {
	t.Parallel()
	const header = "出库时间,订单号,运单号,SKU,数量\n"
	mine := "2026-03-01 09:30:00," + order + "," + parcel + ",RED-1,2\n"
	for name, tc := range map[string]struct{ body, want string }{
		"CSV":               {header + mine, header + mine},
		"other orders":      {header + "2026-03-01 09:00:00,8190002,LP1,BLUE,1\n" + mine, header + mine},
		"another parcel":    {header + "2026-03-01 09:00:00," + order + ",LP1,BLUE,1\n" + mine, header + mine},
		"another number":    {header + "2026-03-01 09:00:00," + order + ",LP1,BLUE,1\n", header + "2026-03-01 09:00:00," + order + ",LP1,BLUE,1\n"},
		"names nothing":     {"sku,qty,time\nRED-1,2,2026-03-01 09:30:00\n", "sku,qty,time\nRED-1,2,2026-03-01 09:30:00\n"},
		"JSON":              {`{"rows":[{"at":"2026-03-01T09:30:00+08:00","order":8190001,"tracking_number":"LP00123456789012","sku":"RED-1","quantity":2.0}]}`, header + "2026-03-01T09:30:00+08:00," + order + "," + parcel + ",RED-1,2\n"},
		"JSON, other order": {`{"rows":[{"order":"1","sku":"X"},{"order":"8190001","sku":"a,\"b"}]}`, header + "," + order + ",,\"a,\"\"b\",\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ask(t, http.StatusOK, tc.body)
			require.NoError(t, err)
			require.Equal(t, tc.want, string(got.Content))
			require.Equal(t, "outbound-"+order+".csv", got.Name)
			sight := inspect.Bytes(t.Context(), got.Content, rules.EvidenceOutbound, time.UTC)
			require.Len(t, sight.Outbound, 1, "the pre-flight reads it")
		})
	}
}

func TestNoOutbound(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status  int
		body    string
		nothing bool
		away    bool
	}{
		"404":               {404, "no such order", true, false},
		"nothing":           {200, " \n", true, false},
		"no rows":           {200, `{"rows":[]}`, true, false},
		"only other orders": {200, "订单号,SKU,数量\n1,X,1\n", true, false},
		"403":               {403, "", false, false},
		"a page":            {200, "<html>log in</html>", false, false},
		"broken JSON":       {200, `{"rows":`, false, false},
		"500":               {500, "", false, true},
		"429":               {429, "", false, true},
		"a bomb":            {200, strings.Repeat("订单号,SKU\n", 30_000), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ask(t, tc.status, tc.body)
			require.Error(t, err)
			var away *port.UnavailableError
			require.Equal(t, tc.away, errors.As(err, &away), err)
			if tc.away {
				return
			}
			require.ErrorIs(t, err, port.ErrRefused)
			if tc.nothing {
				require.ErrorIs(t, err, port.ErrNothing)
			} else {
				require.NotErrorIs(t, err, port.ErrNothing)
			}
		})
	}
}

func TestOutboundOfNoName(t *testing.T) {
	t.Parallel()
	c, err := warehouse.New(warehouse.Options{URL: "http://127.0.0.1:1/{store}/{order}"})
	require.NoError(t, err)
	for _, name := range []string{"..", "a/b", "", "a?b"} {
		_, err := c.Outbound(t.Context(), "s", name, parcel)
		require.ErrorIs(t, err, port.ErrRefused, name)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "wms.example/{order}", "ftp://wms.example/{order}", "https://wms.example/", "https://wms.example/{order}/{oops}", "https:///{order}"} {
		_, err := warehouse.New(warehouse.Options{URL: bad})
		require.ErrorContains(t, err, "{order}", bad)
	}
}
