package seventeentrack_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	adapter "parcelward/internal/carrier/seventeentrack"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/seventeentrack"
	"parcelward/internal/sandbox/world"
)

// BenchmarkTrack asks the twin about full batches of parcels with five scans each: adapter and
// twin together, on one machine.
func BenchmarkTrack(b *testing.B) {
	w := world.New(protocol.Clock{})
	asked := make([]port.Tracked, 40)
	for i := range asked {
		asked[i] = port.Tracked{Number: fmt.Sprintf("PWBENCH%07d", i), Carrier: "YANWEN"}
		p := world.Parcel{Number: asked[i].Number}
		for j := range 5 {
			p.Rows = append(p.Rows, rules.Row{At: w.Now().Add(time.Duration(j-10) * 12 * time.Hour).Truncate(time.Second), Milestone: rules.InTransit, Location: "Chicago, US", Description: "Departed facility", Source: rules.FromCarrier})
		}
		w.Add(p)
	}
	sim := seventeentrack.New(w, seventeentrack.Options{Key: "k", Quota: 1000})
	b.Cleanup(sim.Close)
	server := httptest.NewServer(sim.Handler())
	b.Cleanup(server.Close)
	c, err := adapter.New(adapter.Options{Key: "k", BaseURL: server.URL})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := c.Watch(b.Context(), asked); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.Track(b.Context(), asked); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(asked)), "us/number")
}
