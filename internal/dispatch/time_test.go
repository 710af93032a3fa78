package dispatch_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// handAt hands the next order as a dispatcher would whose clock shows another time.
func (s *scene) handAt(t *testing.T, now time.Time) {
	t.Helper()
	then := scene{server: s.server, clock: at(now), logs: s.logs, db: s.db}
	d := then.dispatcher(t)
	claimed, err := d.Claim(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, claimed, 1, "an order waits, or its time has come")
	saved, err := d.Hand(t.Context(), &claimed[0])
	require.NoError(t, err)
	require.True(t, saved)
}

// A fact that is dated ahead starts a story that was over again when its time has come, though
// nothing new came in by then.
func TestFactDatedAheadGoesOnWithAClosedStory(t *testing.T) {
	t.Parallel()
	s := idle(t, at(day0))
	s.accept(t, created("1"), paid("1"), recorded("1", "LP1"))
	s.handAt(t, day0.Add(2*day))
	closed := day0.Add(7 * day)
	s.accept(t, event("end", "receipt.confirmed", "1", closed, `{"at":"$T"}`))
	s.handAt(t, closed)
	require.Equal(t, rules.StageClosed, s.order(t, "1").Stage)
	s.server.set(func() { delete(s.server.open, "order/shop/1") })

	ahead := closed.Add(day) // filed before the end, and told of as from tomorrow
	s.accept(t, event("filed", "claim.filed", "1", ahead, `{"tracking_number":"LP1","at":"2026-01-10T08:00:00Z","claim_id":"C1",
		"case":{"kind":"lost","opened_at":"2026-01-09T08:00:00Z","last_movement_at":"2026-01-06T04:00:00Z","file_by":"2026-01-24T15:59:59Z"}}`))
	s.handAt(t, closed)
	require.Len(t, s.server.starts, 1, "nothing has happened yet")
	assert.Equal(t, ahead, s.order(t, "1").RecheckAt.UTC())

	s.handAt(t, ahead)
	require.Len(t, s.server.starts, 2)
	assert.Equal(t, []string{"created-1", "paid-1", "recorded-1-LP1", "end", "filed"}, s.server.known("1"))
	assert.Equal(t, rules.StageException, s.order(t, "1").Stage)
}

// A Temporal that answers nobody is an outage, not the fault of the order that was tried.
func TestHangingTemporalIsAnOutage(t *testing.T) {
	t.Parallel()
	s := play(t, at(day0.Add(2*day)))
	s.server.set(func() { s.server.hangs = true })
	s.accept(t, created("1"), paid("1"))
	require.Eventually(t, func() bool { return s.Healthy() != nil || s.order(t, "1").Attempts > 0 }, 10*time.Second, 10*time.Millisecond)
	require.ErrorContains(t, s.Healthy(), "cannot reach Temporal")
	s.server.set(func() { s.server.hangs = false })
	s.settled(t)
	require.NoError(t, s.Healthy())
	o := s.order(t, "1")
	assert.Zero(t, o.Attempts)
	assert.Empty(t, o.LastError)
	assert.Len(t, s.server.starts, 1)
}

// What a workflow has judged is not judged again as of an earlier moment, though this
// computer's clock is behind the worker's.
func TestJudgedAheadOfTheClock(t *testing.T) {
	t.Parallel()
	s := idle(t, at(day0))
	s.accept(t, created("1"), paid("1"), recorded("1", "LP1"))
	before := day0.Add(2 * day)
	s.handAt(t, before)
	require.Equal(t, rules.StageInTransit, s.order(t, "1").Stage)
	stalled := day0.Add(20*time.Hour + 30*day)
	_, err := s.db.Load(t.Context(), protocol.FactsQuery{Store: "shop", Order: "1", ForOrder: true, Now: stalled})
	require.NoError(t, err)
	s.accept(t, event("news", "order.address_changed", "1", before, `{"at":"$T","address_hash":"h"}`))
	s.handAt(t, before.Add(time.Hour))
	assert.Equal(t, rules.StageException, s.order(t, "1").Stage)
}
