package dispatch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// platform whose policy packs orders are judged by.
const platform = "aliexpress"

// known are the facts of one order.
type known struct {
	rows          []postgres.Fact // by position
	all, believed *rules.Facts    // believed: handed to the workflow
	created       *rules.Event    // the order.created that counts; nil: none
	claims        []rules.Event   // filings, decisions, appeals and payments
	unreadable    error           // of a fact that this program cannot read; it is left out
}

// read sorts out the facts of o.
func read(o *postgres.Order, rows []postgres.Fact) *known {
	k := &known{rows: rows, all: rules.NewFacts(o.Store, o.Order), believed: rules.NewFacts(o.Store, o.Order)}
	for _, row := range rows {
		e, err := protocol.DecodeEvent([]byte(row.Raw))
		if err != nil {
			k.unreadable = fmt.Errorf("fact %d: %w", row.Position, err)
			continue
		}
		k.all.Add(e)
		if row.Position <= o.Handed {
			k.believed.Add(e)
		}
		switch e.Data.(type) {
		case *rules.ClaimFiled, *rules.ClaimDecided, *rules.ClaimFact:
			k.claims = append(k.claims, e)
		}
		if e.Type == rules.TypeOrderCreated && (k.created == nil || earlier(&e, k.created)) {
			k.created = &e
		}
	}
	return k
}

// earlier is the rank of two events of one type: by event time, source, ID.
func earlier(a, b *rules.Event) bool {
	if c := a.Time.Compare(b.Time); c != 0 {
		return c < 0
	}
	return a.Source < b.Source || a.Source == b.Source && a.ID < b.ID
}

// upto is the position of the last fact.
func (k *known) upto() int64 {
	if len(k.rows) == 0 {
		return 0
	}
	return k.rows[len(k.rows)-1].Position
}

// behind are the facts above a position.
func (k *known) behind(position int64) []postgres.Fact {
	i := slices.IndexFunc(k.rows, func(f postgres.Fact) bool { return f.Position > position })
	if i < 0 {
		return nil
	}
	return k.rows[i:]
}

// Believed returns the facts of an order that its workflow has been given, and all of them,
// or postgres.ErrNotFound. They differ by facts that change nothing yet, and by those that wait.
func Believed(ctx context.Context, db *postgres.DB, store, order string) (believed, all *rules.Facts, o postgres.Order, err error) {
	o, err = db.Order(ctx, store, order)
	if err != nil {
		return nil, nil, o, err
	}
	rows, err := db.Facts(ctx, &o)
	if err != nil {
		return nil, nil, o, err
	}
	k := read(&o, rows)
	return k.believed, k.all, o, k.unreadable
}

// hand judges a claimed order, tells its workflow if it must, and settles it. It reports
// false when a workflow loaded facts meanwhile, so that it must be judged again.
func (d *Dispatcher) hand(ctx context.Context, o *postgres.Order) (bool, error) {
	rows, err := d.db.Facts(ctx, o)
	if err != nil {
		return false, err
	}
	k := read(o, rows)
	if k.unreadable != nil {
		d.log.Error("unreadable fact left out", "store", o.Store, "order", o.Order, "error", k.unreadable)
	}
	h := &postgres.Handing{Upto: k.upto(), View: o.View}
	if k.created == nil { // nothing to judge, by no pack
		h.View.RecheckAt = time.Time{}
		return d.db.SaveHanding(ctx, o, h)
	}
	rs, err := d.ruleset(o, k)
	if err != nil {
		return false, err
	}
	now := d.clock.Virtual(time.Now())
	if now.Before(o.JudgedAt) {
		now = o.JudgedAt
	}
	plan := rules.PlanOrder(k.all, rs, now)
	if mustTell(o, k, rs, now) {
		if h.RunID, err = d.tell(ctx, o, k, rs, plan); err != nil {
			return false, err
		}
		h.Told = true
	}
	d.view(h, k, rs, plan, now)
	return d.db.SaveHanding(ctx, o, h)
}

// ruleset is what the order is judged by: the pack to which it was pinned at first sight.
func (d *Dispatcher) ruleset(o *postgres.Order, k *known) (rules.Ruleset, error) {
	if o.Policy == "" {
		return rules.Ruleset{Pack: d.book.InForce(platform, k.created.Data.At()), Calendar: d.calendar}, nil
	}
	pack, ok := d.book.ByID(o.Policy)
	if !ok {
		return rules.Ruleset{}, fmt.Errorf("policy pack %s, to which the order is pinned, is not loaded: add its file to this process's packs", o.Policy)
	}
	return rules.Ruleset{Pack: pack, Calendar: d.calendar}, nil
}

// mustTell tells whether the order's workflow must hear of facts, or be started.
func mustTell(o *postgres.Order, k *known, rs rules.Ruleset, now time.Time) bool {
	switch {
	case !o.Started:
		return rules.MustStart(k.all, rs, now)
	case o.Waiting():
		return rules.MustTell(k.believed, k.all, rs, now)
	case o.Latest > o.Handed:
		// Only time has passed. A running workflow wakes by itself; one whose story was over
		// does not, and a fact that lay ahead may go on with it.
		return rules.PlanOrder(k.believed, rs, now).End != "" && rules.MustTell(k.believed, k.all, rs, now)
	}
	return false
}
