package workflows_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"parcelward/activities"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/policy"
	"parcelward/workflows"
)

const (
	store  = "cn-1001"
	number = "8190001"
	parcel = "LP00123456789012"
)

var silence = log.NewStructuredLogger(slog.New(slog.DiscardHandler))

// world is what an order lives in: an inbox, a carrier, a platform, people. It counts what
// is asked of it.
type world struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment
	mu  sync.Mutex

	inbox      []json.RawMessage // numbered
	aside      []json.RawMessage // of other orders, and of unknown types
	known      map[string]bool   // by source and ID
	handed     int               // how many of them the story under test has been given
	keeps      bool              // the story under test is an order: it is told what its claims bring about
	queries    []protocol.FactsQuery
	page       int // how many facts one reading of the inbox brings; 0: all
	polled     []port.Tracked
	trace      []rules.Row
	clock      protocol.Clock // of a claim under test; zero: real time
	answer     protocol.Filed // of File and Appeal; zero: Pending
	untimed    bool           // the answer has no time
	notices    []string       // when since the order's creation, and which
	texts      []protocol.Notice
	calls      map[string]int
	filings    []protocol.FilingRequest
	requests   []protocol.ClaimRequest
	health     *rules.StoreHealth
	judge      func(held []protocol.Evidence) protocol.Papers // nil: all is ready
	tickets    []protocol.TicketInput
	shipping   shipping
	held       []protocol.Evidence          // by the vault
	patience   time.Duration                // how long the filing may be tried
	during     map[string]func(n int) error // what the n-th call of a port does before it answers
	collects   []protocol.CollectRequest
	collected  protocol.Collected // what the collectors answer
	collecting time.Duration      // how long they may try
}

func newWorld(t *testing.T, start time.Time) *world {
	t.Helper()
	return newWorldWith(t, start, nil)
}

// fakeClaim stands in for the Claim workflow.
type fakeClaim func(workflow.Context, protocol.ClaimInput) (protocol.ClaimResult, error)

// registry registers a fake in the place of the Claim workflow.
type registry struct {
	*testsuite.TestWorkflowEnvironment
	claim fakeClaim
}

func (r registry) RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions) {
	if o.Name == protocol.WorkflowClaim && r.claim != nil {
		w = (func(workflow.Context, protocol.ClaimInput) (protocol.ClaimResult, error))(r.claim)
	}
	r.TestWorkflowEnvironment.RegisterWorkflowWithOptions(w, o)
}

// newWorldWith is [newWorld] with another Claim workflow; nil: the true one.
func newWorldWith(t *testing.T, start time.Time, claim fakeClaim) *world {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silence)
	w := &world{t: t, env: suite.NewTestWorkflowEnvironment(), calls: map[string]int{}, known: map[string]bool{}, answer: protocol.Filed{Pending: true}, during: map[string]func(int) error{}}
	w.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // real time: a crowded machine is no deadlock
	w.env.SetStartTime(start)
	w.env.SetTestTimeout(30 * time.Second)
	workflows.Register(registry{w.env, claim}, stories(t))
	activities.Register(collecting{w.env, w}, &activities.Activities{Inbox: w, Tracker: w, Traces: w, Filing: w, Shipper: w, Vault: w, Judge: w, Stores: w, Tickets: w, Notifier: w})
	t.Cleanup(func() { w.env.AssertExpectations(t) })
	return w
}

// collecting registers what stands in for the collectors: a world has its own.
type collecting struct {
	*testsuite.TestWorkflowEnvironment
	w *world
}

func (c collecting) RegisterActivityWithOptions(a any, o activity.RegisterOptions) {
	if o.Name == protocol.ActivityCollect {
		a = c.w.Collect
	}
	c.TestWorkflowEnvironment.RegisterActivityWithOptions(a, o)
}

// Collect brings what the world can.
func (w *world) Collect(ctx context.Context, r protocol.CollectRequest) (protocol.Collected, error) {
	w.mu.Lock()
	w.collects = append(w.collects, r)
	w.collecting = activity.GetInfo(ctx).ScheduleToCloseTimeout
	w.mu.Unlock()
	if err := w.count("collect"); err != nil {
		return protocol.Collected{}, err
	}
	return w.collected, nil
}

func stories(tb testing.TB) *workflows.Stories {
	tb.Helper()
	book, err := policy.Embedded()
	require.NoError(tb, err)
	days, err := calendar.Embedded()
	require.NoError(tb, err)
	return &workflows.Stories{Book: book, Calendars: map[string]*calendar.Calendar{days.Revision(): days}}
}

func revision(tb testing.TB) string {
	tb.Helper()
	days, err := calendar.Embedded()
	require.NoError(tb, err)
	return days.Revision()
}

// put writes an event to the inbox and returns it numbered.
func (w *world) put(e rules.Event) json.RawMessage {
	w.t.Helper()
	raw, err := protocol.EncodeEvent(e)
	require.NoError(w.t, err)
	return w.write(json.RawMessage(raw))
}

// write keeps an event once, by source and ID.
func (w *world) write(raw json.RawMessage) json.RawMessage {
	w.mu.Lock()
	defer w.mu.Unlock()
	f, err := protocol.DecodeFact(raw)
	require.NoError(w.t, err, "the inbox holds only what can be read: %s", raw)
	key := f.Source + "\x00" + f.ID
	if w.known[key] {
		return nil
	}
	w.known[key] = true
	if f.Data == nil || (f.Store+f.Order != store+number && !f.Type.OfParcel()) {
		w.aside = append(w.aside, raw)
		return nil
	}
	numbered := json.RawMessage(protocol.Number([]byte(raw), int64(len(w.inbox)+1)))
	w.inbox = append(w.inbox, numbered)
	return numbered
}

// later puts an event into the inbox and rings the bell at a virtual time.
func (w *world) later(at time.Time, e rules.Event) {
	w.at(at, func() {
		w.put(e)
		w.ring()
	})
}

// at does something at a virtual time.
func (w *world) at(at time.Time, do func()) { w.env.RegisterDelayedCallback(do, at.Sub(w.env.Now())) }

// ring gives the story what it has not been given, as the dispatcher does.
func (w *world) ring() {
	w.mu.Lock()
	news := slices.Clone(w.inbox[w.handed:])
	w.handed = len(w.inbox)
	w.mu.Unlock()
	if len(news) > 0 {
		w.env.SignalWorkflow(protocol.SignalEvent, news)
	}
}

// quietly puts an event into the inbox at a virtual time and rings no bell.
func (w *world) quietly(at time.Time, e rules.Event) {
	w.at(at, func() { w.put(e) })
}

// order runs an Order workflow that starts with these facts.
func (w *world) order(events ...rules.Event) {
	w.t.Helper()
	facts := make([]json.RawMessage, len(events))
	for i, e := range events {
		facts[i] = w.put(e)
	}
	w.handed = len(facts)
	w.keeps = true
	w.env.SetStartWorkflowOptions(startOptions(protocol.OrderWorkflowID(store, number)))
	w.env.ExecuteWorkflow(protocol.WorkflowOrder, protocol.OrderInput{
		Store: store, Order: number, Policy: "aliexpress-2024-04", Calendar: revision(w.t), Facts: facts, Release: protocol.Release,
	})
}

// claim runs a Claim workflow of a case of these facts.
func (w *world) claim(id rules.CaseID, events ...rules.Event) {
	w.t.Helper()
	facts := make([]json.RawMessage, len(events))
	for i, e := range events {
		facts[i] = w.put(e)
	}
	w.handed = len(facts)
	w.env.SetStartWorkflowOptions(startOptions(protocol.ClaimWorkflowID(store, number, id)))
	w.env.ExecuteWorkflow(protocol.WorkflowClaim, protocol.ClaimInput{
		Store: store, Order: number, Case: id, Policy: "aliexpress-2024-04", Calendar: revision(w.t), Clock: w.clock, Facts: facts,
	})
}

// contest runs a Complaint or a Dispute workflow of an order with these facts.
func (w *world) contest(kind, id string, events ...rules.Event) {
	w.t.Helper()
	facts := make([]json.RawMessage, len(events))
	for i, e := range events {
		facts[i] = w.put(e)
	}
	w.handed = len(facts)
	workflowID := protocol.ComplaintWorkflowID(store, id)
	if kind == protocol.WorkflowDispute {
		workflowID = protocol.DisputeWorkflowID(store, id)
	}
	w.env.SetStartWorkflowOptions(startOptions(workflowID))
	w.env.ExecuteWorkflow(kind, protocol.ContestInput{
		Store: store, Order: number, ID: id, Policy: "aliexpress-2024-04", Calendar: revision(w.t), Clock: w.clock, Facts: facts,
	})
}

// count notes a call of a port and does what the test wants done during it.
func (w *world) count(what string) error {
	w.mu.Lock()
	w.calls[what]++
	n := w.calls[what]
	during := w.during[what]
	w.mu.Unlock()
	if during == nil {
		return nil
	}
	return during(n)
}

func (w *world) asked(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[what]
}

// told lists the notices: when since the order's creation, and the key.
func (w *world) told() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.notices)
}

// toldBy lists the notices of one workflow.
func (w *world) toldBy(workflowID string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for i, n := range w.texts {
		if n.WorkflowID == workflowID {
			lines = append(lines, w.notices[i])
		}
	}
	return lines
}

// kept lists the messages that nobody could read and that the inbox holds.
func (w *world) kept() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var kept []string
	for _, raw := range w.aside {
		var e struct {
			Type string `json:"type"`
			Data struct {
				Message string `json:"message"`
				Bytes   []byte `json:"bytes"`
			} `json:"data"`
		}
		require.NoError(w.t, json.Unmarshal(raw, &e))
		if e.Type == protocol.TypeUnreadable {
			kept = append(kept, e.Data.Message+": "+string(e.Data.Bytes))
		}
	}
	return kept
}

func (w *world) Record(_ context.Context, events []json.RawMessage) error {
	if err := w.count("record"); err != nil {
		return err
	}
	for _, raw := range events {
		w.write(raw)
	}
	if w.keeps {
		w.ring()
	}
	return nil
}

func (w *world) Load(_ context.Context, q protocol.FactsQuery) (protocol.Facts, error) {
	if err := w.count("load"); err != nil {
		return protocol.Facts{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queries = append(w.queries, q)
	from, to := min(int(q.Behind), len(w.inbox)), len(w.inbox)
	if w.page > 0 {
		to = min(to, from+w.page)
	}
	if q.ForOrder == w.keeps {
		w.handed = to
	}
	return protocol.Facts{Events: slices.Clone(w.inbox[from:to]), More: to < len(w.inbox)}, nil
}

func (w *world) Trace(_ context.Context, p port.Tracked, _ time.Time) (string, port.Answer, error) {
	w.mu.Lock()
	w.polled = append(w.polled, p)
	w.mu.Unlock()
	err := w.count("poll")
	return "carrier", port.Answer{Number: p.Number, Rows: w.trace}, err
}

func (w *world) Learn(ctx context.Context, service string, answers []port.Answer) (port.Learnt, error) {
	for _, a := range answers {
		raw, err := protocol.EncodeEvent(rules.Event{
			Source: protocol.SourceOfTrace(service, store), ID: a.Number, Type: rules.TypeTrackingUpdated, Store: store, Order: number,
			Time: a.Rows[0].At, Data: &rules.TrackingUpdated{TrackingNumber: a.Number, Rows: a.Rows},
		})
		if err != nil {
			return port.Learnt{}, err
		}
		if err := w.Record(ctx, []json.RawMessage{json.RawMessage(raw)}); err != nil {
			return port.Learnt{}, err
		}
	}
	return port.Learnt{}, nil
}

func (w *world) KeepUnreadable(context.Context, string, string, []byte) error { return nil }

func (w *world) File(ctx context.Context, r protocol.FilingRequest) (protocol.Filed, error) {
	w.mu.Lock()
	w.filings = append(w.filings, r)
	w.patience = activity.GetInfo(ctx).ScheduleToCloseTimeout
	w.mu.Unlock()
	if err := w.count("file"); err != nil {
		return protocol.Filed{}, err
	}
	return w.filed(r.Now), nil
}

func (w *world) Appeal(_ context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	return w.handedIn("appeal", r)
}

func (w *world) SendPapers(_ context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	return w.handedIn("papers", r)
}

func (w *world) AskProtection(_ context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	return w.handedIn("protection", r)
}

func (w *world) handedIn(what string, r protocol.ClaimRequest) (protocol.Filed, error) {
	if err := w.count(what); err != nil {
		return protocol.Filed{}, err
	}
	w.mu.Lock()
	w.requests = append(w.requests, r)
	w.mu.Unlock()
	return w.filed(r.Now), nil
}

func (w *world) OpenTicket(_ context.Context, in protocol.TicketInput) error {
	if err := w.count("ticket"); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tickets = append(w.tickets, in)
	return nil
}

func (w *world) Health(context.Context, string, time.Time) (rules.StoreHealth, error) {
	if err := w.count("health"); err != nil || w.health == nil {
		return rules.StoreHealth{}, err
	}
	return *w.health, nil
}

func (w *world) Week(context.Context, string, rules.Week, time.Time) (rules.Health, error) {
	return rules.Health{}, w.count("week")
}

func (w *world) SetScores(context.Context, string, rules.Week, rules.HealthScores, string) error {
	return w.count("scores")
}

func (w *world) filed(now time.Time) protocol.Filed {
	if w.answer.Pending {
		return w.answer
	}
	if w.untimed {
		now = time.Time{}
	}
	return protocol.Filed{ClaimID: w.answer.ClaimID, At: now}
}

// Evidence is what the test put into the vault; else what the inbox says was added.
func (w *world) Evidence(context.Context, string, string, string) ([]protocol.Evidence, error) {
	if err := w.count("gather"); err != nil {
		return nil, err
	}
	w.mu.Lock()
	held := slices.Clone(w.held)
	w.mu.Unlock()
	if len(held) > 0 {
		return held, nil
	}
	var originals []protocol.Evidence
	for _, e := range recordedFacts[*rules.EvidenceAdded](w) {
		for _, o := range e.Data.(*rules.EvidenceAdded).Originals {
			originals = append(originals, protocol.Evidence{Kind: string(o.Kind), SHA256: o.SHA256})
		}
	}
	return originals, nil
}

// Papers are ready, whatever there is, unless the test has them judged.
func (w *world) Papers(ctx context.Context, r protocol.PapersRequest) (protocol.Papers, error) {
	if err := w.count("judge"); err != nil {
		return protocol.Papers{}, err
	}
	held, err := w.Evidence(ctx, r.Store, r.Order, r.TrackingNumber)
	if err != nil {
		return protocol.Papers{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.judge != nil {
		return w.judge(held), nil
	}
	return ready(held), nil
}

// ready are papers with which nothing is wrong.
func ready(held []protocol.Evidence) protocol.Papers {
	out := protocol.Papers{Evidence: held}
	for _, e := range held {
		o := rules.CheckedOriginal{SHA256: e.SHA256, Name: e.Name, Preflight: rules.Preflight{Kind: rules.EvidenceKind(e.Kind), Verdict: rules.VerdictReady}}
		if o.Kind == rules.EvidencePickup {
			o.ShownAt = pickedUp
		}
		out.Originals = append(out.Originals, o)
	}
	return out
}

func (w *world) Notify(_ context.Context, n protocol.Notice) error {
	if err := w.count("notify"); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, key, _ := strings.Cut(n.Key, "#")
	line := w.env.Now().Sub(created).String() + " " + key
	if n.Manager {
		line += " +manager"
	}
	w.notices = append(w.notices, line)
	w.texts = append(w.texts, n)
	return nil
}
