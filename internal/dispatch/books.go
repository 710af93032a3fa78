package dispatch

import (
	"cmp"
	"slices"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// books are the movements of money that the claims of an order, and the seller protection that
// follows them, brought about by now, in the amount that the platform named or else the expected
// one. The key names claim and kind, so each is booked once, however often the facts are judged.
func books(h *postgres.Handing, k *known, rs rules.Ruleset, now time.Time) []port.LedgerEntry {
	if !slices.ContainsFunc(h.Cases, func(c postgres.Case) bool { return c.ClaimID != "" }) {
		return nil
	}
	events := k.claimEvents(now)
	var entries []port.LedgerEntry
	for i := range h.Cases {
		c := &h.Cases[i]
		booked := map[string]*money.Amount{}
		for _, e := range events {
			if e.claimID != c.ClaimID {
				continue
			}
			then := rules.PlanClaim(k.All, rs, c.ID(), e.from) // what the fact did when it came to be
			kind, amount := bookedAs(&e, &then), e.amount
			if amount == nil {
				amount = expected(kind, booked, &then, rs)
			}
			if kind == "" || booked[kind] != nil || amount == nil {
				continue
			}
			booked[kind] = amount
			entries = append(entries, port.LedgerEntry{
				Key:   protocol.OrderWorkflowID(k.All.Store, k.All.Order) + "/" + kind + "/" + c.ClaimID,
				Store: k.All.Store, Order: k.All.Order, Claim: c.ClaimID, Kind: kind, Amount: *amount, At: e.at,
			})
		}
	}
	return entries
}

// claimEvent is a filing, a decision or a payment of a claim, or the same of its seller protection.
type claimEvent struct {
	what              rules.EventType
	claimID, decision string    // decision: of a decision only
	at, from          time.Time // its own time, and since when it exists
	amount            *money.Amount
}

// claimEvents are those that exist at now, in the order of their own times.
func (k *known) claimEvents(now time.Time) []claimEvent {
	var events []claimEvent
	for _, e := range k.claims {
		c := claimEvent{what: e.Type, at: e.Data.At()}
		switch d := e.Data.(type) {
		case *rules.ClaimFiled:
			c.claimID = d.ClaimID
		case *rules.ClaimDecided:
			c.claimID, c.decision, c.amount = d.ClaimID, d.Decision, d.Amount
		case *rules.ClaimFact:
			c.claimID, c.amount = d.ClaimID, d.Amount
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

// bookedAs is the kind of entry that a fact brings about; empty when it moves no money, or the
// rules ignored it.
func bookedAs(e *claimEvent, then *rules.ClaimPlan) string {
	status, approved, rejected := then.Case.Status, e.decision == rules.DecisionApproved, e.decision == rules.DecisionRejected
	var protection rules.ProtectionState
	if then.Protection != nil {
		protection = then.Protection.State
	}
	switch {
	case e.what == rules.TypeClaimFiled:
		return rules.LedgerClaimed
	case e.what == rules.TypeClaimDecided && approved && status == rules.StatusApproved:
		return rules.LedgerApproved
	case e.what == rules.TypeClaimDecided && rejected && (status == rules.StatusRejected || status == rules.StatusClosed):
		return rules.LedgerRejected
	case e.what == rules.TypeClaimPaid && status == rules.StatusPaid:
		return rules.LedgerPaid
	case e.what == rules.TypeProtectionRequested && protection != "" && protection != rules.ProtectionOpen && protection != rules.ProtectionLapsed:
		return rules.LedgerProtectionAsked
	case e.what == rules.TypeProtectionDecided && approved && protection == rules.ProtectionApproved:
		return rules.LedgerProtectionApproved
	case e.what == rules.TypeProtectionDecided && rejected && protection == rules.ProtectionRejected:
		return rules.LedgerProtectionRejected
	case e.what == rules.TypeProtectionPaid && protection == rules.ProtectionPaid:
		return rules.LedgerProtectionPaid
	}
	return ""
}

// expected is what an entry amounts to where the platform named no amount: of a claim its payout;
// of seller protection what was approved or asked for, else its share of the loss. nil: not known.
func expected(kind string, booked map[string]*money.Amount, then *rules.ClaimPlan, rs rules.Ruleset) *money.Amount {
	switch kind {
	case rules.LedgerProtectionAsked, rules.LedgerProtectionApproved, rules.LedgerProtectionRejected, rules.LedgerProtectionPaid:
	default:
		return then.Claim.Payout
	}
	if a := cmp.Or(booked[rules.LedgerProtectionApproved], booked[rules.LedgerProtectionAsked]); a != nil {
		return a
	}
	if then.Protection == nil || then.Protection.Loss == nil {
		return nil
	}
	sums, err := rs.ReckonProtection(*then.Protection.Loss)
	if err != nil {
		return nil // a loss in another currency than the cap's: nobody can tell
	}
	return &sums[len(sums)-1].Amount
}
