package wording

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"parcelward/internal/rules"
)

// TicketSteps are where to click, and what to report here afterwards.
func TicketSteps(t *Ticket, p *rules.TicketPlan) []Text {
	steps := ticketWay(t, p.Channel)
	if p.Channel == rules.ChannelRobot {
		return append(steps, both("得到答复后在系统里登记：%s", "Record the answer here: %s", TicketCommand("answered", t.ID, "ROBOT solved|unsolved")))
	}
	paste := Text{"标题和正文原样粘贴，不要用翻译软件改写；附件按清单全部上传。", "Paste title and text as they stand, without any translation software, and attach everything on the list."}
	if f := t.TranslationFactor; f.IsPos() {
		paste = paste.and(both("机器翻译的工单被退回的概率是正常的 %s 倍。", "Machine-translated texts are refused %s times as often.", f))
	}
	return append(
		steps,
		paste,
		both("提交后登记对方给出的编号：%s", "Record the number that the ticket gets: %s", TicketCommand("filed", t.ID, "NUMBER")),
		both("收到答复后登记：%s", "Record the answer: %s", TicketCommand("answered", t.ID, "NUMBER solved|unsolved|returned")),
	)
}

// ticketWay is the way to the channel. There is no telephone on it.
func ticketWay(t *Ticket, c rules.TicketChannel) []Text {
	const seller = "seller.aliexpress.com"
	partner := Text{"平台公示的官方认证服务商", "a certified service partner from the platform's list"}
	if t.Partner != "" {
		partner = Text{"官方认证服务商 " + t.Partner, "the certified service partner " + t.Partner}
	}
	switch c {
	case rules.ChannelRobot:
		return []Text{both("登录 %s，进入帮助中心，向智能机器人提问(粘贴下方正文)。", "Log in to %s, open the help centre and ask the help robot (paste the text below).", seller)}
	case rules.ChannelAdvisor:
		way := both("登录 %s，通过 AliExpress Business Advisor(专属客户经理)的站内对话提交。", "Log in to %s and hand it to your AliExpress Business Advisor in the seller centre's chat.", seller)
		if t.AdvisorPriority > 0 {
			way = way.and(both("大促前 %s 小时内客户经理优先处理，请说明。", "In the %s h before a big sale the advisor answers first: say so.", hours(t.AdvisorPriority)))
		}
		return []Text{way}
	case rules.ChannelPartner:
		how := Text{"申请工单加急", "ask for the ticket to be expedited"}
		switch t.Topic {
		case rules.TopicAccount, rules.TopicTraffic, rules.TopicLabels:
			how = Text{"申请“绿色通道”", "ask for the green lane"}
		default:
		}
		way := both("通过%s提交，%s。", "Hand it to %s and %s.", partner, how)
		if t.PartnerGain > 0 {
			way = way.and(both("经服务商处理平均快 %s 小时。", "A partner is %s h faster on average.", hours(t.PartnerGain)))
		}
		return []Text{way}
	case rules.ChannelCarrier:
		return []Text{{"登录承运商的客户后台，向技术支持提交工单。", "Log in to the carrier's customer portal and submit a ticket to its technical support."}}
	case rules.ChannelTicket:
	}
	switch {
	case t.Topic.Funds():
		return []Text{both("登录 %s → 帮助中心 → 金融服务 → 提交工单。", "Log in to %s → Help Center → Financial Services → Submit Ticket.", seller)}
	case t.Topic == rules.TopicFreight:
		return []Text{both("登录 %s → 右上角“帮助中心” → 提交工单，问题类型选“物流履约 → 运费争议”。", "Log in to %s → Help Center (top right) → submit a ticket of the type “Logistics fulfilment → Freight dispute”.", seller)}
	}
	return []Text{both("登录 %s → 右上角 Help → Submit a Request。", "Log in to %s → Help (top right) → Submit a Request.", seller)}
}

// hours are a duration's, in decimals where it is not whole.
func hours(d time.Duration) string { return strconv.FormatFloat(d.Hours(), 'f', -1, 64) }

// TicketNotice is what people are told of a ticket.
func TicketNotice(n rules.Notice, t *Ticket, p *rules.TicketPlan) Text {
	text := ticketHead(t).and(ticketCause(t, p))
	by := func() Text {
		if n.Deadline == nil {
			return Text{}
		}
		return both("截止 %s。", "Due %s.", clock(n.Deadline.At.Time(), t.Location))
	}
	switch n.Code {
	case rules.NoticeTicketMissing:
		text = text.and(Text{"工单资料不全，现在提交会被直接退单。", "The ticket is incomplete and would be returned unread."}).and(ticketFaults(p.Faults))
		return text.and(by()).and(both("补充：%s", "Add it: %s", addCommand(t, p.Faults)))
	case rules.NoticeTicketFile:
		text = text.and(both("请通过%s提交。", "File it: %s.", TicketChannel(p.Channel))).and(by())
		return pasted(text, t, p)
	case rules.NoticeTicketUnfiled:
		return text.and(both("工单至今没有提交(%s)，请安排处理。", "The ticket is still not filed (%s); see to it.", TicketStatus(p.Status)))
	case rules.NoticeTicketDecide:
		return text.and(Text{"所有渠道都试过，问题仍未解决，需要您决定：", "Every way was tried and the matter stands: you decide."}).and(decideHow(t))
	case rules.NoticeTicketEnded:
		return ticketHead(t).and(both("工单结束：%s。", "The ticket is over: %s.", TicketStatus(p.Status)))
	}
	return text.and(unknown(n.Code))
}

func decideHow(t *Ticket) Text {
	return both("再次提交后登记编号(%s)，或者放弃(%s)。", "File once more and record the number (%s), or give it up (%s).",
		TicketCommand("filed", t.ID, "NUMBER"), TicketCommand("add", t.ID, "--close"))
}

// pasted appends the steps and the texts to paste, each on lines of their own.
func pasted(head Text, t *Ticket, p *rules.TicketPlan) Text {
	var zh, en strings.Builder
	zh.WriteString(head.ZH + "\n")
	en.WriteString(head.EN + "\n")
	for i, step := range TicketSteps(t, p) {
		fmt.Fprintf(&zh, "%d. %s\n", i+1, step.ZH)
		fmt.Fprintf(&en, "%d. %s\n", i+1, step.EN)
	}
	title, body := TicketTitle(t), TicketBody(t, p.Cause, p.TicketID)
	fmt.Fprintf(&zh, "【标题】%s\n【正文】\n%s", title.ZH, body.ZH)
	fmt.Fprintf(&en, "[Title] %s\n[Text]\n%s", title.EN, body.EN)
	return Text{zh.String(), en.String()}
}

func ticketHead(t *Ticket) Text {
	return both("【订单 %s，工单：%s】", "[Order %s, ticket: %s]", t.Store+"/"+t.Order, t.topic())
}

// ticketCause says why a ticket is filed once more, with the other side's reason.
func ticketCause(t *Ticket, p *rules.TicketPlan) Text {
	reason := rules.WithoutPhones(p.Reason, t.Order, t.Number, t.About, p.TicketID)
	because := func(x Text) Text {
		switch {
		case p.Reason == "":
			return x
		case reason == "":
			return x.and(Text{"对方的说明里有电话号码，未予显示；请勿拨打，平台没有电话客服。", "The reason given holds a phone number and is not shown; do not call it, the platform has no telephone support."})
		}
		return x.and(both("对方说明：%s。", "The reason given: %s.", strings.TrimRight(reason, "。.")))
	}
	switch p.Cause {
	case rules.AgainUnanswered:
		if p.Channel == rules.ChannelPartner && p.Manager {
			return Text{"服务商也没有按时答复，请主管跟进并再次提交。", "The service partner did not answer in time either: the manager should see to it, and it is filed again."}
		}
		return both("上一次没有按时得到答复，改走%s。", "There was no answer in time; the next way is the %s.", TicketChannel(p.Channel))
	case rules.AgainReturned:
		return because(Text{"工单被退回，请补齐缺失内容后重新提交。", "The ticket was returned unread: add what it lacked and file it again."})
	case rules.AgainUnsolved:
		return because(Text{"对方已答复但问题没有解决，请补充新的理由再提交一次。", "The answer solved nothing: file once more with a new argument."})
	}
	return Text{}
}

func ticketFaults(faults []rules.TicketFault) Text {
	var t Text
	for i, f := range faults {
		if i == 0 {
			t = TicketFault(f)
			continue
		}
		t = t.and(TicketFault(f))
	}
	return t
}

// addCommand is the command line that gives what a ticket lacks.
func addCommand(t *Ticket, faults []rules.TicketFault) string {
	var rest []string
	for _, f := range faults {
		switch {
		case f.Field == "" || f.Field == rules.FieldCorrection || f.Field == rules.FieldOrder:
		case f.Field.Proof() != "":
			rest = append(rest, "--field "+string(f.Field)+"=SHA256")
		default:
			rest = append(rest, "--field "+string(f.Field)+"=TEXT")
		}
	}
	if len(rest) == 0 {
		rest = []string{"--field FIELD=VALUE"}
	}
	return TicketCommand("add", t.ID, strings.Join(rest, " "))
}

// WaitingTicket is what a ticket waits for, for operators.
func WaitingTicket(t *Ticket, p *rules.TicketPlan) Text {
	at := func(moment time.Time) Text { return clock(moment, t.Location) }
	until := at(p.Idle)
	if p.Deadline != nil {
		until = at(p.Deadline.At.Time())
	}
	switch p.Status {
	case rules.TicketIncomplete:
		return both("等待补齐工单资料，截止 %s。", "Waiting for what the ticket lacks, until %s.", until)
	case rules.TicketHeld:
		return both("资料已齐，等到客服工作时间 %s 再提交。", "The ticket is complete; it is to be filed in working hours, at %s.", at(p.FileAt))
	case rules.TicketToFile:
		return both("请通过%s提交工单并登记编号，截止 %s。", "Waiting for the ticket to be filed (%s) and its number, until %s.", TicketChannel(p.Channel), until)
	case rules.TicketFiled:
		return both("已提交%s，等待答复，截止 %s。", "Filed (%s); waiting for the answer, due %s.", TicketChannel(p.Channel), until)
	case rules.TicketUndecided:
		return both("各渠道均未解决，等待人工决定，截止 %s。", "Every way was tried; waiting for a person's decision, until %s.", until)
	default:
		return both("工单结束：%s。", "The ticket is over: %s.", TicketStatus(p.Status))
	}
}

// TicketDetails is what Temporal's Web UI shows of a ticket while it runs, in Markdown.
func TicketDetails(t *Ticket, p *rules.TicketPlan) string {
	var b strings.Builder
	heading(&b, WaitingTicket(t, p))
	if cause := ticketCause(t, p); cause != (Text{}) {
		bullet(&b, cause)
	}
	switch p.Status {
	case rules.TicketIncomplete:
		section(&b, Text{"您可以做什么", "What you can do"})
		for _, f := range p.Faults {
			bullet(&b, TicketFault(f))
		}
		fmt.Fprintf(&b, "\n```sh\n%s\n```\n", addCommand(t, p.Faults))
	case rules.TicketHeld, rules.TicketToFile:
		section(&b, Text{"您可以做什么", "What you can do"})
		for i, step := range TicketSteps(t, p) {
			fmt.Fprintf(&b, "%d. %s\n   %s\n", i+1, step.ZH, step.EN)
		}
		title, body := TicketTitle(t), TicketBody(t, p.Cause, p.TicketID)
		fmt.Fprintf(&b, "\n```text\n%s\n\n%s\n```\n\n```text\n%s\n\n%s\n```\n", title.ZH, fenced(body.ZH), title.EN, fenced(body.EN))
		if !p.Exact {
			bullet(&b, Text{"工作日历没有覆盖到该日期，按周一至周五推算。", "The calendar of workdays does not reach that day; Monday to Friday are assumed."})
		}
	case rules.TicketUndecided:
		section(&b, Text{"您可以做什么", "What you can do"})
		sentence(&b, decideHow(t))
	default:
	}
	section(&b, Text{"工单", "Ticket"})
	b.WriteString("| | |\n|---|---|\n")
	row := func(name Text, value string) { fmt.Fprintf(&b, "| %s | %s |\n", slash(name), value) }
	row(Text{"订单", "Order"}, "`"+t.Store+"/"+t.Order+"`")
	row(Text{"事由", "Topic"}, slash(t.topic()))
	row(Text{"状态", "Status"}, slash(TicketStatus(p.Status)))
	row(Text{"渠道", "Channel"}, slash(TicketChannel(p.Channel)))
	row(Text{"第几次", "Round"}, fmt.Sprint(p.Round))
	if p.TicketID != "" {
		row(Text{"工单编号", "Ticket number"}, code(p.TicketID))
	}
	if !p.FiledAt.IsZero() {
		row(Text{"提交时间", "Filed"}, cell(p.FiledAt, t.Location))
	}
	if p.Deadline != nil {
		row(Deadline(p.Deadline.Kind), cell(p.Deadline.At.Time(), t.Location))
	}
	return b.String()
}

// fenced keeps others' text from ending its code block.
func fenced(s string) string { return strings.ReplaceAll(s, "```", "'''") }

// TicketAnswer is what whoever opened or completed a ticket is told.
func TicketAnswer(t *Ticket, p *rules.TicketPlan) Text {
	if p.Status == rules.TicketIncomplete {
		return Text{"已登记；提交前还须补齐：", "Taken. Before it can be sent:"}.and(ticketFaults(p.Faults))
	}
	return Text{"已登记。", "Taken."}.and(WaitingTicket(t, p))
}

// TicketFaults say why fields are not taken.
func TicketFaults(faults []rules.TicketFault) Text { return ticketFaults(faults) }

// TicketProofUnknown says that the vault holds no such original.
func TicketProofUnknown(f rules.TicketField, hash string) Text {
	return both("证据库里没有这一单的%s(%s)，请先上传。", "The vault holds no %s of this order with hash %s: upload it first.", TicketField(f), hash)
}

// TicketOver says that a ticket takes nothing any more.
func TicketOver(s rules.TicketStatus) Text {
	return both("工单已结束(%s)，请另开一张。", "The ticket is over (%s): open another.", TicketStatus(s))
}

// TicketNothing says that an update gives nothing.
func TicketNothing() Text {
	return Text{"没有可登记的内容：请给出字段，或选择放弃。", "Nothing was given: expected fields, or to give the ticket up."}
}
