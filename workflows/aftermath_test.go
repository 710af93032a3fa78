package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/calendar"
)

// original brings one of a kind into the vault.
func original(at time.Time, kind rules.EvidenceKind) rules.Event {
	return event(rules.TypeEvidenceAdded, at, &rules.EvidenceAdded{
		TrackingNumber: parcel, When: at, By: "li.na", Originals: []rules.Original{{Kind: kind, SHA256: fmt.Sprintf("%064x", at.Unix())}},
	})
}

func papersAsked(at time.Time, kinds ...rules.EvidenceKind) rules.Event {
	return event(rules.TypePapersRequested, at, &rules.PapersRequested{ClaimID: "C1", When: at, Kinds: kinds})
}

// The platform wants more papers: nothing is sent before they are there, and then at once; a
// second request is answered like the first.
func TestPapersAreSentWhenTheyAreThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, confirmedAt)
	w.answer = protocol.Filed{ClaimID: "C1"}
	asked := confirmedAt.Add(2 * day)
	w.later(asked, papersAsked(asked, rules.EvidenceOutbound))
	w.later(asked.Add(time.Hour), original(asked.Add(time.Hour), rules.EvidenceWaybill)) // not what is wanted
	there := asked.Add(5 * time.Hour)
	w.later(there, original(there, rules.EvidenceOutbound))
	again := asked.Add(day)
	w.later(again, papersAsked(again))
	more := again.Add(time.Hour)
	w.later(more, original(more, rules.EvidenceMessages))
	end := again.Add(2 * day)
	w.later(end, settled(end, "C1"))
	w.claim(stall, stalled(confirmed(confirmedAt))...)
	require.Equal(t, rules.StatusPaid, w.claimResult().Status)
	require.Equal(t, 2, w.asked("papers"))
	id := protocol.ClaimWorkflowID(store, number, stall)
	require.Equal(t, id+"#papers/"+stamp(asked).String(), w.requests[0].Key)
	require.Equal(t, there, w.requests[0].Now)
	require.Len(t, w.requests[0].Added, 2)
	require.Equal(t, more, w.requests[1].Now)
	require.Len(t, w.requests[1].Added, 1)
	sent := recordedFacts[*rules.ClaimFact](w)
	require.Equal(t, rules.TypePapersSent, sent[0].Type)
	require.Equal(t, []string{
		since(asked) + " papers-by/" + stamp(asked).String(), since(again) + " papers-by/" + stamp(again).String(),
	}, w.told())
}

// Papers at -1 s, 0 and +1 s of their deadline, sent by a person.
func TestPapersBy(t *testing.T) {
	t.Parallel()
	asked := filedAt.Add(day)
	due := asked.Add(72 * time.Hour)
	key := "papers-by/" + stamp(asked).String()
	for name, offset := range aroundDeadline {
		t.Run("sent at "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, filedAt)
			w.later(asked, papersAsked(asked))
			at := due.Add(2 * offset) // at +1 s it would come along with the escalation
			w.later(at, event(rules.TypePapersSent, at, &rules.ClaimFact{ClaimID: "C1", When: at}))
			end := due.Add(time.Hour)
			w.later(end, settled(end, "C1"))
			w.claim(stall, handedIn()...)
			require.Equal(t, rules.StatusPaid, w.claimResult().Status)
			told := []string{
				since(asked) + " " + key, since(due.Add(-24*time.Hour)) + " remind/" + key + "/24h", since(due.Add(-6*time.Hour)) + " remind/" + key + "/6h",
			}
			if offset > 0 {
				told = append(told, since(due.Add(time.Second))+" missed/"+key+" +manager")
			}
			require.Equal(t, told, w.told())
			require.Zero(t, w.asked("papers"))
		})
	}
}

// goodHealth is just enough for seller protection.
func goodHealth() *rules.StoreHealth {
	positive, disputes := decimal.MustParse("95"), decimal.MustParse("1.2")
	return &rules.StoreHealth{PositiveRatePercent: &positive, DisputeRatePercent: &disputes, Programmes: []string{"anxinda"}}
}

// Refused again after the appeal: seller protection is asked for by machine where the store may
// have it, once, and the story lives until the money is there.
func TestProtectionIsAskedFor(t *testing.T) {
	t.Parallel()
	rejectedAt := filedAt.Add(5 * day)
	again := rejectedAt.Add(3 * day)
	granted, paid := again.Add(4*day), again.Add(6*day)
	facts := func() []rules.Event {
		return handedIn(
			decided(rejectedAt, "C1", rules.DecisionRejected), appealed(rejectedAt.Add(time.Hour), "C1"),
			refunded(rejectedAt, false), decided(again, "C1", rules.DecisionRejected),
		)
	}
	protection := func(t rules.EventType, at time.Time) rules.Event {
		if t == rules.TypeProtectionDecided {
			return event(t, at, &rules.ClaimDecided{ClaimID: "C1", When: at, Decision: rules.DecisionApproved})
		}
		return event(t, at, &rules.ClaimFact{ClaimID: "C1", When: at})
	}
	t.Run("by machine", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, again)
		w.answer, w.health = protocol.Filed{ClaimID: "C1"}, goodHealth()
		w.later(granted, protection(rules.TypeProtectionDecided, granted))
		w.later(paid, protection(rules.TypeProtectionPaid, paid))
		w.claim(stall, facts()...)
		require.Equal(t, rules.StatusClosed, w.claimResult().Status)
		require.Equal(t, paid.Sub(again), w.elapsed(again))
		require.Len(t, w.requests, 1)
		require.Equal(t, protocol.ClaimWorkflowID(store, number, stall)+"#protection", w.requests[0].Key)
		require.NotNil(t, w.requests[0].Amount)
		require.Equal(t, []string{
			since(again) + " protection/requested", since(granted) + " protection/approved", since(paid) + " protection/paid",
		}, w.told())
	})
	t.Run("by a person", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, again)
		w.health = goodHealth()
		asked := again.Add(day)
		w.later(asked, protection(rules.TypeProtectionRequested, asked))
		w.later(granted, protection(rules.TypeProtectionDecided, granted))
		w.later(paid, protection(rules.TypeProtectionPaid, paid))
		w.claim(stall, facts()...)
		w.claimResult()
		require.Equal(t, paid.Sub(again), w.elapsed(again))
		require.Equal(t, 1, w.asked("protection"))
		require.Equal(t, since(again)+" protection/open", w.told()[0])
		require.Contains(t, w.texts[0].EN, "USD 50.00")
	})
	by := again.Add(15 * day)
	for name, offset := range aroundDeadline {
		t.Run("the store's health is not known; asked at "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, again)
			at := by.Add(offset)
			w.later(at, protection(rules.TypeProtectionRequested, at))
			answered := at.Add(day)
			w.later(answered, event(rules.TypeProtectionDecided, answered, &rules.ClaimDecided{ClaimID: "C1", When: answered, Decision: rules.DecisionRejected}))
			w.claim(stall, facts()...)
			w.claimResult()
			require.Zero(t, w.asked("protection"))
			require.Equal(t, 3, w.asked("health"), "at first, and at each reminder")
			told := []string{
				since(again) + " protection/open", since(by.Add(-24*time.Hour)) + " remind/protection-by/24h", since(by.Add(-6*time.Hour)) + " remind/protection-by/6h",
			}
			last, end := "rejected", answered
			if offset > 0 {
				last, end = "lapsed", by.Add(time.Second)
			} else {
				told = append(told, since(at)+" protection/requested")
			}
			require.Equal(t, append(told, since(end)+" protection/"+last), w.told())
			require.Equal(t, end.Sub(again), w.elapsed(again))
		})
	}
}

// refusedTwice is a claim that was appealed and refused again, without any refund.
func refusedTwice(again time.Time) []rules.Event {
	rejectedAt := filedAt.Add(5 * day)
	return handedIn(
		decided(rejectedAt, "C1", rules.DecisionRejected), appealed(rejectedAt.Add(time.Hour), "C1"), decided(again, "C1", rules.DecisionRejected),
	)
}

// A claim that began before stories knew of seller protection ends without it: its order begins one
// more, and no third.
func TestClaimThatEndedWithoutProtection(t *testing.T) {
	t.Parallel()
	again := filedAt.Add(8 * day)
	w := newWorld(t, again)
	var began []time.Time
	w.env.OnWorkflow(protocol.WorkflowClaim, mock.Anything, mock.Anything).Return(func(ctx workflow.Context, _ protocol.ClaimInput) (protocol.ClaimResult, error) {
		began = append(began, workflow.Now(ctx))
		return protocol.ClaimResult{Status: rules.StatusClosed}, workflow.Sleep(ctx, time.Hour)
	})
	w.order(append(refusedTwice(again), refunded(again, false))...)
	require.True(t, w.env.IsWorkflowCompleted())
	require.NoError(t, w.env.GetWorkflowError())
	require.Len(t, began, 2)
}

// A refund after the second refusal is the loss: seller protection is asked for at once.
func TestRefundAfterTheSecondRefusal(t *testing.T) {
	t.Parallel()
	again := filedAt.Add(8 * day)
	at := again.Add(2 * day)
	w := newWorld(t, again)
	w.answer, w.health = protocol.Filed{ClaimID: "C1"}, goodHealth()
	w.later(at, refunded(at, false))
	end := at.Add(day)
	w.later(end, event(rules.TypeProtectionPaid, end, &rules.ClaimFact{ClaimID: "C1", When: end}))
	w.claim(stall, refusedTwice(again)...)
	w.claimResult()
	require.Len(t, w.requests, 1)
	require.Equal(t, at, w.requests[0].Now)
	require.Equal(t, "50.00", w.requests[0].Amount.Value.String())
	require.Equal(t, 2, w.asked("health"))
}

// The store's health cannot be looked up: it is tried again every hour.
func TestHealthIsLookedUpAgain(t *testing.T) {
	t.Parallel()
	again := filedAt.Add(8 * day)
	w := newWorld(t, again)
	w.answer, w.health = protocol.Filed{ClaimID: "C1"}, goodHealth()
	w.during["health"] = func(int) error {
		return downBetween(w, again, again.Add(150*time.Minute))
	}
	end := again.Add(day)
	w.later(end, event(rules.TypeProtectionPaid, end, &rules.ClaimFact{ClaimID: "C1", When: end}))
	w.claim(stall, append(refusedTwice(again), refunded(again, false))...)
	w.claimResult()
	require.Len(t, w.requests, 1)
	require.Equal(t, 3*time.Hour, w.requests[0].Now.Sub(again).Truncate(time.Minute))
}

// The second decision is awaited as long as the first: then the manager hears of it, and a ticket
// is opened.
func TestSecondDecisionIsLate(t *testing.T) {
	t.Parallel()
	rejectedAt := filedAt.Add(day)
	appealedAt := rejectedAt.Add(time.Hour)
	days, err := calendar.Embedded()
	require.NoError(t, err)
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	due, _ := days.WorkdayEnd(appealedAt, 7, shanghai)
	expected, _ := days.WorkdayEnd(appealedAt, 5, shanghai)
	for name, offset := range aroundDeadline {
		t.Run("decided at "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, appealedAt)
			at := due.Truncate(time.Second).Add(2 * offset) // at +1 s it would come along with the ticket
			w.later(at, decided(at, "C1", rules.DecisionApproved))
			w.later(at.Add(day), settled(at.Add(day), "C1"))
			w.claim(stall, handedIn(decided(rejectedAt, "C1", rules.DecisionRejected), appealed(appealedAt, "C1"))...)
			require.Equal(t, rules.StatusPaid, w.claimResult().Status)
			told := []string{since(expected) + " outcome/appeal"}
			if offset > 0 {
				told = append(told, since(due.Truncate(time.Second).Add(time.Second))+" overdue/appeal-review-due +manager")
				require.Len(t, w.tickets, 1)
				require.Equal(t, "ticket/"+store+"/"+number+"/review_overdue/appeal-C1", w.tickets[0].ID())
			} else {
				require.Empty(t, w.tickets)
			}
			require.Equal(t, told, w.told())
		})
	}
}

// A ticket that could not be opened is tried again, twice as late each time, though the claim is
// over; it does not keep its story for ever.
func TestTicketIsOpenedAgain(t *testing.T) {
	t.Parallel()
	paidAt := filedAt.Add(day)
	less := usd("80.00")
	for name, tc := range map[string]struct {
		until, elapsed time.Duration
		opened         int
	}{
		"for two hours": {2 * time.Hour, 3 * time.Hour, 1}, "for ever": {365 * day, 47 * time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, paidAt)
			w.during["ticket"] = func(int) error { return downBetween(w, paidAt, paidAt.Add(tc.until)) }
			w.claim(stall, handedIn(event(rules.TypeClaimPaid, paidAt, &rules.ClaimFact{ClaimID: "C1", When: paidAt, Amount: &less}))...)
			require.Equal(t, rules.StatusPaid, w.claimResult().Status)
			require.Len(t, w.tickets, tc.opened)
			require.InDelta(t, tc.elapsed.Hours(), w.elapsed(paidAt).Hours(), 2)
		})
	}
}
