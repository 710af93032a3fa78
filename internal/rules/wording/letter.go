package wording

import (
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// Letter is what a letter to the platform is about.
type Letter struct {
	Kind         rules.LetterKind
	Case         string // our number of the case; always there
	Number       string // the platform's, of the claim, complaint or dispute; empty: not given yet
	Platform     string // as people call it, such as "AliExpress"
	Store, Order string
	Parcels      []LetterParcel
	Exception    rules.CaseKind     // of a claim, its appeal and its protection
	Dates        []rules.LetterDate // oldest first
	Asked        *money.Amount      // nil: no money is asked for, or the sum is not known
	Reckoning    []rules.Sum        // of Asked
	Citations    []Citation         // what the demand rests on
	Refusal      string             // why the platform refused, in its own words; of an appeal and of protection
	Statement    Text               // further facts, in both languages; may be empty
	At           time.Time          // the letter's date
}

// LetterParcel is a parcel that a letter is about.
type LetterParcel struct {
	Number   string
	LastMile string // the last-mile carrier's number, where it differs; else empty
	Carrier  string
	Service  string
}

// Line is a name with its value.
type Line struct{ Name, Value Text }

// LetterText is a letter in words.
type LetterText struct {
	Title       Text
	To          Text
	Particulars []Line
	Facts       []Text
	Demand      []Text
	Reckoning   []Line // empty: no money is asked for
	Grounds     []Text // the rules, each with the key of its source; then the sources
	Dates       []Line
	Closing     []Text
	Signed      Text
}

// LetterOf words a letter; times are told in loc.
func LetterOf(l *Letter, loc *time.Location) LetterText {
	t := LetterText{
		Title:       LetterTitle(l.Kind),
		To:          both("致：%s 平台%s", "To: %[2]s, %[1]s", l.Platform, letterReader(l.Kind)),
		Particulars: particulars(l, loc),
		Facts:       facts(l, loc),
		Demand:      demand(l),
		Closing: []Text{
			{
				"随函所附原始凭证均未经修改，每一份的 SHA-256 校验值列于凭证清单，可与压缩包内的原件逐一核对。",
				"The originals enclosed are unaltered. The SHA-256 value of each stands in the list of evidence and can be checked against the originals in the archive.",
			},
			{
				"如需补充材料，请通过平台站内消息或工单联系我们，我们将在规定时限内提供。",
				"Should anything further be needed, please write to us through the platform's messages or ticket; we will provide it within the time allowed.",
			},
		},
		Signed: both("店铺 %s，%s", "Store %s, %s", l.Store, l.At.In(loc).Format(time.DateOnly)),
	}
	for _, sum := range l.Reckoning {
		t.Reckoning = append(t.Reckoning, reckoned(sum))
	}
	t.Grounds = grounds(l.Citations)
	for _, d := range l.Dates {
		t.Dates = append(t.Dates, Line{letterDate(d.Code), letterClock(d.At, loc)})
	}
	return t
}

// LetterTitle names a kind of letter.
func LetterTitle(k rules.LetterKind) Text {
	switch k {
	case rules.LetterClaim:
		return Text{"物流索赔函", "Logistics Claim"}
	case rules.LetterAppeal:
		return Text{"物流索赔申诉函", "Appeal against the Refusal of a Logistics Claim"}
	case rules.LetterComplaint:
		return Text{"运费投诉答复函", "Answer to a Freight Complaint"}
	case rules.LetterDispute:
		return Text{"买家纠纷举证函", "Evidence in a Buyer's Dispute"}
	case rules.LetterProtection:
		return Text{"卖家保障补偿申请函", "Application for Seller Protection"}
	}
	return unknown(k)
}

func letterReader(k rules.LetterKind) Text {
	switch k {
	case rules.LetterClaim, rules.LetterAppeal:
		return Text{"物流索赔审核组", "Logistics Claims Review"}
	case rules.LetterComplaint, rules.LetterDispute:
		return Text{"纠纷调解组", "Dispute Resolution"}
	case rules.LetterProtection:
		return Text{"卖家保障计划", "Seller Protection Programme"}
	}
	return unknown(k)
}

func particulars(l *Letter, loc *time.Location) []Line {
	same := func(s string) Text { return Text{s, s} }
	lines := []Line{{Text{"案件编号", "Case number"}, same(l.Case)}}
	number := same(l.Number)
	if l.Number == "" {
		number = Text{"提交后由平台给出", "Given by the platform on filing"}
	}
	lines = append(lines, Line{platformNumber(l.Kind), number}, Line{Text{"店铺", "Store"}, same(l.Store)}, Line{Text{"订单号", "Order number"}, same(l.Order)})
	for _, p := range l.Parcels {
		lines = append(lines, Line{Text{"运单号", "Tracking number"}, same(p.Number + " (" + p.Carrier + ", " + p.Service + ")")})
		if p.LastMile != "" {
			lines = append(lines, Line{Text{"末端派送单号", "Last-mile number"}, same(p.LastMile)})
		}
	}
	if l.Exception != "" {
		lines = append(lines, Line{Text{"异常类型", "Exception"}, Kind(l.Exception).capital()})
	}
	if l.Asked != nil {
		lines = append(lines, Line{Text{"请求金额", "Amount claimed"}, same(amount(*l.Asked))})
	}
	return append(lines, Line{Text{"日期", "Date"}, same(l.At.In(loc).Format(time.DateOnly))})
}

func platformNumber(k rules.LetterKind) Text {
	switch k {
	case rules.LetterComplaint:
		return Text{"投诉编号", "Complaint number"}
	case rules.LetterDispute:
		return Text{"纠纷编号", "Dispute number"}
	case rules.LetterClaim, rules.LetterAppeal, rules.LetterProtection:
	}
	return Text{"索赔编号", "Claim number"}
}

// on is when a date of the letter was, or nothing where it does not hold it.
func (l *Letter) on(code string) (time.Time, bool) {
	for _, d := range l.Dates {
		if d.Code == code {
			return d.At, true
		}
	}
	return time.Time{}, false
}

// numbers are the tracking numbers.
func (l *Letter) numbers() Text {
	texts := make([]Text, len(l.Parcels))
	for i, p := range l.Parcels {
		texts[i] = Text{p.Number, p.Number}
	}
	return join(texts)
}
