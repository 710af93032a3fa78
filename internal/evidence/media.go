package evidence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf8"

	"parcelward/internal/rules"
)

// The bounds of a video's structure.
const (
	maxBoxes = 100_000  // fragments of a long recording stay below
	maxIndex = 32 << 20 // bytes of one box that is no picture or sound
)

// checkMP4 walks over the boxes of a video: they must fill the file exactly, and hold an index.
// Pictures and sound are not looked at.
func checkMP4(r io.ReaderAt, size int64) *rules.OriginalFault {
	indexed := false
	head := make([]byte, 16)
	for at, count := int64(0), 0; at < size; count++ {
		if count == maxBoxes {
			return damaged(fmt.Sprintf("MP4: more than %d boxes", maxBoxes))
		}
		n, err := r.ReadAt(head, at)
		if n < 8 {
			return damaged(fmt.Sprintf("MP4: %v", err))
		}
		length, kind, body := int64(binary.BigEndian.Uint32(head)), string(head[4:8]), int64(8)
		switch length {
		case 0: // to the end of the file
			length = size - at
		case 1:
			if n < 16 || binary.BigEndian.Uint64(head[8:]) > uint64(size) { //nolint:gosec // a file's size is not negative
				return damaged("MP4: a box beyond the end")
			}
			length, body = int64(binary.BigEndian.Uint64(head[8:])), 16 //nolint:gosec // bounded above
		}
		if length < body || length > size-at || !named(kind) {
			return damaged("MP4: a box beyond the end")
		}
		if kind == "moov" {
			indexed = true
		}
		if kind != "mdat" {
			if length > maxIndex {
				return damaged(fmt.Sprintf("MP4: a box %q of %d MB", kind, length>>20))
			}
			if fault := searchMarkup(io.NewSectionReader(r, at, length)); fault != nil {
				return fault
			}
		}
		at += length
	}
	if !indexed {
		return damaged("MP4: no moov")
	}
	return nil
}

// named tells whether a box has a name that one can have.
func named(kind string) bool {
	for i := range len(kind) {
		if c := kind[i]; c < ' ' || c > '~' && c != 0xa9 { // © begins names of Apple's
			return false
		}
	}
	return true
}

// searchMarkup reads by pieces that overlap.
func searchMarkup(r io.Reader) *rules.OriginalFault {
	const overlap = 16
	window, held := make([]byte, 64<<10), 0
	for {
		n, err := io.ReadFull(r, window[held:])
		held += n
		if found := markup(window[:held]); found != "" {
			return &rules.OriginalFault{Code: rules.OriginalHidden, Found: found}
		}
		if err != nil {
			return nil
		}
		held = copy(window, window[held-overlap:held])
	}
}

// checkText reads a text wholly: UTF-8, nothing that only programs read, no markup.
func checkText(b []byte) *rules.OriginalFault {
	switch {
	case strange(b):
		return &rules.OriginalFault{Code: rules.OriginalType, Found: "binary", Expected: expectedTypes}
	case !utf8.Valid(b):
		return &rules.OriginalFault{Code: rules.OriginalEncoding, Expected: "UTF-8"}
	case len(bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\ufeff")))) == 0:
		return &rules.OriginalFault{Code: rules.OriginalEmpty}
	}
	if found := markup(b); found != "" {
		return &rules.OriginalFault{Code: rules.OriginalHidden, Found: found}
	}
	return nil
}
