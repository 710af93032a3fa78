package temporalclient_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"parcelward/internal/config"
	"parcelward/internal/protocol"
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
		"answer":  {map[string]string{"stage": long}, converter.MetadataEncodingJSON},
		"start":   {protocol.OrderInput{Store: long}, "binary/zlib"},
		"signal":  {[]json.RawMessage{json.RawMessage(`"` + long + `"`)}, "binary/zlib"},
	} {
		all, err := dc.ToPayloads(c.value, c.value)
		require.NoError(t, err)
		for _, p := range all.GetPayloads() {
			require.Equal(t, c.encoding, string(p.GetMetadata()[converter.MetadataEncoding]), name)
			back := reflect.New(reflect.TypeOf(c.value))
			require.NoError(t, dc.FromPayload(p, back.Interface()), name)
			require.Equal(t, c.value, back.Elem().Interface(), name)
		}
	}
	var raw converter.RawValue
	require.NoError(t, dc.FromPayload(&commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte("binary/zlib")}, Data: []byte("junk")}, &raw))
	require.Equal(t, "junk", string(raw.Payload().GetData()), "what cannot be decoded is kept")
	plain, err := converter.GetDefaultDataConverter().ToPayload([]string{"from the Web UI"})
	require.NoError(t, err)
	var got []string
	require.NoError(t, dc.FromPayload(plain, &got))
	require.Equal(t, []string{"from the Web UI"}, got)
}
