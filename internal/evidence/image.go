package evidence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/webp"

	"parcelward/internal/rules"
)

// The bounds of images.
const (
	maxPixels  = 64_000_000 // more than phones and scanners write into 20 MB
	maxSide    = 32_767     // a long screenshot of a chat fits
	maxDecoded = 256 << 20  // bytes that decoding may take, of all images at once
	maxScans   = 100        // of a progressive JPEG; each costs a walk over the whole image
)

// shape is what the head of an image promises.
type shape struct {
	width, height int
	// cost is how many bytes decoding allocates for each pixel, at most.
	cost float64
	end  int // where the image ends in its file; behind it lies the trailer
	meta [][]byte
}

// measure reads the shape without decoding.
func measure(mediaType string, b []byte) (shape, error) {
	switch mediaType {
	case JPEG:
		return measureJPEG(b)
	case PNG:
		return measurePNG(b)
	}
	return measureWebP(b)
}

// weight is how many bytes decoding takes.
func (s *shape) weight() int64 {
	return int64(math.Ceil(float64(s.width) * float64(s.height) * s.cost))
}

// admit tells whether an image may be decoded at all, and whether something is hidden in it.
func (s *shape) admit(b []byte) *rules.OriginalFault {
	switch {
	case s.width <= 0 || s.height <= 0:
		return damaged("0 px")
	case s.width > maxSide || s.height > maxSide || int64(s.width)*int64(s.height) > maxPixels || s.weight() > maxDecoded:
		return &rules.OriginalFault{
			Code: rules.OriginalPixels, Found: fmt.Sprintf("%d × %d px", s.width, s.height),
			Expected: fmt.Sprintf("%d px, %d MP", maxSide, min(maxPixels, int(maxDecoded/s.cost))/1_000_000),
		}
	}
	for _, text := range s.meta {
		if found := markup(text); found != "" {
			return &rules.OriginalFault{Code: rules.OriginalHidden, Found: found}
		}
	}
	return trailer(b[s.end:])
}

func damaged(what string) *rules.OriginalFault {
	return &rules.OriginalFault{Code: rules.OriginalDamaged, Found: what}
}

// decode decodes the whole image, and throws it away: what cannot be decoded now could not be
// looked at later either.
func decode(mediaType string, s shape, b []byte) *rules.OriginalFault {
	read := map[string]func(io.Reader) (image.Image, error){JPEG: jpeg.Decode, PNG: png.Decode, WebP: webp.Decode}[mediaType]
	m, err := read(bytes.NewReader(b))
	if err != nil {
		return damaged(err.Error())
	}
	if size := m.Bounds().Size(); size.X != s.width || size.Y != s.height {
		return damaged(fmt.Sprintf("%d × %d px", size.X, size.Y)) // two heads that contradict each other
	}
	return nil
}

// measureJPEG walks over the segments to the end of the image.
func measureJPEG(b []byte) (s shape, err error) {
	scans, convert := 0, false
	for at := 2; ; {
		for at < len(b) && b[at] != 0xff { // entropy-coded data, or filling
			at++
		}
		for at < len(b) && b[at] == 0xff {
			at++
		}
		if at >= len(b) {
			return s, io.ErrUnexpectedEOF
		}
		marker := b[at]
		at++
		switch {
		case marker == 0 || marker == 1 || marker >= 0xd0 && marker <= 0xd8: // stuffed, or without a length
			continue
		case marker == 0xd9:
			if s.width == 0 {
				return s, fmt.Errorf("JPEG: no frame")
			}
			if s.end = at; convert {
				s.cost += 4
			}
			return s, nil
		}
		if at+2 > len(b) {
			return s, io.ErrUnexpectedEOF
		}
		length := int(binary.BigEndian.Uint16(b[at:]))
		if length < 2 || at+length > len(b) {
			return s, io.ErrUnexpectedEOF
		}
		segment := b[at+2 : at+length]
		at += length
		switch {
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			if s.width > 0 {
				return s, fmt.Errorf("JPEG: two frames")
			}
			if err := s.frame(segment, marker != 0xc0 && marker != 0xc1); err != nil {
				return s, err
			}
		case marker == 0xda:
			if scans++; scans > maxScans {
				return s, fmt.Errorf("JPEG: more than %d scans", maxScans)
			}
		case marker >= 0xe0 && marker <= 0xef || marker == 0xfe:
			// Adobe's segment says with 0 that the colours are RGB or CMYK, which are converted.
			convert = convert || marker == 0xee && len(segment) >= 12 && string(segment[:5]) == "Adobe" && segment[11] == 0
			s.meta = append(s.meta, segment)
		}
	}
}

// frame reads a frame header. A progressive image holds its coefficients, four bytes each, until
// the end.
func (s *shape) frame(b []byte, progressive bool) error {
	if len(b) < 6 || len(b) < 6+3*int(b[5]) {
		return io.ErrUnexpectedEOF
	}
	s.height, s.width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	most, sum := 1, 0
	for i := range int(b[5]) {
		h, v := int(b[7+3*i]>>4), int(b[7+3*i]&15)
		sum += h * v
		most = max(most, h*v)
	}
	s.cost = float64(max(sum, 1)) / float64(most)
	if b[5] == 4 {
		s.cost += 4 // CMYK is converted
	}
	if progressive {
		s.cost += 4 * float64(max(sum, 1)) / float64(most)
	}
	return nil
}

// measurePNG walks over the chunks.
func measurePNG(b []byte) (s shape, err error) {
	for at := 8; ; {
		if at+12 > len(b) {
			return s, io.ErrUnexpectedEOF
		}
		length, kind := int64(binary.BigEndian.Uint32(b[at:])), string(b[at+4:at+8])
		if int64(at)+12+length > int64(len(b)) {
			return s, io.ErrUnexpectedEOF
		}
		chunk := b[at+8 : at+8+int(length)]
		at += 12 + int(length)
		switch kind {
		case "IHDR":
			if len(chunk) != 13 {
				return s, fmt.Errorf("PNG: IHDR of %d bytes", len(chunk))
			}
			width, height := binary.BigEndian.Uint32(chunk), binary.BigEndian.Uint32(chunk[4:])
			if width > math.MaxInt32 || height > math.MaxInt32 {
				return s, fmt.Errorf("PNG: impossible size")
			}
			s.width, s.height = int(width), int(height)
			s.cost = map[byte]float64{0: 1, 2: 4, 3: 1, 4: 4, 6: 4}[chunk[9]]
			if chunk[8] == 16 {
				s.cost = map[byte]float64{0: 2}[chunk[9]]
				if chunk[9] != 0 {
					s.cost = 8
				}
			}
			if s.cost = max(s.cost, 1); chunk[9] == 0 {
				s.cost = 4 * s.cost // a transparent grey makes it coloured
			}
			if chunk[12] != 0 {
				s.cost *= 2 // interlaced: each pass is an image
			}
		case "tEXt", "iTXt", "eXIf", "iCCP", "zTXt":
			s.meta = append(s.meta, chunk)
		case "IEND":
			s.end = at
			return s, nil
		}
	}
}

// measureWebP walks over the chunks.
func measureWebP(b []byte) (s shape, err error) {
	config, err := webp.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return s, fmt.Errorf("WebP: %w", err)
	}
	s.width, s.height, s.cost = config.Width, config.Height, 8
	size := int64(binary.LittleEndian.Uint32(b[4:])) + 8
	if size > int64(len(b)) {
		return s, io.ErrUnexpectedEOF
	}
	s.end = int(size)
	for at := 12; at+8 <= s.end; {
		kind, length := string(b[at:at+4]), int64(binary.LittleEndian.Uint32(b[at+4:]))
		end := int64(at) + 8 + length
		if end > size {
			return s, io.ErrUnexpectedEOF
		}
		if kind != "VP8 " && kind != "VP8L" && kind != "ALPH" {
			s.meta = append(s.meta, b[at+8:end])
		} else if frame := b[at+8 : end]; !s.within(kind, frame) {
			return s, fmt.Errorf("WebP: a frame that is larger than the image")
		}
		at = int(end + length&1)
	}
	return s, nil
}

// within tells whether a frame has the size of its image: the decoder allocates what the frame
// says, not what the head says.
func (s *shape) within(kind string, b []byte) bool {
	var w, h int
	switch {
	case kind == "VP8 " && len(b) >= 10:
		w, h = int(binary.LittleEndian.Uint16(b[6:]))&0x3fff, int(binary.LittleEndian.Uint16(b[8:]))&0x3fff
	case kind == "VP8L" && len(b) >= 5:
		bits := binary.LittleEndian.Uint32(b[1:])
		w, h = int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
	}
	return w <= s.width && h <= s.height
}
