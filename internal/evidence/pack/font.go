package pack

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"

	"golang.org/x/image/font/sfnt"
)

// fontFile is a subset of Noto Sans; font/README.md tells of what and how it is made.
//
//go:embed font/sans.ttf.gz
var fontFile []byte

// font is the pack's font: its file, and what it can show.
type font struct {
	ttf    []byte
	glyphs *sfnt.Font
}

func openFont() (*font, error) {
	z, err := gzip.NewReader(bytes.NewReader(fontFile))
	if err != nil {
		return nil, fmt.Errorf("embedded font: %w", err)
	}
	ttf, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("embedded font: %w", err)
	}
	glyphs, err := sfnt.Parse(ttf)
	if err != nil {
		return nil, fmt.Errorf("embedded font: %w", err)
	}
	return &font{ttf, glyphs}, nil
}

// has tells whether the font shows r. The PDF library takes no rune beyond the BMP: it panics.
func (f *font) has(r rune) bool {
	if r > 0xFFFF {
		return false
	}
	i, err := f.glyphs.GlyphIndex(nil, r)
	return err == nil && i != 0
}
