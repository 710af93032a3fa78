package workflows

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// confirmUpdate records that a person pressed the confirm button and answers which cases
// are confirmed now, or why none is.
func (o *order) confirmUpdate(ctx workflow.Context, c protocol.Confirmation) (protocol.ConfirmationResult, error) {
	o.heard++
	message := o.heard
	c, err := c.Check(o.now(ctx))
	if err != nil {
		return protocol.ConfirmationResult{}, temporal.NewApplicationError(err.Error(), protocol.ErrBadInput)
	}
	// Not as the order's own reading: should this update be lost, the dispatcher tells again.
	if err := o.load(ctx, false); err != nil {
		return protocol.ConfirmationResult{}, err
	}
	o.learnt = true // whatever becomes of the confirmation, there may be news
	e, open, err := o.confirmation(ctx, c, message, o.unexpired)
	if err != nil {
		return protocol.ConfirmationResult{}, err
	}
	if err := o.bring(ctx, e); err != nil {
		return protocol.ConfirmationResult{}, err
	}
	o.learnt = true
	return protocol.ConfirmationResult{Confirmed: open, At: e.Data.At()}, nil
}

// unexpired tells whether the expiry of a case at a confirm-by has not been carried out yet.
type unexpired func(confirmBy time.Time, c protocol.Confirmation) bool

// confirmation is the event that a confirmation becomes, and the cases that it confirms.
// Without a time of its own it counts as in time while the expiry was not carried out.
func (s *story) confirmation(ctx workflow.Context, c protocol.Confirmation, message int, unexpired unexpired) (rules.Event, []rules.CaseID, error) {
	now := s.now(ctx)
	at := now
	if c.At != nil {
		at = *c.At
	}
	if at.After(now.Add(time.Minute)) {
		return rules.Event{}, nil, temporal.NewApplicationError(
			fmt.Sprintf("at: expected a time that has come, got %s; it is %s now", at.Format(time.RFC3339), now.Format(time.RFC3339)), protocol.ErrBadInput)
	}
	open, late := rules.Confirmable(s.facts, s.ruleset(), c.TrackingNumber, c.Kind, at, now)
	if len(open) == 0 && c.At == nil && !late.IsZero() && unexpired(late, c) {
		at = late
		open, _ = rules.Confirmable(s.facts, s.ruleset(), c.TrackingNumber, c.Kind, at, now)
	}
	if len(open) == 0 {
		if !late.IsZero() {
			return rules.Event{}, nil, temporal.NewApplicationError(
				fmt.Sprintf("too late: the case of %s had to be confirmed by %s, and this act is of %s", c.TrackingNumber, rules.Stamp(late), rules.Stamp(at)), protocol.ErrTooLate)
		}
		return rules.Event{}, nil, temporal.NewApplicationError(
			fmt.Sprintf("no open case of %s at %s: nothing to confirm", c.TrackingNumber, rules.Stamp(at)), protocol.ErrNoCase)
	}
	return rules.Event{
		Source: protocol.SourceOfRun(s.run), ID: fmt.Sprint(message), Type: rules.TypeConfirmed, Time: now,
		Data: &rules.Confirmed{TrackingNumber: c.TrackingNumber, Kind: c.Kind, When: at, By: c.By, Note: c.Note},
	}, open, nil
}

// unexpired tells whether neither the order nor the claim has carried out the expiry of a
// case yet.
func (o *order) unexpired(confirmBy time.Time, c protocol.Confirmation) bool {
	return slices.ContainsFunc(o.children, func(one *child) bool {
		return one.claim != nil && one.claim.TrackingNumber == c.TrackingNumber && (c.Kind == "" || c.Kind == one.claim.Kind) &&
			one.running && !one.home() && one.until.Equal(rules.MissedAt(confirmBy))
	})
}

// hearConfirmations takes in the signals of people who confirm from the Web UI or a script.
// Nobody waits for an answer: a refusal is logged, and the act kept.
func (s *story) hearConfirmations(ctx workflow.Context, unexpired unexpired) error {
	ch := workflow.GetSignalChannel(ctx, protocol.SignalConfirm)
	for {
		var message converter.RawValue
		if !ch.ReceiveAsync(&message) {
			return nil
		}
		s.heard++
		number := s.heard
		data := message.Payload().GetData()
		var c protocol.Confirmation
		err := json.Unmarshal(data, &c)
		if err == nil {
			c, err = c.Check(s.now(ctx))
		}
		if err == nil {
			var e rules.Event
			if e, _, err = s.confirmation(ctx, c, number, unexpired); err == nil {
				err = s.bring(ctx, e)
				if ctx.Err() != nil {
					return err
				}
			}
		}
		if err != nil {
			s.log.Warn("confirmation without effect kept", "error", err)
			if err := s.keep(ctx, protocol.SignalConfirm, data); err != nil {
				return err
			}
		}
	}
}
