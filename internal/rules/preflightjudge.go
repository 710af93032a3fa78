package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/policy"
)

// judge is one original under judgement.
type judge struct {
	PreflightOf
	policy   *policy.Pack
	sight    *Sight
	findings []PreflightFinding
	shownAt  time.Time // see [Preflight]
	hash     string
}

// Preflight judges an original as the platform is expected to. It never passes in silence: what
// cannot be examined is a finding, and a person looks.
func (rs Ruleset) Preflight(of PreflightOf, sight *Sight) Preflight {
	j := &judge{PreflightOf: of, policy: rs.Pack, sight: sight}
	if j.form() {
		j.picture()
		switch of.Kind {
		case EvidenceWaybill:
			j.label()
			j.waybillGiven()
			j.hash = j.stated() // a claim asks for no address; a freight complaint compares it
		case EvidenceShippingLabel:
			j.label()
			j.address()
		case EvidenceOutbound:
			j.outbound()
		case EvidenceMessages:
			j.messages()
		case EvidenceRefusal:
			j.refusal()
		case EvidencePickup:
			j.pickup()
		default: // the others show what a person knows: form, size and sharpness are all
		}
	}
	p := Preflight{Kind: of.Kind, Verdict: VerdictReady, Findings: j.findings, ShownAt: j.shownAt, AddressHash: j.hash}
	for _, b := range sight.Barcodes {
		p.Barcodes = append(p.Barcodes, b.Text)
	}
	for _, f := range p.Findings {
		p.Verdict = p.Verdict.worse(f.Verdict)
	}
	if p.Verdict == VerdictLook && of.Given[GivenLookedBy] != "" {
		p.Verdict = VerdictReady // what a person was to look at, one did
	}
	slices.SortStableFunc(p.Findings, func(a, b PreflightFinding) int {
		switch {
		case a.Verdict == b.Verdict:
			return 0
		case a.Verdict.worse(b.Verdict) == a.Verdict:
			return -1
		}
		return 1
	})
	return p
}

func (j *judge) find(v Verdict, code PreflightCode, measured, wanted string) {
	j.findings = append(j.findings, PreflightFinding{code, v, measured, wanted})
}

// asked is what a missing statement means: a person must look where the uploader was asked for
// it; where nobody was asked it is only worth knowing.
func (j *judge) asked() Verdict {
	if j.Given == nil {
		return VerdictReady
	}
	return VerdictLook
}

// form tells whether the original is of a form that is taken and could be read.
func (j *judge) form() bool {
	taken := j.policy.Evidence.Forms.Value[string(j.Kind)]
	if !slices.Contains(taken, j.sight.Form) {
		j.find(VerdictRefused, PreflightForm, cmp.Or(j.sight.MediaType, "?"), strings.Join(taken, ", "))
		return false
	}
	for _, u := range j.sight.Unseen {
		switch u.Code {
		case UnseenDamaged, UnseenTooLarge, UnseenEncrypted:
			j.find(VerdictRefused, PreflightUnread, strings.TrimSpace(string(u.Code)+" "+u.Detail), "")
			return false
		case UnseenDrawn: // of no weight where the text says what is wanted: see label
		default:
			j.find(VerdictLook, PreflightUnseen, strings.TrimSpace(string(u.Code)+" "+u.Detail), "")
		}
	}
	return true
}

// picture judges size, sharpness and contrast.
func (j *judge) picture() {
	p, e := j.sight.Picture, &j.policy.Evidence
	if p == nil {
		if j.sight.Unsees(UnseenDrawn) && j.Kind != EvidenceWaybill && j.Kind != EvidenceShippingLabel {
			j.find(VerdictLook, PreflightUnseen, string(UnseenDrawn), "")
		}
		return
	}
	// A document's picture may be its logo: what is wrong with it a person must see.
	worst := VerdictRefused
	if j.sight.Form == policy.FormDocument {
		worst = VerdictLook
	}
	short := min(p.Width, p.Height)
	switch size := fmt.Sprintf("%d × %d", p.Width, p.Height); {
	case short < e.ShortSideMin.Value:
		j.find(worst, PreflightSmall, size, strconv.Itoa(e.ShortSideReady.Value))
	case short < e.ShortSideReady.Value:
		j.find(VerdictLook, PreflightSmall, size, strconv.Itoa(e.ShortSideReady.Value))
	}
	sharpness, err := decimal.NewFromFloat64(p.Sharpness)
	if err != nil { // not a number: nothing was measured
		j.find(VerdictLook, PreflightUnseen, "sharpness", "")
		return
	}
	switch ready := e.SharpnessReady.Value; {
	case sharpness.Cmp(e.SharpnessMin.Value) < 0:
		j.find(worst, PreflightBlurred, sharpness.String(), ready.String())
	case sharpness.Cmp(ready) < 0:
		j.find(VerdictLook, PreflightBlurred, sharpness.String(), ready.String())
	}
	if contrast := p.Light - p.Dark; contrast < e.ContrastReady.Value {
		j.find(VerdictLook, PreflightFaint, strconv.Itoa(contrast), strconv.Itoa(e.ContrastReady.Value))
	}
}

func (j *judge) unread(key, value, wanted string) {
	j.find(VerdictLook, PreflightGiven, key+"="+value, wanted)
}

// moment reads a time that the uploader states; false: none is stated, or it cannot be read,
// which is a finding.
func (j *judge) moment(key string) (time.Time, bool) {
	value := strings.TrimSpace(j.Given[key])
	if value == "" {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		j.unread(key, value, "2026-03-01T10:00:00+08:00")
		return time.Time{}, false
	}
	return at, true
}

// at writes a time for a finding, to the second, in the platform's zone.
func (j *judge) at(t time.Time) string { return t.In(j.policy.Location()).Format(time.RFC3339) }
