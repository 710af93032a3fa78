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

// Knowledge is what who knows of an order.
type Knowledge struct {
	All  *rules.Facts
	Told *rules.Facts // what the Order workflow was given
}

// known are the facts of one order.
type known struct {
	Knowledge
	news       []arrival       // facts that the dispatcher had not judged before
	rows       []postgres.Fact // by position
	ofOrder    []ofOrder       // of the news, those that are not about a parcel on its way
	created    *rules.Event    // the order.created that counts; nil: none
	claims     []rules.Event   // filings, decisions, appeals and payments
	tickets    []ticketFact    // that the dispatcher had not judged before
	settling   []settlingFact  // of the news, those that can settle tickets
	unreadable error           // of a fact that this program cannot read; it is left out
}

// ofOrder is a fact with its source.
type ofOrder struct {
	postgres.Fact
	source string
}

// read sorts out the facts of o.
func read(o *postgres.Order, rows []postgres.Fact) *known {
	none := func() *rules.Facts { return rules.NewFacts(o.Store, o.Order) }
	k := &known{rows: rows, Knowledge: Knowledge{All: none(), Told: none()}}
	for _, row := range rows {
		e, err := protocol.DecodeEvent([]byte(row.Raw))
		if err != nil {
			k.unreadable = fmt.Errorf("fact %d: %w", row.Position, err)
			continue
		}
		k.All.Add(e)
		if row.Position > o.Seen {
			k.news = append(k.news, arrival{e.Type, e.Source, row.ReceivedAt})
			if !e.Type.OfParcel() {
				k.ofOrder = append(k.ofOrder, ofOrder{row, e.Source})
			}
			if d, ok := e.Data.(*rules.Ticket); ok {
				k.tickets = append(k.tickets, ticketFact{d, row})
			}
			if slices.ContainsFunc(rules.TicketTopics(), func(t rules.TicketTopic) bool { return t.SettledBy(e.Type) }) {
				k.settling = append(k.settling, settlingFact{e.Type, row})
			}
		}
		if row.Position <= o.Handed {
			k.Told.Add(e)
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

// Known returns an order with what is known of it, or postgres.ErrNotFound. What was told and
// all there is differ by facts that change nothing yet, and by those that wait.
func Known(ctx context.Context, db *postgres.DB, store, order string) (postgres.Order, Knowledge, error) {
	o, err := db.Order(ctx, store, order)
	if err != nil {
		return o, Knowledge{}, err
	}
	rows, err := db.Facts(ctx, &o)
	if err != nil {
		return o, Knowledge{}, err
	}
	k := read(&o, rows)
	return o, k.Knowledge, k.unreadable
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
		if err := d.tellTickets(ctx, o, k); err != nil {
			return false, err
		}
		return d.db.SaveHanding(ctx, o, h)
	}
	rs, err := d.rules.For(k.All, o.Policy) // pinned at first sight
	if err != nil {
		return false, err
	}
	now := d.clock.Virtual(time.Now())
	if now.Before(o.JudgedAt) {
		now = o.JudgedAt
	}
	plan := rules.PlanOrder(k.All, rs, now)
	if mustTell(o, k, rs, now) {
		if h.RunID, err = d.tell(ctx, o, k, rs, plan); err != nil {
			return false, err
		}
		h.Told = true
	}
	if h.ShipmentsEnded, err = d.tellShipments(ctx, o, k); err != nil {
		return false, err
	}
	if err := d.tellTickets(ctx, o, k); err != nil { // last: no order waits for its tickets
		return false, err
	}
	d.view(h, k, rs, plan, now)
	settled, err := d.db.SaveHanding(ctx, o, h)
	if settled {
		d.pace.handed(ctx, o.Store, k.news, time.Now())
	}
	return settled, err
}

// mustTell tells whether the order's workflow must hear of facts, or be started. What waits
// is told by the facts that were read: some may have come in since the order was claimed.
func mustTell(o *postgres.Order, k *known, rs rules.Ruleset, now time.Time) bool {
	switch {
	case !o.Started:
		return rules.MustStart(k.All, rs, now)
	case k.upto() > o.Seen:
		return rules.MustTell(k.Told, k.All, rs, now)
	case k.upto() > o.Handed:
		// Only time has passed. A running workflow wakes by itself; one whose story was over
		// does not, and a fact that lay ahead may go on with it.
		return rules.PlanOrder(k.Told, rs, now).End != "" && rules.MustTell(k.Told, k.All, rs, now)
	}
	return false
}
