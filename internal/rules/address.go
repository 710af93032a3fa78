package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NormalAddress brings an address to the form in which addresses are compared: Unicode NFKC,
// lower case, only letters, marks and digits, whose runs are parted by one space. Fields are
// joined in the order given; empty ones leave no trace.
func NormalAddress(fields ...string) string {
	lower := strings.ToLower(norm.NFKC.String(strings.Join(fields, " "))) // folding is not stable for every script
	return strings.Join(strings.FieldsFunc(norm.NFKC.String(lower), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	}), " ")
}

// AddressHash tells addresses apart without keeping them: SHA-256, hexadecimal, of country,
// province, city, street and postal code in this order, normalised; empty where nothing is in
// them. Feeds that bring an address_hash of their own making must make both sides of a
// comparison the same way.
func AddressHash(country, province, city, street, zip string) string {
	normal := NormalAddress(country, province, city, street, zip)
	if normal == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(normal))
	return hex.EncodeToString(sum[:])
}
