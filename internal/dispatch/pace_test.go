package dispatch_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/dispatch"
	"parcelward/internal/rules"
)

// A rise of the rate of late or failed hand-overs is told once an hour and store, by the limit
// of each kind at 0 and +1 ms; a few messages make no rate.
func TestPaceAlarms(t *testing.T) {
	t.Parallel()
	start := time.Now()
	for _, c := range []struct {
		name  string
		kind  rules.EventType
		took  time.Duration
		bad   int // of 20
		alarm bool
	}{
		{"orders in time", rules.TypeOrderPaid, 10 * time.Second, 20, false},
		{"orders late", rules.TypeOrderPaid, 10*time.Second + time.Millisecond, 20, true},
		{"scans in time", rules.TypeTrackingUpdated, time.Minute, 20, false},
		{"scans late", rules.TypeTrackingUpdated, time.Minute + time.Millisecond, 20, true},
		{"one in twenty is five percent", rules.TypeOrderPaid, time.Hour, 1, false},
		{"two are more", rules.TypeOrderPaid, time.Hour, 2, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := dispatch.NewWatch(dispatch.Pace{})
			for i := range 20 {
				took := time.Second
				if i < c.bad {
					took = c.took
				}
				w.Handed("shop", c.kind, took, start)
			}
			alarms := w.Alarms(start.Add(time.Minute))
			if !c.alarm {
				require.Empty(t, alarms)
				return
			}
			require.Len(t, alarms, 1)
			require.Equal(t, "shop", alarms[0].Store)
			require.Contains(t, alarms[0].ZH, "20 条")
			require.Contains(t, alarms[0].EN, "of 20 messages")
			require.Empty(t, w.Alarms(start.Add(2*time.Minute)), "told already")
		})
	}
}

func TestPaceWindow(t *testing.T) {
	t.Parallel()
	start := time.Now()
	w := dispatch.NewWatch(dispatch.Pace{LatePercent: 50})
	for range 19 {
		w.Failed("shop")
	}
	require.Empty(t, w.Alarms(start), "a few make no rate")
	w.Failed("shop")
	require.Empty(t, w.Alarms(start.Add(10*time.Minute)), "long ago")
	for range 20 {
		w.Failed("shop")
	}
	require.Len(t, w.Alarms(time.Now()), 1)
}

func TestSourceClass(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"/my-erp/7": "my-erp", "parcelward/trace/17track/cn-1001": "parcelward/trace/17track", "aliexpress/cn-1001": "aliexpress",
		"parcelward/story/claim/a/b/c": "parcelward/story/claim", "": "", "x": "x",
	} {
		require.Equal(t, want, dispatch.SourceClass(source), source)
	}
}
