package dispatch

import (
	"time"

	"parcelward/internal/postgres"
	"parcelward/internal/rules"
)

// view fills in what people see of the order as of now, and what is to be booked.
func (d *Dispatcher) view(h *postgres.Handing, k *known, rs rules.Ruleset, plan rules.OrderPlan, now time.Time) {
	h.View = postgres.View{Policy: rs.Pack.ID, RecheckAt: rules.NextChange(k.All, rs, now), CreatedAt: k.created.Data.(*rules.OrderCreated).CreatedAt}
	a, ok := rules.Assess(k.All, rs, now)
	if !ok {
		return // created, but not as of now
	}
	h.View.Stage, h.View.End, h.View.NextDeadline = a.Stage, plan.End, plan.NextDeadline()
	h.View.Country = k.created.Data.(*rules.OrderCreated).Buyer.Country
	if a.Claim != nil {
		h.View.Payout = a.Claim.Payout
	}
	for _, c := range a.Cases {
		one := postgres.Case{Case: c, Payout: h.View.Payout}
		one.ClaimID = rules.PlanClaim(k.All, rs, c.ID(), now).ClaimID
		h.Cases = append(h.Cases, one)
	}
	h.Complaints = plan.Complaints
	h.Entries = books(h, k, rs, now)
	h.Polls, h.JudgedAt = rules.Polls(k.All, rs, now), now
}
