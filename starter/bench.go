package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"parcelward/internal/bench"
	"parcelward/internal/config"
	"parcelward/starter/dev"
)

// benchCmd measures on servers of its own.
type benchCmd struct {
	Only string `help:"One figure only, by name · 只测一项" placeholder:"NAME"`
}

// benchSpeed lets a day pass in a second: slow enough for every wake to be one of its own.
const benchSpeed = 86_400

// Run measures and writes NDJSON to standard output.
func (c *benchCmd) Run(ctx context.Context) (err error) {
	settings, err := config.LoadStarter()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "parcelward-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	s, err := dev.Start(ctx, dev.Options{
		Dir: dir, Config: settings, Speed: benchSpeed, Unpushed: true, Origin: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC),
		Progress: func(line string) { fmt.Fprintln(os.Stderr, line) },
	})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := s.Close(); err == nil {
			err = closeErr
		}
	}()
	return bench.Run(ctx, bench.Env{
		API: s.Server.URL, Temporal: s.Server.Temporal, Clock: s.Clock, Sandbox: s.Sandbox,
		World: s.Twins.World, Database: s.Config.DatabaseURL, WorkerPID: s.Worker.PID(), PushKey: s.Config.Track17.Key,
	}, c.Only, os.Stdout)
}
