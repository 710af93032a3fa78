package money_test

import (
	"encoding/json"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"parcelward/internal/rules/money"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"88.20", "0", "0.00", "-1.50", "1234567890123456789", "0.000000000000000001", "007.10"} {
		got, err := money.Parse(text, "USD")
		if err != nil || got.IsNegative() != strings.HasPrefix(text, "-") || got.String() != strings.TrimPrefix(text, "00")+" USD" {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "-", ".", "1.", ".5", "+1", "--1", "-0", "-0.00", "1e2", "1E2", " 1", "1 ", "1,000", "1.2.3", "NaN", "Inf", "0x10", "1_0", "１",
		"12345678901234567890", "0.0000000000000000001234", strings.Repeat("9", 10_000),
	} {
		if got, err := money.Parse(text, "USD"); err == nil || !strings.HasPrefix(err.Error(), "amount: got ") || !strings.Contains(err.Error(), "expected") || len(err.Error()) > 200 {
			t.Errorf("%.30q: got %v, %v", text, got, err)
		}
	}
	for _, code := range []string{"", "usd", "US", "USDT", "US1", "ＵＳＤ"} {
		if _, err := money.Parse("1", code); err == nil || !strings.HasPrefix(err.Error(), "currency: got ") {
			t.Errorf("%q: %v", code, err)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	const plain = `{"amount":"88.20","currency":"USD"}`
	for _, text := range []string{
		plain, ` { "currency" : "USD" , "amount" : "88.20" } `, `{"amount":"88.20","note":[1],"currency":"USD"}`, `{"\u0061mount":"88.2\u0030","currency":"USD"}`,
	} {
		for name, unmarshal := range map[string]func([]byte, any) error{
			"v1": json.Unmarshal,
			"v2": func(b []byte, v any) error { return jsonv2.Unmarshal(b, v) },
		} {
			var got money.Amount
			if err := unmarshal([]byte(text), &got); err != nil {
				t.Errorf("%s %s: %v", name, text, err)
				continue
			}
			if out, err := json.Marshal(got); err != nil || string(out) != plain {
				t.Errorf("%s %s: %s, %v", name, text, out, err)
			}
			if out, err := jsonv2.Marshal(&got); err != nil || string(out) != plain {
				t.Errorf("%s %s: %s, %v", name, text, out, err)
			}
		}
	}
	for text, want := range map[string]string{
		`{"amount":88.20,"currency":"USD"}`:       "amount: got a number, expected a string",
		`{"amount":null,"currency":"USD"}`:        "amount: got null, expected a string",
		`{"amount":"","currency":"USD"}`:          `amount: got "", expected a plain decimal`,
		`{"currency":"USD"}`:                      "amount: missing",
		`{"amount":"1"}`:                          "currency: missing",
		`{"amount":"1","currency":"usd"}`:         `currency: got "usd"`,
		`{"amount":"1","currency":["USD"]}`:       "currency: got an array, expected a string",
		`"88.20"`:                                 "money: expected an object",
		`[]`:                                      "money: expected an object",
		`{"amount":"1e3","currency":"USD"}`:       "amount: got \"1e3\"",
		`{"amount":"1","Currency":"USD"}`:         "currency: missing",
		`{"amount":"1","amount":"2","x":"y"}`:     "currency: missing",
		`{"amount":"1\u0000","currency":"USD"}`:   "amount: got \"1\\x00\"",
		`{"amount":"1","currency":"USD\u0000xx"}`: "currency: got",
	} {
		var got money.Amount
		if err := got.UnmarshalJSON([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	if out, err := json.Marshal(money.Amount{}); err == nil {
		t.Errorf("an amount without currency is written: %s", out)
	}
}

func TestRoundHalfUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in     string
		places int
		want   string
	}{
		{"0.125", 2, "0.13"},
		{"0.135", 2, "0.14"},
		{"0.1249999", 2, "0.12"},
		{"-0.125", 2, "-0.13"},
		{"-0.124", 2, "-0.12"},
		{"0.5", 0, "1"},
		{"1.5", 0, "2"},
		{"2.5", 0, "3"},
		{"99.995", 2, "100.00"},
		{"100", 2, "100.00"},
		{"0.0049", 2, "0.00"},
		{"-0.0049", 2, "0.00"},
		{"9.999999999999999999", 2, "10.00"},
		{"0.5000000000000000000", 0, "1"},
		{"0.9999999999999999999", 0, "1"},
		{"9999999999999999999", 2, "9999999999999999999"},
	} {
		if got := money.RoundHalfUp(decimal.MustParse(tt.in), tt.places).String(); got != tt.want {
			t.Errorf("%s to %d: %s, want %s", tt.in, tt.places, got, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := decimal.MustNew(rapid.Int64().Draw(t, "value"), rapid.IntRange(0, 19).Draw(t, "scale"))
		places := rapid.IntRange(0, 4).Draw(t, "places")
		gap, err := money.RoundHalfUp(d, places).SubAbs(d)
		if half := decimal.MustNew(5, places+1); err == nil && gap.Cmp(half) > 0 {
			t.Fatalf("%s to %d is off by %s", d, places, gap)
		}
	})
}

// FuzzUnmarshal: the quick scan and the full parser agree, and what was
// accepted survives a round trip.
func FuzzUnmarshal(f *testing.F) {
	f.Add(`{"amount":"88.20","currency":"USD"}`)
	f.Add(`{"currency":"CNY","amount":"-1"} `)
	f.Add(`{"amount":"1","currency":"USD","x":1}`)
	f.Fuzz(func(t *testing.T, text string) {
		var got, again money.Amount
		if got.UnmarshalJSON([]byte(text)) != nil {
			return
		}
		var object map[string]any
		if err := json.Unmarshal([]byte(text), &object); err != nil || object["currency"] != got.Currency {
			t.Fatalf("%v from %s (%v)", got, text, err)
		}
		out, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if err := again.UnmarshalJSON(out); err != nil || again.String() != got.String() {
			t.Fatalf("%s came back as %v, %v", out, again, err)
		}
	})
}

func BenchmarkUnmarshal(b *testing.B) {
	text := []byte(`{"amount":"88.20","currency":"USD"}`)
	var a money.Amount
	b.ReportAllocs()
	for b.Loop() {
		if err := a.UnmarshalJSON(text); err != nil {
			b.Fatal(err)
		}
	}
}
