package rulestest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"parcelward/internal/rules"
)

// claims draws what people and the platform do about the cases that the facts so far open.
func (o *drawing) claims() {
	a, ok := rules.Assess(Facts(o.store, o.order, o.events), Ruleset(), late)
	if !ok {
		return
	}
	for i := range a.Cases {
		o.claim(&a.Cases[i], fmt.Sprintf("%s-C%d", o.order, i))
	}
}

func (o *drawing) claim(c *rules.Case, id string) {
	if o.coin("alerted") {
		at := o.after(c.OpenedAt.Time(), day, "alert")
		o.add(rules.TypeAlerted, at, &rules.ParcelFact{TrackingNumber: c.TrackingNumber, When: at})
	}
	at := o.around(c.OpenedAt.Time(), c.ConfirmBy.Time(), "confirmed")
	if o.coin("is confirmed") {
		kind := rapid.SampledFrom([]rules.CaseKind{"", c.Kind}).Draw(o.T, "confirmed kind")
		o.add(rules.TypeConfirmed, at, &rules.Confirmed{TrackingNumber: c.TrackingNumber, Kind: kind, When: at, By: "li.na"})
	}
	if o.rarely(3, "stays unfiled") {
		return
	}
	at = o.around(at, c.FileBy.Time(), "filed")
	filed := &rules.ClaimFiled{TrackingNumber: c.TrackingNumber, When: at, ClaimID: id}
	if o.coin("names its case") {
		filed.Case = &rules.FiledCase{
			Kind: c.Kind, OpenedAt: c.OpenedAt.Time(), LastMovementAt: c.LastMovementAt.Time(), FileBy: c.FileBy.Time(),
		}
		if o.rarely(4, "case gone") {
			filed.Case.OpenedAt = filed.Case.OpenedAt.Add(-time.Hour)
		}
	}
	o.add(rules.TypeClaimFiled, at, filed)
	for range 2 {
		if o.rarely(4, "undecided") {
			break
		}
		at = o.after(at, 3*day, "decided")
		decision := rapid.SampledFrom([]string{rules.DecisionApproved, rules.DecisionRejected}).Draw(o.T, "decision")
		o.add(rules.TypeClaimDecided, at, &rules.ClaimDecided{ClaimID: id, When: at, Decision: decision})
		if o.coin("appealed") {
			at = o.after(at, 3*day, "appeal")
			o.add(rules.TypeClaimAppealed, at, &rules.ClaimFact{ClaimID: id, When: at})
		}
	}
	if o.rarely(3, "paid out") {
		at = o.after(at, 3*day, "paid out at")
		o.add(rules.TypeClaimPaid, at, &rules.ClaimFact{ClaimID: id, When: at})
	}
}

// around draws a moment between two, or on an edge of the second.
func (o *drawing) around(from, to time.Time, label string) time.Time {
	if !to.After(from) || o.coin(label+" on the edge") {
		return to.Add(rapid.SampledFrom(edges).Draw(o.T, label+" edge"))
	}
	return from.Add(time.Duration(rapid.Int64Range(0, int64(to.Sub(from)/time.Second)).Draw(o.T, label)) * time.Second)
}
