package rules

// PreflightCode names a finding of the pre-flight.
type PreflightCode string

// The findings. Those of one subject stand together; what each makes of an original is said
// where it is found.
const (
	PreflightForm        PreflightCode = "form-not-taken"   // a kind of file that is not taken for this evidence
	PreflightUnread      PreflightCode = "file-unread"      // damaged, encrypted or too large
	PreflightUnseen      PreflightCode = "not-examined"     // something that no machine looked into
	PreflightSmall       PreflightCode = "picture-small"    // too few pixels
	PreflightBlurred     PreflightCode = "picture-blurred"  // not sharp
	PreflightFaint       PreflightCode = "picture-faint"    // too dark, too light or without contrast
	PreflightGiven       PreflightCode = "statement-unread" // a value of the uploader's that cannot be read
	PreflightNoNumber    PreflightCode = "number-not-read"  // no barcode, and no text, shows the number
	PreflightOtherNumber PreflightCode = "number-differs"   // another number is shown
	PreflightBeside      PreflightCode = "number-beside"    // another number is shown beside the right one
	PreflightInText      PreflightCode = "number-in-text"   // no barcode shows it, but the text does
	PreflightUnsure      PreflightCode = "barcode-unsure"   // readings do not agree
	PreflightNotCompared PreflightCode = "number-not-compared"
	PreflightNoShipDate  PreflightCode = "ship-date-missing"
	PreflightShipDate    PreflightCode = "ship-date-doubtful" // before the order or after the first scan
	PreflightNoWeight    PreflightCode = "weight-missing"
	PreflightNoVolume    PreflightCode = "volume-missing"

	PreflightNoOrder PreflightCode = "order-not-compared" // nobody says of which order it should be

	PreflightOutboundPicture  PreflightCode = "outbound-not-table" // a picture: no machine compares it
	PreflightOutboundNone     PreflightCode = "outbound-order-missing"
	PreflightOutboundNameless PreflightCode = "outbound-order-unnamed" // neither order nor parcel
	PreflightOutboundTime     PreflightCode = "outbound-time-missing"
	PreflightOutboundEarly    PreflightCode = "outbound-before-order"
	PreflightOutboundLate     PreflightCode = "outbound-after-first-scan" // or at it
	PreflightOutboundScan     PreflightCode = "outbound-scan-unknown"     // no trace to compare with
	PreflightSKUsUnknown      PreflightCode = "outbound-items-unknown"
	PreflightSKUMissing       PreflightCode = "outbound-sku-missing"
	PreflightSKUOther         PreflightCode = "outbound-sku-other"
	PreflightQuantity         PreflightCode = "outbound-quantity-differs"

	PreflightNotInbox     PreflightCode = "messages-not-from-inbox"
	PreflightMessagesText PreflightCode = "messages-not-examined" // a picture or a text: no machine tells who wrote what
	PreflightOtherOrder   PreflightCode = "messages-other-order"
	PreflightNoBuyer      PreflightCode = "messages-no-buyer"
	PreflightNotShown     PreflightCode = "messages-nothing-shown" // neither non-receipt nor refusal
	PreflightReceived     PreflightCode = "messages-received-said"
	PreflightEarlyWords   PreflightCode = "messages-before-shipment"

	PreflightNoTimeMark  PreflightCode = "time-mark-missing"
	PreflightTimeMark    PreflightCode = "time-mark-outside"
	PreflightMarkZone    PreflightCode = "time-mark-zone-unknown"
	PreflightTimesDiffer PreflightCode = "times-differ" // the stated one and the camera's, or the vault's
	PreflightPeriod      PreflightCode = "dispute-period-unknown"
	PreflightNoPickup    PreflightCode = "pickup-time-missing"
	PreflightLatePickup  PreflightCode = "pickup-late"
	PreflightPickupEarly PreflightCode = "pickup-before-order"
	PreflightPaid        PreflightCode = "paid-unknown"
	PreflightNoAddress   PreflightCode = "address-not-compared"
	PreflightAddress     PreflightCode = "address-differs"
)

// PreflightCodes lists every finding.
func PreflightCodes() []PreflightCode {
	return []PreflightCode{
		PreflightForm, PreflightUnread, PreflightUnseen, PreflightSmall, PreflightBlurred, PreflightFaint, PreflightGiven,
		PreflightNoNumber, PreflightOtherNumber, PreflightBeside, PreflightInText, PreflightUnsure, PreflightNotCompared,
		PreflightNoShipDate, PreflightShipDate, PreflightNoWeight, PreflightNoVolume, PreflightNoOrder, PreflightOutboundPicture,
		PreflightOutboundNone, PreflightOutboundNameless, PreflightOutboundTime, PreflightOutboundEarly, PreflightOutboundLate,
		PreflightOutboundScan, PreflightSKUsUnknown, PreflightSKUMissing, PreflightSKUOther, PreflightQuantity,
		PreflightNotInbox, PreflightMessagesText, PreflightOtherOrder, PreflightNoBuyer, PreflightNotShown, PreflightReceived,
		PreflightEarlyWords, PreflightNoTimeMark, PreflightTimeMark, PreflightMarkZone, PreflightTimesDiffer, PreflightPeriod,
		PreflightNoPickup, PreflightLatePickup, PreflightPickupEarly, PreflightPaid, PreflightNoAddress, PreflightAddress,
	}
}

// What an uploader states of an original that no machine reads from it.
const (
	GivenShipDate    = "ship_date"              // YYYY-MM-DD, on the label
	GivenWeight      = "weight_kg"              // decimal, above 0
	GivenVolume      = "volume_cm3"             // decimal, above 0
	GivenPickedUpAt  = "picked_up_at"           // RFC 3339 with offset
	GivenTakenAt     = "taken_at"               // RFC 3339 with offset: the time mark
	GivenAddress     = "recipient_address"      // on the label: country, province, city, street, postal code
	GivenAddressHash = "recipient_address_hash" // the same, hashed as the order's
	GivenSKUs        = "skus"                   // SKU=quantity, comma between
	GivenRecordedAt  = "recorded_at"            // RFC 3339 with offset: an outbound record's time stamp
	GivenLookedBy    = "looked_by"              // who looked at what no machine can judge, and found it good
)

// GivenKeys lists them.
func GivenKeys() []string {
	return []string{
		GivenShipDate, GivenWeight, GivenVolume, GivenPickedUpAt, GivenTakenAt, GivenAddress, GivenAddressHash, GivenSKUs,
		GivenRecordedAt, GivenLookedBy,
	}
}
