//go:build record

package workflows_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/encoding/protojson"

	"parcelward/activities"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/workflows"
)

// scene is one order's life in virtual time.
type scene struct {
	name    string
	machine bool          // a machine files and appeals
	facts   []rules.Event // known at the start
	acts    []act
	length  time.Duration // of the life, from created
	asleep  bool          // the worker starts four days after the order
}

type act struct {
	at time.Time
	do func(l *live, number string)
}

func comes(e rules.Event) act {
	return act{e.Time, func(l *live, number string) { l.later(number, e) }}
}

func scenes() []scene {
	claimed := func(events ...rules.Event) []act {
		acts := []act{comes(scan(pickedUp, rules.PickedUp))}
		for _, e := range events {
			acts = append(acts, comes(e))
		}
		return acts
	}
	start := []rules.Event{orderCreated("US", true), paid(created), recorded(created.Add(20 * time.Hour))}
	first := opened.Add(day)
	noise := claimed()
	for i := range 30 {
		at := pickedUp.Add(31*day + time.Duration(i)*2*time.Hour)
		noise = append(noise, comes(scan(at, rules.Advisory)))
	}
	end := comes(refunded(opened.Add(20*day), false))
	return []scene{
		{name: "delivered", facts: start[:2], length: 21 * day, acts: []act{
			comes(start[2]), comes(scan(pickedUp, rules.PickedUp)), comes(scan(created.Add(18*day), rules.Delivered)), comes(received(created.Add(20 * day))),
		}},
		{name: "paid", machine: true, facts: start, length: 60 * day, acts: append(claimed(
			confirmed(first), decided(first.Add(5*day), "C1", rules.DecisionApproved), settled(first.Add(7*day), "C1")), end)},
		{name: "appealed", machine: true, facts: start, length: 60 * day, acts: append(claimed(
			confirmed(first), decided(first.Add(4*day), "C1", rules.DecisionRejected),
			decided(first.Add(7*day), "C1", rules.DecisionApproved), settled(first.Add(9*day), "C1")), end)},
		{name: "expired", facts: start, length: 60 * day, acts: append(claimed(), end)},
		{name: "assisted", facts: start, length: 60 * day, acts: append(claimed(
			confirmed(first), filed(first.Add(4*day), "C1"), settled(first.Add(7*day), "C1")), end)},
		{name: "continued", machine: true, facts: start, length: 60 * day, acts: append(append(noise,
			comes(confirmed(opened.Add(3*day))), comes(settled(opened.Add(8*day), "C1"))), end)},
		{name: "taken-over", facts: start, length: 60 * day, acts: append(append(claimed(),
			act{first, (*live).restart}, comes(confirmed(first.Add(day)))), end)},
		{name: "garbage", facts: start[:2], length: 12 * day, acts: []act{
			{created.Add(day), func(l *live, number string) { l.signal(number, protocol.SignalConfirm, "garbage") }},
			{created.Add(2 * day), func(l *live, number string) { l.signal(number, protocol.SignalEvent, []any{1, "x"}) }},
			{created.Add(10 * day), func(l *live, number string) { l.later(number, cancelled(created.Add(10*day))) }},
		}},
		{name: "worker-late", facts: start[:2], asleep: true, length: 12 * day, acts: []act{
			{created.Add(day), func(l *live, number string) { l.write(number, recorded(created.Add(day))) }}, // no signal
			comes(cancelled(created.Add(10 * day))),
		}},
	}
}

// TestRecord records the histories that TestReplay replays from a real development server:
//
//	go test -tags record -run TestRecord ./workflows
//
// That needs the Temporal CLI on PATH or in .bin (`make demo` puts it there) and takes about
// a minute. Record anew only what a release deliberately changes: a history that
// running orders may have must go on replaying.
func TestRecord(t *testing.T) {
	l := newLive(t)
	list := scenes()
	var playing sync.WaitGroup
	for _, s := range list { // the late worker's order first: it waits for no other
		if s.asleep {
			playing.Go(func() { l.play(s) })
		}
	}
	time.Sleep(l.clock().Real(4 * day))
	l.serve()
	for _, s := range list {
		if !s.asleep {
			playing.Go(func() { l.play(s) })
		}
	}
	playing.Wait()
	require.NotContains(t, strings.Join(l.told("worker-late"), " "), "tracking-number-due", "the inbox is read before anybody is told")
	require.NoError(t, os.RemoveAll("testdata/histories"))
	require.NoError(t, os.MkdirAll("testdata/histories", 0o755))
	for _, s := range list {
		l.save(protocol.OrderWorkflowID(store, s.name), s.name+"-order")
		for id := range l.claims(s.name) {
			l.save(id, s.name+"-claim")
		}
	}
	l.spoil("appealed-claim", "bad-order-of-activities", `"name":"File"`, `"name":"Notify"`)
	l.spoil("paid-order", "bad-other-activity", `"name":"PollCarrier"`, `"name":"PollPlatform"`)
}

// spoil swaps the first of two texts in a good history (or replaces the one by the other), so
// that it tells of other commands.
func (l *live) spoil(good, bad, a, b string) {
	text, err := os.ReadFile(filepath.Join("testdata/histories", good+".json"))
	require.NoError(l.t, err)
	swapped := strings.Replace(string(text), a, "\x00", 1)
	swapped = strings.Replace(swapped, b, a, 1)
	swapped = strings.Replace(swapped, "\x00", b, 1)
	require.NotEqual(l.t, string(text), swapped)
	require.NoError(l.t, os.WriteFile(filepath.Join("testdata/histories", bad+".json"), []byte(swapped), 0o644))
}

// save writes every run of a workflow.
func (l *live) save(id, name string) {
	var runs []string
	for run := ""; ; {
		h := &historypb.History{}
		events := l.client.GetWorkflowHistory(l.t.Context(), id, run, false, 0)
		for events.HasNext() {
			e, err := events.Next()
			require.NoError(l.t, err)
			h.Events = append(h.Events, e)
		}
		raw, err := protojson.Marshal(h)
		require.NoError(l.t, err)
		host, err := os.Hostname()
		require.NoError(l.t, err)
		var compact map[string]any // protojson varies its spaces on purpose
		require.NoError(l.t, json.Unmarshal([]byte(strings.ReplaceAll(string(raw), `"`+host+":", `"host:`)), &compact))
		raw, err = json.Marshal(compact)
		require.NoError(l.t, err)
		runs = append(runs, string(raw))
		if run = h.Events[0].GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId(); run == "" {
			break
		}
	}
	for i, text := range runs {
		suffix := ""
		if i > 0 {
			suffix = "-before"
		}
		require.Less(l.t, i, 2)
		require.NoError(l.t, os.WriteFile(filepath.Join("testdata/histories", name+suffix+".json"), []byte(text+"\n"), 0o644))
	}
}

// start begins a real development server with the search attributes registered, on which a
// history is long after 100 events.
func startServer(t *testing.T) client.Client {
	t.Helper()
	cli, err := exec.LookPath("temporal")
	if err != nil {
		cli, err = filepath.Abs("../.bin/temporal")
		require.NoError(t, err)
	}
	args := []string{
		"--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=100",
		"--dynamic-config-value", `history.timerProcessorMaxTimeShift="100ms"`,
	}
	for _, a := range protocol.SearchAttributes() {
		args = append(args, "--search-attribute", a.Name+"="+a.Type)
	}
	server, err := testsuite.StartDevServer(t.Context(), testsuite.DevServerOptions{
		ExistingPath: cli, ExtraArgs: args, LogLevel: "error",
		ClientOptions: &client.Options{Logger: silence, Identity: "recorder", DataConverter: dataConverter},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	return server.Client()
}

// serve starts the workers.
func (l *live) serve() {
	for _, queue := range []string{protocol.QueueOrders, protocol.QueueCarriers, protocol.QueueEvidence} {
		w := worker.New(l.client, queue, worker.Options{Identity: "recorder"})
		workflows.Register(w, stories(l.t))
		activities.Register(w, &activities.Activities{Inbox: l, Tracker: l, Filing: l, Vault: l, Notifier: l, Calendar: revision(l.t)})
		require.NoError(l.t, w.Start())
		l.t.Cleanup(w.Stop)
	}
}
