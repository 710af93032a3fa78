package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

const disputeID = "D-7"

var disputedAt = created.Add(12 * day)

func disputed(t rules.EventType, at time.Time) rules.Event {
	return event(t, at, &rules.Dispute{When: at, Kind: rules.DisputeNotReceived, DisputeID: disputeID})
}

// dispute runs a Dispute workflow that starts with its opening; scans are the parcel's.
func (w *world) dispute(scans ...rules.Event) {
	w.t.Helper()
	w.contest(protocol.WorkflowDispute, disputeID, append(append(onItsWay(), scans...), disputed(rules.TypeDisputeOpened, disputedAt))...)
}

func (w *world) disputeResult() protocol.DisputeResult {
	w.t.Helper()
	var r protocol.DisputeResult
	w.ended(&r)
	return r
}

// The evidence chain counts at 72 h and not a second later.
func TestDisputeAroundItsDeadline(t *testing.T) {
	t.Parallel()
	for name, off := range aroundDeadline {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, disputedAt)
			at, end := disputedAt.Add(3*day+off), disputedAt.Add(9*day)
			w.later(at, disputed(rules.TypeDisputeAnswered, at))
			w.later(end, disputed(rules.TypeDisputeClosed, end))
			w.dispute()
			require.Equal(t, protocol.DisputeResult{Status: rules.DisputeClosed, At: end}, w.disputeResult())
			want := []string{"288h0m0s evidence", "336h0m0s remind/evidence-by/24h", "354h0m0s remind/evidence-by/6h +manager"}
			if off > 0 {
				want = append(want, "360h0m1s late +manager")
			}
			require.Equal(t, append(want, "504h0m0s ended/closed"), w.told())
			require.Contains(t, w.texts[0].EN, "product photos, quality report, delivery receipt")
			require.Contains(t, w.texts[0].EN, "Money at risk: USD 98.20.")
		})
	}
}

// Delivered and denied: proof of a refusal counts within the dispute period, at its last second
// too, else the parcel counts as delivered.
func TestDisputeOfADelivery(t *testing.T) {
	t.Parallel()
	for name, off := range aroundDeadline {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, disputedAt)
			w.later(disputedAt.Add(time.Hour), disputed(rules.TypeDisputeAnswered, disputedAt.Add(time.Hour)))
			at, end := disputedAt.Add(15*day+off), disputedAt.Add(20*day)
			w.later(at, evidenceAdded(at, rules.EvidenceRefusal))
			w.later(end, disputed(rules.TypeDisputeClosed, end))
			w.dispute(scan(disputedAt.Add(-day), rules.Delivered))
			require.Equal(t, rules.DisputeClosed, w.disputeResult().Status)
			want := []string{"288h0m0s evidence", "288h0m0s refusal", "624h0m0s remind/refusal-by/24h", "642h0m0s remind/refusal-by/6h +manager"}
			if off > 0 {
				want = append(want, "648h0m1s deemed-delivered +manager")
			}
			require.Equal(t, append(want, "768h0m0s ended/closed"), w.told())
		})
	}
}

// A refusal whose time lies outside the period is none; people are told while they can mend it.
func TestMisdatedRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, disputedAt)
	at := disputedAt.Add(2 * day)
	w.at(at, func() {
		w.put(evidenceAdded(at, rules.EvidenceRefusal))
		w.ring()
	})
	w.judge = func(held []protocol.Evidence) protocol.Papers {
		var papers protocol.Papers
		for _, e := range held {
			papers.Originals = append(papers.Originals, rules.CheckedOriginal{SHA256: e.SHA256, Preflight: rules.Preflight{
				Kind: rules.EvidenceKind(e.Kind), Verdict: rules.VerdictRefused, Findings: []rules.PreflightFinding{{Code: rules.PreflightTimeMark, Verdict: rules.VerdictRefused}},
			}})
		}
		return papers
	}
	end := disputedAt.Add(16 * day)
	w.later(end, disputed(rules.TypeDisputeClosed, end))
	w.dispute(scan(disputedAt.Add(-day), rules.Delivered))
	w.disputeResult()
	require.Contains(t, w.told(), "336h0m0s refusal-misdated")
	require.Contains(t, w.told(), "336h0m0s unfit/refusal/ab0000000000/refused")
	require.Contains(t, w.told(), "648h0m1s deemed-delivered +manager")
}

// The order's end is the dispute's, garbage is kept, and an operator may end it.
func TestDisputeEndsWithItsOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, disputedAt)
	end := disputedAt.Add(day)
	w.at(disputedAt.Add(time.Hour), func() { w.env.SignalWorkflow(protocol.SignalEvent, "garbage") })
	w.later(end, refunded(end, false))
	w.dispute()
	require.Equal(t, protocol.DisputeResult{Status: rules.DisputeClosed, At: end}, w.disputeResult())
	require.Len(t, w.kept(), 1)

	w = newWorld(t, disputedAt)
	w.at(disputedAt.Add(time.Hour), w.env.CancelWorkflow)
	w.dispute()
	var cancelled *temporal.CanceledError
	require.ErrorAs(t, w.env.GetWorkflowError(), &cancelled)
}

// A live dispute keeps its delivered order beyond the dispute period.
func TestOrderKeepsItsDispute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, disputedAt.Add(-time.Hour))
	var children []string
	w.onChild(func(id string) { children = append(children, id) })
	w.later(disputedAt, disputed(rules.TypeDisputeOpened, disputedAt))
	w.later(disputedAt.Add(day), disputed(rules.TypeDisputeAnswered, disputedAt.Add(day)))
	end := disputedAt.Add(30 * day)
	w.later(end, disputed(rules.TypeDisputeClosed, end))
	w.order(append(onItsWay(), scan(disputedAt.Add(-2*day), rules.Delivered))...)
	require.Equal(t, rules.EndDelivered, w.result().Reason)
	require.Equal(t, []string{protocol.DisputeWorkflowID(store, disputeID)}, children)
	require.Equal(t, end.Sub(disputedAt.Add(-time.Hour)), w.elapsed(disputedAt.Add(-time.Hour)))
	require.Contains(t, w.toldBy(children[0]), "1008h0m0s ended/closed")
}
