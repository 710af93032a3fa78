package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"parcelward/internal/api"
	"parcelward/internal/rules"
)

func TestExtend(t *testing.T) {
	var posted api.Extension
	var key string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/orders/s/1/extend-receipt":
			key = r.Header.Get("Idempotency-Key")
			assert.NoError(t, json.NewDecoder(r.Body).Decode(&posted))
			after := rules.Stamp(time.Date(2026, 3, 17, 7, 0, 0, 0, time.UTC))
			_ = json.NewEncoder(w).Encode(api.Extended{After: &after, Message: api.Words{ZH: "已延长", EN: "extended"}})
		case "/v1/orders/s/2/extend-receipt":
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"status":409,"title":"Conflict","detail":"超出可延长的天数 · 201 beyond"}`)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"status":503,"title":"Unavailable","detail":"the platform does not answer"}`)
		}
	}))
	t.Cleanup(srv.Close)
	status, out, errs := starter(t, "", "extend", "s/1", "--days", "7", "--by", "LI", "--server", srv.URL)
	assert.Equal(t, 0, status, errs)
	assert.Equal(t, "已延长 extended\n  s/1  2026-03-17 15:00 +08:00\n", out)
	assert.Equal(t, api.Extension{Days: 7, By: "LI"}, posted)
	assert.NotEmpty(t, key)
	status, _, errs = starter(t, "", "extend", "s/2", "--days", "7", "--server", srv.URL)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, errs, "not extended: 超出可延长的天数")
	status, _, errs = starter(t, "", "extend", "s/3", "--days", "7", "--key", "again-1", "--server", srv.URL)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, errs, "--key again-1", "so that it is not extended twice")
}
