// Package tracknum brings tracking numbers to one form and checks those of the
// postal union (rules.md, tracking-number-format).
//
// Invariants: a normalised number holds only A to Z and 0 to 9; normalising it
// again changes nothing; two spellings of one number (full width, lower case,
// spaces, hyphens, zero-width characters) normalise alike.
package tracknum

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Normalize applies Unicode NFKC and upper case and keeps ASCII letters and
// digits only. A number that is normal already is returned as it is, without
// allocation. The result may be empty.
func Normalize(s string) string {
	if normal(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, strings.ToUpper(norm.NFKC.String(s)))
}

func normal(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// CheckS10 reports whether a normalised number has the form of UPU standard
// S10 (two letters, eight digits, a check digit, two letters) and, if so,
// whether the check digit is right. A number of another form is neither.
func CheckS10(s string) (isS10, ok bool) {
	if len(s) != 13 {
		return false, false
	}
	for i := range len(s) {
		letter := i < 2 || i > 10
		if c := s[i]; letter && (c < 'A' || c > 'Z') || !letter && (c < '0' || c > '9') {
			return false, false
		}
	}
	sum := 0
	for i, weight := range [...]int{8, 6, 4, 2, 3, 5, 9, 7} {
		sum += int(s[2+i]-'0') * weight
	}
	check := 11 - sum%11
	switch check {
	case 10:
		check = 0
	case 11:
		check = 5
	}
	return true, int(s[10]-'0') == check
}

// The shape of carriers' numbers, as in the vectors and the observed numbers of the shared data:
// almost all have it, and what else labels bear (sort codes, postal codes, SKUs) has not.
const (
	likelyShortest = 10
	likelyLongest  = 40
	likelyDigits   = 8
)

// Likely reports whether a normalised text looks like a tracking number, of whatever carrier.
func Likely(s string) bool {
	digits := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		}
	}
	return len(s) >= likelyShortest && len(s) <= likelyLongest && digits >= likelyDigits
}
