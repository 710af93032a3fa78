package action

import (
	"slices"
	"strings"
	"time"

	"parcelward/internal/rules"
)

// Settle changes the milestones that depend on more than a row's code. rows are a whole trace,
// oldest first; abroad says that the parcel goes to another country than China.
//
//   - COMMON_INTRANSIT before the first known movement is a pre-shipment notice, and so is one
//     that says so: advisory.
//   - A second row of one code and moment is the first in other words: advisory.
//   - Delivered after a step of a return, or in words that name the sender ("Delivered, To
//     Original Sender"), is the sender's signature: returned.
//   - SIGNED and STA_SIGN are signatures within China. Of a parcel that goes abroad it is the
//     warehouse that signs for the seller's domestic courier: in_transit.
func Settle(rows []rules.Row, abroad bool) {
	type scan struct {
		at   time.Time
		code string
	}
	seen := make(map[scan]bool, len(rows))
	moved, returning := false, false
	for i := range rows {
		r := &rows[i]
		code := spelt(r.Code)
		same := scan{r.At, code}
		switch {
		case code != "" && seen[same], code == "COMMON_INTRANSIT" && (!moved || says(r, "pre-shipment")):
			r.Milestone = rules.Advisory
		case r.Milestone == rules.Delivered && (returning || says(r, "original sender", "to sender", "to shipper", "退回", "退件")):
			r.Milestone = rules.Returned
		case abroad && r.Milestone == rules.Delivered && (code == "SIGNED" || code == "STA_SIGN"):
			r.Milestone = rules.InTransit
		}
		seen[same] = true
		if code == "RETURNED" || strings.HasPrefix(code, "RT_") {
			returning = true
		}
		if _, known := Milestone(code); known && r.Milestone != rules.InfoReceived && r.Milestone != rules.Advisory {
			moved = true
		}
	}
}

func says(r *rules.Row, phrases ...string) bool {
	words := strings.ToLower(r.Description)
	return slices.ContainsFunc(phrases, func(p string) bool { return strings.Contains(words, p) })
}
