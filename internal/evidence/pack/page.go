package pack

import (
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// The page, in millimetres: A4 upright.
const (
	pageWidth  = 210.0
	marginX    = 18.0
	firstTop   = 16.0
	laterTop   = 24.0
	bottom     = 297.0 - 20.0
	textWidth  = pageWidth - 2*marginX
	gutter     = 6.0
	halfWidth  = (textWidth - gutter) / 2
	pointInMM  = 25.4 / 72
	lineHeight = 1.42 // of a font's size
)

type colour struct{ r, g, b int }

// style is how a piece of text looks.
type style struct {
	size float64 // points
	bold bool
	ink  colour
}

func (s style) height() float64 { return s.size * pointInMM * lineHeight }

// span is a text in one style; line is a piece of one that fits its column.
type (
	span struct {
		text string
		style
	}
	line span
)

// column is where a cell's lines go.
type column struct {
	x, width float64
	right    bool // aligned right
}

// sheet draws on the pages of a document, top to bottom.
type sheet struct {
	pdf  *fpdf.Fpdf
	font *font
	y    float64
	// onNewPage draws what stands above a running table on each page.
	onNewPage func()
	running   func(*sheet) // the head of all pages but the first
}

func newSheet(f *font, title, author string, at time.Time) *sheet {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(at.UTC())
	pdf.SetModificationDate(at.UTC())
	pdf.SetTitle(visible(title, f.has), true)
	pdf.SetAuthor(visible(author, f.has), true)
	pdf.SetCreator("Parcelward", true)
	pdf.SetProducer("Parcelward", true)
	pdf.SetLang("zh-CN")
	pdf.SetAutoPageBreak(false, 0)
	pdf.AddUTF8FontFromBytes("sans", "", f.ttf)
	pdf.SetFont("sans", "", 10)
	return &sheet{pdf: pdf, font: f}
}

// newPage begins a page, under the running head.
func (s *sheet) newPage() {
	s.pdf.AddPage()
	if s.y = firstTop; s.pdf.PageNo() > 1 {
		s.y = laterTop
		if s.running != nil {
			s.running(s)
		}
	}
	if s.onNewPage != nil {
		s.onNewPage()
	}
}

// need begins a page unless height is left on this one.
func (s *sheet) need(height float64) {
	if s.y+height > bottom {
		s.newPage()
	}
}

// lines wraps a cell's spans for its column.
func (s *sheet) lines(spans []span, width float64) []line {
	var all []line
	for _, sp := range spans {
		if sp.text == "" {
			continue
		}
		unit := sp.size * pointInMM / 1000
		s.pdf.SetFontSize(sp.size)
		measure := func(r rune) float64 { return float64(s.pdf.GetStringSymbolWidth(string(r))) * unit }
		for _, text := range wrap(visible(sp.text, s.font.has), width, measure) {
			all = append(all, line{text, sp.style})
		}
	}
	return all
}

// row draws cells beside each other, and goes on over as many pages as they need: a row that
// fits a page is not divided.
func (s *sheet) row(columns []column, pad float64, cells [][]span, under func(top, bottom float64)) {
	left := make([][]line, len(cells))
	for i, cell := range cells {
		left[i] = s.lines(cell, columns[i].width)
	}
	for fresh := false; ; fresh = true {
		room := bottom - s.y - 2*pad
		height, whole := 0.0, true
		taken := make([]int, len(left))
		for i, lines := range left {
			var h float64
			n := 0
			for n < len(lines) && h+lines[n].height() <= room {
				h += lines[n].height()
				n++
			}
			taken[i], height, whole = n, max(height, h), whole && n == len(lines)
		}
		if !whole && !fresh && s.pdf.PageNo() > 0 && (height == 0 || s.fitsPage(left)) {
			s.newPage()
			continue
		}
		top := s.y
		for i, lines := range left {
			y := top + pad
			for _, l := range lines[:taken[i]] {
				s.put(columns[i], y, l) //nolint:gosec // each cell has its column
				y += l.height()
			}
			left[i] = lines[taken[i]:]
		}
		s.y = top + height + 2*pad
		if under != nil {
			under(top, s.y)
		}
		if whole {
			return
		}
		s.newPage()
	}
}

// fitsPage tells whether lines would fit on one page with room to spare for a table's head.
func (s *sheet) fitsPage(cells [][]line) bool {
	for _, lines := range cells {
		var h float64
		for _, l := range lines {
			h += l.height()
		}
		if h > (bottom-laterTop)/2 {
			return false
		}
	}
	return true
}

// put draws one line with its top at y.
func (s *sheet) put(c column, y float64, l line) {
	if l.text == "" {
		return
	}
	em := l.size * pointInMM
	s.pdf.SetFontSize(l.size)
	s.pdf.SetTextColor(l.ink.r, l.ink.g, l.ink.b)
	x := c.x
	if c.right {
		x += c.width - s.pdf.GetStringWidth(l.text)
	}
	base := y + em*((lineHeight-1)/2+0.88)
	if !l.bold {
		s.pdf.Text(x, base, l.text)
		return
	}
	// There is one weight of the font: bold is its outline drawn as well.
	s.pdf.SetDrawColor(l.ink.r, l.ink.g, l.ink.b)
	s.pdf.SetLineWidth(em * 0.03)
	s.pdf.SetTextRenderingMode(2)
	s.pdf.Text(x, base, l.text)
	s.pdf.SetTextRenderingMode(0)
}

// rule draws a line across the text.
func (s *sheet) rule(y, weight float64, ink colour) {
	s.pdf.SetDrawColor(ink.r, ink.g, ink.b)
	s.pdf.SetLineWidth(weight)
	s.pdf.Line(marginX, y, marginX+textWidth, y)
}

// finish writes the foot of each page, when their number is known, and the document to w.
func (s *sheet) finish(w io.Writer, foot func(s *sheet, page, pages int)) error {
	pages := s.pdf.PageCount()
	for page := 1; page <= pages; page++ {
		s.pdf.SetPage(page)
		s.pdf.SetFillColor(0, 0, 0) // what the page's stream last set is not what the library remembers
		foot(s, page, pages)
	}
	if err := s.pdf.Output(w); err != nil {
		return fmt.Errorf("write PDF: %w", err)
	}
	return nil
}
