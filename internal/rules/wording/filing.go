package wording

import (
	"fmt"
	"strings"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

// platformName is what people call the platform.
const platformName = "AliExpress"

// CaseLetter words what the rules hand in for a case, as a letter.
func CaseLetter(l *rules.CaseLetter, store, order string, pack *policy.Pack) Letter {
	return Letter{
		Kind: l.Kind, Case: l.Case.ID().Name(), Number: l.Case.ClaimID(), Platform: platformName, Store: store, Order: order,
		Parcels:   []LetterParcel{{Number: l.Recorded.TrackingNumber, Carrier: l.Recorded.Carrier, Service: l.Recorded.ServiceCode}},
		Exception: l.Case.Kind, Dates: l.Dates, Asked: l.Asked, Reckoning: l.Reckoning, Refusal: l.Refusal, At: l.At,
		Citations: Citations(l.Kind, l.Case.Kind, l.Order.Category, pack),
	}
}

// Paste is a text for a field of the seller centre's form.
type Paste struct{ Field, Value Text }

// Pastes are the texts of a letter for the seller centre's form: title and statement, with the
// numbers, the demand, the rules and what is enclosed. Times are told in loc.
func Pastes(l *Letter, enclosed []string, loc *time.Location) []Paste {
	t := LetterOf(l, loc)
	body := []Text{both("案件编号 %s。", "Case %s.", l.Case)}
	if l.Number != "" {
		body = append(body, both("索赔编号 %s。", "Claim %s.", l.Number))
	}
	body = append(append(body, t.Facts...), t.Demand...)
	for i, c := range l.Citations {
		body = append(body, both("依据 %d：%s出处：%s", "Rule %d: %s Source: %s", i+1, c.Rule, c.Source))
	}
	if len(enclosed) > 0 {
		body = append(body, both("随附：索赔函和 %d 份原始凭证（%s），SHA-256 校验值见凭证清单。",
			"Enclosed: the letter and %d originals (%s); their SHA-256 values are in the list of evidence.", len(enclosed), strings.Join(enclosed, ", ")))
	}
	zh, en := make([]string, len(body)), make([]string, len(body))
	for i, b := range body {
		zh[i], en[i] = strings.ReplaceAll(b.ZH, "\u00a0", " "), strings.ReplaceAll(b.EN, "\u00a0", " ")
	}
	return []Paste{
		{Text{"标题", "Title"}, both("%s：订单 %s，运单号 %s", "%s: order %s, tracking number %s", t.Title, l.Order, l.numbers())},
		{Text{"说明", "Statement"}, Text{strings.Join(zh, "\n"), strings.Join(en, "\n")}},
	}
}

// handIn is what people do with a case's papers in the seller centre.
type handIn struct {
	kind         rules.LetterKind
	papers       bool // asked for, after the filing
	store, order string
	id           rules.CaseID
	claim        string // the platform's number; empty: not given yet
	sum          Text   // empty: no money is asked for, or the sum is not known
}

// LetterSteps are where to click, what to hand in, and what to report here afterwards.
func LetterSteps(l *rules.CaseLetter, store, order string) []Text {
	h := handIn{kind: l.Kind, papers: l.Papers != nil, store: store, order: order, id: l.Case.ID(), claim: l.Case.ClaimID()}
	if l.Asked != nil {
		h.sum = Text{amount(*l.Asked), amount(*l.Asked)}
	}
	return h.steps()
}

// PackCommand fetches the pack of a case.
func PackCommand(store, order string, id rules.CaseID) string {
	return fmt.Sprintf("starter evidence pack %s/%s --case %s", store, order, id.Name())
}

// PackPath is where the API has it.
func PackPath(store, order string, id rules.CaseID) string {
	return fmt.Sprintf("/v1/orders/%s/%s/cases/%s/pack", store, order, id.Name())
}

func (h *handIn) steps() []Text {
	steps := []Text{both("取材料包（信函 PDF、原件 ZIP）和要粘贴的文字：%s，或接口 GET %s。",
		"Fetch the pack (letter as PDF, originals as ZIP) and the texts to paste: %s, or GET %s of the API.",
		PackCommand(h.store, h.order, h.id), PackPath(h.store, h.order, h.id))}
	page := both("登录 seller.aliexpress.com → “物流” → “物流纠纷”，按订单号 %s 找到运单 %s",
		"Log in to seller.aliexpress.com → “Logistics” → “Logistics disputes” and find order %s, parcel %s", h.order, h.id.TrackingNumber)
	var where, upload Text
	switch {
	case h.kind == rules.LetterProtection:
		where = both("登录 seller.aliexpress.com → “卖家保障计划”（Seller Protection Program），为索赔 %s 申请补偿。",
			"Log in to seller.aliexpress.com → Seller Protection Program and apply for claim %s.", h.claim)
	case h.kind == rules.LetterAppeal:
		where = both("%s，打开索赔 %s，选择申诉。申诉只有一次。", "%s; open claim %s and appeal. There is one appeal only.", page, h.claim)
		upload = Text{
			"只追加标为“新”的原件，已提交的不要替换或撤下；信函 PDF 一并上传，文件不要改名、截图或压缩。",
			"Add the originals marked as new; replace and remove none that was filed. Upload the letter (PDF) too; rename, crop or compress nothing.",
		}
	case h.papers:
		where = both("%s，打开索赔 %s，选择补充材料。", "%s; open claim %s and add papers.", page, h.claim)
	default:
		where = both("%s，提交索赔申请。", "%s; submit a claim.", page)
	}
	if upload == (Text{}) {
		upload = Text{
			"按编号顺序上传 ZIP 里的原件和信函 PDF，文件不要改名、截图或压缩。",
			"Upload the originals of the ZIP in the order of their numbers, and the letter (PDF); rename, crop or compress nothing.",
		}
	}
	paste := Text{"标题和说明原样粘贴，不要用翻译软件改写。", "Paste title and statement as they stand, without any translation software."}
	if h.sum != (Text{}) && !h.papers {
		paste = paste.and(both("金额填 %s。", "Ask for %s.", h.sum))
	}
	return append(steps, where, upload, paste, h.report())
}

// report tells how what was done comes in here.
func (h *handIn) report() Text {
	filed := fmt.Sprintf("starter claim filed %s/%s NUMBER --case %s", h.store, h.order, h.id.Name())
	done := func(act string) string {
		return fmt.Sprintf("starter claim %s %s/%s %s", act, h.store, h.order, h.claim)
	}
	switch {
	case h.kind == rules.LetterProtection:
		return both("提交后在系统里登记：%s（即 protection.requested 事件）。", "Record it here: %s (the event protection.requested).", done("protection-requested"))
	case h.kind == rules.LetterAppeal:
		return both("提交后在系统里登记：%s（即 claim.appealed 事件）。", "Record it here: %s (the event claim.appealed).", done("appealed"))
	case h.papers:
		return both("提交后在系统里登记：%s（即 claim.papers_sent 事件）。", "Record it here: %s (the event claim.papers_sent).", done("papers-sent"))
	}
	return both("提交后登记平台给出的索赔编号，系统才会继续跟进：%s（即 claim.filed 事件）。",
		"Record the claim number that the platform gives, so that the case goes on: %s (the event claim.filed).", filed)
}

// noticeSteps are the steps for what a claim's notice asks for, each on a line of its own; empty
// where it asks for nothing that is handed in.
func noticeSteps(n rules.Notice, p *rules.ClaimPlan, store, order string) Text {
	h := handIn{store: store, order: order, id: p.Case.ID(), claim: p.ClaimID}
	if p.Claim.Payout != nil {
		h.sum = Text{amount(*p.Claim.Payout), amount(*p.Claim.Payout)}
	}
	switch {
	case !p.Found:
		return Text{}
	case n.Code == rules.NoticeFile:
		h.kind = rules.LetterClaim
	case n.Code == rules.NoticeAppeal:
		h.kind = rules.LetterAppeal
	case n.Code == rules.NoticePapers:
		h.kind, h.papers = rules.LetterClaim, true
	case n.Code == rules.NoticeProtection && p.Protection != nil && p.Protection.State == rules.ProtectionOpen && p.Protection.Amount != nil:
		h.kind, h.sum = rules.LetterProtection, Text{amount(*p.Protection.Amount), amount(*p.Protection.Amount)}
	default:
		return Text{}
	}
	var zh, en strings.Builder
	for i, step := range h.steps() {
		fmt.Fprintf(&zh, "\n%d. %s", i+1, step.ZH)
		fmt.Fprintf(&en, "\n%d. %s", i+1, step.EN)
	}
	return Text{zh.String(), en.String()}
}

// LetterRemarks are what to heed before a letter is handed in: what is missing, what is left out,
// and what speaks against it.
func LetterRemarks(l *rules.CaseLetter, p *rules.Papers) []Text {
	var remarks []Text
	if lacks := l.Lacks(p); len(lacks) > 0 {
		remarks = append(remarks, both("缺少：%s。请先补齐再提交，缺凭证的申请会被拒。", "Missing: %s. Add them first: without them it will be refused.",
			join(each(lacks, func(k rules.EvidenceKind) Text { return Evidence(string(k)) }))))
	}
	if l.AddsNothing(p) {
		remarks = append(remarks, Text{
			"还没有可用的新原件：申诉必须至少补充一份首次没有提交的原始凭证。",
			"There is no new original that may be handed in: an appeal must add at least one that was not filed.",
		})
	}
	if l.Kind == rules.LetterClaim && !l.Claim.Eligible && len(l.Claim.Reasons) > 0 {
		remarks = append(remarks, ineligible(l.Claim.Reasons))
	}
	if l.Kind == rules.LetterProtection && l.Asked == nil {
		remarks = append(remarks, Text{"没有可计算的退款损失，信中没有写金额。", "No loss by refund can be reckoned, so the letter names no amount."})
	}
	if s := l.Case.Status; !s.Live() && l.Protection == nil {
		remarks = append(remarks, both("案件已结束（%s），材料仅供存档。", "The case is over (%s): this is for the record only.", Status(s)))
	}
	return remarks
}

func ineligible(reasons []string) Text {
	return both("注意：%s，平台预计不予赔付。", "Note: %s, so no payout is expected.", join(each(reasons, Reason)))
}
