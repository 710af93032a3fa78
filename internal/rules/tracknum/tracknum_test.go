package tracknum_test

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"parcelward/internal/rules/tracknum"
)

func rows(t *testing.T, name string) [][]string {
	t.Helper()
	file, err := os.Open("../../../../shared/data/tracking_numbers/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CI") != "" {
			t.Fatal("the shared test data is not here")
		}
		t.Skip("the shared test data is not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	all, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}

func TestS10Vectors(t *testing.T) {
	t.Parallel()
	tested := 0
	for _, row := range rows(t, "test_vectors.csv") {
		number := row[3]
		if row[1] != "s10" || strings.HasSuffix(number, "XX") {
			continue // XX is invalid as a country, not by its check digit
		}
		tested++
		if isS10, ok := tracknum.CheckS10(tracknum.Normalize(number)); !isS10 || ok != (row[4] == "valid") {
			t.Errorf("%s: S10 %v, check digit %v, want %s", number, isS10, ok, row[4])
		}
	}
	for _, row := range rows(t, "observed_in_the_wild.csv") {
		isS10, ok := tracknum.CheckS10(tracknum.Normalize(row[1]))
		if want := row[2] == "S10"; isS10 != want || ok != (want && row[3] == "ok") {
			t.Errorf("%s: S10 %v, check digit %v, want %s %s", row[1], isS10, ok, row[2], row[3])
		}
		tested++
	}
	if tested < 20 {
		t.Errorf("only %d numbers tested", tested)
	}
}

func TestCheckS10(t *testing.T) {
	t.Parallel()
	for number, want := range map[string][2]bool{
		"RB123456785GB": {true, true}, "RB123456784GB": {true, false}, "EE000000000CN": {true, false}, "EE000000005CN": {true, true},
		"RB12345678GB": {}, "R1123456785GB": {}, "RB12345678AGB": {}, "LP00123456789012": {}, "rb123456785gb": {}, "": {}, "RB1234567851B": {},
	} {
		if isS10, ok := tracknum.CheckS10(number); [2]bool{isS10, ok} != want {
			t.Errorf("%q: %v %v, want %v", number, isS10, ok, want)
		}
	}
}

// Carriers' numbers look like some, and what else their labels bear does not.
func TestLikely(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"LP00123456789012": true, "RX123456785CN": true, "CNG00839881455575": true, "4PX3001291278502CN": true, "1099255990": true,
		"2KKT143702321000336262700100": true, "": false, "42055603": false, "DEFRA0815": false, "CN44A12": false, "ABCDEFGHIJKLMN": false,
		"A12345678": false, "AB12345678": true, "ABC1234567": false,
		strings.Repeat("1", 40): true, strings.Repeat("1", 41): false,
	} {
		if got := tracknum.Likely(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	missed, all := 0, 0
	for _, row := range rows(t, "observed_in_the_wild.csv") {
		if all++; !tracknum.Likely(tracknum.Normalize(row[1])) {
			missed++
		}
	}
	if missed*10 > all {
		t.Errorf("%d of %d observed numbers do not look like any", missed, all)
	}
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"LP00123456789012":          "LP00123456789012",
		" lp 0012-3456 789012\n":    "LP00123456789012",
		"ＬＰ００１２３４５６７８９０１２":          "LP00123456789012",
		"LP\u200b0012\ufeff3456":    "LP00123456",
		"\u202aLP001\u202c":         "LP001",
		"LP٣001":                    "LP001", // Arabic digits are dropped, not read
		"①②":                        "12",
		"\u212a1":                   "K1", // the Kelvin sign
		"LP001\xff":                 "LP001",
		"中通 73190553102532":         "73190553102532",
		"快递单号：":                     "",
		"":                          "",
		"4px-3001291278502-cn/test": "4PX3001291278502CNTEST",
	} {
		if got := tracknum.Normalize(in); got != want {
			t.Errorf("%+q: %q, want %q", in, got, want)
		}
	}
}

// It is not parallel: AllocsPerRun counts the whole process.
func TestNormalNumberCostsNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { tracknum.Normalize("LP00123456789012") }); n != 0 {
		t.Errorf("%v allocations for a normal number", n)
	}
}

func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"LP00123456789012", "ＬＰ００", "ﬁ\u200bß", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := tracknum.Normalize(s)
		if tracknum.Normalize(once) != once || strings.Trim(once, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Fatalf("%q normalises to %q", s, once)
		}
		if lower := tracknum.Normalize(strings.ToLower(once)); lower != once {
			t.Fatalf("%q in lower case normalises to %q", once, lower)
		}
	})
}
