package workflows

import (
	"slices"
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// changePapers: evidence, and papers that the platform wants, concern the story: what a machine can
// fetch is fetched before a filing, and before an appeal, and what is handed in was judged before. Runs that came to either before the change go on without.
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
		Store: c.in.Store, Order: c.in.Order, TrackingNumber: c.in.Case.TrackingNumber, Carrier: c.plan.Carrier, Kinds: rules.Collectable(), HandedIn: c.handedIn(),
		Since: c.plan.Case.OpenedAt.Time(), Now: c.now(ctx),
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

// handsIn is what the story hands in, as the fact of it says.
func (c *claim) handsIn() []rules.Original {
	var list []rules.Original
	for _, e := range c.evidence {
		list = append(list, rules.Original{Kind: rules.EvidenceKind(e.Kind), SHA256: e.SHA256})
	}
	return list
}

// handedIn are the hashes of what is known to have been handed in before.
func (c *claim) handedIn() []string {
	var hashes []string
	for _, o := range c.plan.HandedIn {
		hashes = append(hashes, o.SHA256)
	}
	return hashes
}

// answers tells whether what may be handed in holds what the platform wants: a new original of
// each kind; where it names none, a new original.
func (c *claim) answers(kinds []rules.EvidenceKind) bool {
	fresh := func(fits func(rules.EvidenceKind) bool) bool {
		return slices.ContainsFunc(c.plan.Added, func(o rules.Original) bool {
			return fits(o.Kind) && slices.ContainsFunc(c.evidence, func(e protocol.Evidence) bool { return o.SHA256 == e.SHA256 && string(o.Kind) == e.Kind })
		})
	}
	for _, kind := range kinds {
		if !fresh(func(k rules.EvidenceKind) bool { return k == kind }) {
			return false
		}
	}
	return fresh(func(rules.EvidenceKind) bool { return true })
}

// mayAppeal tells whether a machine may appeal now, with what the vault holds; if not, the story
// looks again when it may, or when it hears of more.
func (c *claim) mayAppeal(ctx workflow.Context, by time.Time) (bool, error) {
	basis := c.plan.Basis
	if basis == nil {
		return false, nil
	}
	if c.now(ctx).Before(basis.From) {
		c.again = basis.From // more may come: it is judged once
		return false, nil
	}
	if err := c.gather(ctx); err != nil || c.plan.Case.Status != rules.StatusRejected || c.plan.Basis == nil {
		return false, err
	}
	if c.papers != nil {
		from, ok := c.papers.AppealFrom(c.ruleset(), c.plan.Basis, by)
		if ok && !c.now(ctx).Before(from) {
			return true, nil
		}
		c.again = from
	}
	c.judgeAgain(ctx)
	return false, nil
}

// judgeAgain has papers that are not fit judged again: when facts or a reminder come, and after a
// while in any case, for what a machine puts into the vault, or a parcel's trace, may make them so.
func (c *claim) judgeAgain(ctx workflow.Context) {
	c.unready = true
	after := judgeUnfit
	if c.papers == nil {
		after = retryJudging
	}
	c.again = earliest(c.again, c.now(ctx).Add(after))
}

// ready tells whether a machine may file with the papers that there are; if not, people hear why.
func (c *claim) ready(ctx workflow.Context) (bool, error) {
	if !c.since(ctx, changePapers) {
		return true, nil
	}
	fileBy, rs := c.plan.Case.FileBy.Time(), c.ruleset()
	switch {
	case c.papers == nil:
		c.judgeAgain(ctx)
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
	c.judgeAgain(ctx)
	key := rules.NoticeUnready + "/" + strconv.Itoa(c.plan.Known) // told anew whenever evidence came that is not enough
	by := rules.Deadline{Kind: rules.DeadlineFile, At: c.plan.Case.FileBy}
	text := wording.PapersUnready(c.papers, c.in.Store, c.in.Order, c.in.Case.TrackingNumber, fileBy, rs.Pack)
	return false, c.tell(ctx, &c.done, []rules.Notice{{Key: key, Code: rules.NoticeUnready, Deadline: &by}}, func(rules.Notice) protocol.Notice {
		return protocol.Notice{ZH: text.ZH, EN: text.EN}
	})
}

// When originals are judged again (virtual time).
const (
	retryJudging = time.Hour      // that could not be judged
	judgeUnfit   = 24 * time.Hour // that were not fit
)

// gather judges what the vault holds for the parcel, and what is missing, and reads the inbox:
// nothing may be handed in that a person has handed in, or that is no longer wanted.
func (c *claim) gather(ctx workflow.Context) error {
	c.seen = c.plan.Known
	if c.judged == c.plan.Known { // by the collectors, just now
		c.judged = -1
		return nil
	}
	if c.since(ctx, changePapers) {
		papers, err := preflight(ctx, protocol.PapersRequest{
			Store: c.in.Store, Order: c.in.Order, TrackingNumber: c.in.Case.TrackingNumber, HandedIn: c.handedIn(), Now: c.now(ctx),
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
