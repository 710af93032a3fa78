// Package rules decides. Facts, a policy pack, a calendar and a moment go in; an
// [Assessment] and a plan of acts come out. It is the only place in Parcelward that
// knows what a deadline, a case or an eligible claim is: the workflows, the backtest
// and the dispatcher all ask it and add nothing of their own.
//
// Invariants:
//   - no clock, no I/O, no randomness, nothing of Temporal: the same arguments give the
//     same answer for ever;
//   - the answer depends on what the facts say happened and when, never on the order in
//     which they arrived or on how often;
//   - every number comes from the policy pack ([policy.Pack]), where it bears its source.
package rules
