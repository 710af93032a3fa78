package rules

// OriginalCode says what is wrong with a file that was to become evidence.
type OriginalCode string

// The codes.
const (
	OriginalEmpty     OriginalCode = "empty"
	OriginalTooLarge  OriginalCode = "too-large"
	OriginalType      OriginalCode = "wrong-type"      // none of those that are kept
	OriginalExtension OriginalCode = "wrong-extension" // the name says another type than the bytes
	OriginalEncoding  OriginalCode = "text-encoding"   // text that is not UTF-8
	OriginalDamaged   OriginalCode = "damaged"         // cannot be decoded wholly
	OriginalPixels    OriginalCode = "too-many-pixels" // decoded it would fill the memory
	OriginalActive    OriginalCode = "active-pdf"      // scripts, programs or files in a PDF
	OriginalOpaque    OriginalCode = "opaque-pdf"      // objects of a PDF packed so that they cannot be looked through
	OriginalEncrypted OriginalCode = "encrypted-pdf"
	OriginalHidden    OriginalCode = "hidden-content" // markup or an archive within or behind a file of another type
)

// OriginalCodes lists the codes.
func OriginalCodes() []OriginalCode {
	return []OriginalCode{
		OriginalEmpty, OriginalTooLarge, OriginalType, OriginalExtension, OriginalEncoding, OriginalDamaged, OriginalPixels,
		OriginalActive, OriginalOpaque, OriginalEncrypted, OriginalHidden,
	}
}

// OriginalFault is what is wrong with a file that was to become evidence. Found and Expected are
// the same in every language: names of types, measures, names of PDF.
type OriginalFault struct {
	Code     OriginalCode
	Found    string
	Expected string
}
