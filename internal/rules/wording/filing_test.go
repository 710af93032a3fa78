package wording_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"parcelward/internal/rules"
	"parcelward/internal/rules/rulestest"
	"parcelward/internal/rules/wording"
)

// What a person must hand in comes with steps: where the pack is, where to click, what to report.
func TestNoticesTellTheSteps(t *testing.T) {
	t.Parallel()
	loc, at := shanghai(t), time.Date(2026, 2, 20, 18, 40, 0, 0, time.UTC)
	plan := rules.ClaimPlan{
		Found: true, ClaimID: "C-7", Claim: rules.Claim{Eligible: true, Payout: usd(t, "88.20")},
		Case:   rules.Case{TrackingNumber: "LP001", Kind: rules.KindStall, OpenedAt: rules.Stamp(at)},
		Papers: &rules.PapersAsked{}, Protection: &rules.ProtectionPlan{
			State: rules.ProtectionOpen, Amount: usd(t, "28.00"), Loss: usd(t, "40.00"), Next: by(rules.DeadlineProtection),
		},
	}
	const name = "LP001.stall.20260220T184000Z"
	for code, report := range map[string]string{
		rules.NoticeFile:       "starter claim filed cn-1/81 NUMBER --case " + name,
		rules.NoticeAppeal:     "starter claim appealed cn-1/81 C-7",
		rules.NoticePapers:     "starter claim papers-sent cn-1/81 C-7",
		rules.NoticeProtection: "starter claim protection-requested cn-1/81 C-7",
	} {
		text := wording.ClaimNotice(rules.Notice{Code: code, Deadline: by(rules.DeadlineFile)}, plan, "cn-1", "81", loc)
		check(t, code, text)
		for _, said := range []string{text.ZH, text.EN} {
			for _, want := range []string{report, "starter evidence pack cn-1/81 --case " + name, "GET /v1/orders/cn-1/81/cases/" + name + "/pack", "\n5. "} {
				assert.Contains(t, said, want, code)
			}
			assert.Less(t, len(said), 2048, "%s: notices lie in histories", code)
		}
	}
	for _, code := range []string{rules.NoticeOutcome, rules.NoticeConfirm, rules.NoticeReminder, rules.NoticeEnded} {
		assert.NotContains(t, wording.ClaimNotice(rules.Notice{Code: code}, plan, "cn-1", "81", loc).EN, "evidence pack", code)
	}
}

// The texts to paste hold numbers, demand and rules, and are plain text.
func TestPastes(t *testing.T) {
	t.Parallel()
	pack := rulestest.Ruleset().Pack
	for _, kind := range []rules.LetterKind{rules.LetterClaim, rules.LetterAppeal, rules.LetterProtection} {
		l := letterOf(t, kind, rules.KindStall, pack)
		pastes := wording.Pastes(&l, []string{"01-waybill-LP001.jpg"}, shanghai(t))
		assert.Len(t, pastes, 2)
		for _, said := range []string{pastes[1].Value.ZH, pastes[1].Value.EN} {
			assert.Contains(t, said, l.Case, kind)
			assert.Contains(t, said, "01-waybill-LP001.jpg", kind)
			assert.NotContains(t, said, "%!", kind)
			assert.NotContains(t, said, "\u00a0", kind)
		}
		assert.Equal(t, len(l.Citations), strings.Count(pastes[1].Value.EN, "\nRule "), kind)
		assert.Contains(t, pastes[0].Value.EN, "LP001", kind)
	}
}
