package temporalclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"parcelward/internal/protocol"
)

// Schedule is a workflow that is started again and again; a turn is skipped while one runs.
type Schedule struct {
	ID       string // of the schedule, and of its workflows, to which Temporal adds the time
	Workflow string
	Input    any
	Summary  string // for operators
	Every    time.Duration
	// At, in Zone (IANA), instead of Every: by the calendar, in real time.
	At   *client.ScheduleCalendarSpec
	Zone string
}

// EnsureSchedule makes a schedule be there as described. Many processes may do so at once.
// One that an operator has paused stays paused.
func EnsureSchedule(ctx context.Context, c client.Client, s Schedule) error {
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: s.Every}}}
	catchUp := time.Minute // a sweep makes up for those missed
	if s.At != nil {
		spec = client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{*s.At}, TimeZoneName: s.Zone}
		catchUp = 7 * 24 * time.Hour // nothing makes up for a month's statement
	}
	action := &client.ScheduleWorkflowAction{
		ID: s.ID, Workflow: s.Workflow, Args: []any{s.Input}, TaskQueue: protocol.QueueOrders, StaticSummary: s.Summary,
	}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: s.ID, Spec: spec, Action: action, Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: catchUp, TriggerImmediately: s.At == nil,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		if err != nil {
			return fmt.Errorf("create schedule %s: %w", s.ID, err)
		}
		return nil
	}
	err = c.ScheduleClient().GetHandle(ctx, s.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			there := in.Description.Schedule
			there.Spec, there.Action = &spec, action
			there.Policy.Overlap = enums.SCHEDULE_OVERLAP_POLICY_SKIP
			return &client.ScheduleUpdate{Schedule: &there}, nil
		},
	})
	if err != nil {
		return fmt.Errorf("update schedule %s: %w", s.ID, err)
	}
	return nil
}

// RetireSchedules deletes the schedules whose IDs begin with a prefix, unless they are to be kept,
// and returns their IDs. Many processes may do so at once.
func RetireSchedules(ctx context.Context, c client.Client, prefix string, keep func(id string) (bool, error)) (retired []string, err error) {
	list, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the schedules: %w", err)
	}
	for list.HasNext() {
		there, err := list.Next()
		if err != nil {
			return retired, fmt.Errorf("list the schedules: %w", err)
		}
		if !strings.HasPrefix(there.ID, prefix) {
			continue
		}
		kept, err := keep(there.ID)
		if err != nil {
			return retired, err
		}
		if kept {
			continue
		}
		err = c.ScheduleClient().GetHandle(ctx, there.ID).Delete(ctx)
		if _, gone := errors.AsType[*serviceerror.NotFound](err); err != nil && !gone {
			return retired, fmt.Errorf("delete schedule %s: %w", there.ID, err)
		}
		retired = append(retired, there.ID)
	}
	return retired, nil
}
