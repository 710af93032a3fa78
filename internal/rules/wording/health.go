package wording

import (
	"fmt"

	"parcelward/internal/rules"
)

// Measure names a measure of a store's health.
func Measure(m rules.Measure) Text {
	switch m.Measure {
	case rules.MeasureTemplate:
		return Text{"运费模板准确率", "freight-template accuracy"}
	case rules.MeasureComplaints:
		return Text{"运费投诉率", "freight complaint rate"}
	case rules.MeasureService:
		return Text{"服务分", "service score"}
	case rules.MeasurePositive:
		return Text{"好评率（90 天）", "positive rate (90 days)"}
	case rules.MeasureDisputes:
		return Text{"纠纷率（90 天）", "dispute rate (90 days)"}
	case rules.MeasureProgramme:
		if m.Programme == "anxinda" {
			return Text{"已加入安心达", "Anxinda joined"}
		}
		return both("已加入 %s", "%s joined", m.Programme)
	}
	return unknown(m.Measure)
}

// MeasureState tells how a measure stands.
func MeasureState(state string) Text {
	switch state {
	case rules.HealthFine:
		return Text{"正常", "fine"}
	case rules.HealthNear:
		return Text{"接近红线", "near the line"}
	case rules.HealthBreached:
		return Text{"已越线", "over the line"}
	case rules.HealthMissing:
		return Text{"缺少数据", "not known"}
	}
	return unknown(state)
}

// Trend tells where a measure goes; empty: nothing to compare with.
func Trend(trend string) Text {
	switch trend {
	case rules.TrendBetter:
		return Text{"好转", "better"}
	case rules.TrendWorse:
		return Text{"变差", "worse"}
	case rules.TrendLevel:
		return Text{"持平", "level"}
	}
	return Text{"–", "–"}
}

// MeasureValue is a measure's value with its unit.
func MeasureValue(m rules.Measure) string {
	if m.Value == nil {
		return "–"
	}
	return m.Value.String() + unit(m)
}

// MeasureLimit is a measure's line.
func MeasureLimit(m rules.Measure) string {
	switch {
	case m.Limit == nil:
		return "–"
	case m.Measure == rules.MeasureComplaints || m.Measure == rules.MeasureDisputes:
		return "≤ " + m.Limit.String() + unit(m)
	}
	return "≥ " + m.Limit.String() + unit(m)
}

func unit(m rules.Measure) string {
	if m.Measure == rules.MeasureService {
		return ""
	}
	return "%"
}

// MeasureCost tells what a breach costs.
func MeasureCost(m rules.Measure) Text {
	switch {
	case m.Measure == rules.MeasureTemplate:
		return Text{"未达标，且每单差错都可能引来运费投诉", "below the standard, and each mistake may bring a freight complaint"}
	case m.Measure == rules.MeasureComplaints && m.Costs != nil:
		return both("连续两周越线将取消运费补贴（最高 %s%%）", "two weeks in a row cost the freight subsidy (up to %s %%)", m.Costs.String())
	case m.Measure == rules.MeasureService && m.Costs != nil:
		return both("商品搜索排名下降 %s%%", "search rank falls by %s %%", m.Costs.String())
	case m.Protects:
		return Text{"申诉被拒后不能申请卖家保障", "no seller protection after a rejected appeal"}
	}
	return Text{"–", "–"}
}

// MeasureAlert tells what people must heed of a measure that is not fine.
func MeasureAlert(m rules.Measure) Text {
	name := Measure(m)
	switch m.State {
	case rules.HealthMissing:
		switch m.Measure {
		case rules.MeasureTemplate, rules.MeasureComplaints, rules.MeasureDisputes:
			return both("%s：这段时间没有订单，无从计算。", "%s: no orders to count it by.", name.capital())
		}
		return both("%s：尚未录入，请从卖家后台抄录（starter health set）。", "%s: not entered; read it off the seller centre (starter health set).", name.capital())
	case rules.HealthBreached:
		if m.Measure == rules.MeasureProgramme {
			return both("%s：否。%s。", "%s: no; %s.", name.capital(), MeasureCost(m))
		}
		return both("%s %s，已越过红线（%s）：%s。", "%s is %s, over the line (%s): %s.", name.capital(), MeasureValue(m), MeasureLimit(m), MeasureCost(m))
	case rules.HealthNear:
		t := both("%s %s，红线 %s", "%s is %s, the line is %s", name.capital(), MeasureValue(m), MeasureLimit(m))
		switch {
		case m.Weeks > 0:
			return both("%s，已连续超标 %s 周，再超标一周：%s。", "%s; over it for %s week, and one more: %s.", t, fmt.Sprint(m.Weeks), MeasureCost(m))
		case m.OneMore:
			t = both("%s，再多一单就越线", "%s; one more crosses it", t)
		}
		return both("%s。越线后果：%s。", "%s. Beyond it: %s.", t, MeasureCost(m))
	}
	return both("%s %s，正常。", "%s is %s, fine.", name.capital(), MeasureValue(m))
}

// HealthReport is the weekly notice of a store's health.
func HealthReport(store string, h *rules.Health) Text {
	t := aboutStore(store).and(both("%s 店铺健康：", "Health in %s:", h.Week))
	alerts := h.Alerts()
	if len(alerts) == 0 {
		return t.and(Text{"各项指标正常。", "all is fine."})
	}
	for _, m := range alerts {
		t = t.and(MeasureAlert(m))
	}
	return t
}
