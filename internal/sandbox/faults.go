package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is what goes wrong with the next calls of a path.
type Fault struct {
	Path       string `json:"path"`                  // prefix, such as /platform/claims
	Method     string `json:"method,omitempty"`      // empty: any
	Status     int    `json:"status,omitempty"`      // answer this, such as 503; 0: only the delay
	Times      int    `json:"times"`                 // so many calls
	Delay      string `json:"delay,omitempty"`       // real, such as 250ms, before the answer
	RetryAfter int    `json:"retry_after,omitempty"` // seconds, in the answer's header
	LostAnswer bool   `json:"lost_answer,omitempty"` // do what is asked, and answer the fault all the same
}

type fault struct {
	Fault
	delay time.Duration
}

func (s *Sandbox) orderFault(w http.ResponseWriter, r *http.Request) {
	f := &fault{}
	if !read(w, r, &f.Fault) {
		return
	}
	if f.Delay != "" {
		var err error
		if f.delay, err = time.ParseDuration(f.Delay); err != nil || f.delay < 0 {
			refuse(w, http.StatusUnprocessableEntity, "delay: expected a span such as 250ms, got "+strconv.Quote(f.Delay))
			return
		}
	}
	if !strings.HasPrefix(f.Path, "/") || f.Times < 1 || f.Status != 0 && (f.Status < 400 || f.Status > 599) {
		refuse(w, http.StatusUnprocessableEntity, "expected path /…, times of at least 1, and status 400 to 599 or none")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
	w.WriteHeader(http.StatusNoContent)
}

// takeFault uses up one time of the first fault that fits.
func (s *Sandbox) takeFault(r *http.Request) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if !strings.HasPrefix(r.URL.Path, f.Path) || f.Method != "" && f.Method != r.Method {
			continue
		}
		if f.Times--; f.Times == 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		s.counters.Faults++
		return f
	}
	return nil
}

// faulty lets the faults that were asked for happen.
func (s *Sandbox) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := s.takeFault(r)
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		if f.delay > 0 && !s.delay(r, f.delay) {
			refuse(w, http.StatusServiceUnavailable, "the sandbox is closing")
			return
		}
		if f.Status == 0 {
			next.ServeHTTP(w, r)
			return
		}
		if f.LostAnswer {
			next.ServeHTTP(unheard{http.Header{}}, r)
		}
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		refuse(w, f.Status, "a fault that was asked for")
	})
}

// unheard is where an answer goes that gets lost.
type unheard struct{ header http.Header }

func (u unheard) Header() http.Header       { return u.header }
func (unheard) Write(b []byte) (int, error) { return len(b), nil }
func (unheard) WriteHeader(int)             {}

// delay waits, until the caller or the sandbox is gone.
func (s *Sandbox) delay(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
	return false
}

// Counters tell what was called how often.
type Counters struct {
	Filings     map[string]int `json:"filings"` // POST of a claim, by key, repeats included
	Appeals     map[string]int `json:"appeals"` // POST of an appeal, by key, repeats included
	Cases       map[string]int `json:"cases"`   // claims made, by STORE/ORDER/NUMBER/KIND/OPENED_AT: 1 each, or something was filed twice
	Traces      map[string]int `json:"traces"`  // by tracking number
	Lookups     int            `json:"lookups"`
	Faults      int            `json:"faults"`
	Pushed      int            `json:"pushed"`       // decisions and payments accepted
	PushRetries int            `json:"push_retries"` // and not accepted
}

func newCounters() Counters {
	return Counters{Filings: map[string]int{}, Appeals: map[string]int{}, Cases: map[string]int{}, Traces: map[string]int{}}
}

// Counters is a copy of what was counted so far.
func (s *Sandbox) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counters
	c.Filings, c.Appeals, c.Cases, c.Traces = maps.Clone(c.Filings), maps.Clone(c.Appeals), maps.Clone(c.Cases), maps.Clone(c.Traces)
	return c
}

func (s *Sandbox) count(f func(*Counters)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.counters)
}
