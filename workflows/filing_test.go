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

var confirmedAt = opened.Add(3 * time.Hour)

// facts of the inbox of one kind of data.
func recordedFacts[D rules.Data](w *world) []rules.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []rules.Event
	for _, raw := range w.inbox {
		f, err := protocol.DecodeFact(raw)
		require.NoError(w.t, err)
		if _, ok := f.Data.(D); ok {
			out = append(out, f.Event)
		}
	}
	return out
}

// A machine files once, with a key of workflow and step, and the fact names the case.
func TestMachineFilesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, confirmedAt)
	w.answer = protocol.Filed{ClaimID: "C1"}
	end := confirmedAt.Add(2 * day)
	w.later(end, settled(end, "C1"))
	w.claim(stall, stalled(confirmed(confirmedAt))...)

	r := w.claimResult()
	require.Equal(t, rules.StatusPaid, r.Status)
	require.Equal(t, "C1", r.ClaimID)
	require.Equal(t, end.Sub(confirmedAt), w.elapsed(confirmedAt))
	require.Len(t, w.filings, 1)
	id := protocol.ClaimWorkflowID(store, number, stall)
	require.Equal(t, id+"#file", w.filings[0].Key)
	require.Equal(t, usd("88.20").String(), w.filings[0].Payout.String())
	facts := recordedFacts[*rules.ClaimFiled](w)
	require.Len(t, facts, 1)
	require.Equal(t, protocol.SourceOfStory(id), facts[0].Source)
	require.Equal(t, "file", facts[0].ID)
	require.Equal(t, &rules.ClaimFiled{
		TrackingNumber: parcel, When: confirmedAt, ClaimID: "C1",
		Case: &rules.FiledCase{Kind: rules.KindStall, OpenedAt: opened, LastMovementAt: pickedUp, FileBy: fileBy},
	}, facts[0].Data)
	require.Empty(t, w.told(), "a machine needs no reminder, and the end is known")
}

// File-by at -1 s, 0 and +1 s where a person files: the reminders 24 h and 6 h before, and
// the end one second after.
func TestFileBy(t *testing.T) {
	t.Parallel()
	grace := fileBy.Add(7 * day)
	hold := scan(pickedUp, rules.CustomsHold)
	hold.ID = "the later of two rows at one moment"
	for _, tc := range []struct {
		name  string
		facts []rules.Event
		due   time.Time
	}{
		{"day 45 23:59", nil, fileBy},
		{"customs document from the last movement on", []rules.Event{hold, document(pickedUp)}, grace},
		{"customs document 1 s before the stall", []rules.Event{hold, document(opened.Add(-time.Second))}, grace},
		{"customs document at the stall", []rules.Event{hold, document(opened)}, fileBy},
		{"customs document 1 s before the hold", []rules.Event{hold, document(pickedUp.Add(-time.Second))}, fileBy},
		{"customs document, not held", []rules.Event{document(pickedUp.Add(time.Hour))}, fileBy},
	} {
		for name, offset := range aroundDeadline {
			for _, bell := range []bool{true, false} {
				t.Run(tc.name+", filed at "+name+map[bool]string{true: "", false: ", in the inbox only"}[bell], func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, confirmedAt)
					at := tc.due.Add(offset)
					if bell {
						w.later(at, filed(at, "C7"))
					} else {
						w.quietly(at, filed(at, "C7"))
					}
					end := tc.due.Add(time.Hour)
					w.later(end, settled(end, "C7"))
					w.claim(stall, stalled(append(tc.facts, confirmed(confirmedAt))...)...)
					r := w.claimResult()
					require.Equal(t, stamp(tc.due), w.assessment(end).Cases[0].FileBy)
					since := func(d time.Duration) string { return tc.due.Add(d).Sub(created).String() }
					told := []string{
						confirmedAt.Sub(created).String() + " file", since(-24*time.Hour) + " remind/file-by/24h", since(-6*time.Hour) + " remind/file-by/6h",
					}
					require.Equal(t, 1, w.asked("file"))
					if offset > 0 {
						require.Equal(t, rules.StatusWindowShut, r.Status)
						require.Equal(t, tc.due.Add(time.Second).Sub(confirmedAt), w.elapsed(confirmedAt))
						require.Equal(t, append(told, since(time.Second)+ended(rules.StatusWindowShut)), w.told())
						require.Equal(t, 5, w.asked("load"), "before the filing, after it, and at each of three alarms")
						require.Contains(t, w.assessment(end).Claim.Reasons, rules.ReasonWindowClosed)
						return
					}
					require.Equal(t, rules.StatusPaid, r.Status)
					require.Equal(t, rules.StatusFiled, w.status(end.Add(-time.Second)))
					require.Equal(t, end.Sub(confirmedAt), w.elapsed(confirmedAt))
					require.Equal(t, told, w.told())
				})
			}
		}
	}
}

// Whatever fails on the way to a filing, the story goes on: a person files.
func TestFailingPortsStopNoClaim(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, err := range map[string]error{"for now": broken, "for good": errors.Join(port.ErrRefused, broken)} {
		for _, what := range []string{"gather", "notify", "file", "appeal"} {
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()
				if what == "gather" && name == "for now" {
					err = errors.Join(port.ErrRefused, broken) // the test environment repeats local activities in real time
				}
				w := newWorld(t, confirmedAt)
				byHand := what == "notify" // a machine needs no notice
				w.answer = protocol.Filed{Pending: byHand, ClaimID: "C1"}
				w.during[what] = func(int) error { return err }
				at := confirmedAt.Add(2 * day)
				if what == "file" || what == "gather" || byHand { // nothing is filed that could not be judged
					w.later(at, filed(at, "C1"))
				}
				w.later(at.Add(day), decided(at.Add(day), "C1", rules.DecisionRejected))
				w.later(at.Add(day), added(at.Add(day)))
				if what == "appeal" || what == "gather" || byHand {
					w.later(at.Add(2*day), appealed(at.Add(2*day), "C1"))
				}
				w.later(at.Add(3*day), decided(at.Add(3*day), "C1", rules.DecisionApproved))
				end := at.Add(4 * day)
				w.later(end, settled(end, "C1"))
				w.claim(stall, stalled(confirmed(confirmedAt))...)
				require.Equal(t, rules.StatusPaid, w.claimResult().Status)
				require.Equal(t, end.Sub(confirmedAt).Round(time.Hour), w.elapsed(confirmedAt).Round(time.Hour))
				require.Positive(t, w.asked(what))
				if what == "notify" {
					require.Empty(t, w.told())
				}
			})
		}
	}
}

// A machine tries for ten minutes at most, so that a person hears of it while there is time.
func TestPersonIsAskedWhenTheMachineFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, confirmedAt)
	w.answer = protocol.Filed{ClaimID: "C1"}
	w.during["file"] = func(int) error { return errors.New("out of order") }
	w.claim(stall, stalled(confirmed(confirmedAt))...)
	require.Equal(t, rules.StatusWindowShut, w.claimResult().Status)
	require.Len(t, w.told(), 4)
	require.Contains(t, w.told()[0], " file")
	require.Equal(t, 10*time.Minute, w.patience)
}

// A movement before the filing ends a stall case, also where it comes while the evidence is
// gathered: then nothing is filed.
func TestMovementEndsTheClaim(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		facts []rules.Event
		start time.Time
		move  time.Time
		files int
	}{
		{"open", nil, opened, opened.Add(time.Hour), 0},
		{"1 s after the opening", nil, opened, opened.Add(time.Second), 0},
		{"confirmed", []rules.Event{confirmed(confirmedAt)}, confirmedAt, confirmedAt.Add(time.Hour), 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.start)
			w.later(tc.move, scan(tc.move, rules.InTransit))
			w.claim(stall, stalled(tc.facts...)...)
			require.Equal(t, rules.StatusResumed, w.claimResult().Status)
			require.Equal(t, tc.move.Sub(tc.start), w.elapsed(tc.start))
			require.Equal(t, tc.files, w.asked("file"))
			require.Contains(t, w.told()[len(w.told())-1], ended(rules.StatusResumed))
		})
	}
	t.Run("while gathering", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, confirmedAt)
		w.answer = protocol.Filed{ClaimID: "C1"}
		w.during["gather"] = func(int) error {
			w.put(scan(confirmedAt.Add(-time.Minute), rules.InTransit))
			w.ring()
			return nil
		}
		w.claim(stall, stalled(confirmed(confirmedAt))...)
		require.Equal(t, rules.StatusResumed, w.claimResult().Status)
		require.Zero(t, w.asked("file"))
	})
}

// Facts learnt later may leave no such case: the claim ends and tells nobody of a case that
// never was.
func TestCaseThatNeverWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, opened)
	learnt := opened.Add(5 * time.Hour)
	w.at(learnt, func() {
		late := scan(pickedUp.Add(10*day), rules.InTransit)
		late.Time = learnt.Add(-time.Hour) // told late, moved long ago: no silence of 30 days until the opening
		w.put(late)
		w.ring()
	})
	w.claim(stall, stalled()...)
	r := w.claimResult()
	require.Equal(t, protocol.ClaimResult{At: r.At}, r)
	require.Equal(t, 5*time.Hour, w.elapsed(opened))
	require.Equal(t, []string{opened.Sub(created).String() + " confirm"}, w.told())
	require.Empty(t, w.assessment(learnt).Cases)
}
