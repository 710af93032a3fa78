package sandbox

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"parcelward/internal/protocol"
	"parcelward/internal/sandbox/twin"
)

// keyHeader bears the idempotency key of a filing or an appeal.
const keyHeader = "Idempotency-Key"

// maxBody bounds what is read of a body.
const maxBody = 1 << 20

// Handler serves the invented interfaces:
//
//	POST /platform/claims                   a protocol.FilingRequest; files once per key
//	GET  /platform/claims?key=KEY           looks a filing up
//	GET  /platform/claims/{id}              a claim
//	POST /platform/claims/{id}/appeals      a protocol.ClaimRequest; appeals once per key
//	POST /platform/claims/{id}/papers       a protocol.ClaimRequest; the papers that were asked for
//	POST /platform/claims/{id}/protection   a protocol.ClaimRequest; asks seller protection once per key
//	GET  /sandbox/counters                  what was called how often
//	POST /sandbox/faults                    a fault.Fault, for the next calls
//
// The filing counts as made at the request's own time.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /platform/claims", s.file)
	mux.HandleFunc("GET /platform/claims", s.lookUp)
	mux.HandleFunc("GET /platform/claims/{id}", s.show)
	mux.HandleFunc("POST /platform/claims/{id}/appeals", s.handIn(s.appeal, func(c *Counters) map[string]int { return c.Appeals }))
	mux.HandleFunc("POST /platform/claims/{id}/papers", s.handIn(s.papers, func(c *Counters) map[string]int { return c.Papers }))
	mux.HandleFunc("POST /platform/claims/{id}/protection", s.handIn(s.protection, func(c *Counters) map[string]int { return c.Protections }))
	outer := http.NewServeMux()
	outer.Handle("/", s.Faults.Wrap(mux))
	outer.HandleFunc("GET /sandbox/counters", func(w http.ResponseWriter, _ *http.Request) { twin.JSON(w, http.StatusOK, s.Counters()) })
	outer.HandleFunc("POST /sandbox/faults", s.Faults.Order)
	return outer
}

func (s *Sandbox) file(w http.ResponseWriter, r *http.Request) {
	var in protocol.FilingRequest
	if !read(w, r, &in) {
		return
	}
	key := r.Header.Get(keyHeader)
	switch {
	case key == "":
		refuse(w, http.StatusBadRequest, "header "+keyHeader+": expected a key, got none")
		return
	case in.Store == "" || in.Order == "" || in.Number == "" || in.Case.Kind == "" || in.Now.IsZero():
		refuse(w, http.StatusUnprocessableEntity, "expected store, order, tracking_number, case.kind and now, all filled in")
		return
	}
	status, c := s.fileOnce(key, &in)
	twin.JSON(w, status, c)
}

func (s *Sandbox) fileOnce(key string, in *protocol.FilingRequest) (status int, filed claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters.Filings[key]++
	if known := s.byKey[key]; known != nil {
		return http.StatusOK, *known
	}
	c := &claim{
		ID: ClaimID(key), Key: key, Store: in.Store, Order: in.Order, Number: in.Number, Kind: in.Case.Kind,
		Payout: in.Payout, FiledAt: in.Now, Status: stateFiled,
	}
	s.claims[c.ID], s.byKey[key] = c, c
	s.counters.Cases[caseName(in)]++
	if i := slices.IndexFunc(s.fates, func(f Fate) bool { return f.fits(c) }); i >= 0 {
		fate := s.fates[i]
		c.fate = &fate
		s.work.Go(func() { s.live(c, roundFiled, c.FiledAt) })
	}
	return http.StatusCreated, *c
}

// caseName tells filings of one case apart from those of others, whatever their keys.
func caseName(in *protocol.FilingRequest) string {
	return strings.Join([]string{in.Store, in.Order, in.Number, string(in.Case.Kind), in.Case.OpenedAt.UTC().Format(time.RFC3339)}, "/")
}

// ClaimID is the number of the claim that is filed with a key: short enough to read out.
func ClaimID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "C-" + base32.StdEncoding.EncodeToString(sum[:])[:10]
}

func (s *Sandbox) lookUp(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Query().Get("key")
	s.answerClaim(w, func() *claim { return s.byKey[key] })
}

func (s *Sandbox) show(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	s.answerClaim(w, func() *claim { return s.claims[id] })
}

// answerClaim answers with what find finds under the lock.
func (s *Sandbox) answerClaim(w http.ResponseWriter, find func() *claim) {
	s.mu.Lock()
	s.counters.Lookups++
	var found claim
	c := find()
	if c != nil {
		found = *c
	}
	s.mu.Unlock()
	if c == nil {
		refuse(w, http.StatusNotFound, "no such claim")
		return
	}
	twin.JSON(w, http.StatusOK, found)
}

// handIn serves what is handed in for a claim: take does it once per key, under the lock, or says
// why not.
func (s *Sandbox) handIn(take func(c *claim, in *protocol.ClaimRequest, key string) (step, string), count func(*Counters) map[string]int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in protocol.ClaimRequest
		if !read(w, r, &in) {
			return
		}
		key := r.Header.Get(keyHeader)
		if key == "" || in.Now.IsZero() {
			refuse(w, http.StatusUnprocessableEntity, "expected the header "+keyHeader+" and now, both filled in")
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		count(&s.counters)[key]++
		c := s.claims[r.PathValue("id")]
		if c == nil {
			refuse(w, http.StatusNotFound, "no such claim")
			return
		}
		done, why := take(c, &in, key)
		switch {
		case why != "":
			refuse(w, http.StatusConflict, "claim "+c.ID+" is "+c.Status+"; "+why)
		default:
			twin.JSON(w, http.StatusOK, done)
		}
	}
}

func (s *Sandbox) appeal(c *claim, in *protocol.ClaimRequest, key string) (step, string) {
	switch {
	case c.Appeal.Key == key:
	case c.Status != stateRejected:
		return step{}, "only a rejected claim can be appealed, once"
	default:
		c.Status, c.Appeal = stateAppealed, step{key, in.Now}
		s.work.Go(func() { s.live(c, roundAppeal, in.Now) })
	}
	return c.Appeal, ""
}

func (s *Sandbox) papers(c *claim, in *protocol.ClaimRequest, key string) (step, string) {
	switch {
	case c.Papers.Key == key:
	case c.Asked.IsZero() || c.Papers.Key != "":
		return step{}, "no papers are asked for"
	default:
		c.Papers = step{key, in.Now}
		s.work.Go(func() { s.live(c, roundPapers, in.Now) })
	}
	return c.Papers, ""
}

func (s *Sandbox) protection(c *claim, in *protocol.ClaimRequest, key string) (step, string) {
	switch {
	case c.Protected.Key == key:
	case c.Status != stateRefused || in.Amount == nil || c.Protected.Key != "":
		return step{}, "seller protection is for one that was refused after its appeal, once, with an amount"
	default:
		c.Protected, c.Ask = step{key, in.Now}, in.Amount
		s.work.Go(func() { s.protect(c, in.Now) })
	}
	return c.Protected, ""
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "body: expected JSON of the documented form: "+err.Error())
		return false
	}
	return true
}

// problem is the body of a refusal.
type problem struct {
	Error string `json:"error"`
}

func refuse(w http.ResponseWriter, status int, why string) { twin.JSON(w, status, problem{why}) }
