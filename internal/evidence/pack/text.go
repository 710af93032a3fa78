package pack

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// visible makes a text of which a font shows every character: letters with their accents in one
// (NFC), a tab as spaces, lines ended by "\n", and everything else that would not show (what the
// font lacks, control and format characters, bytes that are no UTF-8) by its number, as [U+1F600].
func visible(s string, has func(rune) bool) string {
	if utf8.ValidString(s) {
		s = norm.NFC.String(s)
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	b.Grow(len(s))
	numbered := false // the last character was
	number := func(format string, n any) {
		if numbered {
			b.WriteByte(' ')
		} else {
			b.WriteByte('[')
		}
		numbered = true
		fmt.Fprintf(&b, format, n)
	}
	for i, r := range s {
		var shown string
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			number("0x%02X", s[i])
			continue
		case r == '\n', r == '\r', r == '\u2028', r == '\u2029':
			shown = "\n"
		case r == '\t':
			shown = "    "
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp), !has(r):
			number("U+%04X", r)
			continue
		default:
			shown = string(r)
		}
		if numbered {
			b.WriteByte(']')
			numbered = false
		}
		b.WriteString(shown)
	}
	if numbered {
		b.WriteByte(']')
	}
	return b.String()
}

// Punctuation that does not begin a line, and that does not end one.
const (
	notFirst = "，。、；：？！）】》〉」』”’％…·,.;:?!)]}%"
	notLast  = "（【《〈「『“‘([{"
)

// wrap breaks a visible text into lines no wider than width, in measure's unit. The lines hold
// every character of s but its line ends: what the PDF library's own wrapping does not. Only
// spaces at a line's end, and one character that is wider than the width by itself, go beyond it.
func wrap(s string, width float64, measure func(rune) float64) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(s, "\n") {
		for {
			line, rest := cutLine(paragraph, width, measure)
			lines = append(lines, line)
			if paragraph = rest; rest == "" {
				break
			}
		}
	}
	return lines
}

// cutLine takes the first line off a paragraph.
func cutLine(s string, width float64, measure func(rune) float64) (line, rest string) {
	var used float64
	var prev rune
	best := 0 // the last place at which a line may end
	for i, r := range s {
		if i > 0 && mayBreak(prev, r) {
			best = i
		}
		if used += measure(r); used > width && r != ' ' && i > 0 {
			if best == 0 {
				best = i // one word that is wider than the line
			}
			return s[:best], s[best:]
		}
		prev = r
	}
	return s, ""
}

// mayBreak tells whether a line may end between two characters.
func mayBreak(a, b rune) bool {
	switch {
	case b == ' ', strings.ContainsRune(notFirst, b), strings.ContainsRune(notLast, a):
		return false
	case a == ' ':
		return true
	}
	return wide(a) || wide(b) || ((a == '-' || a == '/') && unicode.IsLetter(b))
}

// wide tells whether r is of a script that breaks lines between any two characters.
func wide(r rune) bool {
	return r >= 0x2E80 && r <= 0xD7A3 || r >= 0xF900 && r <= 0xFAFF || r >= 0xFE30 && r <= 0xFE4F || r >= 0xFF00 && r <= 0xFFEF
}
