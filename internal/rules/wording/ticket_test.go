package wording_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/rulestest"
	"parcelward/internal/rules/wording"
)

func aTicket(t *testing.T, topic rules.TicketTopic) *wording.Ticket {
	t.Helper()
	at := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	amount, err := money.Parse("88.20", "USD")
	require.NoError(t, err)
	given := map[rules.TicketField]rules.TicketGiven{}
	for f, value := range map[rules.TicketField]string{
		rules.FieldScreenshot: strings.Repeat("ab", 32), rules.FieldErrorCode: "AE-ERR-403", rules.FieldLastFour: "0042", rules.FieldBranch: "杭州滨江支行",
		rules.FieldProblemZH: "页面报错。", rules.FieldProblemEN: "The page fails.", rules.FieldArgumentZH: "买家已确认收货。", rules.FieldArgumentEN: "The buyer has confirmed.",
	} {
		given[f] = rules.TicketGiven{Value: value, At: at}
	}
	pack := rulestest.Ruleset().Pack
	return &wording.Ticket{
		ID: "ticket/cn-1001/8190001/" + string(topic), Store: "cn-1001", Order: "8190001", Topic: topic, About: "C1", Number: "LP1", Amount: &amount,
		Since: at, Given: given, Partner: "店小秘", Prefix: pack.Ticket.FundsTitlePrefix.Value, Location: shanghai(t),
		AdvisorPriority: pack.Ticket.AdvisorPriority.Value.Std(), PartnerGain: pack.Ticket.PartnerGain.Value.Std(), TranslationFactor: pack.Ticket.MachineTranslationFactor.Value,
	}
}

// Every text of every ticket is there in both languages, and none holds a telephone number.
func TestTicketTexts(t *testing.T) {
	t.Parallel()
	named(t, "topic", wording.TicketTopic, rules.TicketTopics()...)
	named(t, "channel", wording.TicketChannel, rules.TicketChannels()...)
	named(t, "status", wording.TicketStatus, rules.TicketStatuses()...)
	named(t, "field", wording.TicketField, rules.TicketFields()...)
	clean := func(name string, texts ...string) {
		for _, text := range texts {
			if rules.HasPhone(text, "8190001") {
				t.Errorf("%s: a phone number in %q", name, text)
			}
		}
	}
	for _, f := range rules.TicketFields() {
		for _, code := range []string{rules.FaultMissing, rules.FaultForm, rules.FaultPhone} {
			text := wording.TicketFault(rules.TicketFault{Field: f, Code: code})
			check(t, string(f)+" "+code, text)
			clean(string(f), text.String())
		}
	}
	check(t, "title", wording.TicketFault(rules.TicketFault{Code: rules.FaultTitle}))
	faults := []rules.TicketFault{{Field: rules.FieldScreenshot, Code: rules.FaultMissing}, {Field: rules.FieldErrorCode, Code: rules.FaultMissing}}
	codes := []string{rules.NoticeTicketMissing, rules.NoticeTicketFile, rules.NoticeTicketUnfiled, rules.NoticeTicketDecide, rules.NoticeTicketEnded}
	by := rules.Deadline{Kind: rules.DeadlineTicketFile, At: rules.Stamp(time.Date(2026, 3, 3, 2, 0, 0, 0, time.UTC))}
	for _, topic := range rules.TicketTopics() {
		words := aTicket(t, topic)
		for _, channel := range rules.TicketChannels() {
			for _, cause := range []rules.TicketCause{"", rules.AgainUnanswered, rules.AgainReturned, rules.AgainUnsolved} {
				for _, status := range rules.TicketStatuses() {
					p := &rules.TicketPlan{
						Status: status, Channel: channel, Cause: cause, TicketID: "T1", Reason: "missing screenshot", Faults: faults, Deadline: &by, Round: 2,
						FileAt: by.At.Time(), Idle: by.At.Time(),
					}
					name := strings.Join([]string{string(topic), string(channel), string(cause), string(status)}, " ")
					waiting := wording.WaitingTicket(words, p)
					check(t, name, waiting)
					details := wording.TicketDetails(words, p)
					require.True(t, strings.HasPrefix(details, "**"+waiting.ZH+"**\n\n"+waiting.EN+"\n"), name)
					clean(name, details, wording.TicketAnswer(words, p).String())
					for _, code := range codes {
						text := wording.TicketNotice(rules.Notice{Code: code, Deadline: &by}, words, p)
						requireWords(t, name+" "+code, text)
						clean(name, text.String())
					}
				}
			}
		}
		title := wording.TicketTitle(words)
		require.Equal(t, topic.Funds(), strings.HasPrefix(title.ZH, "[URGENT-FUND] ") && strings.HasPrefix(title.EN, "[URGENT-FUND] "), topic)
		body := wording.TicketBody(words, "", "")
		for _, text := range []string{body.ZH, body.EN} {
			for _, part := range []string{"8190001", "LP1", "C1", "AE-ERR-403", "0042", "USD 88.20", "abababab"} {
				require.Contains(t, text, part, topic)
			}
			require.NotContains(t, text, "%!")
		}
	}
	require.Equal(t, "运费投诉紧急核查", wording.TicketTitle(aTicket(t, rules.TopicFreight)).ZH)
}

// requireWords is check for texts in which others' Chinese may stand, such as a partner's name.
func requireWords(t *testing.T, name string, text wording.Text) {
	t.Helper()
	check(t, name, wording.Text{ZH: text.ZH, EN: strings.NewReplacer("店小秘", "", "杭州滨江支行", "").Replace(text.EN)})
}

func TestTicketWays(t *testing.T) {
	t.Parallel()
	for channel, says := range map[rules.TicketChannel]string{
		rules.ChannelRobot: "智能机器人", rules.ChannelTicket: "帮助中心 → 金融服务 → 提交工单", rules.ChannelAdvisor: "AliExpress Business Advisor",
		rules.ChannelPartner: "店小秘", rules.ChannelCarrier: "承运商",
	} {
		steps := wording.TicketSteps(aTicket(t, rules.TopicRelease), &rules.TicketPlan{Channel: channel})
		require.Contains(t, steps[0].ZH, says)
		require.Contains(t, steps[len(steps)-1].EN, "go run ./starter ticket answered ticket/cn-1001/8190001/release_failed")
	}
	ticket := wording.TicketSteps(aTicket(t, rules.TopicOther), &rules.TicketPlan{Channel: rules.ChannelTicket})
	require.Contains(t, ticket[0].EN, "seller.aliexpress.com → Help (top right) → Submit a Request")
	green := wording.TicketSteps(aTicket(t, rules.TopicLabels), &rules.TicketPlan{Channel: rules.ChannelPartner})
	require.Contains(t, green[0].ZH, "绿色通道")
	require.Contains(t, green[0].EN, "A partner is 6.2 h faster on average.")
	require.Contains(t, green[1].ZH, "3.8 倍")
	advisor := wording.TicketSteps(aTicket(t, rules.TopicOther), &rules.TicketPlan{Channel: rules.ChannelAdvisor})
	require.Contains(t, advisor[0].EN, "In the 48 h before a big sale the advisor answers first")
}

// A number that the other side tells staff to phone is not shown.
func TestTicketReasonWithAPhone(t *testing.T) {
	t.Parallel()
	p := &rules.TicketPlan{Status: rules.TicketIncomplete, Cause: rules.AgainReturned, Reason: "请致电 13800138000", TicketID: "T1"}
	for _, text := range []string{
		wording.TicketDetails(aTicket(t, rules.TopicOther), p),
		wording.TicketNotice(rules.Notice{Code: rules.NoticeTicketMissing}, aTicket(t, rules.TopicOther), p).String(),
	} {
		require.NotContains(t, text, "13800138000")
		require.Contains(t, text, "请勿拨打")
	}
	p.Reason = "缺少截图"
	require.Contains(t, wording.TicketNotice(rules.Notice{Code: rules.NoticeTicketMissing}, aTicket(t, rules.TopicOther), p).ZH, "缺少截图")
}

// A ticket about seller protection speaks of that: the claim itself was refused.
func TestTicketAboutProtection(t *testing.T) {
	t.Parallel()
	for topic, says := range map[rules.TicketTopic]string{rules.TopicReview: "卖家保障申请审核超期", rules.TopicPayout: "卖家保障补偿逾期未到账"} {
		words := aTicket(t, topic)
		words.Protection = true
		title, body := wording.TicketTitle(words), wording.TicketBody(words, "", "")
		check(t, string(topic), title)
		requireWords(t, string(topic), body)
		require.Contains(t, title.ZH, says)
		require.Equal(t, topic.Funds(), strings.HasPrefix(title.ZH, "[URGENT-FUND] "))
		require.Contains(t, body.ZH, "卖家保障计划")
		require.Contains(t, body.EN, "seller protection")
		require.Contains(t, wording.TicketDetails(words, &rules.TicketPlan{Status: rules.TicketToFile, Channel: rules.ChannelTicket}), says)
		requireWords(t, string(topic), wording.TicketNotice(rules.Notice{Code: rules.NoticeTicketFile}, words, &rules.TicketPlan{Status: rules.TicketToFile, Channel: rules.ChannelTicket}))
	}
}
