package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"parcelward/internal/api"
)

// extendCmd extends the buyer's time to confirm a receipt.
type extendCmd struct {
	Order  string `arg:"" name:"store/order" help:"店铺/订单号 · Store and order number."`
	Days   int    `required:"" placeholder:"N" help:"延长天数；平台有上限。 · How many more days; the platform allows so many."`
	By     string `placeholder:"NAME" help:"操作人。 · Who asks; default: the user of this computer."`
	Note   string `help:"备注。 · A note."`
	Key    string `placeholder:"KEY" help:"幂等键：失败后用同一个键重试，不会重复延长。 · The same key extends once: give it again after a failure; default: a new one, which is shown."`
	Server string `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
}

// Run prints the new end. A refusal ends it with exit status 1 and the platform's reason.
func (c *extendCmd) Run(ctx context.Context, s streams) error {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.Server, c.Server)
	store, order, ok := strings.Cut(c.Order, "/")
	if !ok || store == "" || order == "" {
		return &exitError{exitUsage, fmt.Errorf("应为 店铺/订单号 · expected STORE/ORDER, got %q", c.Order)}
	}
	key := cmp.Or(c.Key, rand.Text())
	answer, err := api.Client{Base: o.Server}.ExtendReceipt(ctx, store, order, key, api.Extension{
		Days: c.Days, By: cmp.Or(c.By, os.Getenv("USER"), os.Getenv("LOGNAME"), "starter"), Note: c.Note,
	})
	var problem *api.ProblemError
	switch {
	case errors.As(err, &problem) && problem.Status < http.StatusInternalServerError:
		return fmt.Errorf("未延长 · not extended: %w", err)
	case err != nil:
		return fmt.Errorf("%w\n重试请加 · to try again, add: --key %s", err, key)
	}
	if _, err := fmt.Fprintf(s.out, "%s %s\n", answer.Message.ZH, answer.Message.EN); err != nil || answer.After == nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "  %s/%s  %s\n", store, order, local(answer.After.Time()))
	return err
}
