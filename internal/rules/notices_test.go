package rules_test

import (
	"slices"
	"testing"
	"time"

	"parcelward/internal/demo"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// TestLateNewsIsStillTold: what is learnt more than 72 h late is told as long as its
// deadline lies ahead.
func TestLateNewsIsStillTold(t *testing.T) {
	t.Parallel()
	rs := timelineRules(t)
	// Thursday in Shanghai: the alert is due on Friday 23:59:59, confirm-by 72 h later.
	lost := time.Date(2026, 4, 2, 10, 0, 0, 0, time.UTC)
	confirmBy := time.Date(2026, 4, 6, 15, 59, 59, 0, time.UTC)
	learnt := lost.Add(74 * time.Hour)
	events := slices.DeleteFunc(timelineEvents(t, lost.Add(-20*timelineDay))["02-stalled-paid"], func(e rules.Event) bool {
		return e.Type != rules.TypeOrderCreated && e.Type != rules.TypeOrderPaid && e.Type != rules.TypeShipmentRecorded
	})
	number := ""
	for _, e := range events {
		if d, ok := e.Data.(*rules.ShipmentRecorded); ok {
			number = d.TrackingNumber
		}
	}
	events = append(events, rules.Event{
		Source: "test", ID: "lost", Type: rules.TypeTrackingUpdated, Store: demo.Store, Order: "x", Time: learnt,
		Data: &rules.TrackingUpdated{TrackingNumber: number, Rows: []rules.Row{{At: lost, Milestone: rules.Lost, Source: rules.FromCarrier}}},
	})
	facts := timelineFacts(events...)
	id := rules.CaseID{TrackingNumber: number, Kind: rules.KindLost, OpenedAt: lost}
	for _, c := range []struct {
		now  time.Time
		told bool
	}{
		{learnt, true},
		{confirmBy, true},
		{rules.MissedAt(confirmBy), false},
	} {
		plan := rules.PlanClaim(facts, rs, id, c.now)
		if got := plan.Case.ConfirmBy.Time(); !got.Equal(confirmBy) {
			t.Fatalf("at %s: confirm-by %s, expected %s", c.now, got, confirmBy)
		}
		if got := hasNotice(plan.Notices, "confirm"); got != c.told {
			t.Errorf("at %s: confirm told %t, expected %t: %+v", c.now, got, c.told, plan.Notices)
		}
	}
}

// TestOldNewsIsNotTold: a deadline that was missed more than 72 h ago escalates no more.
func TestOldNewsIsNotTold(t *testing.T) {
	t.Parallel()
	rs := timelineRules(t)
	origin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	events := slices.DeleteFunc(timelineEvents(t, origin)["05-late-number"], func(e rules.Event) bool {
		return e.Type != rules.TypeOrderCreated && e.Type != rules.TypeOrderPaid
	})
	facts := timelineFacts(events...)
	a, ok := rules.Assess(facts, rs, origin.Add(timelineDay))
	if !ok || len(a.Deadlines) == 0 {
		t.Fatalf("no deadline on the first day: %+v", a)
	}
	due := a.Deadlines[0].At.Time()
	key := "missed/" + a.Deadlines[0].Kind
	missed := rules.MissedAt(due)
	for _, c := range []struct {
		now  time.Time
		told bool
	}{
		{due, false},
		{missed, true},
		{missed.Add(72 * time.Hour), true},
		{missed.Add(72*time.Hour + time.Second), false},
	} {
		plan := rules.PlanOrder(facts, rs, c.now)
		if got := hasNotice(plan.Notices, key); got != c.told {
			t.Errorf("at %s: %s told %t, expected %t: %+v", c.now, key, got, c.told, plan.Notices)
		}
	}
}

// TestEndOfAClaim: how it ended is part of the key, and a payment needs no notice.
func TestEndOfAClaim(t *testing.T) {
	t.Parallel()
	rs := timelineRules(t)
	origin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	now := origin.Add(57 * timelineDay)
	events := timelineEvents(t, origin)["03-unconfirmed"]
	facts := timelineFacts(events...)
	a, _ := rules.Assess(facts, rs, now)
	if len(a.Cases) != 1 || a.Cases[0].Status != rules.StatusExpired {
		t.Fatalf("expected one expired case, got %+v", a.Cases)
	}
	id := a.Cases[0].ID()
	if got := rules.PlanClaim(facts, rs, id, now).Notices; len(got) != 1 || got[0].Key != "ended/"+string(rules.StatusExpired) {
		t.Errorf("expired: told %+v", got)
	}
	filed := id.OpenedAt.Add(timelineDay)
	add := func(t rules.EventType, data rules.Data) {
		facts.Add(rules.Event{Source: protocol.SourceOfStory("x"), ID: string(t), Type: t, Store: demo.Store, Order: "x", Time: data.At(), Data: data})
	}
	add(rules.TypeConfirmed, &rules.Confirmed{TrackingNumber: id.TrackingNumber, When: id.OpenedAt.Add(time.Hour), By: "li.na"})
	add(rules.TypeClaimFiled, &rules.ClaimFiled{TrackingNumber: id.TrackingNumber, When: filed, ClaimID: "C-1"})
	add(rules.TypeClaimPaid, &rules.ClaimFact{ClaimID: "C-1", When: filed.Add(timelineDay)})
	plan := rules.PlanClaim(facts, rs, id, now)
	if plan.Case.Status != rules.StatusPaid || len(plan.Notices) > 0 {
		t.Errorf("paid: %s, told %+v", plan.Case.Status, plan.Notices)
	}
}

func hasNotice(list []rules.Notice, key string) bool {
	return slices.ContainsFunc(list, func(n rules.Notice) bool { return n.Key == key })
}
