package wording

import "parcelward/internal/rules"

// toAdd tells which originals a person must still bring, and why no machine did; empty: none.
func toAdd(add []rules.Uncollected) Text {
	if len(add) == 0 {
		return Text{}
	}
	items := make([]Text, len(add))
	for i, u := range add {
		items[i] = Evidence(string(u.Kind))
		if why := uncollected(u.Why); why != (Text{}) {
			items[i] = both("%s（%s）", "%s (%s)", items[i], why)
		}
	}
	return both("系统已自动收集能取到的凭证，还需在上述期限前人工补充：%s。", "What a machine can fetch is there; a person must add, by that time: %s.", join(items))
}

func uncollected(why rules.UncollectedWhy) Text {
	switch why {
	case "":
		return Text{}
	case rules.UncollectedNothing:
		return Text{"对方查无记录", "its source has none"}
	case rules.UncollectedNobody:
		return Text{"本店未配置自动获取", "no source is set up for this store"}
	case rules.UncollectedUnauthorised:
		return Text{"店铺授权已失效，请重新授权", "the store's authorisation has ended; authorise again"}
	case rules.UncollectedRefused:
		return Text{"对方拒绝提供", "its source refused"}
	case rules.UncollectedUnavailable:
		return Text{"对方暂时无法访问", "its source did not answer"}
	case rules.UncollectedUnfit:
		return Text{"取到的文件无法使用", "what came cannot be used"}
	}
	return unknown(why)
}

// Unmatched tells why a line of a warehouse's export belongs to none of the store's orders.
func Unmatched(code rules.UnmatchedCode) Text {
	switch code {
	case rules.UnmatchedNameless:
		return Text{"这一行既没有订单号也没有运单号。请在导出时带上订单号。", "The line names neither an order nor a parcel: export it with the order number."}
	case rules.UnmatchedOrder:
		return Text{
			"本店没有这个订单。请核对订单号；从表格导出时订单号列要设为文本，否则会变成科学计数法。",
			"The store has no such order. Check the number; a spreadsheet must hold it as text, or it becomes scientific notation.",
		}
	case rules.UnmatchedNumber:
		return Text{"本店没有订单使用这个运单号。请核对运单号，或补上订单号。", "No order of the store has this tracking number. Check it, or add the order number."}
	case rules.UnmatchedOther:
		return Text{"这个运单号不属于该订单。请与仓库核对。", "The tracking number is not one of this order's. Check with the warehouse."}
	}
	return unknown(code)
}
