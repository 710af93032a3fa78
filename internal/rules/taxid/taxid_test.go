package taxid_test

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"parcelward/internal/rules/taxid"
)

func TestVectors(t *testing.T) {
	t.Parallel()
	file, err := os.Open("../../../../shared/data/tax_ids/vectors.csv")
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
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, row := range rows {
		if kind, id := row[0], row[1]; taxid.Known(kind) {
			tested++
			if got, want := taxid.Valid(id, kind), row[2] == "valid"; got != want {
				t.Errorf("%s %s (%s): valid %v, want %v", kind, id, row[4], got, want)
			}
		}
	}
	if tested < 40 {
		t.Errorf("only %d vectors tested", tested)
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind, id string
		want     bool
	}{
		{"CPF", "529.982.247-25", true},
		{"CPF", "529 982 247/25", true},
		{"CPF", "５２９.９８２.２４７-２５", true},                // full width
		{"CPF", "529\u00a0982\u00a0247\u00a025", true}, // NFKC makes a plain space of it
		{"CPF", "٥٢٩98224725", false},                  // Arabic digits are not ASCII
		{"CPF", "529.982.247\u201125", false},          // a non-breaking hyphen becomes U+2010
		{"CPF", "529.982.247\t25", false},
		{"CPF", "529.982.247\u200b25", false},
		{"CPF", "529.982.247-24", false},
		{"CPF", "52998224725" + strings.Repeat(".", 300), false},
		{"CPF", "000.000.000-00", false},
		{"CNPJ", "12.ABC.345/01DE-35", true},
		{"CNPJ", "12.abc.345/01de-35", true},
		{"CNPJ", "12.ABC.345/01DE-3A", false},
		{"CNPJ", "12.ÀBC.345/01DE-35", false},
		{"CNPJ", "00.000.000/0000-00", false},
		{"INN", "7707083893", true},
		{"INN", "500100732259", true},
		{"INN", "7707083892", false},
		{"INN", "500100732258", false},
		{"INN", "77070838930", false},
		{"INN", "0000000000", false},
		{"INN", "000000000000", false},
		{"CNPJ", "529.982.247-25", false},
		{"", "529.982.247-25", false},
	} {
		if got := taxid.Valid(tt.id, tt.kind); got != tt.want {
			t.Errorf("%s %+q: valid %v, want %v", tt.kind, tt.id, got, tt.want)
		}
	}
	if !taxid.Valid("12.ABC.345/01DE-35", "CPF", "CNPJ") || taxid.Valid("529.982.247-25") {
		t.Error("the kinds asked for do not count")
	}
}

func FuzzValid(f *testing.F) {
	f.Add("529.982.247-25")
	f.Add("12.ABC.345/01DE-35")
	f.Add("５００１００７３２２５９")
	f.Fuzz(func(t *testing.T, id string) {
		if taxid.Valid(id, taxid.Kinds()...) != taxid.Valid(strings.ToUpper(id), taxid.Kinds()...) {
			t.Errorf("the case of %q counts", id)
		}
	})
}
