package rules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/rules/rulestest"
)

func letterOf(t *testing.T, f *rules.Facts, now time.Time) rules.CaseLetter {
	t.Helper()
	l, ok := rules.LetterOf(f, rulestest.Ruleset(), rules.CaseID{TrackingNumber: edgeParcel, Kind: rules.KindStall, OpenedAt: edgeOpened}, now)
	require.True(t, ok)
	return l
}

func codes(l rules.CaseLetter) map[string]time.Time {
	m := map[string]time.Time{}
	for _, d := range l.Dates {
		m[d.Code] = d.At
	}
	return m
}

// What is handed in follows the claim: first it, then its appeal, then seller protection; time
// alone changes none of it.
func TestLetterFollowsTheClaim(t *testing.T) {
	t.Parallel()
	refusedAt := followFiled.Add(48 * time.Hour)
	decided := func(at time.Time, reason string) rules.Event {
		return edge(rules.TypeClaimDecided, &rules.ClaimDecided{ClaimID: "C1", When: at, Decision: rules.DecisionRejected, Reason: reason})
	}
	appealed := edge(rules.TypeClaimAppealed, &rules.ClaimFact{ClaimID: "C1", When: refusedAt.Add(time.Hour)})
	again := refusedAt.Add(24 * time.Hour)

	l := letterOf(t, followed(), followFiled)
	require.Equal(t, rules.LetterClaim, l.Kind)
	require.Equal(t, "C1", l.Case.ClaimID())
	require.Equal(t, "88.20", l.Asked.Value.String())
	require.Empty(t, l.Refusal)
	require.Equal(t, edgePicked, codes(l)[rules.DateLastMovement])
	require.Equal(t, followFiled, codes(l)[string(rules.TypeClaimFiled)])
	require.Contains(t, codes(l), rules.DeadlineFile)
	require.Equal(t, l.At, letterOf(t, followed(), followFiled.Add(24*time.Hour)).At, "no fact came")

	facts := followed(decided(refusedAt, "blurred"))
	require.Equal(t, rules.LetterClaim, letterOf(t, facts, refusedAt.Add(-time.Second)).Kind)
	l = letterOf(t, facts, refusedAt)
	require.Equal(t, rules.LetterAppeal, l.Kind)
	require.Equal(t, "blurred", l.Refusal)
	require.Equal(t, refusedAt.Add(72*time.Hour), codes(l)[rules.DeadlineAppeal])
	require.Equal(t, rules.LetterAppeal, letterOf(t, facts, refusedAt.Add(30*24*time.Hour)).Kind, "too late, and still an appeal")

	facts = followed(decided(refusedAt, "blurred"), appealed, decided(again, "not enough"))
	l = letterOf(t, facts, again)
	require.Equal(t, rules.LetterProtection, l.Kind)
	require.Equal(t, "not enough", l.Refusal)
	require.Nil(t, l.Asked, "nothing was refunded")
	sum := dollars("40.00")
	facts = followed(decided(refusedAt, "blurred"), appealed, decided(again, "not enough"), edge(rules.TypeOrderRefunded, &rules.OrderStopped{When: again, Amount: &sum, Partial: true}))
	require.Equal(t, "28.00", letterOf(t, facts, again).Asked.Value.String())
}

// A scan after the case opened makes it untrue that nothing followed.
func TestLetterTellsNoSilenceThatIsOver(t *testing.T) {
	t.Parallel()
	moved := followFiled.Add(time.Hour)
	facts := followed(edgeScan(edgeParcel, moved, rules.InTransit))
	require.Contains(t, codes(letterOf(t, facts, moved.Add(-time.Second))), rules.DateLastMovement)
	l := letterOf(t, facts, moved)
	require.NotContains(t, codes(l), rules.DateLastMovement)
	require.Len(t, l.Rows, 2)
}

// Of each kind that is wanted, or asked for, one original must be usable; an appeal needs one
// that was not handed in.
func TestWhatALetterLacks(t *testing.T) {
	t.Parallel()
	rs := rulestest.Ruleset()
	at := followFiled.Add(48 * time.Hour)
	one := func(kind rules.EvidenceKind, sum string, v rules.Verdict) rules.CheckedOriginal {
		return rules.CheckedOriginal{SHA256: sum, Preflight: rules.Preflight{Kind: kind, Verdict: v}}
	}
	papers := rs.PapersOf([]rules.CheckedOriginal{
		one(rules.EvidenceWaybill, "a", rules.VerdictRefused), one(rules.EvidenceOutbound, "b", rules.VerdictLook), one(rules.EvidenceClearance, "c", rules.VerdictRefused),
	})
	l := letterOf(t, followed(edge(rules.TypePapersRequested, &rules.PapersRequested{ClaimID: "C1", When: at, Kinds: []rules.EvidenceKind{rules.EvidenceOutbound, rules.EvidenceClearance}})), at)
	require.ElementsMatch(t, []rules.EvidenceKind{rules.EvidenceMessages, rules.EvidenceWaybill, rules.EvidenceClearance}, l.Lacks(&papers))

	refused := edge(rules.TypeClaimDecided, &rules.ClaimDecided{ClaimID: "C1", When: at, Decision: rules.DecisionRejected})
	added := func(sum string) rules.Event {
		return edge(rules.TypeEvidenceAdded, &rules.EvidenceAdded{TrackingNumber: edgeParcel, When: at, By: "li", Originals: []rules.Original{{Kind: rules.EvidenceOutbound, SHA256: sum}}})
	}
	for sum, nothing := range map[string]bool{"b": false, "a": true, "x": true} {
		l = letterOf(t, followed(refused, added(sum)), at)
		require.Equal(t, nothing, l.AddsNothing(&papers), sum)
		require.True(t, l.Adds(sum))
	}
	l = letterOf(t, followed(refused), at)
	require.True(t, l.AddsNothing(&papers))
}

func TestCaseName(t *testing.T) {
	t.Parallel()
	id := rules.CaseID{TrackingNumber: "LP00123456789012", Kind: rules.KindNotReceived, OpenedAt: time.Date(2026, 2, 20, 18, 40, 0, 0, time.UTC)}
	require.Equal(t, "LP00123456789012.not-received.20260220T184000Z", id.Name())
	back, ok := rules.ParseCaseName(id.Name())
	require.True(t, ok)
	require.Equal(t, id, back)
	for _, bad := range []string{"", "..", "LP1.stall", "lp1.stall.20260220T184000Z", "LP1.fly.20260220T184000Z", "LP1.stall.20261320T184000Z", ".stall.20260220T184000Z", "LP1.stall.20260220T184000Z.x", "../etc.stall.20260220T184000Z"} {
		_, ok := rules.ParseCaseName(bad)
		require.False(t, ok, bad)
	}
}
