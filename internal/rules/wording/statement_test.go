package wording_test

import (
	"testing"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/assert"

	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// Every code of statements, bills and health has words of its own, in both languages.
func TestStatementWords(t *testing.T) {
	t.Parallel()
	seen := map[wording.Text]string{}
	check := func(code string, got wording.Text) {
		assert.NotEmpty(t, got.ZH, code)
		assert.NotEmpty(t, got.EN, code)
		assert.NotContains(t, got.EN, code, "no words for it")
		assert.Empty(t, seen[got], "%s and %s are told alike", code, seen[got])
		seen[got] = code
	}
	for _, reason := range rules.BillReasons() {
		check(reason, wording.BillReason(reason))
	}
	for _, code := range []string{rules.DifferUnknown, rules.DifferCurrency, rules.DifferApprovedBelow, rules.DifferApprovedAbove, rules.DifferUnpaid, rules.DifferPaidBelow, rules.DifferPaidAbove} {
		check(code, wording.Difference(code))
	}
	for _, code := range []string{rules.ObjectionTemplate, rules.ObjectionTier, rules.ObjectionTierFreight, rules.ObjectionFreightShown} {
		check(code, wording.Objection(rules.Objection{Code: code, Service: "X"}))
	}
}

func TestHealthWords(t *testing.T) {
	t.Parallel()
	value, limit, costs := decimal.MustParse("0.9"), decimal.MustParse("0.8"), decimal.MustParse("30")
	m := rules.Measure{Measure: rules.MeasureComplaints, State: rules.HealthNear, Value: &value, Limit: &limit, Costs: &costs, Weeks: 1}
	got := wording.MeasureAlert(m)
	assert.Equal(t, "运费投诉率 0.9%，红线 ≤ 0.8%，已连续超标 1 周，再超标一周：连续两周越线将取消运费补贴（最高 30%）。", got.ZH)
	assert.Equal(t, "Freight complaint rate is 0.9%, the line is ≤ 0.8%; over it for 1 week, and one more: two weeks in a row cost the freight subsidy (up to 30 %).", got.EN)
	m.Weeks, m.OneMore, m.Value = 0, true, &limit
	assert.Contains(t, wording.MeasureAlert(m).ZH, "再多一单就越线")
	m.State = rules.HealthBreached
	assert.Contains(t, wording.MeasureAlert(m).EN, "over the line")
	m = rules.Measure{Measure: rules.MeasureProgramme, Programme: "anxinda", State: rules.HealthMissing}
	assert.Equal(t, "已加入安心达：尚未录入，请从卖家后台抄录（starter health set）。", wording.MeasureAlert(m).ZH)
}
