package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/config"
)

// The example of a configuration names only settings that are read, and the keys of every
// service; as it stands it is a good one.
func TestExampleIsCurrent(t *testing.T) {
	text, err := os.ReadFile("../../.env.example")
	require.NoError(t, err)
	named := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		require.True(t, ok, line)
		named[key] = true
		t.Setenv(key, value)
	}
	_, err = config.LoadStarter()
	require.NoError(t, err)
	_, err = config.LoadWorker()
	require.NoError(t, err)
	for _, key := range []string{
		"17TRACK_KEY", "KDNIAO_BUSINESS_ID", "KDNIAO_APP_KEY", "CAINIAO_PROVIDER_ID", "CAINIAO_APP_CODE", "CAINIAO_SECRET",
		"ALIEXPRESS_APP_KEY", "ALIEXPRESS_APP_SECRET", "ALIEXPRESS_STORES", "TRACKERS", "EVIDENCE_URL", "WAREHOUSE_URL", "WAREHOUSE_TOKEN",
	} {
		require.True(t, named["PARCELWARD_"+key], key)
	}
}
