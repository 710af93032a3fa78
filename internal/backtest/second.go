package backtest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// name is an order or a tracking number of a store.
type name struct{ store, id string }

// second judges again the orders whose events lie at more than one place of the input. It
// holds where those places are, and the facts of shared parcels.
type second struct {
	judge *judge
	in    *source

	places  map[key][]span         // of the orders to judge again
	numbers map[key]*places        // of the suspected tracking numbers
	naming  []span                 // groups with a recording that names further orders
	facts   map[name][]rules.Event // of shared parcels, by number
	named   map[name][]rules.Event // recordings that name the order
}

// places is where a tracking number is spoken of, and whether by several orders.
type places struct {
	spans  []span
	order  key
	shared bool
}

func newSecond(j *judge, in *source) *second {
	return &second{
		judge: j, in: in,
		places: make(map[key][]span), numbers: make(map[key]*places),
		facts: make(map[name][]rules.Event), named: make(map[name][]rules.Event),
	}
}

// hold notes where an entry lies.
func (s *second) hold(x *index, e entry) error {
	s.places[e.order] = append(s.places[e.order], e.span)
	if len(e.named) > 0 {
		s.naming = append(s.naming, e.span)
	}
	for _, n := range e.numbers {
		if _, suspected := x.suspect[n]; !suspected {
			continue
		}
		p := s.numbers[n]
		if p == nil {
			p = &places{order: e.order}
			s.numbers[n] = p
		}
		p.spans = append(p.spans, e.span)
		p.shared = p.shared || p.order != e.order || len(e.named) > 0
	}
	return nil
}

// share reads what several orders must know of each other: the facts of shared parcels and
// the recordings that name further orders.
func (s *second) share() error {
	spans := slices.Clone(s.naming)
	for _, p := range s.numbers {
		if p.shared {
			spans = append(spans, p.spans...)
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return int(min(max(a.at-b.at, -1), 1)) })
	for _, at := range slices.Compact(spans) {
		events, err := s.read(at)
		if err != nil {
			return err
		}
		for _, e := range events {
			number := numberOf(&e)
			if e.Type.OfParcel() && s.numbers[s.judge.hasher.number(e.Store, number)].isShared() {
				s.facts[name{e.Store, number}] = append(s.facts[name{e.Store, number}], e)
			}
			if r, ok := e.Data.(*rules.ShipmentRecorded); ok {
				for _, id := range r.OrderIDs {
					s.named[name{e.Store, id}] = append(s.named[name{e.Store, id}], e)
				}
			}
		}
	}
	return nil
}

func (p *places) isShared() bool { return p != nil && p.shared }

// read decodes the events of known type at a place.
func (s *second) read(at span) ([]rules.Event, error) {
	data := make([]byte, at.end-at.at)
	if _, err := s.in.ReadAt(data, at.at); err != nil {
		return nil, fmt.Errorf("read the input again at byte %d (it must not change meanwhile): %w", at.at, noEOF(err))
	}
	number := 2
	if at.at == 0 {
		number = 1
	}
	var events []rules.Event
	for l := range lines(data, at.at, number) {
		if e, err := protocol.DecodeEvent(l.text); err == nil && e.Data != nil {
			events = append(events, e)
		}
	}
	return events, nil
}

// run judges again on all cores.
func (s *second) run(ctx context.Context, jobs int, add func(*verdict) error) error {
	if err := s.share(); err != nil {
		return err
	}
	var mu sync.Mutex
	tasks := make(chan key, jobs)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(tasks)
		for k := range s.places {
			select {
			case tasks <- k:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range jobs {
		g.Go(func() error {
			for k := range tasks {
				verdicts, err := s.order(k)
				if err != nil {
					return err
				}
				mu.Lock()
				for _, v := range verdicts {
					if err = add(v); err != nil {
						break
					}
				}
				mu.Unlock()
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// order judges the orders whose key is k: one, unless two keys are equal by chance.
func (s *second) order(k key) ([]*verdict, error) {
	own := make(map[name]*rules.Facts, 1)
	recorded := make(map[name][]string, 1)
	add := func(order name, e rules.Event) {
		own[order].Add(e)
		if r, ok := e.Data.(*rules.ShipmentRecorded); ok {
			recorded[order] = append(recorded[order], r.TrackingNumber)
		}
	}
	for _, at := range s.places[k] {
		events, err := s.read(at)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			order := name{e.Store, e.Order}
			if own[order] == nil {
				own[order] = rules.NewFacts(e.Store, e.Order)
			}
			add(order, e)
		}
	}
	verdicts := make([]*verdict, 0, len(own))
	for order, facts := range own {
		for _, e := range s.named[order] {
			add(order, e)
		}
		for _, number := range recorded[order] {
			for _, e := range s.facts[name{order.store, number}] {
				facts.Add(e)
			}
		}
		v, err := s.judge.assess(facts)
		if err != nil {
			return nil, err
		}
		v.second = true
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}
