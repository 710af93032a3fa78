package rules

import (
	"cmp"
	"slices"
)

// EvidenceKind is what an original proves.
type EvidenceKind string

// The kinds of evidence. Which of them a claim, a complaint, a dispute or a ticket must hold is
// policy.
const (
	EvidenceWaybill       EvidenceKind = "waybill"           // scan of the label, or its PDF
	EvidenceOutbound      EvidenceKind = "outbound_record"   // the warehouse's, with time stamp and SKUs
	EvidenceMessages      EvidenceKind = "buyer_messages"    // of the platform's inbox
	EvidenceRefusal       EvidenceKind = "refusal"           // video or photo of a refused parcel
	EvidencePickup        EvidenceKind = "pickup_screenshot" // with the time at which the carrier took the parcel
	EvidenceShippingLabel EvidenceKind = "shipping_label"    // with the number, as a freight complaint wants it
	EvidenceClearance     EvidenceKind = "clearance_document"
	EvidenceCarrierProof  EvidenceKind = "carrier_proof" // what the carrier states in writing
	EvidenceOrderDetail   EvidenceKind = "order_detail"  // of the platform
	EvidenceProductPhotos EvidenceKind = "product_photos"
	EvidenceQualityReport EvidenceKind = "quality_report"
	EvidenceReceipt       EvidenceKind = "delivery_receipt"
	EvidenceScreenshot    EvidenceKind = "screenshot" // of a ticket's problem
	EvidenceBankStatement EvidenceKind = "bank_statement"
	EvidenceCompliance    EvidenceKind = "compliance_history"            // of the store, where its account is judged
	EvidenceTraffic       EvidenceKind = "traffic_comparison_screenshot" // before and during a sale
	EvidenceConsoleLog    EvidenceKind = "browser_console_log"           // of labels that do not print
	EvidenceOther         EvidenceKind = "other"
)

// EvidenceKinds lists the kinds.
func EvidenceKinds() []EvidenceKind {
	return []EvidenceKind{
		EvidenceWaybill, EvidenceOutbound, EvidenceMessages, EvidenceRefusal, EvidencePickup, EvidenceShippingLabel,
		EvidenceClearance, EvidenceCarrierProof, EvidenceOrderDetail, EvidenceProductPhotos, EvidenceQualityReport,
		EvidenceReceipt, EvidenceScreenshot, EvidenceBankStatement, EvidenceCompliance, EvidenceTraffic, EvidenceConsoleLog, EvidenceOther,
	}
}

// CompareEvidence orders kinds as the seller centre's forms ask for them: those that the filing
// must hold, in the policy's order, then the others in the order of [EvidenceKinds].
func CompareEvidence(required []string, a, b EvidenceKind) int {
	rank := func(k EvidenceKind) int {
		if i := slices.Index(required, string(k)); i >= 0 {
			return i
		}
		if i := slices.Index(EvidenceKinds(), k); i >= 0 {
			return len(required) + i
		}
		return len(required) + len(EvidenceKinds())
	}
	return cmp.Compare(rank(a), rank(b))
}
