package wording_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/wording"
)

func shanghai(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// check tells whether a text is there in both languages and is no bare code.
func check(t *testing.T, name string, text wording.Text, codes ...string) {
	t.Helper()
	han := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	}
	if !han(text.ZH) || text.EN == "" || han(text.EN) {
		t.Errorf("%s: not in both languages: %+v", name, text)
	}
	for _, code := range codes {
		if code != "" && strings.Contains(code, "-") && strings.Contains(text.String(), code) {
			t.Errorf("%s: the bare code %s stands in %q", name, code, text)
		}
	}
	if s := text.String(); strings.Contains(s, "%!") || strings.Contains(s, "0001-01-01") {
		t.Errorf("%s: not filled in: %q", name, s)
	}
}

func named[C ~string](t *testing.T, what string, name func(C) wording.Text, codes ...C) {
	t.Helper()
	for _, code := range codes {
		text := name(code)
		check(t, what+" "+string(code), text, string(code))
		if text.ZH == string(code) {
			t.Errorf("%s %s has no words", what, code)
		}
	}
}

func deadlines() []string {
	return []string{
		rules.DeadlineTrackingNumber, rules.DeadlineOnline, rules.DeadlineConfirm, rules.DeadlineFile,
		rules.DeadlineDocument, rules.DeadlineReview, rules.DeadlinePayout, rules.DeadlineAppeal, rules.DeadlineTicketFile, rules.DeadlineTicketAnswer,
	}
}

func notices() []string {
	return []string{
		rules.NoticeReminder, rules.NoticeMissed, rules.NoticeTaxID, rules.NoticeUncertified, rules.NoticeTraceAlert,
		rules.NoticeCompliance, rules.NoticeServiceMismatch, rules.NoticeOvercharge, rules.NoticeCustoms, rules.NoticeConfirm,
		rules.NoticeFile, rules.NoticeOutcome, rules.NoticeOverdue, rules.NoticeAppeal, rules.NoticeEnded, rules.NoticeGuide, rules.NoticeNumberFormat, rules.NoticeNumberCheck,
	}
}

func TestEveryCodeHasWords(t *testing.T) {
	t.Parallel()
	named(t, "stage", wording.Stage, rules.Stages()...)
	named(t, "kind", wording.Kind, rules.CaseKinds()...)
	named(t, "status", wording.Status, rules.CaseStatuses()...)
	named(t, "milestone", wording.Milestone, rules.Milestones()...)
	named(t, "deadline", wording.Deadline, deadlines()...)
	named(t, "state", wording.State, rules.Met, rules.Missed, rules.Pending)
	named(t, "flag", wording.Flag, rules.FlagFreightRisk, rules.FlagLateNumber, rules.FlagServiceMismatch, rules.FlagOvercharge)
	named(t, "end", wording.End, rules.EndCancelled, rules.EndDelivered, rules.EndIdle, rules.EndNothing)
	named(t, "evidence", wording.Evidence, "waybill", "outbound_record", "buyer_messages")
	named(t, "original", func(code rules.OriginalCode) wording.Text {
		return wording.OriginalFault(rules.OriginalFault{Code: code})
	}, rules.OriginalCodes()...)
	named(t, "reason", wording.Reason, rules.ReasonUncertified, rules.ReasonLateNumber, rules.ReasonFalsified, rules.ReasonMissingTaxID,
		rules.ReasonEconomyDelay, rules.ReasonReceipt, rules.ReasonDisputeClosed, rules.ReasonWindowClosed)
}

func by(kind string) *rules.Deadline {
	return &rules.Deadline{Kind: kind, At: rules.Stamp(time.Date(2026, 3, 2, 15, 59, 59, 0, time.UTC)), State: rules.Pending}
}

func usd(t *testing.T, s string) *money.Amount {
	t.Helper()
	a, err := money.Parse(s, "USD")
	if err != nil {
		t.Fatal(err)
	}
	return &a
}

func TestNotices(t *testing.T) {
	t.Parallel()
	loc := shanghai(t)
	plan := rules.ClaimPlan{
		Found: true, Case: rules.Case{Kind: rules.KindStall, Status: rules.StatusExpired},
		Claim: rules.Claim{Eligible: true, Payout: usd(t, "88.20")},
	}
	for _, code := range notices() {
		for _, d := range append(deadlines(), "") {
			n := rules.Notice{Code: code, Number: "LP001", Service: "CAINIAO_STANDARD"}
			if d != "" {
				n.Deadline = by(d)
			}
			check(t, code+" "+d, wording.Notice(n, "cn-1", "81", loc), code, d)
			text := wording.ClaimNotice(n, plan, "cn-1", "81", loc)
			check(t, "claim "+code+" "+d, text, code, d)
			if code != rules.NoticeEnded && !strings.Contains(text.EN, "USD 88.20") {
				t.Errorf("%s: the money at risk is missing: %s", code, text.EN)
			}
			for _, word := range []string{"电话", "致电", "phone", "call us"} {
				if strings.Contains(text.String(), word) {
					t.Errorf("%s asks to phone: %s", code, text)
				}
			}
		}
	}
	text := wording.Notice(rules.Notice{Code: rules.NoticeConfirm, Number: "LP001", Deadline: by(rules.DeadlineConfirm)}, "cn-1", "81", loc)
	if !strings.Contains(text.ZH, "2026-03-02 23:59(北京时间)") || !strings.Contains(text.EN, "2026-03-02 23:59 Beijing time") {
		t.Errorf("the deadline is not in the platform's zone: %s", text)
	}
}

func caseOf(status rules.CaseStatus, deadline *rules.Deadline) rules.Case {
	return rules.Case{
		Kind: rules.KindStall, TrackingNumber: "LP00123456789012", Status: status, NextDeadline: deadline,
		OpenedAt: by("").At, ConfirmBy: by("").At, FileBy: by("").At, LastMovementAt: by("").At,
	}
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	loc := shanghai(t)
	wake := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, stage := range append(rules.Stages(), "") {
		for _, state := range []string{rules.Met, rules.Missed, rules.Pending} {
			for _, w := range []time.Time{{}, wake} {
				p := rules.OrderPlan{Wake: w}
				p.Assessment.Stage = stage
				for _, kind := range []string{rules.DeadlineTrackingNumber, rules.DeadlineOnline} {
					d := by(kind)
					d.State = state
					p.Assessment.Deadlines = append(p.Assessment.Deadlines, *d)
				}
				check(t, "waiting "+string(stage)+" "+state, wording.Waiting(p, loc), string(stage))
			}
		}
	}
	check(t, "ended", wording.Waiting(rules.OrderPlan{End: rules.EndIdle}, loc))
	for _, status := range rules.CaseStatuses() {
		for _, d := range []*rules.Deadline{nil, by(rules.DeadlineFile)} {
			c := caseOf(status, d)
			check(t, "waiting claim "+string(status), wording.WaitingClaim(rules.ClaimPlan{Found: true, Case: c}, loc), string(status))
			p := rules.OrderPlan{Assessment: rules.Assessment{Stage: rules.StageException, Cases: []rules.Case{c, c, c}}}
			check(t, "waiting with "+string(status), wording.Waiting(p, loc))
		}
	}
	check(t, "no case", wording.WaitingClaim(rules.ClaimPlan{}, loc))
	text := wording.Waiting(rules.OrderPlan{Assessment: rules.Assessment{Stage: rules.StageException, Cases: []rules.Case{
		caseOf(rules.StatusAppealed, nil), caseOf(rules.StatusOpen, by(rules.DeadlineConfirm)),
	}}}, loc)
	if !strings.Contains(text.EN, "confirm the exception") || !strings.Contains(text.EN, "One more case") {
		t.Errorf("not the most urgent case: %s", text)
	}
}

// A stall's first notice offers the act that protects the seller meanwhile; other exceptions, and
// later notices, do not. What the platform says in its own words stays on one line.
func TestProtectiveAct(t *testing.T) {
	t.Parallel()
	loc := shanghai(t)
	for _, kind := range []rules.CaseKind{rules.KindStall, rules.KindLost} {
		for _, code := range []string{rules.NoticeConfirm, rules.NoticeFile} {
			c := caseOf(rules.StatusOpen, by(rules.DeadlineConfirm))
			c.Kind = kind
			text := wording.ClaimNotice(rules.Notice{Code: code, Number: "LP1", Deadline: by(rules.DeadlineConfirm)}, rules.ClaimPlan{Found: true, Case: c}, "cn-1", "81", loc)
			want := kind == rules.KindStall && code == rules.NoticeConfirm
			for _, s := range []string{text.ZH, text.EN} {
				if strings.Contains(s, "starter extend cn-1/81 --days") != want {
					t.Errorf("%s %s: expected the act: %t, got %s", kind, code, want, s)
				}
			}
		}
	}
	check(t, "not extended", wording.NotExtended("201 beyond"))
	check(t, "payout", wording.PlatformPayout("cn-1", "81", usd(t, "41.20"), time.Unix(0, 0), loc))
	check(t, "payout without sum", wording.PlatformPayout("cn-1", "81", nil, time.Unix(0, 0), loc))
	check(t, "abnormal", wording.AbnormalOrder("cn-1", "81", "LP1", "E1", "lost", "Dongguan"))
	check(t, "abnormal, unsaid", wording.AbnormalOrder("cn-1", "81", "", "", "", ""))
	if s := wording.AbnormalOrder("cn-1", "81", "", "E1", "a\nb"+strings.Repeat("x", 999), "").EN; strings.Contains(s, "\n") || len(s) > 450 {
		t.Errorf("not on one short line: %q", s)
	}
}

func TestDetails(t *testing.T) {
	t.Parallel()
	loc := shanghai(t)
	open := caseOf(rules.StatusOpen, by(rules.DeadlineConfirm))
	p := rules.OrderPlan{Assessment: rules.Assessment{
		Stage: rules.StageException, Cases: []rules.Case{open}, Flags: []string{rules.FlagFreightRisk},
		Deadlines: []rules.Deadline{*by(rules.DeadlineTrackingNumber)},
		Claim:     &rules.Claim{Eligible: true, Payout: usd(t, "88.20")},
	}}
	got := wording.Details(p, "cn-1", "81", loc)
	for _, want := range []string{
		"2026-03-02 23:59 北京时间 / Beijing time", "`confirm-exception`",
		`{"tracking_number":"LP00123456789012","kind":"stall","by":"NAME"}`,
		wording.ConfirmCommand("cn-1", "81", "LP00123456789012", rules.KindStall), "USD 88.20", "录入运单号截止 / tracking number due", "卖家后台",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("details lack %q:\n%s", want, got)
		}
	}
	for _, status := range rules.CaseStatuses() {
		plan := rules.ClaimPlan{
			Found: true, Case: caseOf(status, by(rules.DeadlineReview)), ClaimID: "C-1|x",
			Claim: rules.Claim{Reasons: []string{rules.ReasonMissingTaxID}},
		}
		got := wording.ClaimDetails(plan, "cn-1", "81", []string{"waybill"}, loc)
		check(t, "details of "+string(status), wording.Text{ZH: got, EN: "x"})
		if !strings.Contains(got, "`C-1/x`") || !strings.Contains(got, "缺少有效的买家税号") {
			t.Errorf("%s: %s", status, got)
		}
		waits := status == rules.StatusOpen || status == rules.StatusConfirmed
		if strings.Contains(got, "还缺凭证") != waits {
			t.Errorf("%s: missing evidence shown: %t, expected %t", status, !waits, waits)
		}
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	loc := shanghai(t)
	at := by("").At
	for _, future := range []bool{false, true} {
		for _, code := range rules.MomentCodes() {
			m := rules.Moment{
				At: at, Code: code, Future: future, Number: "LP001", Kind: rules.KindStall, Status: rules.StatusPaid,
				Deadline: rules.DeadlineFile, End: rules.EndIdle,
			}
			if future && (code == rules.MomentCaseOpened || code == rules.MomentCaseEnded || code == rules.MomentMissed) {
				continue // never to come
			}
			check(t, code, wording.Moment(m, loc), code)
		}
	}
	for _, code := range rules.EventTypes() {
		m := rules.Moment{At: at, Code: string(code), Number: "LP001", ClaimID: "C-1", By: "LI", Subject: rules.DisputeNotReceived}
		text := wording.Moment(m, loc)
		check(t, string(code), text)
		if strings.Contains(text.String(), string(code)) {
			t.Errorf("%s has no words", code)
		}
	}
	m := rules.Moment{At: at, Code: string(rules.TypeTrackingUpdated), Ignored: true, Scan: &rules.Row{
		Milestone: rules.Delivered, Location: "Madrid", SignedBy: "Q", Source: rules.FromManual, Description: "left",
	}}
	const want = "2026-03-02 23:59 Beijing time: scan: delivered, Madrid, signed by Q, entered by hand (left) (does not count)"
	if got := wording.Moment(m, loc).EN; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
}

func TestSummaries(t *testing.T) {
	t.Parallel()
	created := &rules.OrderCreated{Buyer: rules.Buyer{Country: "BR"}, ServiceCode: "CAINIAO_STANDARD", AmountPaid: *usd(t, "30.00")}
	if got, want := wording.Summary("cn-1", "81", created).EN, "Order cn-1/81 to BR, CAINIAO_STANDARD, paid USD 30.00"; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
	check(t, "no order", wording.Summary("cn-1", "81", nil))
	text := wording.ClaimSummary("cn-1", "81", rules.CaseID{TrackingNumber: "LP00123456789012", Kind: rules.KindStall}, usd(t, "30.00"))
	if got, want := text.EN, "Claim: tracking stalled, order cn-1/81, parcel LP00123456789012, expected payout USD 30.00"; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
	check(t, "claim without payout", wording.ClaimSummary("cn-1", "81", rules.CaseID{TrackingNumber: "LP001", Kind: rules.KindLost}, nil))
}

func TestStoreNotices(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for name, text := range map[string]wording.Text{
		"unauthorised":       wording.StoreUnauthorised("AliExpress", "shop"),
		"authorisation ends": wording.StoreAuthorisationEnds("AliExpress", "shop", at, shanghai(t)),
		"renewal fails":      wording.StoreRenewalFails("AliExpress", "shop", at, shanghai(t)),
	} {
		check(t, name, text)
		for _, said := range []string{text.ZH, text.EN} {
			if !strings.Contains(said, "starter authorise shop") || name != "unauthorised" && !strings.Contains(said, "2026-03-01 16:00") {
				t.Errorf("%s: it does not say what to do and until when: %s", name, said)
			}
		}
	}
}
