package rules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
)

var disputedAt = contestStart.Add(300 * time.Hour)

func (c *contested) disputes(t rules.EventType, at time.Time) {
	c.add(t, &rules.Dispute{DisputeID: "D", Kind: rules.DisputeNotReceived, When: at})
}

// dispute is the only one, as of a moment.
func (c *contested) dispute(now time.Time) rules.BuyerDispute {
	c.Helper()
	_, list := rules.Contested(c.facts, c.rs, now)
	require.Len(c, list, 1)
	return list[0]
}

func TestDisputeEvidenceBy(t *testing.T) {
	t.Parallel()
	before, on, after := around(disputedAt.Add(72 * time.Hour))
	for _, at := range []time.Time{before, on, after} {
		c := newContested(t)
		c.disputes(rules.TypeDisputeOpened, disputedAt)
		assert.Equal(t, at.After(on), c.dispute(at).Status == rules.DisputeLate, at)
		c.disputes(rules.TypeDisputeAnswered, at)
		assert.Equal(t, at.After(on), c.dispute(after).Status == rules.DisputeLate, at)
		assert.Equal(t, !at.After(on), c.dispute(after).Status == rules.DisputeAnswered, at)
	}
	c := newContested(t)
	c.disputes(rules.TypeDisputeOpened, disputedAt)
	c.evidence(disputedAt, rules.EvidenceProductPhotos, rules.EvidenceReceipt)
	d := c.dispute(disputedAt)
	assert.Equal(t, []rules.EvidenceKind{rules.EvidenceQualityReport}, d.Missing)
	assert.Equal(t, rules.Deadline{Kind: rules.DeadlineEvidence, At: rules.Stamp(on)}, *d.NextDeadline)
	assert.Nil(t, d.RefusalBy, "it was not delivered: that is a case of its own")
	assert.Equal(t, "98.20 USD", d.MoneyAtRisk.String())
}

func TestDisputeRefusal(t *testing.T) {
	t.Parallel()
	before, on, after := around(disputedAt.Add(15 * 24 * time.Hour))
	start := func(delivered time.Time) *contested {
		c := newContested(t)
		c.moves(delivered, rules.Delivered)
		c.disputes(rules.TypeDisputeOpened, disputedAt)
		c.disputes(rules.TypeDisputeAnswered, disputedAt.Add(time.Hour))
		return c
	}
	assert.Nil(t, start(disputedAt.Add(time.Second)).dispute(after).RefusalBy, "delivered after the dispute")
	for _, at := range []time.Time{before, on, after} {
		c := start(disputedAt)
		assert.Equal(t, at.After(on), c.dispute(at).Status == rules.DisputeDeemed, at)
		c.evidence(at, rules.EvidenceRefusal)
		d := c.dispute(after)
		assert.Equal(t, at.After(on), d.Status == rules.DisputeDeemed, at)
		assert.Equal(t, at.After(on), d.RefusedAt == nil, at)
	}
	c := start(disputedAt)
	c.evidence(before, rules.EvidenceRefusal)
	for taken, misdated := range map[time.Time]bool{
		disputedAt.Add(-time.Second): true, disputedAt: false, on: false, after: true, {}: false,
	} {
		p := rules.PlanDispute(c.facts, c.rs, "D", []rules.Held{{Kind: rules.EvidenceRefusal, TakenAt: taken}}, on)
		assert.Equal(t, misdated, p.Dispute.Misdated, taken)
		assert.Equal(t, misdated, p.Dispute.RefusedAt == nil, taken)
	}
}

func TestDisputeCloses(t *testing.T) {
	t.Parallel()
	end := disputedAt.Add(time.Hour)
	for name, closes := range map[string]func(c *contested, at time.Time){
		"closed":   func(c *contested, at time.Time) { c.disputes(rules.TypeDisputeClosed, at) },
		"refunded": func(c *contested, at time.Time) { c.add(rules.TypeOrderRefunded, &rules.OrderStopped{When: at}) },
		"received": func(c *contested, at time.Time) { c.add(rules.TypeReceiptConfirmed, &rules.ReceiptConfirmed{When: at}) },
	} {
		c := newContested(t)
		closes(c, disputedAt.Add(-time.Second)) // of before: another matter
		c.disputes(rules.TypeDisputeOpened, disputedAt)
		assert.Equal(t, rules.DisputeOpen, c.dispute(end).Status, name)
		closes(c, end)
		assert.Equal(t, rules.DisputeClosed, c.dispute(end).Status, name)
	}
	c := newContested(t)
	c.add(rules.TypeOrderRefunded, &rules.OrderStopped{When: end, Partial: true})
	c.disputes(rules.TypeDisputeOpened, disputedAt)
	assert.Equal(t, rules.DisputeOpen, c.dispute(end).Status, "a partial refund ends nothing")
}

// The timeline shows what is waited for, what was missed and how it ended, and no end of the
// guarding while a complaint or dispute is live.
func TestTimelineOfContests(t *testing.T) {
	t.Parallel()
	c := newContested(t)
	c.moves(contestStart.Add(32*time.Hour), rules.Delivered)
	c.add(rules.TypeComplaintOpened, &rules.Complaint{ComplaintID: "F", When: disputedAt})
	c.disputes(rules.TypeDisputeOpened, disputedAt)
	tail := func(now time.Time) string {
		moments := rules.Timeline(c.facts, c.rs, now)
		return shape(moments[4:])
	}
	assert.Equal(t, "complaint.opened dispute.opened +deadline=respond-by +deadline=evidence-by +deadline=refusal-by", tail(disputedAt))
	assert.Equal(t, "complaint.opened dispute.opened deadline.missed=respond-by +deadline=evidence-by +deadline=refusal-by", tail(disputedAt.Add(25*time.Hour)))
	c.disputes(rules.TypeDisputeClosed, disputedAt.Add(30*time.Hour))
	c.add(rules.TypeComplaintDecided, &rules.Complaint{ComplaintID: "F", When: disputedAt.Add(400 * time.Hour)})
	assert.Equal(t, "complaint.opened dispute.opened dispute.closed complaint.decided story.end=dispute-period", tail(disputedAt.Add(400*time.Hour)))
}
