package rules_test

import (
	"fmt"
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
		given := map[string]string{}
		if !taken.IsZero() {
			given["taken_at"] = taken.Format(time.RFC3339)
		}
		held := c.judged(on, rules.EvidenceRefusal, given)
		held.SHA256 = "" // of the fact
		p := rules.PlanDispute(c.facts, c.rs, "D", []rules.CheckedOriginal{held}, on)
		assert.Equal(t, misdated, p.Dispute.Misdated, taken)
		assert.Equal(t, misdated, p.Dispute.RefusedAt == nil, taken)
	}
}

// There is one dispute period: it begins with the delivery that the buyer denies, else with the
// dispute, and ends the policy's time after the opening. The dispute and the pre-flight agree.
func TestDisputePeriod(t *testing.T) {
	t.Parallel()
	period := 15 * 24 * time.Hour
	day := 24 * time.Hour
	for name, tc := range map[string]struct {
		delivered, opened, second time.Duration // since the start; 0: not
		from, to                  time.Duration
	}{
		"none":                {},
		"delivered":           {delivered: day, from: day, to: day + period},
		"disputed":            {opened: 3 * day, from: 3 * day, to: 3*day + period},
		"delivered, disputed": {delivered: day, opened: 9 * day, from: day, to: 9*day + period},
		"at the same moment":  {delivered: 2 * day, opened: 2 * day, from: 2 * day, to: 2*day + period},
		"delivered later":     {delivered: 9 * day, opened: 2 * day, from: 2 * day, to: 2*day + period},
		"disputed twice":      {delivered: day, opened: 5 * day, second: 20 * day, from: day, to: 20*day + period},
	} {
		c := newContested(t)
		if tc.delivered > 0 {
			c.moves(contestStart.Add(tc.delivered), rules.Delivered)
		}
		for i, opened := range []time.Duration{tc.opened, tc.second} {
			if opened > 0 {
				c.add(rules.TypeDisputeOpened, &rules.Dispute{DisputeID: fmt.Sprint("D", i), Kind: rules.DisputeNotReceived, When: contestStart.Add(opened)})
			}
		}
		now := contestStart.Add(40 * day)
		since := func(t time.Time) time.Duration {
			if t.IsZero() {
				return 0
			}
			return t.Sub(contestStart)
		}
		for _, number := range []string{"LP1", ""} {
			of := rules.PreflightFacts(c.facts, c.rs, number, nil, now)
			assert.Equal(t, tc.from, since(of.DisputeFrom), name)
			assert.Equal(t, tc.to, since(of.DisputeTo), name)
		}
		_, disputes := rules.Contested(c.facts, c.rs, now)
		if n := len(disputes); n > 0 && disputes[n-1].RefusalBy != nil {
			assert.Equal(t, tc.to, since(disputes[n-1].RefusalBy.Time()), name)
		}
	}
}

// Only originals that would not be refused make a dispute's evidence chain, or prove a refusal.
func TestDisputeHearsThePreflight(t *testing.T) {
	t.Parallel()
	c := newContested(t)
	c.moves(disputedAt.Add(-time.Hour), rules.Delivered)
	c.disputes(rules.TypeDisputeOpened, disputedAt)
	added := &rules.EvidenceAdded{When: disputedAt, By: "LI"}
	verdicts := map[rules.EvidenceKind]rules.Verdict{
		rules.EvidenceProductPhotos: rules.VerdictReady, rules.EvidenceQualityReport: rules.VerdictLook,
		rules.EvidenceReceipt: rules.VerdictRefused, rules.EvidenceRefusal: rules.VerdictRefused,
	}
	var held []rules.CheckedOriginal
	for _, kind := range []rules.EvidenceKind{rules.EvidenceProductPhotos, rules.EvidenceQualityReport, rules.EvidenceReceipt, rules.EvidenceRefusal} {
		added.Originals = append(added.Originals, rules.Original{Kind: kind, SHA256: string(kind)})
		held = append(held, rules.CheckedOriginal{SHA256: string(kind), Preflight: rules.Preflight{Kind: kind, Verdict: verdicts[kind]}})
	}
	c.add(rules.TypeEvidenceAdded, added)
	assert.Empty(t, c.dispute(disputedAt).Missing)
	assert.NotNil(t, c.dispute(disputedAt).RefusedAt)
	p := rules.PlanDispute(c.facts, c.rs, "D", held, disputedAt)
	assert.Equal(t, []rules.EvidenceKind{rules.EvidenceReceipt}, p.Dispute.Missing)
	assert.Nil(t, p.Dispute.RefusedAt)
	assert.False(t, p.Dispute.Misdated, "it is refused for another reason")
	var faults []rules.EvidenceKind
	for _, f := range p.Dispute.Faults {
		faults = append(faults, f.Kind)
	}
	assert.Equal(t, []rules.EvidenceKind{rules.EvidenceQualityReport, rules.EvidenceReceipt, rules.EvidenceRefusal}, faults)
	told := func(p rules.DisputePlan) (ready bool, unfit int) {
		for _, n := range p.Notices {
			ready = ready || n.Code == rules.NoticeDisputeReady
			if n.Code == rules.NoticeUnready {
				unfit++
			}
		}
		return ready, unfit
	}
	ready, unfit := told(p)
	assert.False(t, ready)
	assert.Equal(t, 3, unfit)
	held[2].Verdict = rules.VerdictReady
	ready, unfit = told(rules.PlanDispute(c.facts, c.rs, "D", held, disputedAt))
	assert.True(t, ready)
	assert.Equal(t, 2, unfit)
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
