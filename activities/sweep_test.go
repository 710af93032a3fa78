package activities_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"parcelward/activities"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// fleet is one service with its parcels; it implements the ports of a sweep.
type fleet struct {
	ports
	due      []port.Due // waiting
	hand     []port.Due // claimed last
	finished []port.Asked
	back     int // given
	learned  []port.Answer
	watched  []string
	turns    int
	pauses   int
	told     []protocol.Notice

	served int
	looked time.Time  // the next look is due then
	listed [][]string // numbers that were looked at
	given  func(numbers []string) ([]port.Answer, error)

	answer func(number string) port.Answer
	fail   func(call int) error // of the service
	busy   bool
}

func (f *fleet) Name() string        { return "svc" }
func (f *fleet) Limits() port.Limits { return port.Limits{Batch: 3} }

func (f *fleet) Watch(_ context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	answers := make([]port.Answer, len(parcels))
	for i, p := range parcels {
		f.watched = append(f.watched, p.Number)
		answers[i] = port.Answer{Number: p.Number, Err: f.answer(p.Number).Err}
	}
	return answers, nil
}

func (f *fleet) Track(_ context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	if f.fail != nil {
		if err := f.fail(f.turns); err != nil {
			return nil, err
		}
	}
	var answers []port.Answer
	for _, p := range parcels {
		answers = append(answers, f.answer(p.Number))
	}
	return answers, nil
}

func (f *fleet) Service(name string) port.TrackingService {
	if name != "svc" {
		return nil
	}
	return f
}
func (f *fleet) Scope(string) port.Scope { return port.Scope{Others: true} }

func (f *fleet) Turn(context.Context, port.TrackingService, time.Duration) error {
	f.turns++
	if f.busy {
		return fmt.Errorf("svc: %w", port.ErrBusy)
	}
	return nil
}

func (f *fleet) Note(_ context.Context, _ port.TrackingService, called error) error {
	if called != nil {
		f.pauses++
	}
	return called
}

func (f *fleet) ClaimDue(_ context.Context, _ port.Scope, _ time.Time, most int, _ time.Duration) ([]port.Due, error) {
	n := min(most, len(f.due))
	claimed := f.due[:n]
	f.due = f.due[n:]
	f.hand = claimed
	return claimed, nil
}

// claimed tells whether a number is in the batch in hand.
func (f *fleet) claimed(number string) bool {
	return slices.ContainsFunc(f.hand, func(d port.Due) bool { return d.Number == number })
}

func (f *fleet) Finish(_ context.Context, asked []port.Asked, _ time.Time) error {
	f.finished = append(f.finished, asked...)
	return nil
}

func (f *fleet) GiveBack(_ context.Context, due []port.Due) error {
	f.back += len(due)
	f.due = append(slices.Clone(due), f.due...)
	return nil
}

func (f *fleet) Slot(context.Context, string, time.Duration, time.Duration) (time.Duration, error) {
	return 0, nil
}
func (f *fleet) Pause(context.Context, string, time.Duration) error { return nil }
func (f *fleet) Answered(context.Context, string) error             { return nil }

func (f *fleet) Serve(context.Context, string) error {
	f.served++
	return nil
}

func (f *fleet) TakeLook(_ context.Context, _ string, at time.Time, every time.Duration) (bool, error) {
	if at.Before(f.looked) {
		return false, nil
	}
	f.looked = at.Add(every)
	return true, nil
}

// Watched are the numbers that were answered for, and are still asked about.
func (f *fleet) Watched(_ context.Context, service, after string, most int) ([]string, error) {
	var numbers []string
	for _, a := range f.finished {
		if a.Watched == service && a.Number > after {
			numbers = append(numbers, a.Number)
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	return numbers[:min(most, len(numbers))], nil
}

func (f *fleet) Learn(_ context.Context, _ string, answers []port.Answer) (port.Learnt, error) {
	f.learned = append(f.learned, answers...)
	return port.Learnt{Rows: len(answers)}, nil
}

func (f *fleet) Notify(_ context.Context, n protocol.Notice) error {
	f.told = append(f.told, n)
	return nil
}

func newFleet(n int) *fleet {
	f := &fleet{answer: func(number string) port.Answer {
		return port.Answer{Number: number, Rows: []rules.Row{{At: now, Milestone: rules.InTransit}}}
	}}
	for i := range n {
		f.due = append(f.due, port.Due{Tracked: port.Tracked{Number: fmt.Sprint("N", i)}, Plan: rules.PollPlan{{Every: 6 * time.Hour}}})
	}
	return f
}

func (f *fleet) sweep(t *testing.T) (protocol.SweepResult, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, &activities.Activities{Traces: f, Services: f, Sweeps: f, Notifier: f})
	value, err := env.ExecuteActivity(protocol.ActivitySweep, protocol.SweepInput{Service: "svc", Clock: protocol.Clock{Origin: now, Start: time.Now(), Speed: 1e-12}})
	var out protocol.SweepResult
	if err == nil {
		require.NoError(t, value.Get(&out))
	}
	return out, err
}

// All that is due is asked about, in full batches, watched first; what came again is not
// looked at twice.
func TestSweep(t *testing.T) {
	t.Parallel()
	f := newFleet(7)
	out, err := f.sweep(t)
	require.NoError(t, err)
	require.Equal(t, protocol.SweepResult{Asked: 7, Rows: 7}, out)
	require.Len(t, f.watched, 7)
	require.Equal(t, 6, f.turns, "three batches, each watched and asked")
	for _, a := range f.finished {
		require.Equal(t, "svc", a.Watched)
		require.Empty(t, a.Error)
		require.WithinDuration(t, now.Add(6*time.Hour), a.Next, time.Second)
		f.due = append(f.due, port.Due{Tracked: a.Tracked, Plan: a.Plan, Hash: a.Answer, WatchedBy: a.Watched})
	}
	out, err = f.sweep(t)
	require.NoError(t, err)
	require.Equal(t, protocol.SweepResult{Asked: 7}, out)
	require.Len(t, f.watched, 7, "watched already")
	require.Len(t, f.learned, 7)
}

// A number of which the service can say nothing is put off, the longer the oftener, and stops
// no other.
func TestSweepOfBadNumbers(t *testing.T) {
	t.Parallel()
	f := newFleet(3)
	good := f.answer
	f.due[2].Attempts = 3
	f.answer = func(number string) port.Answer {
		switch number {
		case "N0":
			return good(number)
		case "N1":
			return port.Answer{Number: number, Err: fmt.Errorf("malformed: %w", port.ErrRefused)}
		}
		return port.Answer{Number: number, Err: port.ErrUnwatched}
	}
	out, err := f.sweep(t)
	require.NoError(t, err)
	require.Equal(t, protocol.SweepResult{Asked: 1, Rows: 1, Failed: 2}, out)
	require.WithinDuration(t, now.Add(24*time.Hour), f.finished[1].Next, time.Second)
	require.Contains(t, f.finished[1].Error, "malformed")
	require.Empty(t, f.finished[1].Watched)
	require.WithinDuration(t, now.Add(4*time.Hour), f.finished[2].Next, time.Second, "30 minutes, three times twice as long")
	require.Empty(t, f.finished[2].Watched, "to be watched again")
}

// The store's first parcel with a carrier: people hear when the carrier does not know its
// number by 48 h after shipping; at -1 s, 0 and +1 s; not of one that it knows.
func TestSweepChecksTheFirstNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		after time.Duration // of the deadline, and now
		first bool
		known bool
		told  bool
	}{
		{"a second before", -time.Second, true, false, false},
		{"at it", 0, true, false, false},
		{"a second after", time.Second, true, false, true},
		{"not the first", time.Second, false, false, false},
		{"known", time.Second, true, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(1)
			f.due[0].First, f.due[0].CheckBy = c.first, now.Add(-c.after)
			if !c.known {
				f.answer = func(number string) port.Answer { return port.Answer{Number: number} }
			}
			_, err := f.sweep(t)
			require.NoError(t, err)
			require.Equal(t, c.known, f.finished[0].Heard)
			if !c.told {
				require.Empty(t, f.told)
				return
			}
			require.Len(t, f.told, 1)
			require.Contains(t, f.told[0].ZH, "N0")
			require.Equal(t, rules.NoticeNumberCheck, f.told[0].Kind)
		})
	}
}

// When the service does not answer, nothing more is asked: the batch in hand is given back, and
// those before it are finished. Where the batch itself may be at fault, others go first the
// next time.
func TestSweepWhileTheServiceIsAway(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err    error
		repeat bool
		calls  int // that failed
		behind int // numbers that let others go first
	}{
		"asks to wait": {&port.UnavailableError{Call: "svc: track", Status: 429, After: 7 * time.Second}, true, 1, 0},
		"unauthorised": {fmt.Errorf("svc: %w: %w", port.ErrUnauthorised, port.ErrRefused), false, 1, 0},
		"wrong key":    {fmt.Errorf("svc: wrong key: %w", port.ErrRefused), false, 1, 3},
		"away":         {&port.UnavailableError{Call: "svc: track", Status: 503}, true, 5, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(7)
			f.fail = func(call int) error {
				if call > 3 {
					return tc.err
				}
				return nil
			}
			_, err := f.sweep(t)
			var failed *temporal.ApplicationError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, !tc.repeat, failed.NonRetryable())
			require.Len(t, f.finished, 3+tc.behind)
			require.Equal(t, 3*tc.calls-tc.behind, f.back)
			require.Len(t, f.due, 4-tc.behind)
			require.Equal(t, tc.calls, f.pauses)
			for _, a := range f.finished[3:] {
				require.WithinDuration(t, now.Add(30*time.Minute), a.Next, time.Second)
				require.NotEmpty(t, a.Error)
				require.Empty(t, a.Watched)
			}
		})
	}
}

// A failure now and then stops nothing: the batch is asked about again.
func TestSweepInBadWeather(t *testing.T) {
	t.Parallel()
	f := newFleet(9)
	calls := 0
	f.fail = func(int) error {
		if calls++; calls%2 == 1 {
			return &port.UnavailableError{Call: "svc: track", Status: 500}
		}
		return nil
	}
	out, err := f.sweep(t)
	require.NoError(t, err)
	require.Equal(t, 9, out.Asked)
	require.Len(t, f.finished, 9)
}

// One number at which the service always fails, call after call, keeps none of the others from
// being asked about.
func TestSweepPastANumberThatAlwaysFails(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"garbage": &port.UnavailableError{Call: "svc: track", Status: 200, Detail: "that cannot be read"},
		"refused": fmt.Errorf("svc: wrong parameters: %w", port.ErrRefused),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(7)
			f.fail = func(int) error {
				if f.claimed("N0") {
					return err
				}
				return nil
			}
			_, failed := f.sweep(t)
			require.Error(t, failed)
			out, failed := f.sweep(t)
			require.NoError(t, failed)
			require.Equal(t, 4, out.Asked, "all but the batch of the bad one")
			require.Len(t, f.finished, 7)
		})
	}
}

func TestSweepOfABusyOrMissingService(t *testing.T) {
	t.Parallel()
	f := newFleet(1)
	f.busy = true
	_, err := f.sweep(t)
	require.ErrorContains(t, err, "not to be called yet")
	require.Equal(t, 1, f.back)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, &activities.Activities{Traces: f, Services: f, Sweeps: f, Notifier: f})
	_, err = env.ExecuteActivity(protocol.ActivitySweep, protocol.SweepInput{Service: "other"})
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.NonRetryable(), "a worker that has its keys may take it")
	require.ErrorContains(t, err, "not configured at this worker")
	require.Equal(t, 1, f.served, "the one that it has")
}
