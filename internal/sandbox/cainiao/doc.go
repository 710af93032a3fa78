// Package cainiao is a twin of Cainiao's LINK gateway, for tests and demos: it shows the
// parcels of a world as Cainiao tells of them.
//
// Faithful (apis.md 4): the path, the form and its signature, S02 for a wrong one; the shape
// of a module and its scans (4.2), an unknown number as a module with an empty detailList,
// the scans newest first, and the epoch beside a scan that is timeStr read as +08:00; of status
// and group only the values that are known from life.
//
// Guesses: that LINK answers with such modules at all, the answers S03 to S05, that a
// subscription is answered {"success":true}, and everything about pushes: a form signed as
// requests are, with a whole module in it, sent once, whatever the receiver answers.
package cainiao
