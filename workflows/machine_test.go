package workflows_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

func flagged(at time.Time) rules.Event {
	return event(rules.TypeTrackingFlagged, at, &rules.ParcelFact{TrackingNumber: parcel, When: at})
}

// A machine reads the inbox before it files: a claim that a person has handed in, or that
// cannot win any more, is not filed, though no signal told of it.
func TestMachineReadsTheInboxFirst(t *testing.T) {
	t.Parallel()
	at := confirmedAt.Add(time.Minute)
	for name, tc := range map[string]struct {
		fact rules.Event
		want rules.CaseStatus
		told []string
	}{
		"filed by hand":      {filed(at, "C9"), rules.StatusFiled, nil},
		"moved again":        {scan(at, rules.InTransit), rules.StatusResumed, []string{since(confirmedAt.Add(time.Hour)) + ended(rules.StatusResumed)}},
		"falsified tracking": {flagged(at), rules.StatusConfirmed, []string{since(confirmedAt.Add(time.Hour)) + " file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, opened)
			w.answer = protocol.Filed{ClaimID: "C1"}
			w.quietly(at, tc.fact)
			heard := confirmedAt.Add(time.Hour)
			w.at(heard, func() { w.env.SignalWorkflow(protocol.SignalConfirm, confirmation(&confirmedAt)) })
			w.at(heard.Add(time.Minute), w.env.CancelWorkflow)
			w.claim(stall, stalled()...)
			require.Zero(t, w.asked("file"))
			require.Equal(t, tc.want, w.status(heard.Add(time.Second)))
			require.Equal(t, append([]string{since(opened) + " confirm"}, tc.told...), w.told())
		})
	}
}

// A filing by hand during the machine's failing tries counts, and no person is asked for one.
func TestPersonFilesWhileTheMachineTries(t *testing.T) {
	t.Parallel()
	for _, bell := range []bool{true, false} {
		t.Run(map[bool]string{true: "told", false: "in the inbox only"}[bell], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, confirmedAt)
			w.during["file"] = func(int) error { return errors.New("out of order") }
			at := confirmedAt.Add(5 * time.Minute)
			if bell {
				w.later(at, filed(at, "C9"))
			} else {
				w.quietly(at, filed(at, "C9"))
			}
			end := confirmedAt.Add(day)
			w.later(end, settled(end, "C9"))
			w.claim(stall, stalled(confirmed(confirmedAt))...)
			r := w.claimResult()
			require.Equal(t, rules.StatusPaid, r.Status)
			require.Equal(t, "C9", r.ClaimID)
			require.Greater(t, w.asked("file"), 1)
			require.Empty(t, w.told())
		})
	}
}

// A machine tries for ten minutes of real time at most, and never beyond the deadline.
func TestPatienceOfTheMachine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		left  time.Duration // virtual, until file-by
		speed float64
		want  time.Duration
	}{
		{"days left", 10 * day, 1, 10 * time.Minute},
		{"days left, fast clock", 10 * day, 60, 10 * time.Minute},
		{"five minutes left", 5 * time.Minute, 1, 5 * time.Minute},
		{"five minutes left, twice as fast", 5 * time.Minute, 2, 150 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			start := fileBy.Add(-tc.left)
			w := newWorld(t, start)
			w.clock = protocol.Clock{Origin: start, Start: start, Speed: tc.speed}
			w.answer = protocol.Filed{ClaimID: "C1"}
			w.at(start.Add(time.Minute), w.env.CancelWorkflow)
			w.claim(stall, stalled(confirmed(confirmedAt))...)
			require.Equal(t, 1, w.asked("file"))
			require.Equal(t, tc.want, w.patience.Round(time.Microsecond))
		})
	}
}

// A machine never files a claim that cannot win: the person is told and decides.
func TestMachineFilesNoIneligibleClaim(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		country string
		facts   []rules.Event
		reason  string
	}{
		"falsified tracking": {"US", []rules.Event{flagged(pickedUp.Add(day))}, rules.ReasonFalsified},
		"Brazil without CPF": {"BR", nil, rules.ReasonMissingTaxID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, confirmedAt)
			w.answer = protocol.Filed{ClaimID: "C1"}
			byHand := confirmedAt.Add(day)
			w.later(byHand, filed(byHand, "C9"))
			end := byHand.Add(day)
			w.later(end, settled(end, "C9"))
			facts := stalled(append(tc.facts, confirmed(confirmedAt))...)
			facts[0] = orderCreated(tc.country, false)
			w.claim(stall, facts...)
			require.Equal(t, rules.StatusPaid, w.claimResult().Status, "the person may file all the same")
			require.Contains(t, w.assessment(byHand.Add(-time.Second)).Claim.Reasons, tc.reason)
			require.Zero(t, w.asked("file"))
			require.Equal(t, []string{since(confirmedAt) + " file"}, w.told())
		})
	}
}

// An answer that cannot be a fact does not stop the claim: a person is asked.
func TestWorthlessAnswerStopsNoClaim(t *testing.T) {
	t.Parallel()
	rejectedAt := filedAt.Add(5 * day)
	for name, tc := range map[string]struct {
		claimID string
		untimed bool
	}{
		"no claim ID":            {"", false},
		"no time":                {"C1", true},
		"neither":                {"", true},
		"a claim ID like a book": {strings.Repeat("C", 129), false},
	} {
		t.Run("filing: "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, confirmedAt)
			w.answer, w.untimed = protocol.Filed{ClaimID: tc.claimID}, tc.untimed
			at := confirmedAt.Add(day)
			w.later(at, filed(at, "C9"))
			w.later(at.Add(day), settled(at.Add(day), "C9"))
			w.claim(stall, stalled(confirmed(confirmedAt))...)
			require.Equal(t, rules.StatusPaid, w.claimResult().Status)
			require.Equal(t, rules.StatusConfirmed, w.status(at.Add(-time.Second)))
			require.Equal(t, 1, w.asked("file"))
			require.Equal(t, []string{since(confirmedAt) + " file"}, w.told())
		})
		t.Run("appeal: "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, rejectedAt)
			w.answer, w.untimed = protocol.Filed{ClaimID: tc.claimID}, tc.untimed
			at := rejectedAt.Add(day)
			w.later(at, appealed(at, "C1"))
			w.later(at.Add(day), settled(at.Add(day), "C1"))
			w.claim(stall, handedIn(decided(rejectedAt, "C1", rules.DecisionRejected), added(rejectedAt))...)
			require.Equal(t, rules.StatusPaid, w.claimResult().Status)
			require.Equal(t, rules.StatusRejected, w.status(at.Add(-time.Second)))
			require.Equal(t, 1, w.asked("appeal"))
			require.Equal(t, []string{since(rejectedAt) + " appeal"}, w.told())
		})
	}
}
