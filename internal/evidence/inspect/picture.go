package inspect

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // evidence comes as JPEG, PNG and WebP
	_ "image/png"
	"math"

	_ "golang.org/x/image/webp" // the third form of pictures

	"parcelward/internal/rules"
)

const (
	// maxPixels and maxDecoded bound what one picture takes while it is decoded: phones take
	// pictures of 50 megapixels, and a PNG of a few bytes can promise far more.
	maxPixels  = 50 << 20
	maxDecoded = 200 << 20 // bytes
	// grayPixels is up to how many pixels are looked at; larger pictures are scaled down by
	// whole numbers.
	grayPixels = 8 << 20
	// margin is the white around a [gray], for codes that touch the picture's edge, in pixels.
	margin = 12
)

// errPixels refuses a picture for what it would take to decode.
var errPixels = errors.New("too many pixels")

// readPicture decodes a picture into luminance. The size is the picture's own.
func readPicture(content []byte) (*gray, image.Point, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return nil, image.Point{}, fmt.Errorf("picture: %w", err)
	}
	size := image.Pt(config.Width, config.Height)
	if !decodable(&config) {
		return nil, size, fmt.Errorf("%s of %d x %d pixels: %w", format, config.Width, config.Height, errPixels)
	}
	img, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, size, fmt.Errorf("%s: %w", format, err)
	}
	return grayOf(img), size, nil
}

// decodable tells whether a picture may be decoded at all.
func decodable(c *image.Config) bool {
	return c.Width > 0 && c.Height > 0 && c.Width <= maxPixels/c.Height && c.Width*c.Height <= maxDecoded/bytesPerPixel(c.ColorModel)
}

func bytesPerPixel(m color.Model) int {
	switch m {
	case color.GrayModel, color.YCbCrModel:
		return 3
	case color.NRGBA64Model, color.RGBA64Model:
		return 8
	}
	return 4
}

// grayOf turns a picture into luminance on white, with the margin around it.
func grayOf(img image.Image) *gray {
	b := img.Bounds()
	factor := 1
	for b.Dx()*b.Dy()/(factor*factor) > grayPixels {
		factor++
	}
	g := newGray(b.Dx()/factor, b.Dy()/factor)
	luma := lumaOf(img)
	row := make([]uint8, b.Dx())
	sums := make([]uint32, g.inner().Dx())
	for y := range g.inner().Dy() {
		clear(sums)
		for i := range factor {
			luma(b.Min.Y+y*factor+i, row)
			for x := range sums {
				for _, v := range row[x*factor : (x+1)*factor] {
					sums[x] += uint32(v)
				}
			}
		}
		into := g.pix[(y+margin)*g.w+margin:]
		for x, sum := range sums {
			into[x] = uint8(sum / uint32(factor*factor)) //nolint:gosec // a mean of bytes
		}
	}
	g.scale = float32(factor)
	return g
}

// lumaOf returns what fills a row of luminance. The frequent kinds of picture are read
// directly, not pixel by pixel through the interface.
func lumaOf(img image.Image) func(y int, row []uint8) {
	left := img.Bounds().Min.X
	switch p := img.(type) {
	case *image.YCbCr:
		return func(y int, row []uint8) { copy(row, p.Y[p.YOffset(left, y):]) }
	case *image.Gray:
		return func(y int, row []uint8) { copy(row, p.Pix[p.PixOffset(left, y):]) }
	case *image.Paletted:
		var table [256]uint8
		for i, c := range p.Palette {
			table[i&255] = lumaOn(c.RGBA())
		}
		return func(y int, row []uint8) {
			from := p.Pix[p.PixOffset(left, y):]
			for x := range row {
				row[x] = table[from[x]]
			}
		}
	case *image.RGBA:
		return func(y int, row []uint8) {
			from := p.Pix[p.PixOffset(left, y):]
			for x := range row {
				row[x] = lumaRGBA(from[4*x:])
			}
		}
	}
	strip := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), 1))
	return func(y int, row []uint8) {
		draw.Draw(strip, strip.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(strip, strip.Rect, img, image.Pt(left, y), draw.Over)
		for x := range row {
			row[x] = lumaRGBA(strip.Pix[4*x:])
		}
	}
}

// lumaRGBA is the luminance of premultiplied bytes on white.
func lumaRGBA(p []uint8) uint8 {
	white := 255 - uint32(p[3])
	return uint8((299*(uint32(p[0])+white) + 587*(uint32(p[1])+white) + 114*(uint32(p[2])+white)) / 1000) //nolint:gosec // at most 255
}

// lumaOn is the luminance of premultiplied 16-bit values on white.
func lumaOn(r, g, b, a uint32) uint8 {
	white := 0xffff - a
	return uint8((299*(r+white) + 587*(g+white) + 114*(b+white)) / 1000 >> 8) //nolint:gosec // at most 255
}

// newGray is a white picture of w x h with the margin around it.
func newGray(w, h int) *gray {
	g := &gray{w: max(w, 1) + 2*margin, h: max(h, 1) + 2*margin, scale: 1}
	g.pix = bytes.Repeat([]byte{255}, g.w*g.h)
	return g
}

// inner is the picture without its margin.
func (g *gray) inner() image.Rectangle {
	return image.Rect(margin, margin, g.w-margin, g.h-margin)
}

// half is the picture at half its size.
func (g *gray) half() *gray {
	in := g.inner()
	h := newGray(in.Dx()/2, in.Dy()/2)
	h.scale = 2 * g.scale
	for y := range in.Dy() / 2 {
		a := g.pix[(margin+2*y)*g.w+margin:]
		b := a[g.w:]
		into := h.pix[(margin+y)*h.w+margin:]
		for x := range in.Dx() / 2 {
			into[x] = uint8((uint32(a[2*x]) + uint32(a[2*x+1]) + uint32(b[2*x]) + uint32(b[2*x+1]) + 2) / 4) //nolint:gosec // a mean of bytes
		}
	}
	return h
}

// sharpWidth is the width in pixels at which sharpness is measured: noise of the sensor is
// gone there, and one threshold holds for every camera. Smaller pictures are not enlarged.
const (
	sharpWidth = 640
	// maxNoise is the Laplacian of a poor camera at night: what is beyond it shows edges.
	maxNoise = 10
)

// measure tells how sharp, light and rich in contrast a picture is.
func (g *gray) measure(size image.Point) *rules.PictureSight {
	s := scaledTo(g, sharpWidth)
	w, h := s.Rect.Dx(), s.Rect.Dy()
	p := &rules.PictureSight{Width: size.X, Height: size.Y}
	var counts [256]int
	for _, v := range s.Pix {
		counts[v]++
	}
	p.Dark, p.Light = percentile(&counts, len(s.Pix), 1), percentile(&counts, len(s.Pix), 99)
	smooth := binomial(s)
	var n, sum, squares float64
	var sizes [2048]int // of the Laplacian, by quarters
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			i := y*w + x
			l := float64(smooth[i-1] + smooth[i+1] + smooth[i-w] + smooth[i+w] - 4*smooth[i])
			n, sum, squares = n+1, sum+l, squares+l*l
			sizes[min(int(math.Abs(l)*4), len(sizes)-1)]++
		}
	}
	if n == 0 {
		return p
	}
	// Noise is everywhere and edges are few: what half of the picture shows is noise, and its
	// share does not count (a normal distribution's deviation is 1.4826 of the median's).
	noise := min(1.4826*float64(median(sizes[:], int(n)))/4, maxNoise)
	p.Sharpness = max(0, math.Round((squares/n-sum*sum/n/n-noise*noise)*10)/10)
	return p
}

// median is the index at which half of the counted are reached.
func median(counts []int, total int) int {
	seen := 0
	for i, n := range counts {
		if seen += n; 2*seen >= total {
			return i
		}
	}
	return 0
}

// scaledTo is the picture without margin at a width, each pixel the mean of those it covers.
func scaledTo(g *gray, width int) *image.Gray {
	in := g.inner()
	if in.Dx() <= width {
		width = in.Dx()
	}
	height := max(in.Dy()*width/in.Dx(), 1)
	out := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		y1, y2 := y*in.Dy()/height, (y+1)*in.Dy()/height
		for x := range width {
			x1, x2 := x*in.Dx()/width, (x+1)*in.Dx()/width
			sum, n := 0, 0
			for yy := y1; yy < max(y2, y1+1); yy++ {
				row := g.pix[(margin+yy)*g.w+margin:]
				for _, v := range row[x1:max(x2, x1+1)] {
					sum += int(v)
				}
				n += max(x2, x1+1) - x1
			}
			out.Pix[y*width+x] = uint8(sum / n) //nolint:gosec // a mean of bytes
		}
	}
	return out
}

// binomial smooths by 1-2-1 both ways.
func binomial(s *image.Gray) []float32 {
	w, h := s.Rect.Dx(), s.Rect.Dy()
	across, out := make([]float32, w*h), make([]float32, w*h)
	for y := range h {
		for x := range w {
			i := y*w + x
			l, r := max(x-1, 0), min(x+1, w-1)
			across[i] = (float32(s.Pix[y*w+l]) + 2*float32(s.Pix[i]) + float32(s.Pix[y*w+r])) / 4
		}
	}
	for y := range h {
		u, d := max(y-1, 0), min(y+1, h-1)
		for x := range w {
			out[y*w+x] = (across[u*w+x] + 2*across[y*w+x] + across[d*w+x]) / 4
		}
	}
	return out
}

// percentile is the luminance below which a share of the pixels, in percent, lie.
func percentile(counts *[256]int, total, percent int) int {
	seen := 0
	for v, n := range counts {
		if seen += n; seen*100 >= total*percent {
			return v
		}
	}
	return 255
}
