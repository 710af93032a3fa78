// Package temporalclient connects to a Temporal cluster in the one way that all programs
// and tests share.
//
// Invariants: every payload goes out compressed where that makes it shorter, and comes in
// whether compressed or plain, so that people may send plain JSON from the Web UI; a client
// carries tracing and metrics, which go nowhere until a collector is configured.
package temporalclient
