// Package api is Parcelward's HTTP interface: events come in, people and programs ask about
// orders and record confirmations.
//
// Invariants: 2xx for an event means that it is in Postgres; a bad event never keeps the
// good ones of its batch out; what a request holds in memory is bounded by the body limit,
// and what all of them decode at once by maxDecoding; nothing of a body is logged; errors are
// RFC 9457 problems that name the key, what was expected and what was found; nothing here
// decides, package rules does.
package api
