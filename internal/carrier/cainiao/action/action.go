package action

import (
	"slices"
	"strings"

	"parcelward/internal/rules"
)

// Milestone is what a code means, and whether the code is known; an unknown one is in_transit.
// Codes have been seen in lower case and with spaces for underscores, and mean the same.
func Milestone(code string) (m rules.Milestone, known bool) {
	at, known := slices.BinarySearchFunc(table, spelt(code), func(r row, code string) int {
		return strings.Compare(r.code, code)
	})
	if !known {
		return rules.InTransit, false
	}
	return table[at].milestone, true
}

// Codes lists every known code, sorted.
func Codes() []string {
	codes := make([]string, len(table))
	for i, r := range table {
		codes[i] = r.code
	}
	return codes
}

// spelt is a code as the table spells it.
func spelt(code string) string {
	return strings.Join(strings.Fields(strings.ToUpper(code)), "_")
}
