package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// judged is what the pre-flight finds of one waybill, beside the other two kinds, which are good.
func judged(held []protocol.Evidence, v rules.Verdict) protocol.Papers {
	out := protocol.Papers{Papers: rules.Papers{Readiness: rules.Readiness{Ready: []rules.EvidenceKind{rules.EvidenceOutbound, rules.EvidenceMessages}}}}
	blurred := rules.CheckedOriginal{SHA256: "aa", Name: "scan.jpg", Preflight: rules.Preflight{
		Kind: rules.EvidenceWaybill, Verdict: v, Findings: []rules.PreflightFinding{{Code: rules.PreflightBlurred, Verdict: v, Measured: "3", Wanted: "8"}},
	}}
	switch v {
	case rules.VerdictReady:
		out.Ready, out.Evidence = append(out.Ready, rules.EvidenceWaybill), held
	case rules.VerdictLook:
		out.Look, out.Evidence, out.Originals = []rules.EvidenceKind{rules.EvidenceWaybill}, held, []rules.CheckedOriginal{blurred}
	case rules.VerdictRefused:
		out.Refused, out.Originals = []rules.EvidenceKind{rules.EvidenceWaybill}, []rules.CheckedOriginal{blurred}
	}
	return out
}

// A blurred waybill is handed in by nobody: people hear why, and as soon as a better one is
// there the claim is filed.
func TestBlurredWaybillIsStoppedAndMended(t *testing.T) {
	t.Parallel()
	w := newWorld(t, confirmedAt)
	w.answer = protocol.Filed{ClaimID: "C1"}
	verdict := rules.VerdictRefused
	w.judge = func(held []protocol.Evidence) protocol.Papers { return judged(held, verdict) }
	worse, better := confirmedAt.Add(2*day), confirmedAt.Add(3*day)
	w.later(worse, original(worse, rules.EvidenceWaybill))
	w.at(better.Add(-time.Second), func() { verdict = rules.VerdictReady })
	w.later(better, original(better, rules.EvidenceWaybill))
	end := better.Add(day)
	w.later(end, settled(end, "C1"))
	w.claim(stall, stalled(confirmed(confirmedAt))...)
	require.Equal(t, rules.StatusPaid, w.claimResult().Status)
	require.Len(t, w.filings, 1)
	require.Equal(t, better, w.filings[0].Now)
	require.Equal(t, []string{
		since(confirmedAt) + " papers-unready/0", since(confirmedAt) + " file", since(worse) + " papers-unready/1",
	}, w.told())
	require.Contains(t, w.texts[0].ZH, "模糊")
	require.Contains(t, w.texts[0].EN, "scan.jpg")
}

// Papers that a person should look at, and nobody does, are filed 24 h before it is too late,
// at the second; those that will be refused never are.
func TestUnlookedPapersAreFiledInTime(t *testing.T) {
	t.Parallel()
	for verdict, asked := range map[rules.Verdict]int{rules.VerdictLook: 1, rules.VerdictRefused: 0} {
		t.Run(string(verdict), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, confirmedAt)
			w.answer = protocol.Filed{ClaimID: "C1"}
			w.judge = func(held []protocol.Evidence) protocol.Papers { return judged(held, verdict) }
			from := fileBy.Add(-24 * time.Hour)
			w.at(from.Add(-time.Second), func() { require.Empty(t, w.filings) })
			w.at(from.Add(time.Second), func() { require.Len(t, w.filings, asked) })
			end := fileBy.Add(-time.Hour)
			w.later(end, settled(end, "C1"))
			w.claim(stall, stalled(confirmed(confirmedAt))...)
			require.Equal(t, map[rules.Verdict]rules.CaseStatus{rules.VerdictLook: rules.StatusPaid, rules.VerdictRefused: rules.StatusWindowShut}[verdict], w.claimResult().Status)
			if asked > 0 {
				require.Equal(t, from, w.filings[0].Now)
			}
		})
	}
}

// Originals that cannot be judged are judged again every hour, until they can.
func TestJudgingIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, confirmedAt)
	w.answer = protocol.Filed{ClaimID: "C1"}
	until := confirmedAt.Add(5*time.Hour + 30*time.Minute)
	w.during["gather"] = func(int) error {
		if w.env.Now().Before(until) {
			return errors.Join(port.ErrRefused, errors.New("the vault is away"))
		}
		return nil
	}
	end := confirmedAt.Add(2 * day)
	w.later(end, settled(end, "C1"))
	w.claim(stall, stalled(confirmed(confirmedAt))...)
	require.Equal(t, rules.StatusPaid, w.claimResult().Status)
	require.Len(t, w.filings, 1)
	require.Equal(t, confirmedAt.Add(6*time.Hour), w.filings[0].Now)
}
