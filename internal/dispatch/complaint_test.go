package dispatch_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// A complaint about an order that has ended starts its workflow again with all facts; what follows
// is signalled, and the record shows what it cost. A repeat changes nothing.
func TestComplaintAfterTheEnd(t *testing.T) {
	t.Parallel()
	s := play(t, at(day0.Add(60*day)))
	end := day0.Add(20 * day)
	s.accept(t, created("1"), paid("1"), recorded("1", "LP1"), scan("s", "1", "LP1", day0.Add(30*time.Hour), "picked_up"),
		event("end", "receipt.confirmed", "1", end, `{"at":"$T"}`))
	s.settled(t)
	assert.Empty(t, s.server.known("1"), "nothing to keep")
	opened := end.Add(30 * day)
	s.accept(t, event("c", "complaint.opened", "1", opened, `{"complaint_id":"F-1","at":"$T"}`))
	s.settled(t)
	assert.ElementsMatch(t, []string{"created-1", "paid-1", "recorded-1-LP1", "s", "end", "c"}, s.server.known("1"))
	list, err := s.db.Complaints(t.Context(), "shop", "1")
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, rules.ComplaintLost, list[0].Status)
	assert.Equal(t, "90.00 USD", list[0].MoneyAtRisk.String())
	assert.Equal(t, opened.Add(day), list[0].RespondBy.Time())

	s.accept(t, event("a", "complaint.answered", "1", opened.Add(23*time.Hour), `{"complaint_id":"F-1","at":"$T"}`))
	s.settled(t)
	assert.Contains(t, s.server.known("1"), "a")
	for range 2 {
		s.accept(t, event("d", "complaint.decided", "1", opened.Add(4*day), `{"complaint_id":"F-1","at":"$T","upheld":true,"points":2}`))
		s.settled(t)
	}
	assert.Contains(t, s.server.known("1"), "d")
	assert.Equal(t, 1, s.server.runs)
	list, err = s.db.Complaints(t.Context(), "shop", "1")
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, rules.ComplaintUpheld, list[0].Status)
	assert.Equal(t, 2, list[0].Points)
	assert.Equal(t, "90.00 USD", list[0].Frozen.String())
	assert.Nil(t, list[0].MoneyAtRisk)
	assert.Equal(t, opened.Add(23*time.Hour), list[0].AnsweredAt.Time())
	assert.Equal(t, rules.EndCancelled, s.order(t, "1").End)
}

// While nobody answers, the record changes by time alone.
func TestComplaintIsLostByTime(t *testing.T) {
	t.Parallel()
	opened := day0.Add(5 * day)
	s := play(t, protocol.Clock{Origin: opened.Add(20 * time.Hour), Start: time.Now(), Speed: 7200}) // two hours a second
	s.accept(t, created("1"), paid("1"), recorded("1", "LP1"), scan("s", "1", "LP1", day0.Add(30*time.Hour), "picked_up"),
		event("c", "complaint.opened", "1", opened, `{"complaint_id":"F-1","at":"$T"}`))
	status := func() rules.ComplaintStatus {
		list, err := s.db.Complaints(t.Context(), "shop", "1")
		if err != nil || len(list) != 1 {
			return ""
		}
		return list[0].Status
	}
	require.Eventually(t, func() bool { return status() == rules.ComplaintLost }, 20*time.Second, 10*time.Millisecond)
}
