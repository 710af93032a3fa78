package temporalclient_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"parcelward/internal/config"
	"parcelward/internal/temporalclient"
)

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

func TestWhatPeopleReadIsNotCompressed(t *testing.T) {
	t.Parallel()
	dc := temporalclient.DataConverter()
	long := strings.Repeat("等待卖家确认 · waiting for the seller. ", 50)
	for name, c := range map[string]struct {
		value    any
		encoding string
	}{
		"summary": {long, converter.MetadataEncodingJSON},
		"facts":   {map[string]string{"facts": long}, "binary/zlib"},
		"list":    {[]string{long}, "binary/zlib"},
	} {
		p, err := dc.ToPayload(c.value)
		require.NoError(t, err)
		require.Equal(t, c.encoding, string(p.GetMetadata()[converter.MetadataEncoding]), name)
		back := reflect.New(reflect.TypeOf(c.value))
		require.NoError(t, dc.FromPayload(p, back.Interface()), name)
		require.Equal(t, c.value, back.Elem().Interface(), name)
	}
	plain, err := converter.GetDefaultDataConverter().ToPayload([]string{"from the Web UI"})
	require.NoError(t, err)
	var got []string
	require.NoError(t, dc.FromPayload(plain, &got))
	require.Equal(t, []string{"from the Web UI"}, got)
}
