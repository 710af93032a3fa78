// Package temporalclient connects to a Temporal cluster in the one way that all programs
// and tests share.
//
// Invariants: objects and arrays go out compressed (binary/zlib) where that makes them
// shorter, texts stay plain, and everything comes in whether compressed or plain, so that
// people may send plain JSON from the Web UI. To show what is compressed, the Web UI needs a
// codec endpoint, which a later release brings. A client carries tracing and metrics, which
// go nowhere until a collector is configured.
package temporalclient
