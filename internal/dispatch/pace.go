package dispatch

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// Pace is how fast facts must come to their orders: from when they could be read (they are in
// the inbox) to their workflow knowing them, or to their being judged not to matter yet. Real
// time. The zero value takes the defaults.
type Pace struct {
	OrderWithin time.Duration // of an order's own events; default 10 s (rules.md section 6)
	ScanWithin  time.Duration // of a carrier's; default 1 min
	// LatePercent is the share of late or failed hand-overs in five minutes above which people
	// are alerted, once an hour and store; default 5.
	LatePercent int
	// Alert tells people; nil: the log alone hears it.
	Alert func(context.Context, protocol.Notice) error
}

// The windows of the watch over the pace. A rise is told within two turns: a minute, far
// below the ten that are allowed.
const (
	paceWindow = 5 * time.Minute
	paceTurn   = 30 * time.Second
	paceAgain  = time.Hour
	paceFew    = 20 // fewer hand-overs make no rate
)

// arrival is a fact on its way.
type arrival struct {
	kind     rules.EventType
	source   string
	received time.Time
}

// pace measures how fast facts come to their orders, and watches the rate of those that are
// late or fail.
type pace struct {
	Pace
	log    *slog.Logger
	orders metric.Float64Histogram // seconds
	scans  metric.Float64Histogram

	mu     sync.Mutex
	stores map[string]*tally
}

// tally is the hand-overs of one store, the newest last.
type tally struct {
	done []handed
	told time.Time
}

type handed struct {
	at  time.Time
	bad bool // late, or failed
}

func newPace(p Pace, log *slog.Logger) *pace {
	p.OrderWithin = cmp.Or(p.OrderWithin, 10*time.Second)
	p.ScanWithin = cmp.Or(p.ScanWithin, time.Minute)
	p.LatePercent = cmp.Or(p.LatePercent, 5)
	w := &pace{Pace: p, log: log, stores: map[string]*tally{}}
	meter := otel.Meter("parcelward/dispatch")
	bounds := metric.WithExplicitBucketBoundaries(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
	var err error
	if w.orders, err = meter.Float64Histogram("parcelward.order.delay", metric.WithUnit("s"), bounds,
		metric.WithDescription("from an order's event in the inbox to its workflow")); err != nil {
		log.Error("no measure of orders' delay", "error", err)
	}
	if w.scans, err = meter.Float64Histogram("parcelward.scan.delay", metric.WithUnit("s"), bounds,
		metric.WithDescription("from a carrier's event in the inbox to its order")); err != nil {
		log.Error("no measure of scans' delay", "error", err)
	}
	return w
}

// handed notes that news of a store came to their order.
func (p *pace) handed(ctx context.Context, store string, news []arrival, now time.Time) {
	for _, n := range news {
		if n.received.IsZero() {
			continue
		}
		took, within, histogram := max(now.Sub(n.received), 0), p.OrderWithin, p.orders
		if n.kind.OfParcel() {
			within, histogram = p.ScanWithin, p.scans
		}
		histogram.Record(ctx, took.Seconds(), metric.WithAttributes(attribute.String("store", store), attribute.String("source", sourceClass(n.source))))
		p.note(store, handed{now, took > within})
	}
}

// failed notes that a hand-over did not succeed.
func (p *pace) failed(store string) { p.note(store, handed{time.Now(), true}) }

func (p *pace) note(store string, h handed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.stores[store]
	if t == nil {
		t = &tally{}
		p.stores[store] = t
	}
	const most = 10_000 // of a busy store the latest are enough
	if len(t.done) >= most {
		t.done = slices.Delete(t.done, 0, most/2)
	}
	t.done = append(t.done, h)
}

// watch looks at the rates until ctx ends.
func (p *pace) watch(ctx context.Context) {
	tick := time.NewTicker(paceTurn)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for _, notice := range p.alarms(now) {
				p.tell(ctx, notice)
			}
		}
	}
}

// alarms are the stores whose rate has risen, and that were not told of within the hour.
func (p *pace) alarms(now time.Time) []protocol.Notice {
	p.mu.Lock()
	defer p.mu.Unlock()
	var notices []protocol.Notice
	for _, store := range slices.Sorted(maps.Keys(p.stores)) {
		t := p.stores[store]
		t.done = slices.DeleteFunc(t.done, func(h handed) bool { return now.Sub(h.at) > paceWindow })
		bad := 0
		for _, h := range t.done {
			if h.bad {
				bad++
			}
		}
		switch {
		case len(t.done) == 0 && now.Sub(t.told) > paceAgain:
			delete(p.stores, store)
		case len(t.done) < paceFew || bad*100 <= p.LatePercent*len(t.done) || now.Sub(t.told) < paceAgain:
		default:
			t.told = now
			text := wording.Late(bad, len(t.done), p.LatePercent)
			notices = append(notices, protocol.Notice{
				Key: fmt.Sprintf("pace/%s/%s", store, now.UTC().Truncate(paceAgain).Format(time.RFC3339)), Store: store, Kind: "delay", Manager: true, ZH: text.ZH, EN: text.EN,
			})
		}
	}
	return notices
}

func (p *pace) tell(ctx context.Context, n protocol.Notice) {
	p.log.Error("facts come late to their orders", "store", n.Store, "zh", n.ZH, "en", n.EN)
	if p.Alert == nil {
		return
	}
	if err := p.Alert(ctx, n); err != nil {
		p.log.Error("alert not told", "store", n.Store, "error", err)
	}
}

// sourceClass keeps the number of time series small: the beginning of an event's source.
func sourceClass(source string) string {
	parts := strings.SplitN(strings.TrimPrefix(source, "/"), "/", 4)
	if parts[0] == "parcelward" && len(parts) > 2 {
		return strings.Join(parts[:min(len(parts), 3)], "/") // parcelward/trace/17track
	}
	return parts[0]
}
