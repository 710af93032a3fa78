package wording

import (
	"fmt"
	"time"

	"parcelward/internal/rules"
)

// Notice is what people are told of an order.
func Notice(n rules.Notice, store, order string, loc *time.Location) Text {
	return about(n, store, order).and(told(n, nil, loc))
}

// ClaimNotice is what people are told of a claim, with the money at risk where it is known.
func ClaimNotice(n rules.Notice, p rules.ClaimPlan, store, order string, loc *time.Location) Text {
	t := about(n, store, order).and(told(n, &p, loc))
	if n.Code == rules.NoticeConfirm && p.Found && p.Case.Kind == rules.KindStall {
		t = t.and(extendReceipt(store, order))
	}
	if n.Code == rules.NoticeFile {
		t = t.and(toAdd(p.ToAdd))
	}
	switch {
	case n.Code == rules.NoticeEnded || n.Code == rules.NoticeProtection || n.Code == rules.NoticeDiffers:
	case !p.Claim.Eligible && len(p.Claim.Reasons) > 0:
		t = t.and(ineligible(p.Claim.Reasons))
	case p.Claim.Payout != nil:
		t = t.and(both("涉及金额 %s。", "Money at risk: %s.", amount(*p.Claim.Payout)))
	}
	return t.and(noticeSteps(n, &p, store, order))
}

// extendReceipt offers what protects a seller while a parcel stalls: with the goods confirmed as
// received, or the time to object over, there is no claim.
func extendReceipt(store, order string) Text {
	return both("包裹停滞期间可延长买家收货时间，防止到期自动确认收货：starter extend %s --days 天数。",
		"While the parcel stalls, the buyer's time to confirm receipt can be extended, lest it run out: starter extend %s --days N.", store+"/"+order)
}

// about opens every notice: which order, which parcel.
func about(n rules.Notice, store, order string) Text {
	if n.Number == "" {
		return both("【订单 %s】", "[Order %s]", store+"/"+order)
	}
	return both("【订单 %s，运单号 %s】", "[Order %s, parcel %s]", store+"/"+order, n.Number)
}

// told is the message itself; p is nil where the notice is the order's.
func told(n rules.Notice, p *rules.ClaimPlan, loc *time.Location) Text {
	by := Text{"期限内", "time"}
	kind := Text{"物流异常", "shipping exception"}
	if n.Deadline != nil {
		by = clock(n.Deadline.At.Time(), loc)
	}
	if p != nil && p.Found {
		kind = Kind(p.Case.Kind)
	}
	switch n.Code {
	case rules.NoticeReminder:
		return reminder(n.Deadline, by)
	case rules.NoticeMissed:
		return missed(n.Deadline, by)
	case rules.NoticeTaxID, rules.NoticeUncertified, rules.NoticeTraceAlert, rules.NoticeCompliance, rules.NoticeServiceMismatch:
		return risk(n.Code, n.Service)
	case rules.NoticeOvercharge:
		return Text{
			"买家实付运费高于页面展示，已构成运费投诉依据。建议退还差额。",
			"The buyer paid more freight than was shown, which is ground for a freight complaint. Consider refunding the difference.",
		}
	case rules.NoticeCustoms:
		return both("包裹正在海关查验。请在 %s 之前提交清关文件，日后如需索赔，提交期限可延长。",
			"Customs is holding the parcel. Submit the clearance document before %s: should it come to a claim, that extends the filing window.", by)
	case rules.NoticeConfirm:
		return both("%s：请到卖家后台“物流 → 物流纠纷”点击“确认异常”，并在系统里登记，截止 %s。逾期将失去索赔机会。",
			"%s: press “Confirm exception” under “Logistics → Logistics disputes” in the seller centre and record it here by %s. After that the claim is lost.", kind.capital(), by)
	case rules.NoticeFile:
		return both("%s已确认：请备齐物流底单、出库记录和站内信记录并提交索赔，截止 %s。底单要清晰，出库记录要有时间和 SKU。",
			"Confirmed (%s): gather the waybill scan, the outbound record and the buyer messages and file the claim by %s. The waybill must be legible; the record needs its time and SKUs.", kind, by)
	case rules.NoticeOutcome:
		return both("索赔结果通常这时已出，请到卖家后台查看并登记。平台审核最迟 %s。",
			"The decision on the claim is usually out by now: look it up in the seller centre and record it. The platform's own limit is %s.", by)
	case rules.NoticeOverdue:
		return overdue(n.Deadline, by)
	case rules.NoticeAppeal:
		return both("索赔被拒。只有一次申诉机会：请补充至少一份新的原始凭证，已提交的不可替换或撤下，截止 %s。",
			"The claim was rejected. There is one appeal: add at least one original that was not filed, replace or remove none, by %s.", by)
	case rules.NoticePapers, rules.NoticeDiffers, rules.NoticeProtection:
		return aftermath(n.Code, p, by, loc)
	case rules.NoticeEnded:
		if p != nil && p.Found {
			return both("案件（%s）已结束：%s。", "The case (%s) is over: %s.", kind, Status(p.Case.Status))
		}
		return Text{"案件已结束。", "The case is over."}
	case rules.NoticeNumberFormat:
		return Text{
			"运单号的校验位不对，很可能输错了。请对照面单核对，尽快在平台更正；错误的单号不会有轨迹，也无法索赔。",
			"The tracking number fails its check digit and is probably mistyped. Compare it with the label and correct it on the platform: a wrong number has no tracking, and no claim.",
		}
	case rules.NoticeNumberCheck:
		return both("这是本店首个由该承运商承运的包裹，发货 48 小时后（%s）承运商仍查不到单号。请核对单号与承运商，确认已揽收。",
			"The store's first parcel with this carrier: 48 hours after shipping (%s) the carrier still does not know the number. Check number and carrier, and that it was picked up.", by)
	case rules.NoticeGuide:
		return Text{
			"轨迹显示已妥投，但买家说没收到，不能直接索赔。请先引导买家在订单页发起“我未收到货”纠纷，并在纠纷期内补充带时间水印、能看清面单的拒收视频或照片，否则视为妥投。",
			"Tracking says delivered, the buyer says it did not come; no direct claim is possible. Guide the buyer to open a not-received dispute, and add a refusal video or photo with time watermark and legible label within the dispute period, or it counts as delivered.",
		}
	}
	return unknown(n.Code)
}

func reminder(d *rules.Deadline, by Text) Text {
	if d == nil {
		return Text{"有一项时限即将到期。", "A deadline is near."}
	}
	switch d.Kind {
	case rules.DeadlineTrackingNumber:
		return both("请尽快在平台录入运单号，截止 %s；逾期将无法索赔。", "Enter the tracking number on the platform by %s; afterwards no claim will be paid.", by)
	case rules.DeadlineOnline:
		return both("包邮订单须在 %s 前有首次轨迹，请催承运商揽收扫描。", "Free-shipping order: the first scan is due %s. Ask the carrier to pick up and scan.", by)
	case rules.DeadlineConfirm:
		return both("还没有确认异常。请到卖家后台点击“确认异常”，截止 %s。", "The exception is not confirmed yet. Press “Confirm exception” in the seller centre by %s.", by)
	case rules.DeadlineFile:
		return both("索赔还没有提交，截止 %s。", "The claim is not filed yet; it must be in by %s.", by)
	case rules.DeadlinePapers:
		return both("平台要求的补充材料还没有提交，截止 %s。", "The papers that the platform wants are not in yet; they are due %s.", by)
	case rules.DeadlineProtection:
		return both("“卖家保障计划”补偿还没有申请，截止 %s。", "Seller protection is not asked for yet; do so by %s.", by)
	case rules.DeadlineAppeal:
		return both("申诉还没有提交，截止 %s，仅此一次。", "The appeal is not in yet; it must be by %s, and there is only one.", by)
	}
	return both("%s:%s。", "Reminder, %s: %s.", Deadline(d.Kind), by)
}

func missed(d *rules.Deadline, by Text) Text {
	if d == nil {
		return Text{"有一项时限已逾期。", "A deadline was missed."}
	}
	switch d.Kind {
	case rules.DeadlineTrackingNumber:
		return both("运单号未在 %s 前录入，平台按未使用官方物流处理，这一单不能索赔。", "No tracking number by %s: the platform treats the order as not sent by official logistics, and no claim will be paid.", by)
	case rules.DeadlinePapers:
		return both("平台要求的补充材料没有在 %s 前提交，索赔很可能被拒；请尽快补交。", "The papers that the platform wants were due %s: send them at once, or the claim will likely be refused.", by)
	case rules.DeadlineOnline:
		return both("包邮订单未在 %s 前上网，有运费投诉风险。请备好面单和揽收截图。", "Free-shipping order without a scan by %s: a freight complaint may follow. Keep the label and the pick-up screenshot ready.", by)
	}
	return both("%s已逾期：%s。", "Missed, %s: %s.", Deadline(d.Kind), by)
}

func overdue(d *rules.Deadline, by Text) Text {
	switch {
	case d != nil && d.Kind == rules.DeadlineReview:
		return both("平台应在 %s 前给出审核结果，现已超期。请提交工单催办，附截图、订单号和错误代码。", "The platform's decision was due %s and is late. Submit a ticket with screenshot, order number and error code.", by)
	case d != nil && d.Kind == rules.DeadlinePayout:
		return both("赔付应在 %s 前到账，现已超期。请提交资金类工单催办。", "The payout was due %s and is late. Submit a funds ticket.", by)
	case d != nil && d.Kind == rules.DeadlineProtectionOutcome:
		return both("“卖家保障计划”应在 %s 前有结果，现已超期。请提交工单催办。", "Seller protection was due %s and is late. Submit a ticket.", by)
	}
	return both("平台处理已超期（%s），请提交工单催办。", "The platform is late (%s). Submit a ticket.", by)
}

// Late is what people are told when many facts come late to their orders, or not at all: so
// many of so many in five minutes.
func Late(bad, of, percent int) Text {
	return both("5 分钟内 %s 条订单或轨迹消息中有 %s 条延迟或失败，超过 %s%%。请检查服务、数据库与 Temporal 是否正常；消息都在收件箱里，不会丢失。",
		"In five minutes, of %[1]s messages about orders and parcels %[2]s came late or failed: more than %[3]s%%. Check that the services, the database and Temporal are well; every message is in the inbox, none is lost.",
		fmt.Sprint(of), fmt.Sprint(bad), fmt.Sprint(percent))
}
