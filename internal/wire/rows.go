package wire

import (
	"slices"

	"parcelward/internal/rules"
)

// Order brings the rows of a trace into the order of [port.Answer]: oldest first, exact
// repeats left out, those without a time apart. Rows of one moment keep their order.
// rows must be in the service's order of events, oldest first where it says so.
func Order(rows []rules.Row) (placed, unplaced []rules.Row) {
	seen := make(map[rules.Row]bool, len(rows))
	for _, r := range rows {
		if r.At = r.At.UTC(); seen[r] {
			continue
		}
		seen[r] = true
		if r.At.IsZero() {
			unplaced = append(unplaced, r)
		} else {
			placed = append(placed, r)
		}
	}
	slices.SortStableFunc(placed, func(a, b rules.Row) int { return a.At.Compare(b.At) })
	return placed, unplaced
}
