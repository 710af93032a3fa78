package sandbox

import (
	"fmt"
	"time"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/twin"
)

// Source is the event source of what the invented platform decides and pays.
const Source = "sandbox/platform"

// The states of a claim at the invented platform.
const (
	stateFiled    = "filed"
	stateApproved = "approved"
	stateRejected = "rejected"
	stateAppealed = "appealed"
	stateRefused  = "refused" // for good
	statePaid     = "paid"
)

// firstPause and longestPause bound the real pause between tries of a push.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
)

// live plays a claim's fate from its filing or its appeal on.
func (s *Sandbox) live(c *claim, round int, from time.Time) {
	decision, after, next := c.fate.Decision, c.fate.DecideAfter, stateRejected
	if round > 1 {
		decision, after, next = c.fate.AppealDecision, c.fate.AppealAfter, stateRefused
	}
	if decision == "" {
		return
	}
	at := from.Add(after)
	if !s.until(at) {
		return
	}
	data := &rules.ClaimDecided{ClaimID: c.ID, When: at, Decision: decision}
	if decision == rules.DecisionApproved {
		next, data.Amount = stateApproved, c.Payout
	} else {
		data.Reason = c.fate.Reason
	}
	s.set(c, next)
	pushed := s.push(c, rules.Event{ID: fmt.Sprintf("%s/decided/%d", c.ID, round), Type: rules.TypeClaimDecided, Time: at, Data: data})
	if !pushed || next != stateApproved || c.fate.PayAfter == 0 {
		return
	}
	if at = at.Add(c.fate.PayAfter); !s.until(at) {
		return
	}
	s.set(c, statePaid)
	s.push(c, rules.Event{
		ID: c.ID + "/paid", Type: rules.TypeClaimPaid, Time: at,
		Data: &rules.ClaimFact{ClaimID: c.ID, When: at, Amount: c.Payout},
	})
}

func (s *Sandbox) set(c *claim, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Status = status
}

// push sends an event to the callback until it is accepted; false when Close came first.
func (s *Sandbox) push(c *claim, e rules.Event) bool {
	e.Source, e.Store, e.Order = Source, c.Store, c.Order
	body, err := protocol.EncodeEvent(e)
	if err != nil {
		panic("sandbox: an event of its own making cannot be encoded: " + err.Error())
	}
	if s.callback == "" {
		return true
	}
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		status, _, err := twin.Push(s.work.Context(), s.client, s.callback, "application/cloudevents+json", nil, body)
		accepted := err == nil && status/100 == 2
		s.count(func(n *Counters) {
			if accepted {
				n.Pushed++
			} else {
				n.PushRetries++
			}
		})
		if accepted {
			return true
		}
		if !twin.Sleep(s.work.Context(), pause) {
			return false
		}
	}
}
