// Package protocol holds every name and type that crosses a process: events on the wire,
// workflow and activity names and inputs, signals, queries, updates, task queues, search
// attributes, error types and the accelerated clock.
//
// Invariants: a released name or JSON key never changes its meaning; what [DecodeEvent]
// accepts, the rules can judge without another look; nothing here decides.
package protocol
