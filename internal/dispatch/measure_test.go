package dispatch_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"parcelward/internal/protocol"
)

// What operators see of the pace: each fact that was handed is in the histogram of its kind,
// once, in seconds, under its store and the kind of its source; and the spans that are promised
// are bounds of buckets, so that the share beyond them can be read off exactly.
// The process has one meter provider, so nothing runs beside it.
func TestMeasuredPace(t *testing.T) {
	reader := metric.NewManualReader()
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	s := idle(t, at(day0.Add(10*day)))
	traced := `{"specversion":"1.0","id":"t1","source":"` + protocol.SourceOfTrace("17track", "shop") + `","type":"tracking.updated","subject":"shop/1","time":"2026-01-08T08:00:00Z",
		"data":{"tracking_number":"LP1","events":[{"at":"2026-01-08T08:00:00Z","milestone":"customs_hold","source":"aggregator"}]}}`
	s.accept(t, created("1"), paid("1"), recorded("1", "LP1"), traced)
	claimed, err := s.Claim(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	saved, err := s.Hand(t.Context(), &claimed[0])
	require.NoError(t, err)
	require.True(t, saved)
	require.ElementsMatch(t, []string{"created-1", "paid-1", "recorded-1-LP1", "t1"}, s.server.known("1"))

	var out metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &out))
	found := map[string]metricdata.Metrics{}
	for _, scope := range out.ScopeMetrics {
		for _, m := range scope.Metrics {
			found[m.Name] = m
		}
	}
	for _, want := range []struct {
		name, source string
		count        uint64
		promised     float64
	}{
		{"parcelward.order.delay", "test", 3, 10},
		{"parcelward.scan.delay", "parcelward/trace/17track", 1, 60},
	} {
		m, ok := found[want.name]
		require.True(t, ok, want.name)
		require.Equal(t, "s", m.Unit)
		require.NotEmpty(t, m.Description)
		points := m.Data.(metricdata.Histogram[float64]).DataPoints
		require.Len(t, points, 1, "one series for store and source")
		p := points[0]
		require.Equal(t, attribute.NewSet(attribute.String("store", "shop"), attribute.String("source", want.source)), p.Attributes)
		require.Equal(t, want.count, p.Count)
		require.Contains(t, p.Bounds, want.promised)
		require.Positive(t, p.Sum, "from the inbox on")
		late := uint64(0)
		for i, n := range p.BucketCounts {
			if i >= len(p.Bounds) || i > 0 && p.Bounds[i-1] >= want.promised {
				late += n
			}
		}
		require.Zero(t, late)
	}
}
