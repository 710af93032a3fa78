// Package seventeentrack asks the aggregator 17TRACK (API v2.4) about parcels and takes its
// pushes.
//
// Confirmed by sources: paths and bodies of the calls, the key's header, 40 numbers in a call,
// 3 calls a second, the envelope with accepted and rejected, the shape of track_info, the
// statuses and error codes, the signature of pushes.
//
// Not confirmed, and hence decoded leniently or left to configuration:
//   - The carrier keys come from one source: [Options].Carriers overrides them.
//   - A query names no carrier, which 17TRACK allows while it follows the number for one
//     carrier; [Client.TrackInfo] takes a carrier for a number that it follows for several.
//   - A push need not be answered in any given way; it is answered with 200 and OK.
//   - When a number is given up: 17TRACK may stop before a claim's window ends, and says so by
//     a push without rows and in [Client.List], for which [Client.GivenUp] looks; [Listed].CanRetrack tells whether the one free
//     restart is left.
//   - A status that no source names stays in Row.Code and counts as in transit.
//
// Invariants: all providers' events of a parcel are rows, so that first and last mile are both
// there; a row is never dropped, save exact repeats; an event without a time of a known zone is
// not placed; who signed is not told by 17TRACK; the key is in no error.
package seventeentrack
