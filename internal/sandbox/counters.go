package sandbox

import "maps"

// Counters tell what was called how often.
type Counters struct {
	Filings     map[string]int `json:"filings"` // POST of a claim, by key, repeats included
	Appeals     map[string]int `json:"appeals"` // POST of an appeal, by key, repeats included
	Cases       map[string]int `json:"cases"`   // claims made, by STORE/ORDER/NUMBER/KIND/OPENED_AT: 1 each, or something was filed twice
	Lookups     int            `json:"lookups"`
	Pushed      int            `json:"pushed"`       // decisions and payments accepted
	PushRetries int            `json:"push_retries"` // and not accepted
}

func newCounters() Counters {
	return Counters{Filings: map[string]int{}, Appeals: map[string]int{}, Cases: map[string]int{}}
}

// Counters is a copy of what was counted so far.
func (s *Sandbox) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counters
	c.Filings, c.Appeals, c.Cases = maps.Clone(c.Filings), maps.Clone(c.Appeals), maps.Clone(c.Cases)
	return c
}

func (s *Sandbox) count(f func(*Counters)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.counters)
}
