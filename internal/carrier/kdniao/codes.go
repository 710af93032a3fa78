package kdniao

import (
	"cmp"

	"parcelward/internal/rules"
)

// signedByOther is the code of a signature that is not the addressee's.
const signedByOther = "304"

// milestone is what a State, StateEx or Action code means; the one-digit codes are State's
// too. Codes that the service makes of elapsed time alone (401, 402, 403) move no parcel,
// nor do cancellations (415, 430).
func milestone(code string) (m rules.Milestone, known bool) {
	switch code {
	case
		"0",   // no trace
		"10",  // awaiting pick-up
		"401": // no information after shipping
		return rules.InfoReceived, true
	case
		"402", // not signed 36 h after a delivery action
		"403", // no update in 5 days
		"415", // cancelled by the customer
		"430": // cancelled
		return rules.Advisory, true
	case "1": // picked up
		return rules.PickedUp, true
	case "220": // departed from the airport
		return rules.DepartedOrigin, true
	case
		"2",   // in transit
		"204", // at a transfer hub
		"205", // at the delivery branch
		"206", // left the branch of origin: a road, no line-haul that may be silent
		"221", // arrived at an airport, whichever
		"5",   // forwarded
		"6",   // customs
		"601", // awaits clearance
		"602", // is being cleared
		"605": // handed to customs
		return rules.InTransit, true
	case
		"201", // city of delivery
		"222": // country of destination
		return rules.ArrivedDestination, true
	case
		"604", // customs exception
		"606": // duties unpaid
		return rules.CustomsHold, true
	case "603": // cleared
		return rules.CustomsReleased, true
	case
		"202", // out for delivery
		"419": // once more
		return rules.OutForDelivery, true
	case
		"211", // in a locker or at a station
		"412", // not fetched from there in 18 h
		"424": // not fetched for long
		return rules.AvailableForPickup, true
	case
		"404", // refused
		"405", // delivery exception
		"416": // addressee not reached
		return rules.DeliveryFailed, true
	case
		"3",           // signed
		"301",         // as it should be
		"302",         // after an exception
		signedByOther, //
		"311":         // out of a locker or station
		return rules.Delivered, true
	case "406": // return signed: the sender has it back
		return rules.Returned, true
	case "426":
		return rules.Lost, true
	case
		"4",   // problem
		"407", // return not signed yet,
		"425", // returning: on its way back a parcel can still stall or be lost, which nobody would hear of after returned
		"413", // intercepted
		"414", // damaged
		"417", // delayed
		"418", // taken out of the locker again
		"420", // address unclear
		"421", // wrong phone number
		"422", // sorted wrongly
		"423", // out of range
		"427": // prohibited goods
		return rules.ExceptionScan, true
	}
	return rules.InTransit, false
}

// goesBack tells of a row that the parcel is on its way to its sender, or there.
func goesBack(r *rules.Row) bool {
	return r.Code == "407" || r.Code == "425" || r.Milestone == rules.Returned || saysReturn(statement(r.Description))
}

// byCode sets milestone and signature of a row that bears a code. Of a sign-off its wording
// is heard too: the sender's or a station's is not the buyer's.
func byCode(r *rules.Row) {
	r.Milestone, _ = milestone(r.Code)
	if r.Milestone != rules.Delivered {
		return
	}
	said, signer := wording(r.Description)
	switch {
	case said == rules.Returned, goesBack(r):
		r.Milestone = rules.Returned
	case r.Code == signedByOther:
		r.SignedBy = cmp.Or(signer, proxy(r.Description), someoneElse)
	case r.Code == "311":
	case said == rules.AvailableForPickup:
		r.Milestone = rules.AvailableForPickup
	default:
		r.SignedBy = signer
	}
}
