package protocol

import (
	"strings"
	"testing"
)

func TestCountries(t *testing.T) {
	t.Parallel()
	if n := len(strings.Fields(countries)); n != 249 {
		t.Errorf("%d codes, and ISO 3166-1 assigns 249", n)
	}
	for code, want := range map[string]bool{"BR": true, "CN": true, "ZW": true, "UK": false, "SU": false, "AN": false, "XK": false, "": false, " A": false, "br": false, "BRA": false} {
		if isCountry(code) != want {
			t.Errorf("%q: %t", code, !want)
		}
	}
}
