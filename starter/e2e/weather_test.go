package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/demo"
	"parcelward/internal/sandbox/fault"
	"parcelward/starter/dev"
)

// A thousand orders over the real adapters, while a fifth of all answers of the tracking
// services go wrong: each ends exactly as its backtest says, and as its story promised, which a
// lost scan would not let it.
func TestThousandOrdersInBadWeather(t *testing.T) {
	play := demo.Many(origin, 1000, 20*day) // else all are delivered at once, which is another test
	s := start(t, dev.Options{Speed: weatherSpeed, Fates: play.Fates, Parcels: play.Parcels})
	for _, f := range []fault.Fault{
		{Status: http.StatusTooManyRequests},
		{Status: http.StatusInternalServerError},
		{Status: http.StatusServiceUnavailable, LostAnswer: true},
		{Body: fault.Half},
		{Body: fault.Cut},
		{Body: fault.Garbage},
		{Body: fault.Empty},
		{Delay: 300 * time.Millisecond},
	} {
		f.Share = 0.2 / 8 / (1 - 0.2/2) // a call suffers one of eight at most: together a fifth
		s.Twins.Faults.Add(f)
	}
	require.NoError(t, s.Play(t.Context(), play))
	s.Twins.Faults.Clear()
	end := origin.Add(play.Span)
	require.Eventually(t, func() bool { // a slow machine has work left
		report, err := s.Audit(t.Context())
		return err == nil && len(report.Differences) == 0
	}, 5*time.Minute, time.Second)
	requireOutcomes(t, s, play, end)
	for name, n := range s.Sandbox.Counters().Cases {
		assert.Equalf(t, 1, n, "%s was filed %d times", name, n)
	}
	calls, wrong := s.Twins.Faults.Calls(), s.Twins.Faults.Count()
	t.Logf("%d calls of tracking services, %d of them faulty (%.0f %%)", calls, wrong, 100*float64(wrong)/float64(calls))
	require.GreaterOrEqual(t, wrong*100, calls*18)
}
