package dispatch

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"

	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// ticketFact is a filing or an answer of a ticket, with its place in the inbox.
type ticketFact struct {
	data *rules.Ticket
	row  postgres.Fact
}

// settlingFact is a fact of a claim or a complaint that can settle tickets about it.
type settlingFact struct {
	what rules.EventType
	row  postgres.Fact
}

// tellTickets hands facts about tickets to the stories that they are about, which no order hears
// for them: once each, or again where the settling fails, which changes nothing there. Only a
// ticket of the same order is told. One that does not run is no error: it has ended, or reads the
// inbox when it starts.
func (d *Dispatcher) tellTickets(ctx context.Context, o *postgres.Order, k *known) error {
	for _, t := range k.tickets {
		id := k.All.TicketAbout(t.data)
		store, order, _, _, ok := protocol.ParseTicketID(id)
		if !ok || store != o.Store || order != o.Order {
			continue
		}
		err := d.signal(ctx, id, parts([]postgres.Fact{t.row}))
		if _, gone := errors.AsType[*serviceerror.NotFound](err); err != nil && !gone && !d.unheard(err, id) {
			return err
		}
	}
	return d.settleTickets(ctx, o, k)
}

// unheard tells whether a ticket refuses to be told, such as one with too many signals. It finds the
// facts in the inbox at its next look, and nothing else must wait for it.
func (d *Dispatcher) unheard(err error, id string) bool {
	_, refused := errors.AsType[*serviceerror.InvalidArgument](err)
	if refused {
		d.log.Error("a ticket cannot be told; it reads the inbox at its next look", "workflow", id, "error", err)
	}
	return refused
}

// settleTickets hands what can settle them to the order's tickets, which would find it in the inbox
// a day later. Which tickets there are is asked after the facts were read: one that is not listed
// yet has not looked into the inbox, and finds them there.
func (d *Dispatcher) settleTickets(ctx context.Context, o *postgres.Order, k *known) error {
	if len(k.settling) == 0 {
		return nil
	}
	open, err := d.db.OpenTickets(ctx, o)
	if err != nil {
		return err
	}
	for _, id := range open {
		_, _, topic, _, _ := protocol.ParseTicketID(id)
		var facts []postgres.Fact
		for _, f := range k.settling {
			if topic.SettledBy(f.what) {
				facts = append(facts, f.row)
			}
		}
		err := d.signal(ctx, id, parts(facts))
		if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
			err = d.db.DropTicket(ctx, o, id)
		}
		if err != nil && !d.unheard(err, id) {
			return err
		}
	}
	return nil
}
