package main

import (
	"bytes"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/devstack"
	"parcelward/internal/protocol"
	twin "parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/world"
)

// A code becomes a token that lasts, once, and neither is shown.
func TestAuthorise(t *testing.T) {
	if testing.Short() {
		t.Skip("needs Postgres")
	}
	servers, err := devstack.StartPostgres(t.Context(), devstack.Options{Dir: filepath.Join(t.TempDir(), "stack")})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, servers.Close()) })
	platform := twin.New(world.New(protocol.Clock{}), twin.Options{AppKey: "key", AppSecret: "app-secret"})
	server := httptest.NewServer(platform.Handler())
	t.Cleanup(server.Close)
	t.Setenv("PARCELWARD_ALIEXPRESS_APP_KEY", "key")
	t.Setenv("PARCELWARD_ALIEXPRESS_APP_SECRET", "app-secret")
	t.Setenv("PARCELWARD_ALIEXPRESS_URL", server.URL)
	t.Setenv("PARCELWARD_ALIEXPRESS_STORES", "demo-shop")
	authorise := func(store, code string) (int, string, string) {
		var out, errs bytes.Buffer
		status := run(t.Context(), []string{"authorise", store, code, "--database", servers.DatabaseURL()}, streams{nil, &out, &errs})
		for _, secret := range []string{code, "app-secret", "5000"} {
			assert.NotContains(t, out.String()+errs.String(), secret)
		}
		return status, out.String(), errs.String()
	}
	code := platform.Code("seller")
	status, out, errs := authorise("demo-shop", code)
	assert.Equal(t, 0, status, errs)
	assert.Empty(t, errs)
	assert.Contains(t, out, "Store demo-shop is authorised and renews itself until "+time.Now().UTC().AddDate(0, 0, 60).Format(time.DateOnly))

	status, out, errs = authorise("demo-shop", code)
	assert.Equal(t, exitFailed, status)
	assert.Empty(t, out)
	assert.Contains(t, errs, "open the consent page again")

	status, _, errs = authorise("new-shop", platform.Code("another"))
	assert.Equal(t, 0, status)
	assert.Contains(t, errs, "PARCELWARD_ALIEXPRESS_STORES does not list new-shop")

	t.Setenv("PARCELWARD_ALIEXPRESS_APP_KEY", "")
	status, _, errs = authorise("demo-shop", "CODE")
	assert.Equal(t, exitUsage, status)
	assert.Contains(t, errs, "AppKey: missing")
}
