package wording

import (
	"fmt"
	"strings"
	"time"

	"parcelward/internal/rules"
)

// Details is what Temporal's Web UI shows of an order while it runs, in Markdown: what it
// waits for, what a person can do, its cases and its deadlines.
func Details(p rules.OrderPlan, store, order string, loc *time.Location) string {
	var b strings.Builder
	heading(&b, Waiting(p, loc))
	a := &p.Assessment
	for i := range a.Cases {
		if c := &a.Cases[i]; c.Status == rules.StatusOpen {
			howToConfirm(&b, c, store, order)
		}
	}
	if p.End == "" && a.Stage == rules.StageAwaitingShipment {
		section(&b, Text{"您可以做什么", "What you can do"})
		sentence(&b, Text{
			"在卖家后台录入运单号并发货；店铺系统的 shipment.recorded 事件到达后，这里会自动更新。",
			"Enter the tracking number in the seller centre and ship; this page follows when the shop's shipment.recorded event arrives.",
		})
	}
	if len(a.Cases) > 0 {
		section(&b, Text{"案件", "Cases"})
		b.WriteString("| 异常 / Exception | 运单号 / Parcel | 状态 / Status | 期限 / Deadline |\n|---|---|---|---|\n")
		for i := range a.Cases {
			c := &a.Cases[i]
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", slash(Kind(c.Kind)), c.TrackingNumber, slash(Status(c.Status)), deadlineCell(c.NextDeadline, loc))
		}
	}
	worth(&b, a.Claim)
	contests(&b, &p, loc)
	if len(a.Deadlines) > 0 {
		section(&b, Text{"订单时限", "Deadlines of the order"})
		b.WriteString("| 时限 / Deadline | 时间 / Time | 状态 / State |\n|---|---|---|\n")
		for _, d := range a.Deadlines {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", slash(Deadline(d.Kind)), cell(d.At.Time(), loc), slash(State(d.State)))
		}
	}
	if len(a.Flags) > 0 {
		bullet(&b, both("提醒：%s", "Watch: %s", join(each(a.Flags, Flag))))
	}
	return b.String()
}

// ClaimDetails is what Temporal's Web UI shows of a claim while it runs, in Markdown.
// missing lists the kinds of evidence that a filing still lacks.
func ClaimDetails(p rules.ClaimPlan, store, order string, missing []string, loc *time.Location) string {
	var b strings.Builder
	heading(&b, WaitingClaim(p, loc))
	if !p.Found {
		return b.String()
	}
	c := &p.Case
	if c.Status == rules.StatusOpen {
		howToConfirm(&b, c, store, order)
	} else if step := nextStep(c.Status, store, order); step != (Text{}) {
		section(&b, Text{"您可以做什么", "What you can do"})
		sentence(&b, step)
	}
	if len(missing) > 0 && (c.Status == rules.StatusOpen || c.Status == rules.StatusConfirmed) {
		bullet(&b, both("还缺凭证：%s", "Still missing: %s", join(each(missing, Evidence))))
	}
	section(&b, Text{"案件", "Case"})
	row := table(&b)
	row(Text{"订单", "Order"}, code(store+"/"+order))
	row(Text{"异常", "Exception"}, slash(Kind(c.Kind)))
	row(Text{"运单号", "Parcel"}, "`"+c.TrackingNumber+"`")
	row(Text{"状态", "Status"}, slash(Status(c.Status)))
	if p.ClaimID != "" {
		row(Text{"索赔编号", "Claim number"}, code(p.ClaimID))
	}
	row(Text{"最近一次轨迹", "Last movement"}, cell(c.LastMovementAt.Time(), loc))
	row(Text{"异常成立", "Opened"}, cell(c.OpenedAt.Time(), loc))
	row(Deadline(rules.DeadlineConfirm), cell(c.ConfirmBy.Time(), loc))
	row(Deadline(rules.DeadlineFile), cell(c.FileBy.Time(), loc))
	if c.CustomsDocumentBy != nil {
		row(Deadline(rules.DeadlineDocument), cell(c.CustomsDocumentBy.Time(), loc))
	}
	if d := c.NextDeadline; d != nil && d.Kind != rules.DeadlineConfirm && d.Kind != rules.DeadlineFile {
		row(Deadline(d.Kind), cell(d.At.Time(), loc))
	}
	worth(&b, &p.Claim)
	return b.String()
}

// nextStep is what a person can do for a case that is not open; empty where there is nothing.
func nextStep(s rules.CaseStatus, store, order string) Text {
	switch s {
	case rules.StatusConfirmed:
		return both("在卖家后台“物流 → 物流纠纷”提交索赔，附上全部凭证，再把索赔编号作为 claim.filed 事件报给订单 %s。",
			"File the claim with all papers under “Logistics → Logistics disputes” in the seller centre, then report its number as a claim.filed event of order %s.", store+"/"+order)
	case rules.StatusFiled, rules.StatusAppealed:
		return Text{"请留意卖家后台的审核结果；得知后以 claim.decided 事件报入。", "Watch for the decision in the seller centre and report it as a claim.decided event."}
	case rules.StatusApproved:
		return Text{"请核对赔付是否到账；到账后以 claim.paid 事件报入。", "Check that the payout arrives and report it as a claim.paid event."}
	case rules.StatusRejected:
		return Text{"补充新的原始凭证后在卖家后台申诉一次；已提交的凭证不可替换或撤下。", "Appeal once in the seller centre with further originals; nothing already filed may be replaced or removed."}
	case rules.StatusOpen, rules.StatusResumed, rules.StatusExpired, rules.StatusWindowShut, rules.StatusPaid, rules.StatusClosed:
	}
	return Text{}
}

// howToConfirm tells where the button is and how to say here that it was pressed.
func howToConfirm(b *strings.Builder, c *rules.Case, store, order string) {
	section(b, Text{"您可以做什么", "What you can do"})
	b.WriteString("1. 在卖家后台“物流 → 物流纠纷”点击“确认异常”。这个按钮只有人能点，系统不会代点。\n" +
		"   Press “Confirm exception” under “Logistics → Logistics disputes” in the seller centre. Only a person can press it; nothing here does.\n" +
		"2. 在这里登记已确认：向订单流程发送信号 `confirm-exception`（把 by 改成您的名字），或运行下面的命令。\n" +
		"   Record it here: send the signal `confirm-exception` to the order's workflow (put your name in by), or run the command.\n\n")
	fmt.Fprintf(b, "```json\n{\"tracking_number\":%q,\"kind\":%q,\"by\":\"NAME\"}\n```\n", c.TrackingNumber, c.Kind)
	fmt.Fprintf(b, "```sh\n%s\n```\n", ConfirmCommand(store, order, c.TrackingNumber, c.Kind))
}

// ConfirmCommand is the command line that records a confirmation.
func ConfirmCommand(store, order, number string, kind rules.CaseKind) string {
	return fmt.Sprintf("go run ./starter confirm %s %s %s --kind %s --by NAME", store, order, number, kind)
}

// worth tells what the order's claims are worth.
func worth(b *strings.Builder, claim *rules.Claim) {
	switch {
	case claim == nil:
	case !claim.Eligible:
		bullet(b, both("预计不予赔付：%s", "No payout is expected: %s", join(each(claim.Reasons, Reason))))
	case claim.Payout == nil:
		bullet(b, Text{"符合索赔条件；缺少汇率，无法估算赔付金额", "A claim can be paid; its value is unknown because the exchange rate is missing"})
	default:
		bullet(b, both("符合索赔条件，预计赔付 %s", "A claim can be paid; expected payout %s", amount(*claim.Payout)))
	}
}

func deadlineCell(d *rules.Deadline, loc *time.Location) string {
	if d == nil {
		return "–"
	}
	return slash(Deadline(d.Kind)) + ": " + cell(d.At.Time(), loc)
}

func slash(t Text) string { return t.ZH + " / " + t.EN }

// Heading is a sentence as the current details begin with it, in Markdown.
func Heading(t Text) string {
	var b strings.Builder
	heading(&b, t)
	return b.String()
}

func heading(b *strings.Builder, t Text) { fmt.Fprintf(b, "**%s**\n\n%s\n", t.ZH, t.EN) }

func section(b *strings.Builder, t Text) { fmt.Fprintf(b, "\n### %s / %s\n\n", t.ZH, t.EN) }

func sentence(b *strings.Builder, t Text) { fmt.Fprintf(b, "%s\n\n%s\n\n", t.ZH, t.EN) }

func bullet(b *strings.Builder, t Text) { fmt.Fprintf(b, "\n- %s\n- %s\n", t.ZH, t.EN) }

// contests lists an order's freight complaints and disputes; each has a workflow of its own.
func contests(b *strings.Builder, p *rules.OrderPlan, loc *time.Location) {
	if len(p.Complaints)+len(p.Disputes) == 0 {
		return
	}
	section(b, Text{"投诉与纠纷", "Complaints and disputes"})
	b.WriteString("| 编号 / Number | 类型 / Kind | 状态 / Status | 期限 / Deadline |\n|---|---|---|---|\n")
	row := func(id string, kind, status Text, next *rules.Deadline) {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", code(id), slash(kind), slash(status), deadlineCell(next, loc))
	}
	for i := range p.Complaints {
		c := &p.Complaints[i]
		row(c.ID, Text{"运费投诉", "freight complaint"}, ComplaintStatus(c.Status), c.NextDeadline)
	}
	for i := range p.Disputes {
		d := &p.Disputes[i]
		row(d.ID, disputeKind(d.Kind), DisputeStatus(d.Status), d.NextDeadline)
	}
}

// table begins a table of names and values, and returns what writes a row.
func table(b *strings.Builder) func(name Text, value string) {
	b.WriteString("| | |\n|---|---|\n")
	return func(name Text, value string) { fmt.Fprintf(b, "| %s | %s |\n", slash(name), value) }
}

// code writes what others have chosen, such as a number, so that it breaks no table or code.
func code(s string) string { return "`" + plain(s) + "`" }

// plain is what others have chosen on one line, without marks that Markdown takes for its own.
func plain(s string) string {
	return strings.NewReplacer("`", "'", "|", "/", "\n", " ", "\r", " ", "<", "‹", ">", "›").Replace(s)
}

// steps writes a numbered list.
func steps(b *strings.Builder, list []Text) {
	for i, t := range list {
		fmt.Fprintf(b, "%d. %s\n   %s\n", i+1, t.ZH, t.EN)
	}
	b.WriteByte('\n')
}

// paste writes a text to paste, in both languages.
func paste(b *strings.Builder, t Text) {
	section(b, Text{"可直接粘贴的文字", "Text to paste"})
	fmt.Fprintf(b, "```text\n%s\n\n%s\n```\n", t.ZH, t.EN)
}
