package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"parcelward/internal/audit"
	"parcelward/internal/postgres"
	"parcelward/internal/temporalclient"
)

// auditCmd recomputes every order and compares.
type auditCmd struct {
	Sample   float64       `default:"1" placeholder:"SHARE" help:"抽查多少流程（0 到 1）。 · Share of the workflows that are asked, 0 to 1; default: all."`
	Patience time.Duration `default:"5s" help:"差异持续多久才算。 · How long a difference may last before it counts."`
	Database string        `placeholder:"URL" help:"数据库。 · Database; default: DATABASE_URL."`
	JSON     bool          `name:"json" help:"输出 JSON。 · Print JSON."`
}

// Run prints one difference a line; any ends it with exit status 1.
func (c *auditCmd) Run(ctx context.Context, s streams) error {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.DatabaseURL, c.Database)
	if err := o.NeedDatabase(); err != nil {
		return &exitError{exitUsage, err}
	}
	if c.Sample < 0 || c.Sample > 1 {
		return &exitError{exitUsage, fmt.Errorf("--sample %v: expected 0 to 1", c.Sample)}
	}
	known, err := o.Rules()
	if err != nil {
		return &exitError{exitUsage, err}
	}
	db, err := postgres.Open(ctx, o.DatabaseURL, postgres.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	temporal, err := temporalclient.Dial(ctx, o.Temporal, newLog(s.err, o))
	if err != nil {
		return err
	}
	defer temporal.Close()
	report, err := audit.Run(ctx, audit.Options{
		DB: db, Workflows: temporalclient.Orders{Client: temporal}, Rules: known, Clock: o.Clock.Protocol(),
		Sample: c.Sample, Patience: c.Patience,
	})
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(s.out).Encode(report)
	} else {
		err = writeReport(s.out, report)
	}
	if err == nil && len(report.Differences) > 0 {
		err = errTold
	}
	return err
}

// writeReport prints what was found, one thing a line.
func writeReport(w io.Writer, r *audit.Report) error {
	for _, d := range r.Differences {
		if _, err := fmt.Fprintf(w, "differs  %s/%s  %s  %s  want %s  got %s\n", d.Store, d.Order, d.Check, d.Key, d.Want, d.Got); err != nil {
			return err
		}
	}
	for _, i := range r.Idle {
		if _, err := fmt.Fprintf(w, "no effect  %s/%s  %s  %s  %s %s\n", i.Store, i.Order, i.Type, i.At, i.Source, i.ID); err != nil {
			return err
		}
	}
	for _, t := range slices.Sorted(maps.Keys(r.Unknown)) {
		if _, err := fmt.Fprintf(w, "unknown type  %s  %d\n", t, r.Unknown[t]); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "已核对 %d 个订单（%d 个尚无创建事件），询问 %d 个流程（%d 个已过保留期），差异 %d 处。\n%d orders audited (%d not created yet), %d workflows asked (%d past retention), %d differences.\n",
		r.Orders, r.Uncreated, r.Asked, r.Forgotten, len(r.Differences), r.Orders, r.Uncreated, r.Asked, r.Forgotten, len(r.Differences))
	return err
}
