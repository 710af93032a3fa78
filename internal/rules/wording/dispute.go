package wording

import (
	"strings"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

// DisputeSummary is what never changes about a dispute, for its static summary.
func DisputeSummary(store, order string, d rules.BuyerDispute) Text {
	return both("%s %s，订单 %s", "%s %s, order %s", disputeKind(d.Kind).capital(), plain(d.ID), store+"/"+order)
}

func disputeKind(kind string) Text {
	if kind == rules.DisputeNotReceived {
		return Text{"未收到货纠纷", "not-received dispute"}
	}
	return Text{"买家纠纷", "buyer's dispute"}
}

// DisputeStatus names where a dispute stands.
func DisputeStatus(s rules.DisputeStatus) Text {
	switch s {
	case rules.DisputeOpen:
		return Text{"待举证", "waiting for the seller's evidence"}
	case rules.DisputeAnswered:
		return Text{"已举证，等待平台处理", "evidence handed in, under review"}
	case rules.DisputeLate:
		return Text{"逾期未举证", "evidence not handed in in time"}
	case rules.DisputeDeemed:
		return Text{"无拒收凭证，视为妥投", "no proof of refusal, counts as delivered"}
	case rules.DisputeClosed:
		return Text{"已关闭", "closed"}
	}
	return unknown(s)
}

// WaitingDispute says in one sentence what a dispute waits for and until when.
func WaitingDispute(p rules.DisputePlan, loc *time.Location) Text {
	d := &p.Dispute
	if !p.Found {
		return Text{"没有这个纠纷的发起信息。", "Nobody has told that this dispute was opened."}
	}
	what := both("%s %s", "%s %s", disputeKind(d.Kind).capital(), plain(d.ID))
	if d.Status == rules.DisputeClosed {
		return both("%s 已关闭。", "%s is closed.", what)
	}
	t := both("%s：%s。", "%s: %s.", what, DisputeStatus(d.Status))
	if d.Status == rules.DisputeOpen {
		t = both("%s：请上传完整证据链，截止 %s。", "%s: hand in the whole evidence chain by %s.", what, clock(d.EvidenceBy.Time(), loc))
	}
	if d.RefusalBy != nil && d.RefusedAt == nil && d.Status != rules.DisputeDeemed {
		t = t.and(both("拒收视频或照片截止 %s。", "A refusal video or photo counts until %s.", clock(d.RefusalBy.Time(), loc)))
	}
	if p.Next == nil {
		return t.and(nextCheck(p.Wake, loc))
	}
	return t
}

// DisputeNotice is what people are told of a dispute.
func DisputeNotice(n rules.Notice, p rules.DisputePlan, store, order string, pack *policy.Pack) Text {
	d, loc := &p.Dispute, pack.Location()
	t := both("【订单 %s，纠纷 %s】", "[Order %s, dispute %s]", store+"/"+order, plain(d.ID))
	by := clock(d.EvidenceBy.Time(), loc)
	until := by
	if d.RefusalBy != nil {
		until = clock(d.RefusalBy.Time(), loc)
	}
	refusal := n.Deadline != nil && n.Deadline.Kind == rules.DeadlineRefusal
	switch {
	case n.Code == rules.NoticeDispute:
		t = t.and(both("买家发起%s。请在 %s 前上传完整证据链。", "The buyer opened a %s. Hand in the whole evidence chain by %s.", disputeKind(d.Kind), by)).and(lacking(d.Missing)).and(faults(d.Faults, pack))
	case n.Code == rules.NoticeReminder && !refusal:
		t = t.and(both("纠纷还没有举证，截止 %s。", "No evidence is handed in yet; due %s.", by)).and(lacking(d.Missing)).and(faults(d.Faults, pack))
	case n.Code == rules.NoticeUnready:
		return t.and(both("凭证预检未通过，截止 %s。", "The pre-flight found fault with evidence; it is due %s.", clock(n.Deadline.At.Time(), loc))).and(faults(d.Faults, pack))
	case n.Code == rules.NoticeDisputeReady:
		return t.and(both("证据链已齐，请在 %s 前到卖家后台提交，并在这里登记。", "The evidence chain is complete: hand it in in the seller centre by %s and record it here.", by)).and(faults(d.Faults, pack))
	case n.Code == rules.NoticeDisputeLate:
		t = t.and(both("未在 %s 前举证。请立即到卖家后台补交，能否采信由平台决定。", "No evidence by %s. Hand it in at once all the same; the platform decides whether it counts.", by))
	case n.Code == rules.NoticeRefusal:
		return t.and(both("轨迹显示已妥投而买家说没收到。如系买家拒收，请在 %s 前上传拒收视频或照片，须带时间水印并能看清面单，否则视为妥投。",
			"Tracking says delivered, the buyer denies it. If the buyer refused the parcel, add a refusal video or photo with time watermark and legible label by %s, or it counts as delivered.", until))
	case n.Code == rules.NoticeReminder:
		return t.and(both("还没有有效的拒收视频或照片，截止 %s；逾期视为妥投。", "There is no valid refusal video or photo yet; after %s it counts as delivered.", until)).and(faults(d.Faults, pack))
	case n.Code == rules.NoticeRefusalMisdated:
		return t.and(both("拒收凭证的时间不在纠纷期内，平台不会采信。请在 %s 前换有效的。", "The time on the refusal proof lies outside the dispute period and will not count. Add a valid one by %s.", until))
	case n.Code == rules.NoticeDisputeDeemed:
		return t.and(both("截至 %s 没有拒收凭证，平台视为妥投，这一单不能再就未收到货索赔。", "No proof of refusal by %s: the platform counts the parcel as delivered, and no claim for non-receipt is left.", until))
	case n.Code == rules.NoticeDisputeEnded:
		return t.and(Text{"纠纷已关闭。", "The dispute is closed."})
	default:
		return t.and(unknown(n.Code))
	}
	if d.MoneyAtRisk != nil {
		t = t.and(both("涉及金额 %s。", "Money at risk: %s.", amount(*d.MoneyAtRisk)))
	}
	return t
}

// DisputeDetails is what Temporal's Web UI shows of a dispute while it runs, in Markdown.
func DisputeDetails(p rules.DisputePlan, store, order string, pack *policy.Pack) string {
	var b strings.Builder
	loc := pack.Location()
	heading(&b, WaitingDispute(p, loc))
	if !p.Found {
		return b.String()
	}
	d := &p.Dispute
	if t := lacking(d.Missing); t != (Text{}) {
		bullet(&b, t)
	}
	if t := faults(d.Faults, pack); t != (Text{}) {
		bullet(&b, t)
	}
	if d.Misdated {
		bullet(&b, Text{"拒收凭证的时间不在纠纷期内", "the time on the refusal proof lies outside the dispute period"})
	}
	if d.Status.Live() {
		section(&b, Text{"您可以做什么", "What you can do"})
		steps(&b, disputeSteps(d, store, order))
		if d.Status == rules.DisputeOpen {
			paste(&b, DisputeAnswer(p, order))
		}
	}
	section(&b, Text{"纠纷", "Dispute"})
	row := table(&b)
	row(Text{"订单", "Order"}, code(store+"/"+order))
	row(Text{"纠纷编号", "Dispute number"}, code(d.ID))
	row(Text{"类型", "Kind"}, slash(disputeKind(d.Kind)))
	row(Text{"状态", "Status"}, slash(DisputeStatus(d.Status)))
	row(Text{"发起", "Opened"}, cell(d.OpenedAt.Time(), loc))
	row(Deadline(rules.DeadlineEvidence), cell(d.EvidenceBy.Time(), loc))
	if d.AnsweredAt != nil {
		row(Text{"举证", "Evidence handed in"}, cell(d.AnsweredAt.Time(), loc))
	}
	if d.RefusalBy != nil {
		row(Deadline(rules.DeadlineRefusal), cell(d.RefusalBy.Time(), loc))
	}
	if d.RefusedAt != nil {
		row(Text{"拒收凭证", "Proof of refusal"}, cell(d.RefusedAt.Time(), loc))
	}
	if d.MoneyAtRisk != nil {
		row(Text{"涉及金额", "Money at risk"}, amount(*d.MoneyAtRisk))
	}
	return b.String()
}

func disputeSteps(d *rules.BuyerDispute, store, order string) []Text {
	list := []Text{
		{
			"备齐证据链：产品实物图、质检报告、物流签收凭证，上传到本订单的凭证库。",
			"Gather the evidence chain, product photos, quality report and delivery receipt, and upload it to this order's evidence.",
		},
		{
			"卖家后台 → 订单详情（Order Details）→ Dispute → Appeal，上传证据并提交。调解员由平台分配，不接受私下联系。",
			"Seller centre → Order Details → Dispute → Appeal: upload the evidence and submit. The platform assigns the mediator; nobody can be contacted directly.",
		},
		both("提交后在这里登记：把 dispute.answered 事件（dispute_id %[2]s，kind %[3]s）报给订单 %[1]s。",
			"Then record it here: report a dispute.answered event (dispute_id %[2]s, kind %[3]s) of order %[1]s.", store+"/"+order, code(d.ID), code(d.Kind)),
	}
	if d.RefusalBy != nil && d.RefusedAt == nil {
		list = append(list, Text{
			"如系买家拒收：另上传拒收视频或照片，须带时间水印并能看清包裹面单。",
			"If the buyer refused the parcel: add a refusal video or photo with time watermark and the parcel's label legible.",
		})
	}
	return list
}

// DisputeAnswer is the text to paste into the answer of a dispute, once the evidence chain is
// complete: a fixed template in both languages, never a machine's translation. Of the facts it
// states only those that are known.
func DisputeAnswer(p rules.DisputePlan, order string) Text {
	t := both("您好，关于订单 %s 的纠纷 %s，我方提交证据如下：", "Dear mediator, regarding dispute %[2]s on order %[1]s, we submit the following evidence:", order, plain(p.Dispute.ID))
	line := func(more Text) { t = Text{t.ZH + "\n" + more.ZH, t.EN + "\n" + more.EN} }
	if len(p.Numbers) > 0 {
		line(both("· 运单号 %s，物流轨迹与签收凭证见附件；", "- Tracking number %s; see the attached tracking record and delivery receipt;", strings.Join(p.Numbers, ", ")))
	}
	line(Text{"· 产品实物图与质检报告见附件。", "- Product photos and quality report attached."})
	if p.Dispute.RefusedAt != nil {
		line(Text{"· 买家拒收的视频或照片见附件，带时间水印，面单清晰可见。", "- A video or photo of the refusal is attached, with time watermark and legible label."})
	}
	line(Text{"请据此核实并支持卖家，谢谢。", "Please verify and decide in the seller's favour. Thank you."})
	return t
}
