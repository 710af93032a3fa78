package dispatch_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"parcelward/internal/protocol"
)

func ticketFiled(id, order, about string) string {
	return event(id, "ticket.filed", order, day0.Add(day), `{"ticket_id":"T-`+order+`","at":"$T","about":"`+about+`"}`)
}

// ids lists the event IDs that a workflow has heard.
func (s *server) told(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.ids[id]...)
}

// Facts about a ticket go to the story that they name, or whose filing had the number, numbered
// as in the inbox, once; the order's own story, which they do not change, hears nothing.
func TestTicketFactsReachTheirTicket(t *testing.T) {
	t.Parallel()
	const ticket = "ticket/shop/1/other"
	s := play(t, at(day0.Add(2*day)))
	s.server.set(func() { s.server.open[ticket] = "run" })
	s.accept(t, created("1"), paid("1"))
	s.settled(t)
	s.accept(t, ticketFiled("filed", "1", ticket))
	s.settled(t)
	s.accept(t, event("answered", "ticket.answered", "1", day0.Add(day+time.Hour), `{"ticket_id":"T-1","at":"$T","outcome":"solved"}`))
	s.settled(t)
	s.accept(t, event("later", "order.refunded", "1", day0.Add(day+2*time.Hour), `{"at":"$T"}`))
	s.settled(t)
	assert.Equal(t, []string{"filed", "answered"}, s.server.told(ticket))
	assert.Equal(t, []int64{3, 4}, s.server.heard[ticket])
	assert.Equal(t, []string{"created-1", "paid-1", "filed", "answered", "later"}, s.server.known("1"), "they ride along with what does change it")
	assert.Equal(t, 1, s.server.signals["order/shop/1"])
}

// A ticket that is over, or another order's, or no ticket at all, is no error and hears nothing.
func TestTicketFactsWithoutATicket(t *testing.T) {
	t.Parallel()
	s := play(t, at(day0.Add(2*day)))
	for id, about := range map[string]string{
		"over": "ticket/shop/1/question", "of another": "ticket/shop/2/other", "of another store": "ticket/mall/1/other", "no ticket": "order/shop/1", "no topic": "ticket/shop/1/fun",
		"garbage": "ticket/shop/1/other/../x", "none": "",
	} {
		if id != "over" {
			s.server.set(func() { s.server.open[about] = "run" })
		}
		s.accept(t, ticketFiled(id, "1", about))
	}
	s.settled(t)
	assert.Empty(t, s.server.signals)
	assert.NoError(t, s.Healthy())
}

// A ticket that refuses to be told holds up neither its order nor what comes after.
func TestTicketThatCannotBeTold(t *testing.T) {
	t.Parallel()
	const ticket = "ticket/shop/1/other"
	s := play(t, at(day0.Add(2*day)))
	s.server.set(func() {
		s.server.open[ticket] = "run"
		s.server.refuse[ticket] = serviceerror.NewInvalidArgument("too many signals")
	})
	s.accept(t, created("1"), paid("1"), ticketFiled("filed", "1", ticket))
	s.settled(t)
	s.accept(t, event("refunded", "order.refunded", "1", day0.Add(day), `{"at":"$T"}`))
	s.settled(t)
	assert.Empty(t, s.server.told(ticket))
	assert.ElementsMatch(t, []string{"created-1", "paid-1", "filed", "refunded"}, s.server.known("1"))
	assert.Positive(t, s.logs.containing("a ticket cannot be told"))
	assert.NoError(t, s.Healthy())
}

// While Temporal is away the facts wait, and come when it answers again.
func TestTicketFactsWaitForTemporal(t *testing.T) {
	t.Parallel()
	const ticket = "ticket/shop/1/other"
	s := play(t, at(day0.Add(2*day)))
	s.server.set(func() {
		s.server.open[ticket] = "run"
		s.server.refuse[ticket] = errors.New("a passing fault")
	})
	s.accept(t, created("1"), ticketFiled("filed", "1", ticket))
	require.Eventually(t, func() bool { return s.logs.containing("order not handed") > 0 }, 10*time.Second, 5*time.Millisecond)
	s.server.set(func() { s.server.refuse[ticket] = serviceerror.NewUnavailable("connection refused") })
	require.Eventually(t, func() bool { return s.Healthy() != nil }, 10*time.Second, 5*time.Millisecond)
	assert.Empty(t, s.server.told(ticket))
	s.server.set(func() { delete(s.server.refuse, ticket) })
	s.settled(t)
	assert.Equal(t, []string{"filed"}, s.server.told(ticket))
}

// What can settle a ticket is told to those of its order that have looked into the inbox, each what
// its topic waits for; one that has ended is struck out.
func TestTicketsHearWhatSettlesThem(t *testing.T) {
	t.Parallel()
	const review, payout, freight, other, ended = "ticket/shop/1/review_overdue/C1", "ticket/shop/1/payout_overdue/protection-C1", "ticket/shop/1/freight_check/K1", "ticket/shop/1/other", "ticket/shop/1/review_overdue"
	s := play(t, at(day0.Add(9*day)))
	s.accept(t, created("1"), paid("1"), created("2"), paid("2"))
	s.settled(t)
	for _, id := range []string{review, payout, freight, other, ended} {
		_, err := s.db.Load(t.Context(), protocol.FactsQuery{Store: "shop", Order: "1", Now: day0.Add(9 * day), Ticket: id})
		require.NoError(t, err)
		if id != ended {
			s.server.set(func() { s.server.open[id] = "run" })
		}
	}
	claim := func(id, kind, order, more string) string {
		return event(id, kind, order, day0.Add(5*day), `{"claim_id":"C1","at":"$T"`+more+`}`)
	}
	s.accept(t, claim("decided", "claim.decided", "1", `,"decision":"rejected"`), claim("appealed", "claim.appealed", "1", ""),
		claim("granted", "protection.decided", "1", `,"decision":"approved"`), claim("money", "protection.paid", "1", ""), claim("of another", "claim.decided", "2", `,"decision":"approved"`),
		event("upheld", "complaint.decided", "1", day0.Add(6*day), `{"complaint_id":"K1","at":"$T","upheld":false}`))
	s.settled(t)
	assert.ElementsMatch(t, []string{"decided", "granted", "money"}, s.server.told(review))
	assert.ElementsMatch(t, []string{"money"}, s.server.told(payout))
	assert.ElementsMatch(t, []string{"upheld"}, s.server.told(freight))
	assert.Empty(t, s.server.told(other))
	o := s.order(t, "1")
	open, err := s.db.OpenTickets(t.Context(), &o)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{review, payout, freight, other}, open)
	s.server.set(func() { s.server.refuse[payout] = serviceerror.NewUnavailable("connection refused") })
	s.accept(t, claim("again", "claim.paid", "1", ""))
	require.Eventually(t, func() bool { return s.Healthy() != nil }, 10*time.Second, 5*time.Millisecond)
	s.server.set(func() { delete(s.server.refuse, payout) })
	s.settled(t)
	assert.Contains(t, s.server.told(payout), "again", "it waits for Temporal")
}
