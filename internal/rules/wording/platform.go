package wording

import (
	"strings"
	"time"

	"parcelward/internal/rules/money"
)

// AbnormalOrder tells that an order stands in the platform's list of abnormal orders. What the
// platform says of it is in its own words.
func AbnormalOrder(store, order, number, code, reason, warehouse string) Text {
	t := both("【订单 %s】", "[Order %s]", store+"/"+order)
	if number != "" {
		t = both("【订单 %s，运单号 %s】", "[Order %s, parcel %s]", store+"/"+order, number)
	}
	if said := line(reason + " " + code); said != "" {
		t = t.and(both("平台将此单列为异常订单：%s。", "The platform lists this order as abnormal: %s.", said))
	} else {
		t = t.and(Text{"平台将此单列为异常订单，未说明原因。", "The platform lists this order as abnormal and gives no reason."})
	}
	if w := line(warehouse); w != "" {
		t = t.and(both("仓库：%s。", "Warehouse: %s.", w))
	}
	return t.and(Text{
		"请到卖家后台“物流 → 异常订单”查看原因并及时处理。",
		"See to it under “Logistics → Abnormal orders” in the seller centre.",
	})
}

// PlatformPayout tells that the platform paid compensation for an order.
func PlatformPayout(store, order string, sum *money.Amount, at time.Time, loc *time.Location) Text {
	t := both("【订单 %s】", "[Order %s]", store+"/"+order)
	if sum != nil {
		t = t.and(both("平台显示一笔赔付退款 %s，时间 %s。", "The platform shows a compensation of %s, paid %s.", amount(*sum), clock(at, loc)))
	} else {
		t = t.and(both("平台显示一笔赔付退款，金额未显示，时间 %s。", "The platform shows a compensation without its sum, paid %s.", clock(at, loc)))
	}
	return t.and(Text{
		"如属索赔到账，请核对金额并登记；索赔编号平台不提供，需人工对应。",
		"If it is the payout of a claim, check the sum and record it; the platform does not say which claim it is for.",
	})
}

// NotExtended tells why the platform did not extend the buyer's time to confirm a receipt.
func NotExtended(why string) Text {
	return both("收货时间未延长，可到卖家后台订单页手动延长。原因：%s", "The buyer's time was not extended; it can be tried on the order's page in the seller centre. Reason: %s", line(why))
}

// line is a text of the platform on one line, shortened.
func line(s string) string {
	const most = 200
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return s
}
