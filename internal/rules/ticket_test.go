package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/rulestest"
)

var aroundZero = []time.Duration{-time.Second, 0, time.Second}

func sales(s, currency string) *money.Amount {
	return &money.Amount{Value: decimal.MustParse(s), Currency: currency}
}

// A store qualifies for the business advisor by its sales, or by a rating kept long enough.
func TestAdvised(t *testing.T) {
	t.Parallel()
	pack := rulestest.Ruleset().Pack
	rated := func(r string, months int) rules.StoreProfile {
		return rules.StoreProfile{Rating: decimal.MustParse(r), RatingMonths: months}
	}
	for name, tc := range map[string]struct {
		profile rules.StoreProfile
		want    bool
	}{
		"nothing known":       {rules.StoreProfile{}, false},
		"sales a cent short":  {rules.StoreProfile{SalesPerYear: sales("49999.99", "USD")}, false},
		"sales just so":       {rules.StoreProfile{SalesPerYear: sales("50000.00", "USD")}, true},
		"sales in yuan":       {rules.StoreProfile{SalesPerYear: sales("90000.00", "CNY")}, false},
		"rating just so":      {rated("4.8", 6), true},
		"rating too short":    {rated("4.9", 5), false},
		"rating just too low": {rated("4.79", 60), false},
	} {
		require.Equal(t, tc.want, tc.profile.Advised(pack), name)
	}
}

func TestFirstChannel(t *testing.T) {
	t.Parallel()
	pack := rulestest.Ruleset().Pack
	big := rules.StoreProfile{SalesPerYear: sales("60000.00", "USD")}
	for topic, want := range map[rules.TicketTopic][2]rules.TicketChannel{ // an ordinary store's, and an advised one's
		rules.TopicReview:   {rules.ChannelTicket, rules.ChannelAdvisor},
		rules.TopicPayout:   {rules.ChannelTicket, rules.ChannelTicket},
		rules.TopicTrace:    {rules.ChannelCarrier, rules.ChannelCarrier},
		rules.TopicFreight:  {rules.ChannelTicket, rules.ChannelTicket},
		rules.TopicRelease:  {rules.ChannelTicket, rules.ChannelTicket},
		rules.TopicDeposit:  {rules.ChannelTicket, rules.ChannelTicket},
		rules.TopicAccount:  {rules.ChannelPartner, rules.ChannelPartner},
		rules.TopicTraffic:  {rules.ChannelPartner, rules.ChannelPartner},
		rules.TopicLabels:   {rules.ChannelPartner, rules.ChannelPartner},
		rules.TopicQuestion: {rules.ChannelRobot, rules.ChannelRobot},
		rules.TopicOther:    {rules.ChannelTicket, rules.ChannelAdvisor},
	} {
		require.Equal(t, want, [2]rules.TicketChannel{rules.FirstChannel(topic, rules.StoreProfile{}, pack), rules.FirstChannel(topic, big, pack)}, topic)
	}
}

const aHash = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// fields are all that tickets can ask for, each as it should be.
func fields() map[rules.TicketField]string {
	return map[rules.TicketField]string{
		rules.FieldScreenshot: aHash, rules.FieldOrder: "o", rules.FieldErrorCode: "AE-ERR-403", rules.FieldStatement: aHash,
		rules.FieldLastFour: "0042", rules.FieldBranch: "中国银行杭州滨江支行", rules.FieldCompliance: aHash, rules.FieldTraffic: aHash, rules.FieldConsole: aHash,
		rules.FieldProblemZH: "页面报错，无法提交。", rules.FieldProblemEN: "The page shows an error.",
	}
}

// A draft that lacks one of its fields is refused, by the name of that field and no other.
func TestTicketLacksOneField(t *testing.T) {
	t.Parallel()
	pack := rulestest.Ruleset().Pack
	const common, funds = "screenshot order_number error_code", " bank_statement last_four_digits bank_branch"
	for topic, want := range map[rules.TicketTopic]string{
		rules.TopicReview: common, rules.TopicFreight: common, rules.TopicPayout: common + funds, rules.TopicRelease: common + funds, rules.TopicDeposit: common + funds,
		rules.TopicAccount: common + " compliance_history", rules.TopicTraffic: common + " traffic_comparison_screenshot",
		rules.TopicLabels: common + " browser_console_log", rules.TopicOther: common + " problem_zh problem_en",
	} {
		channel := rules.FirstChannel(topic, rules.StoreProfile{}, pack)
		var names []string
		for _, f := range rules.RequiredFields(topic, channel, pack) {
			names = append(names, string(f))
			draft := rules.TicketDraft{Topic: topic, Channel: channel, Title: "[URGENT-FUND] x", Fields: fields()}
			require.Empty(t, rules.CheckTicket(draft, "o", pack), topic)
			delete(draft.Fields, f)
			require.Equal(t, []rules.TicketFault{{Field: f, Code: rules.FaultMissing}}, rules.CheckTicket(draft, "o", pack), topic)
		}
		require.Equal(t, want, strings.Join(names, " "), topic)
		empty := rules.CheckTicket(rules.TicketDraft{Topic: topic, Channel: channel, Title: "[URGENT-FUND] x"}, "o", pack)
		require.Len(t, empty, len(names), "all are named at once")
	}
	untitled := rules.CheckTicket(rules.TicketDraft{Topic: rules.TopicRelease, Channel: rules.ChannelTicket, Title: "Release", Fields: fields()}, "o", pack)
	require.Equal(t, []rules.TicketFault{{Code: rules.FaultTitle}}, untitled)
}

func TestTicketFieldForms(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		field rules.TicketField
		value string
		want  string
	}{
		{rules.FieldScreenshot, "AA" + aHash[2:], rules.FaultForm},
		{rules.FieldScreenshot, "picture.png", rules.FaultForm},
		{rules.FieldOrder, "another", rules.FaultForm},
		{rules.FieldErrorCode, "403", ""},
		{rules.FieldErrorCode, "ae-err-403", rules.FaultForm},
		{rules.FieldErrorCode, "AE ERR 403", rules.FaultForm},
		{rules.FieldErrorCode, "ERROR", rules.FaultForm},
		{rules.FieldErrorCode, strings.Repeat("1", 41), rules.FaultForm},
		{rules.FieldLastFour, "042", rules.FaultForm},
		{rules.FieldLastFour, "6222021234567890", rules.FaultForm},
		{rules.FieldLastFour, "１２３４", rules.FaultForm},
		{rules.FieldProblemZH, "only English", rules.FaultForm},
		{rules.FieldProblemEN, "混 English", rules.FaultForm},
		{rules.FieldProblemEN, " spaces around ", rules.FaultForm},
		{rules.FieldProblemEN, "a\x00b", rules.FaultForm},
		{rules.FieldProblemEN, "a\u202eb", rules.FaultForm},
		{rules.FieldProblemEN, "a\xffb", rules.FaultForm},
		{rules.FieldProblemEN, strings.Repeat("a", 1000), ""},
		{rules.FieldProblemEN, strings.Repeat("a", 1001), rules.FaultForm},
		{rules.FieldProblemEN, "Call +86 571 8502 2088 for help", rules.FaultPhone},
		{rules.FieldBranch, "杭州支行 0571-85022088", rules.FaultPhone},
		{rules.FieldCorrection, "x", rules.FaultForm},
	} {
		require.Equal(t, tc.want, rules.CheckTicketField(tc.field, tc.value, "o"), "%s %q", tc.field, tc.value)
	}
}

// No telephone number gets through, however it is written; other numbers do.
func TestHasPhone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"联系电话13800138000", "138-0013-8000", "１３８００１３８０００", "一三八零零一三八零零零", "138\u200b0013\u200b8000", "+86 138 0013 8000", "(0571)85022088",
		"0571-85022088", "400-800-1688", "8008201688", "+1 (202) 555-0147", "0044 20 7946 0958", "拨打 95188 转 3", "客服热线：12345", "call 10086", "请拨138 0013 8000。",
	} {
		require.True(t, rules.HasPhone(text), text)
	}
	for _, text := range []string{
		"", "订单 8190001234567890", "LP00123456789012", "AE-ERR-403", "2026-03-02 10:00", "USD 13800.00", "13800138000123456", "1200 件", "claim C13800138000X",
		strings.Repeat("a", 64), aHash, "48 小时内答复，共 24 张", "12,400 sellers", "http://127.0.0.1:8080",
	} {
		require.False(t, rules.HasPhone(text), text)
	}
	require.False(t, rules.HasPhone("order 13800138000 is late", "13800138000"), "the order is called so")
	require.True(t, rules.HasPhone("13800138000", "1", "800", "13800", "3800138000"), "no part of it is")
	require.True(t, rules.HasPhone("13800138000 x 81900019", "81900019"))
	require.False(t, rules.HasPhone("13800138000 x 13800138000", "13800138000"))
	require.Empty(t, rules.WithoutPhones("请致电 13800138000"))
	require.Equal(t, "缺少截图", rules.WithoutPhones("缺少截图"))
}

// In the help desk's hours at once; else at nine of the next workday, unless the deadline would
// pass before.
func TestTicketFileAt(t *testing.T) {
	t.Parallel()
	rs := rulestest.Ruleset()
	for _, tc := range []struct{ ready, deadline, want string }{
		{"2026-03-02 08:59:59", "", "2026-03-02 09:00:00"},
		{"2026-03-02 09:00:00", "", "2026-03-02 09:00:00"},
		{"2026-03-02 09:00:01", "", "2026-03-02 09:00:01"},
		{"2026-03-02 17:59:59", "", "2026-03-02 17:59:59"},
		{"2026-03-02 18:00:00", "", "2026-03-02 18:00:00"},
		{"2026-03-02 18:00:01", "", "2026-03-03 09:00:00"},
		{"2026-03-02 23:30:00", "", "2026-03-03 09:00:00"},
		{"2026-03-02 23:30:00", "2026-03-03 08:59:59", "2026-03-02 23:30:00"}, // nine would be too late
		{"2026-03-02 23:30:00", "2026-03-03 09:00:00", "2026-03-03 09:00:00"},
		{"2026-03-02 23:30:00", "2026-03-03 09:00:01", "2026-03-03 09:00:00"},
		{"2026-03-02 23:30:00", "2026-03-01 00:00:00", "2026-03-02 23:30:00"}, // it has passed: the sooner the better
		{"2026-03-06 19:00:00", "", "2026-03-09 09:00:00"},                    // Friday evening
		{"2026-02-13 19:00:00", "", "2026-02-14 09:00:00"},                    // a Saturday worked before the Spring Festival
		{"2026-02-14 18:00:01", "", "2026-02-24 09:00:00"},                    // the Spring Festival
		{"2026-02-16 12:00:00", "2026-02-18 12:00:00", "2026-02-16 12:00:00"}, // a holiday, and no time for its end
	} {
		deadline := time.Time{}
		if tc.deadline != "" {
			deadline = beijing(t, tc.deadline)
		}
		at, exact := rs.TicketFileAt(beijing(t, tc.ready), deadline)
		require.True(t, exact)
		require.Equal(t, beijing(t, tc.want).UTC(), at, "%s, by %s", tc.ready, tc.deadline)
	}
	_, exact := rs.TicketFileAt(time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{})
	require.False(t, exact)
}

// told is a ticket of order s/o that was opened on Monday at ten, complete, and what was reported
// of it.
type told struct {
	story rules.TicketStory
	facts *rules.Facts
	rs    rules.Ruleset
}

func ticketOf(t *testing.T, topic rules.TicketTopic) *told {
	t.Helper()
	opened := beijing(t, "2026-03-02 10:00:00")
	w := &told{rs: rulestest.Ruleset(), facts: rules.NewFacts("s", "o")}
	w.story = rules.TicketStory{ID: "ticket/s/o/" + string(topic), Topic: topic, Opened: opened, Title: "[URGENT-FUND] x", Given: map[rules.TicketField]rules.TicketGiven{}}
	for f, value := range fields() {
		w.story.Given[f] = rules.TicketGiven{Value: value, At: opened}
	}
	return w
}

func (w *told) report(kind rules.EventType, at time.Time, outcome string) {
	w.facts.Add(rules.Event{
		Source: "t", ID: fmt.Sprint(w.facts.Len()), Type: kind, Store: "s", Order: "o", Time: at,
		Data: &rules.Ticket{TicketID: "T1", When: at, About: w.story.ID, Outcome: outcome},
	})
}

func (w *told) filed(at time.Time) { w.report(rules.TypeTicketFiled, at, "") }

func (w *told) at(now time.Time) rules.TicketPlan {
	return rules.PlanTicket(w.facts, w.rs, &w.story, now)
}

func keys(p rules.TicketPlan) []string {
	var list []string
	for _, n := range p.Notices {
		key := n.Key
		if n.Manager {
			key += " +manager"
		}
		list = append(list, key)
	}
	return list
}

// The answer is due after 24 h, 48 h for funds, and 2 h of the partner for high priority: one at
// the deadline is in time, a second later the next way is taken.
func TestTicketAnswerDue(t *testing.T) {
	t.Parallel()
	for topic, within := range map[rules.TicketTopic]time.Duration{
		rules.TopicOther: 24 * time.Hour, rules.TopicReview: 24 * time.Hour, rules.TopicFreight: 24 * time.Hour,
		rules.TopicPayout: 48 * time.Hour, rules.TopicRelease: 48 * time.Hour, rules.TopicDeposit: 48 * time.Hour,
		rules.TopicAccount: 2 * time.Hour, rules.TopicTraffic: 2 * time.Hour, rules.TopicLabels: 2 * time.Hour,
	} {
		w := ticketOf(t, topic)
		at := w.story.Opened.Add(time.Hour)
		w.filed(at)
		for _, offset := range aroundZero {
			now := at.Add(within + offset)
			p := w.at(now)
			require.Equal(t, within, p.Within, topic)
			if offset > 0 {
				require.Equal(t, rules.ChannelPartner, p.Channel, topic)
				require.Equal(t, rules.AgainUnanswered, p.Cause)
				require.Equal(t, 2, p.Round)
				require.Equal(t, rules.TicketToFile, p.Status)
				require.Equal(t, rules.HighPriority(topic, w.rs.Pack), p.Manager, "after the partner the manager hears of it")
				continue
			}
			require.Equal(t, rules.TicketFiled, p.Status, topic)
			require.Equal(t, at.Add(within), p.Deadline.At.Time())
			require.Equal(t, rules.DeadlineTicketAnswer, p.Deadline.Kind)
			require.Equal(t, at.Add(within+time.Second), p.Wake, topic)
			answered := ticketOf(t, topic)
			answered.filed(at)
			answered.report(rules.TypeTicketAnswered, now, rules.TicketSolved)
			require.Equal(t, rules.TicketDone, answered.at(now.Add(time.Hour)).Status)
		}
	}
}

// Nobody answers: the partner, the manager and the partner once more, a person's decision. A
// filing revives the story even then, and a late answer ends it.
func TestTicketLadder(t *testing.T) {
	t.Parallel()
	w := ticketOf(t, rules.TopicOther)
	day := 24 * time.Hour
	at := w.story.Opened
	for round, want := range []struct {
		channel rules.TicketChannel
		manager bool
	}{{rules.ChannelTicket, false}, {rules.ChannelPartner, false}, {rules.ChannelPartner, true}} {
		p := w.at(at)
		require.Equal(t, rules.TicketToFile, p.Status)
		require.Equal(t, want.channel, p.Channel)
		require.Equal(t, want.manager, p.Manager)
		require.Equal(t, round+1, p.Round)
		w.filed(at)
		at = at.Add(day + time.Second)
	}
	p := w.at(at)
	require.Equal(t, rules.TicketUndecided, p.Status)
	require.Equal(t, []string{"decide/3 +manager"}, keys(p))
	require.Equal(t, at.Add(rules.TicketIdle), p.Wake)
	require.Equal(t, rules.TicketUndecided, w.at(at.Add(rules.TicketIdle-time.Second)).Status)
	end := w.at(at.Add(rules.TicketIdle))
	require.Equal(t, rules.TicketGivenUp, end.Status)
	require.Equal(t, []string{"ended/given-up"}, keys(end))
	w.filed(at.Add(day))
	require.Equal(t, rules.TicketFiled, w.at(at.Add(day)).Status)
	require.Equal(t, 4, w.at(at.Add(day)).Round)
	w.report(rules.TypeTicketAnswered, at.Add(10*day), rules.TicketSolved)
	require.Equal(t, rules.TicketDone, w.at(at.Add(10*day)).Status)
}

// Returned unread: redone with what it lacked, and not without. The same report twice counts once.
func TestTicketReturned(t *testing.T) {
	t.Parallel()
	w := ticketOf(t, rules.TopicOther)
	w.filed(w.story.Opened)
	at := w.story.Opened.Add(time.Hour)
	w.report(rules.TypeTicketAnswered, at, rules.TicketReturned)
	w.report(rules.TypeTicketAnswered, at, rules.TicketReturned)
	p := w.at(at)
	require.Equal(t, rules.TicketIncomplete, p.Status)
	require.Equal(t, rules.AgainReturned, p.Cause)
	require.Equal(t, 2, p.Round)
	require.Equal(t, []rules.TicketFault{{Field: rules.FieldCorrection, Code: rules.FaultMissing}}, p.Faults)
	w.story.Given[rules.FieldScreenshot] = rules.TicketGiven{Value: aHash, At: at.Add(time.Minute)}
	p = w.at(at.Add(time.Minute))
	require.Equal(t, rules.TicketToFile, p.Status)
	require.Equal(t, rules.ChannelTicket, p.Channel)
	w.filed(at.Add(time.Hour))
	require.Equal(t, at.Add(25*time.Hour), w.at(at.Add(time.Hour)).Deadline.At.Time(), "the clock starts again")
}

// Answered and not solved: once more with an argument that is newer than the answer, then a
// person decides.
func TestTicketUnsolved(t *testing.T) {
	t.Parallel()
	w := ticketOf(t, rules.TopicRelease)
	w.story.Given[rules.FieldArgumentZH] = rules.TicketGiven{Value: "旧理由", At: w.story.Opened}
	w.filed(w.story.Opened)
	at := w.story.Opened.Add(time.Hour)
	w.report(rules.TypeTicketAnswered, at, rules.TicketUnsolved)
	p := w.at(at)
	require.Equal(t, []rules.TicketFault{{Field: rules.FieldArgumentZH, Code: rules.FaultMissing}, {Field: rules.FieldArgumentEN, Code: rules.FaultMissing}}, p.Faults)
	w.story.Given[rules.FieldArgumentZH] = rules.TicketGiven{Value: "买家已确认收货。", At: at}
	w.story.Given[rules.FieldArgumentEN] = rules.TicketGiven{Value: "The buyer has confirmed.", At: at}
	require.Equal(t, rules.TicketToFile, w.at(at).Status)
	w.filed(at.Add(time.Hour))
	w.report(rules.TypeTicketAnswered, at.Add(2*time.Hour), rules.TicketUnsolved)
	p = w.at(at.Add(2 * time.Hour))
	require.Equal(t, rules.TicketUndecided, p.Status)
	require.Equal(t, []string{"decide/2 +manager"}, keys(p))
}

// The robot is asked at once, and what it does not solve becomes a ticket; the carrier's likewise.
func TestTicketAfterRobotAndCarrier(t *testing.T) {
	t.Parallel()
	for _, topic := range []rules.TicketTopic{rules.TopicQuestion, rules.TopicTrace} {
		for _, silent := range []bool{true, false} {
			w := ticketOf(t, topic)
			if topic == rules.TopicTrace {
				w.filed(w.story.Opened)
			}
			require.Equal(t, rules.TicketFiled, w.at(w.story.Opened).Status)
			at := w.story.Opened.Add(24*time.Hour + time.Second)
			if !silent {
				at = w.story.Opened.Add(time.Minute)
				w.report(rules.TypeTicketAnswered, at, rules.TicketUnsolved)
			}
			require.Equal(t, rules.ChannelTicket, w.at(at).Channel, topic)
		}
	}
	w := ticketOf(t, rules.TopicQuestion)
	w.filed(w.story.Opened.Add(time.Hour)) // somebody did not wait for the robot
	p := w.at(w.story.Opened.Add(time.Hour))
	require.Equal(t, rules.ChannelTicket, p.Channel)
	require.Equal(t, rules.TicketFiled, p.Status)
}

// A draft of the night waits for the hours of the help desk, and nobody is asked before; one that
// nobody files goes to the manager.
func TestTicketHeldOverNight(t *testing.T) {
	t.Parallel()
	w := ticketOf(t, rules.TopicOther)
	w.story.Opened = beijing(t, "2026-03-02 23:00:00")
	nine := beijing(t, "2026-03-03 09:00:00")
	for _, offset := range aroundZero {
		p := w.at(nine.Add(offset))
		require.True(t, nine.Equal(p.FileAt))
		if offset < 0 {
			require.Equal(t, rules.TicketHeld, p.Status)
			require.Empty(t, p.Notices)
			require.True(t, nine.Equal(p.Wake))
			continue
		}
		require.Equal(t, rules.TicketToFile, p.Status)
		require.Equal(t, []string{"file/1/2026-03-03T01:00:00Z"}, keys(p))
	}
	require.NotContains(t, keys(w.at(nine.Add(24*time.Hour-time.Second))), "unfiled/1 +manager")
	require.Contains(t, keys(w.at(nine.Add(24*time.Hour))), "unfiled/1 +manager")
	w.story.Due = beijing(t, "2026-03-03 08:00:00")
	p := w.at(w.story.Opened)
	require.Equal(t, rules.TicketToFile, p.Status, "nine would be too late")
	require.Equal(t, rules.DeadlineTicketFile, p.Deadline.Kind)
	require.NotContains(t, keys(w.at(w.story.Due)), "missed/ticket-file-by +manager")
	require.Contains(t, keys(w.at(w.story.Due.Add(time.Second))), "missed/ticket-file-by +manager")
}

// What a ticket was about comes to pass by itself.
func TestTicketSettled(t *testing.T) {
	t.Parallel()
	yes := true
	decided := func(at time.Time) rules.Data {
		return &rules.ClaimDecided{ClaimID: "C1", When: at, Decision: rules.DecisionApproved}
	}
	paid := func(at time.Time) rules.Data { return &rules.ClaimFact{ClaimID: "C1", When: at} }
	upheld := func(at time.Time) rules.Data { return &rules.Complaint{ComplaintID: "C1", When: at, Upheld: &yes} }
	for _, data := range []struct {
		topic rules.TicketTopic
		kind  rules.EventType
		of    func(at time.Time) rules.Data
	}{
		{rules.TopicReview, rules.TypeClaimDecided, decided},
		{rules.TopicReview, rules.TypeClaimPaid, paid},
		{rules.TopicReview, rules.TypeProtectionDecided, decided},
		{rules.TopicReview, rules.TypeProtectionPaid, paid},
		{rules.TopicPayout, rules.TypeClaimPaid, paid},
		{rules.TopicPayout, rules.TypeProtectionPaid, paid},
		{rules.TopicFreight, rules.TypeComplaintDecided, upheld},
	} {
		for name, tc := range map[string]struct {
			about string
			span  time.Duration // since it is late
			want  rules.TicketStatus
		}{"after": {"C1", time.Second, rules.TicketSettled}, "before": {"C1", 0, rules.TicketToFile}, "of another": {"C2", time.Second, rules.TicketToFile}} {
			w := ticketOf(t, data.topic)
			w.story.About, w.story.Since = tc.about, w.story.Opened.Add(-time.Hour)
			at := w.story.Since.Add(tc.span)
			w.facts.Add(rules.Event{Source: "t", ID: "x", Type: data.kind, Store: "s", Order: "o", Time: at, Data: data.of(at)})
			require.Equal(t, tc.want, w.at(w.story.Opened).Status, "%s %s %s", data.topic, data.kind, name)
		}
	}
	for kind, of := range map[rules.EventType]func(time.Time) rules.Data{rules.TypeClaimDecided: decided, rules.TypeProtectionDecided: decided, rules.TypeProtectionRequested: paid, rules.TypeClaimAppealed: paid} {
		w := ticketOf(t, rules.TopicPayout)
		w.story.About, w.story.Since = "C1", w.story.Opened.Add(-time.Hour)
		w.facts.Add(rules.Event{Source: "t", ID: "x", Type: kind, Store: "s", Order: "o", Time: w.story.Opened, Data: of(w.story.Opened)})
		require.Equal(t, rules.TicketToFile, w.at(w.story.Opened).Status, "no money came by %s", kind)
	}
}

func TestTicketGivenUp(t *testing.T) {
	t.Parallel()
	w := ticketOf(t, rules.TopicTrace)
	w.story.GiveUp = w.story.Opened.Add(24 * time.Hour)
	require.Equal(t, rules.TicketToFile, w.at(w.story.GiveUp.Add(-time.Second)).Status)
	require.Equal(t, rules.TicketGivenUp, w.at(w.story.GiveUp).Status)
	w.filed(w.story.Opened.Add(time.Hour))
	require.Equal(t, rules.TicketFiled, w.at(w.story.GiveUp).Status, "one that is filed is seen to its end")
	closed := ticketOf(t, rules.TopicOther)
	closed.story.ClosedAt = closed.story.Opened
	require.Equal(t, rules.TicketClosed, closed.at(closed.story.Opened).Status)
}

// An answer that names no story belongs to the one whose filing had its number.
func TestTicketAbout(t *testing.T) {
	t.Parallel()
	w := ticketOf(t, rules.TopicOther)
	w.filed(w.story.Opened)
	require.Equal(t, w.story.ID, w.facts.TicketAbout(&rules.Ticket{TicketID: "T1"}))
	require.Empty(t, w.facts.TicketAbout(&rules.Ticket{TicketID: "T2"}))
	require.True(t, w.facts.TicketAwaited("ticket/s/o/", w.story.Opened))
	require.False(t, w.facts.TicketAwaited("ticket/s/o/trace", w.story.Opened))
	require.False(t, (*rules.Facts)(nil).TicketAwaited("", w.story.Opened))
	w.report(rules.TypeTicketAnswered, w.story.Opened, rules.TicketSolved)
	require.False(t, w.facts.TicketAwaited("ticket/s/o/", w.story.Opened))
}
