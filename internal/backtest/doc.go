// Package backtest says what the rules say of every order in a file of events, without a
// server or a database.
//
// Events stream through once: [Run] cuts the input into chunks of whole lines, decodes them
// on all cores, and judges an order as soon as its contiguous lines are over. Verdicts go to
// sorted runs in a temporary file and are merged at the end, so memory does not grow with
// the number of orders.
//
// Two things break the contiguity: an order whose lines lie scattered, and a tracking number
// that several orders share (its trace counts for each of them). Bloom filters of fixed size
// suspect both, never missing one; a small index on disk then finds exactly the lines of
// the suspects, and their second verdict replaces the first.
//
// Invariants: the output depends on the set of events alone, not on the order of the lines,
// the number of workers or the size of chunks; every line is judged, refused, counted as of
// unknown type, or empty; temporary files have no name from the moment they exist, where the
// system allows it, and are gone after every way out.
package backtest
