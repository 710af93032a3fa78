package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/policy"
	"parcelward/internal/rules/tracknum"
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

// label judges the number that a label shows.
func (j *judge) label() {
	wanted := strings.Join(j.Numbers, ", ")
	if len(j.Numbers) == 0 {
		j.find(VerdictLook, PreflightNotCompared, "", "")
		return
	}
	var others []string
	for _, b := range j.sight.Barcodes {
		if j.shows(b) {
			return
		}
		if other := tracknum.Normalize(b.Text); b.Format == BarcodeCode128 && len(other) >= j.policy.Evidence.OtherNumberLength.Value {
			others = append(others, b.Text)
		}
	}
	if slices.ContainsFunc(tokens(j.sight.Text), j.is) || j.inRow() {
		return
	}
	switch {
	case len(others) > 0:
		j.find(VerdictRefused, PreflightOtherNumber, strings.Join(others, ", "), wanted)
	case len(j.sight.Unsure) > 0:
		j.find(VerdictLook, PreflightUnsure, strings.Join(j.sight.Unsure, ", "), wanted)
	default:
		j.find(VerdictLook, PreflightNoNumber, "", wanted)
	}
}

// is tells whether a text is the parcel's number.
func (j *judge) is(text string) bool { return slices.Contains(j.Numbers, tracknum.Normalize(text)) }

// inRow tells whether a document's text shows the number in groups, as labels print it.
func (j *judge) inRow() bool {
	words := tokens(j.sight.Text)
	for i := range words {
		for _, number := range j.Numbers {
			rest := number
			for _, word := range words[i:] {
				part, begins := tracknum.Normalize(word), false
				if rest, begins = strings.CutPrefix(rest, part); !begins || part == "" {
					break
				}
				if rest == "" {
					return true
				}
			}
		}
	}
	return false
}

// usRouting is the GS1 prefix of labels of the last mile in the United States: it and the
// postal code, of five or nine digits, stand before the number.
const usRouting = "420"

// shows tells whether a code holds the parcel's number: a Code 128 is it; a QR code may hold
// more beside it.
func (j *judge) shows(b Barcode) bool {
	if j.is(b.Text) {
		return true
	}
	if b.Format == BarcodeQR {
		return slices.ContainsFunc(tokens(b.Text), j.is)
	}
	rest, routed := strings.CutPrefix(tracknum.Normalize(b.Text), usRouting)
	return routed && (len(rest) > 5 && j.is(rest[5:]) || len(rest) > 9 && j.is(rest[9:]))
}

// tokens are a text's runs of letters and digits.
func tokens(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// waybillGiven judges what the uploader states of a waybill.
func (j *judge) waybillGiven() {
	for _, key := range j.policy.Evidence.WaybillGiven.Value {
		value, said := j.Given[key]
		switch {
		case key == GivenShipDate && !said:
			j.find(j.asked(), PreflightNoShipDate, "", "")
		case key == GivenShipDate:
			j.shipDate(value)
		case key == GivenWeight && !said:
			j.find(j.asked(), PreflightNoWeight, "", "")
		case key == GivenVolume && !said:
			j.find(j.asked(), PreflightNoVolume, "", "")
		default:
			if d, err := decimal.Parse(strings.TrimSpace(value)); err != nil || !d.IsPos() {
				j.unread(key, value, "> 0")
			}
		}
	}
}

// shipDate judges the date on the label: not before the order, not after the first scan.
func (j *judge) shipDate(value string) {
	loc := j.policy.Location()
	day, err := time.ParseInLocation(time.DateOnly, strings.TrimSpace(value), loc)
	if err != nil {
		j.unread(GivenShipDate, value, "YYYY-MM-DD")
		return
	}
	date := func(t time.Time) string { return t.In(loc).Format(time.DateOnly) }
	shown := day.Format(time.DateOnly)
	switch {
	case !j.CreatedAt.IsZero() && shown < date(j.CreatedAt):
		j.find(VerdictLook, PreflightShipDate, shown, ">= "+date(j.CreatedAt))
	case !j.FirstScan.IsZero() && shown > date(j.FirstScan):
		j.find(VerdictLook, PreflightShipDate, shown, "<= "+date(j.FirstScan))
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
