package wording

import (
	"fmt"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// Ticket is what the texts of a ticket are filled with.
type Ticket struct {
	ID, Store, Order string // ID: of its workflow
	Topic            rules.TicketTopic
	About            string // number of the claim, or of the complaint
	Number           string // tracking number
	Amount           *money.Amount
	Protection       bool      // it is about the seller protection that followed the claim
	Since            time.Time // what is late was due then; zero: nothing is
	Detail           Text      // further facts; empty: none
	Given            map[rules.TicketField]rules.TicketGiven
	Partner          string // certified service partner; empty: none is chosen yet
	Prefix           string // of titles about funds
	Location         *time.Location

	// What policy says of the ways: how long before a big sale the advisor answers first, how much
	// faster a partner is, how much oftener machine-translated texts are refused. Zero: not told.
	AdvisorPriority, PartnerGain time.Duration
	TranslationFactor            decimal.Decimal
}

func (t *Ticket) given(f rules.TicketField) string { return t.Given[f].Value }

// TicketTopic names what a ticket is about.
func TicketTopic(t rules.TicketTopic) Text {
	switch t {
	case rules.TopicReview:
		return Text{"物流索赔审核超期", "overdue review of a logistics claim"}
	case rules.TopicPayout:
		return Text{"物流赔付逾期未到账", "overdue payout of a logistics claim"}
	case rules.TopicTrace:
		return Text{"平台轨迹未同步", "scans missing on the platform"}
	case rules.TopicFreight:
		return Text{"运费投诉紧急核查", "urgent check of a freight complaint"}
	case rules.TopicRelease:
		return Text{"订单放款失败", "failed release of an order's funds"}
	case rules.TopicDeposit:
		return Text{"保证金被冻结", "frozen deposit"}
	case rules.TopicAccount:
		return Text{"账户被误判违规", "account wrongly judged as violating"}
	case rules.TopicTraffic:
		return Text{"大促期间流量断崖式下跌", "collapse of traffic during a sale"}
	case rules.TopicLabels:
		return Text{"物流面单批量打印失败", "failure of label batch printing"}
	case rules.TopicQuestion:
		return Text{"一般咨询", "question"}
	case rules.TopicOther:
		return Text{"其他问题", "other problem"}
	}
	return unknown(t)
}

// topic names what this ticket is about.
func (t *Ticket) topic() Text {
	switch {
	case t.Protection && t.Topic == rules.TopicReview:
		return Text{"卖家保障申请审核超期", "overdue review of a seller protection request"}
	case t.Protection && t.Topic == rules.TopicPayout:
		return Text{"卖家保障补偿逾期未到账", "overdue payout of seller protection"}
	}
	return TicketTopic(t.Topic)
}

// TicketChannel names to whom a ticket goes.
func TicketChannel(c rules.TicketChannel) Text {
	switch c {
	case rules.ChannelRobot:
		return Text{"帮助中心智能机器人", "help robot"}
	case rules.ChannelTicket:
		return Text{"在线工单", "online ticket"}
	case rules.ChannelAdvisor:
		return Text{"专属客户经理", "business advisor"}
	case rules.ChannelPartner:
		return Text{"官方认证服务商", "certified service partner"}
	case rules.ChannelCarrier:
		return Text{"承运商技术支持", "carrier's technical support"}
	}
	return unknown(c)
}

// TicketStatus names where a ticket stands.
func TicketStatus(s rules.TicketStatus) Text {
	switch s {
	case rules.TicketIncomplete:
		return Text{"资料不全", "incomplete"}
	case rules.TicketHeld:
		return Text{"等待客服工作时间", "waiting for working hours"}
	case rules.TicketToFile:
		return Text{"待提交", "ready to be filed"}
	case rules.TicketFiled:
		return Text{"已提交，待答复", "filed, waiting for the answer"}
	case rules.TicketUndecided:
		return Text{"待人工决定", "waiting for a person's decision"}
	case rules.TicketDone:
		return Text{"已解决", "solved"}
	case rules.TicketSettled:
		return Text{"事情已有结果，无须再催", "settled without it"}
	case rules.TicketClosed:
		return Text{"已人工关闭", "closed by a person"}
	case rules.TicketGivenUp:
		return Text{"长期无人处理，已关闭", "given up: nothing was heard"}
	}
	return unknown(s)
}

// TicketField names something that a ticket must hold.
func TicketField(f rules.TicketField) Text {
	switch f {
	case rules.FieldScreenshot:
		return Text{"问题截图", "screenshot of the problem"}
	case rules.FieldOrder:
		return Text{"订单号", "order number"}
	case rules.FieldErrorCode:
		return Text{"错误代码(如 AE-ERR-403)", "error code (such as AE-ERR-403)"}
	case rules.FieldStatement:
		return Text{"银行流水截图(含交易时间、金额、币种)", "bank statement with time, amount and currency"}
	case rules.FieldLastFour:
		return Text{"绑定银行卡号后 4 位", "last four digits of the bank account"}
	case rules.FieldBranch:
		return Text{"开户行全称", "full name of the bank's branch"}
	case rules.FieldCompliance:
		return Text{"历史合规经营证明", "proof of compliant business so far"}
	case rules.FieldTraffic:
		return Text{"生意参谋流量对比截图", "screenshot that compares the traffic"}
	case rules.FieldConsole:
		return Text{"浏览器控制台报错日志", "log of the browser's console"}
	case rules.FieldProblemZH:
		return Text{"问题描述(中文)", "description in Chinese"}
	case rules.FieldProblemEN:
		return Text{"问题描述(英文)", "description in English"}
	case rules.FieldArgumentZH:
		return Text{"新的理由(中文)", "new argument in Chinese"}
	case rules.FieldArgumentEN:
		return Text{"新的理由(英文)", "new argument in English"}
	case rules.FieldCorrection:
		return Text{"退单中指出的缺失内容", "what the returned ticket lacked"}
	}
	return unknown(f)
}

// TicketFault says why a draft must not be sent.
func TicketFault(f rules.TicketFault) Text {
	name := TicketField(f.Field)
	switch f.Code {
	case rules.FaultMissing:
		return both("缺少%s。", "Missing: %s.", name)
	case rules.FaultPhone:
		return both("%s里有电话号码，请删除。平台没有电话客服，所谓“内部电话”都是诈骗。",
			"Remove the phone number from this: %s. The platform has no telephone support; numbers offered as “internal support” are fraud.", name)
	case rules.FaultTitle:
		return Text{"资金类工单的标题缺少规定前缀。", "The title of a ticket about funds lacks its prefix."}
	case rules.FaultForm:
		return both("%s填写有误：%s。", "Not usable: %s. Expected %s.", name, ticketForm(f.Field))
	}
	return unknown(f.Code)
}

// ticketForm is what a field should look like.
func ticketForm(f rules.TicketField) Text {
	switch {
	case f.Proof() != "":
		return Text{"应为已上传原件的 SHA-256", "the SHA-256 of an original that was uploaded"}
	case f == rules.FieldErrorCode:
		return Text{"应为页面显示的代码，只含字母、数字和 - . _，如 AE-ERR-403", "the code that the page shows, in letters, digits and - . _ only, such as AE-ERR-403"}
	case f == rules.FieldLastFour:
		return Text{"应为 4 位数字，不要填完整卡号", "four digits, never the whole number"}
	case f == rules.FieldOrder:
		return Text{"应为本单的订单号", "this order's number"}
	case f == rules.FieldProblemEN || f == rules.FieldArgumentEN:
		return Text{"应为人工撰写的英文，不含中文", "English written by a person, without Chinese"}
	case f == rules.FieldProblemZH || f == rules.FieldArgumentZH:
		return Text{"应为中文，首尾无空格，不超过 1000 字", "Chinese, no spaces around it, at most 1000 characters"}
	}
	return Text{"应为可读文字，首尾无空格，不超过 1000 字", "readable text, no spaces around it, at most 1000 characters"}
}

// TicketTitle is the title to paste.
func TicketTitle(t *Ticket) Text {
	topic := t.topic()
	if t.Topic == rules.TopicFreight {
		return topic.capital() // by these very words the help centre begins its check
	}
	title := both("%s - 订单 %s", "%s - order %s", topic.capital(), t.Order)
	if t.Topic.Funds() {
		return both("%s %s", "%s %s", t.Prefix, title)
	}
	return title
}

// TicketBody is the text to paste: from our own templates, with the facts filled in.
func TicketBody(t *Ticket, again rules.TicketCause, previous string) Text {
	lines := []Text{ticketOpening(t)}
	line := func(zh, en string, args ...any) { lines = append(lines, both(zh, en, args...)) }
	if t.Detail != (Text{}) {
		lines = append(lines, t.Detail)
	}
	line("订单号：%s", "Order number: %s", t.Order)
	for _, row := range []struct {
		name  Text
		value string
	}{
		{Text{"运单号", "Tracking number"}, t.Number},
		{aboutName(t.Topic), t.About},
		{Text{"错误代码", "Error code"}, t.given(rules.FieldErrorCode)},
		{Text{"绑定银行卡号后 4 位", "Last four digits of the bank account"}, t.given(rules.FieldLastFour)},
		{Text{"开户行", "Bank branch"}, t.given(rules.FieldBranch)},
	} {
		if row.value != "" {
			line("%s：%s", "%s: %s", row.name, row.value)
		}
	}
	if t.Amount != nil {
		line("涉及金额：%s", "Amount: %s", amount(*t.Amount))
	}
	if proofs := t.proofs(); len(proofs) > 0 {
		line("附件：%s", "Attached: %s", join(proofs))
	}
	switch again {
	case rules.AgainUnanswered:
		if previous != "" {
			line("此前的工单 %s 已超过答复时限，请优先处理。", "The earlier ticket %s was not answered in time; please give this one priority.", previous)
		}
	case rules.AgainReturned:
		if previous != "" {
			line("此前的工单 %s 因资料不全被退回，缺失内容已补齐。", "The earlier ticket %s was returned as incomplete; what it lacked is attached now.", previous)
		}
	case rules.AgainUnsolved:
		if previous != "" {
			line("此前的工单 %s 未解决问题，补充理由如下。", "The earlier ticket %s did not solve the problem; a further argument follows.", previous)
		}
		lines = append(lines, Text{t.given(rules.FieldArgumentZH), t.given(rules.FieldArgumentEN)})
	}
	zh, en := make([]string, 0, len(lines)), make([]string, 0, len(lines))
	for _, l := range lines {
		if l.ZH != "" {
			zh = append(zh, l.ZH)
		}
		if l.EN != "" {
			en = append(en, l.EN)
		}
	}
	return Text{strings.Join(zh, "\n"), strings.Join(en, "\n")}
}

func aboutName(t rules.TicketTopic) Text {
	if t == rules.TopicFreight {
		return Text{"投诉编号", "Complaint number"}
	}
	return Text{"索赔编号", "Claim number"}
}

// proofs are the originals to attach, by name and the beginning of their hash.
func (t *Ticket) proofs() []Text {
	var list []Text
	for _, f := range rules.TicketFields() {
		if hash := t.given(f); f.Proof() != "" && len(hash) >= 8 {
			list = append(list, both("%s(%s)", "%s (%s)", TicketField(f), hash[:8]))
		}
	}
	return list
}

// ticketOpening says in one paragraph what the matter is and what is asked for.
func ticketOpening(t *Ticket) Text {
	since := Text{"规定时限", "the time set"}
	if !t.Since.IsZero() {
		since = clock(t.Since, t.Location)
	}
	switch {
	case t.Protection && t.Topic == rules.TopicReview:
		return both("您好，本单物流索赔申诉后仍被拒赔，我们申请了“卖家保障计划”补偿，应在 %s 前有结果，至今没有。请核查进度，并告知审核结论或还需补充的材料。",
			"Hello, after the logistics claim for this order was refused again we asked for seller protection. Its answer was due by %s and there is none yet. Please check its progress and tell us the decision, or what else is needed.", since)
	case t.Protection && t.Topic == rules.TopicPayout:
		return both("您好，本单的“卖家保障计划”补偿已审核通过，应在 %s 前到账，至今没有收到。请核查打款状态并尽快支付。",
			"Hello, seller protection for this order was approved and its payout was due by %s, but it has not arrived. Please check the payment and release it.", since)
	}
	switch t.Topic {
	case rules.TopicReview:
		return both("您好，本单的物流索赔应在 %s 前完成审核，至今没有结果。请核查进度，并告知审核结论或还需补充的材料。",
			"Hello, the review of the logistics claim for this order was due by %s and there is no result yet. Please check its progress and tell us the decision, or what else is needed.", since)
	case rules.TopicPayout:
		return both("您好，本单的物流索赔已审核通过，赔付应在 %s 前到账，至今没有收到。请核查打款状态并尽快支付。",
			"Hello, the logistics claim for this order was approved and the payout was due by %s, but it has not arrived. Please check the payment and release it.", since)
	case rules.TopicTrace:
		return Text{
			"您好，下述包裹在贵司系统里已有的轨迹没有同步到速卖通。请核查轨迹回调(Webhook)日志，并重新推送缺失的轨迹。",
			"Hello, scans that your system shows for the parcel below have not reached AliExpress. Please check the logs of the trace callback (webhook) and push the missing scans again.",
		}
	case rules.TopicFreight:
		return Text{
			"您好，本单收到运费投诉，请紧急核查运费模板配置、发货推送记录和物流回传数据，并出具诊断报告。面单和带时间的揽收截图已备好。",
			"Hello, this order has a freight complaint. Please check urgently the configuration of the freight template, the records of the shipment and the carrier's data, and give us the report. The shipping label and the time-stamped pick-up screenshot are at hand.",
		}
	case rules.TopicRelease:
		return both("您好，本单已满足放款条件，但放款失败(应在 %s 前到账)。请核查原因并尽快放款。",
			"Hello, this order meets the conditions for the release of its funds, but the release failed (due by %s). Please check the cause and release them.", since)
	case rules.TopicDeposit:
		return Text{
			"您好，我店保证金被冻结，我们没有收到说明原因的通知。请核查冻结依据，如属误判请尽快解冻。",
			"Hello, our store's deposit is frozen and we received no notice that gives the reason. Please check the ground for it and, if it is a mistake, release the deposit.",
		}
	case rules.TopicAccount:
		return Text{
			"您好，我店账户被误判违规。随附历史合规经营证明，请人工复核并撤销处罚。",
			"Hello, our account was wrongly judged as violating the rules. Proof of our compliant business is attached; please have a person review the case and lift the penalty.",
		}
	case rules.TopicTraffic:
		return Text{
			"您好，大促期间我店流量断崖式下跌，店铺和商品均无违规。随附流量对比截图，请紧急排查。",
			"Hello, our traffic has collapsed during the sale, while neither store nor products violate any rule. A screenshot that compares the traffic is attached; please look into it urgently.",
		}
	case rules.TopicLabels:
		return Text{
			"您好，物流面单批量打印失败，影响按时发货。随附错误代码和浏览器控制台日志，请紧急处理。",
			"Hello, batch printing of shipping labels fails and puts our shipping deadlines at risk. The error code and the log of the browser's console are attached; please help urgently.",
		}
	case rules.TopicQuestion, rules.TopicOther:
		return Text{t.given(rules.FieldProblemZH), t.given(rules.FieldProblemEN)}
	}
	return unknown(t.Topic)
}

// TicketSummary is what never changes about a ticket, for its static summary.
func TicketSummary(store, order string, topic rules.TicketTopic) Text {
	return both("工单：%s，订单 %s", "Ticket: %s, order %s", TicketTopic(topic), store+"/"+order)
}

// TicketCommand is a command line about a ticket: what stands behind its ID.
func TicketCommand(verb, id, rest string) string {
	return strings.TrimSpace(fmt.Sprintf("go run ./starter ticket %s %s %s", verb, id, rest))
}
