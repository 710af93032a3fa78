package evidence

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"parcelward/internal/rules"
)

// maxName is the longest name of a file, in bytes: what every file system and archive takes.
const maxName = 120

// CleanName makes of a name that came with an upload one that is good on every system: without
// folders, control and direction marks, characters or names that a system reserves. It is for
// people; content is found by its hash. kind names what has no name left.
func CleanName(name string, kind rules.EvidenceKind) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, ""))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == unicode.ReplacementChar:
			return -1 // Cf: direction marks, zero widths and the like
		case unicode.IsSpace(r):
			return ' '
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	extension := path.Ext(name)
	if len(extension) > 10 {
		extension = "" // no extension, but a sentence with a full stop
	}
	stem := strings.TrimRight(strings.TrimSuffix(name, extension), " .")
	for len(stem)+len(extension) > maxName {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = strings.TrimRight(stem[:len(stem)-size], " .")
	}
	if stem == "" {
		stem = string(kind)
	}
	if first, _, _ := strings.Cut(stem, "."); reserved(first) {
		stem = "_" + stem
	}
	return stem + extension
}

// reserved tells whether a name without extension means a device somewhere.
func reserved(stem string) bool {
	upper := strings.ToUpper(strings.TrimSpace(stem))
	if len(upper) == 4 && (strings.HasPrefix(upper, "COM") || strings.HasPrefix(upper, "LPT")) {
		return upper[3] >= '0' && upper[3] <= '9'
	}
	return slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "CLOCK$"}, upper)
}
