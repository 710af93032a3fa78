// Package carrier is the room of the adapters to carriers and aggregators of traces. Each
// lives in a package of its own below, implements port.TrackingService, and passes the
// conformance suite of package porttest against its twin under internal/sandbox. None knows
// another; what they have in common is in package wire.
package carrier
