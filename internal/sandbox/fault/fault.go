// Package fault lets HTTP calls go wrong as they do in life, for tests and demos.
package fault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"parcelward/internal/sandbox/twin"
)

// Body is what becomes of an answer's body.
type Body string

// The fates of a body.
const (
	Whole   Body = ""        // it stays
	Half    Body = "half"    // it breaks off in the middle, with the connection
	Cut     Body = "cut"     // half of it comes, as if that were all
	Garbage Body = "garbage" // HTML of a proxy instead, with the answer's own status
	Empty   Body = "empty"
)

// Fault is what goes wrong with calls.
type Fault struct {
	Path       string        `json:"path"`        // prefix, such as /track; empty: any
	Method     string        `json:"method"`      // empty: any
	Holds      string        `json:"holds"`       // in the query or the body, such as a number; empty: any
	Times      int           `json:"times"`       // so many calls; 0: without end
	Share      float64       `json:"share"`       // of the calls that fit, 0 to 1; 0: each
	Delay      time.Duration `json:"delay"`       // real, before the answer; in JSON nanoseconds
	Status     int           `json:"status"`      // answer this instead, 400 to 599; 0: the service answers
	RetryAfter int           `json:"retry_after"` // seconds, in the answer's header
	LostAnswer bool          `json:"lost_answer"` // do what is asked, and answer Status all the same
	Body       Body          `json:"body"`        // of the service's own answer
}

// Check says what is wrong with a fault.
func (f Fault) Check() error {
	switch {
	case f.Path != "" && !strings.HasPrefix(f.Path, "/"):
		return fmt.Errorf("path: expected a prefix that begins with /, got %q", f.Path)
	case f.Times < 0 || f.Share < 0 || f.Share > 1 || f.Delay < 0:
		return fmt.Errorf("times, share, delay: expected at least 0, at least 0 and at most 1, at least 0")
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("status: expected 400 to 599 or none, got %d", f.Status)
	case !slices.Contains([]Body{Whole, Half, Cut, Garbage, Empty}, f.Body):
		return fmt.Errorf("body: expected half, cut, garbage, empty or none, got %q", f.Body)
	case f.LostAnswer && f.Status == 0:
		return fmt.Errorf("lost_answer: expected a status that is answered instead")
	}
	return nil
}

// Injector stands in front of a service. The zero value lets everything through; it is safe
// for concurrent use. Which calls a share hits follows from the seed.
type Injector struct {
	mu     sync.Mutex
	faults []*Fault
	random *rand.Rand
	calls  int
	count  int
}

// New makes an injector whose shares follow from seed.
func New(seed uint64) *Injector { return &Injector{random: chance(seed)} }

// Add adds faults behind those known; a call suffers the first that fits.
func (i *Injector) Add(faults ...Fault) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, f := range faults {
		i.faults = append(i.faults, &f)
	}
}

// Clear takes all faults away.
func (i *Injector) Clear() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults = nil
}

// Count is how many calls went wrong.
func (i *Injector) Count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.count
}

// Calls is how many calls there were.
func (i *Injector) Calls() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.calls
}

func (i *Injector) take(r *http.Request, body []byte) *Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.calls++
	for at, f := range i.faults {
		if !strings.HasPrefix(r.URL.Path, f.Path) || f.Method != "" && f.Method != r.Method {
			continue
		}
		if !strings.Contains(r.URL.RawQuery, f.Holds) && !bytes.Contains(body, []byte(f.Holds)) {
			continue
		}
		if f.Share > 0 && i.dice() >= f.Share {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				i.faults = slices.Delete(i.faults, at, at+1)
			}
		}
		i.count++
		hit := *f
		return &hit
	}
	return nil
}

func (i *Injector) faulty() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.faults) > 0
}

func (i *Injector) dice() float64 {
	if i.random == nil {
		i.random = chance(1)
	}
	return i.random.Float64()
}

func chance(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // chance that can be repeated, for tests
}

// Order takes a Fault as JSON over HTTP, for who plays with a running sandbox.
func (i *Injector) Order(w http.ResponseWriter, r *http.Request) {
	var f Fault
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&f)
	if err == nil {
		err = f.Check()
	}
	if err != nil {
		http.Error(w, "expected a fault: "+err.Error(), http.StatusUnprocessableEntity)
		return
	}
	i.Add(f)
	w.WriteHeader(http.StatusNoContent)
}

// Wrap puts the injector in front of a service.
func (i *Injector) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body []byte
		if i.faulty() { // only with its body read does the server see a caller go
			var err error
			if body, err = io.ReadAll(io.LimitReader(r.Body, 64<<20)); err != nil {
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		f := i.take(r, body)
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		if f.Delay > 0 && !twin.Sleep(r.Context(), f.Delay) {
			return
		}
		f.answer(w, r, next)
	})
}

func (f *Fault) answer(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if f.Status == 0 && f.Body == Whole {
		next.ServeHTTP(w, r)
		return
	}
	heard := httptest.NewRecorder()
	if f.Status == 0 || f.LostAnswer {
		next.ServeHTTP(heard, r)
	}
	if f.Status != 0 {
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		http.Error(w, "a fault that was asked for", f.Status)
		return
	}
	body := heard.Body.Bytes()
	maps.Copy(w.Header(), heard.Header())
	switch f.Body {
	case Half:
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		body = body[:len(body)/2]
	case Cut:
		body = body[:len(body)/2]
	case Garbage:
		body = bytes.Clone([]byte("<html><body><h1>502 Bad Gateway</h1>\xff\xfe</body></html>"))
	case Empty:
		body = nil
	case Whole:
	}
	w.WriteHeader(heard.Code)
	_, _ = w.Write(body) // a caller who is gone asks again
	if f.Body == Half {
		_ = http.NewResponseController(w).Flush() // a caller who is gone does not mind
		panic(http.ErrAbortHandler)               // the connection breaks
	}
}
