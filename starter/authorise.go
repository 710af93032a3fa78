package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parcelward/internal/connect"
	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
)

// authoriseCmd turns the code that a seller brings from the platform's consent page into the
// store's token.
type authoriseCmd struct {
	Store    string `arg:"" help:"店铺 · Store, as in PARCELWARD_ALIEXPRESS_STORES."`
	Code     string `arg:"" help:"授权码，短时间内有效，只能用一次。 · The code from the AliExpress consent page, good once and for a short time."`
	Database string `placeholder:"URL" help:"数据库。 · Database; default: DATABASE_URL."`
}

// Run keeps the token and prints until when it lasts. It prints neither code nor token.
func (c *authoriseCmd) Run(ctx context.Context, s streams) error {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.DatabaseURL, c.Database)
	if err := o.NeedDatabase(); err != nil {
		return &exitError{exitUsage, err}
	}
	if !protocol.ValidName(c.Store) {
		return &exitError{exitUsage, fmt.Errorf("store %q: expected 1 to 64 characters A-Z a-z 0-9 . _ -", c.Store)}
	}
	if err := postgres.Migrate(ctx, o.DatabaseURL); err != nil {
		return err
	}
	db, err := postgres.Open(ctx, o.DatabaseURL, postgres.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	services := connect.Connect(&o.Services, o.Clock.Protocol(), db, db)
	if services.AliExpress == nil {
		return &exitError{exitUsage, errors.Join(append(services.Problems,
			errors.New("expected PARCELWARD_ALIEXPRESS_APP_KEY and PARCELWARD_ALIEXPRESS_APP_SECRET, which the App Console shows"))...)}
	}
	status, err := authorise(ctx, services.AliExpress, c.Store, c.Code)
	if err != nil {
		return fmt.Errorf("未授权 · not authorised: %w", err)
	}
	return c.tell(s, status, slices.Contains(o.AliExpress.Stores, c.Store))
}

func authorise(ctx context.Context, client *aliexpress.Client, store, code string) (aliexpress.TokenStatus, error) {
	err := client.Authorise(ctx, store, code, "")
	if errors.Is(err, port.ErrRefused) {
		return aliexpress.TokenStatus{}, fmt.Errorf("the platform does not take the code; a code is good once and for a short time, so open the consent page again: %w", err)
	}
	if err != nil {
		return aliexpress.TokenStatus{}, err
	}
	return client.Tokens().Status(ctx, store)
}

func (c *authoriseCmd) tell(s streams, status aliexpress.TokenStatus, read bool) error {
	end := status.ExpiresAt
	if !status.RefreshBy.IsZero() {
		end = status.RefreshBy
	}
	_, err := fmt.Fprintf(s.out, "店铺 %s 已授权，%s 前自动续期，之后需卖家重新授权。\nStore %s is authorised and renews itself until %s; then its seller must authorise again.\n",
		c.Store, end.Format(time.RFC3339), c.Store, end.Format(time.RFC3339))
	if err == nil && !read {
		_, err = fmt.Fprintf(s.err, "注意：PARCELWARD_ALIEXPRESS_STORES 里没有 %s，它的订单还不会被读取。\nNote: PARCELWARD_ALIEXPRESS_STORES does not list %s, so its orders are not read yet.\n", c.Store, c.Store)
	}
	return err
}
