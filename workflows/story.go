package workflows

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// story is what Order and Claim have in common: facts, a clock, an alarm.
type story struct {
	stories *Stories
	id      string // workflow ID
	run     string // run ID
	clock   protocol.Clock
	began   time.Time // virtual; the first task may come much later
	pack    string
	rev     string // calendar revision
	facts   *rules.Facts
	raw     []json.RawMessage // the same facts as they came, in the order in which they came
	behind  int64             // highest inbox position known from the inbox itself: a signal may forge one
	wake    time.Time         // virtual: nothing becomes due before it; zero: nothing will by time alone
	alarm   alarm
	ticket  bool // a Ticket's: it is to be told what settles it
	heard   int  // messages handled in this run
	unsent  bool // a notice waits to be tried again
	log     log.Logger
}

func (s *Stories) newStory(ctx workflow.Context, store, order, pack, revision string, clock protocol.Clock, facts []json.RawMessage) *story {
	info := workflow.GetInfo(ctx)
	st := &story{
		stories: s, id: info.WorkflowExecution.ID, run: info.WorkflowExecution.RunID,
		clock: clock, began: clock.Virtual(info.WorkflowStartTime), pack: pack, rev: revision, facts: rules.NewFacts(store, order), log: workflow.GetLogger(ctx),
	}
	for _, raw := range facts {
		position, err := st.add(raw)
		if err != nil {
			st.log.Error("unreadable fact in the input", "error", err)
		}
		st.behind = max(st.behind, position)
	}
	return st
}

func (s *story) ruleset() rules.Ruleset { return s.stories.ruleset(s.pack, s.rev) }

// now is the story's time: the workflow's own, through the clock.
func (s *story) now(ctx workflow.Context) time.Time { return s.clock.Virtual(workflow.Now(ctx)) }

// add takes in a fact once and tells its position.
func (s *story) add(raw json.RawMessage) (position int64, err error) {
	f, err := protocol.DecodeFact(raw)
	if err != nil {
		return 0, err
	}
	if f.Order != s.facts.Order && !f.Type.OfParcel() && f.Type != rules.TypeShipmentRecorded {
		s.log.Error("a fact of another order is left out", "order", f.Order, "source", f.Source, "id", f.ID)
		return f.Position, nil
	}
	if s.facts.Add(f.Event) {
		s.raw = append(s.raw, raw)
	}
	return f.Position, nil
}

// load reads what the inbox holds beyond what the story knows, to its end.
func (s *story) load(ctx workflow.Context, forOrder bool) error {
	for {
		loaded, err := s.read(ctx, forOrder)
		if err != nil {
			return err
		}
		if loaded.Calendar != "" {
			s.rev = loaded.Calendar
		}
		known := s.behind
		for _, raw := range loaded.Events {
			position, err := s.add(raw)
			if err != nil {
				s.log.Error("unreadable fact in the inbox", "error", err)
			}
			s.behind = max(s.behind, position)
		}
		if !loaded.More || s.behind == known {
			return nil
		}
	}
}

// read reads the next facts from the inbox. It keeps trying: no deadline may take effect
// unseen.
func (s *story) read(ctx workflow.Context, forOrder bool) (protocol.Facts, error) {
	for pause := retryInbox; ; pause = min(2*pause, retryInboxMost) {
		q := protocol.FactsQuery{Store: s.facts.Store, Order: s.facts.Order, Behind: s.behind, ForOrder: forOrder, Now: s.now(ctx)}
		if s.ticket {
			q.Ticket = s.id
		}
		loaded, err := loadFacts(ctx, q)
		if err == nil || ctx.Err() != nil {
			return loaded, err
		}
		s.log.Error("cannot read the inbox; no deadline takes effect until it can be read", "error", err)
		if err := workflow.Sleep(ctx, pause); err != nil {
			return loaded, err
		}
	}
}

// How long a story waits, in real time, before it tries to reach the inbox again: twice as
// long each time.
const (
	retryInbox     = 5 * time.Second
	retryInboxMost = 10 * time.Minute
)

// takeIn brings the story up to date: the inbox first when a deadline may be due, then what
// waits at the door.
func (s *story) takeIn(ctx workflow.Context, reread, forOrder bool, unexpired unexpired) error {
	for {
		if reread || s.due(ctx) {
			if err := s.load(ctx, forOrder); err != nil {
				return err
			}
			reread, s.wake = false, time.Time{}
		}
		if err := s.hear(ctx); err != nil {
			return err
		}
		if err := s.hearConfirmations(ctx, unexpired); err != nil {
			return err
		}
		if !s.due(ctx) {
			return nil
		}
	}
}

// hear takes in every waiting event signal. An event that did not come from the inbox goes
// there first; one that cannot be read is kept there too.
func (s *story) hear(ctx workflow.Context) error {
	ch := workflow.GetSignalChannel(ctx, protocol.SignalEvent)
	var outside []json.RawMessage
	for {
		var message converter.RawValue
		if !ch.ReceiveAsync(&message) {
			break
		}
		s.heard++
		var bad [][]byte // kept together: one flood is one fact
		var why error    // of the last
		for _, raw := range split(message.Payload().GetData()) {
			f, err := protocol.DecodeFact(raw)
			if err == nil && f.Position == 0 {
				_, err = protocol.DecodeEvent(raw) // as the inbox will
			}
			switch {
			case err != nil:
				bad, why = append(bad, raw), err
			case f.Position == 0:
				outside = append(outside, raw)
			default:
				if _, err := s.add(raw); err != nil {
					s.log.Error("event lost its form", "error", err)
				}
			}
		}
		if len(bad) > 0 {
			s.log.Warn("unreadable events kept and ignored", "events", len(bad), "error", why)
			outside = append(outside, s.unreadable(ctx, protocol.SignalEvent, bytes.Join(bad, []byte(","))))
		}
	}
	return s.admit(ctx, outside)
}

// admit writes events to the inbox and takes in those of this order that it holds then. One
// that the inbox refuses for good is kept as unreadable; it does not spoil the others.
func (s *story) admit(ctx workflow.Context, events []json.RawMessage) error {
	if err := s.record(ctx, events); err != nil {
		n := len(events)
		switch {
		case ctx.Err() != nil:
			return err
		case n == 1:
			s.log.Error("event without effect kept", "error", err)
			s.heard++ // it is kept under a number of its own
			return s.keep(ctx, protocol.SignalEvent, events[0])
		}
		if err := s.admit(ctx, events[:n/2]); err != nil {
			return err
		}
		return s.admit(ctx, events[n/2:])
	}
	for _, raw := range events {
		f, err := protocol.DecodeFact(raw)
		if err != nil || f.Data == nil || f.Store != s.facts.Store || f.Order != s.facts.Order {
			continue // without effect here: the inbox brings another order's fact there
		}
		if _, err := s.add(raw); err != nil {
			s.log.Error("event lost its form", "error", err)
		}
	}
	return nil
}

// split takes a payload that holds one event or an array of them apart. What is no array, or
// has more elements than a payload has room for events, is one event, readable or not: to
// look at each of a million numbers takes longer than a workflow task may.
func split(data []byte) []json.RawMessage {
	const most = 10_000
	one := []json.RawMessage{data}
	dec := json.NewDecoder(bytes.NewReader(data))
	if first, err := dec.Token(); err != nil || first != json.Delim('[') {
		return one
	}
	var many []json.RawMessage
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil || len(many) == most {
			return one
		}
		many = append(many, raw)
	}
	if _, err := dec.Token(); err != nil || dec.More() {
		return one // cut short, or something behind it
	}
	return many
}

// unreadable wraps a message that nobody can read as an event of a type without effect, so
// that it is kept and counted.
func (s *story) unreadable(ctx workflow.Context, message string, data []byte) json.RawMessage {
	const most = 4096
	event, err := json.Marshal(map[string]any{
		"specversion": "1.0", "type": protocol.TypeUnreadable, "source": protocol.SourceOfRun(s.run),
		"id": fmt.Sprint(s.heard), "subject": s.facts.Store + "/" + s.facts.Order,
		"time": s.now(ctx).Format(time.RFC3339Nano), "data": map[string]any{"message": message, "bytes": data[:min(len(data), most)]},
	})
	if err != nil {
		s.log.Error("cannot keep an unreadable message", "error", err)
	}
	return event
}

// keep keeps a message without effect. History has one that the inbox does not take even so.
func (s *story) keep(ctx workflow.Context, message string, data []byte) error {
	err := s.record(ctx, []json.RawMessage{s.unreadable(ctx, message, data)})
	if err != nil && ctx.Err() == nil {
		s.log.Error("message not kept", "message", message, "error", err)
		return nil
	}
	return err
}

// record writes facts that the inbox does not hold yet. It keeps trying, until they are
// there, or the inbox refuses them for good: then it returns the refusal.
func (s *story) record(ctx workflow.Context, events []json.RawMessage) error {
	for pause := retryInbox; len(events) > 0; pause = min(2*pause, retryInboxMost) {
		err := recordFacts(ctx, events)
		var refused *temporal.ApplicationError
		if err == nil || ctx.Err() != nil || errors.As(err, &refused) && refused.NonRetryable() {
			return err
		}
		s.log.Error("cannot write to the inbox", "error", err)
		if err := workflow.Sleep(ctx, pause); err != nil {
			return err
		}
	}
	return nil
}

// bring records a fact that the story itself, or a person through it, brings about, and
// takes it in. A fact that the inbox refuses for good is none: the story believes nothing
// that no audit finds again.
func (s *story) bring(ctx workflow.Context, e rules.Event) error {
	e.Store, e.Order = s.facts.Store, s.facts.Order
	raw, err := protocol.EncodeEvent(e)
	if err != nil {
		return err
	}
	if err := s.record(ctx, []json.RawMessage{json.RawMessage(raw)}); err != nil {
		var refused *temporal.ApplicationError
		if ctx.Err() == nil && errors.As(err, &refused) {
			err = temporal.NewApplicationErrorWithCause("not recorded: "+refused.Message(), protocol.ErrBadInput, err)
		}
		return err
	}
	_, err = s.add(json.RawMessage(raw))
	return err
}

// tell sends each notice once; one that cannot be sent does not stop the story and is tried
// again later.
func (s *story) tell(ctx workflow.Context, done *[]string, list []rules.Notice, text func(rules.Notice) protocol.Notice) error {
	for _, n := range list {
		if contains(*done, n.Key) {
			continue
		}
		notice := text(n)
		notice.Key, notice.Store, notice.Order, notice.WorkflowID = s.id+"#"+n.Key, s.facts.Store, s.facts.Order, s.id
		notice.Kind, notice.Manager = n.Code, n.Manager
		if n.Deadline != nil {
			notice.Due = n.Deadline.At.Time()
		}
		if err := notify(ctx, notice); err != nil {
			if ctx.Err() != nil {
				return err
			}
			s.log.Error("notice not sent; it is tried again in an hour", "notice", n.Key, "error", err)
			s.unsent = true
			continue
		}
		*done = append(*done, n.Key)
	}
	return nil
}
