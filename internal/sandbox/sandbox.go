// Package sandbox is an invented interface for claims, spoken to over HTTP, for the demo,
// tests and load. The packages below it are twins of real services; this is none.
//
// The claims interface is pure invention: the real platform has no public interface for
// claims or appeals, and whoever files for real is a person (activities.Assisted).
//
// Invariants: a filing or an appeal of a known key changes nothing and gets the first
// answer; claim numbers and event IDs follow from the keys, so that a repeat is the same
// fact; decisions and payments are pushed at their virtual time until they are accepted;
// everything is kept in memory and ends with [Sandbox.Close], which leaves no goroutine.
package sandbox

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/sandbox/fault"
	"parcelward/internal/sandbox/twin"
)

// Options set a sandbox up.
type Options struct {
	Clock    protocol.Clock // virtual time; the zero Clock is real time
	Callback string         // where decisions and payments are pushed, such as the API's /v1/events; empty: nowhere
	Client   *http.Client   // pushes; nil: a client of 10 s per call
	Fates    []Fate         // what becomes of claims; the first that fits a claim counts
}

// Fate is what becomes of a claim. Empty fields to choose by fit every claim; a claim that
// none fits is never decided. Durations are virtual.
type Fate struct {
	Store, Order, Number string
	Kind                 rules.CaseKind

	PapersAfter    time.Duration // from the filing more papers are asked for; 0: never
	Papers         []rules.EvidenceKind
	Decision       string        // rules.Decision…
	DecideAfter    time.Duration // from the filing, or from the papers that were asked for
	Reason         string        // of a rejection
	AppealDecision string        // of the appeal; empty: it stays undecided
	AppealAfter    time.Duration
	PayAfter       time.Duration // from the approval; 0: never paid
	PaidLess       string        // USD that the approved and paid amount falls short; empty: 0

	ProtectDecision string // of a request for seller protection; empty: it stays undecided
	ProtectAfter    time.Duration
	ProtectPayAfter time.Duration // from its approval; 0: never paid
}

func (f *Fate) fits(c *claim) bool {
	return (f.Store == "" || f.Store == c.Store) && (f.Order == "" || f.Order == c.Order) &&
		(f.Number == "" || f.Number == c.Number) && (f.Kind == "" || f.Kind == c.Kind)
}

// Sandbox serves the invented interfaces. Take [New]; it is safe for concurrent use.
type Sandbox struct {
	Faults fault.Injector // in front of the interface

	clock    protocol.Clock
	callback string
	client   *http.Client
	work     *twin.Work

	mu       sync.Mutex
	fates    []Fate
	claims   map[string]*claim // by number
	byKey    map[string]*claim // by filing key
	counters Counters
}

// claim is what the invented platform knows of a claim.
type claim struct {
	ID        string         `json:"claim_id"`
	Key       string         `json:"key"`
	Store     string         `json:"store"`
	Order     string         `json:"order"`
	Number    string         `json:"tracking_number"`
	Kind      rules.CaseKind `json:"kind"`
	Payout    *money.Amount  `json:"payout,omitempty"`
	FiledAt   time.Time      `json:"filed_at"` // virtual, as are all
	Status    string         `json:"status"`   // filed, approved, rejected, appealed, refused, paid
	Appeal    step           `json:"appeal,omitzero"`
	Papers    step           `json:"papers,omitzero"`
	Protected step           `json:"protection,omitzero"`
	Ask       *money.Amount  `json:"protection_amount,omitempty"`
	Asked     time.Time      `json:"papers_asked_at,omitzero"`

	fate *Fate
}

// step is what was handed in for a claim, once per key.
type step struct {
	Key string    `json:"key"`
	At  time.Time `json:"at"`
}

// New makes a sandbox. Close it.
func New(o Options) *Sandbox {
	s := &Sandbox{
		clock: o.Clock, callback: o.Callback, client: o.Client, fates: slices.Clone(o.Fates),
		claims: map[string]*claim{}, byKey: map[string]*claim{},
		counters: newCounters(), work: twin.NewWork(),
	}
	if s.client == nil {
		s.client = &http.Client{Timeout: 10 * time.Second}
	}
	return s
}

// AddFates adds fates behind those known; a claim's fate is chosen when it is filed.
func (s *Sandbox) AddFates(fates ...Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fates = append(s.fates, fates...)
}

// Close stops pushing and waits for every goroutine. What was not pushed yet is lost.
func (s *Sandbox) Close() {
	s.work.Close()
	s.client.CloseIdleConnections()
}

// until waits for the virtual moment t.
func (s *Sandbox) until(t time.Time) bool {
	return twin.Sleep(s.work.Context(), s.clock.Real(t.Sub(s.clock.Virtual(time.Now()))))
}
