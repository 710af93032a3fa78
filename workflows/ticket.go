package workflows

import (
	"maps"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// ticket is the state of a Ticket story.
type ticket struct {
	*story
	in    protocol.TicketInput
	base  rules.TicketStory // but for the title
	done  []string          // keys of the notices told
	news  bool              // an update has brought something since the last look
	ended rules.TicketStatus
}

// Ticket keeps one support ticket: it has a person add what it lacks, waits for the help desk's
// hours, has it filed, watches the answer's clock, and escalates what is not answered, until the
// matter is solved or given up. People file; nothing here does, and nobody is asked to phone.
func (s *Stories) Ticket(ctx workflow.Context, in protocol.TicketInput) (protocol.TicketResult, error) {
	t := &ticket{story: s.newStory(ctx, in.Store, in.Order, in.Policy, in.Calendar, in.Clock, nil), in: in}
	t.ticket = true
	opened := in.Opened
	if opened.IsZero() {
		opened = t.began
	}
	t.base = rules.TicketStory{
		ID: in.ID(), Topic: in.Topic, About: in.About, Since: in.Since, Opened: opened, Due: in.Due, GiveUp: in.GiveUp,
		Profile: in.Profile, Given: map[rules.TicketField]rules.TicketGiven{},
	}
	for _, f := range slices.Sorted(maps.Keys(in.Given)) {
		t.base.Given[f] = rules.TicketGiven{Value: in.Given[f], At: opened}
	}
	if err := t.register(ctx); err != nil {
		return protocol.TicketResult{}, err
	}
	for reread := true; ; {
		if err := t.takeIn(ctx, reread, false, never); err != nil {
			return protocol.TicketResult{}, err
		}
		t.news = false
		plan := t.look(ctx)
		if err := t.announce(ctx, &plan); err != nil {
			return protocol.TicketResult{}, err
		}
		over := plan.Status.Over() && !t.unsent
		if over {
			t.ended = plan.Status
			drained, err := drain(ctx)
			if err != nil {
				return protocol.TicketResult{}, err
			}
			if drained && !t.news {
				return protocol.TicketResult{Outcome: plan.Status, TicketID: plan.TicketID, At: t.now(ctx)}, nil
			}
		}
		if over || t.news || waiting(ctx) || t.due(ctx) {
			reread = false
			continue // time has passed: look again
		}
		t.set(ctx, earliest(plan.Wake, t.now(ctx).Add(lookAgain)), wording.WaitingTicket(t.words(ctx), &plan).String())
		var err error
		if reread, err = t.wait(ctx, func() bool { return t.news }); err != nil {
			return protocol.TicketResult{}, err
		}
	}
}

// never is what a story without a confirmation to expire says.
func never(time.Time, protocol.Confirmation) bool { return false }

// look asks the rules where the ticket stands, and shows it to operators.
func (t *ticket) look(ctx workflow.Context) rules.TicketPlan {
	plan := t.plan(ctx, &t.base)
	t.wake = plan.Wake
	workflow.SetCurrentDetails(ctx, wording.TicketDetails(t.words(ctx), &plan))
	return plan
}

// plan is what the rules say of a state of the ticket.
func (t *ticket) plan(ctx workflow.Context, state *rules.TicketStory) rules.TicketPlan {
	words := t.wordsOf(ctx, state)
	state.Title = wording.TicketTitle(words).ZH
	return rules.PlanTicket(t.facts, t.ruleset(), state, t.now(ctx))
}

func (t *ticket) words(ctx workflow.Context) *wording.Ticket { return t.wordsOf(ctx, &t.base) }

func (t *ticket) wordsOf(ctx workflow.Context, state *rules.TicketStory) *wording.Ticket {
	pack := t.ruleset().Pack
	words := &wording.Ticket{
		ID: t.in.ID(), Store: t.in.Store, Order: t.in.Order, Topic: t.in.Topic, About: t.in.About, Number: t.in.Number, Amount: t.in.Amount,
		Protection: t.facts.ProtectionAsked(t.in.About, t.now(ctx)), Since: t.in.Since, Given: state.Given, Partner: t.in.Profile.Partner, Prefix: pack.Ticket.FundsTitlePrefix.Value, Location: pack.Location(),
		AdvisorPriority: pack.Ticket.AdvisorPriority.Value.Std(), PartnerGain: pack.Ticket.PartnerGain.Value.Std(), TranslationFactor: pack.Ticket.MachineTranslationFactor.Value,
	}
	if d := t.in.Detail; d != nil {
		words.Detail = wording.Text{ZH: d.ZH, EN: d.EN}
	}
	return words
}

// announce sends the notices that are due.
func (t *ticket) announce(ctx workflow.Context, plan *rules.TicketPlan) error {
	t.unsent = false
	return t.tell(ctx, &t.done, plan.Notices, func(n rules.Notice) protocol.Notice {
		text := wording.TicketNotice(n, t.words(ctx), plan)
		return protocol.Notice{ZH: text.ZH, EN: text.EN}
	})
}

// register lets people complete the ticket, or give it up.
func (t *ticket) register(ctx workflow.Context) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, protocol.UpdateTicket, t.update, workflow.UpdateHandlerOptions{
		Validator:   func(_ workflow.Context, u protocol.TicketUpdate) error { return t.check(u) },
		Description: "What the ticket lacks: texts, and hashes of proofs · 补充工单资料",
	})
}

// check says why an update is not taken now.
func (t *ticket) check(u protocol.TicketUpdate) error {
	if t.ended != "" {
		return temporal.NewApplicationError(wording.TicketOver(t.ended).String(), protocol.ErrBusy)
	}
	var faults []rules.TicketFault
	for _, f := range slices.Sorted(maps.Keys(u.Fields)) {
		if code := t.fault(f, u.Fields[f]); code != "" {
			faults = append(faults, rules.TicketFault{Field: f, Code: code})
		}
	}
	switch {
	case len(faults) > 0:
		return temporal.NewApplicationError(wording.TicketFaults(faults).String(), protocol.ErrBadInput)
	case len(u.Fields) == 0 && !u.Close:
		return temporal.NewApplicationError(wording.TicketNothing().String(), protocol.ErrBadInput)
	}
	return nil
}

// fault says what is wrong with a field in itself. One that no pack knows is none.
func (t *ticket) fault(f rules.TicketField, value string) string {
	if !slices.Contains(rules.TicketFields(), f) && !slices.Contains(rules.RequiredFields(t.in.Topic, rules.ChannelTicket, t.ruleset().Pack), f) {
		return rules.FaultForm
	}
	return rules.CheckTicketField(f, value, t.in.Order)
}

// update takes what a person gives. A proof must lie in the vault.
func (t *ticket) update(ctx workflow.Context, u protocol.TicketUpdate) (protocol.TicketState, error) {
	if err := t.check(u); err != nil {
		return protocol.TicketState{}, err
	}
	if err := t.checkProofs(ctx, u); err != nil {
		return protocol.TicketState{}, err
	}
	if t.ended != "" { // while the vault was asked
		return protocol.TicketState{}, t.check(u)
	}
	now := t.now(ctx)
	for _, f := range slices.Sorted(maps.Keys(u.Fields)) {
		t.base.Given[f] = rules.TicketGiven{Value: u.Fields[f], At: now}
	}
	if u.Close && t.base.ClosedAt.IsZero() {
		t.base.ClosedAt = now
		t.log.Info("a person gave the ticket up", "by", u.By)
	}
	t.news = true
	plan := t.plan(ctx, &t.base)
	state := protocol.TicketState{Status: plan.Status, Channel: plan.Channel, FileAt: plan.FileAt}
	for _, f := range plan.Faults {
		state.Missing = append(state.Missing, f.Field)
	}
	text := wording.TicketAnswer(t.words(ctx), &plan)
	state.Message = protocol.Bilingual{ZH: text.ZH, EN: text.EN}
	return state, nil
}

// checkProofs looks whether the vault holds the proofs of an update, each of its kind.
func (t *ticket) checkProofs(ctx workflow.Context, u protocol.TicketUpdate) error {
	asks := func(f rules.TicketField) bool { return f.Proof() != "" }
	if !slices.ContainsFunc(slices.Sorted(maps.Keys(u.Fields)), asks) {
		return nil
	}
	held, err := gather(ctx, protocol.Parcel{Store: t.in.Store, Order: t.in.Order, TrackingNumber: t.in.Number})
	if err != nil {
		return temporal.NewApplicationErrorWithCause("the vault does not answer; try again", protocol.ErrUnavailable, err)
	}
	for _, f := range slices.Sorted(maps.Keys(u.Fields)) {
		there := slices.ContainsFunc(held, func(e protocol.Evidence) bool {
			return e.Kind == string(f.Proof()) && e.SHA256 == u.Fields[f]
		})
		if asks(f) && !there {
			return temporal.NewApplicationError(wording.TicketProofUnknown(f, u.Fields[f]).String(), protocol.ErrBadInput)
		}
	}
	return nil
}
