package wording_test

import (
	"strings"
	"testing"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// Every finding is told and says what to do, in both languages, whatever is known of it.
func TestEveryFindingHasWords(t *testing.T) {
	t.Parallel()
	loc := shanghai(t)
	at := rules.Stamp(time.Date(2026, 3, 10, 3, 0, 0, 0, time.UTC))
	scans := []rules.Difference{{Carrier: rules.Row{At: at.Time()}}}
	for _, code := range rules.FindingCodes() {
		for _, f := range []rules.Finding{
			{Code: code},
			{Code: code, Since: at, Behind: 18_060, Scans: scans, Detail: "said so"},
		} {
			d := &rules.Diagnosis{Number: "LP1", DeclaredAt: at, ShippedAt: at, Findings: []rules.Finding{f}}
			if code == rules.FindingNotDeclared {
				d.DeclaredAt, d.ShippedAt = rules.Stamp{}, rules.Stamp{}
			}
			if !f.Since.Time().IsZero() || code == rules.FindingNotDeclared || code == rules.FindingPlatformUnsaid || code == rules.FindingCarrierUnsaid {
				steps := wording.DiagnosisSteps(d, loc)
				if len(steps) != 3 {
					t.Fatalf("%s: expected three steps, got %v", code, steps)
				}
				for _, step := range steps {
					check(t, string(code), step, string(code))
				}
				notice := wording.DiagnosisNotice(d, "s", "1", loc)
				check(t, string(code), notice, string(code))
				if !strings.Contains(notice.EN, "[Order s/1, parcel LP1]") {
					t.Errorf("%s: the notice does not name its parcel: %s", code, notice.EN)
				}
			}
			next := wording.NextSteps(d)
			if (len(next) == 1) != (code != rules.FindingNothing) {
				t.Errorf("%s: what is to be done next? %v", code, next)
			}
			for _, step := range next {
				check(t, string(code), step, string(code))
			}
		}
	}
}

func TestDiagnosisNotice(t *testing.T) {
	t.Parallel()
	at := func(hour int) rules.Stamp { return rules.Stamp(time.Date(2026, 3, 10, hour, 0, 0, 0, time.UTC)) }
	d := &rules.Diagnosis{
		Number: "LP1", DeclaredAt: at(1), ShippedAt: at(0),
		Findings: []rules.Finding{{Code: rules.FindingBehind, Since: at(3), Behind: 26*3600 + 61, Scans: make([]rules.Difference, 2)}},
	}
	got := wording.DiagnosisNotice(d, "s", "1", shanghai(t))
	want := wording.Text{
		ZH: "【订单 s/1，运单号 LP1】平台轨迹落后于承运商，三步检查结果：1. 运单号已回传平台，时间 2026-03-10 09:00(北京时间)。2. 发货时间已推送：2026-03-10 08:00(北京时间)。" +
			"3. 平台已落后 1 天 2 小时 1 分钟：自 2026-03-10 11:00(北京时间) 起，承运商有 2 条轨迹平台没有。接下来：请向承运商提交工单，附上这份结果，要求重推缺失的轨迹。",
		EN: "[Order s/1, parcel LP1] The platform's trace is behind the carrier's. The three checks say: 1. The number was put on the platform at 2026-03-10 09:00 Beijing time. " +
			"2. The ship time was pushed: 2026-03-10 08:00 Beijing time. 3. The platform is 1 d 2 h 1 min behind: since 2026-03-10 11:00 Beijing time the carrier has 2 scans that it does not show. " +
			"What to do next: Submit a ticket to the carrier with this result and ask that the missing scans be pushed again.",
	}
	if got != want {
		t.Errorf("got\n%s\n%s\nwant\n%s\n%s", got.ZH, got.EN, want.ZH, want.EN)
	}
}
