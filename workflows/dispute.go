package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// dispute is the state of a Dispute story.
type dispute struct {
	*contest
	asked rules.DisputePlan
}

// Dispute keeps one dispute of a buyer: it has the whole evidence chain handed in in time and,
// where the buyer denies a delivery, proof of a refusal within the dispute period, and awaits
// the dispute's end.
func (s *Stories) Dispute(ctx workflow.Context, in protocol.ContestInput) (protocol.DisputeResult, error) {
	d := &dispute{contest: s.newContest(ctx, in)}
	if err := d.begin(ctx, d.look); err != nil {
		return protocol.DisputeResult{}, err
	}
	for {
		over, err := d.over(ctx)
		if err != nil {
			return protocol.DisputeResult{}, err
		}
		if over {
			return protocol.DisputeResult{Status: d.asked.Dispute.Status, At: d.now(ctx)}, nil
		}
		if err := d.takeIn(ctx, false); err != nil {
			return protocol.DisputeResult{}, err
		}
		switch d.asked.Dispute.Status {
		case rules.DisputeOpen:
			err = d.awaitEvidence(ctx)
		default:
			err = d.awaitEnd(ctx)
		}
		if err != nil {
			return protocol.DisputeResult{}, err
		}
	}
}

// awaitEvidence waits for a person to hand in the evidence chain, and reminds until it is too
// late.
func (d *dispute) awaitEvidence(ctx workflow.Context) error {
	return d.while(ctx, string(rules.DisputeOpen))
}

// awaitEnd waits for the platform, and for proof of a refusal where one is due.
func (d *dispute) awaitEnd(ctx workflow.Context) error {
	return d.while(ctx, string(d.asked.Dispute.Status))
}

// look asks the rules where the dispute stands.
func (d *dispute) look(now time.Time) (rules.StoryPlan, contestWords) {
	p := rules.PlanDispute(d.facts, d.ruleset(), d.in.ID, d.held, now)
	d.asked = p
	pack := d.ruleset().Pack
	return p.StoryPlan, contestWords{
		waiting: wording.WaitingDispute(p, pack.Location()), details: wording.DisputeDetails(p, d.in.Store, d.in.Order, pack),
		notice: func(n rules.Notice) wording.Text { return wording.DisputeNotice(n, p, d.in.Store, d.in.Order, pack) },
	}
}
