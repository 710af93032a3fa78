package sandbox

import "maps"

// Counters tell what was called how often.
type Counters struct {
	Filings     map[string]int `json:"filings"`     // POST of a claim, by key, repeats included
	Appeals     map[string]int `json:"appeals"`     // POST of an appeal, by key, repeats included
	Papers      map[string]int `json:"papers"`      // likewise
	Protections map[string]int `json:"protections"` // likewise
	Cases       map[string]int `json:"cases"`       // claims made, by STORE/ORDER/NUMBER/KIND/OPENED_AT: 1 each, or something was filed twice
	Lookups     int            `json:"lookups"`
	Pushed      int            `json:"pushed"`       // decisions and payments accepted
	PushRetries int            `json:"push_retries"` // and not accepted
}

func newCounters() Counters {
	return Counters{Filings: map[string]int{}, Appeals: map[string]int{}, Papers: map[string]int{}, Protections: map[string]int{}, Cases: map[string]int{}}
}

// Counters is a copy of what was counted so far.
func (s *Sandbox) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counters
	c.Filings, c.Appeals, c.Cases = maps.Clone(c.Filings), maps.Clone(c.Appeals), maps.Clone(c.Cases)
	c.Papers, c.Protections = maps.Clone(c.Papers), maps.Clone(c.Protections)
	return c
}

func (s *Sandbox) count(f func(*Counters)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.counters)
}
