package wording

import "parcelward/internal/rules"

// Evidence names a kind of original.
func Evidence(kind string) Text {
	switch rules.EvidenceKind(kind) {
	case rules.EvidenceWaybill:
		return Text{"物流底单扫描件", "waybill scan"}
	case rules.EvidenceOutbound:
		return Text{"仓库出库记录", "warehouse outbound record"}
	case rules.EvidenceMessages:
		return Text{"买家站内信记录", "buyer messages from the platform inbox"}
	case rules.EvidenceRefusal:
		return Text{"拒收视频或照片", "video or photo of the refusal"}
	case rules.EvidencePickup:
		return Text{"带时间的揽收截图", "time-stamped pick-up screenshot"}
	case rules.EvidenceShippingLabel:
		return Text{"带单号的发货面单", "shipping label with its number"}
	case rules.EvidenceClearance:
		return Text{"清关文件", "clearance document"}
	case rules.EvidenceCarrierProof:
		return Text{"承运商书面证明", "carrier's written statement"}
	case rules.EvidenceOrderDetail:
		return Text{"平台订单详情", "order detail of the platform"}
	case rules.EvidenceProductPhotos:
		return Text{"商品实物图", "product photos"}
	case rules.EvidenceQualityReport:
		return Text{"质检报告", "quality report"}
	case rules.EvidenceReceipt:
		return Text{"物流签收凭证", "delivery receipt"}
	case rules.EvidenceScreenshot:
		return Text{"问题截图", "screenshot of the problem"}
	case rules.EvidenceBankStatement:
		return Text{"银行流水", "bank statement"}
	case rules.EvidenceCompliance:
		return Text{"合规经营证明", "proof of compliant trading"}
	case rules.EvidenceTraffic:
		return Text{"流量对比截图", "screenshot comparing the traffic"}
	case rules.EvidenceConsoleLog:
		return Text{"浏览器控制台日志", "browser console log"}
	case rules.EvidenceOther:
		return Text{"其他凭证", "other original"}
	}
	return unknown(kind)
}

// Proves tells what an original of a kind is there to prove.
func Proves(kind rules.EvidenceKind) Text {
	switch kind {
	case rules.EvidenceWaybill:
		return Text{"包裹已交承运商：运单号、发货日期、重量和体积", "The parcel was handed to the carrier: number, ship date, weight and volume"}
	case rules.EvidenceOutbound:
		return Text{"商品已从仓库发出：出库时间和 SKU 与订单一致", "The goods left the warehouse: the time, and the SKUs of the order"}
	case rules.EvidenceMessages:
		return Text{"买家在站内信中表示未收到货或拒收", "The buyer wrote in the platform's inbox that nothing came, or refused it"}
	case rules.EvidenceRefusal:
		return Text{"买家拒收包裹：时间和面单可见", "The buyer refused the parcel: time and label can be seen"}
	case rules.EvidencePickup:
		return Text{"承运商在规定时限内揽收", "The carrier took the parcel within the time allowed"}
	case rules.EvidenceShippingLabel:
		return Text{"实际使用的物流服务和运单号", "The service used and the tracking number"}
	case rules.EvidenceClearance:
		return Text{"包裹因海关查验而中断", "The parcel was held up by customs"}
	case rules.EvidenceCarrierProof:
		return Text{"承运商书面确认包裹的状况", "What became of the parcel, as the carrier states in writing"}
	case rules.EvidenceOrderDetail:
		return Text{"订单金额、商品和收货信息", "Amount, goods and consignee of the order"}
	case rules.EvidenceProductPhotos:
		return Text{"所发商品与描述一致", "The goods sent are those described"}
	case rules.EvidenceQualityReport:
		return Text{"商品发货前质检合格", "The goods passed inspection before shipping"}
	case rules.EvidenceReceipt:
		return Text{"包裹已签收：时间和签收人", "The parcel was delivered: when and to whom"}
	case rules.EvidenceScreenshot:
		return Text{"问题在页面上的显示", "The problem as the page showed it"}
	case rules.EvidenceBankStatement:
		return Text{"款项的时间、金额和币种", "Time, amount and currency of the money"}
	case rules.EvidenceCompliance:
		return Text{"店铺一贯合规经营", "The store has always traded within the rules"}
	case rules.EvidenceTraffic:
		return Text{"流量在大促期间骤降", "The traffic collapsed during the sale"}
	case rules.EvidenceConsoleLog:
		return Text{"面单打印失败时的报错", "What failed when the labels were printed"}
	case rules.EvidenceOther:
		return Text{"支持上述事实", "Supports the facts above"}
	}
	return unknown(kind)
}
