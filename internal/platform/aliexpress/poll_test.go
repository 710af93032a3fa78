package aliexpress_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	twin "parcelward/internal/sandbox/aliexpress"
)

// fill adds n orders, changed a minute apart up to a moment.
func fill(t *testing.T, b *bench, n int, last time.Time) {
	t.Helper()
	for i := range n {
		o := order(t, strconv.Itoa(8190000+i), last.Add(-100*day))
		o.Created = o.Created.Add(time.Duration(i) * time.Second)
		o.Modified = last.Add(time.Duration(i-n) * time.Minute)
		b.twin.Add(o)
	}
}

func ids(found []aliexpress.Summary) map[string]bool {
	out := map[string]bool{}
	for _, s := range found {
		out[s.ID] = true
	}
	return out
}

func TestPollWalksAllPagesAndFinishedOrders(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	now := b.world.Now().Truncate(time.Second)
	fill(t, b, 130, now)
	b.twin.Change("8190007", func(o *twin.Order) { o.Status, o.EndReason = "FINISH", "buyer_accept_goods" })
	old := order(t, "8200000", now.Add(-200*day))
	old.Modified = now.Add(-150 * day)
	finished := order(t, "8200001", now.Add(-200*day))
	finished.Modified, finished.Status = now.Add(-40*day), "FINISH"
	b.twin.Add(old, finished)

	found, err := b.Poll(t.Context(), store, now.Add(-day), now.Add(time.Minute))
	require.NoError(t, err)
	require.Len(t, found, 130)
	for i := 1; i < len(found); i++ {
		require.False(t, found[i].Updated.Before(found[i-1].Updated), "least recently changed first")
	}
	// A window wider than one query may be is cut.
	found, err = b.Poll(t.Context(), store, now.Add(-190*day), now.Add(time.Minute))
	require.NoError(t, err)
	require.Len(t, found, 132)
	found, err = b.Poll(t.Context(), store, now.Add(-190*day), now.Add(-30*day))
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"8200000": true, "8200001": true}, ids(found))
	found, err = b.Poll(t.Context(), store, now, now)
	require.NoError(t, err)
	require.Empty(t, found)
}

// Orders leave the window while it is read: nothing that stays in it is lost, however they go.
func TestPollLosesNothingWhenPagesShift(t *testing.T) {
	t.Parallel()
	for _, leaving := range []int{0, 49, 50, 51, 99, 100, 129} {
		t.Run(fmt.Sprint(leaving), func(t *testing.T) {
			t.Parallel()
			var b *bench
			left := map[string]bool{}
			b = start(t, twin.Options{OnPage: func(int) {
				// Before each page, one more order changes, and so leaves the window.
				if n := leaving - len(left)*3; n >= 0 {
					id := strconv.Itoa(8190000 + n)
					left[id] = true
					b.twin.Change(id, func(o *twin.Order) { o.Modified = b.world.Now().Add(time.Hour) })
				}
			}})
			now := b.world.Now().Truncate(time.Second)
			fill(t, b, 130, now)
			found, err := b.Poll(t.Context(), store, now.Add(-day), now)
			require.NoError(t, err)
			got := ids(found)
			for i := range 130 {
				if id := strconv.Itoa(8190000 + i); !left[id] {
					require.True(t, got[id], "order %s is lost", id)
				}
			}
		})
	}
}

// One order leaves at the front while another joins at the end, so that the total does not tell.
func TestPollLosesNothingWhenTheTotalHides(t *testing.T) {
	t.Parallel()
	var b *bench
	var now time.Time
	moves := 0
	b = start(t, twin.Options{OnPage: func(page int) {
		if moves++; moves > 8 || page == 3 {
			return
		}
		b.twin.Change(strconv.Itoa(8190000+130-moves), func(o *twin.Order) { o.Modified = now.Add(time.Hour) }) // the newest stands first
		late := order(t, strconv.Itoa(8100000+moves), now.Add(-150*day))
		late.Modified = now.Add(-time.Hour)
		b.twin.Add(late)
	}})
	now = b.world.Now().Truncate(time.Second)
	fill(t, b, 130, now)
	found, err := b.Poll(t.Context(), store, now.Add(-day), now)
	require.NoError(t, err)
	got := ids(found)
	for i := range 130 - 8 {
		require.True(t, got[strconv.Itoa(8190000+i)], "order %d is lost", 8190000+i)
	}
}

// Orders join the window late, as replicas do: the list is read again.
func TestPollReadsAgainWhenTheListGrows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		joining int
		fails   bool
	}{"for a while": {3, false}, "without end": {1000, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b *bench
			joined := 0
			var now time.Time
			b = start(t, twin.Options{OnPage: func(page int) {
				if page > 1 && joined < c.joining {
					o := order(t, strconv.Itoa(8300000+joined), now.Add(-day))
					o.Created, o.Modified = now.Add(-time.Hour), now.Add(-time.Hour)
					joined++
					b.twin.Add(o)
				}
			}})
			now = b.world.Now().Truncate(time.Second)
			fill(t, b, 130, now)
			found, err := b.Poll(t.Context(), store, now.Add(-day), now)
			if c.fails {
				var again *port.UnavailableError
				require.ErrorAs(t, err, &again)
				return
			}
			require.NoError(t, err)
			require.Len(t, found, 133)
		})
	}
}

// A window's end may lie in the hour that the wall clock shows twice.
func TestPollAcrossTheEndOfSummerTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	b := startAt(t, protocol.Clock{Origin: now, Start: time.Now(), Speed: 1e-6}, twin.Options{})
	for i := range 8 {
		o := order(t, strconv.Itoa(1+i), now.Add(-day))
		o.Modified = time.Date(2026, 11, 1, 7, 15, 0, 0, time.UTC).Add(time.Duration(i) * 30 * time.Minute)
		b.twin.Add(o)
	}
	for i := range 8 {
		at := time.Date(2026, 11, 1, 7, 15, 0, 0, time.UTC).Add(time.Duration(i) * 30 * time.Minute)
		found, err := b.Poll(t.Context(), store, at.Add(-20*time.Minute), at.Add(20*time.Minute))
		require.NoError(t, err)
		require.True(t, ids(found)[strconv.Itoa(1+i)], at.String())
	}
}

// Half an answer is none: taken at its word, the orders that it leaves out would be lost, for the
// next window begins behind them.
func TestPollOfHalfAList(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]string{
		"no total":  `{"success":true,"target_list":{"order_dto":[{"order_id":1,"gmt_update":"2026-03-02 01:00:00"}]}}`,
		"no orders": `{"success":true,"total_count":120}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, twin.Options{})
			half := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, `{"aliexpress_solution_order_get_response":{"result":%s}}`, result)
			}))
			t.Cleanup(half.Close)
			c, err := aliexpress.New(aliexpress.Options{BaseURL: half.URL, AppKey: appKey, AppSecret: appSecret, Tokens: b.tokens, Now: b.world.Now})
			require.NoError(t, err)
			now := b.world.Now()
			_, err = c.Poll(t.Context(), store, now.Add(-day), now)
			var again *port.UnavailableError
			require.ErrorAs(t, err, &again)
		})
	}
}
