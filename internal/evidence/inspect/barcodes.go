package inspect

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/makiuchi-d/gozxing"
	multiqr "github.com/makiuchi-d/gozxing/multi/qrcode"

	"parcelward/internal/rules"
)

const (
	// minVotes is how many scan lines must show a code before it counts; shortVotes is the same
	// for one of at most shortSymbols characters, which chance shows sooner.
	minVotes, shortVotes, shortSymbols = 2, 4, 4
	// enoughVotes end the search at further tilts.
	enoughVotes = 6
	// dominance is how many times the votes of another text at the same place a text must have.
	dominance = 4
	// maxBarcodes bounds a sheet full of them.
	maxBarcodes = 16
	// ladderPixels is the size at which all tilts are tried first.
	ladderPixels = 1 << 20
	// qrPixels is the size at which QR codes are looked for: the reader's cost grows with it.
	qrPixels = 1500 << 10
)

// barcodes reads the codes of a picture. unsure are texts that were seen without enough
// agreement; they are nobody's number.
func barcodes(ctx context.Context, g *gray) (found []rules.Barcode, unsure []string, err error) {
	found, unsure = code128s(ctx, g)
	squares, err := qrCodes(ctx, g)
	found = append(found, squares...)
	if ctx.Err() != nil {
		err = fmt.Errorf("barcodes: %w", ctx.Err())
	}
	return found[:min(len(found), maxBarcodes)], unsure, err
}

// code128s looks along upright lines first, over the whole picture at its full size and at
// smaller ones, which forgive noise; then at every tilt, until something is certain.
func code128s(ctx context.Context, g *gray) ([]rules.Barcode, []string) {
	s := &scanner{table: newSymbolTable()}
	sizes := []*gray{g}
	for last := g; last.w*last.h > ladderPixels; {
		last = last.half()
		sizes = append(sizes, last)
	}
	ladder := tilts()
	for _, size := range sizes {
		for _, tilt := range ladder[:2] {
			s.scan(ctx, size, tilt, spacing(size, 160))
		}
	}
	for i := len(sizes) - 1; i >= 0 && !s.certain(); i-- {
		lines := 120
		if i < len(sizes)-1 { // what only the larger sizes show is a small code: few lines more will do
			lines = 60
		}
		for _, tilt := range ladder[2:] {
			s.scan(ctx, sizes[i], tilt, spacing(sizes[i], lines))
		}
	}
	return s.count()
}

// spacing is how far apart lines are, so that about n cross a picture's shorter side.
func spacing(g *gray, n int) float32 { return max(2.3, float32(min(g.w, g.h))/float32(n)) }

// certain tells whether a text has enough votes to look no further.
func (s *scanner) certain() bool {
	votes := map[string]int{}
	for i := range s.seen {
		votes[s.seen[i].text]++
		if votes[s.seen[i].text] >= enoughVotes {
			return true
		}
	}
	return false
}

// tally is one text at one place.
type tally struct {
	sighting
	votes int
	loses bool
}

// count lets the scan lines vote. A misread code passes its check symbol once in a hundred
// times, so one line alone never counts, and of different texts at one place only one that
// nearly all lines agree on.
func (s *scanner) count() (found []rules.Barcode, unsure []string) {
	var all []*tally
	for _, one := range s.seen {
		i := slices.IndexFunc(all, func(t *tally) bool { return t.text == one.text })
		if i < 0 {
			all = append(all, &tally{sighting: one})
			i = len(all) - 1
		}
		all[i].votes++
	}
	for _, a := range s.seen {
		for _, t := range all {
			if t.text != a.text && a.near(&t.sighting) {
				other := all[slices.IndexFunc(all, func(o *tally) bool { return o.text == a.text })]
				t.loses = t.loses || t.votes < dominance*other.votes
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *tally) int { return cmp.Compare(b.votes, a.votes) })
	for _, t := range all {
		need := minVotes
		if t.symbols <= shortSymbols {
			need = shortVotes
		}
		if t.loses || t.votes < need {
			unsure = append(unsure, t.text)
			continue
		}
		found = append(found, rules.Barcode{Format: rules.BarcodeCode128, Text: t.text, Votes: t.votes})
	}
	return found, unsure[:min(len(unsure), maxBarcodes)]
}

// near tells whether two sightings are of one code: their middles lie closer than half their
// length.
func (a *sighting) near(b *sighting) bool {
	length := math.Hypot(float64(a.x2-a.x1), float64(a.y2-a.y1))
	apart := math.Hypot(float64(a.x1+a.x2-b.x1-b.x2), float64(a.y1+a.y2-b.y1-b.y2)) / 2
	return apart < length/2
}

// qrCodes reads QR codes. Their error correction leaves no room for wrong texts: one reading is
// enough. The library is not ours: a panic of its is an error.
func qrCodes(ctx context.Context, g *gray) (found []rules.Barcode, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("QR codes: the reader failed: %v", r)
		}
	}()
	for g.w*g.h > qrPixels {
		g = g.half()
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	for _, binarizer := range []func(gozxing.LuminanceSource) gozxing.Binarizer{gozxing.NewHybridBinarizer, gozxing.NewGlobalHistgramBinarizer} {
		for _, size := range []*gray{g, g.half()} {
			if ctx.Err() != nil {
				return found, nil
			}
			source, err := gozxing.NewPlanarYUVLuminanceSource(size.pix, size.w, size.h, 0, 0, size.w, size.h, false)
			if err != nil {
				return nil, fmt.Errorf("QR codes: %w", err)
			}
			bitmap, err := gozxing.NewBinaryBitmap(binarizer(source))
			if err != nil {
				return nil, fmt.Errorf("QR codes: %w", err)
			}
			results, err := multiqr.NewQRCodeMultiReader().DecodeMultiple(bitmap, hints)
			if err != nil {
				continue // none in this form
			}
			for _, r := range results {
				code := rules.Barcode{Format: rules.BarcodeQR, Text: r.GetText(), Votes: 1}
				if code.Text != "" && utf8.ValidString(code.Text) && !slices.Contains(found, code) {
					found = append(found, code)
				}
			}
			if len(found) > 0 {
				return found, nil
			}
		}
	}
	return found, nil
}
