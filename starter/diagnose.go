package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"parcelward/activities"
	"parcelward/internal/api"
	"parcelward/internal/connect"
	"parcelward/internal/postgres"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
	"parcelward/internal/wire"
)

// diagnoseCmd compares what the carrier and the platform show of a parcel.
type diagnoseCmd struct {
	Store    string `arg:"" help:"店铺 · Store."`
	Number   string `arg:"" help:"运单号，尾程单号也可以 · Tracking number; the last mile's will do."`
	Database string `placeholder:"URL" help:"数据库。 · Database; default: DATABASE_URL."`
	JSON     bool   `name:"json" help:"输出 JSON。 · Print JSON."`
}

// Help implements [kong.HelpProvider].
func (diagnoseCmd) Help() string {
	return `读取我们的记录，再实时查询承运商一侧和平台（需配置各自的密钥；不改动任何订单），分三步检查：回传是否成功，发货时间是否推送，两边轨迹差在哪里。
退出码：0 没有问题，1 有问题，2 命令行或配置有误，3 查不到、无从判断。

Reads our records, asks the carrier's side and the platform (each with its keys; no order is changed) and takes three steps: did the return call succeed, was the ship time pushed, where do both sides differ. Exit status: 0 nothing is wrong, 1 something is, 2 the command line or the configuration is wrong, 3 it cannot be told.`
}

// exitUntold says that nothing could be found out.
const exitUntold = 3

// Run prints the diagnosis.
func (c *diagnoseCmd) Run(ctx context.Context, s streams) error {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.DatabaseURL, c.Database)
	if err := o.NeedDatabase(); err != nil {
		return &exitError{exitUsage, err}
	}
	known, err := o.Rules()
	if err != nil {
		return &exitError{exitUsage, err}
	}
	db, err := postgres.Open(ctx, o.DatabaseURL, postgres.Options{})
	if err != nil {
		return &exitError{exitUntold, err}
	}
	defer db.Close()
	services := connect.Connect(&o.Services, o.Clock.Protocol(), db, db)
	for _, problem := range services.Problems {
		_, _ = fmt.Fprintln(s.err, "starter: 有一个服务没有查询 · a service is not asked:", problem)
	}
	examiner := activities.Examiner{Parcels: db, Tracker: services.Fleet, Services: services.Fleet, Book: known.Book}
	x, err := examiner.Examine(ctx, c.Store, c.Number, "", o.Clock.Protocol().Virtual(time.Now()))
	if err != nil {
		return &exitError{exitUntold, err}
	}
	if err := c.write(s.out, &x); err != nil {
		return &exitError{exitUntold, err}
	}
	switch {
	case x.Wrong():
		return errTold
	case !x.Known():
		return &exitError{exitUntold, errTold}
	}
	return nil
}

// diagnosis is the output as JSON.
type diagnosis struct {
	Store string `json:"store"`
	Order string `json:"order,omitempty"` // that recorded the number first
	rules.Diagnosis

	Steps []api.Words `json:"steps"`
	Next  []api.Words `json:"next_steps,omitempty"`
}

func (c *diagnoseCmd) write(w io.Writer, x *activities.Examined) error {
	if !c.JSON {
		_, err := io.WriteString(w, diagnosisText(x))
		return err
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(diagnosis{
		x.Store, x.Order, x.Diagnosis, words(wording.DiagnosisSteps(&x.Diagnosis, x.Location)), words(wording.NextSteps(&x.Diagnosis)),
	})
}

func words(texts []wording.Text) []api.Words {
	var all []api.Words
	for _, t := range texts {
		all = append(all, api.Words{ZH: t.ZH, EN: t.EN})
	}
	return all
}

// diagnosisText is a diagnosis for people, in Beijing time as [statusText].
func diagnosisText(x *activities.Examined) string {
	d := &x.Diagnosis
	var b strings.Builder
	name := x.Store
	if x.Order != "" {
		name += "/" + x.Order
	}
	fmt.Fprintf(&b, "%s  %s  %s\n", name, d.Number, local(d.AsOf.Time()))
	sides := newTable("一方 Side", "服务 Service", "轨迹 Scans", "最新 Latest")
	for _, side := range []struct {
		name  string
		shown rules.Shown
	}{{"承运商 carrier", d.Carrier}, {"平台 platform", d.Platform}} {
		service, latest := "–", "–"
		if side.shown.Service != "" {
			service = side.shown.Service
		}
		if at := side.shown.Latest.Time(); !at.IsZero() {
			latest = local(at)
		}
		sides.AppendRow(table.Row{side.name, service, side.shown.Scans, latest})
	}
	fmt.Fprintf(&b, "\n%s\n\n", sides.Render())
	for i, step := range wording.DiagnosisSteps(d, x.Location) {
		fmt.Fprintf(&b, "%d. %s\n   %s\n", i+1, step.ZH, step.EN)
	}
	writeDifferences(&b, d.Findings)
	for i, next := range wording.NextSteps(d) {
		if i == 0 {
			fmt.Fprint(&b, "\n接下来 What to do next\n")
		}
		fmt.Fprintf(&b, "- %s\n  %s\n", next.ZH, next.EN)
	}
	return b.String()
}

// mostDifferences bounds the scans that are shown; all are in the JSON.
const mostDifferences = 20

// writeDifferences shows the scans that both sides show differently.
func writeDifferences(b *strings.Builder, findings []rules.Finding) {
	scans := newTable("承运商 Carrier", "平台 Platform", "轨迹 Scan", "原文 As told")
	n := 0
	for i := range findings {
		for _, scan := range findings[i].Scans {
			if n++; n > mostDifferences {
				continue
			}
			platform := "–"
			if scan.Platform != nil {
				platform = local(scan.Platform.At)
			}
			r := &scan.Carrier
			told := wire.Short(strings.Trim(r.Location+"，"+r.Description, "，"))
			scans.AppendRow(table.Row{local(r.At), platform, spaced(wording.Milestone(r.Milestone)), told})
		}
	}
	if n == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", scans.Render())
	if more := n - mostDifferences; more > 0 {
		fmt.Fprintf(b, "另有 %d 条（--json 可看全部）。 %d more; --json shows all.\n", more, more)
	}
}
