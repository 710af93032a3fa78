package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// The size of drawn papers, in pixels: above what the platform asks for, and quick to examine.
const (
	paperWidth, paperHeight = 900, 600
	barsHeight              = 220
	margin                  = 60
)

// drawn is a PNG of a label as a phone shows it: lines of text above the Code 128 of a number
// (empty: none). blur is by how many pixels the camera missed the focus.
func drawn(number string, blur int, lines ...string) []byte {
	page := image.NewGray(image.Rect(0, 0, paperWidth, paperHeight))
	draw.Draw(page, page.Bounds(), image.NewUniform(color.Gray{Y: 245}), image.Point{}, draw.Src)
	for i, line := range lines {
		written(page, line, margin, margin+i*50)
	}
	if number != "" {
		code, err := code128.Encode(number)
		if err != nil {
			panic("demo: " + err.Error())
		}
		module := (paperWidth - 2*margin) / code.Bounds().Dx()
		bars, err := barcode.Scale(code, module*code.Bounds().Dx(), barsHeight)
		if err != nil {
			panic("demo: " + err.Error())
		}
		draw.Draw(page, bars.Bounds().Add(image.Pt(margin, paperHeight-margin-barsHeight)), bars, image.Point{}, draw.Src)
	}
	if blur > 0 {
		page = blurred(page, blur)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, page); err != nil {
		panic("demo: " + err.Error())
	}
	return out.Bytes()
}

// written writes a line three times as large as the font is.
func written(page *image.Gray, line string, x, y int) {
	const scale = 3
	face := basicfont.Face7x13
	small := image.NewGray(image.Rect(0, 0, len(line)*face.Advance, face.Height))
	draw.Draw(small, small.Bounds(), image.NewUniform(color.Gray{Y: 245}), image.Point{}, draw.Src)
	pen := font.Drawer{Dst: small, Src: image.NewUniform(color.Gray{Y: 20}), Face: face, Dot: fixed.P(0, face.Ascent)}
	pen.DrawString(line)
	for j := range small.Bounds().Dy() * scale {
		for i := range small.Bounds().Dx() * scale {
			page.SetGray(x+i, y+j, small.GrayAt(i/scale, j/scale))
		}
	}
}

// blurred is a picture averaged over squares with that many pixels to each side, twice, across
// and down.
func blurred(page *image.Gray, radius int) *image.Gray {
	for range 2 {
		page = averaged(page, radius, 1, 0)
		page = averaged(page, radius, 0, 1)
	}
	return page
}

func averaged(page *image.Gray, radius, dx, dy int) *image.Gray {
	b := page.Bounds()
	out := image.NewGray(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			sum, n := 0, 0
			for k := -radius; k <= radius; k++ {
				if p := image.Pt(x+k*dx, y+k*dy); p.In(b) {
					sum, n = sum+int(page.GrayAt(p.X, p.Y).Y), n+1
				}
			}
			out.SetGray(x, y, color.Gray{Y: uint8(sum / n)}) //nolint:gosec // an average of bytes is a byte
		}
	}
	return out
}

// table is a warehouse's record as CSV.
func table(rows ...[]any) []byte {
	var out bytes.Buffer
	out.WriteString("订单号,运单号,SKU,数量,出库时间\n")
	for _, row := range rows {
		fmt.Fprintf(&out, "%v,%v,%v,%v,%v\n", row...)
	}
	return out.Bytes()
}
