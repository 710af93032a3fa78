package config_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/config"
)

// clean empties the environment of everything that the package reads.
func clean(t *testing.T) {
	t.Helper()
	for _, entry := range os.Environ() {
		key, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(key, "PARCELWARD_") || key == "DATABASE_URL" {
			t.Setenv(key, "") // restored at the end; empty counts as not set
		}
	}
}

func TestDefaults(t *testing.T) {
	clean(t)
	s, err := config.LoadStarter()
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:8080", s.Listen)
	assert.Equal(t, "127.0.0.1:7233", s.Temporal.Address)
	assert.Equal(t, "default", s.Temporal.Namespace)
	assert.Equal(t, slog.LevelInfo, s.LogLevel)
	assert.Zero(t, s.Clock.Protocol())
	require.Error(t, s.NeedDatabase())
}

// A running story finds the workdays that it is pinned to, also when a file replaces a year.
func TestReplacedYearKeepsTheBuiltInWorkdays(t *testing.T) {
	clean(t)
	builtIn, err := new(config.Shared).Rules()
	require.NoError(t, err)
	year, err := os.ReadFile("../rules/calendar/cn/2026.json")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "2026.json")
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(year), `"holidays":{`, `"holidays":{"2026-12-31":"x",`, 1)), 0o600))
	s := config.Shared{CalendarFiles: []string{file}}
	replaced, err := s.Rules()
	require.NoError(t, err)
	require.NotEqual(t, builtIn.Calendar.Revision(), replaced.Calendar.Revision())
	assert.Contains(t, replaced.Calendars, replaced.Calendar.Revision())
	assert.Contains(t, replaced.Calendars, builtIn.Calendar.Revision())
}

func TestEmptyCountsAsNotSet(t *testing.T) {
	clean(t)
	t.Setenv("PARCELWARD_LISTEN", "")
	t.Setenv("PARCELWARD_LOG_LEVEL", "")
	s, err := config.LoadStarter()
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:8080", s.Listen)
	value, set := os.LookupEnv("PARCELWARD_LISTEN")
	assert.True(t, set && value == "", "the environment is left as it was")
}

func TestPlainDatabaseURL(t *testing.T) {
	clean(t)
	t.Setenv("DATABASE_URL", "postgres://plain/db")
	t.Setenv("PARCELWARD_EVIDENCE_URL", "file:///var/lib/parcelward/evidence")
	w, err := config.LoadWorker()
	require.NoError(t, err)
	assert.Equal(t, "postgres://plain/db", w.DatabaseURL)
	t.Setenv("PARCELWARD_DATABASE_URL", "postgres://own/db")
	w, err = config.LoadWorker()
	require.NoError(t, err)
	assert.Equal(t, "postgres://own/db", w.DatabaseURL)
	assert.Equal(t, config.FilingAssisted, w.Filing)
}

func TestClock(t *testing.T) {
	clean(t)
	t.Setenv("PARCELWARD_CLOCK_ORIGIN", "2026-01-01T00:00:00+08:00")
	t.Setenv("PARCELWARD_CLOCK_START", "2026-11-22T12:00:00Z")
	t.Setenv("PARCELWARD_CLOCK_SPEED", "43200")
	s, err := config.LoadStarter()
	require.NoError(t, err)
	clock := s.Clock.Protocol()
	assert.Equal(t, "2026-01-02T16:00:00Z", clock.Virtual(clock.Start.Add(4*time.Second)).Format(time.RFC3339))
}

// Evidence must outlive the process and be reached by server and worker alike.
func TestEvidenceURL(t *testing.T) {
	clean(t)
	t.Setenv("DATABASE_URL", "postgres://plain/db")
	for address, good := range map[string]bool{
		"": false, "file:///srv/evidence": true, "file://localhost/srv/evidence": true, "s3://bucket?region=cn-hangzhou&prefix=evidence/": true,
		"file://evidence": false, "file://./evidence": false, "file:///": false, "mem://": false, "s3://": false, "/srv/evidence": false,
		"gs://bucket": false, "http://user:secret@host": false,
	} {
		t.Setenv("PARCELWARD_EVIDENCE_URL", address)
		_, err := config.LoadWorker()
		if good {
			require.NoError(t, err, address)
			continue
		}
		require.ErrorContains(t, err, "PARCELWARD_EVIDENCE_URL: expected file:///FOLDER, or s3://BUCKET", address)
		require.NotContains(t, err.Error(), "secret")
		s, err := config.LoadStarter()
		require.Equal(t, address == "", err == nil, address)
		if err == nil {
			require.Error(t, s.NeedEvidence())
		}
	}
}

func TestAllProblemsTogether(t *testing.T) {
	clean(t)
	for key, value := range map[string]string{
		"PARCELWARD_CLOCK_SPEED":          "fast",
		"PARCELWARD_CLOCK_ORIGIN":         "2026-01-01T00:00:00Z",
		"PARCELWARD_LOG_LEVEL":            "loud",
		"PARCELWARD_FILING":               "telepathy",
		"PARCELWARD_TEMPORAL_ADDRESS":     "nowhere",
		"PARCELWARD_TEMPORAL_ADRESS":      "127.0.0.1:1",
		"PARCELWARD_SPEED":                "1",
		"PARCELWARD_TEMPORAL_TLS_CERT":    "no-such.pem",
		"PARCELWARD_OTLP_ENDPOINT":        "collector:4318",
		"PARCELWARD_TEMPORAL_API_KEY":     "secret-key",
		"PARCELWARD_POLICY_FILES":         "no-such.yaml,",
		"PARCELWARD_SANDBOX_URL":          "sandbox",
		"PARCELWARD_DATABASE_URL":         "mysql://user:secret-password@host/db",
		"PARCELWARD_TEMPORAL_TLS_KEY":     "",
		"PARCELWARD_LISTEN":               "127.0.0.1:9090",
		"PARCELWARD_CALENDAR_FILES":       "",
		"PARCELWARD_TEMPORAL_NAMESPACE":   "shop",
		"PARCELWARD_TEMPORAL_TLS_CA_FILE": "x",
		"PARCELWARD_ALIEXPRESS_STORES":    "good,bad/shop",
		"PARCELWARD_TRACKERS":             "CAINIAO=cainiao",
	} {
		t.Setenv(key, value)
	}
	_, err := config.LoadWorker()
	require.Error(t, err)
	text := err.Error()
	for _, want := range []string{
		`PARCELWARD_CLOCK_SPEED: expected a float64, got "fast"`,
		`PARCELWARD_TRACKERS: expected pairs such as NAME:value, separated by commas, got "CAINIAO=cainiao"`,
		"PARCELWARD_CLOCK_ORIGIN, _START, _SPEED: expected all three or none",
		`PARCELWARD_LOG_LEVEL: expected a slog.Level, got "loud"`,
		`PARCELWARD_FILING: expected assisted or sandbox, got "telepathy"`,
		`PARCELWARD_TEMPORAL_ADDRESS: expected host:port, got "nowhere"`,
		"PARCELWARD_TEMPORAL_ADRESS: expected no such variable",
		"PARCELWARD_SPEED: expected no such variable",
		"PARCELWARD_TEMPORAL_TLS_CA_FILE: expected no such variable",
		"no-such.pem", "no-such.yaml",
		"PARCELWARD_TEMPORAL_TLS_CERT, PARCELWARD_TEMPORAL_TLS_KEY: expected both or none",
		"PARCELWARD_OTLP_ENDPOINT: expected an http:// or https:// URL",
		"PARCELWARD_SANDBOX_URL: expected an http:// or https:// URL",
		`PARCELWARD_ALIEXPRESS_STORES: expected names of 1 to 64 characters A-Z a-z 0-9 . _ -, separated by commas, got "bad/shop"`,
		"PARCELWARD_DATABASE_URL: expected a URL that begins with postgres://",
	} {
		assert.Contains(t, text, want)
	}
	assert.NotContains(t, text, "secret")
	assert.Equal(t, "loud", os.Getenv("PARCELWARD_LOG_LEVEL"), "the environment is left as it was")
}

func TestUsageListsEveryVariable(t *testing.T) {
	var b strings.Builder
	require.NoError(t, config.Usage(&b))
	for _, key := range []string{
		"PARCELWARD_DATABASE_URL", "PARCELWARD_TEMPORAL_API_KEY", "PARCELWARD_CLOCK_SPEED", "PARCELWARD_LISTEN",
		"PARCELWARD_FILING", "PARCELWARD_SANDBOX_URL", "PARCELWARD_OTLP_ENDPOINT", "PARCELWARD_POLICY_FILES", "PARCELWARD_WORKER",
	} {
		assert.Contains(t, b.String(), key)
	}
}

func TestOrderParams(t *testing.T) {
	clean(t)
	t.Setenv("PARCELWARD_ALIEXPRESS_STORES", "cn-1001,cn-1002")
	file := filepath.Join(t.TempDir(), "labels.json")
	t.Setenv("PARCELWARD_ALIEXPRESS_ORDER_PARAM_FILE", file)
	for content, wrong := range map[string]string{
		`{"cn-1001":{"package_params":[{"weight":"0.5"}]}}`: "",
		`{}`:                "",
		`["cn-1001"]`:       "expected a JSON object with an object for each store",
		`{"cn-1001":`:       "expected a JSON object with an object for each store",
		`{"cn-1003":{}}`:    `store "cn-1003": expected one of PARCELWARD_ALIEXPRESS_STORES`,
		`{"cn-1001":"own"}`: "store cn-1001: expected a JSON object",
		`{"cn-1001":null}`:  "store cn-1001: expected a JSON object",
	} {
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		s, err := config.LoadStarter()
		if wrong != "" {
			require.ErrorContains(t, err, wrong, content)
			require.ErrorContains(t, err, "PARCELWARD_ALIEXPRESS_ORDER_PARAM_FILE", content)
			continue
		}
		require.NoError(t, err, content)
		params, err := s.AliExpress.OrderParams()
		require.NoError(t, err)
		if content != "{}" {
			assert.JSONEq(t, `{"package_params":[{"weight":"0.5"}]}`, string(params["cn-1001"]))
		}
	}
	require.NoError(t, os.Remove(file))
	_, err := config.LoadWorker()
	require.ErrorContains(t, err, "labels.json")
}
