package temporalclient_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"parcelward/internal/config"
	"parcelward/internal/temporalclient"
)

func TestPayloadsAreCompressedAndPlainOnesAreRead(t *testing.T) {
	c := temporalclient.DataConverter()
	text := strings.Repeat("LP00123456789012 ", 100)
	packed, err := c.ToPayload(text)
	require.NoError(t, err)
	assert.Less(t, len(packed.Data), len(text)/4)
	plain, err := converter.GetDefaultDataConverter().ToPayload("from the Web UI")
	require.NoError(t, err)
	var got string
	require.NoError(t, c.FromPayload(packed, &got))
	assert.Equal(t, text, got)
	require.NoError(t, c.FromPayload(plain, &got))
	assert.Equal(t, "from the Web UI", got)
}

func TestConnection(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	o, err := temporalclient.Options(config.Temporal{Address: "a:1", Namespace: "n"}, log)
	require.NoError(t, err)
	assert.Nil(t, o.ConnectionOptions.TLS, "plain")
	o, err = temporalclient.Options(config.Temporal{Address: "a:1", Namespace: "n", APIKey: "key"}, log)
	require.NoError(t, err)
	assert.NotNil(t, o.ConnectionOptions.TLS, "an API key turns TLS on")
	assert.NotNil(t, o.Credentials)
	junk := filepath.Join(t.TempDir(), "junk.pem")
	require.NoError(t, os.WriteFile(junk, []byte("junk"), 0o600))
	_, err = temporalclient.Options(config.Temporal{TLSCA: junk}, log)
	require.ErrorContains(t, err, "expected a certificate in PEM")
	_, err = temporalclient.Options(config.Temporal{TLSCert: junk, TLSKey: junk}, log)
	assert.ErrorContains(t, err, "client certificate")
}

func TestNoTelemetryWithoutCollector(t *testing.T) {
	stop, err := temporalclient.Telemetry(t.Context(), "test", "")
	require.NoError(t, err)
	require.NoError(t, stop(t.Context()))
}
