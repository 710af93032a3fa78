package aliexpress_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port/porttest"
	twin "parcelward/internal/sandbox/aliexpress"
)

func TestTrackingService(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]twin.Options{"plain": {}, "repeated, shuffled, in envelopes": {Repeat: true, Shuffle: true, Envelopes: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			porttest.TrackingServices(t, func(t *testing.T) porttest.Subject {
				t.Helper()
				b := start(t, o)
				bad, err := aliexpress.New(aliexpress.Options{
					BaseURL: b.server.URL, AppKey: appKey, AppSecret: "wrong", Tokens: b.tokens, HTTP: b.server.Client(),
				})
				require.NoError(t, err)
				return porttest.Subject{Service: b.Client, BadKey: bad, World: b.world, Faults: b.faults, Carrier: "CAINIAO"}
			})
		})
	}
}
