package backtest_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"parcelward/internal/backtest"
)

// BenchmarkRun judges orders of about 20 events with two workers, in each format.
func BenchmarkRun(b *testing.B) {
	const orders = 20_000
	file := ordersFile(b, orders)
	info, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	for _, format := range []backtest.Format{backtest.JSON, backtest.Table, backtest.HTML} {
		b.Run(string(format), func(b *testing.B) {
			b.SetBytes(info.Size())
			b.ReportAllocs()
			for b.Loop() {
				in, err := os.Open(file)
				if err != nil {
					b.Fatal(err)
				}
				o := backtest.Options{Format: format, Jobs: 2, AsOf: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)}
				sum, err := backtest.Run(context.Background(), o, in, io.Discard)
				if err != nil || sum.Orders != orders || sum.Reread != 0 {
					b.Fatalf("%+v, %v", sum, err)
				}
				if err := in.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(orders*float64(b.N)/b.Elapsed().Seconds(), "orders/s")
		})
	}
}

func ordersFile(tb testing.TB, n int) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "events.ndjson")
	f, err := os.Create(file)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriter(f)
	if err := writeOrders(w, n); err != nil {
		tb.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return file
}
