// Package config reads what each program is told by its environment: variables that begin
// with PARCELWARD_, and DATABASE_URL, which is read plain too.
//
// Invariants: all problems are reported together; a variable that is set but empty counts
// as not set; a PARCELWARD_ variable that nobody reads is a problem, for it is a misspelling;
// what a Load function returns without an error is usable as it is; the environment is read
// once, at the start, and is left as it was.
package config
