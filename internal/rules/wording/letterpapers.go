package wording

import (
	"fmt"
	"strings"
	"time"

	"parcelward/internal/rules"
)

// LetterHeads are the headings and labels of a pack.
type LetterHeads struct {
	Particulars, Facts, Demand, Reckoning, Grounds, Dates, Trace, Evidence, Originals Text
	// Columns of the trace and of the list of evidence.
	Time, Milestone, Place, CarrierWords, Number, Paper, Proves, Hash, Taken, Added, Seal Text
	// Remarks on originals, and on the trace.
	NoTrace, NoEvidence, OnlyInArchive, VideoInArchive, Unreadable, TooLarge, TextGoesOn Text
}

// Heads words them; times are told in loc.
func Heads(loc *time.Location) LetterHeads {
	zone := loc.String()
	at := Text{"时间（" + zone + "）", "Time (" + zone + ")"}
	if zone == platformZone {
		at = Text{"时间（北京时间）", "Time (Beijing)"}
	}
	return LetterHeads{
		Particulars: Text{"案件概要", "Particulars"},
		Facts:       Text{"一、事实", "1. Facts"},
		Demand:      Text{"二、诉求", "2. Demand"},
		Reckoning:   Text{"金额的计算", "Calculation of the amount"},
		Grounds:     Text{"三、规则依据", "3. Rules relied on"},
		Dates:       Text{"四、关键时间", "4. Key dates"},
		Trace:       Text{"附件一：物流轨迹", "Annex 1: Trace of the parcel"},
		Evidence:    Text{"附件二：凭证清单", "Annex 2: List of evidence"},
		Originals:   Text{"附件三：凭证图像", "Annex 3: Originals"},

		Time:         at,
		Milestone:    Text{"节点", "Milestone"},
		Place:        Text{"地点", "Place"},
		CarrierWords: Text{"承运商原文", "Carrier's own words"},
		Number:       Text{"编号", "No."},
		Paper:        Text{"凭证", "Original"},
		Proves:       Text{"证明内容", "What it proves"},
		Hash:         Text{"SHA-256 校验值", "SHA-256 value"},
		Taken:        Text{"形成时间", "Taken"},
		Added:        Text{"本次新增", "Added by this letter"},
		Seal:         Text{"（店铺盖章或签字）", "(seal or signature of the store)"},

		NoTrace:        Text{"没有任何轨迹记录。", "There is no trace at all."},
		NoEvidence:     Text{"没有随附凭证。", "No originals are enclosed."},
		OnlyInArchive:  Text{"此件不在本文件中显示，请打开压缩包内的原件。", "Not shown in this document; please open the original in the archive."},
		VideoInArchive: Text{"视频不在本文件中显示，请播放压缩包内的原件。", "A video is not shown in this document; please play the original in the archive."},
		Unreadable:     Text{"图像无法在此显示，请打开压缩包内的原件。", "The picture cannot be shown here; please open the original in the archive."},
		TooLarge:       Text{"图像过大，无法在此显示，请打开压缩包内的原件。", "The picture is too large to be shown here; please open the original in the archive."},
		TextGoesOn:     Text{"以上为开头部分，其余见压缩包内的原件。", "This is the beginning; the rest is in the original in the archive."},
	}
}

// CellTime writes a time for a table whose heading names the zone.
func CellTime(t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(loc).Format("2006-01-02 15:04:05")
}

// RowRemarks are a trace row's words as the carrier gave them, and who signed.
func RowRemarks(r *rules.Row) string {
	words := r.Description
	if r.Code != "" {
		words = strings.TrimSpace(words + " [" + r.Code + "]")
	}
	if r.SignedBy != "" {
		words += "\n签收人 Signed by: " + r.SignedBy
	}
	if r.Source == rules.FromManual {
		words += "\n人工录入，不计入 Entered by hand, does not count"
	}
	return strings.TrimSpace(words)
}

// PageOf numbers a page.
func PageOf(page, pages int) Text {
	return both("第 %d 页，共 %d 页", "Page %d of %d", page, pages)
}

// FooterOrder names the order at the foot of a page.
func FooterOrder(store, order string) Text { return both("订单 %s/%s", "Order %s/%s", store, order) }

// PaperName names an original's kind, for a list.
func PaperName(kind string) Text { return Evidence(kind).capital() }

// RowMilestone names a trace row's milestone, for a list.
func RowMilestone(m rules.Milestone) Text { return Milestone(m).capital() }

// PaperRemarks tell of an original, in both languages at once, what its list shows: its size in
// bytes (0: not known) and its pre-flight's verdict (its code; empty: there was none).
func PaperRemarks(verdict string, size int64) string {
	var parts []string
	if size > 0 {
		parts = append(parts, fileSize(size))
	}
	switch verdict {
	case "":
	case "ready":
		parts = append(parts, "预检通过 Pre-flight: passed")
	case "look":
		parts = append(parts, "预检须人工复核 Pre-flight: review")
	case "refused":
		parts = append(parts, "预检未通过 Pre-flight: not passed")
	default:
		parts = append(parts, "预检 Pre-flight: "+verdict)
	}
	return strings.Join(parts, " · ")
}

func fileSize(n int64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0f KB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}

// letterDate names a date of a letter.
func letterDate(code string) Text {
	switch code {
	case rules.DateLastMovement:
		return Text{"最后一条有效轨迹", "Last effective scan"}
	case rules.DatePickedUp:
		return Text{"承运商揽收", "Taken by the carrier"}
	case rules.DateRespondBy:
		return Text{"答复截止", "Answer due"}
	case rules.MomentCaseOpened:
		return Text{"异常成立", "Exception established"}
	}
	switch rules.EventType(code) {
	case rules.TypeOrderCreated:
		return Text{"买家下单", "Order placed"}
	case rules.TypeOrderPaid:
		return Text{"买家付款", "Order paid"}
	case rules.TypeShipmentRecorded:
		return Text{"运单号录入平台", "Number recorded on the platform"}
	case rules.TypeAlerted:
		return Text{"平台推送异常预警", "Platform's exception alert"}
	case rules.TypeConfirmed:
		return Text{"卖家确认异常", "Exception confirmed by the seller"}
	case rules.TypeClaimFiled:
		return Text{"提交索赔", "Claim filed"}
	case rules.TypeClaimDecided:
		return Text{"平台作出决定", "Platform's decision"}
	case rules.TypeClaimAppealed:
		return Text{"提交申诉", "Appealed"}
	case rules.TypeDisputeOpened:
		return Text{"买家发起纠纷", "Dispute opened by the buyer"}
	case rules.TypeComplaintOpened:
		return Text{"买家发起运费投诉", "Freight complaint opened by the buyer"}
	default:
		return Deadline(code).capital()
	}
}

// reckoned words a line of a reckoning.
func reckoned(s rules.Sum) Line {
	value := amount(s.Amount)
	if s.Amount.Value.Scale() < 2 { // beside each other, all bear cents
		value = s.Amount.Currency + " " + s.Amount.Value.Pad(2).String()
	}
	switch s.Code {
	case rules.SumPaid:
		return Line{Text{"买家实付（含运费）", "Paid by the buyer, freight included"}, Text{value, value}}
	case rules.SumCommission:
		return Line{Text{"减：平台佣金", "Less commission"}, Text{"− " + value, "− " + value}}
	case rules.SumTax:
		return Line{Text{"减：税费", "Less tax"}, Text{"− " + value, "− " + value}}
	case rules.SumRate:
		rate := s.Factor.String()
		return Line{Text{"折合美元汇率", "Rate to US dollars"}, Text{"× " + rate, "× " + rate}}
	case rules.SumNet:
		return Line{Text{"净额", "Net amount"}, Text{value, value}}
	case rules.SumLoss:
		return Line{Text{"实际损失", "Actual loss"}, Text{value, value}}
	case rules.SumShare:
		share := s.Factor.String() + "%"
		return Line{Text{"补偿比例", "Share made good"}, Text{share, share}}
	case rules.SumCap:
		return Line{Text{"每单上限", "Cap per order"}, Text{value, value}}
	case rules.SumAsked:
		return Line{Text{"请求金额", "Amount claimed"}, Text{value, value}}
	}
	return Line{unknown(s.Code), Text{value, value}}
}
