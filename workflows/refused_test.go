package workflows_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// refuses lets the inbox refuse every batch with a fact of a type, for good.
func (w *world) refuses(t rules.EventType) {
	w.env.OnActivity(protocol.ActivityRecordFacts, mock.Anything, mock.Anything).Return(func(ctx context.Context, events []json.RawMessage) error {
		for _, raw := range events {
			if strings.Contains(string(raw), `"type":"`+string(t)+`"`) {
				return temporal.NewNonRetryableApplicationError("write to the inbox: no "+string(t), protocol.ErrRefused, nil)
			}
		}
		return w.Record(ctx, events)
	})
}

// A signalled event that the inbox refuses for good has no effect, and is kept; those that
// came with it count.
func TestRefusedEventIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.refuses(rules.TypeOrderCancelled)
	at := created.Add(day)
	batch := []json.RawMessage{json.RawMessage(`"garbage"`)}
	bad := cancelled(at)
	for _, e := range []rules.Event{recorded(at), bad, scan(at, rules.PickedUp)} {
		raw, err := protocol.EncodeEvent(e)
		require.NoError(t, err)
		batch = append(batch, json.RawMessage(raw))
	}
	w.at(at, func() { w.env.SignalWorkflow(protocol.SignalEvent, batch) })
	end := created.Add(10 * day)
	w.later(end, received(end))
	w.order(orderCreated("US", false), paid(created))
	require.Equal(t, 10*day, w.elapsed(created))
	require.Equal(t, rules.StageInTransit, w.assessment(end.Add(-time.Second)).Stage)
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	refused, err := protocol.EncodeEvent(bad)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{`event: "garbage"`, "event: " + string(refused)}, w.kept())
	require.Len(t, recordedFacts[*rules.ShipmentRecorded](w), 1)
	require.Len(t, recordedFacts[*rules.TrackingUpdated](w), 1)
}

// An event that is longer than the inbox takes is kept cut short, and has no effect.
func TestOversizedEventIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	raw, err := protocol.EncodeEvent(cancelled(created.Add(day)))
	require.NoError(t, err)
	long := strings.Replace(string(raw), `"data":{`, `"data":{"more":"`+strings.Repeat("x", protocol.MaxEventBytes)+`",`, 1)
	w.at(created.Add(day), func() { w.env.SignalWorkflow(protocol.SignalEvent, json.RawMessage(long)) })
	w.later(created.Add(2*day), cancelled(created.Add(2*day)))
	w.order(orderCreated("US", false), paid(created))
	w.result()
	require.Equal(t, 2*day, w.elapsed(created))
	require.Len(t, w.kept(), 1)
	require.Less(t, len(w.kept()[0]), 5000)
	require.Len(t, recordedFacts[*rules.OrderStopped](w), 1)
}

// A confirmation as long as may be counts; a longer one is refused before anything is written,
// by the update with the reason, by the signal as a message without effect.
func TestLongConfirmation(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		by, note string
		refuse   string
	}{
		"as long as may be": {strings.Repeat("王", 256), strings.Repeat("注", 4096), ""},
		"a longer name":     {strings.Repeat("王", 257), "", "by: expected a text of at most 256 characters"},
		"a longer note":     {"wang.li", strings.Repeat("注", 4097), "note: expected a text of at most 4096 characters"},
		"a note of 2 MB":    {"wang.li", strings.Repeat("x", 2<<20), "note: expected a text of at most 4096 characters"},
	} {
		c := confirmation(nil)
		c.By, c.Note = tc.by, tc.note
		at := opened.Add(time.Hour)
		want := rules.StatusConfirmed
		if tc.refuse != "" {
			want = rules.StatusOpen
		}
		play := func(t *testing.T, confirm func(w *world)) *world {
			t.Helper()
			w := newWorld(t, pickedUp.Add(time.Hour))
			confirm(w)
			end := at.Add(time.Hour)
			w.later(end, received(end))
			w.order(stalled()...)
			require.Equal(t, rules.EndCancelled, w.result().Reason)
			require.Equal(t, want, w.status(end.Add(-time.Second)))
			return w
		}
		t.Run("update: "+name, func(t *testing.T) {
			t.Parallel()
			var u *update
			w := play(t, func(w *world) { u = w.update(at, c) })
			require.Empty(t, w.kept())
			if tc.refuse == "" {
				require.NoError(t, u.err)
				return
			}
			require.False(t, u.accepted)
			require.ErrorContains(t, u.rejected, tc.refuse)
		})
		t.Run("signal: "+name, func(t *testing.T) {
			t.Parallel()
			w := play(t, func(w *world) {
				w.at(at, func() { w.env.SignalWorkflow(protocol.SignalConfirm, c) })
			})
			require.Equal(t, tc.refuse != "", len(w.kept()) == 1)
		})
	}
}

// A confirmation that the inbox refuses for good confirms nothing: whoever sent the update is
// told, and a signal is kept.
func TestRefusedConfirmationIsNotBelieved(t *testing.T) {
	t.Parallel()
	at := opened.Add(time.Hour)
	end := at.Add(time.Hour)
	play := func(t *testing.T, confirm func(w *world)) *world {
		t.Helper()
		w := newWorld(t, pickedUp.Add(time.Hour))
		w.refuses(rules.TypeConfirmed)
		confirm(w)
		w.later(end, received(end))
		w.order(stalled()...)
		require.Equal(t, rules.EndCancelled, w.result().Reason)
		require.Equal(t, rules.StatusOpen, w.status(end.Add(-time.Second)))
		require.Zero(t, w.asked("file"))
		return w
	}
	t.Run("update", func(t *testing.T) {
		t.Parallel()
		var u *update
		w := play(t, func(w *world) { u = w.update(at, confirmation(nil)) })
		require.True(t, u.accepted)
		require.Equal(t, protocol.ErrBadInput, errorType(u.err))
		require.ErrorContains(t, u.err, "not recorded: write to the inbox: no exception.confirmed")
		require.Empty(t, w.kept())
	})
	t.Run("signal", func(t *testing.T) {
		t.Parallel()
		w := play(t, func(w *world) {
			w.at(at, func() { w.env.SignalWorkflow(protocol.SignalConfirm, confirmation(nil)) })
		})
		require.Len(t, w.kept(), 1)
		require.Contains(t, w.kept()[0], "wang.li")
	})
}

// What a machine did and the inbox refuses to know of is kept and never done again: a person is
// asked, finds it done, and reports it.
func TestRefusedStepIsReportedByAPerson(t *testing.T) {
	t.Parallel()
	t.Run("filing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, confirmedAt)
		w.refuses(rules.TypeClaimFiled)
		w.answer = protocol.Filed{ClaimID: "C1"}
		at := confirmedAt.Add(day)
		w.later(at, filed(at, "C1"))
		w.later(at.Add(day), settled(at.Add(day), "C1"))
		w.claim(stall, stalled(confirmed(confirmedAt))...)
		require.Equal(t, rules.StatusPaid, w.claimResult().Status)
		require.Equal(t, rules.StatusConfirmed, w.status(at.Add(-time.Second)))
		require.Equal(t, rules.StatusFiled, w.status(at))
		require.Equal(t, 1, w.asked("file"))
		require.Equal(t, []string{since(confirmedAt) + " file"}, w.told())
		require.Len(t, w.kept(), 1)
		require.True(t, strings.HasPrefix(w.kept()[0], "file: "))
		require.Contains(t, w.kept()[0], `"claim_id":"C1"`)
	})
	t.Run("appeal", func(t *testing.T) {
		t.Parallel()
		rejected := filedAt.Add(5 * day)
		w := newWorld(t, rejected)
		w.refuses(rules.TypeClaimAppealed)
		w.answer = protocol.Filed{ClaimID: "C1"}
		at := rejected.Add(day)
		w.later(at, appealed(at, "C1"))
		w.later(at.Add(day), settled(at.Add(day), "C1"))
		w.claim(stall, handedIn(decided(rejected, "C1", rules.DecisionRejected), added(rejected))...)
		require.Equal(t, rules.StatusPaid, w.claimResult().Status)
		require.Equal(t, rules.StatusRejected, w.status(at.Add(-time.Second)))
		require.Equal(t, 1, w.asked("appeal"))
		require.Equal(t, []string{since(rejected) + " appeal"}, w.told())
		require.Len(t, w.kept(), 1)
		require.True(t, strings.HasPrefix(w.kept()[0], "appeal: "))
	})
}
