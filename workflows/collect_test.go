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

// A refusal has the machine look once more; what it finds that was not handed in is the original
// that an appeal needs.
func TestEvidenceIsCollectedForTheAppeal(t *testing.T) {
	t.Parallel()
	rejectedAt := filedAt.Add(5 * day)
	end := rejectedAt.Add(day)
	for name, found := range map[string]bool{"found": true, "nothing new": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, rejectedAt)
			w.answer = protocol.Filed{ClaimID: "C1"}
			w.during["collect"] = func(int) error {
				if found {
					w.bring(rejectedAt, rules.EvidenceCarrierProof)
				}
				return nil
			}
			w.later(end, decided(end, "C1", rules.DecisionRejected))
			w.claim(stall, handedIn(decided(rejectedAt, "C1", rules.DecisionRejected))...)
			w.claimResult()
			require.Equal(t, 1, w.asked("collect"))
			if !found {
				require.Zero(t, w.asked("appeal"), "there is nothing to appeal with")
				return
			}
			require.Equal(t, 1, w.asked("appeal"))
			require.Equal(t, rules.EvidenceCarrierProof, w.requests[0].Added[0].Kind)
			require.Equal(t, rejectedAt, w.requests[0].Now)
		})
	}
}
