// Package cainiao asks Cainiao through its LINK gateway, and takes what LINK pushes.
//
// Confirmed (apis.md 4): the address, the form, data_digest (Base64 of the 16 raw bytes of
// MD5 over logistics_interface and the secret), the error answer with errorCode S02, and the
// names of the two messages used: CNTECH_LV_LOGISTICS_DETAIL_GET and _SUBSCRIBE.
//
// Seen in several public clients of GET, not in a vendor's document: the request
// {"arg0":{"appCode","mailNo","cpCode"}}, which asks about one number a call, to_code
// CNTECH_LV, and the answer's fullTraceDetail, whose zone-less times are Beijing's.
//
// Not confirmed, therefore configuration or decoded leniently: that LINK answers about parcels
// abroad as Cainiao's public tracking page does (apis.md 4.2: module, detailList, actionCode),
// which codes it takes as cpCode, the body of SUBSCRIBE (taken to be GET's), the whole of its
// pushes (taken to be the form of a request, signed alike, with the body of an answer), and
// every errorCode but S02.
//
// Invariants:
//   - A scan's moment is its timeStr in its timeZone. The epoch beside them is timeStr read as
//     +08:00, whatever the zone says (so in every recorded scan), and is used only where one of
//     the two is missing or cannot be read.
//   - No scan is dropped: one that cannot be placed in time is in Answer.Unplaced.
//   - No error and no log line holds the secret or what was sent.
package cainiao
