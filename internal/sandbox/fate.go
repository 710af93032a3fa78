package sandbox

import (
	"fmt"
	"time"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
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

// The rounds of a claim's life, each begun by what was handed in.
const (
	roundFiled  = 1
	roundAppeal = 2
	roundPapers = 3 // filed, and the papers are there that were asked for
)

// live plays a claim's fate from its filing, its papers or its appeal on.
func (s *Sandbox) live(c *claim, round int, from time.Time) {
	decision, after, next, nth := c.fate.Decision, c.fate.DecideAfter, stateRejected, 1
	if round == roundAppeal {
		decision, after, next, nth = c.fate.AppealDecision, c.fate.AppealAfter, stateRefused, 2
	}
	if round == roundFiled && c.fate.PapersAfter > 0 {
		s.askPapers(c, from.Add(c.fate.PapersAfter))
		return
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
		next, data.Amount = stateApproved, c.pays()
	} else {
		data.Reason = c.fate.Reason
	}
	s.set(c, next)
	pushed := s.push(c, rules.Event{ID: fmt.Sprintf("%s/decided/%d", c.ID, nth), Type: rules.TypeClaimDecided, Time: at, Data: data})
	if !pushed || next != stateApproved || c.fate.PayAfter == 0 {
		return
	}
	if at = at.Add(c.fate.PayAfter); !s.until(at) {
		return
	}
	s.set(c, statePaid)
	s.push(c, rules.Event{
		ID: c.ID + "/paid", Type: rules.TypeClaimPaid, Time: at,
		Data: &rules.ClaimFact{ClaimID: c.ID, When: at, Amount: c.pays()},
	})
}

// pays is what is approved and paid of a claim.
func (c *claim) pays() *money.Amount {
	if c.Payout == nil || c.fate.PaidLess == "" {
		return c.Payout
	}
	less, err := money.Parse(c.fate.PaidLess, c.Payout.Currency)
	if err != nil {
		panic("sandbox: paid less: " + err.Error())
	}
	pays := *c.Payout
	if pays.Value, err = pays.Value.Sub(less.Value); err != nil {
		panic("sandbox: paid less: " + err.Error())
	}
	return &pays
}

// askPapers asks for more papers at a moment; the decision waits for them.
func (s *Sandbox) askPapers(c *claim, at time.Time) {
	if !s.until(at) {
		return
	}
	s.mu.Lock()
	c.Asked = at
	s.mu.Unlock()
	s.push(c, rules.Event{
		ID: c.ID + "/papers", Type: rules.TypePapersRequested, Time: at,
		Data: &rules.PapersRequested{ClaimID: c.ID, When: at, Kinds: c.fate.Papers, Reason: "请补充材料 / more papers, please"},
	})
}

// protect plays what becomes of a request for seller protection.
func (s *Sandbox) protect(c *claim, from time.Time) {
	at := from.Add(c.fate.ProtectAfter)
	if c.fate.ProtectDecision == "" || !s.until(at) {
		return
	}
	data := &rules.ClaimDecided{ClaimID: c.ID, When: at, Decision: c.fate.ProtectDecision}
	if data.Decision == rules.DecisionApproved {
		data.Amount = c.Ask
	}
	pushed := s.push(c, rules.Event{ID: c.ID + "/protection", Type: rules.TypeProtectionDecided, Time: at, Data: data})
	if !pushed || data.Decision != rules.DecisionApproved || c.fate.ProtectPayAfter == 0 {
		return
	}
	if at = at.Add(c.fate.ProtectPayAfter); s.until(at) {
		s.push(c, rules.Event{
			ID: c.ID + "/protection/paid", Type: rules.TypeProtectionPaid, Time: at,
			Data: &rules.ClaimFact{ClaimID: c.ID, When: at, Amount: c.Ask},
		})
	}
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
