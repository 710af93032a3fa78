package kdniao

import (
	"cmp"
	"strings"
	"unicode"

	"parcelward/internal/rules"
)

// someoneElse is who signed where the text does not say.
const someoneElse = "代收"

func has(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// saysReturn tells whether a carrier writes that a parcel goes or went back to its sender.
func saysReturn(text string) bool {
	return has(text, "退件", "退货", "退运", "退签", "已退回", "退回中", "正在退回", "退回寄", "退回发", "退回商家", "退回卖家", "退回签收", "返回寄件",
		"寄件人签收", "寄件人已签收", "发件人签收", "寄方签收") && !has(text, "申请退", "退回网点", "退回派", "退回站")
}

// wording reads a milestone from what a Chinese carrier writes; empty: it says nothing. The
// order matters: what ends a parcel's way first, then what its ending could be taken for.
func wording(text string) (m rules.Milestone, signer string) {
	text = statement(text)
	station := has(text, "驿站", "快递柜", "智能柜", "丰巢", "自提", "代收点", "代收店", "服务站")
	signed := has(text, "已签收", "签收成功", "签收人:", "签收人：", "签收人是", "签收人为", "妥投", "投递成功", "派送成功", "已送达收件人", "代签", "他人签收")
	fetched := signed && has(text, "领取", "取件码签收", "取货码签收") ||
		station && has(text, "已取出", "已取走", "被取走", "已领取", "已自提", "已提货", "取件成功", "成功取件")
	customs := has(text, "海关", "清关", "通关", "报关", "关税", "扣关")
	switch {
	case has(text, "已丢失", "件丢失", "裹丢失", "确认丢失", "已遗失", "件遗失", "裹遗失") && !has(text, "疑似", "防止", "以免", "避免"):
		return rules.Lost, ""
	case saysReturn(text):
		if has(text, "签收", "退签") && !has(text, "未签收", "待签收") {
			return rules.Returned, ""
		}
		return rules.ExceptionScan, "" // on its way back, as codes 407 and 425
	case has(text, "拒收", "派送失败", "派件失败", "投递失败", "妥投失败", "未妥投", "未能妥投", "派送不成功", "派件不成功", "投递不成功", "未成功",
		"派送异常", "派件异常", "无法派", "无法投递", "未能派送", "未签收", "无人签收", "无法联系", "联系不上", "无人接听"):
		return rules.DeliveryFailed, ""
	case has(text, "请领取", "待领取"), station && has(text, "请前往", "请凭", "请及时"):
		return rules.AvailableForPickup, ""
	case fetched:
		return rules.Delivered, ""
	case signed && station && !has(text, "本人"):
		return rules.AvailableForPickup, ""
	case signed && has(text, "仓库", "仓签收", "分拨", "转运中心", "处理中心", "分拣中心", "揽收点", "集货") && !has(text, "签收人"):
		return "", "" // the network's own hands, or the addressee's near them
	case has(text, "代签", "他人签收", "家人代收", "邻居代收", "门卫代收", "前台代收", "同事代收", "物业代收", "保安代收", "亲友代收"):
		return rules.Delivered, cmp.Or(signature(text), proxy(text), someoneElse)
	case signed:
		return rules.Delivered, signature(text)
	case has(text, "预报", "电子信息", "已下单", "已打单", "待揽", "等待揽", "未揽收", "通知快递", "待发货", "已发货", "已创建"):
		return rules.InfoReceived, ""
	case has(text, "改地址", "更改地址", "修改地址", "地址变更", "地址已修改", "地址已更"):
		return rules.Advisory, ""
	case has(text, "揽收失败", "揽件失败", "取消揽"):
		return rules.ExceptionScan, ""
	case has(text, "正在派", "派送中", "派件中", "次派件", "次派送", "正在投递", "投递中"):
		return rules.OutForDelivery, ""
	case has(text, "揽收", "揽件", "已取件", "已收件", "已收寄", "收取快件", "收取邮件", "已收取"):
		return rules.PickedUp, ""
	case customs:
		return clearance(text), ""
	case has(text, "航班起飞", "已起飞", "航空公司启运", "离开起运地", "离开交航", "飞往"):
		return rules.DepartedOrigin, ""
	case has(text, "到达目的地机场", "到达目的地港", "到达目的国", "抵达目的国", "到达目的地国", "到达寄达"):
		return rules.ArrivedDestination, ""
	case has(text, "发往", "离开", "已发出", "运往", "下一站"):
		return rules.InTransit, ""
	case station, has(text, "代收", "待取", "请取件", "及时取件", "取件码", "取货码", "暂存"):
		return rules.AvailableForPickup, ""
	case has(text, "破损", "损坏", "滞留", "拦截", "延误", "超区", "错分", "问题件", "地址不详", "地址错误", "电话错误", "异常"):
		return rules.ExceptionScan, ""
	case has(text, "到达", "抵达", "已收入", "入库", "出库", "分拣", "集散", "中转", "转运", "封发", "直封", "装袋", "运输"):
		return rules.InTransit, ""
	case has(text, "派送", "派件", "投递", "送货上门"):
		return rules.OutForDelivery, ""
	}
	return "", ""
}

// clearance tells how customs stand to a parcel.
func clearance(text string) rules.Milestone {
	switch {
	case has(text, "待放行", "等待放行", "待清关", "等待清关", "等待海关", "已提交", "已补"):
		return rules.InTransit
	case has(text, "异常", "失败", "扣", "滞留", "补充", "资料", "单证", "未放行", "不予放行", "无法"),
		has(text, "税") && !has(text, "已缴", "已付", "已支付", "完税"):
		return rules.CustomsHold
	case has(text, "放行", "完成", "成功", "结束", "已清关", "已通关", "结关", "通过"):
		return rules.CustomsReleased
	}
	return rules.InTransit
}

// statement is the part of a text that tells what happened: no advice, no thanks, no words
// that mean something else.
func statement(text string) string {
	for _, advice := range []string{"如有", "如需", "如您", "如果", "如遇", "如未", "如无", "若您", "若有", "若未", "若需", "感谢使用"} {
		text, _, _ = strings.Cut(text, advice)
	}
	return strings.NewReplacer("代收货款", "", "海关路", "", "海关大", "").Replace(text)
}

// signature is who signed, where a text names somebody who may be another than the
// addressee. A masked name names nobody.
func signature(text string) string {
	for {
		_, rest, found := strings.Cut(text, "签收人")
		if !found {
			return ""
		}
		text = rest
		after := strings.TrimLeft(rest, " :：是为")
		if after == rest {
			continue
		}
		if who := name(after); who != "" {
			return who
		}
	}
}

// proxy is who a text says took the parcel for the addressee.
func proxy(text string) string {
	text = statement(text)
	for _, verb := range []string{"代收", "代签", "签收"} {
		before, _, found := strings.Cut(text, verb)
		if !found {
			continue
		}
		if i := max(strings.LastIndex(before, "由"), strings.LastIndex(before, "被")); i >= 0 {
			return name(before[i+len("由"):])
		}
	}
	return ""
}

// name reads a name at the beginning of a text.
func name(text string) string {
	const most = 20 // letters
	letters := []rune(strings.TrimLeft(text, " 【[（("))
	n := 0
	for n < len(letters) && n < most {
		l := letters[n]
		if unicode.IsSpace(l) && (n+1 == len(letters) || !latin(letters[n-1]) || !latin(letters[n+1])) {
			break
		}
		if !unicode.IsSpace(l) && !unicode.IsLetter(l) && !unicode.IsDigit(l) && !strings.ContainsRune("*.·'-", l) {
			break
		}
		n++
	}
	who := strings.TrimSpace(string(letters[:n]))
	if has(who, "*", "本人", "收件人", "收货人", "客户", "买家", "签收", "凭", "已") {
		return ""
	}
	return who
}

func latin(r rune) bool { return r < unicode.MaxASCII && unicode.IsLetter(r) || r == '.' }
