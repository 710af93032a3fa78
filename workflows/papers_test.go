package workflows_test

import (
	"errors"
	"slices"
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

// Papers that the platform asks for are sent when every kind is there and fit to be handed in, and
// not a second after their deadline.
func TestPapersAskedAreSentWhole(t *testing.T) {
	t.Parallel()
	asked := filedAt.Add(day)
	until := asked.Add(72 * time.Hour)
	kinds := []rules.EvidenceKind{rules.EvidenceOutbound, rules.EvidenceWaybill}
	for name, tc := range map[string]struct {
		second time.Time // comes the second kind; zero: never
		unfit  bool      // the first
		sent   bool
	}{
		"one of two":        {},
		"both":              {second: asked.Add(2 * day), sent: true},
		"both, one not fit": {second: asked.Add(2 * day), unfit: true},
		"at the deadline":   {second: until, sent: true},
		"a second too late": {second: until.Add(time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, filedAt)
			w.answer = protocol.Filed{ClaimID: "C1"}
			w.judge = func(held []protocol.Evidence) protocol.Papers {
				return ready(slices.DeleteFunc(held, func(e protocol.Evidence) bool { return tc.unfit && e.Kind == string(kinds[0]) }))
			}
			w.later(asked, papersAsked(asked, kinds...))
			w.later(asked.Add(day), original(asked.Add(day), kinds[0]))
			if !tc.second.IsZero() {
				w.later(tc.second, original(tc.second, kinds[1]))
			}
			end := until.Add(time.Hour)
			w.later(end, settled(end, "C1"))
			w.claim(stall, handedIn()...)
			require.Equal(t, rules.StatusPaid, w.claimResult().Status)
			if !tc.sent {
				require.Empty(t, w.requests)
				return
			}
			require.Len(t, w.requests, 1)
			require.Equal(t, tc.second, w.requests[0].Now)
			require.Len(t, recordedFacts[*rules.ClaimFact](w)[0].Data.(*rules.ClaimFact).Originals, 2)
		})
	}
}

// Papers that are not fit become so by something of which no fact tells the claim: they are judged
// again within a day.
func TestUnfitPapersAreJudgedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, confirmedAt)
	w.answer = protocol.Filed{ClaimID: "C1"}
	verdict := rules.VerdictRefused
	w.judge = func(held []protocol.Evidence) protocol.Papers { return judged(held, verdict) }
	w.at(confirmedAt.Add(day-time.Second), func() { verdict = rules.VerdictReady })
	end := confirmedAt.Add(3 * day)
	w.later(end, settled(end, "C1"))
	w.claim(stall, stalled(confirmed(confirmedAt))...)
	require.Equal(t, rules.StatusPaid, w.claimResult().Status)
	require.Len(t, w.filings, 1)
	require.Equal(t, confirmedAt.Add(day), w.filings[0].Now)
}

// A fact that comes to the claim by another way has them judged at once.
func TestUnfitPapersAreJudgedAgainOnNews(t *testing.T) {
	t.Parallel()
	w := newWorld(t, confirmedAt)
	w.answer = protocol.Filed{ClaimID: "C1"}
	verdict := rules.VerdictRefused
	w.judge = func(held []protocol.Evidence) protocol.Papers { return judged(held, verdict) }
	at := confirmedAt.Add(3 * time.Hour)
	w.at(at.Add(-time.Second), func() { verdict = rules.VerdictReady })
	w.later(at, scan(at, rules.Advisory))
	end := confirmedAt.Add(3 * day)
	w.later(end, settled(end, "C1"))
	w.claim(stall, stalled(confirmed(confirmedAt))...)
	require.Equal(t, rules.StatusPaid, w.claimResult().Status)
	require.Len(t, w.filings, 1)
	require.Equal(t, at, w.filings[0].Now)
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
