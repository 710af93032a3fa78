package dispatch

import (
	"context"
	"log/slog"
	"time"

	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// Hand is the work on one order.
func (d *Dispatcher) Hand(ctx context.Context, o *postgres.Order) (bool, error) {
	return d.hand(ctx, o)
}

// Claim takes the next orders.
func (d *Dispatcher) Claim(ctx context.Context, most int) ([]postgres.Order, error) {
	return d.claim(ctx, most)
}

// Watch is the watch over the pace of hand-overs, with its clock in the test's hands.
type Watch struct{ p *pace }

// NewWatch makes one.
func NewWatch(p Pace) Watch { return Watch{newPace(p, slog.New(slog.DiscardHandler))} }

// Handed notes a hand-over that took so long.
func (w Watch) Handed(store string, kind rules.EventType, took time.Duration, now time.Time) {
	w.p.handed(context.Background(), store, []arrival{{kind, "/carrier", now.Add(-took)}}, now)
}

// Failed notes one that failed now.
func (w Watch) Failed(store string) { w.p.failed(store) }

// Alarms are who is to be alerted at a time.
func (w Watch) Alarms(now time.Time) []protocol.Notice { return w.p.alarms(now) }

// SourceClass is how an event's source is named in measures.
func SourceClass(source string) string { return sourceClass(source) }
