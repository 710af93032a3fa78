// Package seventeentrack is a twin of the aggregator 17TRACK (API v2.4), for the demo, tests and
// load: it shows the parcels of a world as the service would.
//
// Faithful to what sources confirm: paths, the key's header, the batch of 40, the envelope and
// its fields' spelling, the states of a registration and the codes that refuse a change of
// them, pages, statuses, the signature of pushes.
//
// A guess: the body of a 401 and a 429; that a query without a carrier for a number followed for
// several is refused with -18019810; which carriers are detected; that no push is made of a stop
// that the customer asked for; that the events from arrival in the country of destination on
// are the last mile's; the zones of events (+08:00, then +01:00); Expired_Other for an advisory,
// which the real service would hardly tell apart from a scan; how often and when a push is tried
// again, which [Options] set.
//
// Everything is kept in memory and ends with [Twin.Close], which leaves no goroutine.
package seventeentrack

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"parcelward/internal/sandbox/twin"
	"parcelward/internal/sandbox/world"
)

const (
	root     = "/track/v2.4/"
	maxBody  = 1 << 20
	batch    = 40
	pageSize = 40
)

// Options set a twin up. Waits are real time.
type Options struct {
	Key       string // the account's
	Quota     int    // registrations; 0: 1100
	PerSecond int    // calls; more get 429; 0: not limited

	Repeat  bool // answers hold every event twice
	Shuffle bool // events in an order that follows from the number, not newest first

	Callback string        // where pushes go; empty: nowhere
	Client   *http.Client  // makes pushes; nil: a client of 10 s per call
	Late     time.Duration // a push waits so long
	Reorder  time.Duration // every other push of a number waits so much longer, so that the next overtakes it
	Again    int           // every push comes so many times more
	Retries  int           // a push that is not answered 200 is tried so many times more …
	Every    time.Duration // … after such waits
}

// Twin simulates 17TRACK. Take [New]; it is safe for concurrent use.
type Twin struct {
	world  *world.World
	o      Options
	client *http.Client
	work   *twin.Work

	mu            sync.Mutex
	registrations []*registration // in the order of registration
	byNumber      map[string][]*registration
	used          int         // of the quota
	calls         []time.Time // of the last second, real
}

// New makes a twin that shows w. Close it.
func New(w *world.World, o Options) *Twin {
	if o.Quota == 0 {
		o.Quota = 1100
	}
	t := &Twin{world: w, o: o, client: o.Client, work: twin.NewWork(), byNumber: map[string][]*registration{}}
	if t.client == nil {
		t.client = &http.Client{Timeout: 10 * time.Second}
	}
	return t
}

// Close ends all pushes and waits for them.
func (t *Twin) Close() { t.work.Close() }

// Handler serves the calls under /track/v2.4/.
func (t *Twin) Handler() http.Handler {
	mux := http.NewServeMux()
	for operation, do := range map[string]func(raw []byte) reply{
		"register":      each(t.register),
		"changecarrier": each(t.changeCarrier),
		"stoptrack":     each(t.stopTrack),
		"retrack":       each(t.retrack),
		"deletetrack":   each(t.deleteTrack),
		"gettrackinfo":  each(t.trackInfo),
		"push":          each(t.repush),
		"gettracklist":  t.list,
		"getquota":      t.quota,
	} {
		mux.HandleFunc("POST "+root+operation, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Header.Get("17token") == "" || r.Header.Get("17token") != t.o.Key:
				twin.JSON(w, http.StatusUnauthorized, failed(-18010002, "Invalid security key."))
				return
			case t.hasty():
				twin.JSON(w, http.StatusTooManyRequests, failed(-18010003, "Too many requests."))
				return
			}
			raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
			if err != nil {
				twin.JSON(w, http.StatusOK, failed(-18010013, "Invalid submitted data."))
				return
			}
			twin.JSON(w, http.StatusOK, do(raw))
		})
	}
	return mux
}

// hasty counts a call, and tells whether it is one too many in this second.
func (t *Twin) hasty() bool {
	if t.o.PerSecond == 0 {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for len(t.calls) > 0 && now.Sub(t.calls[0]) >= time.Second {
		t.calls = t.calls[1:]
	}
	if len(t.calls) >= t.o.PerSecond {
		return true
	}
	t.calls = append(t.calls, now)
	return false
}

// reply is the envelope; Page stands beside data in lists.
type reply struct {
	Page *page `json:"page,omitempty"`
	Code int   `json:"code"`
	Data any   `json:"data"`
}

// content is the data of an answer about numbers.
type content struct {
	Accepted []any      `json:"accepted"`
	Rejected []rejected `json:"rejected"`
}

type rejected struct {
	Number  string  `json:"number"`
	Carrier int     `json:"carrier"`
	Error   problem `json:"error"`
}

type problem struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// failed is an error of a whole call.
func failed(code int, message string) reply {
	return reply{Code: code, Data: map[string][]problem{"errors": {{code, message}}}}
}

// each makes a call about numbers of what is done with one.
func each[T interface{ number() (string, int) }](do func(T) (accepted any, refusal *problem)) func([]byte) reply {
	return func(raw []byte) reply {
		var asked []T
		if err := json.Unmarshal(raw, &asked); err != nil || len(asked) == 0 {
			return failed(-18010013, "Invalid submitted data.")
		}
		if len(asked) > batch {
			return failed(-18010014, "Tracking numbers exceed the 40 limit.")
		}
		c := content{Accepted: []any{}, Rejected: []rejected{}}
		for _, a := range asked {
			number, carrier := a.number()
			if accepted, refusal := do(a); refusal != nil {
				c.Rejected = append(c.Rejected, rejected{number, carrier, *refusal})
			} else {
				c.Accepted = append(c.Accepted, accepted)
			}
		}
		return reply{Data: c}
	}
}
