// Package dev runs all of Parcelward on one machine: a private Postgres and Temporal, the
// sandbox of carrier and platform, the server, and the worker as a process of its own, all
// on free loopback ports. `starter dev`, the demo and end-to-end tests use it.
//
// Invariants: parts start in the order of their needs and stop in the reverse; a part that
// ends by itself is noticed, with its last log lines; nothing runs on when [Stack.Close] has
// returned; it never touches a database that it did not make, unless the data are kept.
package dev
