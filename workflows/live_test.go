//go:build record

package workflows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
)

var dataConverter = temporalclient.DataConverter()

// live is the ports of workflows on a real server, in memory; each order is a scene, by name.
type live struct {
	t      *testing.T
	client client.Client
	now    protocol.Clock

	mu      sync.Mutex
	inboxes map[string]*inbox
	machine map[string]bool
	sends   map[string]shipping // platforms of shipments
	reads   *reads
	notices map[string][]string
	begun   map[string]map[string]bool // children of an order
}

type inbox struct {
	events []json.RawMessage
	known  map[string]bool
	handed int
	kept   bool // by an Order workflow
}

func newLive(t *testing.T) *live {
	t.Helper()
	l := &live{
		t: t, client: startServer(t), inboxes: map[string]*inbox{}, machine: map[string]bool{},
		sends: map[string]shipping{}, reads: &reads{},
		notices: map[string][]string{}, begun: map[string]map[string]bool{},
	}
	l.now = protocol.Clock{Speed: day.Seconds()} // a virtual day is a second
	return l
}

func (l *live) clock() protocol.Clock { return l.now }

// play runs a scene to its end.
func (l *live) play(t *testing.T, s scene) {
	t.Helper()
	clock := l.clock()
	clock.Origin, clock.Start = created, time.Now()
	l.mu.Lock()
	if l.inboxes[s.name] != nil {
		t.Errorf("two scenes are called %s", s.name)
	}
	l.inboxes[s.name] = &inbox{known: map[string]bool{}, kept: s.kind == kindOrder}
	l.sends[s.name] = s.platform
	l.machine[s.name] = s.machine
	l.begun[s.name] = map[string]bool{}
	l.mu.Unlock()
	for _, e := range s.facts {
		l.write(s.name, e)
	}
	l.begin(t, s, clock)
	for _, a := range s.acts {
		// A fact comes a little after its time, as in life.
		time.Sleep(time.Until(clock.Start.Add(clock.Real(a.at.Add(time.Hour).Sub(created)))))
		a.do(l, s.name)
	}
	ctx, cancel := context.WithDeadline(t.Context(), clock.Start.Add(clock.Real(s.length)+10*time.Second))
	defer cancel()
	var ended struct {
		Outcome string `json:"outcome"`
	}
	err := l.client.GetWorkflow(ctx, workflowID(s), "").Get(ctx, &ended)
	if s.fails == "" {
		require.NoError(t, err)
		require.Equal(t, s.outcome, ended.Outcome)
	} else {
		require.NoError(t, ctx.Err())
		require.ErrorContains(t, err, s.fails)
	}
	for id := range l.claims(s.name) {
		require.NoError(t, l.client.GetWorkflow(ctx, id, "").Get(ctx, nil), id)
	}
}

// workflowID is the ID of the workflow that a scene begins.
func workflowID(s scene) string {
	switch s.kind {
	case kindShipment:
		return protocol.ShipmentWorkflowID(store, s.name, 1)
	case kindTicket:
		return protocol.TicketWorkflowID(store, s.name, s.ticket.Topic, "")
	case kindStatement:
		return protocol.StatementID(store)
	case kindHealth:
		return protocol.HealthID(store)
	case kindSweep:
		return protocol.SweepID(s.sweep.Service)
	case kindOrders:
		if s.orders.Order != "" {
			return protocol.OneOrderID(s.orders.Platform, store, s.orders.Order)
		}
		return protocol.OrdersID(s.orders.Platform, store)
	}
	return protocol.OrderWorkflowID(store, s.name)
}

// begin starts the workflow of a scene.
func (l *live) begin(t *testing.T, s scene, clock protocol.Clock) {
	t.Helper()
	options := client.StartWorkflowOptions{ID: workflowID(s), TaskQueue: protocol.QueueOrders}
	var err error
	switch s.kind {
	case kindOrder:
		l.start(s.name, clock)
	case kindShipment:
		in := s.shipment
		in.Store, in.Order, in.Policy, in.Calendar, in.Clock = store, s.name, "aliexpress-2024-04", revision(t), clock
		in.Service, in.Carrier, in.TraceAlert, in.Due = "CAINIAO_STANDARD", "CAINIAO", true, created.Add(72*time.Hour)
		err = temporalclient.Orders{Client: l.client}.StartShipment(t.Context(), 1, in)
	case kindTicket:
		in := s.ticket
		in.Store, in.Order, in.Policy = store, s.name, "aliexpress-2024-04"
		err = temporalclient.Tickets{Client: l.client, Calendar: revision(t), Clock: clock}.StartTicket(t.Context(), in)
	case kindSweep:
		s.sweep.Clock = clock
		s.sweep.Clock.Origin = created.Add(5 * day) // its parcels have moved
		_, err = l.client.ExecuteWorkflow(t.Context(), options, protocol.WorkflowSweep, s.sweep)
	case kindStatement:
		_, err = l.client.ExecuteWorkflow(t.Context(), options, protocol.WorkflowStatement, protocol.StatementInput{Store: store, Clock: clock})
	case kindHealth:
		_, err = l.client.ExecuteWorkflow(t.Context(), options, protocol.WorkflowHealth, protocol.HealthInput{Store: store, Clock: clock})
	case kindOrders:
		s.orders.Store, s.orders.Clock = store, clock
		_, err = l.client.ExecuteWorkflow(t.Context(), options, protocol.WorkflowOrders, s.orders)
	}
	require.NoError(t, err)
}

// ship gives a shipment its number.
func (l *live) ship(order, n string) {
	_, err := temporalclient.Orders{Client: l.client}.Ship(l.t.Context(), store, order, 1, "given", protocol.ShipNumber{Number: n})
	if err != nil {
		l.t.Errorf("ship %s: %v", order, err)
	}
}

// cancel cancels a shipment.
func (l *live) cancel(order string) { l.cancelID(protocol.ShipmentWorkflowID(store, order, 1)) }

func (l *live) cancelID(id string) {
	if err := l.client.CancelWorkflow(l.t.Context(), id, ""); err != nil {
		l.t.Errorf("cancel %s: %v", id, err)
	}
}

// ticketFact reports a filing, or an answer with its outcome, and rings at the ticket's door.
func (l *live) ticketFact(order string, topic rules.TicketTopic, at time.Time, outcome string) {
	id, kind := protocol.TicketWorkflowID(store, order, topic, ""), rules.TypeTicketFiled
	if outcome != "" {
		kind = rules.TypeTicketAnswered
	}
	l.write(order, event(kind, at, &rules.Ticket{TicketID: "T1", When: at, About: id, Outcome: outcome}))
	l.mu.Lock()
	events := l.inboxes[order].events
	l.mu.Unlock()
	if err := l.client.SignalWorkflow(l.t.Context(), id, "", protocol.SignalEvent, events[len(events)-1:]); err != nil {
		l.t.Errorf("signal %s: %v", id, err)
	}
}

// complete gives a ticket what it lacks.
func (l *live) complete(order string, topic rules.TicketTopic, u protocol.TicketUpdate) {
	_, err := temporalclient.Tickets{Client: l.client}.UpdateTicket(l.t.Context(), protocol.TicketWorkflowID(store, order, topic, ""), fmt.Sprint("u", serial.Add(1)), u)
	if err != nil {
		l.t.Errorf("complete the ticket of %s: %v", order, err)
	}
}

// start begins the order's workflow with all facts so far.
func (l *live) start(number string, clock protocol.Clock) {
	l.mu.Lock()
	in := l.inboxes[number]
	facts := slices.Clone(in.events)
	in.handed = len(in.events)
	l.mu.Unlock()
	_, err := l.client.ExecuteWorkflow(l.t.Context(), client.StartWorkflowOptions{
		ID: protocol.OrderWorkflowID(store, number), TaskQueue: protocol.QueueOrders,
	}, protocol.WorkflowOrder, protocol.OrderInput{
		Store: store, Order: number, Policy: "aliexpress-2024-04", Calendar: revision(l.t), Clock: clock, Facts: facts, Release: protocol.Release,
	})
	if err != nil {
		l.t.Errorf("start %s: %v", number, err)
	}
}

// restart ends the order's run by force and starts another, whose claims run already.
func (l *live) restart(number string) {
	ctx, id := l.t.Context(), protocol.OrderWorkflowID(store, number)
	var in protocol.OrderInput
	events := l.client.GetWorkflowHistory(ctx, id, "", false, 0)
	first, err := events.Next()
	if err == nil {
		err = dataConverter.FromPayloads(first.GetWorkflowExecutionStartedEventAttributes().GetInput(), &in)
	}
	if err == nil {
		err = l.client.TerminateWorkflow(ctx, id, "", "taken over")
	}
	if err != nil {
		l.t.Errorf("restart %s: %v", number, err)
	}
	l.start(number, in.Clock)
}

// write keeps an event in the inbox of an order.
func (l *live) write(number string, e rules.Event) {
	e.Order = number
	switch d := e.Data.(type) { // numbers of the platform, which are the store's
	case *rules.Complaint:
		own := *d
		own.ComplaintID = number
		e.Data = &own
	case *rules.Dispute:
		own := *d
		own.DisputeID = number
		e.Data = &own
	}
	raw, err := protocol.EncodeEvent(e)
	if err != nil {
		l.t.Errorf("write to %s: %v", number, err)
	}
	l.keep(number, json.RawMessage(raw))
}

func (l *live) keep(number string, raw json.RawMessage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	in := l.inboxes[number]
	f, err := protocol.DecodeFact(raw)
	if err != nil || f.Data == nil || in.known[f.Source+f.ID] {
		return
	}
	in.known[f.Source+f.ID] = true
	in.events = append(in.events, json.RawMessage(protocol.Number([]byte(raw), int64(len(in.events)+1))))
}

// later writes an event and rings.
func (l *live) later(number string, e rules.Event) {
	l.write(number, e)
	l.ring(number)
}

func (l *live) ring(number string) {
	l.mu.Lock()
	in := l.inboxes[number]
	news := slices.Clone(in.events[in.handed:])
	in.handed = len(in.events)
	l.mu.Unlock()
	if len(news) > 0 && in.kept {
		l.signal(number, protocol.SignalEvent, news)
	}
}

func (l *live) signal(number, name string, message any) {
	if err := l.client.SignalWorkflow(l.t.Context(), protocol.OrderWorkflowID(store, number), "", name, message); err != nil {
		l.t.Logf("signal %s: %v", number, err)
	}
}

func (l *live) told(number string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.notices[number])
}

// claims are the IDs of an order's claims, complaints and disputes that told something.
func (l *live) claims(number string) map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.begun[number]
}

func (l *live) Record(_ context.Context, events []json.RawMessage) error {
	for _, raw := range events {
		f, err := protocol.DecodeFact(raw)
		require.NoError(l.t, err)
		l.keep(f.Order, raw)
		l.ring(f.Order)
	}
	return nil
}

func (l *live) Load(_ context.Context, q protocol.FactsQuery) (protocol.Facts, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	in := l.inboxes[q.Order]
	if q.ForOrder {
		in.handed = len(in.events)
	}
	return protocol.Facts{Events: slices.Clone(in.events[q.Behind:])}, nil
}

func (l *live) Trace(context.Context, port.Tracked, time.Time) (string, port.Answer, error) {
	return "", port.Answer{}, nil
}

func (l *live) File(_ context.Context, r protocol.FilingRequest) (protocol.Filed, error) {
	return l.answer(r.Order, r.Now), nil
}

func (l *live) Appeal(_ context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	return l.answer(r.Order, r.Now), nil
}

func (l *live) SendPapers(_ context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	return l.answer(r.Order, r.Now), nil
}

func (l *live) AskProtection(_ context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	return l.answer(r.Order, r.Now), nil
}

func (l *live) answer(number string, now time.Time) protocol.Filed {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.machine[number] {
		return protocol.Filed{ClaimID: "C1", At: now}
	}
	return protocol.Filed{Pending: true}
}

func (*live) Put(_ context.Context, o port.NewOriginal, _ io.Reader) (protocol.Evidence, error) {
	return protocol.Evidence{Kind: string(o.Kind), Name: o.Name, SHA256: strings.Repeat("ab", 32)}, nil
}

func (*live) Open(context.Context, string) (io.ReadCloser, error) { return nil, port.ErrRefused }

func (l *live) KeepEvidence(context.Context, string, string, string, []protocol.Evidence) error {
	return nil
}

// Evidence is what every scene has, and what its inbox says was added.
func (l *live) Evidence(_ context.Context, _, order, _ string) ([]protocol.Evidence, error) {
	held := []protocol.Evidence{{Kind: "screenshot", Name: "error.png", SHA256: aProof}, {Kind: "waybill", Name: "waybill.png", SHA256: strings.Repeat("ab", 32)}}
	l.mu.Lock()
	defer l.mu.Unlock()
	in := l.inboxes[order]
	if in == nil {
		return held, nil
	}
	for _, raw := range in.events {
		if f, err := protocol.DecodeFact(raw); err == nil {
			if d, ok := f.Data.(*rules.EvidenceAdded); ok {
				for _, o := range d.Originals {
					held = append(held, protocol.Evidence{Kind: string(o.Kind), SHA256: o.SHA256})
				}
			}
		}
	}
	return held, nil
}

// Papers finds everything ready.
func (l *live) Papers(ctx context.Context, r protocol.PapersRequest) (protocol.Papers, error) {
	held, err := l.Evidence(ctx, r.Store, r.Order, r.TrackingNumber)
	return ready(held), err
}

func (l *live) OpenTicket(context.Context, protocol.TicketInput) error { return nil }

func (l *live) Notify(_ context.Context, n protocol.Notice) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notices[n.Order] = append(l.notices[n.Order], n.Key)
	if !strings.HasPrefix(n.WorkflowID, "order/") && !strings.HasPrefix(n.WorkflowID, "shipment/") {
		l.begun[n.Order][n.WorkflowID] = true
	}
	return nil
}

func (l *live) Logistics(context.Context, string, string) ([]string, error) {
	return []string{"L1"}, nil
}

func (l *live) CreateLogistics(_ context.Context, r protocol.LogisticsRequest) (protocol.Logistics, error) {
	made := l.sending(r.Order).made
	made.Pending = made.ID == ""
	return made, nil
}

func (l *live) Waybill(context.Context, string, string) ([]byte, error) {
	return []byte("%PDF-1.4"), nil
}

func (l *live) Declare(_ context.Context, r protocol.DeclareRequest) (protocol.Declared, error) {
	s := l.sending(r.Order)
	if why, refused := s.no[r.Number]; refused {
		return protocol.Declared{}, fmt.Errorf("%s: %w", why, port.ErrRefused)
	}
	return protocol.Declared{Pending: s.byHand}, nil
}

func (l *live) Correct(ctx context.Context, r protocol.DeclareRequest) (protocol.Declared, error) {
	return l.Declare(ctx, r)
}

func (l *live) sending(order string) shipping {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sends[order]
}
