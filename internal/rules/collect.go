package rules

import "slices"

// Collectable lists the kinds of evidence that a machine can fetch for a claim.
func Collectable() []EvidenceKind {
	return []EvidenceKind{EvidenceMessages, EvidenceOrderDetail, EvidenceOutbound, EvidenceCarrierProof}
}

// UncollectedWhy is why a machine could not fetch an original.
type UncollectedWhy string

// The reasons.
const (
	UncollectedNothing      UncollectedWhy = "nothing"      // its source has none
	UncollectedNobody       UncollectedWhy = "nobody"       // no source is configured for the store
	UncollectedUnauthorised UncollectedWhy = "unauthorised" // the seller must authorise again
	UncollectedRefused      UncollectedWhy = "refused"      // the source said no
	UncollectedUnavailable  UncollectedWhy = "unavailable"  // the source did not answer in time
	UncollectedUnfit        UncollectedWhy = "unfit"        // the vault does not take what came
)

// Uncollected is an original that a machine could not fetch.
type Uncollected struct {
	Kind EvidenceKind   `json:"kind"`
	Why  UncollectedWhy `json:"why"`
}

// ToAdd is what a person must still bring: the kinds that are missing, each with the reason why
// no machine brought it; an empty reason: no machine can.
func ToAdd(missing []string, failed []Uncollected) []Uncollected {
	add := make([]Uncollected, len(missing))
	for i, kind := range missing {
		add[i].Kind = EvidenceKind(kind)
		if n := slices.IndexFunc(failed, func(u Uncollected) bool { return string(u.Kind) == kind }); n >= 0 {
			add[i].Why = failed[n].Why
		}
	}
	return add
}
