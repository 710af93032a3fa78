package dispatch

import (
	"slices"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// The kinds of ledger entries.
const (
	bookClaimed  = "claimed"
	bookApproved = "approved"
	bookRejected = "rejected"
	bookPaid     = "paid"
)

// books are the movements of money that the claims of an order brought about by now, in the
// amount that the platform named or else the expected payout. The key names claim and kind,
// so each is booked once, however often the facts are judged.
func books(h *postgres.Handing, k *known, rs rules.Ruleset, now time.Time) []port.LedgerEntry {
	if !slices.ContainsFunc(h.Cases, func(c postgres.Case) bool { return c.ClaimID != "" }) {
		return nil
	}
	events := k.claimEvents(now)
	var entries []port.LedgerEntry
	for i := range h.Cases {
		c := &h.Cases[i]
		booked := map[string]bool{}
		for _, e := range events {
			if e.claimID != c.ClaimID {
				continue
			}
			then := rules.PlanClaim(k.All, rs, c.ID(), e.from) // what the fact did when it came to be
			kind := bookedAs(&e, then.Case.Status)
			amount := e.amount
			if amount == nil {
				amount = then.Claim.Payout
			}
			if kind == "" || booked[kind] || amount == nil {
				continue
			}
			booked[kind] = true
			entries = append(entries, port.LedgerEntry{
				Key:   protocol.OrderWorkflowID(k.All.Store, k.All.Order) + "/" + kind + "/" + c.ClaimID,
				Store: k.All.Store, Order: k.All.Order, Claim: c.ClaimID, Kind: kind, Amount: *amount, At: e.at,
			})
		}
	}
	return entries
}

// claimEvent is a filing, a decision or a payment of a claim.
type claimEvent struct {
	claimID, decision string // decision: of a decision only
	filing            bool
	at, from          time.Time // its own time, and since when it exists
	amount            *money.Amount
}

// claimEvents are those that exist at now, in the order of their own times.
func (k *known) claimEvents(now time.Time) []claimEvent {
	var events []claimEvent
	for _, e := range k.claims {
		var c claimEvent
		switch d := e.Data.(type) {
		case *rules.ClaimFiled:
			c = claimEvent{claimID: d.ClaimID, filing: true, at: d.When}
		case *rules.ClaimDecided:
			if e.Type != rules.TypeClaimDecided {
				continue
			}
			c = claimEvent{claimID: d.ClaimID, decision: d.Decision, at: d.When, amount: d.Amount}
		case *rules.ClaimFact:
			if e.Type != rules.TypeClaimPaid {
				continue
			}
			c = claimEvent{claimID: d.ClaimID, at: d.When, amount: d.Amount}
		}
		if c.from = c.at; e.Time.After(c.from) {
			c.from = e.Time
		}
		if !c.from.After(now) {
			events = append(events, c)
		}
	}
	slices.SortStableFunc(events, func(a, b claimEvent) int { return a.at.Compare(b.at) })
	return events
}

// bookedAs is the kind of entry that a fact brings about; empty when the rules ignored it.
func bookedAs(e *claimEvent, status rules.CaseStatus) string {
	switch {
	case e.filing:
		return bookClaimed
	case e.decision == rules.DecisionApproved && status == rules.StatusApproved:
		return bookApproved
	case e.decision == rules.DecisionRejected && (status == rules.StatusRejected || status == rules.StatusClosed):
		return bookRejected
	case e.decision == "" && status == rules.StatusPaid:
		return bookPaid
	}
	return ""
}
