package wording

import (
	"fmt"
	"strings"
	"time"

	"parcelward/internal/rules"
)

// DiagnosisNotice is what people are told of a parcel whose trace on the platform is behind:
// the three steps with their results, and what to do next.
func DiagnosisNotice(d *rules.Diagnosis, store, order string, loc *time.Location) Text {
	t := about(rules.Notice{Number: d.Number}, store, order).and(Text{"平台轨迹落后于承运商，三步检查结果：", "The platform's trace is behind the carrier's. The three checks say:"})
	for i, step := range DiagnosisSteps(d, loc) {
		t = t.and(both("%d. %s", "%d. %s", i+1, step))
	}
	for i, step := range NextSteps(d) {
		if i == 0 {
			step = both("接下来：%s", "What to do next: %s", step)
		}
		t = t.and(step)
	}
	return t
}

// DiagnosisDetail is a diagnosis as a ticket to the carrier tells it, a step a line.
func DiagnosisDetail(d *rules.Diagnosis, loc *time.Location) Text {
	var zh, en []string
	for i, step := range DiagnosisSteps(d, loc) {
		zh, en = append(zh, fmt.Sprintf("%d. %s", i+1, step.ZH)), append(en, fmt.Sprintf("%d. %s", i+1, step.EN))
	}
	return Text{strings.Join(zh, "\n"), strings.Join(en, "\n")}
}

// DiagnosisSteps are the results of the three steps, one sentence or more each, in their order.
func DiagnosisSteps(d *rules.Diagnosis, loc *time.Location) []Text {
	var declared, shipped, difference Text
	if at := d.DeclaredAt.Time(); !at.IsZero() {
		declared = both("运单号已回传平台，时间 %s。", "The number was put on the platform at %s.", clock(at, loc))
		shipped = both("发货时间已推送：%s。", "The ship time was pushed: %s.", clock(d.ShippedAt.Time(), loc))
	} else {
		shipped = Text{"发货时间未推送：平台上还没有这个运单号。", "No ship time was pushed: the number is not on the platform."}
	}
	for i := range d.Findings {
		f := &d.Findings[i]
		said := finding(f, loc)
		switch f.Code {
		case rules.FindingNotDeclared, rules.FindingDeclaredLate:
			declared = declared.and(said)
		case rules.FindingNoShipTime:
			shipped = said
		case rules.FindingBehind, rules.FindingRowsMissing, rules.FindingRowsShifted, rules.FindingPlatformUnsaid, rules.FindingCarrierUnsaid:
			difference = difference.and(said)
		case rules.FindingNothing:
		}
	}
	switch {
	case difference != (Text{}):
	case d.Has(rules.FindingNotDeclared):
		difference = both("运单号不在平台上，两边无从比较（承运商 %d 条轨迹）。", "There is nothing to compare while the number is not on the platform (scans at the carrier: %d).", d.Carrier.Scans)
	default:
		difference = both("两边轨迹一致，无超时未同步的记录（承运商 %d 条，平台 %d 条）。", "Both sides agree; no scan is overdue on the platform (%d at the carrier, %d on the platform).", d.Carrier.Scans, d.Platform.Scans)
	}
	return []Text{declared.trim(), shipped, difference.trim()}
}

// finding is what was found, and since when.
func finding(f *rules.Finding, loc *time.Location) Text {
	since := clock(f.Since.Time(), loc)
	known := !f.Since.Time().IsZero()
	switch f.Code {
	case rules.FindingNotDeclared:
		switch {
		case f.Detail != "":
			return both("回传失败：平台于 %s 拒绝了这个运单号（%s）。", "The return call failed: the platform refused the number at %s (%s).", since, f.Detail)
		case known:
			return both("平台上没有这个运单号：自 %s 以来没有成功的回传。", "The number is not on the platform: no return call has succeeded since %s.", since)
		}
		return Text{"平台上没有这个运单号：没有任何订单录入过它。", "The number is not on the platform: no order has it recorded."}
	case rules.FindingDeclaredLate:
		return both("回传晚了：应在 %s 前录入。", "That was late: it was due by %s.", since)
	case rules.FindingNoShipTime:
		return both("发货时间缺失：运单号于 %s 录入时没有带发货时间。", "The ship time is missing: the number was recorded at %s without one.", since)
	case rules.FindingBehind:
		return both("平台已落后 %s：自 %s 起，承运商有 %s轨迹平台没有。", "The platform is %s behind: since %s the carrier has %s that it does not show.",
			span(time.Duration(f.Behind)*time.Second), since, rows(f.Scans))
	case rules.FindingRowsMissing:
		return both("平台漏了 %s较早的轨迹，最早的一条是 %s。", "The platform lacks %s between those that it shows, the first of %s.", rows(f.Scans), since)
	case rules.FindingRowsShifted:
		return both("%s轨迹两边时间不同，疑为时区错误，最早的一条是 %s。", "At different hours on both sides, which looks like a wrong time zone: %s, the first of %s.", rows(f.Scans), since)
	case rules.FindingPlatformUnsaid:
		return unasked(f.Detail, Text{"平台", "The platform"}).and(Text{"两边的差异无从得知。", "So the difference is not known."})
	case rules.FindingCarrierUnsaid:
		t := unasked(f.Detail, Text{"承运商一侧", "The carrier's side"})
		if known {
			return t.and(both("比较用的是我们已有的记录，最新一条是 %s。", "Our own records were compared instead, the latest of %s.", since))
		}
		return t.and(Text{"我们也没有它的轨迹记录。", "We hold no trace of it either."})
	case rules.FindingNothing:
		return Text{"没有发现问题。", "Nothing is wrong."}
	}
	return unknown(f.Code)
}

// unasked says why a side was not heard.
func unasked(problem string, side Text) Text {
	if problem == "" {
		return both("%s没有可查询的服务（未配置密钥）。", "%s cannot be asked: no service with keys is configured.", side)
	}
	return both("%s这次没有查到（%s）。", "%s was not heard this time (%s).", side, problem)
}

// NextSteps are what to do about the findings, the most urgent first.
func NextSteps(d *rules.Diagnosis) []Text {
	var steps []Text
	for _, f := range d.Findings {
		if next := nextOf(f.Code); next != (Text{}) {
			steps = append(steps, next)
		}
	}
	return steps
}

func nextOf(code rules.FindingCode) Text {
	switch code {
	case rules.FindingNotDeclared:
		return Text{
			"请到卖家后台订单页核对并录入运单号；如被拒绝，按平台给出的原因更正后重试。",
			"Check the number on the order's page of the seller centre and enter it; where it was refused, correct what the platform names and try again.",
		}
	case rules.FindingDeclaredLate:
		return Text{
			"逾期录入不能补救；以后请在打单后立即回传运单号。",
			"A late entry cannot be mended; have numbers returned to the platform as soon as the label is made.",
		}
	case rules.FindingNoShipTime:
		return Text{
			"请在卖家后台补报发货时间（声明发货）。",
			"Declare the shipment in the seller centre, with its time.",
		}
	case rules.FindingBehind, rules.FindingRowsMissing:
		return Text{
			"请向承运商提交工单，附上这份结果，要求重推缺失的轨迹。",
			"Submit a ticket to the carrier with this result and ask that the missing scans be pushed again.",
		}
	case rules.FindingRowsShifted:
		return Text{
			"请向承运商提交工单，指出时间不一致的轨迹；时限按平台显示的时间核对。",
			"Submit a ticket to the carrier that names the scans whose times differ; check deadlines against the times that the platform shows.",
		}
	case rules.FindingPlatformUnsaid:
		return Text{
			"请检查平台密钥和店铺授权后再查一次。",
			"Check the platform's keys and the store's authorisation, then ask again.",
		}
	case rules.FindingCarrierUnsaid:
		return Text{
			"请检查轨迹服务的密钥后再查一次。",
			"Check the keys of the tracking service, then ask again.",
		}
	case rules.FindingNothing:
	}
	return Text{}
}

// rows counts scans.
func rows(scans []rules.Difference) Text {
	if len(scans) == 1 {
		return Text{"1 条", "1 scan"}
	}
	return both("%d 条", "%d scans", len(scans))
}

// span is a length of time for people, to the minute, rounded down.
func span(d time.Duration) Text {
	days, hours, minutes := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60
	var zh, en []string
	for _, part := range []struct {
		n      int
		zh, en string
	}{{days, "天", "d"}, {hours, "小时", "h"}, {minutes, "分钟", "min"}} {
		if part.n > 0 {
			zh, en = append(zh, fmt.Sprintf("%d %s", part.n, part.zh)), append(en, fmt.Sprintf("%d %s", part.n, part.en))
		}
	}
	if len(zh) == 0 {
		return Text{"不到 1 分钟", "less than a minute"}
	}
	return Text{strings.Join(zh, " "), strings.Join(en, " ")}
}

// trim drops the space that an empty beginning leaves.
func (t Text) trim() Text { return Text{strings.TrimSpace(t.ZH), strings.TrimSpace(t.EN)} }
