package backtest

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"parcelward/internal/rules"
	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/policy"
)

// platform is whose policy packs orders are judged by.
const platform = "aliexpress"

// judge says what the rules say. It is safe for concurrent use.
type judge struct {
	asOf   time.Time
	book   *policy.Book
	only   *policy.Pack // replaces the book; nil: by the day of the order
	days   *calendar.Calendar
	hasher hasher
}

// judged is a group's verdict and what else it concerns.
type judged struct {
	verdict *verdict
	span    span
	order   key
	numbers []key // tracking numbers that it speaks of
	named   []key // further orders that its recordings name
}

// group judges the events of one group as if there were no others.
func (j *judge) group(g *group) (*judged, error) {
	facts := rules.NewFacts(g.store, g.order)
	out := &judged{span: g.span, order: j.hasher.order(g.store, g.order)}
	last := ""
	for i := range g.events {
		e := &g.events[i]
		facts.Add(*e)
		if n := numberOf(e); n != "" {
			out.touch(j.hasher, e, n, n == last)
			last = n
		}
	}
	var err error
	out.verdict, err = j.assess(facts)
	return out, err
}

// touch notes the tracking number that e speaks of, unless the event before did too, and the
// further orders that e names.
func (j *judged) touch(h hasher, e *rules.Event, number string, noted bool) {
	if !noted {
		if k := h.number(e.Store, number); !slices.Contains(j.numbers, k) {
			j.numbers = append(j.numbers, k)
		}
	}
	if s, ok := e.Data.(*rules.ShipmentRecorded); ok {
		for _, id := range s.OrderIDs {
			j.named = append(j.named, h.order(e.Store, id))
		}
	}
}

// numberOf is the tracking number that e records or that e's fact belongs to.
func numberOf(e *rules.Event) string {
	switch d := e.Data.(type) {
	case *rules.ShipmentRecorded:
		return d.TrackingNumber
	case *rules.TrackingUpdated:
		return d.TrackingNumber
	case *rules.ParcelFact:
		return d.TrackingNumber
	}
	return ""
}

// assess judges all facts of an order.
func (j *judge) assess(f *rules.Facts) (*verdict, error) {
	v := &verdict{store: f.Store, order: f.Order}
	created, ok := f.CreatedAt()
	if !ok {
		return v, nil
	}
	pack := j.only
	if pack == nil {
		pack = j.book.InForce(platform, created)
	}
	a, ok := rules.Assess(f, rules.Ruleset{Pack: pack, Calendar: j.days}, j.asOf)
	if !ok {
		return v, nil
	}
	v.fate = fateOf(&a, pack.Location())
	var err error
	if v.line, err = json.Marshal(&a); err != nil { //nolint:musttag // money and times write themselves
		return nil, fmt.Errorf("write the assessment of order %s/%s: %w", f.Store, f.Order, err)
	}
	return v, nil
}

// assessment reads back what was judged.
func (v *verdict) assessment() (rules.Assessment, error) {
	var a rules.Assessment
	if err := json.Unmarshal(v.line, &a); err != nil { //nolint:musttag // money and times read themselves
		return a, fmt.Errorf("read back the assessment of order %s/%s: %w", v.store, v.order, err)
	}
	return a, nil
}
