package statement

import (
	"context"
	"fmt"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

// Stores judges stores' health.
type Stores struct {
	Books port.Books
	Facts port.StoreFacts
	Book  *policy.Book
	For   func(f *rules.Facts, pinned string) (rules.Ruleset, error)
}

var _ port.Stores = (*Stores)(nil)

func (s *Stores) ruleset(now time.Time) rules.Ruleset {
	return rules.Ruleset{Pack: s.Book.InForce(platform, now)}
}

// SetScores implements [port.Stores].
func (s *Stores) SetScores(ctx context.Context, store string, w rules.Week, scores rules.HealthScores, by string) error {
	return s.Facts.SetScores(ctx, store, w, scores, by)
}

// Week implements [port.Stores].
func (s *Stores) Week(ctx context.Context, store string, w rules.Week, now time.Time) (rules.Health, error) {
	rs := s.ruleset(now)
	sight, err := s.sight(ctx, rs, store, w, now)
	if err != nil {
		return rules.Health{}, fmt.Errorf("health of store %s in %s: %w", store, w, err)
	}
	return rs.Health(sight), nil
}

func (s *Stores) sight(ctx context.Context, rs rules.Ruleset, store string, w rules.Week, now time.Time) (rules.HealthSight, error) {
	var sight rules.HealthSight
	weeks, disputesFrom, until := rs.HealthSpan(w)
	loc := rs.Pack.Location()
	place := map[string]*rules.WeekCount{}
	sight.Weeks = make([]rules.WeekCount, len(weeks))
	for i, week := range weeks {
		sight.Weeks[i].Week = week
		place[week.String()] = &sight.Weeks[i]
	}
	from, _ := weeks[0].Bounds(loc)
	_, err := s.Books.EachOrder(ctx, store, from, until, func(o port.OrderBooks) error {
		mine, err := s.For(o.Facts, o.Policy)
		if err != nil || mine.Pack == nil {
			return err
		}
		created, mismatched, ok := rules.Mismatched(o.Facts, mine, now)
		if count := place[rules.WeekOf(created, loc).String()]; ok && count != nil {
			count.Orders++
			if mismatched {
				count.Mismatched++
			}
		}
		return nil
	})
	if err != nil {
		return sight, err
	}
	if sight.Disputes, err = s.opened(ctx, store, loc, disputesFrom, until, now, place); err != nil {
		return sight, err
	}
	if sight.Orders, err = s.Facts.CountOrders(ctx, store, disputesFrom, until); err != nil {
		return sight, err
	}
	if sight.Scores, err = s.Facts.Scores(ctx, store, w); err != nil {
		return sight, err
	}
	sight.Before, err = s.Facts.Scores(ctx, store, w.Add(-1))
	return sight, err
}

// retold is how long after its opening a complaint or dispute may be told of once more, by another
// source, without counting as another: longer than any is open.
const retold = 90 * 24 * time.Hour

// opened counts the complaints of each week, and returns the disputes of the window.
func (s *Stores) opened(ctx context.Context, store string, loc *time.Location, from, until, now time.Time, place map[string]*rules.WeekCount) (int, error) {
	first := from
	for _, count := range place {
		if start, _ := count.Week.Bounds(loc); start.Before(first) {
			first = start
		}
	}
	events, err := s.Facts.Opened(ctx, store, first.Add(-retold), now)
	if err != nil {
		return 0, err
	}
	disputes := 0
	seen := map[[2]string]bool{}
	for i := range events {
		e := &events[i]
		id, at, ok := rules.OpenedAt(e)
		key := [2]string{string(e.Type), id}
		if !ok || at.After(now) || seen[key] {
			continue
		}
		seen[key] = true
		if count := place[rules.WeekOf(at, loc).String()]; count != nil && e.Type == rules.TypeComplaintOpened {
			count.Complaints++
		}
		if e.Type == rules.TypeDisputeOpened && !at.Before(from) && at.Before(until) {
			disputes++
		}
	}
	return disputes, nil
}

// Health implements [port.Stores]. The positive rate is that of the week, or of the one before:
// an older one says too little of the last 90 days.
func (s *Stores) Health(ctx context.Context, store string, at time.Time) (rules.StoreHealth, error) {
	rs := s.ruleset(at)
	loc := rs.Pack.Location()
	week := rules.WeekOf(at, loc)
	var h rules.StoreHealth
	scores, err := s.Facts.Scores(ctx, store, week)
	if err == nil && scores.PositiveRatePercent == nil {
		var before rules.HealthScores
		before, err = s.Facts.Scores(ctx, store, week.Add(-1))
		scores.PositiveRatePercent = before.PositiveRatePercent
	}
	if err != nil {
		return h, err
	}
	h.PositiveRatePercent, h.Programmes = scores.PositiveRatePercent, scores.Programmes
	from := at.Add(-rs.Pack.Health.DisputeRateWindow.Value.Std())
	disputes, err := s.opened(ctx, store, loc, from, at, at, nil)
	if err != nil {
		return h, err
	}
	orders, err := s.Facts.CountOrders(ctx, store, from, at)
	h.DisputeRatePercent = rules.Percent(disputes, orders)
	return h, err
}
