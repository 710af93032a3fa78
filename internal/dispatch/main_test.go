package dispatch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"parcelward/internal/dispatch"
	"parcelward/internal/postgres"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/policy"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// server is a Temporal that only remembers.
type server struct {
	mu      sync.Mutex
	down    error             // returned by every call
	hangs   bool              // a start is answered by nobody
	refuse  map[string]error  // by workflow ID
	open    map[string]string // run ID by workflow ID
	runs    int
	calls   int
	starts  []client.StartWorkflowOptions
	heard   map[string][]int64 // positions by workflow ID, as they came
	ids     map[string][]string
	largest int                       // bytes of one payload
	signals map[string]int            // by workflow ID
	onStart func(protocol.OrderInput) // called before the start is answered
}

func newServer() *server {
	return &server{refuse: map[string]error{}, open: map[string]string{}, heard: map[string][]int64{}, ids: map[string][]string{}, signals: map[string]int{}}
}

type started struct {
	client.WorkflowRun
	id string
}

func (r started) GetRunID() string { return r.id }

func (s *server) ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	in := args[0].(protocol.OrderInput)
	if s.onStart != nil {
		s.onStart(in)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hangs {
		s.mu.Unlock()
		<-ctx.Done()
		s.mu.Lock()
		return nil, ctx.Err()
	}
	if err := s.check(o.ID); err != nil {
		return nil, err
	}
	if run, running := s.open[o.ID]; running {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("running", "", run)
	}
	s.runs++
	s.open[o.ID] = fmt.Sprintf("run-%d", s.runs)
	s.starts = append(s.starts, o)
	s.hear(o.ID, in.Facts)
	return started{id: s.open[o.ID]}, nil
}

func (s *server) SignalWorkflow(_ context.Context, id, _, _ string, arg any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(id); err != nil {
		return err
	}
	if _, running := s.open[id]; !running {
		return serviceerror.NewNotFound("workflow execution already completed")
	}
	s.signals[id]++
	s.hear(id, arg.([]json.RawMessage))
	return nil
}

func (s *server) check(id string) error {
	s.calls++
	if s.down != nil {
		return s.down
	}
	return s.refuse[id]
}

func (s *server) hear(id string, events []json.RawMessage) {
	size := 0
	for _, raw := range events {
		size += len(raw)
		f, err := protocol.DecodeFact(raw)
		if err != nil {
			panic(err)
		}
		s.heard[id] = append(s.heard[id], f.Position)
		s.ids[id] = append(s.ids[id], f.ID)
	}
	s.largest = max(s.largest, size)
}

func (s *server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// known lists the event IDs that a workflow has heard, each once, in the order of positions.
func (s *server) known(order string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := protocol.OrderWorkflowID("shop", order)
	var known []string
	for _, e := range s.ids[id] {
		if !slices.Contains(known, e) {
			known = append(known, e)
		}
	}
	return known
}

// scene is a dispatcher at work between a database of its own and a server, at a stopped time.
type scene struct {
	*dispatch.Dispatcher
	db     *postgres.DB
	server *server
	clock  protocol.Clock
	logs   *lines
}

// at returns a clock that moves so slowly that it stands.
func at(t time.Time) protocol.Clock {
	return protocol.Clock{Origin: t, Start: time.Now(), Speed: 1e-9}
}

func play(tb testing.TB, clock protocol.Clock) *scene {
	tb.Helper()
	s := idle(tb, clock)
	s.Dispatcher = s.another(tb)
	return s
}

// idle is a scene whose dispatcher does only what the test asks of it.
func idle(tb testing.TB, clock protocol.Clock) *scene {
	tb.Helper()
	s := &scene{server: newServer(), clock: clock, logs: &lines{}, db: open(tb)}
	s.Dispatcher = s.dispatcher(tb)
	return s
}

func open(tb testing.TB) *postgres.DB {
	tb.Helper()
	db, _ := postgrestest.Open(tb)
	return db
}

// another starts one more dispatcher on the scene's database.
func (s *scene) another(tb testing.TB) *dispatch.Dispatcher {
	tb.Helper()
	d := s.dispatcher(tb)
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		require.NoError(tb, <-done)
	})
	return d
}

func (s *scene) dispatcher(tb testing.TB) *dispatch.Dispatcher {
	tb.Helper()
	book, err := policy.Embedded()
	require.NoError(tb, err)
	cal, err := calendar.Embedded()
	require.NoError(tb, err)
	return dispatch.New(s.db, s.server, book, cal, s.clock, slog.New(slog.NewTextHandler(s.logs, nil)), dispatch.Options{Poll: 20 * time.Millisecond, CallTimeout: 2 * time.Second})
}

// settled waits until the dispatcher has judged every fact.
func (s *scene) settled(tb testing.TB) {
	tb.Helper()
	require.Eventually(tb, func() bool {
		c, err := s.db.Counts(tb.Context())
		return err == nil && c.Waiting == 0
	}, 20*time.Second, 10*time.Millisecond)
}

func (s *scene) accept(tb testing.TB, events ...string) {
	tb.Helper()
	in := make([]postgres.Incoming, len(events))
	for i, raw := range events {
		e, err := protocol.DecodeEvent([]byte(raw))
		require.NoError(tb, err)
		in[i] = postgres.Incoming{Event: e, Raw: []byte(raw)}
	}
	_, err := s.db.Accept(tb.Context(), in)
	require.NoError(tb, err)
	s.Wake()
}

func (s *scene) order(tb testing.TB, order string) postgres.Order {
	tb.Helper()
	o, err := s.db.Order(tb.Context(), "shop", order)
	require.NoError(tb, err)
	return o
}

// lines is a log that counts.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(p))
	return len(p), nil
}

func (l *lines) containing(s string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.all {
		if strings.Contains(line, s) {
			n++
		}
	}
	return n
}

// The times of the test orders.
var (
	day0 = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	day  = 24 * time.Hour
)

func event(id, kind, order string, t time.Time, data string) string {
	when := t.Format(time.RFC3339)
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"test","type":%q,"subject":"shop/%s","time":%q,"data":%s}`,
		id, kind, order, when, strings.ReplaceAll(data, "$T", when))
}

func created(order string) string {
	return event("created-"+order, "order.created", order, day0, `{"created_at":"$T","buyer":{"name":"Ana Souza","country":"CL"},"category":"standard",
		"service_code":"CAINIAO_STANDARD","free_shipping":true,"amount_paid":{"amount":"90.00","currency":"USD"},"freight":{"amount":"0.00","currency":"USD"},
		"commission":{"amount":"1.80","currency":"USD"},"tax":{"amount":"0.00","currency":"USD"},"items":[{"sku":"A","quantity":1,"price":{"amount":"90.00","currency":"USD"}}]}`)
}

func paid(order string) string {
	return event("paid-"+order, "order.paid", order, day0, `{"paid_at":"$T"}`)
}

func recorded(order, number string) string {
	return event("recorded-"+order+"-"+number, "shipment.recorded", order, day0.Add(20*time.Hour), `{"tracking_number":"`+number+`","carrier":"cainiao",
		"service_code":"CAINIAO_STANDARD","recorded_at":"$T","shipped_at":"$T","trace_alert":true}`)
}

func scan(id, order, number string, t time.Time, milestone string) string {
	return event(id, "tracking.updated", order, t, `{"tracking_number":"`+number+`","events":[{"at":"$T","milestone":"`+milestone+`","source":"carrier"}]}`)
}
