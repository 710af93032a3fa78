package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"parcelward/internal/demo"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/world"
)

// swept is how many numbers are swept.
const swept = 100_000

// sweepNews is of how many numbers one has news: a parcel with ten scans in twenty days that is
// asked about twice a day has some at every fourth time.
const sweepNews = 5

// sweepRate has every number asked about once: five scans each, which are news of one in
// sweepNews. The worker's memory must not grow with the numbers.
func sweepRate(ctx context.Context, env Env) ([]Figure, error) {
	now := env.Clock.Virtual(time.Now())
	parcels := make([]world.Parcel, swept+1) // all say the same, the last one first
	for i := range parcels {
		parcels[i] = world.Parcel{Number: fmt.Sprintf("PWSWEEP%07d", i), Carrier: sweepCarrier, Rows: make([]rules.Row, 5)}
		for j := range parcels[i].Rows {
			parcels[i].Rows[j] = rules.Row{
				At: now.Add(time.Duration(j-10) * 12 * time.Hour).Truncate(time.Second), Milestone: rules.InTransit,
				Location: "Chicago, US", Description: "Departed facility", Source: rules.FromCarrier,
			}
		}
	}
	env.World.Add(parcels...)
	db, err := pgx.Connect(ctx, env.Database)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	defer db.Close(ctx) //nolint:errcheck // its work is done
	number := func(from, to int) error {
		_, err := db.Exec(ctx, `INSERT INTO tracked (store, tracking_number, order_no, carrier, service_code, plan, next_poll_at, answer_hash)
			SELECT $1, 'PWSWEEP' || lpad(i::text, 7, '0'), 'sweep-' || i, $2, 'YANWEN_ECONOMY', '[]', $3,
				CASE WHEN i % $4 > 0 THEN (SELECT answer_hash FROM tracked WHERE store = $1 AND tracking_number = $5) END
			FROM generate_series($6::integer, $7::integer) i`,
			demo.Store, sweepCarrier, now, sweepNews, parcels[swept].Number, from, to)
		return err
	}
	if err := number(swept, swept); err != nil {
		return nil, fmt.Errorf("number a parcel: %w", err)
	}
	if _, err := sweptAll(ctx, env, db); err != nil {
		return nil, err
	}
	before := memory(env.WorkerPID)
	start := time.Now()
	if err := number(0, swept-1); err != nil {
		return nil, fmt.Errorf("number parcels: %w", err)
	}
	most, err := sweptAll(ctx, env, db)
	took := time.Since(start).Seconds()
	return []Figure{
		{"sweep_numbers_per_second", swept / took, "numbers/s", 2000, more},
		{"sweep_worker_growth", float64(most-before) / (1 << 20), "MB", 128, less},
	}, err
}

// sweptAll waits until nothing is due and tells the most memory that the worker had meanwhile.
func sweptAll(ctx context.Context, env Env, db *pgx.Conn) (most int64, err error) {
	for due := true; due; {
		select {
		case <-ctx.Done():
			return most, ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
		most = max(most, memory(env.WorkerPID))
		err := db.QueryRow(ctx, "SELECT EXISTS (SELECT FROM tracked WHERE carrier = $1 AND next_poll_at IS NOT NULL)", sweepCarrier).Scan(&due)
		if err != nil {
			return most, fmt.Errorf("look for parcels due: %w", err)
		}
	}
	return most, nil
}

// sweepCarrier is a carrier that no other measurement uses.
const sweepCarrier = "BENCH"

// memory is the resident memory of a process in bytes; 0 where the system does not tell.
func memory(pid int) int64 {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmRSS:" {
			kb, _ := strconv.ParseInt(fields[1], 10, 64) // the kernel writes numbers
			return kb << 10
		}
	}
	return 0
}

// Pushes are made by so many senders at once.
const pushers = 16

// webhookRate pushes as 17TRACK does, each time one scan more of a parcel that an order has
// recorded: as fast as can be, and then at half the rate that is asked for.
func webhookRate(ctx context.Context, env Env) ([]Figure, error) {
	const rate = 500
	db, err := pgx.Connect(ctx, env.Database)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	defer db.Close(ctx) //nolint:errcheck // its work is done
	_, err = db.Exec(ctx, `INSERT INTO tracked (store, tracking_number, order_no, carrier, service_code)
		SELECT $1, 'PWPUSH' || lpad(i::text, 7, '0'), 'push-' || i, $2, 'YANWEN_ECONOMY' FROM generate_series(0, $3 - 1) i ON CONFLICT DO NOTHING`,
		demo.Store, sweepCarrier, pushed)
	if err != nil {
		return nil, fmt.Errorf("number parcels: %w", err)
	}
	p := &pushing{env: env, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: pushers}}}
	defer p.client.CloseIdleConnections()
	if _, err := p.run(ctx, 500, 0); err != nil { // to warm up
		return nil, err
	}
	const most = 5000
	start := time.Now()
	if _, err := p.run(ctx, most, 0); err != nil {
		return nil, err
	}
	full := most / time.Since(start).Seconds()
	took, err := p.run(ctx, rate/2*10, time.Second*2/rate)
	if err != nil {
		return nil, err
	}
	slices.Sort(took)
	at := func(percent int) float64 { return float64(took[len(took)*percent/100].Microseconds()) / 1000 }
	return []Figure{
		{"webhook_pushes_per_second", full, "pushes/s", rate, more},
		{"webhook_median", at(50), "ms", 50, less},
		{"webhook_p99", at(99), "ms", 250, less},
	}, nil
}

// pushed is how many parcels are pushed about in turn.
const pushed = 2000

type pushing struct {
	env    Env
	client *http.Client
	serial atomic.Int64
}

// run makes n pushes, one every so often (0: as fast as can be), and tells how long each took.
func (p *pushing) run(ctx context.Context, n int, every time.Duration) ([]time.Duration, error) {
	var mu sync.Mutex
	took := make([]time.Duration, 0, n)
	due := make(chan struct{}, n)
	go func() {
		defer close(due)
		start := time.Now()
		for i := range n {
			if wait := time.Until(start.Add(time.Duration(i) * every)); wait > 0 {
				time.Sleep(wait)
			}
			due <- struct{}{}
		}
	}()
	senders, ctx := errgroup.WithContext(ctx)
	for range pushers {
		senders.Go(func() error {
			for range due {
				start := time.Now()
				if err := p.push(ctx, p.serial.Add(1)); err != nil {
					return err
				}
				mu.Lock()
				took = append(took, time.Since(start))
				mu.Unlock()
			}
			return nil
		})
	}
	return took, senders.Wait()
}

// push pushes the trace of a parcel with one scan more than the last time.
func (p *pushing) push(ctx context.Context, serial int64) error {
	born := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	var events []string
	for i := range serial/pushed + 1 {
		at := born.Add(time.Duration(i) * time.Hour)
		events = append(events, fmt.Sprintf(`{"time_iso":%q,"time_utc":%q,"description":"Departed facility","location":"CHICAGO, US","stage":null,"sub_status":"InTransit_Other"}`,
			at.Format(time.RFC3339), at.Format(time.RFC3339)))
	}
	slices.Reverse(events)
	body := fmt.Sprintf(`{"event":"TRACKING_UPDATED","data":{"number":"PWPUSH%07d","carrier":190012,"tag":"","track_info":{"latest_status":{"status":"InTransit","sub_status":"InTransit_Other"},"tracking":{"providers":[{"provider":{"key":190012,"name":"YANWEN"},"events":[%s]}]}}}}`,
		serial%pushed, strings.Join(events, ","))
	sum := sha256.Sum256([]byte(body + "/" + p.env.PushKey))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.env.API+"/v1/hooks/17track", bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	r.Header.Set("Sign", hex.EncodeToString(sum[:]))
	resp, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("push not taken: %s", resp.Status)
	}
	return nil
}
