// Package statement makes what finance and managers read of a store: the monthly statement as
// XLSX, CSV or JSON, the carriers' bills that are imported for it, and the weekly health.
//
// Invariants: what is written depends on the facts, the ledger and the bills alone, so that the
// same month gives the same bytes; its sums equal the ledger's, or there is no statement; memory
// does not grow with the number of orders; numbers that name things are text; text that a
// spreadsheet would take for a formula is guarded; a month that was closed keeps its files, which
// are handed out as they were. A bill is imported wholly or not at all.
package statement
