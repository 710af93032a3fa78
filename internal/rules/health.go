package rules

import (
	"slices"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
)

// WeekCount is what the facts of one week count.
type WeekCount struct {
	Week       Week
	Orders     int // created in the week
	Mismatched int // of them those flagged: another service than the template's, or too much freight
	Complaints int // freight complaints opened in the week
}

// HealthScores are what no fact tells and people read off the seller centre. Nil: not entered.
type HealthScores struct {
	ServiceScore        *decimal.Decimal `json:"service_score,omitempty"`
	PositiveRatePercent *decimal.Decimal `json:"positive_rate_percent,omitempty"` // of the last 90 days
	Programmes          []string         `json:"programmes,omitzero"`             // joined; empty and not nil: none is
}

// HealthSight is all that a store's health is judged by.
type HealthSight struct {
	Weeks            []WeekCount // one after the other, the judged week last
	Disputes, Orders int         // of the window that ends with the judged week
	Scores, Before   HealthScores
}

// The measures of a store's health, in output order.
const (
	MeasureTemplate   = "template-accuracy"
	MeasureComplaints = "complaint-rate"
	MeasureService    = "service-score"
	MeasurePositive   = "positive-rate"
	MeasureDisputes   = "dispute-rate"
	MeasureProgramme  = "programme"
)

// The states of a measure.
const (
	HealthFine     = "fine"
	HealthNear     = "near"     // the line is not crossed yet
	HealthBreached = "breached" // it is, and costs what it costs
	HealthMissing  = "missing"  // nobody knows
)

// The trends of a measure, against the week before.
const (
	TrendBetter = "better"
	TrendWorse  = "worse"
	TrendLevel  = "level"
)

// Measure is one of them. Rates and shares are in percent, the service score in points.
type Measure struct {
	Measure   string           `json:"measure"`
	State     string           `json:"state"`
	Value     *decimal.Decimal `json:"value,omitempty"` // rounded to 2 places for reading; judged is the exact one
	Limit     *decimal.Decimal `json:"limit,omitempty"`
	Trend     string           `json:"trend,omitempty"`      // empty: nothing to compare with
	OneMore   bool             `json:"one_more,omitzero"`    // one more of what it counts crosses the line
	Weeks     int              `json:"weeks,omitzero"`       // over the line in a row, of complaints
	Programme string           `json:"programme,omitempty"`  // that must be joined
	Costs     *decimal.Decimal `json:"costs,omitempty"`      // percent of freight subsidy, or of search rank
	Protects  bool             `json:"protection,omitempty"` // a breach costs seller protection
}

// Health is a store's health in a week.
type Health struct {
	Week     string    `json:"week"`
	Measures []Measure `json:"measures"`
}

// Alerts are the measures that people must look at.
func (h *Health) Alerts() []Measure {
	return slices.DeleteFunc(slices.Clone(h.Measures), func(m Measure) bool { return m.State == HealthFine })
}

// Alarming tells whether a line is crossed, or near: reason to tell the manager. What is only
// missing is for those who enter it.
func (h *Health) Alarming() bool {
	return slices.ContainsFunc(h.Measures, func(m Measure) bool { return m.State == HealthNear || m.State == HealthBreached })
}

// Health judges a store's week.
func (rs Ruleset) Health(s HealthSight) Health {
	c, p, h := &rs.Pack.Complaint, &rs.Pack.Protection, &rs.Pack.Health
	var now, before WeekCount
	if n := len(s.Weeks); n > 0 {
		now = s.Weeks[n-1]
		if n > 1 {
			before = s.Weeks[n-2]
		}
	}
	out := Health{Week: now.Week.String(), Measures: []Measure{
		rs.template(now, before),
		rs.complaints(s.Weeks),
		atLeast(Measure{Measure: MeasureService, Costs: &c.SearchRankLossPercent.Value}, s.Scores.ServiceScore, s.Before.ServiceScore, c.ServiceScoreMin.Value, h.ServiceScoreMargin.Value),
		atLeast(Measure{Measure: MeasurePositive, Protects: true}, s.Scores.PositiveRatePercent, s.Before.PositiveRatePercent, p.PositiveRateMinPercent.Value, h.PositiveRateMarginPercent.Value),
		rs.disputes(s),
	}}
	for _, name := range p.Programmes.Value {
		m := Measure{Measure: MeasureProgramme, Programme: name, State: HealthFine, Protects: true}
		switch {
		case s.Scores.Programmes == nil:
			m.State = HealthMissing
		case !slices.Contains(s.Scores.Programmes, name):
			m.State = HealthBreached
		}
		out.Measures = append(out.Measures, m)
	}
	return out
}

func (rs Ruleset) template(now, before WeekCount) Measure {
	limit := rs.Pack.Complaint.TemplateAccuracyMinPercent.Value
	m := atLeast(Measure{Measure: MeasureTemplate}, Percent(now.Orders-now.Mismatched, now.Orders), Percent(before.Orders-before.Mismatched, before.Orders),
		limit, rs.Pack.Health.TemplateAccuracyMarginPercent.Value)
	if one := Percent(now.Orders-now.Mismatched-1, now.Orders); m.State == HealthFine || m.State == HealthNear {
		m.OneMore = one != nil && one.Cmp(limit) < 0
		m.nearIf(m.OneMore)
	}
	return m
}

// complaints cost the subsidy after several weeks over the line in a row; the first of them is
// the warning.
func (rs Ruleset) complaints(weeks []WeekCount) Measure {
	limit, enough := rs.Pack.Complaint.ComplaintRateMaxPercent.Value, rs.Pack.Complaint.ComplaintRateWeeks.Value
	m := Measure{Measure: MeasureComplaints, Costs: &rs.Pack.Health.SubsidyMaxPercent.Value}
	var now, before WeekCount
	if n := len(weeks); n > 0 {
		now = weeks[n-1]
		if n > 1 {
			before = weeks[n-2]
		}
	}
	for _, w := range slices.Backward(weeks) {
		rate := Percent(w.Complaints, w.Orders)
		if rate == nil || rate.Cmp(limit) <= 0 {
			break
		}
		m.Weeks++
	}
	m = atMost(m, Percent(now.Complaints, now.Orders), Percent(before.Complaints, before.Orders), limit, rs.Pack.Health.ComplaintRateMarginPercent.Value)
	if m.State == HealthBreached && m.Weeks < enough {
		m.State = HealthNear
	}
	if one := Percent(now.Complaints+1, now.Orders); m.Weeks == 0 && m.State != HealthMissing {
		m.OneMore = one != nil && one.Cmp(limit) > 0
		m.nearIf(m.OneMore)
	}
	return m
}

func (rs Ruleset) disputes(s HealthSight) Measure {
	limit := rs.Pack.Protection.DisputeRateMaxPercent.Value
	m := atMost(Measure{Measure: MeasureDisputes, Protects: true}, Percent(s.Disputes, s.Orders), nil, limit, rs.Pack.Health.DisputeRateMarginPercent.Value)
	if one := Percent(s.Disputes+1, s.Orders); m.State == HealthFine || m.State == HealthNear {
		m.OneMore = one != nil && one.Cmp(limit) > 0
		m.nearIf(m.OneMore)
	}
	return m
}

// nearIf turns a fine measure into a near one.
func (m *Measure) nearIf(near bool) {
	if near && m.State == HealthFine {
		m.State = HealthNear
	}
}

// atLeast judges a value that must not fall below its limit.
func atLeast(m Measure, value, before *decimal.Decimal, limit, margin decimal.Decimal) Measure {
	if m = measured(m, value, before, limit, 1); value == nil {
		return m
	}
	warn, err := limit.Add(margin)
	switch {
	case value.Cmp(limit) < 0:
		m.State = HealthBreached
	case err == nil && value.Cmp(warn) < 0:
		m.State = HealthNear
	}
	return m
}

// atMost judges a value that must not rise above its limit.
func atMost(m Measure, value, before *decimal.Decimal, limit, margin decimal.Decimal) Measure {
	if m = measured(m, value, before, limit, -1); value == nil {
		return m
	}
	warn, err := limit.Sub(margin)
	switch {
	case value.Cmp(limit) > 0:
		m.State = HealthBreached
	case err == nil && value.Cmp(warn) > 0:
		m.State = HealthNear
	}
	return m
}

// measured shows a value; better is 1 where more of it is better, else -1.
func measured(m Measure, value, before *decimal.Decimal, limit decimal.Decimal, better int) Measure {
	m.State, m.Limit = HealthFine, &limit
	if value == nil {
		m.State = HealthMissing
		return m
	}
	shown := money.RoundHalfUp(*value, min(2, max(value.Scale(), limit.Scale())))
	m.Value = &shown
	if before != nil {
		m.Trend = []string{TrendWorse, TrendLevel, TrendBetter}[1+better*value.Cmp(*before)]
	}
	return m
}

// Percent is part of whole, exact to 15 places; nil where there is no whole, or no such part.
func Percent(part, whole int) *decimal.Decimal {
	if whole <= 0 || part < 0 {
		return nil
	}
	p, err := decimal.New(int64(part)*100, 0)
	if err != nil {
		return nil
	}
	w, err := decimal.New(int64(whole), 0)
	if err != nil {
		return nil
	}
	q, err := p.Quo(w)
	if err != nil {
		return nil
	}
	return &q
}

// HealthSpan is from when on facts count for a store's health in a week.
func (rs Ruleset) HealthSpan(w Week) (weeks []Week, disputesFrom, until time.Time) {
	loc := rs.Pack.Location()
	_, until = w.Bounds(loc)
	for n := rs.Pack.Complaint.ComplaintRateWeeks.Value; n >= 0; n-- { // and one before, for the trend
		weeks = append(weeks, w.Add(-n))
	}
	return weeks, until.Add(-rs.Pack.Health.DisputeRateWindow.Value.Std()), until
}

// Mismatched tells when an order was created, and whether it counts against the template's
// accuracy; false while it is not created.
func Mismatched(f *Facts, rs Ruleset, now time.Time) (created time.Time, mismatched, ok bool) {
	v := look(f, rs, now)
	if v.created == nil {
		return time.Time{}, false, false
	}
	flags := v.flags(nil)
	return v.created.CreatedAt, slices.Contains(flags, FlagServiceMismatch) || slices.Contains(flags, FlagOvercharge), true
}

// OpenedAt tells which complaint or dispute an event opened, and when; false for any other.
func OpenedAt(e *Event) (id string, at time.Time, ok bool) {
	switch d := e.Data.(type) {
	case *Complaint:
		return d.ComplaintID, later(e.Time, d.When), e.Type == TypeComplaintOpened
	case *Dispute:
		return d.DisputeID, later(e.Time, d.When), e.Type == TypeDisputeOpened
	}
	return "", time.Time{}, false
}
