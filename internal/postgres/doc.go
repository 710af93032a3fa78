// Package postgres keeps what Parcelward knows: the inbox of facts and which orders they
// belong to, traces, the books, notices, the audit log, and the read models that people see.
//
// Invariants:
//   - What [DB.Accept] returned from is on disk and can be loaded as a fact of its orders.
//   - A fact gets its position in an order while the order's row is locked, so positions rise
//     in the order of commits: who knows position p knows every fact below it.
//   - Locks are taken in one order everywhere, so that nobody waits in a circle: tracking
//     numbers by key, inbox rows by source and ID, new orders by store and number, order rows by
//     key, then tracked rows by store and number. No lock is held while anything but Postgres is waited for.
//   - Inbox, ledger and audit log are append-only; triggers refuse anything else.
//   - Times of orders are virtual; received_at, next_try_at, booked_at and updated_at are real.
package postgres
