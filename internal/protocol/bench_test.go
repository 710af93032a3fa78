package protocol_test

import (
	"testing"

	"parcelward/internal/protocol"
)

// BenchmarkDecodeEvent reads the commonest event: one scan of a parcel.
func BenchmarkDecodeEvent(b *testing.B) {
	raw := []byte(`{"specversion":"1.0","id":"cn-1001/8190000000-9","source":"/carrier","type":"tracking.updated","subject":"cn-1001/8190000000","time":"2026-01-09T02:01:00Z","data":{"tracking_number":"LP00010000000000","events":[{"at":"2026-01-09T10:00:00+08:00","milestone":"in_transit","location":"Dongguan, CN","source":"carrier"}]}}`)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := protocol.DecodeEvent(raw); err != nil {
			b.Fatal(err)
		}
	}
}
