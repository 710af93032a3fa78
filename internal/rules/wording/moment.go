package wording

import (
	"time"

	"parcelward/internal/rules"
)

// Moment is one line of an order's timeline, with its time.
func Moment(m rules.Moment, loc *time.Location) Text {
	t := both("%s:%s", "%s: %s", clock(m.At.Time(), loc), whatHappened(m))
	if m.Ignored {
		return t.and(Text{"（不计入）", "(does not count)"})
	}
	return t
}

func whatHappened(m rules.Moment) Text {
	if m.Future {
		return toCome(m)
	}
	switch m.Code {
	case rules.MomentCaseOpened:
		return both("异常成立：%s%s", "exception: %s%s", Kind(m.Kind), number(m))
	case rules.MomentCaseEnded:
		return both("案件（%s）结束：%s%s", "case (%s) over: %s%s", Kind(m.Kind), Status(m.Status), number(m))
	case rules.MomentMissed:
		return both("逾期：%s%s", "missed: %s%s", Deadline(m.Deadline), number(m))
	case rules.MomentDeadline, rules.MomentStall:
		return toCome(m)
	case rules.MomentStoryEnd:
		return both("跟踪结束：%s", "guarding ended: %s", End(m.End))
	}
	return fact(m)
}

// toCome is what happens next if nothing else does.
func toCome(m rules.Moment) Text {
	switch m.Code {
	case rules.MomentDeadline:
		return both("%s%s", "%s%s", Deadline(m.Deadline), number(m))
	case rules.MomentStall:
		return both("届时若仍无新轨迹，即构成物流停滞%s", "without any new scan by then the parcel counts as stalled%s", number(m))
	case rules.MomentStoryEnd:
		return both("届时若无新情况，跟踪结束：%s", "guarding ends if nothing else happens: %s", End(m.End))
	}
	return unknown(m.Code)
}

// fact is an event as a person would tell it.
func fact(m rules.Moment) Text {
	switch rules.EventType(m.Code) {
	case rules.TypeOrderCreated:
		return both("买家下单%s,%s", "order placed%s, %s", sum(m), m.Service)
	case rules.TypeOrderPaid:
		return Text{"买家付款", "order paid"}
	case rules.TypeOrderCancelled:
		return Text{"订单取消", "order cancelled"}
	case rules.TypeOrderRefunded:
		if m.Partial {
			return both("部分退款%s", "partly refunded%s", sum(m))
		}
		return both("全额退款%s", "fully refunded%s", sum(m))
	case rules.TypeAddressChanged:
		return Text{"买家修改收货地址", "buyer changed the address"}
	case rules.TypeShipmentRecorded:
		return both("运单号已录入：%s（%s，%s）", "tracking number recorded: %s (%s, %s)", m.Number, m.Carrier, m.Service)
	case rules.TypeTrackingUpdated:
		return scan(m)
	case rules.TypeTrackingFlagged:
		return both("平台判定轨迹异常%s", "platform flagged the tracking%s", number(m)).because(m.Reason)
	case rules.TypeAlerted:
		return both("平台推送物流异常预警%s", "platform sent its exception alert%s", number(m))
	case rules.TypeCustomsDocument:
		return both("已提交清关文件%s", "clearance document submitted%s", number(m)).because(m.Reason)
	case rules.TypeReceiptConfirmed:
		return Text{"买家确认收货", "buyer confirmed receipt"}
	case rules.TypeDisputeOpened:
		if m.Subject == rules.DisputeNotReceived {
			return Text{"买家发起“未收到货”纠纷", "buyer opened a not-received dispute"}
		}
		return Text{"买家发起纠纷", "buyer opened a dispute"}
	case rules.TypeDisputeClosed:
		return Text{"纠纷关闭", "dispute closed"}
	case rules.TypeConfirmed:
		return both("%s 已在卖家后台确认异常%s", "%s confirmed the exception in the seller centre%s", m.By, number(m)).because(m.Reason)
	case rules.TypeClaimFiled:
		return both("索赔已提交，编号 %s%s", "claim filed, number %s%s", m.ClaimID, number(m))
	case rules.TypeClaimDecided:
		return decision(m).because(m.Reason)
	case rules.TypeClaimAppealed:
		return both("已申诉，索赔编号 %s", "appealed, claim %s", m.ClaimID)
	case rules.TypeClaimPaid:
		return both("赔付到账%s，索赔编号 %s", "payout received%s, claim %s", sum(m), m.ClaimID)
	case rules.TypeComplaintOpened:
		return both("买家发起运费投诉 %s", "buyer opened freight complaint %s", m.Subject)
	case rules.TypeComplaintDecided:
		return both("运费投诉 %s 已有结论", "freight complaint %s was decided", m.Subject)
	default:
		return follows(m)
	}
}

// follows words what follows a claim, and what is added to it.
func follows(m rules.Moment) Text {
	switch rules.EventType(m.Code) {
	case rules.TypeEvidenceAdded:
		return both("%s 上传了凭证%s", "%s added evidence%s", m.By, number(m))
	case rules.TypePapersRequested:
		return both("平台要求为索赔 %s 补充材料", "platform wants more papers for claim %s", m.ClaimID).because(m.Reason)
	case rules.TypePapersSent:
		return both("已为索赔 %s 补交材料", "papers added to claim %s", m.ClaimID)
	case rules.TypeProtectionRequested:
		return both("已申请卖家保障补偿%s，索赔编号 %s", "seller protection requested%s, claim %s", sum(m), m.ClaimID)
	case rules.TypeProtectionDecided:
		if m.Decision == rules.DecisionApproved {
			return both("卖家保障补偿通过%s，索赔编号 %s", "seller protection approved%s, claim %s", sum(m), m.ClaimID)
		}
		return both("卖家保障补偿被拒，索赔编号 %s", "seller protection refused, claim %s", m.ClaimID).because(m.Reason)
	case rules.TypeProtectionPaid:
		return both("卖家保障补偿到账%s，索赔编号 %s", "seller protection paid%s, claim %s", sum(m), m.ClaimID)
	case rules.TypeComplaintAnswered:
		return both("已回复运费投诉 %s", "freight complaint %s answered", m.Subject)
	case rules.TypeDisputeAnswered:
		return Text{"已提交纠纷举证", "dispute evidence handed in"}
	case rules.TypeTicketFiled:
		return both("已提交工单 %s", "ticket %s filed", m.Subject)
	case rules.TypeTicketAnswered:
		return both("工单 %s 已有答复", "ticket %s answered", m.Subject).because(m.Reason)
	default:
		return unknown(m.Code)
	}
}

// scan is one row of a trace, with the carrier's own words where it has any.
func scan(m rules.Moment) Text {
	if m.Scan == nil {
		return both("物流轨迹更新%s", "tracking updated%s", number(m))
	}
	t := both("物流轨迹：%s%s", "scan: %s%s", Milestone(m.Scan.Milestone), number(m))
	if m.Scan.Location != "" {
		t = both("%s,%s", "%s, %s", t, m.Scan.Location)
	}
	if m.Scan.SignedBy != "" {
		t = both("%s，签收人 %s", "%s, signed by %s", t, m.Scan.SignedBy)
	}
	if m.Scan.Source == rules.FromManual {
		t = both("%s，人工录入", "%s, entered by hand", t)
	}
	return t.because(m.Scan.Description)
}

func decision(m rules.Moment) Text {
	switch m.Decision {
	case rules.DecisionApproved:
		return both("索赔通过，编号 %s%s", "claim %s approved%s", m.ClaimID, sum(m))
	case rules.DecisionRejected:
		return both("索赔被拒，编号 %s", "claim %s rejected", m.ClaimID)
	}
	return both("索赔结论：%s，编号 %s", "claim decided: %s, number %s", m.Decision, m.ClaimID)
}

// because adds others' own words, as they wrote them.
func (t Text) because(words string) Text {
	if words == "" {
		return t
	}
	return both("%s(%s)", "%s (%s)", t, words)
}

func number(m rules.Moment) Text {
	if m.Number == "" {
		return Text{}
	}
	return both("，运单号 %s", ", parcel %s", m.Number)
}

func sum(m rules.Moment) Text {
	if m.Amount == nil {
		return Text{}
	}
	return both(",%s", ", %s", amount(*m.Amount))
}
