package rules_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parcelward/internal/rules"
	"parcelward/internal/rules/rulestest"
)

// What extends the exchange format changes no assessment: others, who do not know the
// extensions, must reckon the same.
func TestExtensionsChangeNoAssessment(t *testing.T) {
	rs := rulestest.Ruleset()
	rapid.Check(t, func(t *rapid.T) {
		events := rulestest.Order(t)
		asOf := rulestest.AsOf(t, rs, store, order, events)
		_, want := assess(t, rs, events, asOf)
		for i, e := range events {
			filed, ok := e.Data.(*rules.ClaimFiled)
			if !ok {
				continue
			}
			at := filed.When.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour)
			for kind, data := range map[rules.EventType]rules.Data{
				rules.TypePapersRequested:     &rules.PapersRequested{ClaimID: filed.ClaimID, When: at},
				rules.TypePapersSent:          &rules.ClaimFact{ClaimID: filed.ClaimID, When: at},
				rules.TypeProtectionRequested: &rules.ClaimFact{ClaimID: filed.ClaimID, When: at},
				rules.TypeProtectionDecided:   &rules.ClaimDecided{ClaimID: filed.ClaimID, When: at, Decision: rules.DecisionApproved},
				rules.TypeProtectionPaid:      &rules.ClaimFact{ClaimID: filed.ClaimID, When: at},
				rules.TypeDisputeAnswered:     &rules.Dispute{DisputeID: "D-1", When: at, Kind: rules.DisputeNotReceived},
				rules.TypeComplaintAnswered:   &rules.Complaint{ComplaintID: "F-1", When: at},
				rules.TypeTicketFiled:         &rules.Ticket{TicketID: "T-1", When: at},
				rules.TypeTicketAnswered:      &rules.Ticket{TicketID: "T-1", When: at, Outcome: rules.TicketSolved},
				rules.TypeEvidenceAdded: &rules.EvidenceAdded{
					TrackingNumber: filed.TrackingNumber, When: at, By: "LI",
					Originals: []rules.Original{{Kind: rules.EvidenceWaybill, SHA256: strings.Repeat("ab", 32)}},
				},
			} {
				events = append(events, rules.Event{
					Source: "extension", ID: string(kind) + string(rune('a'+i%26)), Type: kind, Store: store, Order: order, Time: at, Data: data,
				})
			}
		}
		if _, got := assess(t, rs, events, asOf); got != want {
			t.Fatalf("as of %v\nwithout %s\nwith    %s", asOf, want, got)
		}
	})
}
