// Package action tells what Cainiao's action codes mean. The codes appear in Cainiao's own
// traces and in AliExpress's, which shows the same parcels.
//
// The table holds every code of Alibaba's published list (115), those that apis.md 3.4 names
// beside it as seen in life, and four more seen there: GTMS_OE_DEPART, which a recorded trace
// holds, and CC_IM_EXCEPTION, LM_DELIVERY_DEPART and LM_SIGN_SUCCESS, which other clients of
// Cainiao know (unconfirmed). The published list ends with "etc.", so unknown codes are normal:
// they are in_transit, and said to be unknown.
//
// What is decided here, where the list leaves it open:
//   - No movement before somebody carries the parcel: an order that is accepted, picked, packed,
//     refused or cancelled, and a pick-up that failed, must not meet the shipping deadline nor
//     start the stall clock. Declarations are info_received, the others advisory.
//   - LAST_MILE_ASN_NOTIFY tells the last mile that a parcel will come: advisory. So are the
//     seven address changes at a pick-up point.
//   - COMMON_INTRANSIT stands on real scans and on pre-shipment notices alike: in_transit by
//     its code alone, and [Settle] decides by its place.
//   - LH_POST_COLLECTION is a failed hand-over in the list, and "Accepted for transportation"
//     on the live site: in_transit.
//   - A station that signs (GTMS_STA_SIGNED) has the parcel for the buyer: available_for_pickup.
//   - A return ends where the goods are back: at the return warehouse (RT_WH_INBOUND) or with
//     the seller (RETURNED). A returned parcel stalls no more, and one lost on its way back
//     must: every other step of a return is exception. Destroyed is lost.
//   - Only LH_DEPART is departed_origin, for that milestone allows seven silent days more.
package action
