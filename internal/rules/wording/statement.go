package wording

import (
	"fmt"
	"slices"

	"parcelward/internal/rules"
)

// Column names a sheet or a column of a statement by its key.
func Column(key string) Text {
	switch key {
	case "summary":
		return Text{"汇总", "Summary"}
	case "orders":
		return Text{"订单", "Orders"}
	case "differences":
		return Text{"差异", "Differences"}
	case "bill":
		return Text{"物流账单", "Carrier bill"}
	case "store":
		return Text{"店铺", "Store"}
	case "month":
		return Text{"账期", "Month"}
	case "order":
		return Text{"订单号", "Order number"}
	case "created":
		return Text{"下单时间", "Created"}
	case "currency":
		return Text{"币种", "Currency"}
	case "freight":
		return Text{"运费", "Freight"}
	case "service_fee":
		return Text{"技术服务费", "Service fee"}
	case "insurance":
		return Text{"物流保险费", "Insurance"}
	case "waived":
		return Text{"未发货", "Not shipped"}
	case "usd_rate":
		return Text{"美元汇率", "USD rate"}
	case "freight_usd":
		return Text{"运费（美元）", "Freight (USD)"}
	case "service_fee_usd":
		return Text{"服务费（美元）", "Service fee (USD)"}
	case "insurance_usd":
		return Text{"保险费（美元）", "Insurance (USD)"}
	case "claim_currency":
		return Text{"赔付币种", "Claim currency"}
	case rules.LedgerClaimed:
		return Text{"索赔金额", "Claimed"}
	case rules.LedgerApproved:
		return Text{"批准金额", "Approved"}
	case rules.LedgerRejected:
		return Text{"驳回金额", "Rejected"}
	case rules.LedgerPaid:
		return Text{"到账金额", "Paid"}
	case rules.LedgerProtectionAsked:
		return Text{"卖家保障申请金额", "Seller protection asked"}
	case rules.LedgerProtectionApproved:
		return Text{"卖家保障批准金额", "Seller protection approved"}
	case rules.LedgerProtectionRejected:
		return Text{"卖家保障驳回金额", "Seller protection rejected"}
	case rules.LedgerProtectionPaid:
		return Text{"卖家保障到账金额", "Seller protection paid"}
	case "other":
		return Text{"其他入账", "Other entries"}
	case "expected":
		return Text{"预计赔付", "Expected payout"}
	case "got":
		return Text{"实际", "Actual"}
	case "should":
		return Text{"应为", "Should be"}
	case "by":
		return Text{"差额", "Difference"}
	case "difference":
		return Text{"差异说明", "What differs"}
	case "count":
		return Text{"数量", "Count"}
	case "sum":
		return Text{"合计", "Sum"}
	case "file":
		return Text{"账单文件", "Bill file"}
	case "line":
		return Text{"行号", "Line"}
	case "number":
		return Text{"运单号", "Tracking number"}
	case "date":
		return Text{"日期", "Date"}
	case "weight":
		return Text{"计费重量", "Weight"}
	case "fee":
		return Text{"费用名称", "Fee"}
	case "amount":
		return Text{"账单金额", "Billed"}
	case "match":
		return Text{"核对结果", "Result"}
	case "of_order":
		return Text{"对应订单", "Of order"}
	case "usd_all":
		return Text{"折合美元（有汇率的订单）", "In USD (orders with a rate)"}
	case "without_rate":
		return Text{"缺少汇率的订单", "Orders without a rate"}
	case "ledger":
		return Text{"索赔账目", "Claims ledger"}
	}
	return unknown(key)
}

// LedgerKind names a kind of ledger entry.
func LedgerKind(kind string) Text {
	if slices.Contains(rules.LedgerKinds(), kind) {
		return Column(kind)
	}
	return Text{kind, kind}
}

// Difference tells what differs in a statement.
func Difference(code string) Text {
	switch code {
	case rules.DifferUnknown:
		return Text{"缺少汇率，无法核对批准金额", "no rate: the approved amount cannot be checked"}
	case rules.DifferCurrency:
		return Text{"币种不同，无法直接比较", "another currency: the amounts cannot be compared"}
	case rules.DifferApprovedBelow:
		return Text{"批准金额少于预计赔付", "less approved than expected"}
	case rules.DifferApprovedAbove:
		return Text{"批准金额多于预计赔付", "more approved than expected"}
	case rules.DifferUnpaid:
		return Text{"已批准，月底前未到账", "approved, not paid by the end of the month"}
	case rules.DifferPaidBelow:
		return Text{"到账金额少于批准金额", "less paid than approved"}
	case rules.DifferPaidAbove:
		return Text{"到账金额多于批准金额", "more paid than approved"}
	case rules.DifferProtectionUnknown:
		return Text{"卖家保障：没有申请金额，无法核对批准金额", "seller protection: no amount was asked for, the approved one cannot be checked"}
	case rules.DifferProtectionCurrency:
		return Text{"卖家保障：币种不同，无法直接比较", "seller protection: another currency, the amounts cannot be compared"}
	case rules.DifferProtectionApprovedBelow:
		return Text{"卖家保障：批准金额少于申请金额", "seller protection: less approved than asked for"}
	case rules.DifferProtectionApprovedAbove:
		return Text{"卖家保障：批准金额多于申请金额", "seller protection: more approved than asked for"}
	case rules.DifferProtectionUnpaid:
		return Text{"卖家保障：已批准，月底前未到账", "seller protection: approved, not paid by the end of the month"}
	case rules.DifferProtectionPaidBelow:
		return Text{"卖家保障：到账金额少于批准金额", "seller protection: less paid than approved"}
	case rules.DifferProtectionPaidAbove:
		return Text{"卖家保障：到账金额多于批准金额", "seller protection: more paid than approved"}
	}
	return unknown(code)
}

// BillReason tells what became of a line of a carrier's bill; empty: it is matched.
func BillReason(reason string) Text {
	switch reason {
	case "":
		return Text{"已匹配", "matched"}
	case rules.BillUnknown:
		return Text{"系统内查无此运单号", "no parcel has this number"}
	case rules.BillElsewhere:
		return Text{"运单属于其他店铺", "the parcel is another store's"}
	case rules.BillRepeated:
		return Text{"重复计费", "billed twice"}
	case rules.BillOrderNot:
		return Text{"运单号与订单号对不上", "the number is another order's"}
	case rules.BillCancelled:
		return Text{"订单已取消，包裹未发出", "the order was cancelled and the parcel never moved"}
	case rules.BillCurrency:
		return Text{"币种与订单运费不同", "another currency than the order's freight"}
	case rules.BillAmount:
		return Text{"金额与订单运费不符", "another amount than the order's freight"}
	case rules.BillNothing:
		return Text{
			"没有可比对的运费(包邮、一单多包裹或多币种)，请按承运商报价人工核对", "no freight to compare with (free shipping, several parcels or currencies): compare it with the carrier's rates yourself",
		}
	}
	return unknown(reason)
}

// StatementNotes say how the statement counts.
func StatementNotes(fee, insurance, insured string) []Text {
	return []Text{
		both("技术服务费 = 运费 × %s%%，保险费 = 运费 × %s%%（保额上限 %s/单）；逐单四舍五入。", "Service fee: %s %% of the freight; insurance: %s %% (cover at most %s per order); each order rounded half up.", fee, insurance, insured),
		{"运费计入下单当月；未发货即取消的订单不计费。没有事实说明是否投保，故每单都计保险费。", "Freight counts in the month in which the order was created; an order that ended before it was shipped is not charged. No fact tells whether an order was insured: every one is charged."},
		{"索赔和卖家保障的申请、批准、到账按入账当月统计，与账本逐笔一致。不同币种不相加。", "Claims and seller protection count in the month of their ledger entry and equal the ledger. Currencies are never added up."},
	}
}

// StatementReady tells finance that a month's statement is made, and where it is.
func StatementReady(store, month string, orders, differences int, changed bool) Text {
	t := aboutStore(store).and(both("%s 对账单已生成：%s 个订单，%s 处差异。下载：starter statement --store %s --month %s -o 文件名.xlsx，或访问接口 /v1/stores/%s/statements/%s?format=xlsx。",
		"The statement of %s is made: %s orders, %s differences. Get it with starter statement --store %s --month %s -o FILE.xlsx, or at /v1/stores/%s/statements/%s?format=xlsx.",
		month, fmt.Sprint(orders), fmt.Sprint(differences), store, month, store, month))
	if changed {
		return t.and(Text{"注意：与之前存档的版本不同，请以本次为准并核对变动。", "Note: it differs from the one kept before; this one counts. Check what changed."})
	}
	return t
}

// BillOutcome tells what became of a bill line, with the amounts where they differ.
func BillOutcome(l rules.BillLine, m rules.BillMatch) Text {
	t := BillReason(m.Reason)
	if m.Expected == nil || m.Reason != rules.BillAmount && m.Reason != rules.BillCurrency {
		return t
	}
	return both("%s：账单 %s，订单 %s", "%s: billed %s, order %s", t, amount(l.Amount), amount(*m.Expected))
}
