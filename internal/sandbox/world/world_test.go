package world_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/world"
)

const (
	number = "LP00123456789012"
	also   = "RR123456785ES"
)

func row(at time.Time, m rules.Milestone) rules.Row {
	return rules.Row{At: at, Milestone: m, Source: rules.FromCarrier}
}

func milestones(p world.Parcel) []rules.Milestone {
	ms := make([]rules.Milestone, len(p.Rows))
	for i, r := range p.Rows {
		ms[i] = r.Milestone
	}
	return ms
}

// Time stands still in these tests until every goroutine waits.

func TestParcelHasTheRowsUpToNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		origin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
		w := world.New(protocol.Clock{Origin: origin, Start: time.Now(), Speed: 3600})
		w.Add(world.Parcel{Number: " lp0012345678-9012", Also: "rr 123456785 es", Carrier: "CAINIAO", Country: "ES", Rows: []rules.Row{
			row(origin.Add(3*time.Hour), rules.Delivered),
			row(origin, rules.PickedUp),
			row(origin.Add(time.Hour), rules.InTransit),
		}})
		for name, asked := range map[string]string{"its number": number, "the last mile's": also, "as people write it": "lp00 1234 5678 9012"} {
			p, ok := w.Parcel(asked)
			require.True(t, ok, name)
			require.Equal(t, number, p.Number, name)
			require.Equal(t, also, p.Also, name)
			require.Equal(t, []rules.Milestone{rules.PickedUp}, milestones(p), name)
			p.Rows[0].Milestone = rules.Lost // a copy
		}
		for _, asked := range []string{"", "LP00123456789013"} {
			p, ok := w.Parcel(asked)
			require.False(t, ok, asked)
			require.Empty(t, p)
		}

		time.Sleep(time.Second - time.Nanosecond)
		p, _ := w.Parcel(number)
		require.Len(t, p.Rows, 1, "a moment before the second row")
		time.Sleep(time.Nanosecond)
		p, _ = w.Parcel(number)
		require.Equal(t, []rules.Milestone{rules.PickedUp, rules.InTransit}, milestones(p))
		require.Equal(t, origin.Add(time.Hour), w.Now())
		time.Sleep(time.Hour)
		p, _ = w.Parcel(also)
		require.Equal(t, []rules.Milestone{rules.PickedUp, rules.InTransit, rules.Delivered}, milestones(p))
	})
}

func TestAddToAKnownParcel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := world.New(protocol.Clock{})
		now := w.Now()
		w.Add(world.Parcel{Number: number, Also: also, Carrier: "CAINIAO", Country: "ES", Rows: []rules.Row{row(now, rules.InTransit)}})
		w.Add(world.Parcel{Number: number, Rows: []rules.Row{row(now, rules.OutForDelivery), row(now.Add(-time.Hour), rules.PickedUp)}})
		p, ok := w.Parcel(also)
		require.True(t, ok)
		require.Equal(t, []rules.Milestone{rules.PickedUp, rules.InTransit, rules.OutForDelivery}, milestones(p))
		require.Equal(t, "CAINIAO ES", p.Carrier+" "+p.Country)
	})
}

func TestFollow(t *testing.T) {
	t.Parallel()
	for name, asked := range map[string]string{"its number": number, "the last mile's": also} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := world.New(protocol.Clock{})
				start := w.Now()
				type sight struct {
					after time.Duration
					rows  int
				}
				var seen []sight
				ctx, cancel := context.WithCancel(t.Context())
				ended := false
				go func() {
					w.Follow(ctx, asked, func(p world.Parcel) {
						seen = append(seen, sight{w.Now().Sub(start).Truncate(time.Second), len(p.Rows)})
					})
					ended = true
				}()
				synctest.Wait()
				require.Empty(t, seen, "a number that nobody knows yet")

				w.Add(world.Parcel{Number: number, Also: also, Rows: []rules.Row{
					row(start.Add(-time.Hour), rules.PickedUp),
					row(start.Add(-time.Minute), rules.InTransit),
					row(start.Add(time.Hour), rules.OutForDelivery),
					row(start.Add(2*time.Hour), rules.DeliveryFailed),
					row(start.Add(2*time.Hour), rules.Delivered),
				}})
				synctest.Wait()
				require.Equal(t, []sight{{0, 2}}, seen, "what has happened, at once")
				w.Add(world.Parcel{Number: "LP00123456789013", Rows: []rules.Row{row(start, rules.Lost)}})
				time.Sleep(90 * time.Minute)
				synctest.Wait()
				require.Equal(t, []sight{{0, 2}, {time.Hour, 3}}, seen, "nothing of another parcel")
				w.Add(world.Parcel{Number: number, Rows: []rules.Row{row(w.Now(), rules.Advisory)}})
				time.Sleep(time.Hour)
				synctest.Wait()
				require.Equal(t, []sight{{0, 2}, {time.Hour, 3}, {90 * time.Minute, 4}, {2 * time.Hour, 6}}, seen)

				require.False(t, ended)
				cancel()
				synctest.Wait()
				require.True(t, ended)
				w.Add(world.Parcel{Number: number, Rows: []rules.Row{row(w.Now(), rules.Returned)}})
				synctest.Wait()
				require.Len(t, seen, 4)
			})
		})
	}
}
