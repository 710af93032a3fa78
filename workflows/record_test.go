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
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/workflows"
)

// scene is one workflow's life in virtual time. Its name is the order's number too.
type scene struct {
	name   string
	kind   string        // of workflow; the history's name ends with it
	facts  []rules.Event // known at the start
	acts   []act
	length time.Duration // of the life, from created
	asleep bool          // the worker starts four days after the order
	fails  string        // the workflow ends with an error that says this; empty: it does not

	machine bool // of an order: a machine files and appeals

	shipment protocol.ShipmentInput
	platform shipping
	outcome  string // of the shipment, or the ticket
	ticket   protocol.TicketInput
	sweep    protocol.SweepInput
	orders   protocol.OrdersInput
}

type act struct {
	at time.Time
	do func(l *live, number string)
}

func comes(e rules.Event) act {
	return act{e.Time, func(l *live, number string) { l.later(number, e) }}
}

func scenes() []scene {
	var all []scene
	for kind, list := range map[string][]scene{kindOrder: orders(), kindShipment: shipments(), kindSweep: sweeps(), kindOrders: readings(), kindTicket: tickets(), kindStatement: {{name: "kept", length: day}}, kindHealth: {{name: "weekly", length: day}}} {
		for _, s := range list {
			s.kind = kind
			all = append(all, s)
		}
	}
	return all
}

// The kinds of workflows that a scene begins; an order begins its claims.
const (
	kindOrder    = "order"
	kindShipment = "shipment"
	kindSweep    = "sweep"
	kindOrders   = "orders"
	kindTicket   = "ticket"

	kindStatement = "statement"
	kindHealth    = "health"
)

func orders() []scene {
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
			confirmed(first), decided(first.Add(4*day), "C1", rules.DecisionRejected), original(first.Add(4*day+time.Hour), rules.EvidenceWaybill),
			decided(first.Add(7*day), "C1", rules.DecisionApproved), settled(first.Add(9*day), "C1")), end)},
		// Papers are asked for and sent, the decision is late, the claim is refused twice, and seller protection pays.
		{name: "protected", machine: true, facts: start, length: 65 * day, acts: claimed(
			confirmed(first), papersAsked(first.Add(2*day), rules.EvidenceOutbound), original(first.Add(3*day), rules.EvidenceOutbound),
			decided(first.Add(14*day), "C1", rules.DecisionRejected), original(first.Add(14*day+time.Hour), rules.EvidenceWaybill),
			refunded(first.Add(15*day), false), decided(first.Add(17*day), "C1", rules.DecisionRejected),
			event(rules.TypeProtectionDecided, first.Add(20*day), &rules.ClaimDecided{ClaimID: "C1", When: first.Add(20 * day), Decision: rules.DecisionApproved}),
			event(rules.TypeProtectionPaid, first.Add(22*day), &rules.ClaimFact{ClaimID: "C1", When: first.Add(22 * day)}))},
		{name: "collected", machine: true, facts: start, length: 60 * day, acts: append(claimed(
			confirmed(first), decided(first.Add(4*day), "C1", rules.DecisionRejected), original(first.Add(5*day), rules.EvidenceOutbound),
			decided(first.Add(8*day), "C1", rules.DecisionApproved), settled(first.Add(9*day), "C1")), end)},
		{name: "expired", facts: start, length: 60 * day, acts: append(claimed(), end)},
		{name: "assisted", facts: start, length: 60 * day, acts: append(claimed(
			confirmed(first), filed(first.Add(4*day), "C1"), settled(first.Add(7*day), "C1")), end)},
		{name: "continued", machine: true, facts: start, length: 60 * day, acts: append(append(noise,
			comes(confirmed(opened.Add(3*day))), comes(settled(opened.Add(8*day), "C1"))), end)},
		{name: "taken-over", facts: start, length: 60 * day, acts: append(append(claimed(),
			act{first, (*live).restart}, comes(confirmed(first.Add(day)))), end)},
		// The buyer complains about freight, disputes a delivery, and receives the goods all the same.
		{name: "complained", facts: start, length: 40 * day, acts: claimed(
			complained(complainedAt), evidenceAdded(complainedAt.Add(2*time.Hour), rules.EvidenceWaybill, rules.EvidencePickup),
			complaintAnswered(complainedAt.Add(6*time.Hour)), complaintDecided(complainedAt.Add(4*day), false, 0), received(complainedAt.Add(6*day)))},
		{name: "complained-late", facts: start, length: 40 * day, acts: claimed(
			complained(complainedAt), received(complainedAt.Add(2*day)), complaintDecided(complainedAt.Add(5*day), true, 2))},
		{name: "disputed", facts: start, length: 60 * day, acts: claimed(
			scan(disputedAt.Add(-day), rules.Delivered), disputed(rules.TypeDisputeOpened, disputedAt), disputed(rules.TypeDisputeAnswered, disputedAt.Add(2*day)),
			evidenceAdded(disputedAt.Add(10*day), rules.EvidenceRefusal), disputed(rules.TypeDisputeClosed, disputedAt.Add(20*day)))},
		{name: "disputed-late", facts: start, length: 60 * day, acts: claimed(
			scan(disputedAt.Add(-day), rules.Delivered), disputed(rules.TypeDisputeOpened, disputedAt), refunded(disputedAt.Add(18*day), false))},
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

func shipments() []scene {
	start := []rules.Event{orderCreated("US", true), paid(created)}
	silent := func(e rules.Event) act {
		return act{e.Time, func(l *live, number string) { l.write(number, e) }}
	}
	ships := func(at time.Time, n string) act {
		return act{at, func(l *live, number string) { l.ship(number, n) }}
	}
	lost := map[string]string{parcel: "the tracking number does not fit"}
	return []scene{
		{name: "label", facts: start, platform: shipping{made: protocol.Logistics{ID: "700001", Number: parcel}}, length: 2 * day, outcome: rules.EndRecorded},
		{
			name: "part", facts: start, shipment: protocol.ShipmentInput{Items: []rules.Item{{SKU: "LAMP-1", Quantity: 1}}}, platform: shipping{made: label},
			acts: []act{ships(created.Add(30*time.Hour), parcel)}, length: 3 * day, outcome: rules.EndRecorded,
		},
		{
			name: "refused", facts: start, shipment: protocol.ShipmentInput{Number: parcel, ShippedAt: created}, platform: shipping{no: lost},
			acts: []act{ships(created.Add(30*time.Hour), otherParcel)}, length: 3 * day, outcome: rules.EndRecorded,
		},
		{name: "by-hand", facts: start, acts: []act{silent(recorded(created.Add(10 * time.Hour)))}, length: 3 * day, outcome: rules.EndRecorded},
		{
			name: "declared-by-hand", facts: start, shipment: protocol.ShipmentInput{Number: parcel, ShippedAt: created}, platform: shipping{byHand: true},
			acts: []act{silent(recorded(created.Add(10 * time.Hour)))}, length: 3 * day, outcome: rules.EndRecorded,
		},
		{
			name: "replaced", facts: append(start[:2:2], recorded(created)), shipment: protocol.ShipmentInput{Number: otherParcel, ShippedAt: created, Replaces: parcel},
			length: 2 * day, outcome: rules.EndRecorded,
		},
		{name: "blocked", facts: append(start[:2:2], cancelled(created)), length: day, outcome: rules.EndBlocked},
		{name: "over", facts: start, platform: shipping{made: label}, acts: []act{silent(cancelled(created.Add(30 * time.Hour)))}, length: 4 * day, outcome: rules.EndOver},
		{name: "given-up", facts: start, platform: shipping{made: label}, length: 11 * day, outcome: rules.EndGivenUp},
		{name: "cancelled", facts: start, platform: shipping{made: label}, acts: []act{{created.Add(30 * time.Hour), (*live).cancel}}, length: 3 * day, fails: "canceled"},
	}
}

func sweeps() []scene {
	return []scene{
		{name: "compared", sweep: protocol.SweepInput{Service: serviceBehind}, length: 20 * day},
		{name: "quiet", sweep: protocol.SweepInput{Service: serviceQuiet}, length: day},
		{name: "unconfigured", sweep: protocol.SweepInput{Service: "nobody"}, length: day, fails: "not configured"},
	}
}

func readings() []scene {
	return []scene{
		{name: "changed", orders: protocol.OrdersInput{Platform: port.Platform, FirstDays: 1}, length: day},
		{name: "pushed", orders: protocol.OrdersInput{Platform: port.Platform, Order: "pushed"}, length: day},
		{name: "elsewhere", orders: protocol.OrdersInput{Platform: "elsewhere"}, length: day, fails: "not configured"},
	}
}

func tickets() []scene {
	start := []rules.Event{orderCreated("US", true), paid(created)}
	reports := func(hours int, topic rules.TicketTopic, outcome string) act {
		at := created.Add(time.Duration(hours) * time.Hour)
		return act{at, func(l *live, order string) { l.ticketFact(order, topic, at, outcome) }}
	}
	gives := func(hours int, u protocol.TicketUpdate) act {
		return act{created.Add(time.Duration(hours) * time.Hour), func(l *live, order string) { l.complete(order, rules.TopicReview, u) }}
	}
	proof := protocol.TicketUpdate{By: "wang.li", Fields: map[rules.TicketField]string{rules.FieldErrorCode: "AE-ERR-403", rules.FieldScreenshot: aProof}}
	argument := protocol.TicketUpdate{By: "wang.li", Fields: map[rules.TicketField]string{
		rules.FieldArgumentZH: "审核期限早已届满。", rules.FieldArgumentEN: "The time for the review is long over.",
	}}
	review := protocol.TicketInput{Topic: rules.TopicReview, About: "C1", Number: parcel, Since: created.Add(-time.Hour)}
	ready := protocol.TicketInput{Topic: rules.TopicOther, Given: proven()}
	return []scene{
		{name: "completed", facts: start, ticket: review, acts: []act{
			gives(5, proof), reports(30, rules.TopicReview, ""), reports(40, rules.TopicReview, rules.TicketSolved),
		}, length: 3 * day, outcome: string(rules.TicketDone)},
		{name: "unsolved", facts: start, ticket: review, acts: []act{
			gives(5, proof), reports(26, rules.TopicReview, ""), reports(32, rules.TopicReview, rules.TicketReturned), gives(38, proof),
			reports(50, rules.TopicReview, ""), reports(56, rules.TopicReview, rules.TicketUnsolved), gives(62, argument),
			reports(74, rules.TopicReview, ""), reports(80, rules.TopicReview, rules.TicketUnsolved), gives(100, protocol.TicketUpdate{By: "wang.li", Close: true}),
		}, length: 6 * day, outcome: string(rules.TicketClosed)},
		{name: "escalated", facts: start, ticket: ready, acts: []act{
			reports(5, rules.TopicOther, ""), reports(40, rules.TopicOther, ""), reports(80, rules.TopicOther, ""),
		}, length: 45 * day, outcome: string(rules.TicketGivenUp)},
		{name: "settled", facts: start, ticket: review, acts: []act{
			{created.Add(5 * time.Hour), func(l *live, order string) {
				l.write(order, decided(created.Add(5*time.Hour), "C1", rules.DecisionApproved))
			}},
		}, length: 3 * day, outcome: string(rules.TicketSettled)},
		{name: "carrier", facts: start, ticket: protocol.TicketInput{
			Topic: rules.TopicTrace, Number: parcel, GiveUp: created.Add(day), Detail: &protocol.Bilingual{ZH: "平台漏了 1 条轨迹。", EN: "The platform lacks 1 scan."},
		}, length: 3 * day, outcome: string(rules.TicketGivenUp)},
		{name: "withdrawn", facts: start, ticket: ready, acts: []act{{created.Add(30 * time.Hour), func(l *live, order string) {
			l.cancelID(protocol.TicketWorkflowID(store, order, rules.TopicOther, ""))
		}}}, length: 3 * day, fails: "canceled"},
	}
}

// TestRecord records the histories that TestReplay replays from a real development server.
// A scene is a subtest, and only the scenes that run are recorded anew:
//
//	go test -tags record -run TestRecord ./workflows
//	go test -tags record -run TestRecord/shipment ./workflows
//	go test -tags record -run TestRecord/order$/paid ./workflows
//
// That needs the Temporal CLI on PATH or in .bin (`make demo` puts it there) and takes about
// a minute. Record anew only what a release deliberately changes: a history that
// running orders may have must go on replaying. One whose scene is gone is deleted by hand.
func TestRecord(t *testing.T) {
	l := newLive(t)
	require.NoError(t, os.MkdirAll("testdata/histories", 0o755))
	var playing sync.WaitGroup
	play := func(asleep bool) {
		for _, s := range scenes() {
			if s.asleep == asleep {
				playing.Go(func() { // all at once, however many tests may run in parallel
					t.Run(s.kind+"/"+s.name, func(t *testing.T) {
						l.play(t, s)
						l.saveAll(t, s)
					})
				})
			}
		}
	}
	play(true) // the late worker's order first: it waits for no other
	time.Sleep(l.clock().Real(4 * day))
	l.serve()
	play(false)
	playing.Wait()
	require.NotContains(t, strings.Join(l.told("worker-late"), " "), "tracking-number-due", "the inbox is read before anybody is told")
	if t.Failed() {
		return
	}
	l.spoil("appealed-claim", "bad-order-of-activities", `"name":"File"`, `"name":"Notify"`)
	l.spoil("paid-order", "bad-other-activity", `"name":"PollCarrier"`, `"name":"PollPlatform"`)
	l.spoil("label-shipment", "bad-order-of-shipment", `"name":"CreateLogistics"`, `"name":"FetchWaybill"`)
}

// saveAll writes what a scene has left: nothing, unless it went as it should.
func (l *live) saveAll(t *testing.T, s scene) {
	t.Helper()
	if t.Failed() {
		return
	}
	l.save(t, workflowID(s), s.name+"-"+s.kind)
	for id := range l.claims(s.name) {
		kind, _, _ := strings.Cut(id, "/")
		l.save(t, id, s.name+"-"+kind)
	}
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
func (l *live) save(t *testing.T, id, name string) {
	t.Helper()
	var runs []string
	for run := ""; ; {
		h := &historypb.History{}
		events := l.client.GetWorkflowHistory(t.Context(), id, run, false, 0)
		for events.HasNext() {
			e, err := events.Next()
			require.NoError(t, err)
			h.Events = append(h.Events, e)
		}
		raw, err := protojson.Marshal(h)
		require.NoError(t, err)
		host, err := os.Hostname()
		require.NoError(t, err)
		var compact map[string]any // protojson varies its spaces on purpose
		require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(string(raw), `"`+host+":", `"host:`)), &compact))
		raw, err = json.Marshal(compact)
		require.NoError(t, err)
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
		require.Less(t, i, 2)
		require.NoError(t, os.WriteFile(filepath.Join("testdata/histories", name+suffix+".json"), []byte(text+"\n"), 0o644))
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
		activities.Register(w, &activities.Activities{
			Inbox: l, Tracker: l, Filing: l, Vault: l, Judge: l, Tickets: l, Notifier: l, Calendar: revision(l.t),
			Shipper: l, Traces: services{}, Services: services{}, Sweeps: services{}, Orders: map[string]port.OrderSource{port.Platform: catalogue{}}, Reads: l.reads,
			Statements: ledgers{}, Stores: ledgers{},
			Examiner: activities.Examiner{Parcels: services{}, Tracker: l, Services: services{}, Book: stories(l.t).Book},
		})
		require.NoError(l.t, w.Start())
		l.t.Cleanup(w.Stop)
	}
}
