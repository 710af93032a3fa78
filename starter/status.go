package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"parcelward/internal/api"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// statusCmd shows what is known of an order.
type statusCmd struct {
	Store  string `arg:"" help:"店铺 · Store."`
	Order  string `arg:"" help:"订单号 · Order number."`
	Server string `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
	JSON   bool   `name:"json" help:"输出 JSON。 · Print JSON."`
}

// Run prints the order.
func (c *statusCmd) Run(ctx context.Context, s streams) error {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.Server, c.Server)
	order, err := api.Client{Base: o.Server}.Order(ctx, c.Store, c.Order)
	if err != nil {
		return err
	}
	if c.JSON {
		out := json.NewEncoder(s.out)
		out.SetIndent("", "  ")
		return out.Encode(order)
	}
	_, err = io.WriteString(s.out, statusText(order))
	return err
}

// statusText is an order for people, in Beijing time as the platform's seller centre shows it.
func statusText(o api.Order) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s  %s\n", o.Store, o.Order, local(o.AsOf.Time()))
	if o.Stage == nil {
		fmt.Fprintf(&b, "尚未收到订单创建事件（已有 %d 条事实）。 The order's creation is not known yet (%d facts are).\n", o.Facts, o.Facts)
		return b.String()
	}
	fmt.Fprintf(&b, "%s · %s\n%s\n%s\n", o.Stage.ZH, o.Stage.EN, o.Waiting.ZH, o.Waiting.EN)
	if o.WebUI != "" {
		fmt.Fprintln(&b, o.WebUI)
	}
	a := o.Assessment
	deadlines := newTable("时限 Deadline", "时间 Time", "状态 State")
	for _, d := range a.Deadlines {
		deadlines.AppendRow(table.Row{spaced(wording.Deadline(d.Kind)), local(d.At.Time()), spaced(wording.State(d.State))})
	}
	fmt.Fprintf(&b, "\n%s\n", deadlines.Render())
	if len(a.Cases) > 0 {
		cases := newTable("案件 Case", "运单号 Parcel", "状态 Status", "下一期限 Next deadline")
		for i := range a.Cases {
			c := &a.Cases[i]
			next := "–"
			if c.NextDeadline != nil {
				next = spaced(wording.Deadline(c.NextDeadline.Kind)) + " " + local(c.NextDeadline.At.Time())
			}
			cases.AppendRow(table.Row{spaced(wording.Kind(c.Kind)), c.TrackingNumber, spaced(wording.Status(c.Status)), next})
		}
		fmt.Fprintf(&b, "\n%s\n%s\n", cases.Render(), worth(a.Claim))
	}
	timeline := newTable("经过", "What happened")
	for _, m := range o.Timeline {
		mark := ""
		if m.Future {
			mark = "… "
		}
		timeline.AppendRow(table.Row{mark + m.ZH, mark + m.EN})
	}
	fmt.Fprintf(&b, "\n%s\n", timeline.Render())
	return b.String()
}

func worth(c *rules.Claim) string {
	switch {
	case c == nil:
		return ""
	case !c.Eligible:
		reasons := make([]string, len(c.Reasons))
		for i, r := range c.Reasons {
			reasons[i] = spaced(wording.Reason(r))
		}
		return "预计不赔 · no payout is expected: " + strings.Join(reasons, "; ")
	case c.Payout == nil:
		return "符合索赔条件，缺少汇率 · eligible; a rate is missing"
	}
	return "预计赔付 · expected payout: " + c.Payout.String()
}

func newTable(headers ...any) table.Writer {
	t := table.NewWriter()
	style := table.StyleRounded
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	t.AppendHeader(headers)
	return t
}

func spaced(t wording.Text) string { return t.ZH + " " + t.EN }

// local is a moment in the zone of the platform.
func local(t time.Time) string {
	return t.In(time.FixedZone("+08:00", 8*60*60)).Format("2006-01-02 15:04 -07:00")
}
