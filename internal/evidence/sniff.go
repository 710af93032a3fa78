package evidence

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"parcelward/internal/rules"
)

// The media types that are kept.
const (
	JPEG = "image/jpeg"
	PNG  = "image/png"
	WebP = "image/webp"
	PDF  = "application/pdf"
	MP4  = "video/mp4"
	Text = "text/plain"
)

// The largest originals, in bytes (issue 4).
const (
	MaxDocument = 20 << 20 // image, PDF, text
	MaxVideo    = 200 << 20
)

// expectedTypes is what people read.
const expectedTypes = "JPEG, PNG, WebP, PDF, MP4, TXT, CSV (UTF-8)"

// sniffLength is how many bytes tell a type.
const sniffLength = 4096

// extensions are the file names' endings of each type, the usual one first.
func extensions(mediaType string) []string {
	switch mediaType {
	case JPEG:
		return []string{".jpg", ".jpeg", ".jpe", ".jfif"}
	case PNG:
		return []string{".png"}
	case WebP:
		return []string{".webp"}
	case PDF:
		return []string{".pdf"}
	case MP4:
		return []string{".mp4", ".m4v"}
	case Text:
		return []string{".txt", ".csv", ".tsv", ".log", ".md", ".json"}
	}
	return nil
}

// Sniff tells the media type of a file from its first bytes; whole says that there are no more.
// Everything is said by the bytes, nothing by the name.
func Sniff(head []byte, whole bool) (string, *rules.OriginalFault) {
	switch {
	case len(head) == 0:
		return "", &rules.OriginalFault{Code: rules.OriginalEmpty}
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return JPEG, nil
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return PNG, nil
	case riff(head, "WEBP"):
		return WebP, nil
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return PDF, nil
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		if slices.Contains(videoBrands(), string(head[8:12])) {
			return MP4, nil
		}
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) { // UTF-16
		return "", &rules.OriginalFault{Code: rules.OriginalEncoding, Expected: "UTF-8"}
	}
	if name := foreign(head); name != "" {
		return "", &rules.OriginalFault{Code: rules.OriginalType, Found: name, Expected: expectedTypes}
	}
	if strange(head) {
		return "", &rules.OriginalFault{Code: rules.OriginalType, Found: "binary", Expected: expectedTypes}
	}
	if !whole { // the last character may be cut
		for range utf8.UTFMax - 1 {
			if r, size := utf8.DecodeLastRune(head); r == utf8.RuneError && size == 1 {
				head = head[:len(head)-1]
			}
		}
	}
	if !utf8.Valid(head) {
		return "", &rules.OriginalFault{Code: rules.OriginalEncoding, Expected: "UTF-8"}
	}
	return Text, nil
}

// videoBrands are the major brands of MP4 that phones and browsers write and play.
func videoBrands() []string {
	return []string{"isom", "iso2", "iso3", "iso4", "iso5", "iso6", "mp41", "mp42", "mp71", "avc1", "M4V ", "M4VP", "MSNV", "dash", "mmp4", "f4v "}
}

func riff(head []byte, form string) bool {
	return len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == form
}

// foreign names a type that people try to upload and that is not kept; empty: none of them.
func foreign(head []byte) string {
	for _, known := range []struct{ magic, name string }{
		{"GIF8", "GIF"},
		{"BM", "BMP"},
		{"II*\x00", "TIFF"},
		{"MM\x00*", "TIFF"},
		{"8BPS", "PSD"},
		{"Rar!\x1a\x07", "RAR"},
		{"7z\xbc\xaf\x27\x1c", "7Z"},
		{"\x1f\x8b", "GZIP"},
		{"\xd0\xcf\x11\xe0", "XLS/DOC"},
		{"MZ", "EXE"},
		{"\x7fELF", "ELF"},
		{"\x1aE\xdf\xa3", "MKV/WEBM"},
		{"{\\rtf", "RTF"},
		{"%!PS", "PostScript"},
		{"ID3", "MP3"},
	} {
		if strings.HasPrefix(string(head), known.magic) && (len(known.magic) > 2 || strange(head)) {
			return known.name
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		for part, name := range map[string]string{"xl/": "XLSX", "word/": "DOCX"} {
			if bytes.Contains(head, []byte(part)) {
				return name
			}
		}
		return "ZIP"
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		switch brand := string(head[8:12]); {
		case slices.Contains([]string{"heic", "heix", "hevc", "hevx", "mif1", "msf1"}, brand):
			return "HEIC"
		case strings.HasPrefix(brand, "avi"):
			return "AVIF"
		case brand == "qt  ":
			return "MOV"
		case strings.HasPrefix(brand, "3g"):
			return "3GP"
		}
		return "MP4?"
	case riff(head, "AVI "):
		return "AVI"
	}
	return disguise(head)
}

// disguise names the markup that a text begins with; empty: it begins with none.
func disguise(head []byte) string {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n\f\v")
	if len(head) < 2 || head[0] != '<' || !strings.ContainsRune("!?", rune(head[1])) && (head[1]|0x20 < 'a' || head[1]|0x20 > 'z') {
		return ""
	}
	switch lower := bytes.ToLower(head); {
	case bytes.Contains(lower, []byte("<svg")):
		return "SVG"
	case bytes.HasPrefix(lower, []byte("<?xml")):
		return "XML"
	}
	return "HTML"
}

// strange tells whether there are bytes that no text has.
func strange(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' || c == 0x7f {
			return true
		}
	}
	return false
}

// CheckExtension compares the name's ending with the type that the bytes have, and gives a name
// without one the usual.
func CheckExtension(name, mediaType string) (string, *rules.OriginalFault) {
	extension := path.Ext(name)
	known := extensions(mediaType)
	switch {
	case slices.Contains(known, strings.ToLower(extension)):
		return name, nil
	case extension == "", len(extension) > 10, strings.ContainsAny(extension, " "):
		return name + known[0], nil
	}
	return name, &rules.OriginalFault{Code: rules.OriginalExtension, Found: extension, Expected: strings.ToUpper(known[0][1:])}
}

// markup finds what browsers would run or draw, wherever a type of ours may hold free text.
func markup(b []byte) string {
	for at := 0; ; at++ {
		next := bytes.IndexByte(b[at:], '<')
		if next < 0 {
			return ""
		}
		at += next
		rest := b[at:min(at+12, len(b))]
		for _, word := range []string{"<script", "<svg", "<html", "<iframe", "<!doctype", "<?php", "<object", "<embed"} {
			n := len(word)
			if len(rest) > n && strings.IndexByte(" \t\r\n\f/>", rest[n]) >= 0 && strings.EqualFold(string(rest[:n]), word) {
				return word + ">"
			}
		}
	}
}

// trailer finds what is hidden behind the end of a file. Phones put pieces of their own there
// (motion photos, notes of the maker), so that something is there is no fault.
func trailer(b []byte) *rules.OriginalFault {
	found := markup(b)
	// The end of an archive, which makes a ZIP (JAR, DOCX …) of any file, stands in its last 64 KB.
	if tail := b[max(0, len(b)-(64<<10)-22):]; found == "" && bytes.Contains(tail, []byte("PK\x05\x06")) {
		found = "ZIP"
	}
	if found == "" && bytes.HasPrefix(bytes.TrimLeft(b, "\x00\r\n \t"), []byte("%PDF-")) {
		found = "PDF"
	}
	if found == "" {
		return nil
	}
	return &rules.OriginalFault{Code: rules.OriginalHidden, Found: found}
}
