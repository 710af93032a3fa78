// Package taxid checks the tax numbers that a destination's customs wants from
// the buyer: CPF and CNPJ (Brazil, the CNPJ in its alphanumeric form of July
// 2026 too) and INN (Russia), by their check digits.
//
// Invariants: a number is judged after Unicode NFKC and upper case with only
// U+0020, '-', '.' and '/' dropped; then every character must be an ASCII
// digit (or, in a CNPJ's first twelve places, A to Z); a number whose digits
// are all equal is invalid. Validity says nothing about the number's owner.
package taxid

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Kinds lists the kinds that Valid knows.
func Kinds() []string { return []string{"CPF", "CNPJ", "INN"} }

// Known reports whether kind is one of Kinds.
func Known(kind string) bool { return slices.Contains(Kinds(), kind) }

// Valid reports whether id is a valid number of one of the kinds; with an
// unknown kind it is not.
func Valid(id string, kinds ...string) bool {
	for _, kind := range kinds {
		switch {
		case kind == "CPF" && ValidCPF(id), kind == "CNPJ" && ValidCNPJ(id), kind == "INN" && ValidINN(id):
			return true
		}
	}
	return false
}

// maxLength bounds the work on hostile input; the longest number has 14
// characters and few separators.
const maxLength = 256

// ValidCPF reports whether id is a Brazilian person's number (11 digits).
func ValidCPF(id string) bool {
	var buf [14]byte
	s := canonical(&buf, id)
	return len(s) == 11 && digits(s) && !allEqual(s) &&
		brazilian(s[:9], 10) == s[9] && brazilian(s[:10], 11) == s[10]
}

// ValidCNPJ reports whether id is a Brazilian company's number: 12 digits or
// letters and two check digits.
func ValidCNPJ(id string) bool {
	var buf [14]byte
	s := canonical(&buf, id)
	return len(s) == 14 && digits(s[12:]) && !allEqual(s) &&
		brazilian(s[:12], 9) == s[12] && brazilian(s[:13], 9) == s[13]
}

// ValidINN reports whether id is a Russian taxpayer's number: 10 digits of a
// company or 12 of a person.
func ValidINN(id string) bool {
	var buf [14]byte
	s := canonical(&buf, id)
	if !digits(s) || allEqual(s) {
		return false
	}
	switch len(s) {
	case 10:
		return russian(s[:9]) == s[9]
	case 12:
		return russian(s[:10]) == s[10] && russian(s[:11]) == s[11]
	default:
		return false
	}
}

// brazilian is the mod-11 check digit: the weights rise by one from 2 at the
// right end up to max and begin again. A character counts as its ASCII code
// less 48, which is SERPRO's rule for letters.
func brazilian(s []byte, maxWeight int) byte {
	sum, weight := 0, 2
	for _, c := range slices.Backward(s) {
		sum += int(c-'0') * weight
		if weight++; weight > maxWeight {
			weight = 2
		}
	}
	if rest := sum % 11; rest >= 2 {
		return byte('0' + 11 - rest)
	}
	return '0'
}

// russian is the check digit that follows s, by the Federal Tax Service's
// weights, of which the last belongs to the last digit.
func russian(s []byte) byte {
	weights := []int{3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8}
	weights = weights[len(weights)-len(s):]
	sum := 0
	for i, c := range s {
		sum += int(c-'0') * weights[i]
	}
	return byte('0' + sum%11%10)
}

// canonical drops the separators; it gives nil for what cannot be a number.
func canonical(buf *[14]byte, id string) []byte {
	if len(id) > maxLength {
		return nil
	}
	if !isASCII(id) {
		id = norm.NFKC.String(id)
	}
	id = strings.ToUpper(id)
	out := buf[:0]
	for i := range len(id) {
		switch c := id[i]; {
		case c == ' ' || c == '-' || c == '.' || c == '/':
		case len(out) < len(buf) && (c >= '0' && c <= '9' || c >= 'A' && c <= 'Z'):
			out = append(out, c)
		default:
			return nil
		}
	}
	return out
}

func digits(s []byte) bool {
	return !slices.ContainsFunc(s, func(c byte) bool { return c < '0' || c > '9' })
}

func allEqual(s []byte) bool {
	return !slices.ContainsFunc(s, func(c byte) bool { return c != s[0] })
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
