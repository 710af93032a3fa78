package workflows_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

const otherParcel = "LP00123456789013"

var label = protocol.Logistics{ID: "700001"}

// A label gives the number: it is declared at once, once, and the waybill is the first
// evidence.
func TestShipmentByItsLabel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.shipping.made = protocol.Logistics{ID: "700001", Number: parcel}
	w.ship(protocol.ShipmentInput{}, orderCreated("US", false), paid(created))
	require.Equal(t, protocol.ShipmentResult{Outcome: rules.EndRecorded, Number: parcel, At: created}, w.shipped())
	require.Equal(t, []string{parcel}, w.shipping.declared)
	require.Equal(t, 1, w.asked("label"))
	require.Equal(t, 1, w.asked("waybill"))
	require.Equal(t, 1, w.asked("declare"))
	require.Zero(t, w.asked("list labels"))
	require.Equal(t, []string{"700001", parcel}, w.shipping.keptUnder)
	require.Equal(t, "shipment/cn-1001/8190001#label", w.shipping.labels[0].Key)
	require.Equal(t, "shipment/cn-1001/8190001#ship/"+parcel, w.shipping.asked[0].Key)
	require.Empty(t, w.told())
	require.Equal(t, []*rules.ShipmentRecorded{{
		TrackingNumber: parcel, Carrier: "CAINIAO", ServiceCode: "CAINIAO_STANDARD", RecordedAt: created, ShippedAt: created, TraceAlert: true,
	}}, w.recordings())
}

// The number comes from a person, around the deadline: the reminders, and what the order's own
// deadline makes of it. At its very end there is nothing to escalate: the person has acted.
func TestShipmentDeadline(t *testing.T) {
	t.Parallel()
	due := created.Add(72 * time.Hour)
	for offset, span := range aroundDeadline {
		t.Run(offset, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			w.shipping.made = label
			at := due.Add(span)
			refused := w.give(at, "lp 0012 3456 7890 12")
			w.ship(protocol.ShipmentInput{}, orderCreated("US", false), paid(created))
			require.Equal(t, protocol.ShipmentResult{Outcome: rules.EndRecorded, Number: parcel, At: at}, w.shipped())
			require.NoError(t, *refused)
			require.Equal(t, 72*time.Hour+span, w.elapsed(created))
			require.Equal(t, 1, w.asked("declare"))
			require.Equal(t, 1, w.asked("waybill"))
			require.GreaterOrEqual(t, w.asked("label"), 3, "looked up once a day for the number")
			require.LessOrEqual(t, w.asked("label"), 4, "on the third day just so")
			require.Equal(t, []string{"0s ask/ship/1", "48h0m0s remind/tracking-number-due/24h", "66h0m0s remind/tracking-number-due/6h"}, w.told())
			state := rules.Met
			if span > 0 {
				state = rules.Missed
			}
			require.Equal(t, at, w.recordings()[0].RecordedAt)
			require.Equal(t, state, w.judged(at.Add(time.Minute)).Deadlines[0].State)
		})
	}
}

// The platform takes the number and its answer is lost: it is asked again with the same key,
// and the number is recorded once.
func TestShipmentWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.during["declare"] = func(n int) error {
		if n == 1 {
			return errors.New("connection reset")
		}
		return nil
	}
	w.ship(protocol.ShipmentInput{Number: parcel, ShippedAt: created.Add(-time.Hour)}, orderCreated("US", false), paid(created))
	require.Equal(t, rules.EndRecorded, w.shipped().Outcome)
	require.Len(t, w.shipping.asked, 2)
	require.Equal(t, w.shipping.asked[0], w.shipping.asked[1])
	require.Equal(t, []string{parcel}, w.shipping.declared)
	require.Len(t, w.recordings(), 1)
	require.Equal(t, created.Add(-time.Hour), w.recordings()[0].ShippedAt)
	require.Zero(t, w.asked("label"), "a parcel with a number has its label")
}

// A refused number comes back to a person with the reason, and a corrected one is taken.
func TestShipmentWithARefusedNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.shipping.no = map[string]string{parcel: "the tracking number does not fit"}
	wrong := w.give(created.Add(10*time.Hour), "RB123456789CN")
	right := w.give(created.Add(70*time.Hour), otherParcel)
	w.ship(protocol.ShipmentInput{Number: parcel, ShippedAt: created}, orderCreated("US", false), paid(created))
	require.Equal(t, rules.EndRecorded, w.shipped().Outcome)
	require.ErrorContains(t, *wrong, "check digit")
	require.NoError(t, *right)
	require.Equal(t, 2, w.asked("declare"))
	require.Equal(t, []string{otherParcel}, w.shipping.declared)
	require.Len(t, w.recordings(), 1)
	require.Equal(t, []string{"0s ask/number-refused/1", "48h0m0s remind/tracking-number-due/24h", "66h0m0s remind/tracking-number-due/6h"}, w.told())
	for _, n := range w.texts {
		require.Contains(t, n.EN, "the tracking number does not fit")
		require.Contains(t, n.ZH, "2026-03-05 10:00(北京时间)")
	}
}

// A platform that is away is tried for ten minutes, and again every hour; a person is told
// once.
func TestShipmentWhileThePlatformIsAway(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"label", "declare"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			w.shipping.made = protocol.Logistics{ID: "700001", Number: parcel}
			back := created.Add(150 * time.Minute)
			w.during[what] = func(int) error { return downBetween(w, created, back) }
			w.ship(protocol.ShipmentInput{}, orderCreated("US", false), paid(created))
			require.Equal(t, rules.EndRecorded, w.shipped().Outcome)
			require.Len(t, w.recordings(), 1)
			require.Less(t, w.elapsed(back), time.Hour)
			require.Len(t, w.told(), 1)
			require.Contains(t, w.told()[0], "ask/platform-away/1")
		})
	}
}

// Nobody to ask by machine: a person ships, and the fact ends the story, by itself or found in
// the inbox within a day.
func TestShipmentByHand(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]bool{"label and number": false, "number only": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			w.shipping.byHand = true
			in := protocol.ShipmentInput{}
			if given {
				in.Number = parcel
			}
			w.quietly(created.Add(10*time.Hour), recorded(created.Add(10*time.Hour)))
			w.ship(in, orderCreated("US", false), paid(created))
			require.Equal(t, protocol.ShipmentResult{Outcome: rules.EndRecorded, Number: parcel, At: created.Add(24 * time.Hour)}, w.shipped())
			require.Equal(t, []string{"0s ask/ship-by-hand/1"}, w.told())
			require.Empty(t, w.shipping.declared)
			require.Len(t, w.recordings(), 1, "the person's")
		})
	}
}

// The platform makes no label: a person makes it and gives the number.
func TestShipmentWithoutALabel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.during["label"] = func(int) error { return fmt.Errorf("the address is incomplete: %w", port.ErrRefused) }
	w.give(created.Add(time.Hour), parcel)
	w.ship(protocol.ShipmentInput{}, orderCreated("US", false), paid(created))
	require.Equal(t, rules.EndRecorded, w.shipped().Outcome)
	require.Equal(t, 1, w.asked("label"))
	require.Equal(t, []string{"0s ask/label-refused/1"}, w.told())
	require.Contains(t, w.texts[0].EN, "the address is incomplete")
	require.Zero(t, w.asked("waybill"))
}

// What must not be sent is not: nothing is asked of the platform, and a person hears why.
func TestShipmentBlocked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in     protocol.ShipmentInput
		events []rules.Event
		why    string
	}{
		"tax ID":    {events: []rules.Event{orderCreated("BR", false)}, why: "tax ID"},
		"cancelled": {events: []rules.Event{orderCreated("US", false), cancelled(created)}, why: "cancelled"},
		"shipped":   {events: []rules.Event{orderCreated("US", false), recorded(created)}, why: "recorded already"},
		"mistyped":  {in: protocol.ShipmentInput{Number: "RB123456789CN"}, events: []rules.Event{orderCreated("US", false)}, why: "check digit"},
		"nothing to replace": {
			in: protocol.ShipmentInput{Number: parcel, Replaces: otherParcel}, events: []rules.Event{orderCreated("US", false)}, why: "cannot be replaced",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			w.ship(tc.in, tc.events...)
			require.Equal(t, protocol.ShipmentResult{Outcome: rules.EndBlocked, At: created}, w.shipped())
			require.Equal(t, []string{"0s label-blocked"}, w.told())
			require.Contains(t, w.texts[0].EN, tc.why)
			require.Zero(t, w.asked("label")+w.asked("declare"))
		})
	}
}

// What is told last is told again until it is: a story that has ended tells nothing.
func TestShipmentEndsWithWhatIsTold(t *testing.T) {
	t.Parallel()
	away := func(w *world) {
		w.during["notify"] = func(int) error { return downBetween(w, created, created.Add(30*time.Minute)) }
	}
	t.Run("blocked", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, created)
		away(w)
		w.ship(protocol.ShipmentInput{}, orderCreated("BR", false))
		require.Equal(t, rules.EndBlocked, w.shipped().Outcome)
		told := slices.Compact(w.told()) // the environment may run the last try once more
		require.Len(t, told, 1)
		require.Contains(t, told[0], " label-blocked")
	})
	t.Run("without a waybill", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, created)
		away(w)
		w.shipping.made = protocol.Logistics{ID: "700001", Number: parcel}
		w.during["waybill"] = func(int) error { return fmt.Errorf("no such label: %w", port.ErrRefused) }
		w.ship(protocol.ShipmentInput{}, orderCreated("US", false), paid(created))
		require.Equal(t, rules.EndRecorded, w.shipped().Outcome)
		told := slices.Compact(w.told())
		require.Len(t, told, 1)
		require.Contains(t, told[0], " waybill")
		require.Equal(t, 1, w.asked("declare"))
		require.Len(t, w.recordings(), 1)
	})
}

// Nobody gives a number: the story ends with the order, or a week after the deadline.
func TestShipmentEndsByItself(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cancel  time.Duration // of the order; 0: never
		outcome string
		after   time.Duration
		told    []string
	}{
		"the order ends": {30 * time.Hour, rules.EndOver, 48 * time.Hour, []string{"0s ask/ship/1"}},
		"given up": {0, rules.EndGivenUp, 10 * day, []string{
			"0s ask/ship/1", "48h0m0s remind/tracking-number-due/24h", "66h0m0s remind/tracking-number-due/6h", "72h0m1s missed/tracking-number-due +manager",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			w.shipping.made = label
			if tc.cancel > 0 {
				w.quietly(created.Add(tc.cancel), cancelled(created.Add(tc.cancel)))
			}
			w.ship(protocol.ShipmentInput{}, orderCreated("US", false), paid(created))
			require.Equal(t, tc.outcome, w.shipped().Outcome)
			require.Equal(t, tc.after, w.elapsed(created))
			require.Equal(t, tc.told, w.told())
			require.Zero(t, w.asked("declare"))
		})
	}
}

// A corrected number takes the old one's place on the platform, and the fact says so.
func TestShipmentReplaces(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"first": false, "after the platform's own list": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := created.Add(40 * day)
			w := newWorld(t, start)
			events := []rules.Event{orderCreated("US", false), paid(created), recorded(created)}
			if known {
				e := recorded(start)
				e.Data.(*rules.ShipmentRecorded).TrackingNumber = otherParcel
				events = append(events, e)
			}
			w.ship(protocol.ShipmentInput{Number: otherParcel, ShippedAt: created, Replaces: parcel}, events...)
			require.Equal(t, protocol.ShipmentResult{Outcome: rules.EndRecorded, Number: otherParcel, At: start}, w.shipped())
			require.Len(t, w.shipping.asked, 1)
			require.Equal(t, parcel, w.shipping.asked[0].OldNumber)
			require.Equal(t, "CAINIAO_STANDARD", w.shipping.asked[0].OldService)
			last := w.recordings()[len(w.recordings())-1]
			require.Equal(t, parcel, last.Replaces)
			require.Empty(t, w.told())
		})
	}
}

// The platform refuses the correction, and a person makes it there: that one number replaces
// another only the story can tell.
func TestShipmentReplacedByHand(t *testing.T) {
	t.Parallel()
	start := created.Add(40 * day)
	w := newWorld(t, start)
	w.shipping.no = map[string]string{otherParcel: "not now"}
	byHand := recorded(start.Add(time.Hour))
	byHand.Data.(*rules.ShipmentRecorded).TrackingNumber = otherParcel
	w.later(start.Add(time.Hour), byHand)
	w.ship(protocol.ShipmentInput{Number: otherParcel, Replaces: parcel}, orderCreated("US", false), paid(created), recorded(created))
	require.Equal(t, protocol.ShipmentResult{Outcome: rules.EndRecorded, Number: otherParcel, At: start.Add(time.Hour)}, w.shipped())
	require.Equal(t, 1, w.asked("declare"))
	require.Equal(t, parcel, w.recordings()[2].Replaces)
	require.Equal(t, []string{"960h0m0s ask/number-refused/1"}, w.told(), "and not of the deadline that the old number met")
}

// Who is asked shortly before the deadline is not reminded of it at once, but the escalation
// comes.
func TestShipmentRefusedLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created.Add(70*time.Hour))
	w.shipping.no = map[string]string{parcel: "no"}
	w.give(created.Add(73*time.Hour), otherParcel)
	w.ship(protocol.ShipmentInput{Number: parcel}, orderCreated("US", false), paid(created))
	require.Equal(t, otherParcel, w.shipped().Number)
	require.Equal(t, []string{"70h0m0s ask/number-refused/1", "72h0m1s missed/tracking-number-due +manager"}, w.told())
}

// One of several parcels has a label of its own, whatever labels the order has, and is not
// taken for another.
func TestShipmentOfAPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.shipping.made = label
	other := recorded(created.Add(time.Hour))
	other.Data.(*rules.ShipmentRecorded).TrackingNumber = otherParcel
	w.later(created.Add(2*time.Hour), other)
	w.give(created.Add(5*time.Hour), parcel)
	w.ship(protocol.ShipmentInput{Items: []rules.Item{{SKU: "LAMP-1", Quantity: 1}}}, orderCreated("US", false), paid(created))
	require.Equal(t, protocol.ShipmentResult{Outcome: rules.EndRecorded, Number: parcel, At: created.Add(5 * time.Hour)}, w.shipped())
	require.Equal(t, []string{"L1"}, w.shipping.labels[0].Others)
	require.True(t, w.shipping.asked[0].Part)
	require.Len(t, w.recordings()[1].Items, 1)
}

// Cancelled at each of its waits, the story ends at once, and nothing more is declared.
func TestShipmentCancelled(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		made protocol.Logistics
		no   bool
		slow string // the call that is under way
		away string // the call that is not answered
	}{
		"waits for the number":     {made: label},
		"waits for a person":       {},
		"waits for another number": {made: protocol.Logistics{ID: "1", Number: parcel}, no: true},
		"makes the label":          {made: label, away: "label"},
		"fetches the waybill":      {made: label, away: "waybill"},
		"declares":                 {made: protocol.Logistics{ID: "1", Number: parcel}, away: "declare"},
		"cannot read the inbox":    {away: "load"},
		"cannot write the inbox":   {made: protocol.Logistics{ID: "1", Number: parcel}, away: "record"},
		"cannot tell anybody":      {away: "notify"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			w.shipping.made = tc.made
			if tc.no {
				w.shipping.no = map[string]string{parcel: "no"}
			}
			if tc.away != "" {
				w.during[tc.away] = func(int) error { return errors.New("away") }
			}
			w.at(created.Add(90*time.Second), w.env.CancelWorkflow)
			w.ship(protocol.ShipmentInput{}, orderCreated("US", false), paid(created))
			require.True(t, w.env.IsWorkflowCompleted())
			var cancelled *temporal.CanceledError
			require.ErrorAs(t, w.env.GetWorkflowError(), &cancelled)
			require.Equal(t, 90*time.Second, w.elapsed(created))
			require.Empty(t, w.recordings())
		})
	}
}

// Nothing is taken while a number is being declared, and every no says why.
func TestShipmentTakesOneNumberAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	back := created.Add(5 * time.Minute)
	w.during["declare"] = func(int) error { return downBetween(w, created, back) }
	busy := w.give(created.Add(2*time.Minute), otherParcel)
	w.ship(protocol.ShipmentInput{Number: parcel}, orderCreated("US", false), paid(created))
	require.Equal(t, parcel, w.shipped().Number)
	require.ErrorContains(t, *busy, "being declared")
	var failed *temporal.ApplicationError
	require.ErrorAs(t, *busy, &failed)
	require.Equal(t, protocol.ErrBusy, failed.Type())
	require.Contains(t, failed.Message(), "正在")
}

// A number whose declaration is never answered may stand on the platform: the next one takes its
// place. Where that answer is lost too, the platform's own record of the first tells; it does not
// end the story, for another number is wanted by then.
func TestShipmentAfterAnUnansweredDeclaration(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"answered": false, "lost again": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			given := created.Add(150 * time.Minute)
			back := given
			if lost {
				back = given.Add(30 * time.Minute)
				w.later(given.Add(20*time.Minute), recorded(given.Add(20*time.Minute)))
			}
			w.during["declare"] = func(int) error { return downBetween(w, created, back) }
			refused := w.give(given, otherParcel)
			w.ship(protocol.ShipmentInput{Number: parcel, ShippedAt: created}, orderCreated("US", false), paid(created))
			require.NoError(t, *refused)
			require.Equal(t, otherParcel, w.shipped().Number)
			require.Equal(t, []string{otherParcel}, w.shipping.declared, "not both")
			require.Equal(t, []string{parcel}, w.shipping.asked[len(w.shipping.asked)-1].Unsure)
			last := w.recordings()[len(w.recordings())-1]
			require.Equal(t, otherParcel, last.TrackingNumber)
			require.Equal(t, parcel, last.Replaces)
		})
	}
}

// A number that comes back after another took its place is recorded again: its fact is not taken
// for that of its first recording, and what it replaces is known.
func TestShipmentCorrectedBack(t *testing.T) {
	t.Parallel()
	start := created.Add(40 * day)
	w := newWorld(t, start)
	source := protocol.SourceOfStory(protocol.ShipmentWorkflowID(store, number, 1))
	first, second := recorded(created), recorded(created.Add(day))
	first.Source, first.ID = source, "ship/"+parcel
	second.Source, second.ID = source, "ship/"+otherParcel+"/an-earlier-run"
	d := second.Data.(*rules.ShipmentRecorded)
	d.TrackingNumber, d.Replaces = otherParcel, parcel
	w.ship(protocol.ShipmentInput{Number: parcel, ShippedAt: created, Replaces: otherParcel}, orderCreated("US", false), paid(created), first, second)
	require.Equal(t, protocol.ShipmentResult{Outcome: rules.EndRecorded, Number: parcel, At: start}, w.shipped())
	require.Len(t, w.recordings(), 3)
	require.Equal(t, parcel, w.recordings()[2].TrackingNumber)
	require.Equal(t, otherParcel, w.recordings()[2].Replaces)
	require.NotEqual(t, "shipment/cn-1001/8190001#ship/"+parcel, w.shipping.asked[0].Key, "nor its declaration")
}

// judged is what the rules make of the inbox as of a moment.
func (w *world) judged(asOf time.Time) rules.Assessment {
	w.t.Helper()
	f := rules.NewFacts(store, number)
	for _, raw := range w.inbox {
		fact, err := protocol.DecodeFact(raw)
		require.NoError(w.t, err)
		f.Add(fact.Event)
	}
	s := stories(w.t)
	pack, _ := s.Book.ByID("aliexpress-2024-04")
	a, ok := rules.Assess(f, rules.Ruleset{Pack: pack, Calendar: s.Calendars[revision(w.t)]}, asOf)
	require.True(w.t, ok)
	return a
}
