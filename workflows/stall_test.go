package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
)

// A parcel stalls after 30 days of silence (45 for bulky goods, 7 more after it left the
// origin). A movement at exactly that moment still prevents it, one a second later resumes
// the opened case.
func TestStall(t *testing.T) {
	t.Parallel()
	last := created.Add(32 * time.Hour)
	for _, tc := range []struct {
		name     string
		category rules.Category
		before   []rules.Event
		stalled  time.Time
	}{
		{"no movement since the recording", rules.Standard, nil, created.Add(20*time.Hour + 30*day)},
		{"pre-shipment notices move nothing", rules.Standard, []rules.Event{scan(last, rules.InfoReceived), scan(last, rules.Advisory)}, created.Add(20*time.Hour + 30*day)},
		{"30 d", rules.Standard, []rules.Event{scan(last, rules.PickedUp)}, last.Add(30 * day)},
		{"7 d more on the line-haul", rules.Standard, []rules.Event{scan(last, rules.DepartedOrigin)}, last.Add(37 * day)},
		{"45 d for bulky goods", rules.Bulky, []rules.Event{scan(last, rules.PickedUp)}, last.Add(45 * day)},
		{"45 d for made to order, 7 d more on the line-haul", rules.Custom, []rules.Event{scan(last, rules.DepartedOrigin)}, last.Add(52 * day)},
	} {
		for name, offset := range aroundDeadline {
			for _, by := range []string{"signal", "inbox", "carrier"} {
				if by == "carrier" && offset > 0 {
					continue // asked before
				}
				t.Run(tc.name+", movement at "+name+" by "+by, func(t *testing.T) {
					t.Parallel()
					start := last.Add(time.Hour)
					w := newWorld(t, start)
					at := tc.stalled.Add(offset)
					move := scan(at, rules.InTransit)
					switch by {
					case "signal":
						w.later(at, move)
					case "inbox":
						w.quietly(at, move)
					case "carrier":
						w.trace = move.Data.(*rules.TrackingUpdated).Rows
					}
					end := tc.stalled.Add(2 * time.Hour)
					w.later(end, cancelled(end))
					first := orderCreated("US", false)
					first.Data.(*rules.OrderCreated).Category = tc.category
					w.order(append([]rules.Event{first, paid(created), recorded(created.Add(20 * time.Hour))}, tc.before...)...)

					require.Equal(t, rules.EndCancelled, w.result().Reason)
					require.Equal(t, end.Sub(start), w.elapsed(start))
					if offset <= 0 {
						require.Empty(t, w.assessment(end).Cases)
						require.Empty(t, w.told())
						require.Equal(t, rules.StageInTransit, w.assessment(end.Add(-time.Second)).Stage)
						require.Equal(t, by == "carrier", w.asked("poll") == 1 && w.asked("record") == 1)
						return
					}
					require.Equal(t, rules.StatusOpen, w.status(tc.stalled))
					require.Equal(t, 1, w.asked("poll"), "once, before the case")
					require.Equal(t, rules.StatusResumed, w.status(end))
					require.Equal(t, stamp(tc.stalled), w.assessment(end).Cases[0].OpenedAt)
					opened := tc.stalled.Sub(created)
					require.Equal(t, opened.String()+" confirm", w.told()[0])
					require.Contains(t, w.told()[1], ended(rules.StatusResumed))
				})
			}
		}
	}
}

// A parcel that moved, was silent and moved again stalls again: a second case with an ID of
// its own, after asking the carrier again.
func TestParcelStallsTwice(t *testing.T) {
	t.Parallel()
	first := created.Add(30 * day)
	moved := first.Add(time.Hour)
	second := moved.Add(30 * day)
	w := newWorld(t, created.Add(day))
	w.later(moved, scan(moved, rules.InTransit))
	end := second.Add(time.Hour)
	w.later(end, cancelled(end))
	var claims []string
	w.onChild(func(id string) { claims = append(claims, id) })
	w.order(orderCreated("US", false), paid(created), recorded(created))

	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, []string{
		"claim/cn-1001/8190001/LP00123456789012/stall/20260401T020000Z",
		"claim/cn-1001/8190001/LP00123456789012/stall/20260501T030000Z",
	}, claims)
	require.Equal(t, 2, w.asked("poll"))
	cases := w.assessment(end).Cases
	require.Len(t, cases, 2)
	require.Equal(t, rules.StatusResumed, cases[0].Status)
	require.Equal(t, rules.StatusClosed, cases[1].Status)
}

// Every other kind of case opens at its event, without asking the carrier.
func TestCasesOfEvents(t *testing.T) {
	t.Parallel()
	at := created.Add(10 * day)
	signed := scan(at, rules.Delivered)
	signed.Data.(*rules.TrackingUpdated).Rows[0].SignedBy = "A stranger"
	for _, tc := range []struct {
		name  string
		event rules.Event
		kind  rules.CaseKind
	}{
		{"lost", scan(at, rules.Lost), rules.KindLost},
		{"signed by a stranger", signed, rules.KindSignature},
		{"not received", event(rules.TypeDisputeOpened, at, &rules.Dispute{When: at, Kind: rules.DisputeNotReceived, DisputeID: "d1"}), rules.KindNotReceived},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created.Add(day))
			var claims []string
			w.onChild(func(id string) { claims = append(claims, id) })
			w.later(at, tc.event)
			end := at.Add(time.Hour)
			w.later(end, received(end))
			w.order(orderCreated("US", false), paid(created), recorded(created))
			require.Equal(t, rules.EndCancelled, w.result().Reason)
			claim := "claim/cn-1001/8190001/LP00123456789012/" + string(tc.kind) + "/20260312T020000Z"
			require.Equal(t, []string{claim}, slices.DeleteFunc(claims, func(id string) bool { return strings.HasPrefix(id, "dispute/") }))
			require.Equal(t, rules.StatusOpen, w.status(at))
			require.Equal(t, rules.StatusClosed, w.status(end))
			require.Zero(t, w.asked("poll"))
			require.Equal(t, []string{"240h0m0s confirm", "241h0m0s" + ended(rules.StatusClosed)}, w.toldBy(claim))
			require.Equal(t, end.Sub(created.Add(day)), w.elapsed(created.Add(day)), "the claim ends with its order")
		})
	}
}
