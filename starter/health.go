package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/govalues/decimal"
	"github.com/jedib0t/go-pretty/v6/table"

	"parcelward/internal/api"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
	"parcelward/internal/statement"
)

// healthCmd shows how a store does, and takes what only people can read.
type healthCmd struct {
	Show healthShowCmd `cmd:"" default:"withargs" help:"查看店铺周健康。 · Show a store's weekly health."`
	Set  healthSetCmd  `cmd:"" help:"录入卖家后台的服务分、好评率、已加入的计划。 · Enter what the seller centre shows."`
}

// healthShowCmd shows a store's week.
type healthShowCmd struct {
	Store    string `required:"" help:"店铺 · Store."`
	Week     string `placeholder:"2026-W10" help:"周。 · ISO week; default: the running one."`
	Database string `placeholder:"URL" help:"数据库。 · Database; default: DATABASE_URL."`
	JSON     bool   `name:"json" help:"输出 JSON。 · Print JSON."`
}

// Run prints each measure with its line and what a breach costs.
func (c *healthShowCmd) Run(ctx context.Context, s streams) error {
	o, known, db, err := booksOf(ctx, c.Database, c.Store)
	if err != nil {
		return err
	}
	defer db.Close()
	stores := statement.Stores{Books: db, Facts: db, Book: known.Book, For: known.For}
	now := o.Clock.Protocol().Virtual(time.Now())
	week, err := weekAt(c.Week, now, (&statement.Maker{Book: known.Book}).Location(now))
	if err != nil {
		return err
	}
	h, err := stores.Week(ctx, c.Store, week, now)
	if err != nil {
		return err
	}
	if c.JSON {
		out := json.NewEncoder(s.out)
		out.SetIndent("", "  ")
		return out.Encode(h)
	}
	_, err = fmt.Fprint(s.out, healthText(c.Store, &h))
	return err
}

func weekAt(given string, now time.Time, loc *time.Location) (rules.Week, error) {
	if given == "" {
		return rules.WeekOf(now, loc), nil
	}
	week, err := rules.ParseWeek(given)
	if err != nil {
		return week, &exitError{exitUsage, err}
	}
	return week, nil
}

// healthText is a store's health for people.
func healthText(store string, h *rules.Health) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", store, h.Week)
	t := newTable("指标 Measure", "数值 Value", "红线 Line", "趋势 Trend", "状态 State", "越线后果 What a breach costs")
	for _, m := range h.Measures {
		t.AppendRow(table.Row{
			spaced(wording.Measure(m)), wording.MeasureValue(m), wording.MeasureLimit(m), spaced(wording.Trend(m.Trend)), spaced(wording.MeasureState(m.State)),
			spaced(wording.MeasureCost(m)),
		})
	}
	fmt.Fprintf(&b, "%s\n", t.Render())
	for _, m := range h.Alerts() {
		alert := wording.MeasureAlert(m)
		fmt.Fprintf(&b, "! %s\n  %s\n", alert.ZH, alert.EN)
	}
	return b.String()
}

// healthSetCmd keeps what a person read off the seller centre.
type healthSetCmd struct {
	Store        string   `required:"" help:"店铺 · Store."`
	Week         string   `placeholder:"2026-W10" help:"周。 · ISO week; default: the running one."`
	By           string   `required:"" help:"录入人 · Who read it."`
	ServiceScore string   `placeholder:"4.8" help:"服务分，0 至 5 · Service score, 0 to 5."`
	PositiveRate string   `placeholder:"96.5" help:"90 天好评率（百分比） · Positive rate of the last 90 days, in percent."`
	Programme    []string `placeholder:"anxinda" help:"已加入的计划，可多次 · A programme joined; may be given more than once."`
	NoProgramme  bool     `help:"没有加入任何计划 · None is joined."`
	Database     string   `placeholder:"URL" help:"数据库。 · Database; default: DATABASE_URL."`
}

// Run keeps them.
func (c *healthSetCmd) Run(ctx context.Context, s streams) error {
	o, known, db, err := booksOf(ctx, c.Database, c.Store)
	if err != nil {
		return err
	}
	defer db.Close()
	now := o.Clock.Protocol().Virtual(time.Now())
	loc := (&statement.Maker{Book: known.Book}).Location(now)
	week, err := weekAt(c.Week, now, loc)
	if err != nil {
		return err
	}
	scores := rules.HealthScores{Programmes: c.Programme}
	if c.NoProgramme {
		scores.Programmes = []string{}
	}
	for _, given := range []struct {
		text, what string
		into       **decimal.Decimal
	}{{c.ServiceScore, "service score", &scores.ServiceScore}, {c.PositiveRate, "positive rate", &scores.PositiveRatePercent}} {
		if given.text == "" {
			continue
		}
		d, err := decimal.Parse(given.text)
		if err != nil {
			return &exitError{exitUsage, fmt.Errorf("%s %q: expected a number", given.what, given.text)}
		}
		*given.into = &d
	}
	if err := api.CheckScores(scores, week, now, loc); err != nil {
		return &exitError{exitUsage, err}
	}
	if err := db.SetScores(ctx, c.Store, week, scores, c.By); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "已录入 %s %s · entered\n", c.Store, week)
	return err
}
