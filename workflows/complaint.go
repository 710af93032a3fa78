package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// complaint is the state of a Complaint story.
type complaint struct {
	*contest
	asked rules.ComplaintPlan
}

// Complaint keeps one freight complaint: it has the label and the pick-up screenshot handed in
// within a day, or sees it lost by default, and awaits the platform's decision. Nobody can
// withdraw it, and there is no appeal.
func (s *Stories) Complaint(ctx workflow.Context, in protocol.ContestInput) (protocol.ComplaintResult, error) {
	c := &complaint{contest: s.newContest(ctx, in)}
	if err := c.begin(ctx, c.look); err != nil {
		return protocol.ComplaintResult{}, err
	}
	for {
		over, err := c.over(ctx)
		if err != nil {
			return protocol.ComplaintResult{}, err
		}
		if over {
			return protocol.ComplaintResult{Status: c.asked.Complaint.Status, Points: c.asked.Complaint.Points, At: c.now(ctx)}, nil
		}
		if err := c.takeIn(ctx, false); err != nil {
			return protocol.ComplaintResult{}, err
		}
		switch c.asked.Complaint.Status {
		case rules.ComplaintOpen:
			err = c.awaitAnswer(ctx)
		case rules.ComplaintLost:
			err = c.awaitAfterDefault(ctx)
		default:
			err = c.awaitDecision(ctx)
		}
		if err != nil {
			return protocol.ComplaintResult{}, err
		}
	}
}

// awaitAnswer waits for a person to hand in the proofs in the seller centre, and reminds until
// it is too late.
func (c *complaint) awaitAnswer(ctx workflow.Context) error {
	return c.while(ctx, string(rules.ComplaintOpen))
}

// awaitAfterDefault waits for the platform, unless an answer in time is learnt of late.
func (c *complaint) awaitAfterDefault(ctx workflow.Context) error {
	return c.while(ctx, string(rules.ComplaintLost))
}

// awaitDecision waits for the platform.
func (c *complaint) awaitDecision(ctx workflow.Context) error {
	return c.while(ctx, string(rules.ComplaintAnswered))
}

// look asks the rules where the complaint stands.
func (c *complaint) look(now time.Time) (rules.StoryPlan, contestWords) {
	p := rules.PlanComplaint(c.facts, c.ruleset(), c.in.ID, c.held, now)
	c.asked = p
	pack := c.ruleset().Pack
	return p.StoryPlan, contestWords{
		waiting: wording.WaitingComplaint(p, pack.Location()), details: wording.ComplaintDetails(p, c.in.Store, c.in.Order, pack),
		notice: func(n rules.Notice) wording.Text { return wording.ComplaintNotice(n, p, c.in.Store, c.in.Order, pack) },
	}
}
