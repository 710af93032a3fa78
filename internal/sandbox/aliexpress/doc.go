// Package aliexpress is the twin of the AliExpress Open Platform: it answers the calls that
// internal/platform/aliexpress makes, over orders kept in memory and the traces of a
// [world.World].
//
// Faithful to what is documented: both gateways (/sync and /rest) and their signatures, the
// bound on time stamps (7200 s), the two forms of error, answers simplified or in their
// envelope, field names with the vendor's own misspellings, times in US Pacific, pages of at
// most 50 (of messages 20), finished orders listed by a query of their own, the sub-codes of an extension, the
// states of disputes.
//
// Guesses, for nobody has published them: the codes of most errors; that a window is compared
// by the wall clock, and refused when it is too wide; that refreshing a token keeps the old one
// usable and may be repeated; which number order_no names (the whole order's and the child's
// both fit here); that a number is taken once and a second one refused; how a waybill's package
// is named; the Authorization header of pushes; that buyer_id of messages is the login ID, that a
// conversation is read from a moment back, and how it says no. There is no claims interface, as in life.
package aliexpress
