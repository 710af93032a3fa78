package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"parcelward/internal/api"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
	"parcelward/internal/temporalclient"
)

// confirmCmd records that a person pressed the seller centre's confirm button.
type confirmCmd struct {
	Store    string         `arg:"" help:"店铺 · Store."`
	Order    string         `arg:"" help:"订单号 · Order number."`
	Tracking string         `arg:"" help:"运单号 · Tracking number."`
	Kind     rules.CaseKind `placeholder:"KIND" help:"只确认这一种异常：lost、not-received、signature-abnormal、stall。 · Only this kind of exception; default: every open one of the parcel."`
	By       string         `placeholder:"NAME" help:"确认人。 · Who pressed the button; default: the user of this computer."`
	At       time.Time      `placeholder:"TIME" help:"点击时间（RFC 3339，带时区）。 · When, RFC 3339 with offset; default: now."`
	Note     string         `help:"备注。 · A note."`
	Server   string         `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
	Direct   bool           `help:"直接发给 Temporal，不经接口。 · Ask Temporal itself, without the API."`
}

// Run prints what was confirmed. A refusal ends it with exit status 1 and the reason.
func (c *confirmCmd) Run(ctx context.Context, s streams) error {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	confirmation := protocol.Confirmation{
		TrackingNumber: c.Tracking, Kind: c.Kind, By: whoever(c.By), Note: c.Note,
	}
	if !c.At.IsZero() {
		confirmation.At = &c.At
	}
	if c.Direct {
		now := o.Clock.Protocol().Virtual(time.Now())
		if confirmation.At == nil {
			confirmation.At = &now
		}
		client, err := temporalclient.Dial(ctx, o.Temporal, newLog(s.err, o))
		if err != nil {
			return err
		}
		defer client.Close()
		wait, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		result, err := temporalclient.Orders{Client: client}.Confirm(wait, c.Store, c.Order, rand.Text(), confirmation)
		return c.tell(s, api.Confirmed{Confirmed: result.Confirmed, At: rules.Stamp(result.At), Message: api.Words{ZH: "已登记确认异常。", EN: "The exception is confirmed."}}, err)
	}
	override(&o.Server, c.Server)
	// One act, one key: the API makes it of the body unless the moment is left to it.
	key := ""
	if confirmation.At == nil {
		key = rand.Text()
	}
	answer, err := api.Client{Base: o.Server}.Confirm(ctx, c.Store, c.Order, key, confirmation)
	return c.tell(s, answer, err)
}

func (c *confirmCmd) tell(s streams, answer api.Confirmed, err error) error {
	var problem *api.ProblemError
	var refused *temporalclient.RefusedError
	switch {
	case errors.As(err, &refused), errors.As(err, &problem) && problem.Status < http.StatusInternalServerError:
		return fmt.Errorf("未确认 · not confirmed: %w", err)
	case err != nil:
		return err
	}
	if _, err := fmt.Fprintf(s.out, "%s %s\n", answer.Message.ZH, answer.Message.EN); err != nil {
		return err
	}
	for _, id := range answer.Confirmed {
		kind := wording.Kind(id.Kind)
		if _, err := fmt.Fprintf(s.out, "  %s/%s  %s  %s %s  %s\n", c.Store, c.Order, id.TrackingNumber, kind.ZH, kind.EN, answer.At); err != nil {
			return err
		}
	}
	return nil
}
