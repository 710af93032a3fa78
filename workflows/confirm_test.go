package workflows_test

import (
	"cmp"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// The case of most tests: picked up, then 30 days of silence. The alert is due on Friday
// 3 April 2026 (Qingming's days off begin on the 4th), so that confirm-by is the 6th.
var (
	pickedUp  = created.Add(32 * time.Hour)
	opened    = pickedUp.Add(30 * day)                          // Thursday 2 April 18:00 in Shanghai
	confirmBy = time.Date(2026, 4, 6, 15, 59, 59, 0, time.UTC)  // 3 April 23:59:59 + 72 h
	fileBy    = time.Date(2026, 4, 17, 15, 59, 59, 0, time.UTC) // day 45
	stall     = rules.CaseID{TrackingNumber: parcel, Kind: rules.KindStall, OpenedAt: opened}
)

// stalled are the facts of that case.
func stalled(more ...rules.Event) []rules.Event {
	return append([]rules.Event{orderCreated("US", false), paid(created), recorded(created.Add(time.Hour)), scan(pickedUp, rules.PickedUp)}, more...)
}

func confirmation(at *time.Time) protocol.Confirmation {
	return protocol.Confirmation{TrackingNumber: parcel, By: "wang.li", At: at}
}

// Confirm-by at -1 s, 0 and +1 s, by every way in which a confirmation can come, each in time
// or as late as it may come to the claim.
func TestConfirmBy(t *testing.T) {
	t.Parallel()
	alert := opened.Add(2 * time.Hour)
	for _, tc := range []struct {
		name   string
		facts  []rules.Event
		before time.Time
	}{
		{"no alert came", nil, confirmBy},
		{"alerted", []rules.Event{alerted(alert)}, alert.Add(72 * time.Hour)},
		{"alerted twice, the first counts", []rules.Event{alerted(alert), alerted(alert.Add(time.Hour))}, alert.Add(72 * time.Hour)},
	} {
		for name, offset := range aroundDeadline {
			at := tc.before.Add(offset)
			for way, confirm := range map[string]func(w *world){
				"event":             func(w *world) { w.later(at, confirmed(at)) },
				"in the inbox only": func(w *world) { w.quietly(at, confirmed(at)) },
				"signal": func(w *world) {
					w.at(at, func() { w.env.SignalWorkflow(protocol.SignalConfirm, confirmation(&at)) })
				},
				"signal heard after an outage": func(w *world) {
					w.inboxDown(tc.before.Add(-2*time.Second), tc.before.Add(5*time.Hour))
					w.at(tc.before.Add(3*time.Hour), func() { w.env.SignalWorkflow(protocol.SignalConfirm, confirmation(&at)) })
				},
				"in the inbox, its signal after the timer": func(w *world) {
					w.quietly(at, confirmed(at))
					w.at(tc.before.Add(time.Minute), w.ring)
				},
			} {
				t.Run(tc.name+", "+way+" at "+name, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, opened)
					confirm(w)
					end := tc.before.Add(8 * time.Hour)
					w.later(end, received(end))
					w.claim(stall, stalled(tc.facts...)...)
					r := w.claimResult()
					require.Equal(t, stamp(tc.before), w.assessment(end).Cases[0].ConfirmBy)
					if offset > 0 {
						require.Equal(t, rules.StatusExpired, r.Status)
						require.Zero(t, w.asked("gather"))
						return
					}
					require.Equal(t, rules.StatusClosed, r.Status, "by the order's end, not by expiry")
					require.Equal(t, rules.StatusConfirmed, w.status(end.Add(-time.Second)))
					require.Equal(t, end.Sub(opened), w.elapsed(opened))
					require.Equal(t, 1, w.asked("gather"))
					require.Equal(t, 1, w.asked("file"))
				})
			}
		}
	}
}

// An unconfirmed case expires one second after confirm-by, after the reminders of 24, 48 and
// 66 h, the manager's from 48 h on. Each wake-up reads the inbox once.
func TestUnconfirmedCaseExpires(t *testing.T) {
	t.Parallel()
	alert := opened.Add(2 * time.Hour)
	for _, tc := range []struct {
		name  string
		facts []rules.Event
		from  time.Time
		loads int
	}{
		{"no alert came", nil, confirmBy.Add(-72 * time.Hour), 4},
		{"alerted", []rules.Event{alerted(alert)}, alert, 5}, // at the alert too, which lies ahead of the start
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, opened)
			w.claim(stall, stalled(tc.facts...)...)
			r := w.claimResult()
			require.Equal(t, protocol.ClaimResult{Status: rules.StatusExpired, At: r.At}, r)
			expired := tc.from.Add(72*time.Hour + time.Second)
			require.Equal(t, expired, r.At)
			require.Equal(t, expired.Sub(opened), w.elapsed(opened))
			since := func(d time.Duration) string { return tc.from.Add(d).Sub(created).String() }
			require.Equal(t, []string{
				opened.Sub(created).String() + " confirm",
				since(24*time.Hour) + " remind/confirm-by/24h",
				since(48*time.Hour) + " remind/confirm-by/48h +manager",
				since(66*time.Hour) + " remind/confirm-by/66h +manager",
				since(72*time.Hour+time.Second) + ended(rules.StatusExpired),
			}, w.told())
			require.Equal(t, map[string]int{"load": tc.loads, "notify": 5}, w.calls)
		})
	}
}

// Without a time of its own a confirmation counts as in time while the expiry was not carried
// out: here the inbox, which must be read first, cannot be.
func TestConfirmationWithoutTime(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		at     time.Time // of the signal
		down   time.Duration
		status rules.CaseStatus
		when   time.Time
	}{
		{"in time", confirmBy.Add(-time.Hour), 0, rules.StatusConfirmed, confirmBy.Add(-time.Hour)},
		{"at the deadline", confirmBy, 0, rules.StatusConfirmed, confirmBy},
		{"late, the expiry not carried out", confirmBy.Add(2 * time.Hour), 5 * time.Hour, rules.StatusConfirmed, confirmBy},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, opened)
			w.inboxDown(confirmBy.Add(time.Second), confirmBy.Add(tc.down))
			w.at(tc.at, func() { w.env.SignalWorkflow(protocol.SignalConfirm, confirmation(nil)) })
			end := confirmBy.Add(10 * time.Hour)
			w.later(end, received(end))
			w.claim(stall, stalled()...)
			w.claimResult()
			require.Equal(t, tc.status, w.status(end.Add(-time.Second)))
			require.Equal(t, 1, w.asked("file"))
			var times []time.Time
			for _, raw := range w.inbox {
				f, err := protocol.DecodeFact(raw)
				require.NoError(t, err)
				if c, ok := f.Data.(*rules.Confirmed); ok {
					times = append(times, c.When.UTC())
				}
			}
			require.Equal(t, []time.Time{tc.when}, times)
		})
	}
}

// The update is answered: with the cases confirmed, or with the reason for a no.
func TestConfirmUpdate(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration) *time.Time { at := confirmBy.Add(d); return &at }
	other := protocol.Confirmation{TrackingNumber: "LP0", By: "wang.li"}
	nobody := protocol.Confirmation{TrackingNumber: parcel}
	kind := protocol.Confirmation{TrackingNumber: "lp-0012 3456789012", Kind: rules.KindLost, By: "wang.li"}
	wrong := protocol.Confirmation{TrackingNumber: parcel, Kind: "late", By: "wang.li"}
	for _, tc := range []struct {
		name   string
		c      protocol.Confirmation
		at     time.Time // of the update
		refuse string    // type of the error; "rejected": by the validator
	}{
		{"in time", confirmation(nil), confirmBy.Add(-time.Second), ""},
		{"at the deadline", confirmation(nil), confirmBy, ""},
		{"in time, told later", confirmation(in(0)), confirmBy.Add(time.Hour), ""},
		{"in time, told days later", confirmation(in(-time.Second)), confirmBy.Add(5 * day), ""},
		{"late, after the expiry", confirmation(nil), confirmBy.Add(time.Hour), protocol.ErrTooLate},
		{"1 s late", confirmation(in(time.Second)), confirmBy.Add(time.Hour), protocol.ErrTooLate},
		{"before the case", confirmation(in(-10 * day)), confirmBy.Add(-time.Hour), protocol.ErrNoCase},
		{"of another kind", kind, confirmBy.Add(-time.Hour), protocol.ErrNoCase},
		{"of another parcel", other, confirmBy.Add(-time.Hour), protocol.ErrNoCase},
		{"in the future", confirmation(in(0)), confirmBy.Add(-time.Hour), protocol.ErrBadInput},
		{"by nobody", nobody, confirmBy.Add(-time.Hour), "rejected"},
		{"of an unknown kind", wrong, confirmBy.Add(-time.Hour), "rejected"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			start := pickedUp.Add(time.Hour)
			w := newWorld(t, start)
			u := w.update(tc.at, tc.c)
			end := confirmBy.Add(6 * day)
			w.later(end, received(end))
			w.order(stalled()...)
			w.result()
			require.Equal(t, end.Sub(start), w.elapsed(start))
			if tc.refuse == "rejected" {
				require.Error(t, u.rejected)
				require.False(t, u.accepted)
			} else {
				require.True(t, u.accepted)
			}
			if tc.refuse == "" {
				require.NoError(t, u.err)
				require.Equal(t, []rules.CaseID{stall}, u.result.Confirmed)
				require.Equal(t, rules.StatusConfirmed, w.status(end.Add(-time.Second)))
				require.Equal(t, 1, w.asked("file"), "the claim goes on, started anew where it had ended")
				return
			}
			require.Equal(t, tc.refuse, cmp.Or(errorType(u.err), "rejected"))
			require.Equal(t, rules.StatusExpired, w.status(end))
			require.Zero(t, w.asked("file"))
		})
	}
}

// inboxDown lets nobody read the inbox between two moments. The refusal ends the activity at
// once, since the test environment repeats local activities in real time; the story tries
// again.
func (w *world) inboxDown(from, to time.Time) {
	w.during["load"] = func(int) error {
		if now := w.env.Now(); !now.Before(from) && now.Before(to) {
			return port.ErrRefused
		}
		return nil
	}
}

func errorType(err error) string {
	var failed interface{ Type() string }
	if errors.As(err, &failed) {
		return failed.Type()
	}
	return ""
}

// A refused update has read the inbox: what it learnt there takes effect, and the dispatcher
// is not told that the order knows it.
func TestRefusedUpdateSwallowsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, afterPickUp)
	var claims []string
	w.onChild(func(id string) { claims = append(claims, id) })
	at := created.Add(10 * day)
	w.quietly(at, scan(at, rules.Lost))
	learnt := at.Add(time.Hour)
	u := w.update(learnt, protocol.Confirmation{TrackingNumber: "LP0", By: "wang.li"})
	w.at(learnt.Add(time.Minute), func() {
		require.Equal(t, []string{"claim/cn-1001/8190001/LP00123456789012/lost/20260312T020000Z"}, claims)
		require.Len(t, w.queries, 1)
		require.False(t, w.queries[0].ForOrder)
		require.Less(t, w.handed, len(w.inbox))
	})
	end := at.Add(day)
	w.later(end, received(end))
	w.order(stalled()...)
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, protocol.ErrNoCase, errorType(u.err))
	require.Len(t, claims, 1)
	require.Equal(t, since(learnt)+" confirm", w.told()[0])
}

// A claim whose expiry is not carried out says nothing of another parcel with the same
// confirm-by: a late confirmation of that one, without a time, is kept without effect.
func TestConfirmationOfAnotherParcelIsLate(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		number string
		want   rules.CaseStatus
		kept   int
	}{
		"its own parcel": {parcel, rules.StatusConfirmed, 0},
		"another parcel": {"LP2", rules.StatusExpired, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, opened)
			w.inboxDown(confirmBy.Add(time.Second), confirmBy.Add(5*time.Hour))
			c := confirmation(nil)
			c.TrackingNumber = tc.number
			w.at(confirmBy.Add(2*time.Hour), func() { w.env.SignalWorkflow(protocol.SignalConfirm, c) })
			end := confirmBy.Add(10 * time.Hour)
			w.later(end, received(end))
			second, picked := recorded(created.Add(time.Hour)), scan(pickedUp, rules.PickedUp)
			second.Data.(*rules.ShipmentRecorded).TrackingNumber = "LP2"
			picked.Data.(*rules.TrackingUpdated).TrackingNumber = "LP2"
			w.claim(stall, stalled(second, picked)...)
			w.claimResult()
			cases := w.assessment(end.Add(-time.Second)).Cases
			require.Len(t, cases, 2)
			for _, c := range cases {
				require.Equal(t, stamp(confirmBy), c.ConfirmBy)
				want := rules.StatusExpired
				if c.TrackingNumber == parcel {
					want = tc.want
				}
				require.Equal(t, want, c.Status, c.TrackingNumber)
			}
			require.Len(t, w.kept(), tc.kept)
		})
	}
}
