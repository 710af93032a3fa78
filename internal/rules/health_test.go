package rules_test

import (
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/rules/rulestest"
)

func dec(s string) *decimal.Decimal { return new(decimal.MustParse(s)) }

// well is a store without a fault in a week of 10,000 orders.
func well() rules.HealthSight {
	week := rules.WeekCount{Week: rules.WeekOf(time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), time.UTC), Orders: 10_000}
	before := week
	before.Week = week.Week.Add(-1)
	scores := rules.HealthScores{ServiceScore: dec("4.9"), PositiveRatePercent: dec("98"), Programmes: []string{"anxinda"}}
	return rules.HealthSight{Weeks: []rules.WeekCount{before, week}, Orders: 100_000, Scores: scores, Before: scores}
}

func measure(t *testing.T, s rules.HealthSight, name string) rules.Measure {
	t.Helper()
	h := rulestest.Ruleset().Health(s)
	for _, m := range h.Measures {
		if m.Measure == name {
			return m
		}
	}
	require.Fail(t, "no measure "+name)
	return rules.Measure{}
}

func TestHealthWell(t *testing.T) {
	t.Parallel()
	h := rulestest.Ruleset().Health(well())
	assert.Len(t, h.Measures, 6)
	assert.Empty(t, h.Alerts())
	assert.False(t, h.Alarming())
}

// Each line at itself, just beyond it and just before it.
func TestHealthLines(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, measure, state string
		oneMore              bool
		change               func(*rules.HealthSight)
	}{
		{"99.40 % are well", rules.MeasureTemplate, rules.HealthFine, false, func(s *rules.HealthSight) { s.Weeks[1].Mismatched = 60 }},
		{"99.39 % are near", rules.MeasureTemplate, rules.HealthNear, false, func(s *rules.HealthSight) { s.Weeks[1].Mismatched = 61 }},
		{"99.20 % still hold", rules.MeasureTemplate, rules.HealthNear, true, func(s *rules.HealthSight) { s.Weeks[1].Mismatched = 80 }},
		{"99.19 % do not", rules.MeasureTemplate, rules.HealthBreached, false, func(s *rules.HealthSight) { s.Weeks[1].Mismatched = 81 }},
		{"no orders", rules.MeasureTemplate, rules.HealthMissing, false, func(s *rules.HealthSight) { s.Weeks[1].Orders = 0 }},
		{"few orders: one is too many", rules.MeasureTemplate, rules.HealthNear, true, func(s *rules.HealthSight) { s.Weeks[1].Orders = 100 }},
		{"0.60 % are well", rules.MeasureComplaints, rules.HealthFine, false, func(s *rules.HealthSight) { s.Weeks[1].Complaints = 60 }},
		{"0.61 % are near", rules.MeasureComplaints, rules.HealthNear, false, func(s *rules.HealthSight) { s.Weeks[1].Complaints = 61 }},
		{"0.80 % still hold", rules.MeasureComplaints, rules.HealthNear, true, func(s *rules.HealthSight) { s.Weeks[1].Complaints = 80 }},
		{"0.81 % in one week warn", rules.MeasureComplaints, rules.HealthNear, false, func(s *rules.HealthSight) { s.Weeks[1].Complaints = 81 }},
		{"0.81 % in two weeks cost", rules.MeasureComplaints, rules.HealthBreached, false, func(s *rules.HealthSight) { s.Weeks[0].Complaints, s.Weeks[1].Complaints = 81, 81 }},
		{"over, then at the line", rules.MeasureComplaints, rules.HealthNear, true, func(s *rules.HealthSight) { s.Weeks[0].Complaints, s.Weeks[1].Complaints = 81, 80 }},
		{"4.7 are well", rules.MeasureService, rules.HealthFine, false, func(s *rules.HealthSight) { s.Scores.ServiceScore = dec("4.7") }},
		{"4.69 are near", rules.MeasureService, rules.HealthNear, false, func(s *rules.HealthSight) { s.Scores.ServiceScore = dec("4.69") }},
		{"4.6 still hold", rules.MeasureService, rules.HealthNear, false, func(s *rules.HealthSight) { s.Scores.ServiceScore = dec("4.60") }},
		{"4.59 do not", rules.MeasureService, rules.HealthBreached, false, func(s *rules.HealthSight) { s.Scores.ServiceScore = dec("4.59") }},
		{"not entered", rules.MeasureService, rules.HealthMissing, false, func(s *rules.HealthSight) { s.Scores.ServiceScore = nil }},
		{"95 % still hold", rules.MeasurePositive, rules.HealthNear, false, func(s *rules.HealthSight) { s.Scores.PositiveRatePercent = dec("95") }},
		{"94.99 % do not", rules.MeasurePositive, rules.HealthBreached, false, func(s *rules.HealthSight) { s.Scores.PositiveRatePercent = dec("94.99") }},
		{"1.2 % still hold", rules.MeasureDisputes, rules.HealthNear, true, func(s *rules.HealthSight) { s.Disputes = 1200 }},
		{"1.201 % do not", rules.MeasureDisputes, rules.HealthBreached, false, func(s *rules.HealthSight) { s.Disputes = 1201 }},
		{"not joined", rules.MeasureProgramme, rules.HealthBreached, false, func(s *rules.HealthSight) { s.Scores.Programmes = []string{} }},
		{"nobody knows", rules.MeasureProgramme, rules.HealthMissing, false, func(s *rules.HealthSight) { s.Scores.Programmes = nil }},
	} {
		s := well()
		tc.change(&s)
		m := measure(t, s, tc.measure)
		assert.Equal(t, tc.state, m.State, tc.name)
		assert.Equal(t, tc.oneMore, m.OneMore, tc.name)
	}
}

func TestHealthTrend(t *testing.T) {
	t.Parallel()
	s := well()
	s.Weeks[0].Complaints, s.Weeks[1].Complaints = 10, 20
	s.Weeks[0].Mismatched, s.Weeks[1].Mismatched = 20, 10
	assert.Equal(t, rules.TrendWorse, measure(t, s, rules.MeasureComplaints).Trend)
	assert.Equal(t, rules.TrendBetter, measure(t, s, rules.MeasureTemplate).Trend)
	assert.Equal(t, rules.TrendLevel, measure(t, s, rules.MeasureService).Trend)
	s.Before.ServiceScore = nil
	assert.Empty(t, measure(t, s, rules.MeasureService).Trend)
}

// What nobody knows earns no protection; the limits themselves do.
func TestProtectionAsksStoreHealth(t *testing.T) {
	t.Parallel()
	rs := rulestest.Ruleset()
	edge := rules.StoreHealth{PositiveRatePercent: dec("95"), DisputeRatePercent: dec("1.2"), Programmes: []string{"anxinda"}}
	for _, tc := range []struct {
		loss, pays string
		reasons    []string
		change     func(*rules.StoreHealth)
	}{
		{"50.00 USD", "35.00 USD", nil, func(*rules.StoreHealth) {}},
		{"0.05 USD", "0.04 USD", nil, func(*rules.StoreHealth) {}}, // 0.035
		{"80.00 USD", "50.00 USD", nil, func(*rules.StoreHealth) {}},
		{"50.00 USD", "0.00 USD", []string{"positive-rate"}, func(h *rules.StoreHealth) { h.PositiveRatePercent = dec("94.99") }},
		{"50.00 USD", "0.00 USD", []string{"dispute-rate"}, func(h *rules.StoreHealth) { h.DisputeRatePercent = dec("1.21") }},
		{"50.00 USD", "0.00 USD", []string{"not-joined-anxinda"}, func(h *rules.StoreHealth) { h.Programmes = []string{} }},
		{"50.00 USD", "0.00 USD", []string{"positive-rate-unknown", "dispute-rate-unknown", "programmes-unknown"}, func(h *rules.StoreHealth) { *h = rules.StoreHealth{} }},
	} {
		h := edge
		tc.change(&h)
		pays, reasons, err := rs.Protection(h, sum(t, tc.loss))
		require.NoError(t, err)
		assert.Equal(t, tc.pays, pays.String())
		assert.Equal(t, tc.reasons, reasons)
	}
}
