package wording

import (
	"strings"
	"time"

	"parcelward/internal/rules"
)

// facts tell what happened.
func facts(l *Letter, loc *time.Location) []Text {
	var t []Text
	tell := func(code, zh, en string) {
		if at, ok := l.on(code); ok {
			t = append(t, both(zh, en, letterClock(at, loc)))
		}
	}
	t = append(t, both("本函涉及订单 %s，包裹运单号 %s。", "This letter concerns order %s, tracking number %s.", l.Order, l.numbers()))
	tell(string(rules.TypeShipmentRecorded), "运单号已于%s 录入平台。", "The number was recorded on the platform at %s.")
	switch l.Kind {
	case rules.LetterClaim, rules.LetterAppeal, rules.LetterProtection:
		t = append(t, exceptionFacts(l, loc)...)
		tell(string(rules.TypeConfirmed), "我方已于%s 在卖家后台确认异常。", "We confirmed the exception in the seller centre at %s.")
		tell(string(rules.TypeClaimFiled), "索赔已于%s 提交。", "The claim was filed at %s.")
		tell(string(rules.TypeClaimDecided), "平台于%s 作出拒赔决定。", "The platform refused the claim at %s.")
	case rules.LetterComplaint:
		tell(string(rules.TypeOrderPaid), "买家于%s 付款。", "The buyer paid at %s.")
		tell(rules.DatePickedUp, "承运商于%s 揽收包裹，见所附揽收截图和发货面单。", "The carrier took the parcel at %s, as the pick-up screenshot and the shipping label enclosed show.")
		tell(string(rules.TypeComplaintOpened), "买家于%s 发起运费投诉。", "The buyer opened the freight complaint at %s.")
	case rules.LetterDispute:
		tell(string(rules.TypeDisputeOpened), "买家于%s 发起纠纷。", "The buyer opened the dispute at %s.")
		t = append(t, Text{
			"完整证据链（商品实物图、质检报告、物流签收凭证等）见凭证清单。",
			"The whole chain of evidence, such as product photos, quality report and delivery receipt, stands in the list of evidence.",
		})
	}
	if l.Refusal != "" && (l.Kind == rules.LetterAppeal || l.Kind == rules.LetterProtection) {
		t = append(t, both("平台给出的拒赔理由（原文）：%s", "The reason that the platform gave, in its own words: %s", l.Refusal))
	}
	if l.Statement != (Text{}) {
		t = append(t, l.Statement)
	}
	return t
}

// letterClock writes a moment as letters do, the zone before it in Chinese.
func letterClock(t time.Time, loc *time.Location) Text {
	at := t.In(loc).Format("2006-01-02 15:04")
	if loc.String() == platformZone {
		return Text{"北京时间 " + at, at + " Beijing time"}
	}
	return Text{" " + loc.String() + " " + at, at + " " + loc.String() + " time"}
}

// exceptionFacts tell what went wrong with the parcel.
func exceptionFacts(l *Letter, loc *time.Location) []Text {
	var t []Text
	if at, ok := l.on(rules.DateLastMovement); ok {
		t = append(t, both("包裹的最后一条有效轨迹时间为%s，此后未见有效更新；完整轨迹见本函所附轨迹表。",
			"The parcel's last effective scan is of %s; nothing effective has followed. The whole trace is in the table enclosed.", letterClock(at, loc)))
	}
	at, ok := l.on(rules.MomentCaseOpened)
	if !ok {
		return t
	}
	when := letterClock(at, loc)
	switch l.Exception {
	case rules.KindStall:
		t = append(t, both("至%s，轨迹停滞时间已达到平台规定，构成物流停滞。", "By %s the silence had reached the length that the platform's rules name: the tracking has stalled.", when))
	case rules.KindLost:
		t = append(t, both("承运商于%s 报告包裹丢失。", "The carrier reported the parcel lost at %s.", when))
	case rules.KindSignature:
		t = append(t, both("包裹于%s 显示签收，但签收人不是买家，也没有授权证明。", "The parcel shows as signed for at %s, by somebody who is not the buyer and without proof of authority.", when))
	case rules.KindNotReceived:
		t = append(t, both("买家于%s 发起“未收到货”纠纷，此前轨迹没有妥投记录。", "The buyer opened a not-received dispute at %s; the trace held no delivery before it.", when))
	}
	return t
}

// demand is what is asked for.
func demand(l *Letter) []Text {
	sum := Text{}
	if l.Asked != nil {
		sum = both("，金额 %s", ", in the amount of %s", strings.ReplaceAll(amount(*l.Asked), " ", "\u00a0")) // no line ends within it
	}
	switch l.Kind {
	case rules.LetterClaim:
		return []Text{both("请求平台认定上述物流异常，并就订单 %s 予以赔付%s。", "We ask the platform to recognise the exception described above and to compensate order %s%s.", l.Order, sum)}
	case rules.LetterAppeal:
		return []Text{
			both("请求平台撤销拒赔决定，重新审核索赔 %s，并就订单 %s 予以赔付%s。", "We ask the platform to set the refusal aside, to review claim %s anew and to compensate order %s%s.", l.Number, l.Order, sum),
			{"本次申诉只补充新的原始凭证；首次提交的凭证全部保留，没有替换或撤下任何一份。", "This appeal only adds further originals; everything filed before is kept, nothing is replaced or removed."},
		}
	case rules.LetterComplaint:
		return []Text{both("包裹已按上述运单号实际发出，发货面单和揽收截图随附。请求平台认定我方无责，驳回运费投诉 %s，不扣服务分并解除订单货款冻结。",
			"The parcel was shipped under that number; its label and the pick-up screenshot are enclosed. We ask the platform to find us not at fault, to dismiss freight complaint %s, to deduct no service points and to release the order's funds.", l.Number)}
	case rules.LetterDispute:
		return []Text{both("请求平台依据所附证据判定纠纷 %s 卖家无责，并向卖家放款%s。",
			"We ask the platform to decide dispute %s for the seller on the evidence enclosed, and to release the funds to the seller%s.", l.Number, sum)}
	case rules.LetterProtection:
		return []Text{both("索赔 %s 申诉后仍被拒赔。请求卖家保障计划就因物流异常产生的退款损失给予补偿%s。",
			"Claim %s stayed refused after its appeal. We ask seller protection to make good the loss by refund that the logistics exception caused%s.", l.Number, sum)}
	}
	return []Text{unknown(l.Kind)}
}
