package pack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// The looks of a letter. Functions, for they are no state.
func ink() colour    { return colour{34, 34, 34} }
func navy() colour   { return colour{28, 52, 96} }
func grey() colour   { return colour{105, 105, 105} }
func hair() colour   { return colour{205, 210, 218} }
func body() style    { return style{size: 9.5, ink: ink()} }
func strong() style  { return style{size: 9.5, bold: true, ink: ink()} }
func small() style   { return style{size: 8, ink: ink()} }
func quiet() style   { return style{size: 7.5, ink: grey()} }
func heading() style { return style{size: 11, bold: true, ink: navy()} }

// WritePDF writes a pack's PDF. Errors: what the pack lacks; [ErrChanged]; whatever opening or
// reading an original, or writing to w, returns. Nothing is written to w but a whole document.
func WritePDF(ctx context.Context, w io.Writer, p Pack, open Open) error {
	if err := p.check(); err != nil {
		return err
	}
	f, err := openFont()
	if err != nil {
		return err
	}
	loc := p.Location
	text, heads := wording.LetterOf(&p.Letter, loc), wording.Heads(loc)
	s := newSheet(f, text.Title.String()+" "+p.Letter.Case, p.Letter.Store, p.Letter.At)
	s.running = func(s *sheet) {
		s.put(column{x: marginX, width: textWidth}, 12, line{clip(s, text.Title.String(), quiet(), 80), quiet()})
		s.put(column{x: marginX, width: textWidth, right: true}, 12, line{clip(s, p.Letter.Case, quiet(), 92), quiet()})
		s.rule(18, 0.15, hair())
	}
	s.newPage()
	s.letter(&text, &heads)
	s.newPage()
	s.section(heads.Trace)
	for i := range p.Traces {
		s.trace(&p, &p.Traces[i], &heads)
	}
	if len(p.Traces) == 0 {
		s.sideBySide(heads.NoTrace, body())
	}
	s.y += 6
	s.need(60) // the heading with the table's head and its first row
	s.section(heads.Evidence)
	s.evidence(&p, &heads)
	if err := s.originals(ctx, &p, &heads, open); err != nil {
		return err
	}
	var whole bytes.Buffer
	err = s.finish(&whole, func(s *sheet, page, pages int) {
		order, number := wording.FooterOrder(p.Letter.Store, p.Letter.Order), wording.PageOf(page, pages)
		s.rule(bottom+5, 0.15, hair())
		s.put(column{x: marginX, width: textWidth}, bottom+6.5, line{clip(s, order.String(), quiet(), 100), quiet()})
		s.put(column{x: marginX, width: textWidth, right: true}, bottom+6.5, line{number.String(), quiet()})
	})
	if err != nil {
		return fmt.Errorf("pack of case %s: %w", p.Letter.Case, err)
	}
	if _, err = w.Write(whole.Bytes()); err != nil {
		return fmt.Errorf("pack of case %s: %w", p.Letter.Case, err)
	}
	return nil
}

// clip cuts a text to one line: those at the head and foot of pages stand in full in the letter.
func clip(s *sheet, text string, st style, width float64) string {
	lines := s.lines([]span{{text, st}}, width)
	switch len(lines) {
	case 0:
		return ""
	case 1:
		return lines[0].text
	}
	return lines[0].text + "…"
}

func halves() []column {
	return []column{{x: marginX, width: halfWidth}, {x: marginX + halfWidth + gutter, width: halfWidth}}
}

// sideBySide draws a text, Chinese on the left and English on the right.
func (s *sheet) sideBySide(t wording.Text, st style) {
	s.row(halves(), 0.9, [][]span{{{t.ZH, st}}, {{t.EN, st}}}, func(top, end float64) {
		s.pdf.SetDrawColor(hair().r, hair().g, hair().b)
		s.pdf.SetLineWidth(0.15)
		s.pdf.Line(pageWidth/2, top, pageWidth/2, end)
	})
}

// section begins a section with its heading in both languages.
func (s *sheet) section(t wording.Text) {
	s.need(24)
	s.pdf.Bookmark(t.String(), 0, s.y)
	s.row(halves(), 0.6, [][]span{{{t.ZH, heading()}}, {{t.EN, heading()}}}, nil)
	s.rule(s.y, 0.35, navy())
	s.y += 1.4
}

// letter draws the letter itself.
func (s *sheet) letter(t *wording.LetterText, heads *wording.LetterHeads) {
	s.centred(t.Title.ZH, style{size: 19, bold: true, ink: navy()})
	s.centred(t.Title.EN, style{size: 12, ink: navy()})
	s.y += 2
	s.rule(s.y, 0.6, navy())
	s.y += 3
	s.row(halves(), 0.9, [][]span{{{t.To.ZH, strong()}}, {{t.To.EN, strong()}}}, nil)
	s.y++
	s.particulars(t.Particulars)
	s.y += 4
	s.section(heads.Facts)
	s.prose(t.Facts)
	s.section(heads.Demand)
	s.prose(t.Demand)
	if len(t.Reckoning) > 0 {
		s.reckoning(t.Reckoning, heads)
	}
	s.section(heads.Grounds)
	s.prose(t.Grounds)
	if len(t.Dates) > 0 {
		s.section(heads.Dates)
		s.dates(t.Dates)
	}
	s.prose(t.Closing)
	s.need(22)
	s.sideBySide(t.Signed, strong())
	s.sideBySide(heads.Seal, style{size: 8.5, ink: grey()})
}

func (s *sheet) centred(text string, st style) {
	for _, l := range s.lines([]span{{text, st}}, textWidth) {
		s.pdf.SetFontSize(st.size)
		s.put(column{x: (pageWidth - s.pdf.GetStringWidth(l.text)) / 2}, s.y, l)
		s.y += l.height()
	}
}

func (s *sheet) prose(paragraphs []wording.Text) {
	for _, p := range paragraphs {
		s.sideBySide(p, body())
	}
	s.y += 3
}

// particulars is the box of what identifies the case.
func (s *sheet) particulars(lines []wording.Line) {
	columns := []column{{x: marginX + 2, width: 26}, {x: marginX + 29, width: 33}, {x: marginX + 66, width: textWidth - 68}}
	s.rule(s.y, 0.2, hair())
	for _, l := range lines {
		value := []span{{l.Value.ZH, strong()}}
		if l.Value.EN != l.Value.ZH {
			value[0].text += "  " + l.Value.EN
		}
		s.row(columns, 0.9, [][]span{{{l.Name.ZH, style{size: 9.5, ink: navy()}}}, {{l.Name.EN, style{size: 9, ink: grey()}}}, value}, s.underline())
	}
}

// underline rules off a row.
func (s *sheet) underline() func(top, end float64) {
	return func(_, end float64) { s.rule(end, 0.15, hair()) }
}

// reckoning shows how the amount asked is reckoned.
func (s *sheet) reckoning(lines []wording.Line, heads *wording.LetterHeads) {
	s.need(float64(len(lines)+1) * 6.5)
	s.row(halves(), 0.9, [][]span{{{heads.Reckoning.ZH, strong()}}, {{heads.Reckoning.EN, strong()}}}, nil)
	columns := []column{{x: marginX + 2, width: 60}, {x: marginX + 64, width: 68}, {x: marginX + 134, width: textWidth - 136, right: true}}
	s.rule(s.y, 0.15, hair())
	for i, l := range lines {
		st := body()
		if i == len(lines)-1 {
			st = strong()
		}
		s.row(columns, 0.7, [][]span{{{l.Name.ZH, st}}, {{l.Name.EN, st}}, {{l.Value.ZH, st}}}, s.underline())
	}
	s.y += 4
}

// dates shows the dates that matter.
func (s *sheet) dates(lines []wording.Line) {
	columns := []column{
		{x: marginX, width: 36},
		{x: marginX + 37, width: halfWidth - 37},
		{x: marginX + halfWidth + gutter, width: 38},
		{x: marginX + halfWidth + gutter + 39, width: halfWidth - 39},
	}
	st := style{size: 8.5, ink: ink()}
	for _, l := range lines {
		s.row(columns, 0.7, [][]span{{{l.Name.ZH, st}}, {{l.Value.ZH, st}}, {{l.Name.EN, st}}, {{l.Value.EN, st}}}, s.underline())
	}
	s.y += 4
}

// trace shows the rows of one parcel's trace.
func (s *sheet) trace(p *Pack, t *Trace, heads *wording.LetterHeads) {
	columns := []column{
		{x: marginX + 1, width: 10}, {x: marginX + 12, width: 32}, {x: marginX + 46, width: 38}, {x: marginX + 86, width: 32}, {x: marginX + 120, width: textWidth - 121},
	}
	s.need(45) // the number with the table's head and its first row
	s.row([]column{{x: marginX, width: textWidth}}, 1, [][]span{{{t.Number, strong()}}}, nil)
	if len(t.Rows) == 0 {
		s.sideBySide(heads.NoTrace, body())
		return
	}
	defer s.table(columns, heads.Number, heads.Time, heads.Milestone, heads.Place, heads.CarrierWords)()
	for i := range t.Rows {
		r := &t.Rows[i]
		milestone := wording.RowMilestone(r.Milestone)
		s.row(columns, 0.9, [][]span{
			{{strconv.Itoa(i + 1), quiet()}},
			{{wording.CellTime(r.At, p.Location), small()}},
			{{milestone.ZH, small()}, {milestone.EN, quiet()}},
			{{r.Location, small()}},
			{{wording.RowRemarks(r), small()}},
		}, s.underline())
	}
}

// table draws a table's head, here and on each page that follows, until the function that it
// returns is called.
func (s *sheet) table(columns []column, names ...wording.Text) (end func()) {
	cells := make([][]span, len(names))
	for i, n := range names {
		cells[i] = []span{{n.ZH, style{size: 8.5, bold: true, ink: navy()}}, {n.EN, quiet()}}
	}
	head := func() {
		s.rule(s.y, 0.3, navy())
		s.row(columns, 0.9, cells, nil)
		s.rule(s.y, 0.3, navy())
	}
	head()
	s.onNewPage = head
	return func() { s.onNewPage = nil }
}

// evidence lists the originals with their hashes.
func (s *sheet) evidence(p *Pack, heads *wording.LetterHeads) {
	if len(p.Originals) == 0 {
		s.sideBySide(heads.NoEvidence, body())
		return
	}
	columns := []column{{x: marginX + 1, width: 9}, {x: marginX + 11, width: 50}, {x: marginX + 63, width: 51}, {x: marginX + 116, width: textWidth - 117}}
	defer s.table(columns, heads.Number, heads.Paper, heads.Proves, heads.Hash)()
	for i := range p.Originals {
		o := &p.Originals[i]
		name, proves, remarks := wording.PaperName(o.Kind), o.Proves, wording.PaperRemarks(o.Verdict, o.Size)
		if proves == (wording.Text{}) {
			proves = wording.Proves(rules.EvidenceKind(o.Kind))
		}
		hash := []span{{o.SHA256[:32], quiet()}, {o.SHA256[32:], quiet()}, {remarks, quiet()}}
		if !o.TakenAt.IsZero() {
			hash = append(hash, span{heads.Taken.ZH + " " + heads.Taken.EN + ": " + wording.CellTime(o.TakenAt, p.Location), quiet()})
		}
		paper := []span{{name.ZH, style{size: 8.5, bold: true, ink: ink()}}, {name.EN, small()}, {p.name(i), quiet()}, {o.Name, quiet()}}
		if o.Added {
			paper = slices.Insert(paper, 2, span{heads.Added.ZH + " " + heads.Added.EN, style{size: 8, bold: true, ink: navy()}})
		}
		s.row(columns, 1.1, [][]span{
			{{strconv.Itoa(i + 1), small()}},
			paper,
			{{proves.ZH, small()}, {proves.EN, small()}},
			hash,
		}, s.underline())
	}
}
