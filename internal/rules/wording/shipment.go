package wording

import (
	"time"

	"parcelward/internal/rules"
)

// risk is what a service or a destination means for an order that is not shipped yet.
func risk(code, nearest string) Text {
	switch code {
	case rules.NoticeTaxID:
		return Text{
			"目的国要求买家税号（如巴西 CPF/CNPJ、俄罗斯 INN），订单里没有有效税号。请在打单前向买家索取，否则全程没有轨迹，也无法索赔。",
			"The destination asks for the buyer's tax ID (CPF or CNPJ in Brazil, INN in Russia) and the order has no valid one. Ask the buyer before the label is made: without it there will be no tracking and no claim.",
		}
	case rules.NoticeUncertified:
		return both("所选物流不是平台认证渠道，出了问题不能索赔，还会影响搜索曝光。建议改用 %s。",
			"The chosen service is not certified: no claim can be made and search exposure suffers. Consider %s instead.", nearest)
	case rules.NoticeTraceAlert:
		return Text{
			"这是低价线路。请在打单前于物流方案页勾选“启用轨迹异常预警”，否则轨迹中断过久会被自动拒赔。",
			"This is an economy line. Switch on trace alerts on the shipping plan page before the label is made, or a long silence will be refused automatically.",
		}
	case rules.NoticeCompliance:
		return Text{
			"发往欧盟：打单前请确认 CE 标志、制造商地址和欧盟代表信息已备案。",
			"Bound for the EU: before the label is made, check that the CE mark, the manufacturer's address and the EU representative are on file.",
		}
	case rules.NoticeServiceMismatch:
		return Text{
			"实际使用的物流服务与运费模板不一致，买家可能发起运费投诉。请核对服务代码并留好发货凭证。",
			"The service used differs from the order's freight template; the buyer may complain about freight. Check the service code and keep the shipping papers.",
		}
	}
	return unknown(code)
}

// Objection is what a person is told before a parcel is sent.
func Objection(f rules.Objection) Text {
	switch f.Code {
	case rules.ObjectionOver:
		return Text{"订单已取消、已全额退款或买家已确认收货，不能再打单。", "The order was cancelled, fully refunded or received: no label is made."}
	case rules.ObjectionRecorded:
		return both("运单号 %s 已录入。拆单发货请注明包裹内的商品；更换运单号请注明原运单号。",
			"The number %s is recorded already. For a further parcel of the order say which items are in it; for a corrected number say which one it replaces.", f.Number)
	case rules.ObjectionReplaced:
		return both("这一单没有录入过运单号 %s，无法更换。", "The number %s is not recorded for this order, so it cannot be replaced.", f.Number)
	case rules.ObjectionCheckDigit:
		return both("运单号 %s 的校验位不对，请核对面单。", "The check digit of %s is wrong: compare it with the label.", f.Number)
	case rules.ObjectionNoNumber:
		return Text{"没有可用的运单号：应为 1 至 64 个字母或数字。", "There is no usable tracking number: expected 1 to 64 letters or digits."}
	}
	if t, ok := template(f); ok {
		return t
	}
	return risk(f.Code, f.Service)
}

// template is what the freight template check found.
func template(f rules.Objection) (Text, bool) {
	switch f.Code {
	case rules.ObjectionFreightShown:
		return Text{
			"买家实付运费高于页面展示，已构成运费投诉依据，建议先退还差额再发货。",
			"The buyer paid more freight than was shown, which is ground for a freight complaint: refund the difference before it is shipped.",
		}, true
	case rules.ObjectionTemplate:
		return both("店铺的运费模板里没有 %s，请核对模板与订单的物流方案。", "The store has no freight template for %s: compare the templates with the order's service.", f.Service), true
	case rules.ObjectionTier:
		return both("%s 的运费模板没有覆盖收货国家，请先改模板，否则容易引来运费投诉。", "No tier of the template for %s serves the destination: mend the template, or a freight complaint may follow.", f.Service), true
	case rules.ObjectionTierFreight:
		return both("买家实付运费高于 %s 模板中该国家档的运费，请核对。", "The buyer paid more than the template for %s asks for the destination: check it.", f.Service), true
	}
	return Text{}, false
}

// Objections are several findings in one text.
func Objections(found []rules.Objection) Text {
	var t Text
	for i, f := range found {
		if i == 0 {
			t = Objection(f)
			continue
		}
		t = t.and(Objection(f))
	}
	return t
}

// ShipmentNotice is what people are told of a shipment. why is the platform's own reason, or
// the form that it asks for; it may be empty.
func ShipmentNotice(n rules.Notice, why, store, order string, loc *time.Location) Text {
	t := about(n, store, order)
	if n.Code == rules.NoticeMissed {
		return t.and(told(n, nil, loc))
	}
	t = t.and(asked(n.Code, why))
	if n.Deadline != nil {
		t = t.and(both("截止 %s；逾期将无法索赔。", "Due %s; afterwards no claim will be paid.", clock(n.Deadline.At.Time(), loc)))
	}
	return t
}

// LabelBlocked tells why no label was made.
func LabelBlocked(found []rules.Objection, store, order string) Text {
	return both("【订单 %s】未打单。", "[Order %s] No label was made.", store+"/"+order).and(Objections(found))
}

// asked is what a shipment waits for a person to do.
func asked(code, why string) Text {
	if why == "" {
		why = "—"
	}
	switch code {
	case rules.NoticeLabelRefused:
		return both("平台没有生成面单，原因：%s。请到卖家后台处理并打单，发货后录入运单号。",
			"The platform made no label: %s. Make it in the seller centre and give the tracking number once the parcel is sent.", why)
	case rules.NoticeWaybill:
		return both("面单文件没有取到，原因：%s。请自行下载并保存清晰的面单，索赔时需要。",
			"The waybill could not be fetched: %s. Download and keep a legible one; a claim needs it.", why)
	case rules.NoticeShip:
		return Text{"面单已生成，请发货并录入运单号。", "The label is made: send the parcel and give its tracking number."}
	case rules.NoticeNumberRefused:
		return both("平台退回了运单号，原因：%s。请核对后重新录入。", "The platform refused the tracking number: %s. Check it and give the right one.", why)
	case rules.NoticeNumberForm:
		return both("运单号不符合平台对所选物流的格式要求（%s）。请核对运单号和物流服务后重新录入。",
			"The tracking number has not the form that the platform asks of the service (%s). Check number and service and give the right one.", why)
	case rules.NoticeByHand:
		return Text{
			"这家店铺没有接通平台接口。请到卖家后台打单发货并录入运单号。",
			"This store has no interface to the platform: make the label, send the parcel and enter the tracking number in the seller centre.",
		}
	case rules.NoticePlatformAway:
		return both("平台接口暂时没有应答（%s），系统每小时再试。也可以直接到卖家后台录入运单号。",
			"The platform does not answer (%s) and is tried again every hour. The number can be entered in the seller centre meanwhile.", why)
	}
	return unknown(code)
}

// WaitingShipment is what a shipment waits for, for operators. code is that of what a person
// was asked; empty: nothing.
func WaitingShipment(code, why string, due time.Time, loc *time.Location) Text {
	if code == "" {
		return both("打单并向平台申报发货，截止 %s。", "Making the label and declaring the shipment, due %s.", clock(due, loc))
	}
	return asked(code, why).and(both("截止 %s。", "Due %s.", clock(due, loc)))
}

// ShipmentSummary is what never changes about a shipment.
func ShipmentSummary(store, order, service string) Text {
	return both("发货：订单 %s，%s", "Shipment: order %s by %s", store+"/"+order, service)
}

// NumberBusy tells why a number is not taken while another is being declared.
func NumberBusy(number string) Text {
	return both("运单号 %s 正在向平台申报，请稍候。", "The number %s is being declared; wait for the answer.", number)
}

// ShipmentEnded tells why a shipment takes no number any more.
func ShipmentEnded() Text {
	return Text{"这次发货已处理完毕。如需更换运单号，请另行提交并注明原运单号。", "This shipment is done. To correct a number, start another and say which number it replaces."}
}
