package inspect

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"regexp"
	"strconv"
	"strings"

	"parcelward/internal/rules"
)

// A document is looked into without a renderer: its pages are counted, its text is gathered, its
// first picture is measured as a picture, and bars that it draws are read as bars. What else a
// page shows stays unseen, and the sight says so.

const (
	// maxObjects and maxInflated bound a document far above what labels need.
	maxObjects  = 20_000
	maxInflated = 64 << 20 // bytes, of all streams together
	maxText     = 1 << 20  // bytes of text that are kept
	maxImages   = 8        // pictures that are tried
)

var (
	errInflated = errors.New("its streams are too large")

	reObject = regexp.MustCompile(`(?:^|[\s>\]])\d{1,10}\s+\d{1,5}\s+obj\b`)
	rePage   = regexp.MustCompile(`/Type\s*/Page[^s\w]`)
)

// pdfObject is one object: its dictionary and, undecoded, its stream.
type pdfObject struct {
	dict   []byte
	stream []byte
}

// pdf is what was found in a document.
type pdf struct {
	pages     int
	encrypted bool
	text      strings.Builder
	images    []pdfObject
	bars      []rect // filled rectangles, in points
	budget    int    // bytes that may still be inflated
}

// readPDF takes a document apart. It reads objects by their marks, not by the cross-reference
// table: what is damaged or hostile there misleads nobody.
func readPDF(ctx context.Context, content []byte) (*pdf, error) {
	if !bytes.HasPrefix(bytes.TrimLeft(content[:min(len(content), 1024)], "\x00\t\n\f\r "), []byte("%PDF-")) {
		return nil, errors.New("no PDF header")
	}
	p := &pdf{budget: maxInflated}
	p.encrypted = bytes.Contains(content, []byte("/Encrypt"))
	if p.encrypted {
		return p, nil
	}
	marks := reObject.FindAllIndex(content, maxObjects)
	for i, mark := range marks {
		if ctx.Err() != nil {
			return p, fmt.Errorf("document: %w", ctx.Err())
		}
		end := len(content)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		if err := p.object(content[mark[1]:end]); err != nil {
			return p, err
		}
	}
	return p, nil
}

// object reads one object.
func (p *pdf) object(body []byte) error {
	var o pdfObject
	dict, stream, streamed := bytes.Cut(body, []byte("stream"))
	o.dict = dict
	if rePage.Match(dict) {
		p.pages++
	}
	if !streamed {
		return nil
	}
	stream = bytes.TrimPrefix(bytes.TrimPrefix(stream, []byte("\r")), []byte("\n"))
	if at := bytes.LastIndex(stream, []byte("endstream")); at >= 0 {
		stream = stream[:at]
	}
	o.stream = stream
	if o.named("Subtype", "Image") {
		if len(p.images) < maxImages {
			p.images = append(p.images, o)
		}
		return nil
	}
	if o.named("Type", "XRef") || o.named("Type", "Metadata") || o.has("Length1") || o.has("FunctionType") || o.has("N") && !o.named("Type", "ObjStm") {
		return nil // cross references, fonts, functions, colour profiles
	}
	plain, err := p.inflate(&o)
	if err != nil || plain == nil {
		return err
	}
	if o.named("Type", "ObjStm") {
		p.pages += len(rePage.FindAllIndex(plain, maxObjects))
		return nil
	}
	c := content{out: p}
	c.run(plain)
	return nil
}

// has tells whether the dictionary has a key.
func (o *pdfObject) has(key string) bool {
	for rest := o.dict; ; {
		at := bytes.Index(rest, []byte("/"+key))
		if at < 0 {
			return false
		}
		rest = rest[at+1+len(key):]
		if len(rest) == 0 || strings.IndexByte(pdfDelimiters, rest[0]) >= 0 {
			return true
		}
	}
}

const pdfDelimiters = " \t\r\n\f\x00/<>[]()%"

// named tells whether a key has a name for its value, or an array that begins with it.
func (o *pdfObject) named(key, name string) bool {
	value := o.value(key)
	value = strings.TrimLeft(strings.TrimPrefix(value, "["), pdfSpaces)
	rest, ok := strings.CutPrefix(value, "/"+name)
	return ok && (rest == "" || strings.IndexByte(pdfDelimiters, rest[0]) >= 0)
}

const pdfSpaces = " \t\r\n\f\x00"

// value is what follows a key, at most 200 bytes of it; empty: there is no such key.
func (o *pdfObject) value(key string) string {
	for rest := o.dict; ; {
		at := bytes.Index(rest, []byte("/"+key))
		if at < 0 {
			return ""
		}
		rest = rest[at+1+len(key):]
		if len(rest) > 0 && strings.IndexByte(pdfDelimiters, rest[0]) >= 0 {
			return strings.TrimLeft(string(rest[:min(len(rest), 200)]), pdfSpaces)
		}
	}
}

// number is a key's whole number; 0: it has none.
func (o *pdfObject) number(key string) int {
	value := o.value(key)
	end := 0
	for end < len(value) && value[end] >= '0' && value[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(value[:end])
	if err != nil {
		return 0
	}
	return n
}

// inflate decodes a stream without filter or with Flate alone; nil: it has another filter.
func (p *pdf) inflate(o *pdfObject) ([]byte, error) {
	if !o.has("Filter") {
		if p.budget -= len(o.stream); p.budget < 0 {
			return nil, errInflated
		}
		return o.stream, nil
	}
	if !o.named("Filter", "FlateDecode") || strings.Count(o.value("Filter"), "Decode") > 1 && strings.HasPrefix(o.value("Filter"), "[") && !o.flateOnly() {
		return nil, nil
	}
	z, err := zlib.NewReader(bytes.NewReader(o.stream))
	if err != nil {
		return nil, nil //nolint:nilerr // a stream that is no Flate after all shows nothing
	}
	plain, err := io.ReadAll(io.LimitReader(z, int64(p.budget)+1))
	if p.budget -= len(plain); p.budget < 0 {
		return nil, errInflated
	}
	if err != nil && len(plain) == 0 {
		return nil, nil // the same; what could be read of a stream cut short counts
	}
	return plain, nil
}

// flateOnly tells whether an array of filters holds only Flate.
func (o *pdfObject) flateOnly() bool {
	list, _, _ := strings.Cut(strings.TrimPrefix(o.value("Filter"), "["), "]")
	return len(strings.Fields(strings.ReplaceAll(list, "/", " "))) == 1
}

// picture decodes a picture object; nil: it is in a form that is not read here.
func (p *pdf) picture(o *pdfObject) (*gray, int, int, error) {
	if o.named("Filter", "DCTDecode") {
		g, size, err := readPicture(o.stream)
		return g, size.X, size.Y, err
	}
	w, h, bits := o.number("Width"), o.number("Height"), o.number("BitsPerComponent")
	if o.named("ImageMask", "true") || strings.HasPrefix(o.value("ImageMask"), "true") {
		bits = 1
	}
	if w <= 0 || h <= 0 || w > grayPixels/h {
		return nil, w, h, errPixels
	}
	samples := 1
	switch {
	case o.named("ColorSpace", "DeviceRGB"), o.named("ColorSpace", "CalRGB"):
		samples = 3
	case o.named("ColorSpace", "DeviceGray"), o.named("ColorSpace", "CalGray"), bits == 1:
	default:
		return nil, w, h, nil
	}
	if bits != 8 && (bits != 1 || samples != 1) {
		return nil, w, h, nil
	}
	plain, err := p.inflate(o)
	if err != nil || plain == nil {
		return nil, w, h, err
	}
	stride := (w*samples*bits + 7) / 8
	if o.number("Predictor") >= 10 {
		plain = unpredict(plain, stride, max(1, samples*bits/8))
	}
	if len(plain) < stride*h {
		return nil, w, h, fmt.Errorf("picture of %d x %d: expected %d bytes, got %d", w, h, stride*h, len(plain))
	}
	g := newGray(w, h)
	for y := range h {
		row, into := plain[y*stride:], g.pix[(y+margin)*g.w+margin:]
		for x := range w {
			switch {
			case bits == 1:
				into[x] = 255 * (row[x/8] >> (7 - x%8) & 1)
			case samples == 1:
				into[x] = row[x]
			default:
				into[x] = lumaRGBA([]uint8{row[3*x], row[3*x+1], row[3*x+2], 255})
			}
		}
	}
	return g, w, h, nil
}

// unpredict undoes PNG's prediction, in place as far as it goes.
func unpredict(data []byte, stride, pixel int) []byte {
	var out []byte
	above := make([]byte, stride)
	for len(data) > stride {
		kind, row := data[0], data[1:stride+1]
		for i := range row {
			var left, corner int
			if i >= pixel {
				left, corner = int(row[i-pixel]), int(above[i-pixel])
			}
			up := int(above[i])
			switch kind {
			case 1:
				row[i] += byte(left)
			case 2:
				row[i] += above[i]
			case 3:
				row[i] += byte((left + up) / 2) //nolint:gosec // a mean of bytes
			case 4:
				row[i] += byte(paeth(left, up, corner)) //nolint:gosec // one of three bytes
			}
		}
		out = append(out, row...)
		above, data = row, data[stride+1:]
	}
	return out
}

func paeth(left, up, corner int) int {
	p := left + up - corner
	a, b, c := max(p-left, left-p), max(p-up, up-p), max(p-corner, corner-p)
	switch {
	case a <= b && a <= c:
		return left
	case b <= c:
		return up
	}
	return corner
}

// document measures a PDF.
func document(ctx context.Context, content []byte, s *rules.Sight, codes bool) {
	unseen := func(code rules.UnseenCode, detail string) {
		s.Unseen = append(s.Unseen, rules.Unseen{Code: code, Detail: detail})
	}
	p, err := readPDF(ctx, content)
	switch {
	case err != nil && ctx.Err() != nil:
		unseen(rules.UnseenTime, "")
		return
	case errors.Is(err, errInflated):
		unseen(rules.UnseenTooLarge, err.Error())
		return
	case err != nil:
		unseen(rules.UnseenDamaged, err.Error())
		return
	case p.encrypted:
		unseen(rules.UnseenEncrypted, "")
		return
	}
	s.Pages, s.Text = p.pages, strings.ToValidUTF8(p.text.String(), "")
	if p.pages == 0 {
		unseen(rules.UnseenDamaged, "no page")
		return
	}
	for i := range p.images {
		g, w, h, err := p.picture(&p.images[i])
		switch {
		case errors.Is(err, errPixels), errors.Is(err, errInflated):
			unseen(rules.UnseenTooLarge, err.Error())
			return
		case g == nil || min(w, h) < minPicture:
			continue
		}
		if s.Picture == nil {
			s.Picture = g.measure(image.Pt(w, h))
		}
		if !codes {
			break
		}
		codesInto(ctx, g, s)
	}
	if g := drawBars(p.bars); g != nil && codes {
		codesInto(ctx, g, s)
	}
	if s.Picture == nil {
		unseen(rules.UnseenDrawn, "")
	}
}

// minPicture is from how many pixels of its shorter side a document's picture is more than an
// ornament.
const minPicture = 64
