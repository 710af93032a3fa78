package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"parcelward/internal/backtest"
	"parcelward/internal/demo"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// rounds is how often a rate is measured; the median counts, after one round to warm up.
const rounds = 3

// backtestRate judges orders of 20 events each, on all cores.
func backtestRate(ctx context.Context, _ Env) ([]Figure, error) {
	const n = 30_000
	f, err := os.CreateTemp("", "parcelward-bench-*.ndjson")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // a temporary file
	defer f.Close()           //nolint:errcheck // only read from now on
	if err := history(f, n, 20); err != nil {
		return nil, err
	}
	asOf := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	rate, err := median(func() (float64, error) {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return 0, err
		}
		start := time.Now()
		sum, err := backtest.Run(ctx, backtest.Options{AsOf: asOf}, f, io.Discard)
		if err == nil && sum.Orders != n {
			err = fmt.Errorf("%d orders of %d judged", sum.Orders, n)
		}
		return float64(n) / time.Since(start).Seconds(), err
	})
	return []Figure{{"backtest_orders_per_second", rate, "orders/s", 20_000, more}}, err
}

// history writes orders of so many events each, grouped.
func history(w io.Writer, orders, events int) error {
	const name = "ORDERNUMBER"
	born := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	var template bytes.Buffer
	sent := demo.DeliveredOrder(demo.Store, name, born)
	for _, s := range sent {
		template.Write(append(slices.Clone(s.Event), '\n'))
	}
	for i := len(sent); i < events; i++ {
		at := born.Add(time.Duration(i) * 12 * time.Hour)
		raw, err := protocol.EncodeEvent(rules.Event{
			Source: "bench", ID: fmt.Sprint(name, "/", i), Type: rules.TypeTrackingUpdated, Store: demo.Store, Order: name, Time: at,
			Data: &rules.TrackingUpdated{TrackingNumber: "PWBENCH" + name, Rows: []rules.Row{
				{At: at, Milestone: rules.InTransit, Location: "Chicago", Description: "Departed facility", Source: rules.FromCarrier},
			}},
		})
		if err != nil {
			return err
		}
		template.Write(append(raw, '\n'))
	}
	for i := range orders {
		if _, err := w.Write(bytes.ReplaceAll(template.Bytes(), []byte(name), fmt.Appendf(nil, "%09d", i))); err != nil {
			return err
		}
	}
	return nil
}

// inboxRate sends batches of 100 events of orders that nobody has paid, so that what is
// measured is the taking in, not what follows.
func inboxRate(ctx context.Context, env Env) ([]Figure, error) {
	const batches, size = 50, 100
	serial := time.Now().UnixNano()
	rate, err := median(func() (float64, error) {
		start := time.Now()
		for range batches {
			batch := make([]json.RawMessage, size)
			for i := range size {
				serial++
				at := env.Clock.Virtual(time.Now())
				raw, err := protocol.EncodeEvent(rules.Event{
					Source: "bench", ID: fmt.Sprint(serial), Type: rules.TypeAddressChanged,
					Store: demo.Store, Order: fmt.Sprint("inbox-", serial), Time: at,
					Data: &rules.AddressChanged{When: at, AddressHash: "5f2b"},
				})
				if err != nil {
					return 0, err
				}
				batch[i] = json.RawMessage(raw)
			}
			if err := Post(ctx, env.API, batch); err != nil {
				return 0, err
			}
		}
		return batches * size / time.Since(start).Seconds(), nil
	})
	return []Figure{{"inbox_events_per_second", rate, "events/s", 1000, more}}, err
}

// median is the middle of several rounds after one to warm up.
func median(round func() (float64, error)) (float64, error) {
	var rates []float64
	for i := range rounds + 1 {
		rate, err := round()
		if err != nil {
			return 0, err
		}
		if i > 0 {
			rates = append(rates, rate)
		}
	}
	slices.Sort(rates)
	return rates[len(rates)/2], nil
}
