package rules

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// SameName compares two names after Unicode NFKC, case folding and collapsing of spaces.
func SameName(a, b string) bool { return a == b || foldName(a) == foldName(b) }

func foldName(s string) string {
	return strings.Join(strings.Fields(norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))), " ")
}
