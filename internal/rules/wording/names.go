package wording

import "parcelward/internal/rules"

// unknown shows a code that this version has no words for, such as one of a newer policy.
func unknown[C ~string](code C) Text { return Text{string(code), string(code)} }

// Stage names where an order stands.
func Stage(s rules.Stage) Text {
	switch s {
	case rules.StageAwaitingPayment:
		return Text{"待付款", "awaiting payment"}
	case rules.StageAwaitingShipment:
		return Text{"待发货", "awaiting shipment"}
	case rules.StageInTransit:
		return Text{"运输中", "in transit"}
	case rules.StageDelivered:
		return Text{"已妥投", "delivered"}
	case rules.StageClosed:
		return Text{"已结束", "closed"}
	case rules.StageException:
		return Text{"物流异常处理中", "exception in progress"}
	}
	return unknown(s)
}

// Kind names what went wrong with a parcel.
func Kind(k rules.CaseKind) Text {
	switch k {
	case rules.KindStall:
		return Text{"物流停滞", "tracking stalled"}
	case rules.KindLost:
		return Text{"包裹丢失", "parcel lost"}
	case rules.KindSignature:
		return Text{"签收异常", "signed for by someone else"}
	case rules.KindNotReceived:
		return Text{"买家未收到货", "buyer did not receive it"}
	}
	return unknown(k)
}

// Status names where a case stands.
func Status(s rules.CaseStatus) Text {
	switch s {
	case rules.StatusOpen:
		return Text{"待确认异常", "waiting to be confirmed"}
	case rules.StatusResumed:
		return Text{"轨迹已恢复", "tracking resumed"}
	case rules.StatusConfirmed:
		return Text{"已确认，待提交索赔", "confirmed, ready to file"}
	case rules.StatusExpired:
		return Text{"逾期未确认", "not confirmed in time"}
	case rules.StatusFiled:
		return Text{"索赔已提交，平台审核中", "filed, under review"}
	case rules.StatusWindowShut:
		return Text{"逾期未提交索赔", "not filed in time"}
	case rules.StatusApproved:
		return Text{"审核通过，待到账", "approved, awaiting payout"}
	case rules.StatusRejected:
		return Text{"被拒赔，可申诉", "rejected, can be appealed"}
	case rules.StatusAppealed:
		return Text{"已申诉，等待复审", "appealed, under second review"}
	case rules.StatusPaid:
		return Text{"赔付已到账", "paid"}
	case rules.StatusClosed:
		return Text{"已关闭", "closed"}
	}
	return unknown(s)
}

// Deadline names a deadline by its kind.
func Deadline(kind string) Text {
	switch kind {
	case rules.DeadlineTrackingNumber:
		return Text{"录入运单号截止", "tracking number due"}
	case rules.DeadlineOnline:
		return Text{"物流上网截止", "first carrier scan due"}
	case rules.DeadlineConfirm:
		return Text{"确认异常截止", "confirm by"}
	case rules.DeadlineFile:
		return Text{"提交索赔截止", "file by"}
	case rules.DeadlineDocument:
		return Text{"提交清关文件截止", "customs document by"}
	case rules.DeadlineReview:
		return Text{"平台审核期限", "review due"}
	case rules.DeadlinePayout:
		return Text{"赔付到账期限", "payout due"}
	case rules.DeadlineAppeal:
		return Text{"申诉截止", "appeal by"}
	case rules.DeadlinePapers:
		return Text{"补充材料截止", "papers by"}
	case rules.DeadlineProtection:
		return Text{"申请卖家保障截止", "ask seller protection by"}
	case rules.DeadlineProtectionOutcome:
		return Text{"卖家保障结果期限", "seller protection due"}
	case rules.DeadlineTicketFile:
		return Text{"提交工单截止", "file the ticket by"}
	case rules.DeadlineTicketAnswer:
		return Text{"工单答复期限", "ticket's answer due"}
	case rules.DeadlineRespond:
		return Text{"运费投诉举证截止", "answer to the freight complaint due"}
	case rules.DeadlineEvidence:
		return Text{"纠纷举证截止", "dispute evidence due"}
	case rules.DeadlineRefusal:
		return Text{"拒收凭证截止", "proof of refusal due"}
	}
	return unknown(kind)
}

// State names how an order's own deadline went.
func State(state string) Text {
	switch state {
	case rules.Met:
		return Text{"已按时完成", "met"}
	case rules.Missed:
		return Text{"已逾期", "missed"}
	case rules.Pending:
		return Text{"进行中", "pending"}
	}
	return unknown(state)
}

// Reason names why a claim would not be paid.
func Reason(reason string) Text {
	switch reason {
	case rules.ReasonUncertified:
		return Text{"非平台认证物流", "shipping service not certified"}
	case rules.ReasonLateNumber:
		return Text{"运单号录入超时", "tracking number recorded too late"}
	case rules.ReasonFalsified:
		return Text{"平台判定轨迹虚假", "tracking flagged as false by the platform"}
	case rules.ReasonMissingTaxID:
		return Text{"缺少有效的买家税号", "no valid buyer tax ID"}
	case rules.ReasonEconomyDelay:
		return Text{"低价线路轨迹中断过久且未启用轨迹预警", "economy line silent too long without trace alerts"}
	case rules.ReasonReceipt:
		return Text{"买家已确认收货", "buyer confirmed receipt first"}
	case rules.ReasonDisputeClosed:
		return Text{"纠纷已先关闭", "dispute closed first"}
	case rules.ReasonWindowClosed:
		return Text{"已过索赔期限", "filing window closed"}
	}
	return unknown(reason)
}

// Flag names a risk of an order.
func Flag(flag string) Text {
	switch flag {
	case rules.FlagFreightRisk:
		return Text{"有运费投诉风险", "freight complaint risk"}
	case rules.FlagLateNumber:
		return Text{"运单号录入超时", "late tracking number"}
	case rules.FlagServiceMismatch:
		return Text{"实际物流与运费模板不符", "service differs from the freight template"}
	case rules.FlagOvercharge:
		return Text{"多收运费", "freight overcharged"}
	}
	return unknown(flag)
}

// End names why an order's story is over.
func End(reason string) Text {
	switch reason {
	case rules.EndCancelled:
		return Text{"订单已收货、取消或全额退款", "the order was received, cancelled or fully refunded"}
	case rules.EndDelivered:
		return Text{"包裹已妥投且纠纷期已过", "delivered, and the dispute period is over"}
	case rules.EndIdle:
		return Text{"长期没有任何新消息", "nothing was heard for too long"}
	case rules.EndNothing:
		return Text{"没有收到订单创建信息", "the order was never created"}
	}
	return unknown(reason)
}

// Milestone names what a scan means.
func Milestone(m rules.Milestone) Text {
	switch m {
	case rules.InfoReceived:
		return Text{"已收到预报信息", "shipment announced"}
	case rules.PickedUp:
		return Text{"已揽收", "picked up"}
	case rules.DepartedOrigin:
		return Text{"离开始发国", "departed country of origin"}
	case rules.InTransit:
		return Text{"运输中", "in transit"}
	case rules.ArrivedDestination:
		return Text{"到达目的国", "arrived in destination country"}
	case rules.CustomsHold:
		return Text{"海关查验", "held by customs"}
	case rules.CustomsReleased:
		return Text{"海关放行", "released by customs"}
	case rules.OutForDelivery:
		return Text{"派送中", "out for delivery"}
	case rules.AvailableForPickup:
		return Text{"待自提", "ready for pick-up"}
	case rules.DeliveryFailed:
		return Text{"投递失败", "delivery failed"}
	case rules.Delivered:
		return Text{"已妥投", "delivered"}
	case rules.Returned:
		return Text{"已退回", "returned"}
	case rules.Lost:
		return Text{"包裹丢失", "lost"}
	case rules.ExceptionScan:
		return Text{"承运商报告异常", "carrier reports a problem"}
	case rules.Advisory:
		return Text{"提示信息", "advisory"}
	}
	return unknown(m)
}
