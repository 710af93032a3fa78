package wording_test

import (
	"strings"
	"testing"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
	"parcelward/internal/rules/wording"
)

func TestPreflight(t *testing.T) {
	t.Parallel()
	book, err := policy.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	pack := book.InForce("aliexpress", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	named(t, "verdict", wording.Verdict, rules.VerdictReady, rules.VerdictLook, rules.VerdictRefused)
	for _, code := range rules.PreflightCodes() {
		for _, f := range []rules.PreflightFinding{{Code: code}, {Code: code, Measured: "M1", Wanted: "W1"}} {
			text := wording.Preflight(f, pack)
			check(t, string(code), text, string(code))
			if n := strings.Count(text.ZH, "。"); n < 2 {
				t.Errorf("%s: expected what was found and what to do, got %q", code, text.ZH)
			}
		}
	}
	for code, share := range map[rules.PreflightCode]string{
		rules.PreflightNoPickup: "52.1", rules.PreflightAddress: "28.6", rules.PreflightLatePickup: "19.3", rules.PreflightBlurred: "83",
	} {
		if text := wording.Preflight(rules.PreflightFinding{Code: code}, pack); !strings.Contains(text.ZH, share) || !strings.Contains(text.EN, share) {
			t.Errorf("%s: the share %s is missing: %q", code, share, text)
		}
	}
	for _, code := range []rules.UnseenCode{rules.UnseenDrawn, rules.UnseenVideo, rules.UnseenTime, rules.UnseenColumns} {
		check(t, string(code), wording.Preflight(rules.PreflightFinding{Code: rules.PreflightUnseen, Measured: string(code)}, pack), string(code))
	}
}
