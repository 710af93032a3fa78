package inspect

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// rect is a filled upright rectangle, in points of its page.
type rect struct{ x1, y1, x2, y2 float64 }

const (
	maxBars   = 20_000
	maxNested = 32 // saved graphics states
	// barDots is how many pixels a point is drawn with: a bar of a label is half a point and more.
	barDots = 4.0
	// maxPage is the longest side of a page that bars are drawn on, in points.
	maxPage = 1500.0
)

// content walks over the drawing commands of a page: it gathers the strings that are shown and
// the rectangles that are filled, which is how labels draw their barcodes.
type content struct {
	out     *pdf
	numbers []float64
	state   state
	saved   []state
	path    []rect
	points  [][2]float64 // of a polygon under way
}

// state is what q saves and Q brings back.
type state struct {
	matrix [6]float64
	light  bool // the colour of what is filled: nearer to white
}

// run reads a content stream. Strings are taken as they are written: a font of its own encoding
// shows nonsense, which is no number.
func (c *content) run(data []byte) {
	c.state.matrix = [6]float64{1, 0, 0, 1, 0, 0}
	for len(data) > 0 {
		switch b := data[0]; {
		case b == '(':
			text, rest := literal(data[1:])
			c.show(text)
			data = rest
		case b == '<' && len(data) > 1 && data[1] != '<':
			end := bytes.IndexByte(data, '>')
			if end < 0 {
				return
			}
			c.show(hexText(data[1:end]))
			data = data[end+1:]
		case b == '%':
			end := bytes.IndexAny(data, "\r\n")
			if end < 0 {
				return
			}
			data = data[end:]
		case bytes.IndexByte([]byte(pdfDelimiters), b) >= 0:
			data = data[1:]
		default:
			end := bytes.IndexAny(data, pdfDelimiters)
			if end < 0 {
				end = len(data)
			}
			c.word(string(data[:end]))
			data = data[end:]
		}
	}
}

func (c *content) show(text []byte) {
	if t := &c.out.text; t.Len()+len(text) < maxText {
		t.Write(text)
	}
}

// word is a number or a command.
func (c *content) word(word string) {
	if n, err := strconv.ParseFloat(word, 64); err == nil {
		if len(c.numbers) < 64 {
			c.numbers = append(c.numbers, n)
		}
		return
	}
	n := c.numbers
	c.numbers = c.numbers[:0]
	switch word {
	case "q":
		if len(c.saved) < maxNested {
			c.saved = append(c.saved, c.state)
		}
	case "Q":
		if last := len(c.saved) - 1; last >= 0 {
			c.state, c.saved = c.saved[last], c.saved[:last]
		}
	case "cm":
		if len(n) == 6 {
			c.state.matrix = times([6]float64(n), c.state.matrix)
		}
	case "g":
		c.state.light = len(n) == 1 && n[0] > 0.5
	case "rg", "scn", "sc":
		c.state.light = len(n) == 3 && (n[0]+n[1]+n[2])/3 > 0.5 || len(n) == 1 && n[0] > 0.5
	case "k":
		c.state.light = len(n) == 4 && n[3] < 0.5 && n[0]+n[1]+n[2] < 1.5
	case "re":
		if len(n) == 4 {
			c.path = append(c.path, c.rect(n[0], n[1], n[0]+n[2], n[1]+n[3]))
		}
	case "m":
		c.points = c.points[:0]
		c.point(n)
	case "l":
		c.point(n)
	case "h":
		c.close()
	case "f", "F", "f*", "b", "b*", "B", "B*":
		c.close()
		if !c.state.light && len(c.out.bars)+len(c.path) <= maxBars {
			c.out.bars = append(c.out.bars, c.path...)
		}
		c.path = c.path[:0]
	case "S", "s", "n":
		c.path, c.points = c.path[:0], c.points[:0]
	case "ET", "Tj", "TJ", "Td", "TD", "T*", "'", "\"", "Tm":
		if word != "TJ" {
			c.show([]byte{' '})
		}
	}
}

// times is the matrix that applies a, then b.
func times(a, b [6]float64) [6]float64 {
	return [6]float64{
		a[0]*b[0] + a[1]*b[2], a[0]*b[1] + a[1]*b[3],
		a[2]*b[0] + a[3]*b[2], a[2]*b[1] + a[3]*b[3],
		a[4]*b[0] + a[5]*b[2] + b[4], a[4]*b[1] + a[5]*b[3] + b[5],
	}
}

func (c *content) place(x, y float64) (float64, float64) {
	m := &c.state.matrix
	return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]
}

// rect is the upright rectangle around two corners, on the page.
func (c *content) rect(x1, y1, x2, y2 float64) rect {
	a, b := c.place(x1, y1)
	d, e := c.place(x2, y2)
	return rect{min(a, d), min(b, e), max(a, d), max(b, e)}
}

func (c *content) point(n []float64) {
	if len(n) == 2 && len(c.points) < 8 {
		x, y := c.place(n[0], n[1])
		c.points = append(c.points, [2]float64{x, y})
	}
}

// close makes a rectangle of a polygon that is one.
func (c *content) close() {
	p := c.points
	c.points = c.points[:0]
	if len(p) == 5 && p[4] == p[0] {
		p = p[:4]
	}
	if len(p) != 4 {
		return
	}
	r := rect{p[0][0], p[0][1], p[0][0], p[0][1]}
	for i, q := range p {
		next := p[(i+1)%4]
		if q[0] != next[0] && q[1] != next[1] {
			return // a side that is not upright
		}
		r = rect{min(r.x1, q[0]), min(r.y1, q[1]), max(r.x2, q[0]), max(r.y2, q[1])}
	}
	c.path = append(c.path, r)
}

// drawBars draws the rectangles that may be bars, black on white; nil: there are too few.
func drawBars(bars []rect) *gray {
	var kept []rect
	left, top, right, bottom := math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64, -math.MaxFloat64
	for _, r := range bars {
		w, h := r.x2-r.x1, r.y2-r.y1
		if !(max(w, h) >= 3*min(w, h)) || min(w, h) <= 0 || min(w, h) > 30 || max(w, h) > maxPage {
			continue
		}
		kept = append(kept, r)
		left, top, right, bottom = min(left, r.x1), min(top, r.y1), max(right, r.x2), max(bottom, r.y2)
	}
	if len(kept) < 3*(minSymbols+3) || !(right-left <= maxPage) || !(bottom-top <= maxPage) {
		return nil
	}
	g := newGray(int((right-left)*barDots)+1, int((bottom-top)*barDots)+1)
	in := g.inner()
	for _, r := range kept {
		for y := int((r.y1 - top) * barDots); y < min(int((r.y2-top)*barDots), in.Dy()); y++ {
			g.darken(y, (r.x1-left)*barDots, (r.x2-left)*barDots)
		}
	}
	return g
}

// darken draws a row from x1 to x2 in black; pixels that are covered in part become gray, so that
// edges keep their place.
func (g *gray) darken(y int, x1, x2 float64) {
	row := g.pix[(y+margin)*g.w+margin:]
	for x := int(x1); x < min(int(math.Ceil(x2)), g.inner().Dx()); x++ {
		covered := min(x2, float64(x+1)) - max(x1, float64(x))
		row[x] = uint8(max(0, float64(row[x])-255*covered))
	}
}

// literal reads a string up to its closing parenthesis.
func literal(data []byte) (text, rest []byte) {
	depth := 1
	for i := 0; i < len(data); i++ {
		switch b := data[i]; b {
		case '\\':
			// A parenthesis, a backslash, an octal code of up to three digits, or a break of line.
			octal, digits := 0, 0
			for digits < 3 && i+1+digits < len(data) && data[i+1+digits] >= '0' && data[i+1+digits] <= '7' {
				octal = octal*8 + int(data[i+1+digits]-'0')
				digits++
			}
			if digits > 0 {
				text = utf8.AppendRune(text, rune(octal&0xff))
				i += digits
				continue
			}
			i++
			if i < len(data) && bytes.IndexByte([]byte(`()\`), data[i]) >= 0 {
				text = append(text, data[i])
			}
		case '(':
			depth++
			text = append(text, b)
		case ')':
			if depth--; depth == 0 {
				return text, data[i+1:]
			}
			text = append(text, b)
		default:
			text = append(text, b)
		}
	}
	return text, nil
}

// hexText reads a string of hexadecimal digits: as UTF-16 where its bytes come in pairs that
// begin with zero, else as they are.
func hexText(digits []byte) []byte {
	var raw []byte
	half, high := false, byte(0)
	for _, b := range digits {
		n, err := strconv.ParseUint(string(rune(b)), 16, 8)
		if err != nil {
			continue
		}
		if half {
			raw = append(raw, high<<4|byte(n))
		}
		half, high = !half, byte(n)
	}
	if len(raw) < 2 || len(raw)%2 != 0 || raw[0] != 0 {
		return raw
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	return []byte(string(utf16.Decode(units)))
}
