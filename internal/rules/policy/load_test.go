package policy_test

import (
	"errors"
	"strings"
	"testing"

	"parcelward/internal/rules/policy"
)

// TestLoadRefuses changes one thing of the embedded pack at a time.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	const online = "online_due: {value: 72h, source: S2}"
	for name, c := range map[string]struct{ old, new, want string }{
		"negative duration": {online, "online_due: {value: -72h, source: S2}", `shipping.online_due.value: got "-72h", expected a duration such as "72h" or "30d", not negative`},
		"bare number":       {online, "online_due: {value: 72, source: S2}", `shipping.online_due.value: got "72", expected a duration`},
		"unit of months":    {online, "online_due: {value: 3mo, source: S2}", `got "3mo", expected a duration`},
		"half a day":        {online, "online_due: {value: 0.5d, source: S2}", `got "0.5d", expected a duration`},
		"overlong":          {online, "online_due: {value: 999999999d, source: S2}", `got "999999999d", expected a duration`},
		"no value":          {online, "online_due: {source: S2}", "shipping.online_due.value: missing"},
		"no source":         {online, "online_due: {value: 72h}", "shipping.online_due.source: missing"},
		"null source":       {online, "online_due: {value: 72h, source: }", "shipping.online_due.source: got nothing, expected a text"},
		"unknown source":    {online, "online_due: {value: 72h, source: S9}", `shipping.online_due.source: got "S9", expected a key of sources`},
		"reading as text":   {online, "online_due: {value: 72h, source: S2, reading: maybe}", `shipping.online_due.reading: got "maybe", expected true or false`},
		"unknown part":      {online, "online_due: {value: 72h, source: S2, note: x}", "shipping.online_due.note: unknown key, expected one of: value, source, reading"},
		"no mapping":        {online, "online_due: 72h", `shipping.online_due: got "72h", expected a mapping`},
		"misspelt key":      {online, "onlin_due: {value: 72h, source: S2}", "shipping.onlin_due: unknown key"},
		"duplicate key":     {online, online + "\n  " + online, "shipping.online_due: given twice, first in line 18"},
		"duplicate part":    {online, "online_due: {value: 72h, value: 1h, source: S2}", "shipping.online_due.value: given twice"},
		"bad zone":          {"Asia/Shanghai", "Asia/Peking", `time_zone: got "Asia/Peking", expected an IANA time zone`},
		"machine zone":      {"Asia/Shanghai", "Local", `time_zone: got "Local"`},
		"no offset":         {"00:00:00+08:00", "00:00:00", "in_force_from: got \"2024-04-01T00:00:00\", expected a time with offset"},
		"percent":           {"value: 99.2", "value: 992", "template_accuracy_min_percent.value: got \"992\", expected a percentage"},
		"negative number":   {"value: 4.6", "value: -4.6", "service_score_min.value: got \"-4.6\", expected a decimal number"},
		"exponent":          {"value: 4.6", "value: 46e-1", "service_score_min.value: got"},
		"broken workdays":   {"review_workdays: {value: 7", "review_workdays: {value: 7.5", "claim.review_workdays.value: got \"7.5\", expected a whole number"},
		"currency":          {"currency: CNY", "currency: yuan", "freight_tolerance.value.currency: got \"yuan\", expected an ISO 4217"},
		"money as text":     {`{amount: "0.50", currency: CNY}`, "0.50 CNY", "freight_tolerance.value: got \"0.50 CNY\", expected a mapping"},
		"money too much":    {`{amount: "0.50", currency: CNY}`, `{amount: "0.50", currency: CNY, tax: 1}`, "complaint.freight_tolerance.value: expected {amount"},
		"category":          {"bulky: {value: 45d", "bulkyy: {value: 45d", "stall.threshold: bulky: missing"},
		"milestone":         {"value: customs_hold", "value: custom_hold", `claim.customs_milestone.value: got "custom_hold", expected one of`},
		"tax ID kind":       {"RU: [INN]", "RU: [IIN]", "shipping.tax_id_countries.value.RU: got IIN, expected kinds among CPF, CNPJ, INN"},
		"country":           {"RU: [INN]", "RUS: [INN]", "shipping.tax_id_countries.value.RUS: expected an ISO 3166-1"},
		"uncertified offer": {"{default: CAINIAO_STANDARD}", "{default: SLOW_BOAT}", `nearest_certified.value.default: got "SLOW_BOAT", expected one of certified_services`},
		"no default offer":  {"{default: CAINIAO_STANDARD}", "{BR: CAINIAO_STANDARD}", `nearest_certified.value: expected a "default" entry`},
		"shuffled reminder": {"[24h, 48h, 66h]", "[48h, 24h]", "claim.confirm_reminders.value: expected rising times"},
		"late reminder":     {"[24h, 48h, 66h]", "[73h]", "claim.confirm_reminders.value: expected rising times up to confirm_within"},
		"empty list":        {"[24h, 48h, 66h]", "[]", "claim.confirm_reminders.value: got a list, expected a list that is not empty"},
		"alias":             {"[24h, 48h, 66h]", "*x", "expected a list"},
		"no YAML":           {"stall:", "stall: [", "no YAML"},
		"second document":   {"stall:", "---\nstall:", "2 documents, expected one"},
		"deep nesting":      {"stall:", "stall: " + strings.Repeat("[", 200_000), "nested more than 64 deep"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := embeddedText(t)
			if !strings.Contains(text, c.old) {
				t.Fatalf("the pack has no %q to change", c.old)
			}
			_, err := policy.Load(strings.NewReader(strings.Replace(text, c.old, c.new, 1)), "pack.yaml")
			var refused *policy.LoadError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got  %v\nwant %s", err, c.want)
			}
			if refused.File != "pack.yaml" || refused.Problems[0].Line < 1 {
				t.Errorf("no place: %+v", refused)
			}
		})
	}
}

func TestLoadReportsAllProblemsByLine(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(
		"time_zone: Asia/Shanghai", "time_zone: Mars",
		"online_due: {value: 72h", "online_due: {value: -1h",
		"\nstatement:\n", "\nstatements:\n",
	).Replace(embeddedText(t))
	_, err := policy.Load(strings.NewReader(text), "mine.yaml")
	var refused *policy.LoadError
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	var keys []string
	for i, p := range refused.Problems {
		keys = append(keys, p.Key)
		if i > 0 && p.Line < refused.Problems[i-1].Line {
			t.Errorf("%s is out of order", p.Key)
		}
	}
	if got := strings.Join(keys, " "); got != "statement time_zone shipping.online_due.value statements" {
		t.Errorf("got %s in\n%v", got, err)
	}
	if want := "\nmine.yaml:18: shipping.online_due.value: got \"-1h\""; !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"72h": "3d", "30d": "30d", "24h": "24h0m0s", "0d": "0s", "6.2h": "6h12m0s", "10s": "10s"} {
		if got, err := policy.ParseDuration(text); err != nil || got.String() != want {
			t.Errorf("%s: got %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "-0s", "-1d", "+1d", "+1h", "1", "1w", "106752d", "9223372036854775808d", "1d12h", "NaN"} {
		if got, err := policy.ParseDuration(text); err == nil {
			t.Errorf("%q is accepted as %v", text, got)
		}
	}
}

// FuzzLoad: whatever the file, an answer and no panic; an accepted pack answers.
func FuzzLoad(f *testing.F) {
	text := embeddedText(f)
	f.Add(text)
	for _, seed := range []string{"", "a", "- 1", "? [a]: b", "<<: *x", "&a [*a]", "!!binary x", "id: |\n  x", "{a: {b: [", "id: \xff", "---\n---\n"} {
		f.Add(seed)
		f.Add(strings.Replace(text, "72h", seed, 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		pack, err := policy.Load(strings.NewReader(text), "fuzz.yaml")
		if err != nil {
			var refused *policy.LoadError
			if !errors.As(err, &refused) || len(refused.Problems) == 0 {
				t.Fatalf("not a LoadError: %v", err)
			}
			return
		}
		if pack.Location() == nil || !pack.Certified(pack.NearestCertified("XX")) {
			t.Fatal("accepted, but incomplete")
		}
	})
}
