package policy

import (
	"slices"
	"strings"

	"github.com/govalues/decimal"
)

// Evidence is what an original must be like before it is handed in.
type Evidence struct {
	// ShortSideMin is how many pixels a picture's shorter side must have; below
	// ShortSideReady a person looks at it.
	ShortSideMin   Value[int] `yaml:"short_side_min"`
	ShortSideReady Value[int] `yaml:"short_side_ready"`
	// SharpnessMin is the variance of the Laplacian, measured at a width of 640 pixels and
	// without the share of noise, below which a picture is blurred; below SharpnessReady a
	// person looks at it.
	SharpnessMin   Value[decimal.Decimal] `yaml:"sharpness_min"`
	SharpnessReady Value[decimal.Decimal] `yaml:"sharpness_ready"`
	// ContrastReady is the least distance between the darkest and the lightest hundredth of a
	// picture, of 255, at which nobody need look at it.
	ContrastReady Value[int] `yaml:"contrast_ready"`
	// OtherNumberLength is from how many characters on a barcode that is not the tracking
	// number is taken for another parcel's.
	OtherNumberLength Value[int] `yaml:"other_number_length"`
	// Forms maps a kind of evidence to the forms in which it is taken.
	Forms Value[map[string][]string] `yaml:"forms"`
	// WaybillGiven is what must be stated of a waybill: legible there, but not to a machine.
	WaybillGiven Value[[]string] `yaml:"waybill_given"`
	// The phrases by which buyers say that nothing came, that they refuse the parcel, and that
	// it came after all, by language.
	NotReceivedPhrases Value[map[string][]string] `yaml:"not_received_phrases"`
	RefusalPhrases     Value[map[string][]string] `yaml:"refusal_phrases"`
	ReceivedPhrases    Value[map[string][]string] `yaml:"received_phrases"`
	// OtherMatterPhrases close to one of these tell that it is about something else than the parcel.
	OtherMatterPhrases Value[map[string][]string] `yaml:"other_matter_phrases"`
}

// The forms of evidence.
const (
	FormPicture  = "picture"  // JPEG, PNG, WebP
	FormDocument = "document" // PDF
	FormVideo    = "video"    // MP4
	FormTable    = "table"    // CSV, XLSX
	FormMessages = "messages" // the collector's JSON
	FormText     = "text"
)

func (d *decoder) evidence(e *Evidence) {
	d.check("evidence.short_side_ready.value", e.ShortSideMin.Value <= e.ShortSideReady.Value, "expected at least short_side_min")
	d.check("evidence.sharpness_ready.value", e.SharpnessMin.Value.Cmp(e.SharpnessReady.Value) <= 0, "expected at least sharpness_min")
	d.check("evidence.contrast_ready.value", e.ContrastReady.Value <= 255, "expected at most 255")
	forms := []string{FormPicture, FormDocument, FormVideo, FormTable, FormMessages, FormText}
	for kind, taken := range e.Forms.Value {
		d.check("evidence.forms.value."+kind, all(taken, func(form string) bool { return slices.Contains(forms, form) }),
			"got %s, expected forms among %s", strings.Join(taken, ", "), strings.Join(forms, ", "))
	}
	given := []string{"ship_date", "weight_kg", "volume_cm3"}
	d.check("evidence.waybill_given.value", all(e.WaybillGiven.Value, func(key string) bool { return slices.Contains(given, key) }),
		"expected keys among %s", strings.Join(given, ", "))
}
