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
