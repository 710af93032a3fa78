// Package evidence keeps the originals that prove a case: the vault.
//
// Content lies in a bucket (a folder, or S3) under the SHA-256 of its bytes; an index in
// Postgres says what each original is, in a chain of hashes for each store. Both only ever
// grow.
//
// Invariants: an entry of the index follows its content, never the other way round, so a crash
// between the two leaves at most content that nobody names, which the next upload of the same
// bytes uses; what is kept was looked through: its type comes from its bytes, not from its name,
// it decodes wholly, and it holds no scripts; a file is never held whole in memory beyond
// [MaxDocument], and all decoding at once stays within one bound; whatever comes in, the answer
// is an entry, a *port.OriginalError, or an error that a repeat may mend.
package evidence
