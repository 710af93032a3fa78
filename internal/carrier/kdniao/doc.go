// Package kdniao asks Kdniao (快递鸟), a Chinese aggregator, about parcels and takes its
// pushes.
//
// Confirmed by the vendor's own demos and by a mirror of its documentation: the transport
// (a form with RequestData, EBusinessID, RequestType, DataSign, DataType), the signature in
// both directions, requests 1002, 8001, 8002, 1008 and 8008, pushes 101, 102 and 107 with
// their fixed answer, State and the domestic StateEx codes, one number a call.
//
// Not confirmed, and thus configuration or read leniently:
//   - Where an answer's error code stands: ResultCode, Code or the beginning of Reason; an
//     answer without one is judged by the wording of its Reason, and where that says nothing
//     the number may be asked about again.
//   - The zone of times without one: taken as Beijing's. The cross-border shape (7101, 7108)
//     bears a Timezone, and its own StateEx codes.
//   - When the daily quota (405) starts anew: the wait is an hour, for asking again is free.
//   - Shipper codes of carriers that the documentation does not list: [Options.Shippers].
//   - The RequestType of cross-border pushes: any push that is signed and has the shape of a
//     trace is taken. How soon the vendor repeats a push that was not taken is not known.
//
// Invariants: no row is dropped; a code that nobody knows keeps its text and is in_transit;
// the AppKey stands in no error. A push is a whole trace each time, so that losing one loses
// nothing that the next does not tell.
package kdniao
