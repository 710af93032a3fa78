package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"parcelward/internal/port"
)

// lookEvery is how often a service is asked which numbers it has given up. Virtual, for a
// service gives up after days of its own time.
const lookEvery = 24 * time.Hour

// lookForGivenUp has numbers that the service has given up watched anew by the next sweep. The
// service pushes that too, but a push can be lost. What of the look fails is left for the next
// one.
func (s *sweep) lookForGivenUp(ctx context.Context) error {
	service, ok := s.service.(port.GiverUp)
	if !ok {
		return nil
	}
	mine, err := s.Sweeps.TakeLook(ctx, s.in.Service, s.now(), lookEvery)
	if err != nil || !mine {
		return s.fail(ctx, err)
	}
	for after, failures := "", 0; ; {
		numbers, err := s.Sweeps.Watched(ctx, s.in.Service, after, s.service.Limits().Batch)
		if err != nil || len(numbers) == 0 {
			return s.fail(ctx, err)
		}
		after = numbers[len(numbers)-1]
		if err = s.lookAt(ctx, service, numbers); err == nil {
			failures = 0
			continue
		}
		_, away := errors.AsType[*port.UnavailableError](err) // what it asks for, the next turn waits for
		if failures++; ctx.Err() != nil || failures == sweepPatience || !away {
			activity.GetLogger(ctx).Warn("the look for numbers that were given up is left for the next one", "service", s.in.Service, "from", numbers[0], "error", err)
			return nil //nolint:nilerr // the next look makes up for it
		}
		s.pause(ctx, sweepPause<<failures)
	}
}

func (s *sweep) lookAt(ctx context.Context, service port.GiverUp, numbers []string) error {
	activity.RecordHeartbeat(ctx, s.done)
	if err := s.Services.Turn(ctx, s.service, sweepWait); err != nil {
		return err
	}
	activity.RecordHeartbeat(ctx, s.done)
	given, err := service.GivenUp(ctx, numbers)
	if err = s.Services.Note(ctx, s.service, err); err != nil {
		return err
	}
	if len(given) == 0 {
		return nil
	}
	s.count(ctx, "given_up", len(given))
	if _, err := s.Traces.Learn(ctx, s.in.Service, given); err != nil {
		return errors.Join(fmt.Errorf("have %d numbers watched anew", len(given)), err)
	}
	return nil
}
