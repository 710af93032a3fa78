package wording

import (
	"strings"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

// Citation is a rule of the platform that a letter rests on.
type Citation struct {
	Rule   Text // one sentence
	Source Text // where it stands
	Key    string
}

// Citations are the rules that a letter of a kind rests on, with the numbers of the order's own
// policy. exception and category are the order's; only a stall's threshold hangs on the category.
func Citations(kind rules.LetterKind, exception rules.CaseKind, category rules.Category, pack *policy.Pack) []Citation {
	var all []Citation
	cite := func(source string, rule Text) { all = append(all, Citation{rule, sourceName(pack, source), source}) }
	claim := &pack.Claim
	switch kind {
	case rules.LetterClaim, rules.LetterAppeal:
		if exception == rules.KindStall {
			threshold := pack.Stall.Threshold[string(category)]
			cite(threshold.Source, both("轨迹停滞满 %s的包裹可以索赔；国际干线运输的正常静默期不计入。", "A parcel whose tracking has stood still for %s can be claimed for; the usual silence of international line-haul does not count.", term(threshold.Value)))
			cite(claim.FileWithin.Source, both("索赔须在停滞成立后 %s内提交。", "The claim must be filed within %s of the stall.", term(claim.FileWithin.Value)))
		} else {
			cite(claim.FileWithinOther.Source, both("发生以下异常的包裹可以索赔：%s。", "A parcel with this exception can be claimed for: %s.", Kind(exception)))
			cite(claim.FileWithinOther.Source, both("索赔须在异常成立后 %s内提交。", "The claim must be filed within %s of the exception.", term(claim.FileWithinOther.Value)))
		}
		cite(claim.PayoutCap.Source, both("赔付金额为买家实付金额（含运费），不含佣金和税费，每单最高 %s。", "The compensation is the amount that the buyer paid, freight included, less commission and tax, at most %s an order.", amount(claim.PayoutCap.Value)))
		if kind == rules.LetterAppeal {
			cite(claim.AppealWithin.Source, both("收到拒赔通知后 %s内可以申诉一次，只能补充原始凭证，不可替换材料。", "One appeal can be made within %s of the notice of refusal; it only adds originals and replaces none.", term(claim.AppealWithin.Value)))
		}
	case rules.LetterComplaint:
		c := &pack.Complaint
		cite(c.RespondWithin.Source, both("卖家须在投诉发起后 %s内提交带运单号的发货面单和带时间的揽收截图。", "Within %s of the complaint the seller hands in the shipping label with its number and a pick-up screenshot with its time.", term(c.RespondWithin.Value)))
		cite(c.PickupWithin.Source, both("包裹须在买家付款后 %s内揽收。", "The carrier must have taken the parcel within %s of the payment.", term(c.PickupWithin.Value)))
	case rules.LetterDispute:
		t := &pack.Ticket
		cite(t.DisputeEvidenceWithin.Source, both("卖家须在纠纷发起后 %s内提交完整证据链。", "The seller hands in the whole chain of evidence within %s of the opening.", term(t.DisputeEvidenceWithin.Value)))
	case rules.LetterProtection:
		p := &pack.Protection
		cite(p.PositiveRateMinPercent.Source, both("申诉后仍被拒赔的，卖家近 %s好评率不低于 %s%%、纠纷率不高于 %s%% 并已加入安心达，可以申请补偿。",
			"After a refused appeal a store can apply whose positive rate of the last %s is at least %s %%, whose dispute rate is at most %s %%, and which has joined Anxinda.",
			term(p.PositiveRateWindow.Value), p.PositiveRateMinPercent.Value, p.DisputeRateMaxPercent.Value))
		cite(p.LossSharePercent.Source, both("补偿为实际损失的 %s%%，每单最高 %s。", "The compensation is %s %% of the actual loss, at most %s an order.", p.LossSharePercent.Value, amount(p.Cap.Value)))
	}
	return all
}

// grounds numbers the rules of a letter, and tells once where each source's stand.
func grounds(citations []Citation) []Text {
	var rules, sources []Text
	seen := map[string]bool{}
	for i, c := range citations {
		rules = append(rules, both("%[1]d. %[2]s[%[3]s]", "%[1]d. %[2]s [%[3]s]", i+1, c.Rule, c.Key))
		if !seen[c.Key] {
			seen[c.Key] = true
			sources = append(sources, both("[%s] 出处：%s", "[%s] Source: %s", c.Key, c.Source))
		}
	}
	return append(rules, sources...)
}

// sourceName is what the policy calls a source; it writes both languages as [Text.String] does.
func sourceName(pack *policy.Pack, key string) Text {
	name := pack.Sources[key]
	if zh, en, ok := strings.Cut(name, " · "); ok {
		zh, _, _ = strings.Cut(zh, "（来源文章") // where we read it says nothing to the platform
		en, _, _ = strings.Cut(en, " (article ")
		return Text{zh, en}
	}
	return Text{name, name}
}

// term words a span as the platform's rules do: up to 72 hours in hours, else in days.
func term(d policy.Duration) Text {
	const day = 24 * time.Hour
	if std := d.Std(); std > 3*day && std%day == 0 {
		return both("%d 天", "%d days", int(std/day))
	}
	return both("%d 小时", "%d hours", int(d.Std()/time.Hour))
}
