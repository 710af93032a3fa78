package rules

// UnmatchedCode is why a line of a warehouse's export belongs to none of a store's orders.
type UnmatchedCode string

// The reasons.
const (
	UnmatchedNameless UnmatchedCode = "nameless"       // it names neither order nor parcel
	UnmatchedOrder    UnmatchedCode = "unknown-order"  // the store has no such order
	UnmatchedNumber   UnmatchedCode = "unknown-number" // no order of the store has the number
	UnmatchedOther    UnmatchedCode = "other-parcel"   // the number is not one of the order's
)
