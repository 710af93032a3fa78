package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// Filed on Tuesday 7 April 2026 in Shanghai: results are expected from the 5th workday, the
// 14th, and due by the 7th, the 16th.
var (
	filedAt   = time.Date(2026, 4, 7, 3, 0, 0, 0, time.UTC)
	expected  = time.Date(2026, 4, 14, 15, 59, 59, 0, time.UTC)
	reviewDue = time.Date(2026, 4, 16, 15, 59, 59, 0, time.UTC)
)

func handedIn(more ...rules.Event) []rules.Event {
	return stalled(append([]rules.Event{confirmed(confirmedAt), filed(filedAt, "C1")}, more...)...)
}

func since(t time.Time) string { return t.Sub(created).String() }

// The expected outcome and the review's end: who is told at which second, whichever side of
// it the decision comes.
func TestReviewDue(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		due  time.Time
		told []string // before
		late string   // told when the moment passes without a decision; at the moment or a second after
		from time.Duration
	}{
		{"outcome expected", expected, nil, since(expected) + " outcome", 0},
		{"review due", reviewDue, []string{since(expected) + " outcome"}, since(reviewDue.Add(time.Second)) + " overdue/review-due +manager", time.Second},
	} {
		for name, offset := range aroundDeadline {
			for _, bell := range []bool{true, false} {
				t.Run(tc.name+", decided at "+name+map[bool]string{true: "", false: ", in the inbox only"}[bell], func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, filedAt)
					at := tc.due.Add(offset)
					d := decided(at, "C1", rules.DecisionApproved)
					if bell {
						w.later(at, d)
					} else {
						w.quietly(at, d)
					}
					end := tc.due.Add(time.Hour)
					w.later(end, settled(end, "C1"))
					w.claim(stall, handedIn()...)
					require.Equal(t, rules.StatusPaid, w.claimResult().Status)
					require.Equal(t, end.Sub(filedAt), w.elapsed(filedAt))
					require.Equal(t, rules.StatusFiled, w.status(at.Add(-time.Second)))
					require.Equal(t, stamp(reviewDue), w.assessment(at.Add(-time.Second)).Cases[0].NextDeadline.At)
					require.Equal(t, rules.StatusApproved, w.status(end.Add(-time.Second)))
					told := tc.told
					if offset > tc.from {
						told = append(slices.Clip(told), tc.late)
					}
					require.Equal(t, told, w.told())
					require.Zero(t, w.asked("file"))
				})
			}
		}
	}
}

// The payout is due 72 h after the approval of a certified service, else by the end of the
// 7th workday.
func TestPayoutDue(t *testing.T) {
	t.Parallel()
	approvedAt := time.Date(2026, 4, 10, 2, 0, 0, 0, time.UTC) // Friday
	for _, tc := range []struct {
		name, service string
		due           time.Time
	}{
		{"certified", "CAINIAO_STANDARD", approvedAt.Add(72 * time.Hour)},
		{"not certified", "OWN_CARRIER", time.Date(2026, 4, 21, 15, 59, 59, 0, time.UTC)},
	} {
		for name, offset := range aroundDeadline {
			t.Run(tc.name+", paid at "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, approvedAt)
				at := tc.due.Add(offset)
				w.later(at, settled(at, "C1"))
				facts := handedIn(decided(approvedAt, "C1", rules.DecisionApproved))
				facts[2].Data.(*rules.ShipmentRecorded).ServiceCode = tc.service
				w.claim(stall, facts...)
				require.Equal(t, rules.StatusPaid, w.claimResult().Status)
				require.Equal(t, at.Sub(approvedAt), w.elapsed(approvedAt))
				require.Equal(t, rules.Deadline{Kind: rules.DeadlinePayout, At: stamp(tc.due)}, *w.assessment(at.Add(-time.Second)).Cases[0].NextDeadline)
				require.Empty(t, w.told())
			})
		}
		t.Run(tc.name+", paid a day late", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, approvedAt)
			at := tc.due.Add(day)
			w.later(at, settled(at, "C1"))
			facts := handedIn(decided(approvedAt, "C1", rules.DecisionApproved))
			facts[2].Data.(*rules.ShipmentRecorded).ServiceCode = tc.service
			w.claim(stall, facts...)
			w.claimResult()
			require.Equal(t, []string{since(tc.due.Add(time.Second)) + " overdue/payout-due/2026-04-10T02:00:00Z +manager"}, w.told())
			require.Len(t, w.tickets, 1)
			require.Equal(t, "ticket/"+store+"/"+number+"/payout_overdue/C1", w.tickets[0].ID())
			require.True(t, tc.due.Equal(w.tickets[0].Since))
			require.Equal(t, tc.due.Add(time.Second), w.tickets[0].Opened)
		})
	}
}

// A refusal may be appealed within 72 h, once, by a machine or by a person.
func TestAppealBy(t *testing.T) {
	t.Parallel()
	rejectedAt := time.Date(2026, 4, 15, 6, 0, 0, 0, time.UTC)
	due := rejectedAt.Add(72 * time.Hour)
	told := []string{since(rejectedAt) + " appeal", since(due.Add(-24*time.Hour)) + " remind/appeal-by/24h", since(due.Add(-6*time.Hour)) + " remind/appeal-by/6h"}
	for name, offset := range aroundDeadline {
		for _, bell := range []bool{true, false} {
			t.Run("appealed at "+name+map[bool]string{true: "", false: ", in the inbox only"}[bell], func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, rejectedAt)
				at := due.Add(offset)
				if bell {
					w.later(at, appealed(at, "C1"))
				} else {
					w.quietly(at, appealed(at, "C1"))
				}
				end := due.Add(day)
				w.later(end, decided(end, "C1", rules.DecisionApproved))
				w.later(end, settled(end, "C1"))
				w.claim(stall, handedIn(decided(rejectedAt, "C1", rules.DecisionRejected), added(rejectedAt))...)
				result := w.claimResult().Status
				require.Equal(t, 1, w.asked("appeal"))
				if offset > 0 {
					end = due.Add(time.Second)
					require.Equal(t, rules.StatusClosed, result)
					require.Equal(t, append(told[:3:3], since(end)+ended(rules.StatusClosed)), w.told())
				} else {
					require.Equal(t, rules.StatusPaid, result)
					require.Equal(t, rules.StatusAppealed, w.status(end.Add(-time.Second)))
					require.Equal(t, told, w.told())
				}
				require.Equal(t, end.Sub(rejectedAt), w.elapsed(rejectedAt))
			})
		}
	}
}

// After a machine's appeal the second decision ends the story or leads to the payout.
func TestMachineAppealsOnce(t *testing.T) {
	t.Parallel()
	rejectedAt := filedAt.Add(5 * day)
	for decision, want := range map[string]rules.CaseStatus{rules.DecisionApproved: rules.StatusPaid, rules.DecisionRejected: rules.StatusClosed} {
		t.Run(decision, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, confirmedAt)
			w.answer = protocol.Filed{ClaimID: "C1"}
			w.later(rejectedAt, decided(rejectedAt, "C1", rules.DecisionRejected))
			w.later(rejectedAt, added(rejectedAt))
			second := rejectedAt.Add(2 * day)
			w.later(second, decided(second, "C1", decision))
			if paid := second.Add(day); decision == rules.DecisionApproved {
				w.later(paid, settled(paid, "C1"))
			}
			w.claim(stall, stalled(confirmed(confirmedAt))...)
			require.Equal(t, want, w.claimResult().Status)
			require.Equal(t, 1, w.asked("file"))
			require.Equal(t, 1, w.asked("appeal"))
			facts := recordedFacts[*rules.ClaimFact](w)
			require.Equal(t, "appeal", facts[0].ID)
			require.Equal(t, &rules.ClaimFact{
				ClaimID: "C1", When: rejectedAt.Add(appealQuiet), Originals: added(rejectedAt).Data.(*rules.EvidenceAdded).Originals,
			}, facts[0].Data)
			require.Equal(t, rules.StatusAppealed, w.status(second.Add(-time.Second)))
		})
	}
}

// A filed claim that nobody decides is given up with its order, 180 d after the last fact.
func TestUndecidedClaimIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, filedAt)
	w.claim(stall, handedIn()...)
	require.Equal(t, rules.StatusFiled, w.claimResult().Status)
	require.Equal(t, 180*day, w.elapsed(filedAt))
	require.Equal(t, []string{since(expected) + " outcome", since(reviewDue.Add(time.Second)) + " overdue/review-due +manager"}, w.told())
	require.Len(t, w.tickets, 1)
	require.Equal(t, "ticket/"+store+"/"+number+"/review_overdue/C1", w.tickets[0].ID())
}

// An approval below what was to be expected is told, and a ticket opened about it at once.
func TestDifferentAmountOpensATicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t, filedAt)
	at := filedAt.Add(day)
	less := usd("80.00")
	w.later(at, event(rules.TypeClaimDecided, at, &rules.ClaimDecided{ClaimID: "C1", When: at, Decision: rules.DecisionApproved, Amount: &less}))
	paid := at.Add(day)
	w.later(paid, event(rules.TypeClaimPaid, paid, &rules.ClaimFact{ClaimID: "C1", When: paid, Amount: &less}))
	w.claim(stall, handedIn()...)
	require.Equal(t, rules.StatusPaid, w.claimResult().Status)
	require.Equal(t, []string{since(at) + " differs/approved +manager"}, w.told(), "paid as approved")
	require.Len(t, w.tickets, 1)
	require.Equal(t, "ticket/"+store+"/"+number+"/payout_overdue/approved-C1", w.tickets[0].ID())
	require.Equal(t, usd("88.20").String(), w.tickets[0].Amount.String())
}
