// Package world holds parcels with a fate. The twins of the services show them, each in its
// own shapes: what has happened by now on the accelerated clock, never what is to come.
package world

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/tracknum"
)

// Parcel is a parcel and all that will have happened to it.
type Parcel struct {
	Number  string      // normalised
	Also    string      // the last mile's number, normalised; may be empty
	Carrier string      // as orders name it, such as CAINIAO; empty fits any
	Country string      // of destination, ISO 3166-1 alpha-2; may be empty
	Rows    []rules.Row // each is seen from its At on
}

// World is safe for concurrent use.
type World struct {
	clock protocol.Clock

	mu      sync.Mutex
	parcels map[string]*Parcel
	also    map[string]string // numbers by the further ones of their parcels
	changed chan struct{}     // closed when parcels are added
}

// New makes a world without parcels; the zero clock is real time.
func New(clock protocol.Clock) *World {
	return &World{clock: clock, parcels: map[string]*Parcel{}, also: map[string]string{}, changed: make(chan struct{})}
}

// Now is virtual time.
func (w *World) Now() time.Time { return w.clock.Virtual(time.Now()) }

// Clock is the world's clock.
func (w *World) Clock() protocol.Clock { return w.clock }

// Add adds parcels; rows of a known one are added to its own, and what is empty stays as it was.
func (w *World) Add(parcels ...Parcel) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range parcels {
		p.Number, p.Also = tracknum.Normalize(p.Number), tracknum.Normalize(p.Also)
		rows := slices.Clone(p.Rows)
		if known := w.parcels[p.Number]; known != nil {
			rows = append(slices.Clone(known.Rows), rows...)
			p.Also, p.Carrier, p.Country = cmp.Or(p.Also, known.Also), cmp.Or(p.Carrier, known.Carrier), cmp.Or(p.Country, known.Country)
		}
		slices.SortStableFunc(rows, func(a, b rules.Row) int { return a.At.Compare(b.At) })
		p.Rows = rows
		w.parcels[p.Number] = &p
		if p.Also != "" {
			w.also[p.Also] = p.Number
		}
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// Parcel is a parcel with the rows up to now; either of its numbers finds it.
func (w *World) Parcel(number string) (Parcel, bool) {
	p, _, ok := w.look(number)
	return p, ok
}

func (w *World) look(number string) (p Parcel, next time.Time, ok bool) {
	now := w.Now()
	number = tracknum.Normalize(number)
	w.mu.Lock()
	defer w.mu.Unlock()
	known := w.parcels[number]
	if known == nil {
		known = w.parcels[w.also[number]]
	}
	if known == nil {
		return Parcel{}, time.Time{}, false
	}
	p = *known
	n := 0
	for n < len(p.Rows) && !p.Rows[n].At.After(now) {
		n++
	}
	if n < len(p.Rows) {
		next = p.Rows[n].At
	}
	p.Rows = slices.Clone(p.Rows[:n])
	return p, next, true
}

// Follow calls seen with the parcel whenever rows of it have come to pass, from those that
// have by now, until ctx ends.
func (w *World) Follow(ctx context.Context, number string, seen func(Parcel)) {
	told := 0
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		p, next, _ := w.look(number)
		if len(p.Rows) > told {
			told = len(p.Rows)
			seen(p)
			continue
		}
		var ring <-chan time.Time
		var timer *time.Timer
		if !next.IsZero() {
			timer = time.NewTimer(w.clock.Real(next.Sub(w.Now())) + time.Millisecond)
			ring = timer.C
		}
		select {
		case <-ring:
		case <-changed:
		case <-ctx.Done():
		}
		if timer != nil {
			timer.Stop()
		}
		if ctx.Err() != nil {
			return
		}
	}
}
