// Package audit recomputes every order from the inbox and compares: the read model with what
// the rules say, what workflows believe with what they were told, and the workflows that run
// with those that should.
//
// Invariants: it changes nothing; a difference is reported only if it is still there after
// the patience given, so that an order on its way through the dispatcher is none; every
// difference names the order and the key that differs.
package audit
