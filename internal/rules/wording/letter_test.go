package wording_test

import (
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
	"parcelward/internal/rules/rulestest"
	"parcelward/internal/rules/wording"
)

func letterOf(t *testing.T, kind rules.LetterKind, exception rules.CaseKind, pack *policy.Pack) wording.Letter {
	t.Helper()
	at := time.Date(2026, 2, 26, 2, 0, 0, 0, time.UTC)
	l := wording.Letter{
		Kind: kind, Case: "CASE-1", Number: "C-9", Platform: "AliExpress", Store: "cn-1", Order: "81",
		Parcels:   []wording.LetterParcel{{Number: "LP001", LastMile: "RB1", Carrier: "cainiao", Service: "CAINIAO_STANDARD"}},
		Exception: exception, Asked: usd(t, "88.20"), Refusal: "底单模糊", At: at,
		Citations: wording.Citations(kind, exception, rules.Standard, pack),
	}
	for _, code := range rules.SumCodes() {
		l.Reckoning = append(l.Reckoning, rules.Sum{Code: code, Amount: *usd(t, "1.25"), Factor: decimal.MustParse("0.14")})
	}
	codes := []string{
		rules.DateLastMovement, rules.DatePickedUp, rules.DateRespondBy, rules.MomentCaseOpened, string(rules.TypeOrderCreated),
		string(rules.TypeOrderPaid), string(rules.TypeShipmentRecorded), string(rules.TypeAlerted), string(rules.TypeConfirmed), string(rules.TypeClaimFiled),
		string(rules.TypeClaimDecided), string(rules.TypeClaimAppealed), string(rules.TypeDisputeOpened), string(rules.TypeComplaintOpened),
	}
	for i, code := range append(codes, deadlines()...) {
		l.Dates = append(l.Dates, rules.LetterDate{Code: code, At: at.Add(time.Duration(i) * time.Minute)})
	}
	return l
}

func TestLettersInBothLanguages(t *testing.T) {
	t.Parallel()
	pack, loc := rulestest.Ruleset().Pack, shanghai(t)
	for _, kind := range rules.LetterKinds() {
		for _, exception := range rules.CaseKinds() {
			l := letterOf(t, kind, exception, pack)
			text := wording.LetterOf(&l, loc)
			var all strings.Builder
			say := func(what string, texts ...wording.Text) {
				require.NotEmpty(t, texts, "%s: %s", kind, what)
				for _, x := range texts {
					assert.NotEmpty(t, x.ZH, "%s: %s", kind, what)
					assert.NotEmpty(t, x.EN, "%s: %s", kind, what)
					assert.NotContains(t, x.String(), "%!", "%s: %s", kind, what)
					assert.NotContains(t, x.String(), "0001-01-01", "%s: %s", kind, what)
					all.WriteString(x.String() + "\n")
				}
			}
			say("title", text.Title, text.To, text.Signed)
			say("facts", text.Facts...)
			say("demand", text.Demand...)
			say("grounds", text.Grounds...)
			say("closing", text.Closing...)
			for _, lines := range [][]wording.Line{text.Particulars, text.Reckoning, text.Dates} {
				for _, line := range lines {
					check(t, string(kind), line.Name)
					say("line", line.Name, line.Value)
				}
			}
			for _, want := range []string{"CASE-1", "C-9", "81", "LP001", "RB1", "USD 88.20", "2026-02-26"} {
				assert.Contains(t, all.String(), want, kind)
			}
			assert.Equal(t, kind == rules.LetterAppeal || kind == rules.LetterProtection, strings.Contains(all.String(), "底单模糊"), kind)
		}
	}
}

// What a letter cites is the order's own policy, each rule with its source.
func TestCitationsTellThePolicysNumbers(t *testing.T) {
	t.Parallel()
	pack := *rulestest.Ruleset().Pack
	pack.Claim.AppealWithin.Value = policy.Duration(49 * time.Hour)
	cited := func(kind rules.LetterKind, exception rules.CaseKind, category rules.Category) string {
		var all []string
		for _, c := range wording.Citations(kind, exception, category, &pack) {
			require.Contains(t, pack.Sources, c.Key)
			check(t, "source", c.Source)
			check(t, "rule", c.Rule)
			all = append(all, c.Rule.String())
		}
		return strings.Join(all, "\n")
	}
	for want, got := range map[string]string{
		"30 天":    cited(rules.LetterClaim, rules.KindStall, rules.Standard),
		"45 days": cited(rules.LetterClaim, rules.KindStall, rules.Bulky),
		"以下异常的包裹可以索赔：包裹丢失": cited(rules.LetterClaim, rules.KindLost, rules.Standard),
		"USD 100.00":       cited(rules.LetterClaim, rules.KindLost, rules.Standard),
		"49 hours":         cited(rules.LetterAppeal, rules.KindStall, rules.Standard),
		"24 小时":            cited(rules.LetterComplaint, "", ""),
		"within 72 hours":  cited(rules.LetterDispute, "", ""),
		"70 %":             cited(rules.LetterProtection, rules.KindStall, ""),
		"USD 50.00":        cited(rules.LetterProtection, rules.KindStall, ""),
		"近 90 天好评率不低于 95%": cited(rules.LetterProtection, rules.KindStall, ""),
	} {
		assert.Contains(t, got, want)
	}
	l := letterOf(t, rules.LetterClaim, rules.KindStall, &pack)
	grounds := wording.LetterOf(&l, shanghai(t)).Grounds
	last := grounds[len(grounds)-1]
	assert.Contains(t, last.ZH, "《AliExpress物流服务协议（2024修订版）》")
	assert.Contains(t, last.EN, "Logistics Service Agreement, 2024 revision")
}

func TestEveryOriginalHasWords(t *testing.T) {
	t.Parallel()
	for _, kind := range rules.EvidenceKinds() {
		check(t, string(kind), wording.Evidence(string(kind)))
		check(t, string(kind), wording.PaperName(string(kind)))
		check(t, string(kind), wording.Proves(kind))
		assert.NotEqual(t, string(kind), wording.Evidence(string(kind)).EN)
		assert.NotEqual(t, string(kind), wording.Proves(kind).EN)
	}
	for _, m := range rules.Milestones() {
		check(t, string(m), wording.RowMilestone(m))
	}
	assert.Equal(t, "1.2 MB · 预检通过 Pre-flight: passed", wording.PaperRemarks("ready", 1_230_000))
	assert.Equal(t, "预检 Pre-flight: new", wording.PaperRemarks("new", 0))
	assert.Empty(t, wording.PaperRemarks("", 0))
	row := rules.Row{Description: "妥投", Code: "GTMS_SIGNED", SignedBy: "IVAN", Source: rules.FromManual}
	assert.Equal(t, "妥投 [GTMS_SIGNED]\n签收人 Signed by: IVAN\n人工录入，不计入 Entered by hand, does not count", wording.RowRemarks(&row))
}
