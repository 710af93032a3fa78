package dispatch_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"parcelward/internal/protocol"
)

// one claims the next order.
func (s *scene) one(tb testing.TB) string {
	tb.Helper()
	claimed, err := s.Claim(tb.Context(), 1)
	require.NoError(tb, err)
	require.Len(tb, claimed, 1)
	return claimed[0].Order
}

// A fact that comes in between the claim and the reading of facts is judged, not only settled.
func TestFactAfterTheClaim(t *testing.T) {
	t.Parallel()
	s := idle(t, at(day0.Add(2*day)))
	s.accept(t, created("1"), paid("1"))
	claimed, err := s.Claim(t.Context(), 1)
	require.NoError(t, err)
	saved, err := s.Hand(t.Context(), &claimed[0])
	require.NoError(t, err)
	assert.True(t, saved)
	o := s.order(t, "1") // as of a recheck's claim: nothing waits
	s.accept(t, recorded("1", "LP1"))
	saved, err = s.Hand(t.Context(), &o)
	require.NoError(t, err)
	assert.True(t, saved)
	assert.Equal(t, []string{"created-1", "paid-1", "recorded-1-LP1"}, s.server.known("1"))
}

// A backlog of facts does not keep the orders waiting whose time has come.
func TestRecheckDuringBacklog(t *testing.T) {
	t.Parallel()
	s := idle(t, at(day0.Add(60*day)))
	early := scene{server: s.server, clock: at(day0.Add(2 * day)), logs: s.logs, db: s.db}
	s.accept(t, created("due"), paid("due"))
	claimed, err := s.Claim(t.Context(), 1)
	require.NoError(t, err)
	_, err = early.dispatcher(t).Hand(t.Context(), &claimed[0])
	require.NoError(t, err)
	for i := range 20 {
		s.accept(t, created(fmt.Sprint(i)))
	}
	var orders []string
	for range 5 {
		orders = append(orders, s.one(t))
	}
	assert.Contains(t, orders, "due")
}

// Orders of which Temporal need not hear do not hold up the end of an outage.
func TestQuietOrdersAfterAnOutage(t *testing.T) {
	t.Parallel()
	s := play(t, at(day0.Add(2*day)))
	calls := func() (n int) { s.server.set(func() { n = s.server.calls }); return n }
	s.server.set(func() { s.server.down = serviceerror.NewUnavailable("connection refused") })
	s.accept(t, created("loud"), paid("loud"))
	require.Eventually(t, func() bool { return s.Healthy() != nil }, 5*time.Second, 5*time.Millisecond)
	for i := range 40 {
		s.accept(t, created(fmt.Sprint(i)))
	}
	before := calls()
	require.Eventually(t, func() bool { return calls() > before }, 10*time.Second, time.Millisecond)
	s.server.set(func() { s.server.down = nil }) // the loud one is behind the quiet ones now
	start := time.Now()
	s.settled(t)
	assert.Less(t, time.Since(start), 5*time.Second)
	assert.Equal(t, []string{"created-loud", "paid-loud"}, s.server.known("loud"))
}

// Nobody has more orders than can be worked on at once, so that no lease runs out in a queue.
func TestClaimsOnlyWhatCanBeWorkedOn(t *testing.T) {
	t.Parallel()
	s := idle(t, at(day0.Add(2*day)))
	hold, atWork := make(chan struct{}), make(chan struct{}, 20)
	s.server.onStart = func(protocol.OrderInput) {
		atWork <- struct{}{}
		<-hold
	}
	for i := range 20 {
		s.accept(t, created(fmt.Sprint(i)), paid(fmt.Sprint(i)))
	}
	s.another(t)
	for range 8 {
		<-atWork
	}
	rest, err := s.db.ClaimWaiting(t.Context(), 20, 0)
	close(hold)
	require.NoError(t, err)
	assert.Len(t, rest, 12, "8 are at work")
	s.settled(t)
}
