package workflows

import (
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
)

// changeTickets: a claim opens the ticket that it calls for by itself, and tells of money that
// differs.
const changeTickets = "tickets"

// triesTicket is how often a ticket is tried again where nothing else keeps the story.
const triesTicket = 6

// openTicket opens the ticket that the case calls for, once: the platform is late, or its money
// differs. The ticket is a story of its own.
func (c *claim) openTicket(ctx workflow.Context) error {
	t := c.plan.Ticket
	if t == nil {
		return nil
	}
	step := "ticket/" + string(t.Topic) + "/" + t.Mark
	if contains(c.tried, step) || !c.since(ctx, changeTickets) {
		return nil
	}
	serial := c.plan.ClaimID
	if t.Mark != "" {
		serial = t.Mark + "-" + serial
	}
	err := openTicket(ctx, protocol.TicketInput{
		Store: c.in.Store, Order: c.in.Order, Topic: t.Topic, Serial: protocol.TicketSerial(serial), About: c.plan.ClaimID,
		Number: c.in.Case.TrackingNumber, Amount: t.Amount, Since: t.Since, Opened: c.now(ctx),
		Policy: c.in.Policy, Calendar: c.rev, Clock: c.clock,
	})
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		c.log.Error("no ticket could be opened; it is tried again later, and a person hears of it by the notice", "topic", t.Topic, "error", err)
		c.again = earliest(c.again, c.now(ctx).Add(retryTicket<<min(c.unopened, 4)))
		c.unopened++
	} else {
		c.tried, c.unopened = append(c.tried, step), 0
	}
	return c.takeIn(ctx, true) // much may have come during the call
}

// ends tells whether a story that is over may end: a ticket that could not be opened yet is worth
// some more hours.
func (c *claim) ends(ctx workflow.Context) (bool, error) {
	if waiting(ctx) {
		return false, nil
	}
	if c.again.IsZero() || c.unopened > triesTicket {
		return true, nil
	}
	_, err := workflow.AwaitWithTimeout(ctx, c.clock.Real(c.again.Sub(c.now(ctx))), func() bool { return waiting(ctx) })
	return false, err
}
