package backtest

import (
	"slices"
	"time"

	"parcelward/internal/rules"
)

// Outcome is what became of the money of an order that had a case. An order has one, for
// the platform pays at most once for it.
type Outcome uint8

// The outcomes, from good to bad. Where cases of one order differ, the first that any of
// them has counts, and of a loss the latest case.
const (
	NoCase   Outcome = iota
	Paid             // the money came
	UnderWay         // filed, approved or appealed: the platform's turn
	Savable          // open, confirmed or rejected, and eligible: the seller's turn
	Lost             // a deadline passed, or a paper was missing; Cause says which
	Refused          // refused for good, after an appeal
	Settled          // nothing to claim: the parcel moved on or arrived, or the buyer has the goods
	outcomes
)

// Cause is why money was lost.
type Cause uint8

// The causes.
const (
	NoCause      Cause = iota
	NotConfirmed       // confirm-by passed
	NotFiled           // file-by passed
	NotAppealed        // appeal-by passed
	LateNumber         // tracking-number-due passed
	NoTaxID            // the buyer's tax ID was missing or invalid
	AlertsOff          // an economy line without trace alerts fell silent
	NotCertified       // the service earns no claim
	Falsified          // the platform flagged the trace
	causes
)

// fate is an order's outcome.
type fate struct {
	outcome Outcome
	cause   Cause
	month   month // in which the first case opened, in the platform's time zone
}

// month counts months from year 0.
type month int64

func monthOf(t time.Time) month { return month(t.Year()*12 + int(t.Month()) - 1) }

// String is the month as 2026-03.
func (m month) String() string {
	return time.Date(int(m)/12, time.Month(m%12)+1, 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
}

// fateOf tells what became of the order's money. a must come from [rules.Assess] itself.
func fateOf(a *rules.Assessment, loc *time.Location) fate {
	if len(a.Cases) == 0 {
		return fate{}
	}
	f := fate{month: monthOf(a.Cases[0].OpenedAt.Time().In(loc))}
	has := func(wanted ...rules.CaseStatus) bool {
		return slices.ContainsFunc(a.Cases, func(c rules.Case) bool { return slices.Contains(wanted, c.Status) })
	}
	waits := has(rules.StatusOpen, rules.StatusConfirmed, rules.StatusRejected)
	switch {
	case has(rules.StatusPaid):
		f.outcome = Paid
	case has(rules.StatusFiled, rules.StatusApproved, rules.StatusAppealed):
		f.outcome = UnderWay
	case waits && a.Claim.Eligible:
		f.outcome = Savable
	default:
		f.outcome, f.cause = lossOf(a, waits)
	}
	return f
}

// lossOf tells why there is nothing more to get.
func lossOf(a *rules.Assessment, waits bool) (Outcome, Cause) {
	if slices.Contains(a.Claim.Reasons, rules.ReasonReceipt) || slices.Contains(a.Claim.Reasons, rules.ReasonDisputeClosed) {
		return Settled, NoCause
	}
	outcome, cause := Settled, NoCause
	for i := len(a.Cases) - 1; i >= 0 && outcome == Settled; i-- {
		c := &a.Cases[i]
		if a.Stage == rules.StageDelivered && (c.Kind == rules.KindStall || c.Kind == rules.KindLost) {
			continue // it came after all
		}
		outcome, cause = lossOfCase(c)
	}
	if waits || outcome == Lost {
		for _, r := range a.Claim.Reasons {
			if deeper, ok := causeOf(r); ok {
				return Lost, deeper
			}
		}
	}
	return outcome, cause
}

func lossOfCase(c *rules.Case) (Outcome, Cause) {
	filed, appealed := c.Filed()
	switch {
	case c.Status == rules.StatusExpired:
		return Lost, NotConfirmed
	case c.Status == rules.StatusWindowShut:
		return Lost, NotFiled
	case c.Status == rules.StatusClosed && appealed:
		return Refused, NoCause
	case c.Status == rules.StatusClosed && filed:
		return Lost, NotAppealed
	}
	return Settled, NoCause
}

// causeOf is the cause behind a reason that no act in time could have mended.
func causeOf(reason string) (Cause, bool) {
	switch reason {
	case rules.ReasonUncertified:
		return NotCertified, true
	case rules.ReasonLateNumber:
		return LateNumber, true
	case rules.ReasonFalsified:
		return Falsified, true
	case rules.ReasonMissingTaxID:
		return NoTaxID, true
	case rules.ReasonEconomyDelay:
		return AlertsOff, true
	}
	return NoCause, false
}
