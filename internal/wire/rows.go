package wire

import (
	"slices"

	"parcelward/internal/rules"
)

// Order brings the rows of a trace into the order of [port.Answer]: oldest first, exact
// repeats left out, those without a time apart. Rows of one moment keep their order; rows without
// one are all kept, for what looks alike may be of two days.
// rows must be in the service's order of events, oldest first where it says so.
func Order(rows []rules.Row) (placed, unplaced []rules.Row) {
	seen := make(map[rules.Row]bool, len(rows))
	for _, r := range rows {
		switch r.At = r.At.UTC(); {
		case r.At.IsZero():
			unplaced = append(unplaced, r)
		case !seen[r]:
			seen[r] = true
			placed = append(placed, r)
		}
	}
	slices.SortStableFunc(placed, func(a, b rules.Row) int { return a.At.Compare(b.At) })
	return placed, unplaced
}
