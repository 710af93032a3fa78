package rules

import (
	"slices"
	"time"
)

// CheckedOriginal is an original with what the pre-flight says of it.
type CheckedOriginal struct {
	SHA256 string `json:"sha256"` // hexadecimal
	Name   string `json:"name"`
	Preflight
}

// Papers are the originals of one filing, judged.
type Papers struct {
	Originals []CheckedOriginal `json:"originals,omitempty"`
	Readiness
}

// PapersOf judges what there is for a claim against what the policy wants in one.
func (rs Ruleset) PapersOf(originals []CheckedOriginal) Papers {
	checked := make([]Preflight, len(originals))
	for i, o := range originals {
		checked[i] = o.Preflight
	}
	return Papers{Originals: originals, Readiness: Ready(rs.Pack.Claim.EvidenceKinds.Value, checked)}
}

// Refuses tells whether an original must not be handed in. One that was not judged may be.
func (p *Papers) Refuses(sha256 string) bool {
	return slices.ContainsFunc(p.Originals, func(o CheckedOriginal) bool { return o.SHA256 == sha256 && o.Verdict == VerdictRefused })
}

// FileFrom is from when on a machine may file with these papers, and whether it ever may. What
// is ready goes at once. What a person should look at, and nobody does, goes shortly before it
// is too late: a claim that may be refused is worth more than none. What will be refused, or is
// not there, waits for better papers, or for a person who files all the same.
func (p *Papers) FileFrom(rs Ruleset, fileBy time.Time) (time.Time, bool) {
	switch p.Verdict() {
	case VerdictReady:
		return time.Time{}, true
	case VerdictLook:
		return fileBy.Add(-rs.Pack.Claim.FileUnlookedWithin.Value.Std()), true
	case VerdictRefused:
	}
	return time.Time{}, false
}

// Faults are the originals that are not ready, of the kinds for which there is no better one.
func (p *Papers) Faults() []CheckedOriginal {
	var faults []CheckedOriginal
	for _, o := range p.Originals {
		if slices.Contains(p.Look, o.Kind) || slices.Contains(p.Refused, o.Kind) {
			faults = append(faults, o)
		}
	}
	return faults
}
