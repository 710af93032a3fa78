package wording_test

import (
	"strings"
	"testing"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/rulestest"
	"parcelward/internal/rules/wording"
)

func complaintPlan(t *testing.T, status rules.ComplaintStatus) rules.ComplaintPlan {
	t.Helper()
	at := by("").At
	p := rules.ComplaintPlan{
		StoryPlan: rules.StoryPlan{Found: true, Live: status.Live(), Status: string(status), Numbers: []string{"LP001"}},
		Complaint: rules.FreightComplaint{
			ID: "F-1|`x`\n", Status: status, OpenedAt: at, RespondBy: at, PickupBy: &at, PickedUpAt: &at, Freight: usd(t, "1.40"), FreightShown: usd(t, "1.40"),
		},
		Service: "CAINIAO_STANDARD", Shipped: "CAINIAO_STANDARD", PaidAt: &at,
	}
	if status.Live() {
		p.Complaint.PointsAtRisk, p.Complaint.MoneyAtRisk = [2]int{1, 3}, usd(t, "98.20")
		p.Complaint.Causes = []rules.LossCause{{Code: rules.LossNoPickup}}
		p.Complaint.Missing = []rules.EvidenceKind{rules.EvidencePickup}
		p.Complaint.Faults = unfit(rules.EvidencePickup, rules.PreflightNoPickup)
	} else {
		p.Complaint.DecidedAt, p.Complaint.Points, p.Complaint.Frozen = &at, 2, usd(t, "98.20")
	}
	return p
}

// unfit is an original that would be refused, named by somebody hostile.
func unfit(kind rules.EvidenceKind, code rules.PreflightCode) []rules.CheckedOriginal {
	return []rules.CheckedOriginal{{SHA256: "ab", Name: "a|`x`\n.png", Preflight: rules.Preflight{
		Kind: kind, Verdict: rules.VerdictRefused, Findings: []rules.PreflightFinding{{Code: code, Verdict: rules.VerdictRefused, Measured: "|`x`"}},
	}}}
}

func disputePlan(t *testing.T, status rules.DisputeStatus) rules.DisputePlan {
	t.Helper()
	at := by("").At
	return rules.DisputePlan{
		StoryPlan: rules.StoryPlan{Found: true, Live: status.Live(), Status: string(status), Numbers: []string{"LP001"}},
		Dispute: rules.BuyerDispute{
			ID: "D-1", Kind: rules.DisputeNotReceived, Status: status, OpenedAt: at, EvidenceBy: at, RefusalBy: &at, Misdated: true,
			Faults:  unfit(rules.EvidenceRefusal, rules.PreflightTimeMark),
			Missing: []rules.EvidenceKind{rules.EvidenceQualityReport}, MoneyAtRisk: usd(t, "98.20"),
		},
	}
}

// clean looks whether a Markdown page is in both languages, is filled in, and asks nobody to phone.
func clean(t *testing.T, name, page string, codes ...string) {
	t.Helper()
	for _, word := range append(codes, "%!", "0001-01-01", "电话", "phone") {
		if strings.Contains(page, word) {
			t.Errorf("%s shows %q:\n%s", name, word, page)
		}
	}
}

func TestContestsHaveWords(t *testing.T) {
	t.Parallel()
	loc := shanghai(t)
	named(t, "complaint", wording.ComplaintStatus, rules.ComplaintStatuses()...)
	named(t, "dispute", wording.DisputeStatus, rules.DisputeStatuses()...)
	named(t, "cause", wording.LossCause, rules.LossCodes()...)
	named(t, "deadline", wording.Deadline, rules.DeadlineRespond, rules.DeadlineEvidence, rules.DeadlineRefusal)
	for _, kind := range rules.EvidenceKinds() {
		named(t, "evidence", wording.Evidence, string(kind))
	}
	for _, status := range rules.ComplaintStatuses() {
		p := complaintPlan(t, status)
		check(t, "waiting "+string(status), wording.WaitingComplaint(p, loc), string(status))
		clean(t, string(status), wording.ComplaintDetails(p, "cn-1", "81", rulestest.Ruleset().Pack), "|`x`", string(rules.LossNoPickup))
		for _, code := range []string{
			rules.NoticeComplaint, rules.NoticeReminder, rules.NoticeComplaintReady, rules.NoticeComplaintLost,
			rules.NoticeComplaintOutcome, rules.NoticeComplaintEnded, rules.NoticeUnready,
		} {
			check(t, code, wording.ComplaintNotice(rules.Notice{Code: code, Deadline: by(rules.DeadlineRespond)}, p, "cn-1", "81", rulestest.Ruleset().Pack), code)
		}
	}
	for _, status := range rules.DisputeStatuses() {
		p := disputePlan(t, status)
		check(t, "waiting "+string(status), wording.WaitingDispute(p, loc), string(status))
		clean(t, string(status), wording.DisputeDetails(p, "cn-1", "81", rulestest.Ruleset().Pack), string(rules.DisputeLate), string(rules.DisputeDeemed))
		for _, code := range []string{
			rules.NoticeDispute, rules.NoticeReminder, rules.NoticeDisputeReady, rules.NoticeDisputeLate, rules.NoticeDisputeEnded,
			rules.NoticeDisputeDeemed, rules.NoticeRefusal, rules.NoticeRefusalMisdated, rules.NoticeUnready,
		} {
			for _, d := range []string{rules.DeadlineEvidence, rules.DeadlineRefusal} {
				check(t, code+" "+d, wording.DisputeNotice(rules.Notice{Code: code, Deadline: by(d)}, p, "cn-1", "81", rulestest.Ruleset().Pack), code, d)
			}
		}
	}
	check(t, "unknown complaint", wording.WaitingComplaint(rules.ComplaintPlan{}, loc))
	check(t, "unknown dispute", wording.WaitingDispute(rules.DisputePlan{}, loc))
}

// The paths are the seller centre's, and the texts to paste state what is known and no more.
func TestContestsTellWhatToDo(t *testing.T) {
	t.Parallel()
	loc := shanghai(t)
	p := complaintPlan(t, rules.ComplaintOpen)
	page := wording.ComplaintDetails(p, "cn-1", "81", rulestest.Ruleset().Pack)
	for _, want := range []string{
		"帮助中心", "运费投诉紧急核查", "物流履约 → 运费争议", "complaint.answered", "LP001", "USD 1.40", "冻结货款 USD 98.20", "没有带时间的揽收截图", "会被驳回", "will be refused",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing:\n%s", want, page)
		}
	}
	bare := rules.ComplaintPlan{StoryPlan: p.StoryPlan, Complaint: rules.FreightComplaint{ID: "F-1"}}
	bare.Numbers = nil
	answer := wording.ComplaintAnswer(bare, "81", loc)
	check(t, "answer", answer)
	if strings.Contains(answer.EN, "Paid") || strings.Contains(answer.EN, "scan:") || strings.Contains(answer.EN, "tracking number ,") {
		t.Errorf("the answer states what nobody knows: %s", answer.EN)
	}
	page = wording.DisputeDetails(disputePlan(t, rules.DisputeOpen), "cn-1", "81", rulestest.Ruleset().Pack)
	for _, want := range []string{"Order Details → Dispute → Appeal", "产品实物图", "时间水印", "dispute.answered", "质检报告", "会被驳回"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing:\n%s", want, page)
		}
	}
}

// An order's page lists them, and its sentence tells of the next deadline, after its end too.
func TestOrderTellsOfContests(t *testing.T) {
	t.Parallel()
	loc := shanghai(t)
	p := rules.OrderPlan{Complaints: []rules.FreightComplaint{complaintPlan(t, rules.ComplaintOpen).Complaint}, Disputes: []rules.BuyerDispute{disputePlan(t, rules.DisputeAnswered).Dispute}}
	p.Assessment.Stage = rules.StageClosed
	p.Complaints[0].NextDeadline = by(rules.DeadlineRespond)
	waiting := wording.Waiting(p, loc)
	check(t, "waiting", waiting)
	if !strings.Contains(waiting.EN, "Complaints or disputes open: 2, next due 2026-03-02 23:59 Beijing time.") {
		t.Error(waiting.EN)
	}
	page := wording.Details(p, "cn-1", "81", loc)
	clean(t, "details", page)
	if !strings.Contains(page, "投诉与纠纷") || !strings.Contains(page, "D-1") {
		t.Error(page)
	}
}

// A summary fits into what Temporal takes, whatever others chose as a number.
func TestSummaryIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("号", 128)
	d := rules.BuyerDispute{ID: long, Kind: rules.DisputeOther}
	for _, s := range []string{
		wording.ComplaintSummary("cn-1", "81", long).Summary(), wording.DisputeSummary("cn-1", "81", d).Summary(),
	} {
		if len(s) > 400 || !strings.Contains(s, "…") || strings.ToValidUTF8(s, "?") != s {
			t.Errorf("%d bytes: %s", len(s), s)
		}
	}
	if s := wording.ComplaintSummary("cn-1", "81", "F-1").Summary(); s != "运费投诉 F-1，订单 cn-1/81 · Freight complaint F-1, order cn-1/81" {
		t.Error(s)
	}
	if at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC); wording.Waiting(rules.OrderPlan{Wake: at}, shanghai(t)).Summary() == "" {
		t.Error("no sentence")
	}
}
