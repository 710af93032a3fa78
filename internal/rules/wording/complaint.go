package wording

import (
	"strings"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

// ComplaintSummary is what never changes about a freight complaint, for its static summary.
func ComplaintSummary(store, order, id string) Text {
	return both("运费投诉 %s，订单 %s", "Freight complaint %s, order %s", plain(id), store+"/"+order)
}

// ComplaintStatus names where a freight complaint stands.
func ComplaintStatus(s rules.ComplaintStatus) Text {
	switch s {
	case rules.ComplaintOpen:
		return Text{"待举证", "waiting for the seller's proofs"}
	case rules.ComplaintAnswered:
		return Text{"已举证，等待平台结论", "answered, waiting for the decision"}
	case rules.ComplaintLost:
		return Text{"逾期未举证，默认卖家责任", "not answered in time, the seller is at fault by default"}
	case rules.ComplaintUpheld:
		return Text{"投诉成立", "upheld"}
	case rules.ComplaintDismissed:
		return Text{"投诉不成立", "dismissed"}
	}
	return unknown(s)
}

// LossCause names a known cause for which complaints are lost.
func LossCause(c rules.LossCode) Text {
	switch c {
	case rules.LossNoPickup:
		return Text{"没有带时间的揽收截图", "no screenshot with the pick-up time"}
	case rules.LossAddress:
		return Text{"面单收件地址与订单地址不一致", "the label's address differs from the order's"}
	case rules.LossLatePickup:
		return Text{"揽收晚于付款后时限", "picked up too late after the payment"}
	}
	return unknown(c)
}

// WaitingComplaint says in one sentence what a freight complaint waits for and until when.
func WaitingComplaint(p rules.ComplaintPlan, loc *time.Location) Text {
	c := &p.Complaint
	switch c.Status {
	case rules.ComplaintOpen:
		return both("运费投诉 %s：请上传带单号的面单和揽收截图，截止 %s。", "Freight complaint %s: hand in the label with its number and the pick-up screenshot by %s.", plain(c.ID), clock(c.RespondBy.Time(), loc))
	case rules.ComplaintAnswered:
		return both("运费投诉 %s：已举证，等待平台结论。", "Freight complaint %s: answered; waiting for the platform's decision.", plain(c.ID)).and(nextCheck(p.Wake, loc))
	case rules.ComplaintLost:
		return both("运费投诉 %s：未在 %s 前举证，平台默认卖家责任，等待结论。", "Freight complaint %s: not answered by %s, so the seller is at fault by default; waiting for the decision.", plain(c.ID), clock(c.RespondBy.Time(), loc)).and(nextCheck(p.Wake, loc))
	case rules.ComplaintUpheld, rules.ComplaintDismissed:
		return both("运费投诉 %s 已结案：%s。", "Freight complaint %s is over: %s.", plain(c.ID), complaintEnd(c))
	}
	return Text{"没有这个运费投诉的发起信息。", "Nobody has told that this freight complaint was opened."}
}

func complaintEnd(c *rules.FreightComplaint) Text {
	end := ComplaintStatus(c.Status)
	if c.Status == rules.ComplaintUpheld && c.Points > 0 {
		end = both("%s，扣 %d 分", "%s, %d service points taken", end, c.Points)
	}
	return end
}

// ComplaintNotice is what people are told of a freight complaint.
func ComplaintNotice(n rules.Notice, p rules.ComplaintPlan, store, order string, pack *policy.Pack) Text {
	c, loc := &p.Complaint, pack.Location()
	by := clock(c.RespondBy.Time(), loc)
	t := both("【订单 %s，运费投诉 %s】", "[Order %s, freight complaint %s]", store+"/"+order, plain(c.ID))
	switch n.Code {
	case rules.NoticeComplaint:
		t = t.and(both("买家发起运费投诉。请在 %s 前上传带单号的发货面单和带时间的揽收截图，逾期系统默认卖家责任；此投诉不能撤诉，也不能申诉。",
			"The buyer complained about freight. Hand in the shipping label with its number and the time-stamped pick-up screenshot by %s, or the seller is at fault by default. It cannot be withdrawn, and there is no appeal.", by))
	case rules.NoticeReminder:
		t = t.and(both("还没有举证，截止 %s。", "Not answered yet; due %s.", by))
	case rules.NoticeComplaintReady:
		return t.and(both("凭证已齐，请在 %s 前到卖家后台提交，并在这里登记。", "The proofs are complete: hand them in in the seller centre by %s and record it here.", by)).and(faults(c.Faults, pack))
	case rules.NoticeUnready:
		return t.and(both("凭证预检未通过，举证截止 %s。", "The pre-flight found fault with proofs; they are due %s.", by)).and(faults(c.Faults, pack))
	case rules.NoticeComplaintLost:
		return t.and(both("未在 %s 前举证，平台默认卖家责任。", "Not answered by %s: the seller is at fault by default.", by)).and(atRisk(c))
	case rules.NoticeComplaintOutcome:
		return t.and(Text{"平台通常这时已有结论，请到卖家后台查看并登记。", "The platform has usually decided by now: look it up in the seller centre and record it."})
	case rules.NoticeComplaintEnded:
		t = t.and(both("已结案：%s。", "Decided: %s.", complaintEnd(c)))
		if c.Frozen != nil {
			t = t.and(both("订单货款 %s 被冻结，请留意解冻。", "The order's %s is frozen; watch for its release.", amount(*c.Frozen)))
		}
		return t
	default:
		return t.and(unknown(n.Code))
	}
	return t.and(lacking(c.Missing)).and(faults(c.Faults, pack)).and(lossCauses(c.Causes)).and(atRisk(c))
}

// faults says, original by original, what the pre-flight found and what to do. What will be
// refused counts as not there; what a person must look at counts.
func faults(list []rules.CheckedOriginal, pack *policy.Pack) Text {
	var all Text
	for i := range list {
		o := &list[i]
		t := both("%s（%s）：%s。", "%s (%s): %s.", Evidence(string(o.Kind)), plain(o.Name), Verdict(o.Verdict))
		for _, f := range o.Findings {
			if f.Verdict != rules.VerdictReady {
				f.Measured = plain(f.Measured) // what others wrote
				t = t.and(Preflight(f, pack))
			}
		}
		if all = all.and(t); i == 0 {
			all = t
		}
	}
	return all
}

func lacking(kinds []rules.EvidenceKind) Text {
	if len(kinds) == 0 {
		return Text{}
	}
	return both("还缺：%s。", "Still missing: %s.", join(each(kinds, func(k rules.EvidenceKind) Text { return Evidence(string(k)) })))
}

func lossCauses(causes []rules.LossCause) Text {
	if len(causes) == 0 {
		return Text{}
	}
	texts := make([]Text, len(causes))
	for i, c := range causes {
		texts[i] = both("%s（占败诉 %s%%）", "%s (%s%% of lost complaints)", LossCause(c.Code), c.Percent.String())
	}
	return both("败诉风险：%s。", "Causes of loss: %s.", join(texts))
}

func atRisk(c *rules.FreightComplaint) Text {
	if c.MoneyAtRisk == nil {
		return Text{}
	}
	return both("一旦成立：扣 %d–%d 分服务分，冻结货款 %s。", "If upheld: %d to %d service points, and %s frozen.", c.PointsAtRisk[0], c.PointsAtRisk[1], amount(*c.MoneyAtRisk))
}

// ComplaintDetails is what Temporal's Web UI shows of a freight complaint while it runs, in
// Markdown.
func ComplaintDetails(p rules.ComplaintPlan, store, order string, pack *policy.Pack) string {
	var b strings.Builder
	loc := pack.Location()
	heading(&b, WaitingComplaint(p, loc))
	if !p.Found {
		return b.String()
	}
	c := &p.Complaint
	if t := lacking(c.Missing); t != (Text{}) {
		bullet(&b, t)
	}
	if t := faults(c.Faults, pack); t != (Text{}) {
		bullet(&b, t)
	}
	if t := lossCauses(c.Causes); t != (Text{}) {
		bullet(&b, t)
	}
	switch c.Status {
	case rules.ComplaintOpen:
		section(&b, Text{"您可以做什么", "What you can do"})
		steps(&b, complaintSteps(p, store, order))
		paste(&b, ComplaintAnswer(p, order, loc))
	case rules.ComplaintAnswered, rules.ComplaintLost:
		section(&b, Text{"您可以做什么", "What you can do"})
		sentence(&b, both("请留意卖家后台的结论；得知后以 complaint.decided 事件报给订单 %s。", "Watch for the decision in the seller centre and report it as a complaint.decided event of order %s.", store+"/"+order))
	case rules.ComplaintUpheld, rules.ComplaintDismissed:
	}
	section(&b, Text{"投诉", "Complaint"})
	row := table(&b)
	row(Text{"订单", "Order"}, code(store+"/"+order))
	row(Text{"投诉编号", "Complaint number"}, code(c.ID))
	row(Text{"状态", "Status"}, slash(ComplaintStatus(c.Status)))
	row(Text{"发起", "Opened"}, cell(c.OpenedAt.Time(), loc))
	row(Deadline(rules.DeadlineRespond), cell(c.RespondBy.Time(), loc))
	if c.AnsweredAt != nil {
		row(Text{"举证", "Answered"}, cell(c.AnsweredAt.Time(), loc))
	}
	if c.PickupBy != nil {
		row(Text{"揽收时限", "Pick-up due"}, cell(c.PickupBy.Time(), loc))
	}
	if c.PickedUpAt != nil {
		row(Text{"揽收时间", "Picked up"}, cell(c.PickedUpAt.Time(), loc))
	}
	row(Text{"实付运费", "Freight paid"}, amount(*c.Freight))
	if c.FreightShown != nil {
		row(Text{"展示运费", "Freight shown"}, amount(*c.FreightShown))
	}
	if c.Overcharged {
		bullet(&b, Text{"实付运费超出展示运费，建议先退还差额并保留退款截图", "more freight was paid than shown: refund the difference first and keep the proof"})
	}
	if t := atRisk(c); t != (Text{}) {
		bullet(&b, t)
	}
	return b.String()
}

func complaintSteps(p rules.ComplaintPlan, store, order string) []Text {
	return []Text{
		{
			"备齐凭证：带单号的发货面单，和带时间的揽收截图（承运商官网或揽收回执），上传到本订单的凭证库。",
			"Gather the proofs, the shipping label with its number and the time-stamped pick-up screenshot (carrier's site or receipt), and upload them to this order's evidence.",
		},
		{
			"核对：面单收件地址与订单一致；揽收时间不晚于付款后时限；实际物流与运费模板一致。",
			"Check: the label's address is the order's; the pick-up is not too late after the payment; the service is the freight template's.",
		},
		{
			"卖家后台 → 右上角【帮助中心】→ 工单标题“运费投诉紧急核查”，问题类型“物流履约 → 运费争议”，取得《运费合规诊断报告》。",
			"Seller centre → Help Center (top right) → ticket titled “运费投诉紧急核查” (urgent freight complaint check), type “物流履约 → 运费争议” (logistics performance → freight dispute): it yields a compliance report.",
		},
		{
			"在卖家后台打开该投诉，上传面单、揽收截图和诊断报告，粘贴下面的文字后提交。",
			"Open the complaint in the seller centre, upload label, screenshot and report, paste the text below and submit.",
		},
		both("提交后在这里登记：把 complaint.answered 事件（complaint_id %[2]s，at 为提交时间）报给订单 %[1]s。",
			"Then record it here: report a complaint.answered event (complaint_id %[2]s, at: when it was submitted) of order %[1]s.", store+"/"+order, code(p.Complaint.ID)),
	}
}

// ComplaintAnswer is the text to paste into the answer of a freight complaint, once the proofs
// are complete: a fixed template in both languages, never a machine's translation. Of the facts
// it states only those that are known.
func ComplaintAnswer(p rules.ComplaintPlan, order string, loc *time.Location) Text {
	c := &p.Complaint
	t := both("您好，关于订单 %s 的运费投诉 %s，我方举证如下：", "Dear team, regarding freight complaint %[2]s on order %[1]s, we submit the following:", order, plain(c.ID))
	line := func(more Text) { t = Text{t.ZH + "\n" + more.ZH, t.EN + "\n" + more.EN} }
	if len(p.Numbers) > 0 {
		line(both("· 物流服务 %s，运单号 %s（见发货面单）；", "- Service %s, tracking number %s (see the shipping label);", p.Shipped, strings.Join(p.Numbers, ", ")))
	}
	if p.PaidAt != nil {
		line(both("· 买家付款时间：%s；", "- Paid: %s;", clock(p.PaidAt.Time(), loc)))
	}
	if c.PickedUpAt != nil {
		line(both("· 揽收时间：%s（见揽收截图）；", "- Picked up by the carrier: %s (see the pick-up screenshot);", clock(c.PickedUpAt.Time(), loc)))
	}
	if c.FreightShown != nil && c.FreightShown.Currency == c.Freight.Currency && !c.Overcharged {
		line(both("· 页面展示运费 %s，买家实付运费 %s，未超出平台容差；", "- Freight shown %s, freight paid %s, within the platform's tolerance;", amount(*c.FreightShown), amount(*c.Freight)))
	}
	line(Text{"随附：带单号的发货面单、带时间的揽收截图。请核实并判定投诉不成立，谢谢。", "Attached: shipping label with tracking number, time-stamped pick-up screenshot. Please verify and dismiss the complaint. Thank you."})
	return t
}
