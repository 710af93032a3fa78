package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// bring has the collectors bring an original, which comes into the inbox as the activity records it.
func (w *world) bring(at time.Time, kind rules.EvidenceKind) {
	e := original(at, kind)
	w.put(e)
	w.collected.Got = []protocol.Evidence{{Kind: string(kind), SHA256: e.Data.(*rules.EvidenceAdded).Originals[0].SHA256}}
}

// What a machine can get is there when the claim is filed; of the rest a person is told, with
// the reason and the deadline.
func TestEvidenceIsCollectedBeforeFiling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, confirmedAt)
	w.collected.Failed = []rules.Uncollected{{Kind: rules.EvidenceMessages, Why: rules.UncollectedUnauthorised}}
	w.judge = func(held []protocol.Evidence) protocol.Papers {
		require.Equal(t, string(rules.EvidenceOutbound), held[0].Kind)
		return protocol.Papers{Evidence: held, Papers: rules.Papers{Readiness: rules.Readiness{
			Ready: []rules.EvidenceKind{rules.EvidenceOutbound}, Missing: []rules.EvidenceKind{rules.EvidenceWaybill, rules.EvidenceMessages},
		}}}
	}
	w.during["collect"] = func(int) error {
		w.bring(confirmedAt, rules.EvidenceOutbound)
		return nil
	}
	at := confirmedAt.Add(day)
	w.later(at, filed(at, "C1"))
	end := at.Add(day)
	w.later(end, settled(end, "C1"))
	w.claim(stall, stalled(confirmed(confirmedAt))...)
	require.Equal(t, rules.StatusPaid, w.claimResult().Status)
	require.Equal(t, []protocol.CollectRequest{{
		Store: store, Order: number, TrackingNumber: parcel, Carrier: "cainiao", Kinds: rules.Collectable(), Since: opened, Now: confirmedAt,
	}}, w.collects, "once")
	require.Equal(t, 5*time.Minute, w.collecting)
	require.Empty(t, w.filings, "the waybill and the messages are missing")
	require.Equal(t, rules.NoticeUnready, w.texts[0].Kind)
	w.texts = w.texts[1:]
	require.Contains(t, w.texts[0].EN, "a person must add, by that time: waybill scan, buyer messages from the platform inbox (the store's authorisation has ended; authorise again).")
	require.Contains(t, w.texts[0].ZH, "店铺授权已失效")
	require.NotContains(t, w.texts[0].EN, "outbound record with")
}

// The collectors fail, or take so long that others act: the story goes on.
func TestCollectorsStopNoClaim(t *testing.T) {
	t.Parallel()
	t.Run("they fail", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, confirmedAt)
		w.during["collect"] = func(int) error { return errors.New("the vault is away") }
		w.judge = func([]protocol.Evidence) protocol.Papers {
			return protocol.Papers{Papers: rules.Papers{Readiness: rules.Readiness{Missing: []rules.EvidenceKind{rules.EvidenceOutbound}}}}
		}
		at := confirmedAt.Add(day)
		w.later(at, filed(at, "C1"))
		end := at.Add(day)
		w.later(end, settled(end, "C1"))
		w.claim(stall, stalled(confirmed(confirmedAt))...)
		require.Equal(t, rules.StatusPaid, w.claimResult().Status)
		require.Greater(t, w.asked("collect"), 3)
		require.Empty(t, w.filings)
		require.Contains(t, w.texts[1].EN, "did not answer")
	})
	t.Run("a person files meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, confirmedAt)
		w.during["collect"] = func(int) error {
			w.bring(confirmedAt, rules.EvidenceOutbound)
			w.put(filed(confirmedAt, "C1"))
			return nil
		}
		end := confirmedAt.Add(day)
		w.later(end, settled(end, "C1"))
		w.claim(stall, stalled(confirmed(confirmedAt))...)
		require.Equal(t, rules.StatusPaid, w.claimResult().Status)
		require.Empty(t, w.filings)
		require.Empty(t, w.told())
	})
	t.Run("little time is left", func(t *testing.T) {
		t.Parallel()
		late := fileBy.Add(-8 * time.Minute)
		w := newWorld(t, late)
		w.during["collect"] = func(int) error { return errors.New("the vault is away") }
		end := fileBy.Add(time.Hour)
		w.later(end, settled(end, "C1"))
		w.later(fileBy, filed(fileBy, "C1"))
		w.claim(stall, stalled(confirmed(confirmedAt))...)
		w.claimResult()
		require.Len(t, w.filings, 1)
		require.LessOrEqual(t, w.filings[0].Now.Sub(late), 4*time.Minute, "half of what was left")
	})
}

// A refusal has the machine look once more. What it finds goes along with the appeal; alone it is
// no reason for one.
func TestEvidenceIsCollectedForTheAppeal(t *testing.T) {
	t.Parallel()
	rejectedAt := filedAt.Add(5 * day)
	end := rejectedAt.Add(day)
	for name, brought := range map[string]bool{"a person brings more": true, "nobody does": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, rejectedAt)
			w.answer = protocol.Filed{ClaimID: "C1"}
			w.during["collect"] = func(int) error {
				e := original(rejectedAt, rules.EvidenceMessages)
				e.Data.(*rules.EvidenceAdded).By = rules.ByMachine
				w.put(e)
				w.collected.Got = []protocol.Evidence{{Kind: string(rules.EvidenceMessages), SHA256: e.Data.(*rules.EvidenceAdded).Originals[0].SHA256}}
				return nil
			}
			at := rejectedAt.Add(time.Hour)
			if brought {
				w.later(at, original(at, rules.EvidenceWaybill))
			}
			w.later(end, decided(end, "C1", rules.DecisionRejected))
			w.claim(stall, handedIn(decided(rejectedAt, "C1", rules.DecisionRejected))...)
			w.claimResult()
			require.Equal(t, 1, w.asked("collect"))
			if !brought {
				require.Zero(t, w.asked("appeal"))
				return
			}
			require.Equal(t, 1, w.asked("appeal"))
			require.Len(t, w.requests[0].Added, 2)
			require.Equal(t, at.Add(appealQuiet), w.requests[0].Now)
		})
	}
}

// appealQuiet is how long after the latest new original a machine appeals.
const appealQuiet = 30 * time.Minute

// The one appeal waits until no more comes, for an original of a kind that a claim needs, and for
// one that is ready; what nobody looks at goes shortly before it is too late.
func TestTheOneAppealIsNotWasted(t *testing.T) {
	t.Parallel()
	rejectedAt := filedAt.Add(5 * day)
	by := rejectedAt.Add(72 * time.Hour)
	unlooked := by.Add(-6 * time.Hour)
	hours := func(n int) time.Time { return rejectedAt.Add(time.Duration(n) * time.Hour) }
	type bring struct {
		at   time.Time
		kind rules.EvidenceKind
	}
	for name, tc := range map[string]struct {
		brought []bring
		verdict rules.Verdict
		at      time.Time // of the appeal; zero: none
		judged  int
	}{
		"the carrier's statement":   {[]bring{{hours(1), rules.EvidenceCarrierProof}}, rules.VerdictReady, hours(1).Add(appealQuiet), 1},
		"of no kind that bears one": {[]bring{{hours(1), rules.EvidenceOther}}, rules.VerdictReady, time.Time{}, 0},
		"ready":                     {[]bring{{hours(1), rules.EvidenceWaybill}}, rules.VerdictReady, hours(1).Add(appealQuiet), 1},
		"one after the other":       {[]bring{{hours(1), rules.EvidenceWaybill}, {hours(1).Add(appealQuiet - time.Second), rules.EvidenceOutbound}}, rules.VerdictReady, hours(1).Add(2*appealQuiet - time.Second), 1},
		"to be looked at":           {[]bring{{hours(1), rules.EvidenceWaybill}}, rules.VerdictLook, unlooked, 4},
		"would be refused":          {[]bring{{hours(1), rules.EvidenceWaybill}}, rules.VerdictRefused, time.Time{}, 4},
		"at the last minute":        {[]bring{{by.Add(-time.Minute), rules.EvidenceWaybill}}, rules.VerdictReady, by.Add(-time.Minute), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, rejectedAt)
			w.answer = protocol.Filed{ClaimID: "C1"}
			calls := 0
			w.judge = func(held []protocol.Evidence) protocol.Papers {
				calls++
				p := ready(held)
				for i := range p.Originals {
					p.Originals[i].Verdict = tc.verdict
				}
				return p
			}
			for _, b := range tc.brought {
				w.later(b.at, original(b.at, b.kind))
			}
			end := by.Add(day)
			w.later(end, decided(end, "C1", rules.DecisionApproved))
			w.later(end.Add(day), settled(end.Add(day), "C1"))
			w.claim(stall, handedIn(decided(rejectedAt, "C1", rules.DecisionRejected))...)
			w.claimResult()
			require.Equal(t, tc.judged, calls)
			if tc.at.IsZero() {
				require.Empty(t, w.requests)
				return
			}
			require.Len(t, w.requests, 1)
			require.Equal(t, tc.at, w.requests[0].Now)
		})
	}
}
