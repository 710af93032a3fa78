package workflows

import (
	"encoding/json"
	"errors"
	"slices"
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
	seen     int                 // Known as of the last judgement that nothing came of; -1: none
	unopened int                 // how often no ticket could be opened
	unready  bool                // what a machine would hand in is not fit: whatever is heard may change that
	again    time.Time           // virtual: when the story acts anew by itself; zero: by what it hears alone
	missing  []string            // kinds of evidence still to find
	failed   []rules.Uncollected // what no machine could fetch, as of the last time that one tried
	health   *rules.StoreHealth  // of the store, for seller protection; nil: not known
}

// Claim runs one case: it has the exception confirmed in time, gathers the evidence, files,
// sends the papers that the platform wants besides, awaits the decision, appeals a refusal once,
// asks seller protection when it is refused again, and sees the money come in.
func (s *Stories) Claim(ctx workflow.Context, in protocol.ClaimInput) (protocol.ClaimResult, error) {
	c := &claim{story: s.newStory(ctx, in.Store, in.Order, in.Policy, in.Calendar, in.Clock, in.Facts), in: in, judged: -1, seen: -1}
	err := workflow.SetQueryHandler(ctx, protocol.QueryAssess, func(q protocol.AsOf) (json.RawMessage, error) {
		return c.assessment(ctx, q)
	})
	if err != nil {
		return protocol.ClaimResult{}, err
	}
	first := c.planned(ctx, c.began)
	c.shown, c.wake = first.Case.Status, first.Wake // as the start request said
	if err := c.takeIn(ctx, false); err != nil {
		return protocol.ClaimResult{}, err
	}
	for {
		if !c.goesOn(ctx) {
			if err := c.announce(ctx); err != nil {
				return protocol.ClaimResult{}, err
			}
			c.again = time.Time{}
			if err := c.openTicket(ctx); err != nil {
				return protocol.ClaimResult{}, err
			}
			if ends, err := c.ends(ctx); err != nil {
				return protocol.ClaimResult{}, err
			} else if ends {
				return protocol.ClaimResult{Status: c.plan.Case.Status, ClaimID: c.plan.ClaimID, At: c.now(ctx)}, nil
			}
		}
		if err := c.takeIn(ctx, false); err != nil {
			return protocol.ClaimResult{}, err
		}
		c.again, c.unready = time.Time{}, false
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
	if asked := c.plan.Papers; asked != nil && asked.Ready && !c.now(ctx).After(asked.Until) {
		step := stepPapers + "/" + rules.Stamp(asked.Since).String()
		if !contains(c.tried, step) {
			if err := c.gather(ctx); err != nil || c.plan.Papers == nil {
				return err
			}
			if c.answers(asked.Kinds) && !c.now(ctx).After(asked.Until) {
				return c.handIn(ctx, step, sendPapers, asked.Until, rules.TypePapersSent, nil)
			}
			c.judgeAgain(ctx)
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
				TrackingNumber: c.in.Case.TrackingNumber, When: answer.At, ClaimID: answer.ClaimID, Case: &filed, Originals: c.handsIn(),
			})
		}
		if err := c.takeIn(ctx, true); err != nil { // much may have come during the call
			return err
		}
	}
	return c.while(ctx, rules.StatusConfirmed)
}

// appeal appeals a refusal, once, while there is time, when there is an original that was not
// handed in before and that bears an appeal. Where a person has to do that, it waits for the person.
func (c *claim) appeal(ctx workflow.Context) error {
	by := c.plan.Case.NextDeadline.At.Time()
	if err := c.collect(ctx, stepAppeal, by); err != nil || c.plan.Case.Status != rules.StatusRejected {
		return err
	}
	if contains(c.tried, stepAppeal) {
		return c.while(ctx, rules.StatusRejected)
	}
	if c.since(ctx, changeAftermath) {
		if may, err := c.mayAppeal(ctx, by); err != nil || c.plan.Case.Status != rules.StatusRejected {
			return err
		} else if !may {
			return c.while(ctx, rules.StatusRejected)
		}
	} else if err := c.gather(ctx); err != nil || c.plan.Case.Status != rules.StatusRejected {
		return err
	}
	return c.handIn(ctx, stepAppeal, appeal, by, rules.TypeClaimAppealed, nil)
}

// protect asks seller protection where the store may have it. Where a person has to do that, it
// waits for the person, and then for the answer and the money.
func (c *claim) protect(ctx workflow.Context) error {
	if p := c.plan.Protection; p != nil && p.State == rules.ProtectionOpen && !contains(c.tried, stepProtect) {
		switch health, err := standing(ctx, protocol.StandingQuery{Store: c.in.Store, Now: c.now(ctx)}); {
		case ctx.Err() != nil:
			return err
		case err != nil:
			c.log.Error("the store's health cannot be looked up; it is tried again in an hour", "error", err)
			c.again = c.now(ctx).Add(retryHealth)
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

// When what failed is tried again (virtual time).
const (
	retryHealth = time.Hour
	retryTicket = time.Hour // twice as long after each failure, up to 16 h
)

// handIn has a machine hand something in for the claim, once, while there is time, and records
// that it did. Where a person has to, the story goes on and waits.
func (c *claim) handIn(
	ctx workflow.Context, step string, call func(workflow.Context, protocol.ClaimRequest, time.Duration) (protocol.Filed, error),
	deadline time.Time, done rules.EventType, ask *money.Amount,
) error {
	c.tried = append(c.tried, step)
	answer, err := call(ctx, protocol.ClaimRequest{
		Key: c.id + "#" + step, Store: c.in.Store, Order: c.in.Order, Number: c.in.Case.TrackingNumber, ClaimID: c.plan.ClaimID,
		Adds: step == stepAppeal && c.since(ctx, changeAftermath), Evidence: c.evidence, Added: c.plan.Added, HandedIn: c.handedIn(), Amount: ask, Now: c.now(ctx),
	}, c.byMachine(ctx, deadline))
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil || !answer.Pending && !answer.Valid():
		c.log.Error("not handed in by machine; a person must", "step", step, "error", err, "claim_id", answer.ClaimID)
	case !answer.Pending:
		fact := &rules.ClaimFact{ClaimID: c.plan.ClaimID, When: answer.At, Amount: ask}
		if ask == nil { // money needs no papers
			fact.Originals = c.handsIn()
		}
		return c.brought(ctx, step, done, fact)
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

// changeAftermath: an appeal waits for a new original, the second decision is waited for with a
// deadline, and seller protection follows a second refusal. Runs that decided either before the change go on as they began.
const changeAftermath = "aftermath"

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

// while tells people what they must know and sleeps, as long as the case has one of these
// statuses. When the alarm rings it reads the inbox before it lets a deadline take effect.
func (c *claim) while(ctx workflow.Context, statuses ...rules.CaseStatus) error {
	known, facts := c.plan.Known, len(c.raw) // more evidence, or another wish of the platform's: the story looks again
	if c.unready && c.seen >= 0 {
		known = c.seen // evidence that came while it was judged, too
	}
	c.seen = -1
	is := func() bool {
		return slices.Contains(statuses, c.plan.Case.Status) && c.plan.Known == known && (!c.unready || len(c.raw) == facts)
	}
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
		if rang && (c.unready || c.plan.Protection != nil || !c.again.IsZero() && !c.now(ctx).Before(c.again)) {
			return nil // the papers may be better, the store's health may have changed, or what was put off is due
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

// planned is what the rules ask for at a moment, less what this run has passed by.
func (c *claim) planned(ctx workflow.Context, now time.Time) rules.ClaimPlan {
	plan := rules.PlanClaim(c.facts, c.ruleset(), c.in.Case, now)
	without := rules.Unfollowed{
		Evidence:  (plan.Known > 0 || plan.Papers != nil) && !c.since(ctx, changePapers),
		Aftermath: (plan.Protection != nil || plan.Case.Status == rules.StatusAppealed) && !c.since(ctx, changeAftermath),
		Money:     plan.Differs != nil && !c.since(ctx, changeTickets),
	}
	if without.Evidence || without.Aftermath || without.Money {
		return rules.PlanClaimWithout(c.facts, c.ruleset(), c.in.Case, now, without)
	}
	return plan
}

// look asks the rules where the case stands, and shows it to operators.
func (c *claim) look(ctx workflow.Context) {
	c.plan = c.planned(ctx, c.now(ctx))
	if c.plan.Protection != nil {
		c.plan.Protection.Judge(c.ruleset(), c.health)
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
