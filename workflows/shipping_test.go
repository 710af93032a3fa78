package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
)

// Both shipping deadlines, at -1 s, 0 and +1 s: the state, the flag, the reminders 24 h and
// 6 h before, the escalation, and how often the inbox was read.
func TestShippingDeadlines(t *testing.T) {
	t.Parallel()
	paidAt := created.Add(time.Hour)
	type deadline struct {
		name, kind string
		free       bool
		due        time.Time
		before     []rules.Event // known at the start
		act        func(time.Time) rules.Event
		reminders  []string
		missed     string
		flag       string
	}
	for _, d := range []deadline{
		{
			name: "number recorded", kind: rules.DeadlineTrackingNumber, due: created.Add(72 * time.Hour), act: recorded,
			reminders: []string{"48h0m0s remind/tracking-number-due/24h", "66h0m0s remind/tracking-number-due/6h"},
			missed:    "72h0m1s missed/tracking-number-due +manager", flag: rules.FlagLateNumber,
		},
		{
			name: "first movement", kind: rules.DeadlineOnline, free: true, due: paidAt.Add(72 * time.Hour), before: []rules.Event{recorded(paidAt)},
			act:       func(at time.Time) rules.Event { return scan(at, rules.PickedUp) },
			reminders: []string{"49h0m0s remind/online-due/24h", "67h0m0s remind/online-due/6h"},
			missed:    "73h0m1s missed/online-due +manager", flag: rules.FlagFreightRisk,
		},
	} {
		for offset, span := range aroundDeadline {
			for _, bell := range []bool{true, false} {
				name := d.name + " at " + offset + map[bool]string{true: ", signalled", false: ", in the inbox only"}[bell]
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, paidAt)
					at, end := d.due.Add(span), d.due.Add(time.Hour)
					if bell {
						w.later(at, d.act(at))
					} else {
						w.quietly(at, d.act(at))
					}
					w.later(end, cancelled(end))
					w.order(append([]rules.Event{orderCreated("US", d.free), paid(paidAt)}, d.before...)...)

					require.Equal(t, rules.EndCancelled, w.result().Reason)
					require.Equal(t, end.Sub(paidAt), w.elapsed(paidAt))
					a := w.assessment(end)
					state, told := rules.Met, d.reminders
					if span > 0 {
						state, told = rules.Missed, append(d.reminders[:2:2], d.missed)
					}
					require.Contains(t, a.Deadlines, rules.Deadline{Kind: d.kind, At: stamp(d.due), State: state})
					require.Equal(t, span > 0, contains(a.Flags, d.flag))
					require.Equal(t, told, w.told())
					require.Equal(t, 3, w.asked("load"), "at either reminder and when the deadline has passed")
					require.Zero(t, w.asked("poll"))
				})
			}
		}
	}
}

// Warnings that come too late after the label is made are told at once, and only then.
func TestWarningsBeforeShipping(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, country, service string
		want                   []string
	}{
		{"all is well", "US", "CAINIAO_STANDARD", nil},
		{"tax ID", "BR", "CAINIAO_STANDARD", []string{"0s before-shipping/missing-tax-id"}},
		{"not certified", "US", "OWN_CARRIER", []string{"0s before-shipping/uncertified-service"}},
		{"economy line", "US", "CAINIAO_SUPER_ECONOMY", []string{"0s before-shipping/trace-alert-off"}},
		{"papers for the EU", "PL", "CAINIAO_STANDARD", []string{"0s before-shipping/compliance-papers"}},
	} {
		for _, shipped := range []bool{false, true} {
			t.Run(tc.name+map[bool]string{true: ", shipped", false: ", not shipped"}[shipped], func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, created)
				opened := orderCreated(tc.country, false)
				opened.Data.(*rules.OrderCreated).ServiceCode = tc.service
				facts := []rules.Event{opened, paid(created)}
				if shipped {
					r := recorded(created)
					r.Data.(*rules.ShipmentRecorded).ServiceCode = tc.service
					facts = append(facts, r)
				}
				w.later(created.Add(time.Hour), cancelled(created.Add(time.Hour)))
				w.order(facts...)
				require.Equal(t, rules.EndCancelled, w.result().Reason)
				if shipped {
					require.Empty(t, w.told())
				} else {
					require.Equal(t, tc.want, w.told())
				}
			})
		}
	}
}

// An order taken over from history is not told of its past.
func TestOldNoticesAreNotTold(t *testing.T) {
	t.Parallel()
	start := created.Add(10 * day)
	w := newWorld(t, start)
	w.later(start.Add(time.Hour), cancelled(start.Add(time.Hour)))
	w.order(orderCreated("BR", true), paid(created))
	w.result()
	require.Empty(t, w.told())
}

// A deadline that passes while a notice waits to be sent takes effect after the inbox was read
// all the same.
func TestInboxIsReadBeforeADeadlineThatPassedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.slowNotice("remind/tracking-number-due/6h", 20*time.Hour)
	w.quietly(created.Add(70*time.Hour), recorded(created.Add(70*time.Hour)))
	w.later(created.Add(100*time.Hour), cancelled(created.Add(100*time.Hour)))
	w.order(orderCreated("US", false), paid(created))
	w.result()
	require.Equal(t, rules.Met, w.assessment(created.Add(100 * time.Hour)).Deadlines[0].State)
	require.Len(t, w.told(), 2, "two reminders and no escalation")
}
