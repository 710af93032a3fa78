package rules_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"parcelward/internal/demo"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/policy"
	"parcelward/internal/rules/wording"
)

const timelineDay = 24 * time.Hour

func timelineRules(t *testing.T) rules.Ruleset {
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

// timelineEvents are the demo's events, by order.
func timelineEvents(t *testing.T, origin time.Time) map[string][]rules.Event {
	t.Helper()
	orders := map[string][]rules.Event{}
	for _, s := range demo.New(origin).Events {
		if s.Event == nil {
			continue // an original, or scores
		}
		e, err := protocol.DecodeEvent(s.Event)
		if err != nil {
			t.Fatal(err)
		}
		orders[e.Order] = append(orders[e.Order], e)
	}
	return orders
}

func timelineFacts(events ...rules.Event) *rules.Facts {
	f := rules.NewFacts(demo.Store, "x")
	for _, e := range events {
		f.Add(e)
	}
	return f
}

// shape is a timeline in short: codes with what matters, + before what is to come.
func shape(moments []rules.Moment) string {
	var out []string
	for _, m := range moments {
		s := m.Code
		for _, detail := range []string{string(m.Status), m.Deadline, m.End} {
			if detail != "" {
				s += "=" + detail
			}
		}
		if m.Scan != nil {
			s = string(m.Scan.Milestone)
		}
		if m.Ignored {
			s = "(" + s + ")"
		}
		if m.Future {
			s = "+" + s
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	rs := timelineRules(t)
	origin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	orders := timelineEvents(t, origin)
	const shipped = "order.created order.paid shipment.recorded "
	for _, c := range []struct {
		order string
		day   int
		want  string
	}{
		{"01-delivered", 0, ""},
		{"01-delivered", 1, shipped + "+deadline=online-due +stall +story.end=idle"},
		{"01-delivered", 16, shipped + "picked_up departed_origin arrived_destination out_for_delivery delivered +story.end=dispute-period"},
		{"01-delivered", 57, shipped + "picked_up departed_origin arrived_destination out_for_delivery delivered receipt.confirmed story.end=ended"},
		{"03-unconfirmed", 39, shipped + "picked_up in_transit case.opened +deadline=confirm-by +deadline=file-by"},
		{"03-unconfirmed", 57, shipped + "picked_up in_transit case.opened exception.alerted case.ended=confirmation-expired order.refunded story.end=ended"},
		{"05-late-number", 3, "order.created order.paid +deadline=tracking-number-due +story.end=idle"},
		{"05-late-number", 57, "order.created order.paid deadline.missed=tracking-number-due shipment.recorded picked_up in_transit case.opened order.refunded case.ended=closed story.end=ended"},
		{"06-brazil-no-cpf", 4, shipped + "(info_received) +stall +story.end=idle"},
		{"07-customs-hold", 10, shipped + "picked_up customs_hold +stall +deadline=customs-document-by +story.end=idle"},
		{"07-customs-hold", 21, shipped + "picked_up customs_hold customs.document_submitted +stall +story.end=idle"},
		{"07-customs-hold", 41, shipped + "picked_up customs_hold customs.document_submitted case.opened exception.confirmed +deadline=file-by"},
		{"10-resumed", 57, shipped + "picked_up in_transit case.opened in_transit case.ended=movement-resumed delivered receipt.confirmed story.end=ended"},
	} {
		now := origin.Add(time.Duration(c.day) * timelineDay)
		if c.day == 0 {
			now = now.Add(-time.Second)
		}
		got := shape(rules.Timeline(timelineFacts(orders[c.order]...), rs, now))
		if got != c.want {
			t.Errorf("%s on day %d:\ngot      %s\nexpected %s", c.order, c.day, got, c.want)
		}
	}
}

// TestTimelineOfAClaim follows a claim through rejection, late appeal and overdue review.
func TestTimelineOfAClaim(t *testing.T) {
	t.Parallel()
	rs := timelineRules(t)
	origin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	events := timelineEvents(t, origin)["02-stalled-paid"]
	events = slices.DeleteFunc(events, func(e rules.Event) bool { return e.Type == rules.TypeOrderRefunded })
	number := ""
	for _, e := range events {
		if d, ok := e.Data.(*rules.ShipmentRecorded); ok {
			number = d.TrackingNumber
		}
	}
	filed := origin.Add(43*timelineDay + time.Hour)
	add := func(t rules.EventType, id string, data rules.Data) {
		events = append(events, rules.Event{Source: "test", ID: id, Type: t, Store: demo.Store, Order: "x", Time: data.At(), Data: data})
	}
	add(rules.TypeClaimFiled, "f", &rules.ClaimFiled{TrackingNumber: number, When: filed, ClaimID: "C-1"})
	tail := func(day int) string {
		got := shape(rules.Timeline(timelineFacts(events...), rs, origin.Add(time.Duration(day)*timelineDay)))
		_, after, _ := strings.Cut(got, "exception.confirmed ")
		return after
	}
	if got, want := tail(45), "claim.filed +deadline=review-due"; got != want {
		t.Errorf("filed: got %s, expected %s", got, want)
	}
	if got, want := tail(57), "claim.filed deadline.missed=review-due"; got != want {
		t.Errorf("overdue: got %s, expected %s", got, want)
	}
	add(rules.TypeClaimDecided, "d", &rules.ClaimDecided{ClaimID: "C-1", When: filed.Add(2 * timelineDay), Decision: rules.DecisionRejected})
	if got, want := tail(46), "claim.filed claim.decided +deadline=appeal-by"; got != want {
		t.Errorf("rejected: got %s, expected %s", got, want)
	}
	if got, want := tail(57), "claim.filed claim.decided case.ended=closed +story.end=idle"; got != want {
		t.Errorf("no appeal: got %s, expected %s", got, want)
	}
	add(rules.TypeClaimAppealed, "a", &rules.ClaimFact{ClaimID: "C-1", When: filed.Add(3 * timelineDay)})
	add(rules.TypeClaimDecided, "e", &rules.ClaimDecided{ClaimID: "C-1", When: filed.Add(5 * timelineDay), Decision: rules.DecisionRejected})
	if got, want := tail(57), "claim.filed claim.decided claim.appealed claim.decided case.ended=closed +story.end=idle"; got != want {
		t.Errorf("refused again: got %s, expected %s", got, want)
	}
	add(rules.TypeClaimPaid, "p", &rules.ClaimFact{ClaimID: "C-1", When: filed.Add(6 * timelineDay)})
	if got, want := tail(57), "claim.filed claim.decided claim.appealed claim.decided claim.paid case.ended=paid +story.end=idle"; got != want {
		t.Errorf("paid all the same: got %s, expected %s", got, want)
	}
}

// TestTimelineHoldsWhateverTheArrival: order and repetition of the facts change nothing, and
// every line has words in both languages.
func TestTimelineHoldsWhateverTheArrival(t *testing.T) {
	t.Parallel()
	rs := timelineRules(t)
	origin := time.Date(2026, 9, 20, 0, 0, 0, 0, time.UTC)
	for order, events := range timelineEvents(t, origin) {
		backwards := slices.Clone(events)
		slices.Reverse(backwards)
		backwards = append(backwards, events...)
		for day := range 58 {
			now := origin.Add(time.Duration(day) * timelineDay)
			moments := rules.Timeline(timelineFacts(events...), rs, now)
			a, err := json.Marshal(moments)
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(rules.Timeline(timelineFacts(backwards...), rs, now))
			if err != nil {
				t.Fatal(err)
			}
			if string(a) != string(b) {
				t.Fatalf("%s on day %d: the arrival counts:\n%s\n%s", order, day, a, b)
			}
			for i, m := range moments {
				if m.Future != m.At.Time().After(now) {
					t.Errorf("%s on day %d: %+v: future %t", order, day, m, m.Future)
				}
				if i > 0 && m.At.Time().Before(moments[i-1].At.Time()) {
					t.Errorf("%s on day %d: not sorted", order, day)
				}
				if text := wording.Moment(m, rs.Pack.Location()); text.ZH == "" || strings.Contains(m.Code, ".") && strings.Contains(text.EN, m.Code) {
					t.Errorf("%s: no words for %s: %s", order, m.Code, text)
				}
			}
		}
	}
}
