// Package devstack starts the two servers that Parcelward needs, a private Postgres and a Temporal development server, for `starter dev`,
// the demo and the tests. It is for Linux and macOS and never for production.
//
// Invariants:
//   - Servers listen on 127.0.0.1 only, on free ports; the private Postgres takes a random password that only its URL holds.
//   - One Stack owns a data folder at a time, by a lock that the system drops with the owner's death.
//   - Close leaves no process, lock or temporary file; on Linux the servers also end when the owner is killed. Servers that outlived their owner
//     are ended by the next Start, and only if process ID and start time are the recorded ones.
//   - The servers run in process groups of their own, so that Ctrl-C at the terminal reaches them only through the owner's Close.
package devstack
