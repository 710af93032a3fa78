package inspect

import "testing"

// Text128 lets a test turn symbols into text without drawing them.
func Text128(start int, values []int) (string, bool) { return text128(start, values) }

// Seen is a code that a scan line shows, at a height.
type Seen struct {
	Text string
	Y    float32
}

// Vote lets a test count what scan lines show without drawing it.
func Vote(lines []Seen) (found, unsure []string) {
	var s scanner
	for _, l := range lines {
		s.seen = append(s.seen, sighting{text: l.Text, symbols: len(l.Text), x1: 0, y1: l.Y, x2: 100, y2: l.Y})
	}
	codes, unsure := s.count()
	for _, c := range codes {
		found = append(found, c.Text)
	}
	return found, unsure
}

// MaxUnzipped and Weight are what files are weighed by.
const MaxUnzipped = maxUnzipped

// Weight is the weight of a file.
var Weight = weight

// TakeMemory takes all memory until release.
func TakeMemory(t *testing.T) (release func()) {
	t.Helper()
	done, err := turn(t.Context(), maxMemory)
	if err != nil {
		t.Fatal(err)
	}
	return done
}
