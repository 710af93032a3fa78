// Package dispatch hands facts from the inbox to Temporal and keeps the read models. It asks
// the rules whether a workflow must be told and adds no judgement of its own.
//
// Invariants:
//   - Every fact that changes an order's story reaches its workflow at least once, in rising
//     positions; workflows ignore what they know. A fact that changes nothing yet rides along
//     with the next one that does, or is loaded by the workflow when it wakes.
//   - A fact counts as handed only after Temporal took it. A quiet one counts as settled only
//     if no workflow loaded facts since it was judged; otherwise it is judged again.
//   - Nothing of Postgres is locked while Temporal is called: a lease keeps two dispatchers
//     apart, and where it runs out both may hand the same facts, which is harmless.
//   - When Temporal cannot be reached, facts wait; when one order cannot be handed, others go on.
package dispatch
