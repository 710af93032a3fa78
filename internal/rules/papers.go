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

// AppealFrom is from when on a machine may make the one appeal that must be made by a deadline,
// and whether it may with these papers: with a new original that is ready; with one that a person
// should look at, and nobody does, shortly before it is too late.
func (p *Papers) AppealFrom(rs Ruleset, basis *AppealBasis, by time.Time) (time.Time, bool) {
	best := VerdictRefused
	for _, o := range p.Originals {
		if slices.Contains(basis.Originals, Original{Kind: o.Kind, SHA256: o.SHA256}) && o.Verdict.worse(best) == best {
			best = o.Verdict
		}
	}
	switch best {
	case VerdictReady:
		return basis.quietFrom(rs, by), true
	case VerdictLook:
		return by.Add(-rs.Pack.Claim.AppealUnlookedWithin.Value.Std()), true
	case VerdictRefused:
	}
	return time.Time{}, false
}

// AppealBasis are the new originals on which a machine may rest the one appeal: of a kind that
// policy names, and brought by people. What machines find after the refusal goes along; it
// alone is no reason to spend the appeal.
type AppealBasis struct {
	Originals []Original
	Latest    time.Time // when the last of them came
	From      time.Time // from when on no more are waited for
}

// quietFrom is when no more originals are waited for.
func (b *AppealBasis) quietFrom(rs Ruleset, by time.Time) time.Time {
	claim := &rs.Pack.Claim
	return earlier(b.Latest.Add(claim.AppealQuiet.Value.Std()), by.Add(-claim.AppealUnlookedWithin.Value.Std()))
}

// ByMachine is who added what machines fetched.
const ByMachine = "parcelward"

// appealBasis is nil where there is none, or the claim cannot be appealed.
func (v *view) appealBasis(c *caseState, added []Original) *AppealBasis {
	if c.status != StatusRejected {
		return nil
	}
	var b AppealBasis
	for _, e := range v.followed {
		d, ok := e.Data.(*EvidenceAdded)
		if !ok || d.By == ByMachine {
			continue
		}
		for _, o := range d.Originals {
			if slices.Contains(added, o) && slices.Contains(v.rules.Pack.Claim.AppealKinds.Value, string(o.Kind)) {
				b.Originals, b.Latest = append(b.Originals, o), later(b.Latest, d.When)
			}
		}
	}
	if len(b.Originals) == 0 {
		return nil
	}
	b.From = b.quietFrom(v.rules, c.appealBy)
	return &b
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
