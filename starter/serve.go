package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"parcelward/internal/config"
	"parcelward/internal/temporalclient"
	"parcelward/starter/server"
)

// serveCmd runs the API and the dispatcher.
type serveCmd struct {
	Listen   string `placeholder:"HOST:PORT" help:"监听地址。 · Address of the API; default: PARCELWARD_LISTEN, or 127.0.0.1:8080."`
	Database string `placeholder:"URL" help:"数据库。 · Database; default: DATABASE_URL."`
}

// Run serves until the context ends or a part fails.
func (c *serveCmd) Run(ctx context.Context, s streams) (err error) {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.Listen, c.Listen)
	override(&o.DatabaseURL, c.Database)
	if err := errors.Join(o.NeedDatabase(), o.NeedEvidence()); err != nil {
		return &exitError{exitUsage, err}
	}
	log := newLog(s.err, o)
	stopTelemetry, err := temporalclient.Telemetry(ctx, "serve", o.OTLPEndpoint)
	if err != nil {
		return err
	}
	defer func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = errors.Join(err, stopTelemetry(late))
	}()
	srv, err := server.Start(ctx, o, log)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		log.Info("stopping; requests under way are finished")
	case <-srv.Done():
	}
	return srv.Close()
}

func newLog(w io.Writer, c config.Starter) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: c.LogLevel}))
}

// override puts a flag's value in place of the environment's.
func override(value *string, flag string) {
	if flag != "" {
		*value = flag
	}
}
