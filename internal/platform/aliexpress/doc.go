// Package aliexpress speaks to the AliExpress Open Platform for the stores that authorised an
// app: orders, shipments, traces, disputes, settlements and waybills. There is no interface
// for claims, appeals or complaints.
//
// Confirmed by the vendor's documentation and generated clients: the two gateways and their
// signature, the names of methods, parameters and fields, times in US Pacific with summer time,
// pages of at most 50 orders, a query of its own for finished ones, the action codes of traces
// (package parcelward/internal/carrier/cainiao/action).
//
// Not confirmed, and so decoded leniently or configured: the signature of pushes
// ([Options.PushSignature]); which codes say that a token is no good; that refreshing a token
// may be repeated; end reasons of orders and reasons of disputes, whose lists are unpublished
// ([Facts]); how a dispute's order_no and a waybill's package are named; what an unknown
// tracking number answers. Lists are read bare or wrapped, scalars as text or number, answers
// simplified or in their envelope; unknown keys and codes never fail.
//
// Invariants: money is never a float; no error or log line holds a key, a token or a buyer's
// address; a token is never used past its end; changing calls look first, so that a repeat
// changes nothing.
package aliexpress
