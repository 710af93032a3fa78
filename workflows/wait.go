package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
)

// alarm is a story's one timer: to the next moment at which something can be due. Within one
// wait it is never cancelled for a later moment: when it rings the story looks again, and
// usually sleeps on. A claim whose case moves on has it put off: to ring in vain costs five
// events, and its sentence would tell operators of what is over.
type alarm struct {
	timer  workflow.Future
	at     time.Time // virtual; zero: not set
	stale  bool      // set for what is over: put off to what the story waits for now
	cancel workflow.CancelFunc
}

// retryNotice is when a notice that could not be sent is tried again (virtual time).
const retryNotice = time.Hour

// set arms the alarm for at (zero: nothing to wait for), unless it rings earlier anyway.
func (s *story) set(ctx workflow.Context, at time.Time, sentence string) {
	if s.unsent {
		s.unsent = false
		at = earliest(at, s.now(ctx).Add(retryNotice))
	}
	a := &s.alarm
	stale := a.stale
	a.stale = false
	if at.IsZero() || (!a.at.IsZero() && !at.Before(a.at) && (!stale || at.Equal(a.at))) {
		return
	}
	if a.cancel != nil {
		a.cancel()
	}
	var timerCtx workflow.Context
	timerCtx, a.cancel = workflow.WithCancel(ctx)
	a.at = at
	// Whole milliseconds, rounded up: an alarm that rings a moment early rings in vain.
	rest := s.clock.Real(at.Sub(s.now(ctx))) + time.Millisecond - 1
	a.timer = workflow.NewTimerWithOptions(timerCtx, max(rest.Truncate(time.Millisecond), time.Millisecond), workflow.TimerOptions{Summary: sentence})
}

// wait sleeps until the alarm rings or a message comes, and tells whether it rang. It
// returns the cancellation of the workflow.
func (s *story) wait(ctx workflow.Context, awake func() bool) (rang bool, err error) {
	err = workflow.Await(ctx, func() bool { return s.rings() || waiting(ctx) || awake() })
	if err != nil {
		return false, err
	}
	if s.rings() {
		s.alarm = alarm{}
		return true, nil
	}
	return false, nil
}

// due tells whether the next moment at which something could be due has come since the story
// last looked, however long what it did meanwhile took.
func (s *story) due(ctx workflow.Context) bool {
	return !s.wake.IsZero() && !s.now(ctx).Before(s.wake)
}

func (s *story) rings() bool { return s.alarm.timer != nil && s.alarm.timer.IsReady() }

// waiting tells whether a signal has not been taken in yet.
func waiting(ctx workflow.Context) bool {
	return workflow.GetSignalChannel(ctx, protocol.SignalEvent).Len() > 0 ||
		workflow.GetSignalChannel(ctx, protocol.SignalConfirm).Len() > 0
}

// drain waits for updates that still run and tells whether the story may end or continue as
// new at once: nothing waited, and nothing has come meanwhile.
func drain(ctx workflow.Context) (bool, error) {
	if workflow.AllHandlersFinished(ctx) {
		return !waiting(ctx), nil
	}
	return false, workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

func contains(keys []string, key string) bool { return slices.Contains(keys, key) }
