package workflows

import (
	"encoding/json"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// contest is what Complaint and Dispute have in common: a buyer opened it, the seller must
// prove something in time, and it ends by the platform's word.
type contest struct {
	*story
	in     protocol.ContestInput
	done   []string // keys of the notices told
	held   []rules.CheckedOriginal
	basis  string    // of the plan when the vault was last looked into; empty: never, or not wholly
	again  time.Time // when that is tried again; zero: it need not be
	judged []string  // what held was judged by, and of which originals
	shown  string
	plan   rules.StoryPlan
	ask    asker
}

// asker asks the rules where a contest stands at a moment, and for the words that go with it.
type asker func(now time.Time) (plan rules.StoryPlan, words contestWords)

// contestWords are what people read of a contest.
type contestWords struct {
	waiting wording.Text
	details string
	notice  func(rules.Notice) wording.Text
}

func (s *Stories) newContest(ctx workflow.Context, in protocol.ContestInput) *contest {
	return &contest{story: s.newStory(ctx, in.Store, in.Order, in.Policy, in.Calendar, in.Clock, in.Facts), in: in}
}

// begin answers queries, and takes in what came before the first look.
func (c *contest) begin(ctx workflow.Context, ask asker) error {
	c.ask = ask
	err := workflow.SetQueryHandler(ctx, protocol.QueryAssess, func(q protocol.AsOf) (json.RawMessage, error) {
		return c.assessment(ctx, q)
	})
	if err != nil {
		return err
	}
	err = workflow.SetQueryHandler(ctx, protocol.QueryTimeline, func(q protocol.AsOf) ([]protocol.TimelineEntry, error) {
		return c.timeline(ctx, q), nil
	})
	if err != nil {
		return err
	}
	first, _ := ask(c.began)
	c.shown, c.wake = first.Status, first.Wake // as the start request said
	return c.takeIn(ctx, false)
}

// over tells whether the contest waits for nobody any more, or has been given up, after
// people have been told so.
func (c *contest) over(ctx workflow.Context) (bool, error) {
	if c.goesOn(ctx) {
		return false, nil
	}
	if err := c.announce(ctx); err != nil {
		return false, err
	}
	return !waiting(ctx), nil
}

// goesOn tells whether the contest still waits for somebody and has not been given up.
func (c *contest) goesOn(ctx workflow.Context) bool {
	return waiting(ctx) || c.plan.Live && c.now(ctx).Before(c.plan.Idle)
}

// while looks into the vault, tells people what they must know and sleeps, as long as the
// contest has this status. When the alarm rings it reads the inbox before it lets a deadline
// take effect.
func (c *contest) while(ctx workflow.Context, status string) error {
	c.alarm.stale = true // it was set for an earlier status
	for c.plan.Status == status && c.goesOn(ctx) {
		if err := c.gather(ctx); err != nil {
			return err
		}
		if err := c.announce(ctx); err != nil {
			return err
		}
		if err := c.takeIn(ctx, false); err != nil || c.plan.Status != status {
			return err
		}
		_, words := c.ask(c.now(ctx))
		c.set(ctx, earliest(c.plan.Wake, c.again), words.waiting.Summary())
		rang, err := c.wait(ctx, func() bool { return false })
		if err != nil {
			return err
		}
		if rang {
			c.basis = "" // papers that no fact tells of, such as a label's
		}
		if err := c.takeIn(ctx, rang); err != nil {
			return err
		}
	}
	return nil
}

// retryContest is when a vault that could not be looked into is asked again (virtual time).
const retryContest = 15 * time.Minute

// gather has judged what the vault holds of the kinds that count, whenever facts change what it is
// judged by. While that fails, what was judged before and the facts tell what is there.
func (c *contest) gather(ctx workflow.Context) error {
	if c.plan.Next == nil { // nothing is left to hand in
		c.again = time.Time{}
		return nil
	}
	if c.basis == c.plan.Basis {
		return nil
	}
	basis := c.plan.Basis
	held, err := c.judge(ctx)
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		c.log.Error("the evidence cannot be judged; it is tried again", "error", err)
		c.again = c.now(ctx).Add(retryContest)
		return nil
	}
	c.held, c.basis, c.again = held, basis, time.Time{}
	return c.takeIn(ctx, false)
}

// judge lists the originals of each parcel, which costs little, and has them judged where there
// are others that count, or they are judged by something else.
func (c *contest) judge(ctx workflow.Context) ([]rules.CheckedOriginal, error) {
	numbers := c.plan.Numbers
	if len(numbers) == 0 {
		numbers = []string{""} // evidence of the order as a whole
	}
	var of []string // parcels that have some
	judged := []string{c.plan.Basis}
	for _, number := range numbers {
		listed, err := gather(ctx, protocol.Parcel{Store: c.in.Store, Order: c.in.Order, TrackingNumber: number, Carrier: c.plan.Carrier})
		if err != nil {
			return nil, err
		}
		for _, e := range listed {
			if !slices.Contains(c.plan.Asked, rules.EvidenceKind(e.Kind)) {
				continue
			}
			judged = append(judged, number+" "+e.Kind+" "+e.SHA256)
			if !contains(of, number) {
				of = append(of, number)
			}
		}
	}
	if slices.Equal(judged, c.judged) {
		return c.held, nil
	}
	var held []rules.CheckedOriginal
	for _, number := range of {
		papers, err := preflight(ctx, protocol.PapersRequest{
			Store: c.in.Store, Order: c.in.Order, TrackingNumber: number, Now: c.now(ctx),
		}, judgeContest)
		if err != nil {
			return nil, err
		}
		for _, o := range papers.Originals {
			// What is the order's as a whole is there for each of its parcels.
			again := slices.ContainsFunc(held, func(h rules.CheckedOriginal) bool {
				return h.SHA256 == o.SHA256 && h.Kind == o.Kind && h.Verdict == o.Verdict
			})
			if !again && slices.Contains(c.plan.Asked, o.Kind) {
				held = append(held, o)
			}
		}
	}
	c.judged = judged
	return held, nil
}

// judgeContest is how long the judging of originals is tried before the story looks around
// again: real time, whatever the clock, for that is what pictures take.
const judgeContest = time.Minute

// takeIn brings the story up to date, looks where the contest stands, and shows it to
// operators.
func (c *contest) takeIn(ctx workflow.Context, reread bool) error {
	err := c.story.takeIn(ctx, reread, false, func(time.Time, protocol.Confirmation) bool { return false })
	var words contestWords
	c.plan, words = c.ask(c.now(ctx))
	c.wake = c.plan.Wake
	workflow.SetCurrentDetails(ctx, words.details)
	if status := c.plan.Status; status != "" && c.shown != "" && status != c.shown {
		c.shown = status
		if err := workflow.UpsertTypedSearchAttributes(ctx, contestStatus(status, c.plan.Next)...); err != nil {
			c.log.Error("search attributes not set", "error", err)
		}
	}
	return err
}

// announce sends the notices that are due.
func (c *contest) announce(ctx workflow.Context) error {
	_, words := c.ask(c.now(ctx))
	return c.tell(ctx, &c.done, c.plan.Notices, func(n rules.Notice) protocol.Notice {
		text := words.notice(n)
		return protocol.Notice{ZH: text.ZH, EN: text.EN}
	})
}
