// Package dispatch hands facts from the inbox to Temporal and keeps the read models. It asks
// the rules whether a workflow must be told and adds no judgement of its own.
//
// Invariants:
//   - Every fact that changes an order's story is told to its workflow at least once, in rising
//     positions; workflows ignore what they know. A fact that changes nothing yet, or that a
//     claim brought about, rides along with the next one that must be told, or is loaded by
//     the workflow when it wakes.
//   - A fact counts as handed only after Temporal took it. A quiet one counts as settled only
//     if no workflow loaded facts since it was judged; otherwise it is judged again.
//   - Nothing of Postgres is locked while Temporal is called: a lease keeps two dispatchers
//     apart. Where it runs out both may tell a workflow the same facts, which it ignores, but
//     only the one that holds the lease saves what it found.
//   - When Temporal cannot be reached, facts wait; when one order cannot be handed, others go on.
package dispatch
