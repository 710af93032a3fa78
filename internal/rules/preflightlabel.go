package rules

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/tracknum"
)

// label judges the number that a label shows: by its codes, for a text beside them may be of
// anything, and is never worth more than a code that says otherwise.
func (j *judge) label() {
	wanted := strings.Join(j.Numbers, ", ")
	if len(j.Numbers) == 0 {
		j.find(VerdictLook, PreflightNotCompared, "", "")
		return
	}
	c := j.codes()
	switch {
	case c.shown && len(c.numbers) > 0:
		j.find(VerdictLook, PreflightBeside, strings.Join(c.numbers, ", "), wanted)
	case c.shown:
	case len(c.numbers) > 0:
		j.find(VerdictRefused, PreflightOtherNumber, strings.Join(c.numbers, ", "), wanted)
	case slices.ContainsFunc(tokens(j.sight.Text), j.is) || j.inRow():
		j.find(VerdictLook, PreflightInText, "", wanted)
	case len(c.others) > 0:
		j.find(VerdictRefused, PreflightOtherNumber, strings.Join(c.others, ", "), wanted)
	case len(j.sight.Unsure) > 0:
		j.find(VerdictLook, PreflightUnsure, strings.Join(j.sight.Unsure, ", "), wanted)
	default:
		j.find(VerdictLook, PreflightNoNumber, "", wanted)
	}
}

// otherLabel judges the codes of a picture that need not show any: none may be another parcel's.
func (j *judge) otherLabel() {
	c := j.codes()
	switch wanted := strings.Join(j.Numbers, ", "); {
	case len(c.numbers) == 0:
	case len(j.Numbers) == 0:
		j.find(VerdictLook, PreflightNotCompared, strings.Join(c.numbers, ", "), "")
	case c.shown:
		j.find(VerdictLook, PreflightBeside, strings.Join(c.numbers, ", "), wanted)
	default:
		j.find(VerdictRefused, PreflightOtherNumber, strings.Join(c.numbers, ", "), wanted)
	}
}

// codesSeen is what the codes of a picture say of the parcel's number.
type codesSeen struct {
	shown   bool     // one of them is the number, or holds it
	numbers []string // that look like those of other parcels
	others  []string // Code 128 that are long enough for one, but do not look like one
}

func (j *judge) codes() codesSeen {
	var c codesSeen
	for _, b := range j.sight.Barcodes {
		switch text := tracknum.Normalize(b.Text); {
		case j.shows(b):
			c.shown = true
		case bare(b) && j.another(text):
			c.numbers = append(c.numbers, b.Text)
		case b.Format == BarcodeCode128 && len(text) >= j.policy.Evidence.OtherNumberLength.Value:
			c.others = append(c.others, b.Text)
		}
	}
	return c
}

// bare tells whether a code holds nothing beside what may be a number: a QR code mostly holds an
// address of the web, or a record of its carrier's.
func bare(b Barcode) bool {
	return b.Format == BarcodeCode128 || !strings.ContainsFunc(b.Text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsSpace(r) && r != '-'
	})
}

// another tells whether a code, normalised, looks like the number of another parcel. Labels bear
// the order's number too, and routes: a postal code, or one with the parcel's own number behind.
func (j *judge) another(text string) bool {
	if !tracknum.Likely(text) || text == tracknum.Normalize(j.Order) {
		return false
	}
	if rest, routed := strings.CutPrefix(text, usRouting); routed && (len(rest) == 5 || len(rest) == 9) {
		return false
	}
	return !slices.ContainsFunc(j.Numbers, func(number string) bool { return strings.Index(text, number) > 0 && tracknum.Likely(number) })
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
