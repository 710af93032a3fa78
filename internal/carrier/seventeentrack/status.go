package seventeentrack

import "parcelward/internal/rules"

// milestone reads a sub-status, a status or, of an event without either, a stage.
func milestone(code string) rules.Milestone {
	switch code {
	case "NotFound", "NotFound_Other", "NotFound_InvalidCode", // nothing has moved
		"InfoReceived":
		return rules.InfoReceived
	case "InTransit_PickedUp", "PickedUp":
		return rules.PickedUp
	case "InTransit_Departure", "Departure": // left the port of the country of origin
		return rules.DepartedOrigin
	case "InTransit", "InTransit_Other", "InTransit_CustomsProcessing":
		return rules.InTransit
	case "InTransit_Arrival", "Arrival": // reached the port of the country of destination
		return rules.ArrivedDestination
	case "InTransit_CustomsRequiringInformation":
		return rules.CustomsHold
	case "InTransit_CustomsReleased":
		return rules.CustomsReleased
	case "OutForDelivery", "OutForDelivery_Other":
		return rules.OutForDelivery
	case "AvailableForPickup", "AvailableForPickup_Other":
		return rules.AvailableForPickup
	case "DeliveryFailure", "DeliveryFailure_Other", "DeliveryFailure_NoBody", "DeliveryFailure_Security",
		"DeliveryFailure_Rejected", "DeliveryFailure_InvalidAddress":
		return rules.DeliveryFailed
	case "Delivered", "Delivered_Other":
		return rules.Delivered
	case "Exception_Returned", "Returned": // the sender has it back
		return rules.Returned
	case "Exception_Lost", "Exception_Destroyed":
		return rules.Lost
	case "Exception", "Exception_Other", "Exception_NoBody", "Exception_Security", "Exception_Damage",
		"Exception_Rejected", "Exception_Delayed", "Exception_Cancel",
		"Exception_Returning", "Returning": // on its way back it can still stall or be lost, which nobody would hear of after returned
		return rules.ExceptionScan
	case "Expired", "Expired_Other": // 17TRACK's remark that nothing comes; no movement
		return rules.Advisory
	default:
		return rules.InTransit
	}
}
