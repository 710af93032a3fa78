package wording

import (
	"time"

	"parcelward/internal/rules"
)

// Waiting says in one sentence what an order waits for and until when.
func Waiting(p rules.OrderPlan, loc *time.Location) Text {
	return orderWaits(p, loc).and(contestsWait(&p, loc))
}

// contestsWait tells of live complaints and disputes, the most pressing first.
func contestsWait(p *rules.OrderPlan, loc *time.Location) Text {
	var live int
	var next *rules.Deadline
	consider := func(is bool, d *rules.Deadline) {
		if !is {
			return
		}
		if live++; d != nil && (next == nil || d.At.Time().Before(next.At.Time())) {
			next = d
		}
	}
	for i := range p.Complaints {
		consider(p.Complaints[i].Status.Live(), p.Complaints[i].NextDeadline)
	}
	for i := range p.Disputes {
		consider(p.Disputes[i].Status.Live(), p.Disputes[i].NextDeadline)
	}
	switch {
	case live == 0:
		return Text{}
	case next == nil:
		return both("另有 %d 件投诉或纠纷。", "Complaints or disputes open: %d.", live)
	}
	return both("另有 %d 件投诉或纠纷，期限 %s。", "Complaints or disputes open: %d, next due %s.", live, clock(next.At.Time(), loc))
}

func orderWaits(p rules.OrderPlan, loc *time.Location) Text {
	a := &p.Assessment
	if p.End != "" {
		return both("已结束：%s。", "Over: %s.", End(p.End))
	}
	if a.Stage == "" {
		return both("等待订单创建信息。", "Waiting to hear that the order was created.").and(nextCheck(p.Wake, loc))
	}
	if c, others := urgent(a); c != nil {
		return caseWaits(c, loc).and(alsoOpen(others))
	}
	switch a.Stage {
	case rules.StageAwaitingPayment:
		return both("等待买家付款。", "Waiting for the buyer to pay.").and(nextCheck(p.Wake, loc))
	case rules.StageAwaitingShipment:
		return numberWaits(a, p.Wake, loc)
	case rules.StageInTransit:
		if d := pending(a, rules.DeadlineOnline); d != nil {
			return both("等待承运商首次扫描上网，截止 %s。", "Waiting for the carrier's first scan, due %s.", clock(d.At.Time(), loc))
		}
		return both("包裹运输中，等待新轨迹。", "The parcel is on its way; waiting for new tracking.").and(nextCheck(p.Wake, loc))
	case rules.StageDelivered:
		return both("包裹已妥投，等待买家确认收货或纠纷期结束。", "Delivered; waiting for the buyer to confirm or the dispute period to end.").and(nextCheck(p.Wake, loc))
	case rules.StageException, rules.StageClosed: // neither without a live case or an end
	}
	return both("%s。", "Now %s.", Stage(a.Stage)).and(nextCheck(p.Wake, loc))
}

// WaitingClaim says in one sentence what a claim waits for and until when.
func WaitingClaim(p rules.ClaimPlan, loc *time.Location) Text {
	if !p.Found {
		return Text{"按后来得知的事实，这个案件不成立。", "Facts learnt later leave no such case."}
	}
	what := both("%s(%s)", "%s (%s)", Kind(p.Case.Kind), p.Case.TrackingNumber).capital()
	switch {
	case p.Papers != nil:
		return both("%s：平台要求补充材料，截止 %s。", "%s: the platform wants more papers by %s.", what, clock(p.Papers.Until, loc))
	case p.Protection != nil:
		return both("%s：%s", "%s: %s", what, protection(p.Protection, loc))
	}
	return caseWaits(&p.Case, loc)
}

// caseWaits is what one case asks for.
func caseWaits(c *rules.Case, loc *time.Location) Text {
	what := both("%s(%s)", "%s (%s)", Kind(c.Kind), c.TrackingNumber).capital()
	by := Text{"期限未定", "no date yet"}
	if c.NextDeadline != nil {
		by = clock(c.NextDeadline.At.Time(), loc)
	}
	switch c.Status {
	case rules.StatusOpen:
		return both("%s：请到卖家后台点击“确认异常”，截止 %s。", "%s: confirm the exception in the seller centre by %s.", what, by)
	case rules.StatusConfirmed:
		return both("%s：已确认，请备齐凭证提交索赔，截止 %s。", "%s: confirmed; complete the papers and file the claim by %s.", what, by)
	case rules.StatusFiled:
		return both("%s：索赔已提交，等待平台审核，最迟 %s。", "%s: filed; the platform decides by %s.", what, by)
	case rules.StatusApproved:
		return both("%s：审核通过，等待赔付到账，最迟 %s。", "%s: approved; the payout is due %s.", what, by)
	case rules.StatusRejected:
		return both("%s：被拒赔，可补充原始凭证申诉一次，截止 %s。", "%s: rejected; appeal once with further originals by %s.", what, by)
	case rules.StatusAppealed:
		if c.NextDeadline != nil {
			return both("%s：已申诉，等待平台复审，最迟 %s。", "%s: appealed; the second decision is due %s.", what, by)
		}
		return both("%s：已申诉，等待平台复审。", "%s: appealed; waiting for the second decision.", what)
	case rules.StatusResumed, rules.StatusExpired, rules.StatusWindowShut, rules.StatusPaid, rules.StatusClosed:
		return both("%s：案件已结束，%s。", "%s: the case is over, %s.", what, Status(c.Status))
	}
	return both("%s:%s。", "%s: %s.", what, Status(c.Status))
}

func numberWaits(a *rules.Assessment, wake time.Time, loc *time.Location) Text {
	for _, d := range a.Deadlines {
		if d.Kind != rules.DeadlineTrackingNumber {
			continue
		}
		if d.State == rules.Pending {
			return both("等待在平台录入运单号，截止 %s。", "Waiting for the tracking number on the platform, due %s.", clock(d.At.Time(), loc))
		}
		return both("运单号逾期未录入（截止 %s），将无法索赔；请尽快发货。", "The tracking number is late (it was due %s) and no claim will be paid; ship soon.",
			clock(d.At.Time(), loc)).and(nextCheck(wake, loc))
	}
	return both("等待在平台录入运单号。", "Waiting for the tracking number on the platform.").and(nextCheck(wake, loc))
}

func nextCheck(wake time.Time, loc *time.Location) Text {
	if wake.IsZero() {
		return Text{}
	}
	return both("下次核查 %s。", "Next check %s.", clock(wake, loc))
}

// urgent is the live case with the nearest deadline, and how many other live ones there are.
func urgent(a *rules.Assessment) (first *rules.Case, others int) {
	for i := range a.Cases {
		c := &a.Cases[i]
		if !c.Status.Live() {
			continue
		}
		others++
		switch {
		case first == nil:
			first = c
		case c.NextDeadline == nil:
		case first.NextDeadline == nil || c.NextDeadline.At.Time().Before(first.NextDeadline.At.Time()):
			first = c
		}
	}
	return first, max(others-1, 0)
}

func alsoOpen(others int) Text {
	switch others {
	case 0:
		return Text{}
	case 1:
		return Text{"另有 1 个案件在处理。", "One more case is in progress."}
	}
	return both("另有 %d 个案件在处理。", "%d more cases are in progress.", others)
}

func pending(a *rules.Assessment, kind string) *rules.Deadline {
	for i := range a.Deadlines {
		if d := &a.Deadlines[i]; d.Kind == kind && d.State == rules.Pending {
			return d
		}
	}
	return nil
}
