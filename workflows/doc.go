// Package workflows tells the durable stories: an [Stories.Order] for each order, from the
// payment to the last deadline, and a [Stories.Claim] for each exception on its way. A [Stories.Shipment]
// sends a parcel of an order, from the label to the number on the platform.
//
// A story asks the rules what to do and until when, does it, and sleeps until the next
// moment at which something can be due, or until somebody tells it something. It decides
// nothing itself.
//
// Invariants: no clock but the workflow's, no randomness, no I/O; signals are doorbells,
// the inbox is the truth, so a story reads the inbox before it lets a deadline take
// effect; every wait has an end and hears cancellation; a message that cannot be read is
// kept and stops nothing.
package workflows
