package demo_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"parcelward/internal/demo"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/policy"
	"parcelward/internal/sandbox"
)

func ruleset(t *testing.T) rules.Ruleset {
	t.Helper()
	book, err := policy.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	pack, ok := book.ByID("aliexpress-2024-04")
	if !ok {
		t.Fatal("no policy pack aliexpress-2024-04")
	}
	days, err := calendar.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return rules.Ruleset{Pack: pack, Calendar: days}
}

// collect sorts events into the facts of each order; every one must be acceptable from outside.
func collect(t *testing.T, sent []demo.Sent) map[string]*rules.Facts {
	t.Helper()
	orders := map[string]*rules.Facts{}
	for _, s := range sent {
		if s.Event == nil {
			continue // an original, or scores
		}
		e, err := protocol.DecodeEvent(s.Event)
		if err != nil {
			t.Fatalf("%s: %v", s.Event, err)
		}
		if !e.Time.Equal(s.At) || e.Data == nil {
			t.Errorf("%s %s: sent at %s, expected its own time %s", e.Order, e.Type, s.At, e.Time)
		}
		if orders[e.Order] == nil {
			orders[e.Order] = rules.NewFacts(e.Store, e.Order)
		}
		if !orders[e.Order].Add(e) {
			t.Errorf("%s: event %s given twice", e.Order, e.ID)
		}
	}
	return orders
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	rs := ruleset(t)
	origins := []time.Time{
		time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 8, 26, 15, 59, 30, 0, time.UTC), // stalls open in National Day's week
		time.Date(2026, 10, 1, 3, 0, 0, 0, time.UTC),
		time.Date(2026, 1, 10, 9, 30, 0, 0, time.UTC),  // stalls open in the week of Spring Festival
		time.Date(2031, 7, 5, 23, 59, 59, 0, time.UTC), // a year that the calendar does not know
	}
	for i := range 14 { // every weekday, morning and evening in Beijing
		origins = append(origins, time.Date(2026, 4, 6+i, i*7%24, 11, 0, 0, time.UTC))
	}
	for _, origin := range origins {
		for _, delay := range []time.Duration{0, 30 * time.Hour} { // a real lag of 2.5 s at 2 s a day
			play(t, rs, demo.New(origin), delay)
		}
	}
}

func play(t *testing.T, rs rules.Ruleset, p demo.Scenario, delay time.Duration) {
	t.Helper()
	orders := collect(t, p.Events)
	if len(orders) != len(p.Expected) {
		t.Errorf("%d orders, %d expected outcomes", len(orders), len(p.Expected))
	}
	end := p.Origin.Add(p.Span)
	for order, want := range p.Expected {
		f := orders[order]
		i := slices.IndexFunc(p.Fates, func(f sandbox.Fate) bool { return f.Order == order })
		var fate *sandbox.Fate
		if i >= 0 {
			fate = &p.Fates[i]
		}
		w := &machines{t: t, f: f, rs: rs, fate: fate, delay: delay, sent: p.Events}
		tickets := w.act(p.Origin, end)
		a, ok := rules.Assess(f, rs, end)
		if !ok {
			t.Fatalf("%s: no assessment", order)
		}
		got := demo.Outcome{Stage: a.Stage, Why: want.Why}
		for _, c := range a.Cases {
			got.Cases = append(got.Cases, c.Status)
		}
		if a.Claim != nil {
			got.Reasons = a.Claim.Reasons
		}
		if got.Stage != want.Stage || !slices.Equal(got.Cases, want.Cases) || !slices.Equal(got.Reasons, want.Reasons) {
			t.Errorf("origin %s, delay %s, %s:\ngot      %s %v %v\nexpected %s %v %v", p.Origin, delay, order,
				got.Stage, got.Cases, got.Reasons, want.Stage, want.Cases, want.Reasons)
		}
		got.Beside = demo.BesideOf(f, rs, end)
		if got.Protection != want.Protection || !slices.Equal(got.Complaints, want.Complaints) || !slices.Equal(tickets, want.Tickets) {
			t.Errorf("origin %s, delay %s, %s:\ngot      %q %v %v\nexpected %q %v %v", p.Origin, delay, order,
				got.Protection, got.Complaints, tickets, want.Protection, want.Complaints, want.Tickets)
		}
		if plan := rules.PlanOrder(f, rs, end.Add(-2*24*time.Hour)); plan.End == "" {
			t.Errorf("origin %s, delay %s, %s: the story is not over two days before the end", p.Origin, delay, order)
		}
		if want.Why.ZH == "" || want.Why.EN == "" {
			t.Errorf("%s: no reason given in both languages", order)
		}
	}
}

// Of two complaints the one is answered at hour 23 and waits for the platform; the other is
// answered at hour 25, which changes nothing: it is lost since hour 24.
func TestComplaintsAreAnsweredInTimeAndTooLate(t *testing.T) {
	t.Parallel()
	rs := ruleset(t)
	p := demo.New(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	orders := collect(t, p.Events)
	for order, want := range map[string]struct {
		after  time.Duration
		status rules.ComplaintStatus
	}{"15-complaint-answered": {23 * time.Hour, rules.ComplaintAnswered}, "16-complaint-lost": {25 * time.Hour, rules.ComplaintLost}} {
		all, _ := rules.Contested(orders[order], rs, p.Origin.Add(p.Span))
		if len(all) != 1 {
			t.Fatalf("%s: %d complaints", order, len(all))
		}
		opened := all[0].OpenedAt.Time()
		at25, _ := rules.Contested(orders[order], rs, opened.Add(25*time.Hour))
		if c := at25[0]; c.AnsweredAt == nil || !c.AnsweredAt.Time().Equal(opened.Add(want.after)) || c.Status != want.status {
			t.Errorf("%s: %s at hour 25, answered at %v; expected %s, at hour %v", order, c.Status, c.AnsweredAt, want.status, want.after.Hours())
		}
	}
}

func TestScenarioIsStable(t *testing.T) {
	t.Parallel()
	origin := time.Date(2026, 3, 2, 8, 0, 0, 5, time.FixedZone("", 8*3600))
	a, b := demo.New(origin), demo.New(origin.UTC())
	if !slices.EqualFunc(a.Events, b.Events, func(x, y demo.Sent) bool {
		return x.At.Equal(y.At) && bytes.Equal(x.Event, y.Event) && (x.Upload == nil) == (y.Upload == nil) && (x.Upload == nil || bytes.Equal(x.Upload.Content, y.Upload.Content))
	}) {
		t.Error("the same origin gave other events")
	}
	if !slices.IsSortedFunc(a.Events, func(x, y demo.Sent) int { return x.At.Compare(y.At) }) {
		t.Error("events are not by time")
	}
	if last := a.Events[len(a.Events)-1].At; last.After(a.Origin.Add(a.Span - 2*24*time.Hour)) {
		t.Errorf("the last event is sent at %s, less than two days before the end", last)
	}
	if a.Span > 100*24*time.Hour {
		t.Errorf("the play lasts %s, expected at most 100 days", a.Span)
	}
	rows := 0
	for _, trace := range a.Parcels {
		rows += len(trace.Rows)
		if !slices.IsSortedFunc(trace.Rows, func(x, y rules.Row) int { return x.At.Compare(y.At) }) {
			t.Errorf("the trace of %s is not by time", trace.Number)
		}
	}
	scans := 0
	for _, s := range a.Events {
		if bytes.Contains(s.Event, []byte(`"tracking.updated"`)) {
			scans++
		}
	}
	if rows != scans || rows == 0 {
		t.Errorf("the carrier knows %d rows, %d were sent", rows, scans)
	}
}

// TestCustomsGrace shows that the clearance document moved the filing deadline.
func TestCustomsGrace(t *testing.T) {
	t.Parallel()
	rs := ruleset(t)
	p := demo.New(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	a, _ := rules.Assess(collect(t, p.Events)["07-customs-hold"], rs, p.Origin.Add(40*24*time.Hour))
	c := a.Cases[0]
	if c.CustomsDocumentBy == nil || c.FileBy.Time().Sub(c.OpenedAt.Time()) < 21*24*time.Hour {
		t.Errorf("no grace: opened %s, file by %s", c.OpenedAt, c.FileBy)
	}
}

// TestMany: every story of the demo is there, and each comes to what it promises.
func TestMany(t *testing.T) {
	t.Parallel()
	p := demo.Many(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), 110, 5*24*time.Hour)
	play(t, ruleset(t), p, 0)
	told := map[string]int{}
	for _, o := range p.Expected {
		told[o.Why.EN]++
	}
	if len(told) != 17 || len(p.Expected) != 110 {
		t.Errorf("%d stories in %d orders, expected 17 in 110: %v", len(told), len(p.Expected), told)
	}
}

func TestBenchOrders(t *testing.T) {
	t.Parallel()
	rs := ruleset(t)
	origin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	sent := demo.DeliveredOrder("bench", "o-1", origin)
	f := collect(t, sent)["o-1"]
	if a, _ := rules.Assess(f, rs, origin.Add(21*24*time.Hour)); len(sent) != 9 || a.Stage != rules.StageClosed || len(a.Cases) != 0 || len(a.Flags) != 0 {
		t.Errorf("delivered order: %d events, %+v", len(sent), a)
	}
	if !sent[0].At.Equal(sent[1].At) || !sent[2].At.Equal(origin.Add(20*time.Hour)) || !sent[3].At.Equal(origin.Add(32*time.Hour)) {
		t.Errorf("delivered order: not the times of the budget")
	}
	sent, fate := demo.ClaimedOrder("bench", "o-2", origin)
	f = collect(t, sent)["o-2"]
	end := origin.Add(47 * 24 * time.Hour)
	w := &machines{t: t, f: f, rs: rs, fate: &fate, sent: sent}
	w.act(origin, end)
	a, _ := rules.Assess(f, rs, end)
	if len(a.Cases) != 1 || a.Cases[0].Status != rules.StatusPaid || !a.Claim.Eligible || rules.PlanOrder(f, rs, end).End == "" {
		t.Errorf("claimed order: %+v", a)
	}
}
