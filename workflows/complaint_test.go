package workflows_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

const complaintID = "F-1"

// complainedAt is when the buyer complains: the parcel is on its way.
var complainedAt = created.Add(5 * day)

func complained(at time.Time) rules.Event {
	return event(rules.TypeComplaintOpened, at, &rules.Complaint{ComplaintID: complaintID, When: at})
}

func complaintAnswered(at time.Time) rules.Event {
	return event(rules.TypeComplaintAnswered, at, &rules.Complaint{ComplaintID: complaintID, When: at})
}

func complaintDecided(at time.Time, upheld bool, points int) rules.Event {
	return event(rules.TypeComplaintDecided, at, &rules.Complaint{ComplaintID: complaintID, When: at, Upheld: &upheld, Points: points})
}

func evidenceAdded(at time.Time, kinds ...rules.EvidenceKind) rules.Event {
	d := &rules.EvidenceAdded{When: at, By: "wang.li"}
	for _, kind := range kinds {
		d.Originals = append(d.Originals, rules.Original{Kind: kind, SHA256: "ab00000000000000000000000000000000000000000000000000000000000000"})
	}
	return event(rules.TypeEvidenceAdded, at, d)
}

// onItsWay are the facts of an order that was picked up in time.
func onItsWay() []rules.Event {
	return []rules.Event{orderCreated("US", false), paid(created), recorded(created.Add(20 * time.Hour)), scan(pickedUp, rules.PickedUp)}
}

// complaint runs a Complaint workflow that starts with its opening.
func (w *world) complaint() {
	w.t.Helper()
	w.contest(protocol.WorkflowComplaint, complaintID, append(onItsWay(), complained(complainedAt))...)
}

func (w *world) complaintResult() protocol.ComplaintResult {
	w.t.Helper()
	var r protocol.ComplaintResult
	w.ended(&r)
	return r
}

// Answered at hour 23, decided on the fourth day: reminded of what was missing, until it came.
func TestComplaintIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, complainedAt)
	w.later(complainedAt.Add(8*time.Hour), evidenceAdded(complainedAt.Add(8*time.Hour), rules.EvidenceShippingLabel))
	w.later(complainedAt.Add(20*time.Hour), evidenceAdded(complainedAt.Add(20*time.Hour), rules.EvidencePickup))
	w.later(complainedAt.Add(23*time.Hour), complaintAnswered(complainedAt.Add(23*time.Hour)))
	decision := complainedAt.Add(3 * day)
	w.later(decision, complaintDecided(decision, false, 0))
	w.complaint()
	require.Equal(t, protocol.ComplaintResult{Status: rules.ComplaintDismissed, At: decision}, w.complaintResult())
	require.Equal(t, 3*day, w.elapsed(complainedAt))
	require.Equal(t, []string{
		"120h0m0s respond", "132h0m0s remind/respond-by/12h", "138h0m0s remind/respond-by/6h +manager", "140h0m0s ready", "192h0m0s ended/dismissed",
	}, w.told())
	require.Contains(t, w.texts[0].EN, "shipping label with its number, time-stamped pick-up screenshot")
	require.Contains(t, w.texts[1].EN, "Still missing: time-stamped pick-up screenshot.")
	require.Contains(t, w.texts[1].EN, "52.1% of lost complaints")
	require.Contains(t, w.texts[1].EN, "1 to 3 service points, and USD 98.20 frozen")
	require.Equal(t, complainedAt.Add(day), w.texts[0].Due)
	for i, text := range w.texts {
		require.NotEmpty(t, text.ZH, i)
	}
}

// The answer counts at 24 h and not a second later; what the platform decides is another matter.
func TestComplaintAroundItsDeadline(t *testing.T) {
	t.Parallel()
	for name, off := range aroundDeadline {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, complainedAt)
			at := complainedAt.Add(day + off)
			w.later(at, complaintAnswered(at))
			decision := complainedAt.Add(4 * day)
			w.later(decision, complaintDecided(decision, true, 2))
			w.complaint()
			require.Equal(t, protocol.ComplaintResult{Status: rules.ComplaintUpheld, Points: 2, At: decision}, w.complaintResult())
			require.Equal(t, off > 0, contains(w.told(), "144h0m1s lost +manager"), w.told())
			require.True(t, contains(w.told(), "216h0m0s ended/upheld +manager"), w.told())
			require.Contains(t, w.texts[len(w.texts)-1].EN, "2 service points taken")
		})
	}
}

// An answer in time that is learnt of late, from the inbox alone, undoes the default: nobody is told
// that it is lost when the deadline fires.
func TestComplaintReadsTheInboxFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, complainedAt)
	w.quietly(complainedAt.Add(23*time.Hour), complaintAnswered(complainedAt.Add(22*time.Hour)))
	decision := complainedAt.Add(2 * day)
	w.later(decision, complaintDecided(decision, false, 0))
	w.complaint()
	require.Equal(t, rules.ComplaintDismissed, w.complaintResult().Status)
	require.NotContains(t, w.told(), "144h0m1s lost +manager")
}

// The decision is expected after a while, and a person is asked to look.
func TestComplaintUndecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t, complainedAt)
	w.complaint()
	result := w.complaintResult()
	require.Equal(t, rules.ComplaintLost, result.Status, "given up: nothing was heard for too long")
	require.Equal(t, complainedAt.Add(180*day), result.At)
	require.Contains(t, w.told(), "196h48m0s outcome")
	require.LessOrEqual(t, len(w.queries), 9, "it sleeps")
}

// What the vault holds without a fact counts too; a vault, or a pre-flight, that is away stops
// nothing, and is tried again long before the next reminder.
func TestComplaintLooksIntoTheVault(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"gather", "judge"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, complainedAt)
			w.held = []protocol.Evidence{{Kind: "waybill"}, {Kind: "pickup_screenshot"}}
			w.during[what] = func(int) error { return downBetween(w, complainedAt, complainedAt.Add(time.Hour)) }
			decision := complainedAt.Add(23 * time.Hour)
			w.later(decision, complaintDecided(decision, false, 0))
			w.complaint()
			require.Equal(t, rules.ComplaintDismissed, w.complaintResult().Status)
			told := slices.Compact(w.told())
			require.Len(t, told, 5, told)
			require.Contains(t, told[0], " respond")
			require.Regexp(t, `^121h\d+m\S+ ready$`, told[1])
			if what == "gather" {
				require.Equal(t, 1, w.asked("judge"), "what has not changed is not judged again")
			}
		})
	}
}

// A vault that stays away costs a look every quarter of an hour, and none once it is too late.
func TestComplaintWithoutAVault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, complainedAt)
	w.during["gather"] = func(int) error { return downBetween(w, complainedAt, complainedAt.Add(365*day)) }
	decision := complainedAt.Add(5 * day)
	w.later(decision, complaintDecided(decision, true, 1))
	w.complaint()
	require.Equal(t, rules.ComplaintUpheld, w.complaintResult().Status)
	require.Contains(t, w.told(), "144h0m1s lost +manager")
	require.LessOrEqual(t, len(w.queries), 24*4+12)
}

// A refused original is none, and people hear why; a better one mends it. A person's look is
// asked for. Nothing that does not count for a complaint is judged.
func TestComplaintHearsThePreflight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, complainedAt)
	w.judge = func(held []protocol.Evidence) protocol.Papers {
		var papers protocol.Papers
		for _, e := range held {
			o := rules.CheckedOriginal{SHA256: e.SHA256, Name: e.Name, Preflight: rules.Preflight{Kind: rules.EvidenceKind(e.Kind), Verdict: rules.VerdictLook, ShownAt: pickedUp}}
			if e.Name == "blurred.png" {
				o.Verdict, o.Findings = rules.VerdictRefused, []rules.PreflightFinding{{Code: rules.PreflightBlurred, Verdict: rules.VerdictRefused, Measured: "3", Wanted: "40"}}
			}
			papers.Originals = append(papers.Originals, o)
		}
		return papers
	}
	bring := func(hour int, kind rules.EvidenceKind, name string) {
		at := complainedAt.Add(time.Duration(hour) * time.Hour)
		sum := strings.Repeat(strconv.Itoa(hour), 64)
		w.at(at, func() {
			w.mu.Lock()
			w.held = append(w.held, protocol.Evidence{Kind: string(kind), Name: name, SHA256: sum})
			w.mu.Unlock()
			w.put(event(rules.TypeEvidenceAdded, at, &rules.EvidenceAdded{When: at, By: "LI", Originals: []rules.Original{{Kind: kind, SHA256: sum}}}))
			w.ring()
		})
	}
	bring(1, rules.EvidenceProductPhotos, "photo.png")
	bring(2, rules.EvidencePickup, "pickup.png")
	bring(3, rules.EvidenceShippingLabel, "blurred.png")
	bring(5, rules.EvidenceShippingLabel, "sharp.png")
	w.later(complainedAt.Add(6*time.Hour), complaintAnswered(complainedAt.Add(6*time.Hour)))
	decision := complainedAt.Add(2 * day)
	w.later(decision, complaintDecided(decision, false, 0))
	w.complaint()
	require.Equal(t, []string{
		"120h0m0s respond", "122h0m0s unfit/pickup_screenshot/222222222222/look", "123h0m0s unfit/shipping_label/333333333333/refused",
		"125h0m0s ready", "125h0m0s unfit/shipping_label/555555555555/look", "168h0m0s ended/dismissed",
	}, w.told())
	require.Contains(t, w.texts[1].EN, "needs a person's look")
	require.Contains(t, w.texts[2].EN, "(blurred.png): will be refused.")
	require.Contains(t, w.texts[3].EN, "(sharp.png): needs a person's look.")
	require.Equal(t, 3, w.asked("judge"), "the photo is of no weight")
}

// Garbage is kept and stops nothing.
func TestComplaintHearsGarbage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, complainedAt)
	w.at(complainedAt.Add(time.Hour), func() { w.env.SignalWorkflow(protocol.SignalEvent, "garbage") })
	w.at(complainedAt.Add(time.Hour), func() { w.env.SignalWorkflow(protocol.SignalConfirm, []int{1}) })
	decision := complainedAt.Add(2 * day)
	w.later(decision, complaintDecided(decision, false, 0))
	w.complaint()
	require.Equal(t, rules.ComplaintDismissed, w.complaintResult().Status)
	require.Len(t, w.kept(), 2)
}

// An operator may end it at any time.
func TestComplaintIsCancelled(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Duration{time.Hour, 30 * time.Hour} {
		w := newWorld(t, complainedAt)
		w.at(complainedAt.Add(at), w.env.CancelWorkflow)
		w.complaint()
		var cancelled *temporal.CanceledError
		require.ErrorAs(t, w.env.GetWorkflowError(), &cancelled)
		require.Equal(t, at, w.elapsed(complainedAt))
	}
}

// A notice that cannot be sent is tried again.
func TestComplaintNoticeIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, complainedAt)
	w.during["notify"] = func(int) error { return downBetween(w, complainedAt, complainedAt.Add(time.Minute)) }
	decision := complainedAt.Add(5 * time.Hour)
	w.later(decision, complaintDecided(decision, false, 0))
	w.complaint()
	require.Equal(t, rules.ComplaintDismissed, w.complaintResult().Status)
	told := slices.Compact(w.told()) // the environment may run the last try once more
	require.Len(t, told, 2)
	require.Contains(t, told[0], "121h0m")
	require.Contains(t, told[0], " respond")
}

// The order opens the story, tells it what it must hear, and stays until it is over, though the
// buyer has received the goods.
func TestOrderKeepsItsComplaint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, afterPickUp)
	var children []string
	w.env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
		children = append(children, info.WorkflowExecution.ID)
	})
	w.later(complainedAt, complained(complainedAt))
	w.later(complainedAt.Add(time.Hour), received(complainedAt.Add(time.Hour)))
	w.later(complainedAt.Add(2*time.Hour), evidenceAdded(complainedAt.Add(2*time.Hour), rules.EvidenceWaybill, rules.EvidencePickup))
	w.later(complainedAt.Add(3*time.Hour), complaintAnswered(complainedAt.Add(3*time.Hour)))
	decision := complainedAt.Add(3 * day)
	w.later(decision, complaintDecided(decision, false, 0))
	w.order(onItsWay()...)
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, decision.Sub(afterPickUp), w.elapsed(afterPickUp))
	require.Equal(t, []string{protocol.ComplaintWorkflowID(store, complaintID)}, children)
	require.Equal(t, []string{"120h0m0s respond", "122h0m0s ready", "192h0m0s ended/dismissed"}, w.toldBy(children[0]))
}

// An order's next run knows which of its complaints have a story, and which an operator ended.
func TestContinuedOrderKeepsItsComplaints(t *testing.T) {
	t.Parallel()
	before := newWorldWith(t, complainedAt.Add(-time.Hour), nil)
	before.env.SetDetachedChildWait(false)
	continued := complainedAt.Add(time.Hour)
	before.at(continued.Add(-time.Second), func() { before.env.SetContinueAsNewSuggested(true) })
	before.later(continued, refunded(continued, true))
	other := event(rules.TypeDisputeOpened, complainedAt, &rules.Dispute{When: complainedAt, Kind: rules.DisputeOther, DisputeID: "D-1"})
	before.onChild(func(id string) {
		if id == protocol.DisputeWorkflowID(store, "D-1") {
			before.env.RegisterDelayedCallback(func() { before.env.CancelWorkflowByID(id, "") }, time.Minute)
		}
	})
	before.order(append(onItsWay(), complained(complainedAt), other)...)
	in := nextInput(t, before)
	require.Equal(t, []string{protocol.ComplaintWorkflowID(store, complaintID)}, in.State.Contests)
	require.Equal(t, []string{protocol.DisputeWorkflowID(store, "D-1")}, in.State.StoppedContests)
	require.Empty(t, in.State.Claims)

	w := newWorld(t, continued)
	w.takeOver(in, before)
	w.onChild(func(id string) { t.Errorf("%s runs already, or was ended", id) })
	var told []int
	w.env.OnSignalExternalWorkflow(mock.Anything, protocol.ComplaintWorkflowID(store, complaintID), "", protocol.SignalEvent, mock.Anything).Return(
		func(_, _, _, _ string, arg any) error {
			told = append(told, len(arg.([]json.RawMessage)))
			return nil
		})
	answer, end := continued.Add(time.Hour), continued.Add(3*day)
	w.later(answer, complaintAnswered(answer))
	w.later(end, received(end)) // ends the dispute
	w.later(end.Add(time.Hour), complaintDecided(end.Add(time.Hour), false, 0))
	w.run(in)
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, []int{7, 1, 2}, told, "all, for the first run may have told nothing; then what is new")
}

// A complaint that is learnt before its order waits for it, and one that the platform's words
// put in the wrong order is understood all the same.
func TestComplaintOutOfOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, complainedAt)
	answer, decision := complainedAt.Add(23*time.Hour), complainedAt.Add(30*time.Hour)
	facts := append(onItsWay(), complaintDecided(decision, true, 1), complaintAnswered(answer), complained(complainedAt))
	w.contest(protocol.WorkflowComplaint, complaintID, facts...)
	require.Equal(t, protocol.ComplaintResult{Status: rules.ComplaintUpheld, Points: 1, At: decision}, w.complaintResult())
	require.NotContains(t, w.told(), "144h0m1s lost +manager")
}

// A run of a release that knew no stories of contests goes on without one for the dispute that it
// had heard of, and gives a complaint that comes later its story.
func TestOldOrderTellsNewComplaints(t *testing.T) {
	t.Parallel()
	w := newWorld(t, complainedAt)
	dispute := protocol.DisputeWorkflowID(store, disputeID)
	w.env.OnGetVersion("contest/"+dispute, workflow.DefaultVersion, workflow.Version(1)).Return(workflow.DefaultVersion)
	w.env.OnGetVersion(mock.Anything, workflow.DefaultVersion, workflow.Version(1)).Return(workflow.Version(1))
	var children []string
	w.onChild(func(id string) { children = append(children, id) })
	complains, decision := complainedAt.Add(day), complainedAt.Add(3*day)
	w.later(complains, complained(complains))
	w.later(decision, complaintDecided(decision, false, 0))
	w.later(decision.Add(time.Hour), received(decision.Add(time.Hour)))
	other := event(rules.TypeDisputeOpened, complainedAt, &rules.Dispute{When: complainedAt, Kind: rules.DisputeOther, DisputeID: disputeID})
	w.order(append(onItsWay(), other)...)
	require.Equal(t, rules.EndCancelled, w.result().Reason)
	require.Equal(t, []string{protocol.ComplaintWorkflowID(store, complaintID)}, children)
}
