package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"

	"parcelward/internal/rules/wording"
)

// The media types that are shown.
const (
	jpegType = "image/jpeg"
	pngType  = "image/png"
	webpType = "image/webp"
	textType = "text/plain"
)

const (
	// shownText is how many characters of a plain text are printed.
	shownText = 8000
	// A picture that is wider than high gets half a page, any other one a whole one.
	lowPicture  = 96.0
	highPicture = 214.0
)

// originals shows what can be shown, each under its caption.
func (s *sheet) originals(ctx context.Context, p *Pack, heads *wording.LetterHeads, open Open) error {
	if len(p.Originals) == 0 {
		return nil
	}
	s.newPage()
	s.section(heads.Originals)
	for i := range p.Originals {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("pack of case %s: %w", p.Letter.Case, err)
		}
		o := &p.Originals[i]
		switch o.MediaType {
		case jpegType, pngType, webpType:
			data, err := read(ctx, o, open, maxPicture)
			if err != nil {
				return fmt.Errorf("pack of case %s: original %d (%s): %w", p.Letter.Case, i+1, o.Kind, err)
			}
			s.picture(p, i, data, heads)
		case textType:
			data, err := read(ctx, o, open, 4*shownText)
			if err != nil {
				return fmt.Errorf("pack of case %s: original %d (%s): %w", p.Letter.Case, i+1, o.Kind, err)
			}
			s.plainText(p, i, data, heads)
		case "video/mp4":
			s.note(p, i, heads.VideoInArchive)
		default:
			s.note(p, i, heads.OnlyInArchive)
		}
	}
	return nil
}

// read gives the beginning of an original, up to most bytes and one more, when all of it has
// proved to be what the index says.
func read(ctx context.Context, o *Original, open Open, most int64) (data []byte, err error) {
	r, err := open(ctx, o.SHA256)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	hash := sha256.New()
	all := io.TeeReader(r, hash)
	if data, err = io.ReadAll(io.LimitReader(all, most+1)); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	rest, err := io.Copy(io.Discard, all)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return data, o.same(hash.Sum(nil), int64(len(data))+rest)
}

// same tells whether what was read is the original that the index names.
func (o *Original) same(sum []byte, size int64) error {
	switch got := hex.EncodeToString(sum); {
	case got != strings.ToLower(o.SHA256):
		return fmt.Errorf("%w: its bytes hash to %s, expected %s", ErrChanged, got, o.SHA256)
	case o.Size != 0 && o.Size != size:
		return fmt.Errorf("%w: it has %d bytes, expected %d", ErrChanged, size, o.Size)
	}
	return nil
}

// caption names an original; height is what must fit below it on the page.
func (s *sheet) caption(p *Pack, i int, height float64) {
	o := &p.Originals[i]
	name := wording.PaperName(o.Kind)
	above := []span{{fmt.Sprintf("%d. %s  %s", i+1, name.ZH, name.EN), strong()}, {p.name(i), small()}, {"SHA-256: " + o.SHA256, quiet()}}
	for _, l := range s.lines(above, textWidth) {
		height += l.height()
	}
	s.need(height + 3)
	s.row([]column{{x: marginX, width: textWidth}}, 1, [][]span{above}, nil)
}

// note stands where an original is not shown.
func (s *sheet) note(p *Pack, i int, why wording.Text) {
	s.caption(p, i, 16)
	top := s.y
	s.y += 2
	s.row([]column{{x: marginX + 4, width: halfWidth - 4}, {x: marginX + halfWidth + gutter, width: halfWidth - 4}}, 1,
		[][]span{{{why.ZH, body()}}, {{why.EN, body()}}}, nil)
	s.y += 2
	s.frame(marginX, top, textWidth, s.y-top)
	s.y += 7
}

func (s *sheet) frame(x, y, width, height float64) {
	s.pdf.SetDrawColor(hair().r, hair().g, hair().b)
	s.pdf.SetLineWidth(0.2)
	s.pdf.Rect(x, y, width, height, "D")
}

func (s *sheet) picture(p *Pack, i int, data []byte, heads *wording.LetterHeads) {
	printed, err := printable(data)
	switch {
	case errors.Is(err, errLarge):
		s.note(p, i, heads.TooLarge)
		return
	case err != nil:
		s.note(p, i, heads.Unreadable)
		return
	}
	width, height := box(printed.width, printed.height)
	s.caption(p, i, height)
	options := fpdf.ImageOptions{ImageType: "JPG"}
	name := p.Originals[i].SHA256
	if info := s.pdf.RegisterImageOptionsReader(name, options, bytes.NewReader(printed.jpeg)); info != nil {
		x := marginX + (textWidth-width)/2
		s.pdf.ImageOptions(name, x, s.y, width, height, false, options, 0, "")
		s.frame(x, s.y, width, height)
	}
	s.y += height + 6
}

// box is the place of a picture on the page, in millimetres, without enlarging it below 72 dpi.
func box(width, height int) (w, h float64) {
	most := highPicture
	if width > height {
		most = lowPicture
	}
	scale := min(textWidth/float64(width), most/float64(height), 25.4/72)
	return float64(width) * scale, float64(height) * scale
}

func (s *sheet) plainText(p *Pack, i int, data []byte, heads *wording.LetterHeads) {
	cut := len(data) > 4*shownText
	for cut && len(data) > 0 && !utf8.RuneStart(data[len(data)-1]) {
		data = data[:len(data)-1] // a character cut in two
	}
	if cut && len(data) > 0 && data[len(data)-1] >= utf8.RuneSelf {
		data = data[:len(data)-1]
	}
	if !utf8.Valid(data) {
		s.note(p, i, heads.OnlyInArchive)
		return
	}
	text := []rune(strings.TrimPrefix(string(data), "\uFEFF"))
	if len(text) > shownText {
		text, cut = text[:shownText], true
	}
	s.caption(p, i, 20)
	text = []rune(strings.TrimRight(string(text), "\r\n "))
	s.row([]column{{x: marginX + 4, width: textWidth - 8}}, 1.5, [][]span{{{string(text), small()}}}, func(top, end float64) {
		s.frame(marginX, top, textWidth, end-top)
	})
	if cut {
		s.sideBySide(heads.TextGoesOn, quiet())
	}
	s.y += 7
}
