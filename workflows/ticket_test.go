package workflows_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

var aProof = strings.Repeat("ab", 32)

// complete are the fields of any ticket, but for the proofs.
func complete() map[rules.TicketField]string {
	return map[rules.TicketField]string{
		rules.FieldErrorCode: "AE-ERR-403", rules.FieldLastFour: "0042", rules.FieldBranch: "中国银行杭州滨江支行",
		rules.FieldProblemZH: "页面报错，无法提交。", rules.FieldProblemEN: "The page shows an error.",
	}
}

func proven() map[rules.TicketField]string {
	fields := complete()
	for _, f := range rules.TicketFields() {
		if f.Proof() != "" {
			fields[f] = aProof
		}
	}
	return fields
}

// ticket runs a Ticket workflow of the order.
func (w *world) ticket(in protocol.TicketInput) {
	w.t.Helper()
	in.Store, in.Order, in.Policy, in.Calendar, in.Clock = store, number, "aliexpress-2024-04", revision(w.t), w.clock
	w.put(orderCreated("US", false))
	w.env.SetStartWorkflowOptions(startOptions(in.ID()))
	w.env.ExecuteWorkflow(protocol.WorkflowTicket, in)
}

func (w *world) ticketResult() protocol.TicketResult {
	w.t.Helper()
	var r protocol.TicketResult
	w.ended(&r)
	return r
}

// adds gives a ticket something at a virtual time, and notes the answer.
func (w *world) adds(at time.Time, u protocol.TicketUpdate) *addition {
	a := new(addition)
	w.at(at, func() {
		w.env.UpdateWorkflow(protocol.UpdateTicket, at.String(), &testsuite.TestUpdateCallback{
			OnAccept: func() {},
			OnReject: func(err error) { a.err = err },
			OnComplete: func(result any, err error) {
				a.err = errors.Join(a.err, err)
				if state, ok := result.(protocol.TicketState); ok {
					a.state = state
				}
			},
		}, u)
	})
	return a
}

type addition struct {
	state protocol.TicketState
	err   error
}

func ticketFact(kind rules.EventType, topic rules.TicketTopic, at time.Time, id, outcome string) rules.Event {
	return event(kind, at, &rules.Ticket{TicketID: id, When: at, About: protocol.TicketWorkflowID(store, number, topic, ""), Outcome: outcome})
}

// A ticket lacks its fields; a person gives them, files it, and it is solved.
func TestTicketSolved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created) // Monday, ten o'clock in Beijing
	w.held = []protocol.Evidence{{Kind: "screenshot", SHA256: aProof}}
	first := w.adds(created.Add(time.Hour), protocol.TicketUpdate{Fields: map[rules.TicketField]string{rules.FieldErrorCode: "AE-ERR-403"}, By: "wang.li"})
	rest := w.adds(created.Add(2*time.Hour), protocol.TicketUpdate{Fields: map[rules.TicketField]string{rules.FieldScreenshot: aProof}, By: "wang.li"})
	w.later(created.Add(3*time.Hour), ticketFact(rules.TypeTicketFiled, rules.TopicReview, created.Add(3*time.Hour), "T1", ""))
	end := created.Add(20 * time.Hour)
	w.later(end, ticketFact(rules.TypeTicketAnswered, rules.TopicReview, end, "T1", rules.TicketSolved))
	w.ticket(protocol.TicketInput{Topic: rules.TopicReview, About: "C1", Number: parcel, Since: created.Add(-time.Hour)})
	require.Equal(t, protocol.TicketResult{Outcome: rules.TicketDone, TicketID: "T1", At: end}, w.ticketResult())
	require.Equal(t, 20*time.Hour, w.elapsed(created))
	require.NoError(t, first.err)
	require.Equal(t, rules.TicketIncomplete, first.state.Status)
	require.Equal(t, []rules.TicketField{rules.FieldScreenshot}, first.state.Missing)
	require.Contains(t, first.state.Message.ZH, "问题截图")
	require.NoError(t, rest.err)
	require.Equal(t, rules.TicketToFile, rest.state.Status)
	require.Equal(t, created.Add(2*time.Hour), rest.state.FileAt)
	require.Equal(t, []string{"0s missing/1", "2h0m0s file/1/2026-03-02T04:00:00Z"}, w.told())
	require.Contains(t, w.texts[1].ZH, "索赔编号：C1")
	require.Contains(t, w.texts[1].EN, "seller.aliexpress.com → Help (top right) → Submit a Request")
	require.Contains(t, w.details(), "**工单结束：已解决。**")
}

// Filed by the clock's edge of each kind: at the deadline the answer is in time, a second later the
// next way was taken. The answer ends the story all the same.
func TestTicketDeadlines(t *testing.T) {
	t.Parallel()
	for topic, within := range map[rules.TicketTopic]time.Duration{rules.TopicOther: 24 * time.Hour, rules.TopicRelease: 48 * time.Hour, rules.TopicAccount: 2 * time.Hour} {
		for name, offset := range aroundDeadline {
			for _, bell := range []bool{true, false} {
				t.Run(string(topic)+" "+name+map[bool]string{true: "", false: ", in the inbox only"}[bell], func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, created)
					filed, at := created.Add(time.Hour), created.Add(time.Hour+within+offset)
					if offset > 0 { // else it would be known at the very moment of the escalation
						at = at.Add(time.Minute)
					}
					w.later(filed, ticketFact(rules.TypeTicketFiled, topic, filed, "T1", ""))
					answer := ticketFact(rules.TypeTicketAnswered, topic, at, "T1", rules.TicketSolved)
					if bell {
						w.later(at, answer)
					} else {
						w.quietly(at, answer)
					}
					w.ticket(protocol.TicketInput{Topic: topic, Given: proven()})
					require.Equal(t, rules.TicketDone, w.ticketResult().Outcome)
					told := strings.Join(w.told(), " ")
					require.Contains(t, told, "file/1/")
					require.Equal(t, offset > 0, strings.Contains(told, "file/2/") || strings.Contains(told, "missing/2"), told)
					if bell || offset <= 0 {
						require.LessOrEqual(t, w.elapsed(created), time.Hour+within+time.Minute+time.Second)
					}
				})
			}
		}
	}
}

// A draft of Friday night waits for Monday at nine; where it must be filed on Saturday, a person is
// asked at once. The Spring Festival is waited out.
func TestTicketAtNight(t *testing.T) {
	t.Parallel()
	friday := time.Date(2026, 3, 6, 15, 0, 0, 0, time.UTC) // 23:00 in Beijing
	festival := time.Date(2026, 2, 14, 11, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		opened, due, asked time.Time
	}{
		"waits for the workday":        {friday, time.Time{}, time.Date(2026, 3, 9, 1, 0, 0, 0, time.UTC)},
		"the deadline is Monday, nine": {friday, time.Date(2026, 3, 9, 1, 0, 0, 0, time.UTC), time.Date(2026, 3, 9, 1, 0, 0, 0, time.UTC)},
		"the deadline is before":       {friday, time.Date(2026, 3, 9, 0, 59, 59, 0, time.UTC), friday},
		"waits for the festival's end": {festival, time.Time{}, time.Date(2026, 2, 24, 1, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.opened)
			filed := tc.asked.Add(time.Minute)
			w.later(filed, ticketFact(rules.TypeTicketFiled, rules.TopicOther, filed, "T1", ""))
			w.later(filed.Add(time.Minute), ticketFact(rules.TypeTicketAnswered, rules.TopicOther, filed.Add(time.Minute), "T1", rules.TicketSolved))
			if tc.asked.After(tc.opened) {
				w.at(tc.asked.Add(-time.Second), func() {
					require.Empty(t, w.told())
					require.Contains(t, w.details(), "等到客服工作时间 "+tc.asked.In(time.FixedZone("", 8*3600)).Format("2006-01-02 15:04"))
				})
			}
			w.ticket(protocol.TicketInput{Topic: rules.TopicOther, Given: proven(), Due: tc.due})
			require.Equal(t, rules.TicketDone, w.ticketResult().Outcome)
			require.Equal(t, tc.asked.Sub(created).String()+" file/1/"+tc.asked.Format(time.RFC3339), w.told()[0])
			if !tc.due.IsZero() { // filed a minute later: whether that was in time
				require.Equal(t, filed.After(tc.due), len(w.told()) == 2, w.told())
			}
		})
	}
}

// Nobody answers anywhere: partner, manager, a person's decision, and the end.
func TestTicketEscalates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	for _, at := range []time.Time{created.Add(time.Minute), created.Add(3 * time.Hour)} {
		w.later(at, ticketFact(rules.TypeTicketFiled, rules.TopicLabels, at, "T1", ""))
	}
	w.ticket(protocol.TicketInput{Topic: rules.TopicLabels, Given: proven()})
	require.Equal(t, rules.TicketGivenUp, w.ticketResult().Outcome)
	require.Equal(t, []string{
		"0s file/1/2026-03-02T02:00:00Z", "2h1m1s file/2/2026-03-02T04:01:01Z +manager", "5h0m1s decide/2 +manager", "725h0m1s ended/given-up",
	}, w.told())
	require.Contains(t, w.texts[0].ZH, "官方认证服务商")
	require.Contains(t, w.texts[1].ZH, "请主管跟进")
}

// The answer solves nothing: once more with a new argument, then a person decides and gives up.
func TestTicketUnsolved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	hour := func(n int) time.Time { return created.Add(time.Duration(n) * time.Hour) }
	fact := func(n int, kind rules.EventType, outcome string) {
		w.later(hour(n), ticketFact(kind, rules.TopicRelease, hour(n), "T1", outcome))
	}
	fact(1, rules.TypeTicketFiled, "")
	fact(2, rules.TypeTicketAnswered, rules.TicketUnsolved)
	argument := w.adds(hour(3), protocol.TicketUpdate{Fields: map[rules.TicketField]string{
		rules.FieldArgumentZH: "买家已确认收货。", rules.FieldArgumentEN: "The buyer has confirmed the receipt.",
	}})
	fact(4, rules.TypeTicketFiled, "")
	fact(5, rules.TypeTicketAnswered, rules.TicketUnsolved)
	closing := w.adds(hour(6), protocol.TicketUpdate{Close: true, By: "wang.li"})
	w.ticket(protocol.TicketInput{Topic: rules.TopicRelease, Given: proven()})
	require.Equal(t, protocol.TicketResult{Outcome: rules.TicketClosed, TicketID: "T1", At: hour(6)}, w.ticketResult())
	require.NoError(t, argument.err)
	require.NoError(t, closing.err)
	require.Equal(t, rules.TicketClosed, closing.state.Status)
	require.Equal(t, []string{"0s file/1/2026-03-02T02:00:00Z", "2h0m0s missing/2", "3h0m0s file/2/2026-03-02T05:00:00Z", "5h0m0s decide/2 +manager"}, w.told())
	require.Contains(t, w.texts[2].ZH, "买家已确认收货。")
	require.True(t, strings.Contains(w.texts[0].ZH, "[URGENT-FUND]") && strings.Contains(w.texts[0].EN, "Financial Services"))
}

// What is given must be right, lie in the vault, and come before the end; nothing of a refused
// update is kept.
func TestTicketRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.held = []protocol.Evidence{{Kind: "waybill", SHA256: aProof}, {Kind: "screenshot", SHA256: strings.Repeat("cd", 32)}}
	give := func(n int, fields map[rules.TicketField]string) *addition {
		return w.adds(created.Add(time.Duration(n)*time.Minute), protocol.TicketUpdate{Fields: fields})
	}
	refused := map[string]*addition{
		"错误代码":  give(1, map[rules.TicketField]string{rules.FieldErrorCode: "no code", rules.FieldBranch: "中国银行杭州支行"}),
		"电话号码":  give(2, map[rules.TicketField]string{rules.FieldProblemZH: "请拨打 13800138000"}),
		"请先上传":  give(3, map[rules.TicketField]string{rules.FieldScreenshot: aProof}),
		"填写有误":  give(4, map[rules.TicketField]string{"favourite_colour": "red"}),
		"没有可登记": w.adds(created.Add(5*time.Minute), protocol.TicketUpdate{}),
	}
	state := give(6, map[rules.TicketField]string{rules.FieldErrorCode: "AE-ERR-403"})
	w.adds(created.Add(7*time.Minute), protocol.TicketUpdate{Close: true})
	w.ticket(protocol.TicketInput{Topic: rules.TopicDeposit})
	require.Equal(t, rules.TicketClosed, w.ticketResult().Outcome)
	for says, a := range refused {
		var failed *temporal.ApplicationError
		require.ErrorAs(t, a.err, &failed, says)
		require.Equal(t, protocol.ErrBadInput, failed.Type(), says)
		require.Contains(t, failed.Message(), says)
	}
	require.NoError(t, state.err)
	require.Equal(t, []rules.TicketField{rules.FieldScreenshot, rules.FieldStatement, rules.FieldLastFour, rules.FieldBranch}, state.state.Missing)
}

// A vault that does not answer is another matter than one that has not the proof.
func TestTicketWhileTheVaultIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.during["gather"] = func(int) error { return errors.New("connection refused") }
	a := w.adds(created.Add(time.Minute), protocol.TicketUpdate{Fields: map[rules.TicketField]string{rules.FieldScreenshot: aProof}})
	w.adds(created.Add(time.Hour), protocol.TicketUpdate{Close: true})
	w.ticket(protocol.TicketInput{Topic: rules.TopicOther})
	require.Equal(t, rules.TicketClosed, w.ticketResult().Outcome)
	var failed *temporal.ApplicationError
	require.ErrorAs(t, a.err, &failed)
	require.Equal(t, protocol.ErrUnavailable, failed.Type())
}

// What a ticket is about comes to pass by itself: the story learns it from the inbox within a day,
// though no bell rings for it.
func TestTicketSettledByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	at := created.Add(5 * time.Hour)
	w.quietly(at, decided(at, "C1", rules.DecisionApproved))
	w.ticket(protocol.TicketInput{Topic: rules.TopicReview, About: "C1", Since: created.Add(-time.Hour)})
	require.Equal(t, rules.TicketSettled, w.ticketResult().Outcome)
	require.LessOrEqual(t, w.elapsed(created), day)
	require.Contains(t, strings.Join(w.told(), "\n"), "ended/settled")
}

// Once told, a ticket ends at once; the inbox learns from its first question whom to tell. One about
// seller protection says so, and ends with the protection's money.
func TestTicketOfProtectionSettled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.put(event(rules.TypeProtectionRequested, created.Add(-day), &rules.ClaimFact{ClaimID: "C1", When: created.Add(-day)}))
	at := created.Add(5 * time.Hour)
	w.later(at, event(rules.TypeProtectionPaid, at, &rules.ClaimFact{ClaimID: "C1", When: at}))
	w.ticket(protocol.TicketInput{Topic: rules.TopicPayout, Serial: "protection-C1", About: "C1", Since: created.Add(-time.Hour)})
	require.Equal(t, rules.TicketSettled, w.ticketResult().Outcome)
	require.Equal(t, 5*time.Hour, w.elapsed(created))
	require.Equal(t, protocol.TicketWorkflowID(store, number, rules.TopicPayout, "protection-C1"), w.queries[0].Ticket)
	require.Contains(t, w.texts[0].ZH, "卖家保障补偿逾期未到账")
}

// A filing that was reported while no worker served is known before anything escalates.
func TestTicketReadsTheInboxFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	w.quietly(created.Add(time.Hour), ticketFact(rules.TypeTicketFiled, rules.TopicOther, created.Add(time.Hour), "T1", ""))
	end := created.Add(30 * time.Hour)
	w.later(end, ticketFact(rules.TypeTicketAnswered, rules.TopicOther, created.Add(25*time.Hour), "T1", rules.TicketSolved))
	w.ticket(protocol.TicketInput{Topic: rules.TopicOther, Given: proven()})
	require.Equal(t, rules.TicketDone, w.ticketResult().Outcome)
}

// Nothing that is sent stops a ticket: the message is kept, and the story goes on.
func TestGarbageStopsNoTicket(t *testing.T) {
	t.Parallel()
	for name, message := range garbage() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, created)
			w.at(created.Add(time.Hour), func() { w.env.SignalWorkflow(protocol.SignalEvent, message) })
			filed := created.Add(2 * time.Hour)
			w.later(filed, ticketFact(rules.TypeTicketFiled, rules.TopicOther, filed, "T1", ""))
			w.later(filed.Add(time.Hour), ticketFact(rules.TypeTicketAnswered, rules.TopicOther, filed.Add(time.Hour), "T1", rules.TicketSolved))
			w.ticket(protocol.TicketInput{Topic: rules.TopicOther, Given: proven()})
			require.Equal(t, rules.TicketDone, w.ticketResult().Outcome)
			require.Len(t, w.kept(), 1)
		})
	}
}

// An operator's cancellation is heard wherever the story waits.
func TestTicketCancelled(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		given map[rules.TicketField]string
		filed bool
		start time.Time
	}{
		"incomplete": {complete(), false, created}, "held": {proven(), false, created.Add(12 * time.Hour)},
		"to be filed": {proven(), false, created}, "filed": {proven(), true, created},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.start)
			if tc.filed {
				w.later(tc.start.Add(time.Minute), ticketFact(rules.TypeTicketFiled, rules.TopicOther, tc.start.Add(time.Minute), "T1", ""))
			}
			w.at(tc.start.Add(time.Hour), w.env.CancelWorkflow)
			w.ticket(protocol.TicketInput{Topic: rules.TopicOther, Given: tc.given})
			require.True(t, w.env.IsWorkflowCompleted())
			require.ErrorContains(t, w.env.GetWorkflowError(), "canceled")
			require.Equal(t, time.Hour, w.elapsed(tc.start))
		})
	}
}

// A notice that cannot be kept is tried again, and the ticket does not end before.
func TestTicketTellsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, created)
	until := created.Add(5 * time.Hour)
	w.during["notify"] = func(int) error {
		if w.env.Now().Before(until) {
			return errors.New("connection refused")
		}
		return nil
	}
	at := created.Add(time.Hour)
	w.later(at, decided(at, "C1", rules.DecisionApproved))
	w.ticket(protocol.TicketInput{Topic: rules.TopicReview, About: "C1", Since: created.Add(-time.Hour)})
	require.Equal(t, rules.TicketSettled, w.ticketResult().Outcome)
	require.Contains(t, strings.Join(w.told(), "\n"), "ended/settled")
	require.GreaterOrEqual(t, w.elapsed(created), 5*time.Hour)
}
