package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"parcelward/internal/rules"
	"parcelward/internal/rules/rulestest"
)

const store, order = "cn-1001", "8190001"

func assess(t *rapid.T, rs rules.Ruleset, events []rules.Event, asOf time.Time) (rules.Assessment, string) {
	a, ok := rules.Assess(rulestest.Facts(store, order, events), rs, asOf)
	if !ok {
		return a, ""
	}
	line, err := json.Marshal(&a)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(line)
}

func TestArrivalAndRepetitionChangeNothing(t *testing.T) {
	rs := rulestest.Ruleset()
	rapid.Check(t, func(t *rapid.T) {
		events := rulestest.Order(t)
		asOf := rulestest.AsOf(t, rs, store, order, events)
		_, want := assess(t, rs, events, asOf)
		again := append(rapid.Permutation(events).Draw(t, "arrival"), events...)
		if _, got := assess(t, rs, again, asOf); got != want {
			t.Fatalf("as of %v\nfirst  %s\nagain  %s", asOf, want, got)
		}
	})
}

func TestWhatIsTimedLaterDoesNotExist(t *testing.T) {
	rs := rulestest.Ruleset()
	rapid.Check(t, func(t *rapid.T) {
		events := rulestest.Order(t)
		asOf := rulestest.AsOf(t, rs, store, order, events)
		_, want := assess(t, rs, events, asOf)
		known := slices.DeleteFunc(slices.Clone(events), func(e rules.Event) bool { return e.Time.After(asOf) })
		if _, got := assess(t, rs, known, asOf); got != want {
			t.Fatalf("as of %v\nall    %s\nknown  %s", asOf, want, got)
		}
	})
}

func TestNextDeadlineLiesAhead(t *testing.T) {
	rs := rulestest.Ruleset()
	rapid.Check(t, func(t *rapid.T) {
		events := rulestest.Order(t)
		asOf := rulestest.AsOf(t, rs, store, order, events)
		a, line := assess(t, rs, events, asOf)
		for _, c := range a.Cases {
			d := c.NextDeadline
			switch {
			case d == nil:
				if c.Status.Live() && c.Status != rules.StatusAppealed {
					t.Fatalf("%s waits for nothing: %s", c.Status, line)
				}
			case !c.Status.Live():
				t.Fatalf("%s still waits for %s: %s", c.Status, d.Kind, line)
			case d.Kind == rules.DeadlineReview || d.Kind == rules.DeadlinePayout:
				// The platform's own: overdue, and then a ticket.
			case d.At.Time().Before(asOf):
				t.Fatalf("%s has passed as of %v: %s", d.Kind, asOf, line)
			}
		}
	})
}

func TestWorkdayDeadlinesFallOnWorkdays(t *testing.T) {
	rs := rulestest.Ruleset()
	rapid.Check(t, func(t *rapid.T) {
		events := rulestest.Order(t)
		a, line := assess(t, rs, events, rulestest.AsOf(t, rs, store, order, events))
		endsWorkday := func(what string, at time.Time) {
			local := at.In(rs.Pack.Location())
			y, m, d := local.Date()
			if work, _ := rs.Calendar.Workday(y, m, d); !work || local.Format(time.TimeOnly) != "23:59:59" {
				t.Fatalf("%s at %v is no end of a workday: %s", what, local, line)
			}
		}
		for _, c := range a.Cases {
			endsWorkday("alert-by", c.AlertBy.Time())
			if d := c.NextDeadline; d != nil && d.Kind == rules.DeadlineReview {
				endsWorkday(d.Kind, d.At.Time())
			}
		}
	})
}
