package workflows

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/wording"
)

// claim is the state of a Claim story.
type claim struct {
	*story
	in       protocol.ClaimInput
	done     []string // keys of the notices told
	tried    []string // steps that a machine has done, or tried
	plan     rules.ClaimPlan
	shown    rules.CaseStatus
	evidence []protocol.Evidence // what the vault holds and may be handed in
	papers   *rules.Papers       // judged; nil: not yet, or they cannot be
	judged   int                 // with how many facts of evidence known the collectors have judged it; -1: not
	again    time.Time           // virtual: when the story acts anew by itself; zero: by what it hears alone
	missing  []string            // kinds of evidence still to find
	failed   []rules.Uncollected // what no machine could fetch, as of the last time that one tried
	health   *rules.StoreHealth  // of the store, for seller protection; nil: not known
}

// Claim runs one case: it has the exception confirmed in time, gathers the evidence, files,
// sends the papers that the platform wants besides, awaits the decision, appeals a refusal once,
// asks seller protection when it is refused again, and sees the money come in.
func (s *Stories) Claim(ctx workflow.Context, in protocol.ClaimInput) (protocol.ClaimResult, error) {
	c := &claim{story: s.newStory(ctx, in.Store, in.Order, in.Policy, in.Calendar, in.Clock, in.Facts), in: in, judged: -1}
	err := workflow.SetQueryHandler(ctx, protocol.QueryAssess, func(q protocol.AsOf) (json.RawMessage, error) {
		return c.assessment(ctx, q)
	})
	if err != nil {
		return protocol.ClaimResult{}, err
	}
	first := rules.PlanClaim(c.facts, c.ruleset(), in.Case, c.began)
	c.shown, c.wake = first.Case.Status, first.Wake // as the start request said
	if err := c.takeIn(ctx, false); err != nil {
		return protocol.ClaimResult{}, err
	}
	for {
		if !c.goesOn(ctx) {
			if err := c.announce(ctx); err != nil {
				return protocol.ClaimResult{}, err
			}
			if err := c.openTicket(ctx); err != nil {
				return protocol.ClaimResult{}, err
			}
			if !waiting(ctx) {
				return protocol.ClaimResult{Status: c.plan.Case.Status, ClaimID: c.plan.ClaimID, At: c.now(ctx)}, nil
			}
		}
		if err := c.takeIn(ctx, false); err != nil {
			return protocol.ClaimResult{}, err
		}
		c.again = time.Time{}
		switch c.plan.Case.Status {
		case rules.StatusOpen:
			err = c.awaitConfirmation(ctx)
		case rules.StatusConfirmed:
			err = c.file(ctx)
		case rules.StatusFiled, rules.StatusAppealed:
			err = c.awaitDecision(ctx)
		case rules.StatusRejected:
			err = c.appeal(ctx)
		case rules.StatusClosed:
			err = c.protect(ctx)
		default:
			err = c.awaitPayout(ctx)
		}
		if err != nil {
			return protocol.ClaimResult{}, err
		}
	}
}

// goesOn tells whether the case still waits for somebody and has not been given up.
func (c *claim) goesOn(ctx workflow.Context) bool {
	return waiting(ctx) || (c.plan.Live() && c.now(ctx).Before(c.plan.Idle))
}

// awaitConfirmation waits for a person to press the button in the seller centre, and
// reminds until it is too late.
func (c *claim) awaitConfirmation(ctx workflow.Context) error { return c.while(ctx, rules.StatusOpen) }

// awaitDecision waits for the platform, and sends it the papers that it wants besides.
func (c *claim) awaitDecision(ctx workflow.Context) error {
	if asked := c.plan.Papers; asked != nil && asked.Ready {
		step := stepPapers + "/" + rules.Stamp(asked.Since).String()
		if !contains(c.tried, step) {
			if err := c.gather(ctx); err != nil || c.plan.Papers == nil {
				return err
			}
			if c.adds() {
				return c.handIn(ctx, step, sendPapers, asked.Until, rules.TypePapersSent, nil)
			}
		}
	}
	return c.while(ctx, rules.StatusFiled, rules.StatusAppealed)
}

// awaitPayout waits for the money.
func (c *claim) awaitPayout(ctx workflow.Context) error { return c.while(ctx, rules.StatusApproved) }

// file gathers the evidence and hands the claim in. Where a person has to do that, or should
// decide whether it is worth it, it waits for the claim number that the person enters.
func (c *claim) file(ctx workflow.Context) error {
	if !contains(c.tried, stepFile) && c.plan.Claim.Eligible {
		if err := c.collect(ctx, stepFile, c.plan.Case.FileBy.Time()); err != nil || c.plan.Case.Status != rules.StatusConfirmed {
			return err
		}
		if err := c.gather(ctx); err != nil || c.plan.Case.Status != rules.StatusConfirmed || !c.plan.Claim.Eligible {
			return err
		}
		if ready, err := c.ready(ctx); err != nil || !ready {
			return errors.Join(err, c.while(ctx, rules.StatusConfirmed))
		}
		c.tried = append(c.tried, stepFile)
		filed := c.plan.Filed()
		answer, err := file(ctx, protocol.FilingRequest{
			Key: c.id + "#" + stepFile, Store: c.in.Store, Order: c.in.Order, Case: filed, Number: c.in.Case.TrackingNumber,
			Payout: c.plan.Claim.Payout, Evidence: c.evidence, Now: c.now(ctx),
		}, c.byMachine(ctx, filed.FileBy))
		switch {
		case ctx.Err() != nil:
			return err
		case err != nil || !answer.Pending && !answer.Valid():
			c.log.Error("the claim could not be handed in by machine; a person must", "error", err, "claim_id", answer.ClaimID)
		case !answer.Pending:
			return c.brought(ctx, stepFile, rules.TypeClaimFiled, &rules.ClaimFiled{
				TrackingNumber: c.in.Case.TrackingNumber, When: answer.At, ClaimID: answer.ClaimID, Case: &filed,
			})
		}
		if err := c.takeIn(ctx, true); err != nil { // much may have come during the call
			return err
		}
	}
	return c.while(ctx, rules.StatusConfirmed)
}

// appeal appeals a refusal, once, while there is time, as soon as there is an original that was
// not handed in before. Where a person has to do that, it waits for the person.
func (c *claim) appeal(ctx workflow.Context) error {
	if c.plan.Case.NextDeadline != nil {
		if err := c.collect(ctx, stepAppeal, c.plan.Case.NextDeadline.At.Time()); err != nil || c.plan.Case.Status != rules.StatusRejected {
			return err
		}
	}
	if !contains(c.tried, stepAppeal) && (len(c.plan.Added) > 0 || !c.since(ctx, changeAftermath)) {
		if err := c.gather(ctx); err != nil || c.plan.Case.Status != rules.StatusRejected {
			return err
		}
		if !c.adds() && c.since(ctx, changeAftermath) {
			return c.while(ctx, rules.StatusRejected)
		}
		return c.handIn(ctx, stepAppeal, appeal, c.plan.Case.NextDeadline.At.Time(), rules.TypeClaimAppealed, nil)
	}
	return c.while(ctx, rules.StatusRejected)
}

// protect asks seller protection where the store may have it. Where a person has to do that, it
// waits for the person, and then for the answer and the money.
func (c *claim) protect(ctx workflow.Context) error {
	if p := c.plan.Protection; p != nil && p.State == rules.ProtectionOpen && !contains(c.tried, stepProtect) {
		switch health, err := standing(ctx, protocol.StandingQuery{Store: c.in.Store, Now: c.now(ctx)}); {
		case ctx.Err() != nil:
			return err
		case err != nil:
			c.log.Error("the store's health is not known", "error", err)
		default:
			c.health = &health
		}
		c.look(ctx)
		if p = c.plan.Protection; p != nil && p.Amount != nil {
			return c.handIn(ctx, stepProtect, askProtection, p.Next.At.Time(), rules.TypeProtectionRequested, p.Amount)
		}
	}
	return c.while(ctx, rules.StatusClosed)
}

// handIn has a machine hand something in for the claim, once, while there is time, and records
// that it did. Where a person has to, the story goes on and waits.
func (c *claim) handIn(
	ctx workflow.Context, step string, call func(workflow.Context, protocol.ClaimRequest, time.Duration) (protocol.Filed, error),
	deadline time.Time, done rules.EventType, ask *money.Amount,
) error {
	c.tried = append(c.tried, step)
	answer, err := call(ctx, protocol.ClaimRequest{
		Key: c.id + "#" + step, Store: c.in.Store, Order: c.in.Order, Number: c.in.Case.TrackingNumber, ClaimID: c.plan.ClaimID,
		Evidence: c.evidence, Added: c.plan.Added, Amount: ask, Now: c.now(ctx),
	}, c.byMachine(ctx, deadline))
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil || !answer.Pending && !answer.Valid():
		c.log.Error("not handed in by machine; a person must", "step", step, "error", err, "claim_id", answer.ClaimID)
	case !answer.Pending:
		return c.brought(ctx, step, done, &rules.ClaimFact{ClaimID: c.plan.ClaimID, When: answer.At, Amount: ask})
	}
	return c.takeIn(ctx, true) // much may have come during the call
}

// The steps that change the outside world, each once; with the workflow ID they make the
// idempotency key, and the ID of the fact that they bring about.
const (
	stepFile    = "file"
	stepCollect = "collect" // and for which of the others; it changes nothing outside
	stepPapers  = "papers"  // and when they were asked for
	stepAppeal  = "appeal"
	stepProtect = "protection"
)

// openTicket opens the ticket that the case calls for, once: the platform is late, or its money
// differs. The ticket is a story of its own.
func (c *claim) openTicket(ctx workflow.Context) error {
	t := c.plan.Ticket
	if t == nil {
		return nil
	}
	step := "ticket/" + string(t.Topic) + "/" + t.Mark
	if contains(c.tried, step) || !c.since(ctx, changeTickets) {
		return nil
	}
	serial := c.plan.ClaimID
	if t.Mark != "" {
		serial = t.Mark + "-" + serial
	}
	err := openTicket(ctx, protocol.TicketInput{
		Store: c.in.Store, Order: c.in.Order, Topic: t.Topic, Serial: protocol.TicketSerial(serial), About: c.plan.ClaimID,
		Number: c.in.Case.TrackingNumber, Amount: t.Amount, Since: t.Since, Opened: c.now(ctx),
		Policy: c.in.Policy, Calendar: c.rev, Clock: c.clock,
	})
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		c.log.Error("no ticket could be opened; a person hears of it by the notice", "topic", t.Topic, "error", err)
	}
	c.tried = append(c.tried, step)
	return c.takeIn(ctx, true) // much may have come during the call
}

// changeAftermath: an appeal waits for a new original, and seller protection follows a second
// refusal. Runs that decided either before the change go on as they began.
const changeAftermath = "aftermath"

// changeTickets: a claim opens the ticket that it calls for by itself.
const changeTickets = "tickets"

// changePapers: what a machine can fetch is fetched before a filing, and before an appeal, and
// what is handed in was judged before. Runs that came to either before the change go on without.
// To be removed once none of them runs.
const changePapers = "papers"

// collect has a machine fetch what it can for a step that is due by a deadline, once. The person
// who adds the rest needs time, so it takes at most a tenth of what is left.
func (c *claim) collect(ctx workflow.Context, step string, deadline time.Time) error {
	step = stepCollect + "/" + step
	if contains(c.tried, step) || !c.since(ctx, changePapers) {
		return nil
	}
	c.tried = append(c.tried, step)
	got, err := collect(ctx, protocol.CollectRequest{
		Store: c.in.Store, Order: c.in.Order, TrackingNumber: c.in.Case.TrackingNumber, Carrier: c.plan.Carrier, Kinds: rules.Collectable(), Since: c.plan.Case.OpenedAt.Time(), Now: c.now(ctx),
	}, min(c.clock.Real(deadline.Sub(c.now(ctx)))/10, collectWithin))
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		c.log.Error("evidence could not be collected by machine; a person must", "error", err)
		got.Failed = nil
		for _, kind := range rules.Collectable() {
			got.Failed = append(got.Failed, rules.Uncollected{Kind: kind, Why: rules.UncollectedUnavailable})
		}
	}
	c.failed = got.Failed
	expected := c.plan.Known
	if len(got.Got) > 0 {
		expected++ // the fact of what was collected
	}
	if err := c.takeIn(ctx, got.Papers != nil || len(got.Got) > 0); err != nil {
		return err
	}
	if got.Papers != nil && c.plan.Known <= expected { // nobody else has added anything meanwhile
		c.holds(*got.Papers)
		c.judged = c.plan.Known
	}
	return nil
}

// collectWithin is how long the sources of evidence are asked (real time), where there is time.
const collectWithin = 5 * time.Minute

// holds takes in what there is.
func (c *claim) holds(papers protocol.Papers) {
	c.papers, c.evidence, c.missing = &papers.Papers, papers.Evidence, nil
	for _, kind := range papers.Missing {
		c.missing = append(c.missing, string(kind))
	}
}

// since tells whether the story knows a change, from the first time that it matters on.
func (c *claim) since(ctx workflow.Context, change string) bool {
	return workflow.GetVersion(ctx, change, workflow.DefaultVersion, 1) == 1
}

// brought records what a step did, and looks again. A step that the inbox refuses to know of
// was done all the same: it is kept as a message, no machine does it again, and a person, who
// is asked for it as after a step that failed, finds it done and reports it.
func (c *claim) brought(ctx workflow.Context, step string, t rules.EventType, data rules.Data) error {
	err := c.bring(ctx, rules.Event{Source: protocol.SourceOfStory(c.id), ID: step, Type: t, Time: data.At(), Data: data})
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		done, unwritten := json.Marshal(data)
		c.log.Error("done by machine, but not recorded; a person must report it", "step", step, "data", string(done), "error", errors.Join(err, unwritten))
		c.heard++ // it is kept under a number of its own
		if err := c.keep(ctx, step, done); err != nil {
			return err
		}
	}
	return c.takeIn(ctx, err != nil)
}

// byMachine is how long a machine tries a step that must be done by a deadline: some minutes
// at most, for the story is deaf meanwhile and a person, who is asked then, needs time.
func (c *claim) byMachine(ctx workflow.Context, deadline time.Time) time.Duration {
	const most = 10 * time.Minute
	return min(c.clock.Real(deadline.Sub(c.now(ctx))), most)
}

// adds tells whether what may be handed in holds an original that was not handed in before.
func (c *claim) adds() bool {
	return slices.ContainsFunc(c.evidence, func(e protocol.Evidence) bool {
		return slices.ContainsFunc(c.plan.Added, func(o rules.Original) bool { return o.SHA256 == e.SHA256 })
	})
}

// ready tells whether a machine may file with the papers that there are; if not, people hear why.
func (c *claim) ready(ctx workflow.Context) (bool, error) {
	if !c.since(ctx, changePapers) {
		return true, nil
	}
	fileBy, rs := c.plan.Case.FileBy.Time(), c.ruleset()
	switch {
	case c.papers == nil:
		c.again = c.now(ctx).Add(retryJudging)
		return false, nil
	case c.papers.Verdict() == rules.VerdictReady:
		return true, nil
	}
	if from, ok := c.papers.FileFrom(rs, fileBy); ok {
		if !c.now(ctx).Before(from) {
			return true, nil
		}
		c.again = from
	}
	key := rules.NoticeUnready + "/" + strconv.Itoa(c.plan.Known) // told anew whenever evidence came that is not enough
	by := rules.Deadline{Kind: rules.DeadlineFile, At: c.plan.Case.FileBy}
	text := wording.PapersUnready(c.papers, c.in.Store, c.in.Order, c.in.Case.TrackingNumber, fileBy, rs.Pack)
	return false, c.tell(ctx, &c.done, []rules.Notice{{Key: key, Code: rules.NoticeUnready, Deadline: &by}}, func(rules.Notice) protocol.Notice {
		return protocol.Notice{ZH: text.ZH, EN: text.EN}
	})
}

// retryJudging is when originals that could not be judged are judged again (virtual time).
const retryJudging = time.Hour

// gather judges what the vault holds for the parcel, and what is missing, and reads the inbox:
// nothing may be handed in that a person has handed in, or that is no longer wanted.
func (c *claim) gather(ctx workflow.Context) error {
	if c.judged == c.plan.Known { // by the collectors, just now
		c.judged = -1
		return nil
	}
	if c.since(ctx, changePapers) {
		papers, err := preflight(ctx, protocol.PapersRequest{
			Store: c.in.Store, Order: c.in.Order, TrackingNumber: c.in.Case.TrackingNumber, Now: c.now(ctx),
		}, c.byMachine(ctx, c.now(ctx).Add(retryJudging)))
		if ctx.Err() != nil {
			return err
		}
		c.holds(papers)
		if err != nil {
			c.log.Error("the evidence cannot be judged; it is tried again", "error", err)
			c.papers = nil
		}
		return c.takeIn(ctx, true)
	}
	held, err := gather(ctx, protocol.Parcel{Store: c.in.Store, Order: c.in.Order, TrackingNumber: c.in.Case.TrackingNumber, Carrier: c.plan.Carrier})
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		c.log.Error("the evidence cannot be listed", "error", err)
	}
	c.evidence = held
	kinds := make([]string, len(held))
	for i, e := range held {
		kinds[i] = e.Kind
	}
	c.missing = c.ruleset().MissingEvidence(kinds)
	return c.takeIn(ctx, true)
}

// while tells people what they must know and sleeps, as long as the case has one of these
// statuses. When the alarm rings it reads the inbox before it lets a deadline take effect.
func (c *claim) while(ctx workflow.Context, statuses ...rules.CaseStatus) error {
	known := c.plan.Known // more evidence, or another wish of the platform's: the story looks again
	is := func() bool { return slices.Contains(statuses, c.plan.Case.Status) && c.plan.Known == known }
	c.alarm.stale = true // it was set for an earlier status
	for is() && c.goesOn(ctx) {
		if err := c.announce(ctx); err != nil {
			return err
		}
		if err := c.openTicket(ctx); err != nil {
			return err
		}
		if err := c.takeIn(ctx, false); err != nil || !is() {
			return err
		}
		c.set(ctx, earliest(c.plan.Wake, c.again), wording.WaitingClaim(c.plan, c.ruleset().Pack.Location()).Summary())
		rang, err := c.wait(ctx, func() bool { return false })
		if err != nil {
			return err
		}
		if err := c.takeIn(ctx, rang); err != nil {
			return err
		}
		if rang && (c.plan.Protection != nil || !c.again.IsZero() && !c.now(ctx).Before(c.again)) {
			return nil // the store's health may have changed, or what was put off is due
		}
	}
	return nil
}

// takeIn brings the story up to date and looks where the case stands.
func (c *claim) takeIn(ctx workflow.Context, reread bool) error {
	err := c.story.takeIn(ctx, reread, false, c.unexpired)
	c.look(ctx)
	return err
}

// unexpired: a claim that has not ended has not carried out its expiry.
func (c *claim) unexpired(confirmBy time.Time, what protocol.Confirmation) bool {
	return c.in.Case.TrackingNumber == what.TrackingNumber && (what.Kind == "" || what.Kind == c.in.Case.Kind) &&
		c.plan.Case.ConfirmBy.Time().Equal(confirmBy)
}

// look asks the rules where the case stands, and shows it to operators.
func (c *claim) look(ctx workflow.Context) {
	c.plan = rules.PlanClaim(c.facts, c.ruleset(), c.in.Case, c.now(ctx))
	if c.plan.Protection != nil {
		c.plan.Protection.Judge(c.ruleset(), c.health)
		if !c.since(ctx, changeAftermath) {
			c.plan.Protection = nil
		}
	}
	if contains(c.tried, stepCollect+"/"+stepFile) {
		c.plan.ToAdd = rules.ToAdd(c.missing, c.failed)
	}
	c.wake = c.plan.Wake
	loc := c.ruleset().Pack.Location()
	workflow.SetCurrentDetails(ctx, wording.ClaimDetails(c.plan, c.in.Store, c.in.Order, c.missing, loc))
	status := c.plan.Case.Status
	if status == "" || c.shown == "" || status == c.shown {
		return
	}
	c.shown = status
	if err := workflow.UpsertTypedSearchAttributes(ctx, claimStatus(c.plan.Case)...); err != nil {
		c.log.Error("search attributes not set", "error", err)
	}
}

// announce sends the notices that are due.
func (c *claim) announce(ctx workflow.Context) error {
	loc := c.ruleset().Pack.Location()
	return c.tell(ctx, &c.done, c.plan.Notices, func(n rules.Notice) protocol.Notice {
		text := wording.ClaimNotice(n, c.plan, c.in.Store, c.in.Order, loc)
		return protocol.Notice{ZH: text.ZH, EN: text.EN}
	})
}
