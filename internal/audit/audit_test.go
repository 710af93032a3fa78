package audit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"parcelward/internal/audit"
	"parcelward/internal/config"
	"parcelward/internal/devstack"
	"parcelward/internal/dispatch"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

func TestDiff(t *testing.T) {
	want := jsontext.Value(`{"a":1,"b":{"c":[1,2]},"d":"x"}`)
	assert.Empty(t, audit.Diff(want, want))
	assert.Equal(t, []audit.Change{{"b.c.1", "2", "3"}, {"b.c.2", "", "4"}, {"d", `"x"`, ""}},
		audit.Diff(want, jsontext.Value(`{"a":1,"b":{"c":[1,3,4]}}`)))
}

// temporal takes what the dispatcher hands over, and believes it.
type temporal struct {
	mu      sync.Mutex
	rules   config.Rules
	facts   map[string]*rules.Facts
	stopped bool // nothing runs
	lying   bool // workflows answer nonsense
}

type run struct{ client.WorkflowRun }

func (run) GetRunID() string { return "run" }

func (f *temporal) hear(id string, events []json.RawMessage) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, raw := range events {
		fact, err := protocol.DecodeFact(raw)
		if err != nil {
			return err
		}
		if f.facts[id] == nil {
			f.facts[id] = rules.NewFacts("s", fact.Order)
		}
		f.facts[id].Add(fact.Event)
	}
	return nil
}

func (f *temporal) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	in, _ := args[0].(protocol.OrderInput)
	return run{}, f.hear(o.ID, in.Facts)
}

func (f *temporal) SignalWorkflow(_ context.Context, id, _, _ string, arg any) error {
	events, ok := arg.([]json.RawMessage)
	if !ok {
		return fmt.Errorf("signal with %T", arg)
	}
	return f.hear(id, events)
}

func (f *temporal) Running(_ context.Context, store, order string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.stopped && f.facts[protocol.OrderWorkflowID(store, order)] != nil, nil
}

func (f *temporal) Assessment(_ context.Context, store, order string, asOf time.Time) (jsontext.Value, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	facts := f.facts[protocol.OrderWorkflowID(store, order)]
	rs, err := f.rules.For(facts, "")
	if err != nil {
		return nil, err
	}
	line, err := audit.Assessment(facts, rs, asOf)
	if f.lying {
		line = jsontext.Value(`{"stage":"delivered"}`)
	}
	return line, err
}

func event(order, id string, t rules.EventType, at time.Time, data string) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"test","type":%q,"subject":"s/%s","time":%q,"data":%s}`,
		id, t, order, at.Format(time.RFC3339), data)
}

// order is created and paid, and shipped within a day.
func order(name string, born time.Time) [][]byte {
	at := func(d time.Duration) string { return born.Add(d).Format(time.RFC3339) }
	return [][]byte{
		event(name, name+"-1", rules.TypeOrderCreated, born, fmt.Sprintf(`{"created_at":%q,"buyer":{"name":"Ana","country":"DE"},"category":"standard","service_code":"CAINIAO_STANDARD",`+
			`"free_shipping":false,"amount_paid":{"amount":"88.20","currency":"USD"},"freight":{"amount":"0","currency":"USD"},`+
			`"commission":{"amount":"4.00","currency":"USD"},"tax":{"amount":"0","currency":"USD"},"items":[{"sku":"A","quantity":1,"price":{"amount":"50.00","currency":"USD"}}]}`, at(0))),
		event(name, name+"-2", rules.TypeOrderPaid, born, fmt.Sprintf(`{"paid_at":%q}`, at(0))),
		event(name, name+"-3", rules.TypeShipmentRecorded, born.Add(time.Hour), fmt.Sprintf(
			`{"tracking_number":"LP%s","carrier":"c","service_code":"CAINIAO_STANDARD","recorded_at":%q,"shipped_at":%q,"trace_alert":false}`, name, at(time.Hour), at(time.Hour))),
	}
}

func TestAudit(t *testing.T) {
	if testing.Short() {
		t.Skip("needs Postgres")
	}
	ctx := t.Context()
	stack, err := devstack.StartPostgres(ctx, devstack.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, stack.Close()) })
	url, err := stack.NewDatabase(ctx, "audit")
	require.NoError(t, err)
	require.NoError(t, postgres.Migrate(ctx, url))
	db, err := postgres.Open(ctx, url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	known, err := new(config.Shared).Rules()
	require.NoError(t, err)
	fake := &temporal{rules: known, facts: map[string]*rules.Facts{}}
	clock := protocol.Clock{}
	now := time.Now().UTC().Truncate(time.Second)

	accept := func(events ...[]byte) {
		in := make([]postgres.Incoming, len(events))
		for i, raw := range events {
			e, err := protocol.DecodeEvent(raw)
			require.NoError(t, err)
			in[i] = postgres.Incoming{Event: e, Raw: raw}
		}
		_, err := db.Accept(ctx, in)
		require.NoError(t, err)
	}
	look := func() *audit.Report {
		report, err := audit.Run(ctx, audit.Options{DB: db, Workflows: fake, Rules: known, Clock: clock, Sample: 1, Patience: 500 * time.Millisecond})
		require.NoError(t, err)
		return report
	}
	checks := func(r *audit.Report) map[string]string {
		found := map[string]string{}
		for _, d := range r.Differences {
			found[d.Order+" "+d.Check] += d.Key
		}
		return found
	}

	accept(order("1", now.Add(-50*24*time.Hour))...)
	accept(order("2", now.Add(-24*time.Hour))...)
	accept(event("2", "x", "parcel.weighed", now, `{}`))
	report := look()
	assert.Equal(t, map[string]string{"1 read-model": "seen", "2 read-model": "seen"}, checks(report), "nobody dispatches yet")
	assert.Equal(t, map[string]int64{"parcel.weighed": 1}, report.Unknown)

	dispatching, stop := context.WithCancel(ctx)
	defer stop()
	d := dispatch.New(db, fake, known.Book, known.Calendar, clock, slog.New(slog.DiscardHandler), dispatch.Options{Poll: 20 * time.Millisecond})
	ended := make(chan struct{})
	go func() { defer close(ended); _ = d.Run(dispatching) }()
	require.Eventually(t, func() bool { c, err := db.Counts(ctx); return err == nil && c.Waiting == 0 }, 10*time.Second, 20*time.Millisecond)
	report = look()
	assert.Empty(t, report.Differences)
	assert.Equal(t, 2, report.Orders)
	assert.Equal(t, 2, report.Asked)

	// A confirmation of a parcel without an open case is kept and listed.
	accept(event("2", "idle", rules.TypeConfirmed, now, fmt.Sprintf(`{"tracking_number":"LP2","at":%q,"by":"w"}`, now.Format(time.RFC3339))))
	report = look()
	require.Len(t, report.Idle, 1)
	assert.Equal(t, "idle", report.Idle[0].ID)

	fake.mu.Lock()
	fake.lying = true
	fake.mu.Unlock()
	found := checks(look())
	assert.Contains(t, found, "1 workflow")
	assert.Contains(t, found["2 workflow"], "stage")

	fake.mu.Lock()
	fake.lying, fake.stopped = false, true
	fake.mu.Unlock()
	found = checks(look())
	assert.Contains(t, found, "2 running", "its story is not over")
	stop()
	<-ended
}
