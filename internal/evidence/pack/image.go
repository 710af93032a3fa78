package pack

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png" // registers its decoder
	"math"

	"github.com/bep/imagemeta"
	_ "golang.org/x/image/webp" // registers its decoder
)

const (
	// maxPicture is up to how many bytes a picture is shown: what the vault takes.
	maxPicture = 20 << 20
	// maxPixels bounds the memory of decoding: a telephone's 50 megapixels.
	maxPixels = 51_000_000
	// straightJPEG is up to how many bytes a JPEG of the right size goes in as it is.
	straightJPEG = 2 << 20
	printDPI     = 200
	quality      = 85
)

var (
	errLarge   = errors.New("picture too large to be printed")
	errPicture = errors.New("picture cannot be decoded")
)

// printed is a picture as it goes into the PDF.
type printed struct {
	jpeg          []byte
	width, height int // pixels, upright
}

// printable makes a picture ready for print: upright, at most 200 dpi, on white, as JPEG.
func printable(data []byte) (p printed, err error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case len(data) > maxPicture:
		return p, errLarge
	case err != nil:
		return p, fmt.Errorf("%w: %w", errPicture, err)
	case config.Width <= 0 || config.Height <= 0:
		return p, errPicture
	case config.Width > maxPixels/config.Height:
		return p, errLarge
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return p, fmt.Errorf("%w: %w", errPicture, err)
	}
	turn := orientation(data, format)
	width, height := config.Width, config.Height
	if turn >= 5 {
		width, height = height, width
	}
	mmWide, mmHigh := box(width, height)
	scale := min(1, mmWide/25.4*printDPI/float64(width), mmHigh/25.4*printDPI/float64(height))
	plainModel := config.ColorModel == color.YCbCrModel || config.ColorModel == color.GrayModel
	if format == "jpeg" && scale == 1 && turn <= 1 && plainModel && len(data) <= straightJPEG {
		return printed{data, width, height}, nil
	}
	planes := planesOf(img).scaled(size(config.Width, scale), size(config.Height, scale)).turned(turn)
	var out bytes.Buffer
	if err = jpeg.Encode(&out, planes.image(), &jpeg.Options{Quality: quality}); err != nil {
		return p, fmt.Errorf("%w: %w", errPicture, err)
	}
	return printed{out.Bytes(), planes.y.w, planes.y.h}, nil
}

func size(pixels int, scale float64) int { return max(1, int(math.Round(float64(pixels)*scale))) }

// orientation is the EXIF orientation, 1 to 8; 1 where there is none or it is damaged.
func orientation(data []byte, format string) int {
	kind, ok := map[string]imagemeta.ImageFormat{"jpeg": imagemeta.JPEG, "png": imagemeta.PNG, "webp": imagemeta.WebP}[format]
	if !ok {
		return 1
	}
	turn := 1
	_, err := imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(data), ImageFormat: kind, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if n, ok := tag.Value.(uint16); ok && n >= 1 && n <= 8 {
				turn = int(n)
			}
			return nil
		},
	})
	if err != nil {
		return 1
	}
	return turn
}

// planes are a picture's brightness and colours, the colours at half the resolution.
type planes struct{ y, cb, cr plane }

// planesOf takes a picture apart; what is transparent becomes white.
func planesOf(img image.Image) planes {
	b := img.Bounds()
	if p, ok := img.(*image.YCbCr); ok && b.Min == (image.Point{}) {
		cw, ch := chroma(p, b)
		return planes{
			y:  plane{b.Dx(), b.Dy(), p.YStride, p.Y},
			cb: plane{cw, ch, p.CStride, p.Cb},
			cr: plane{cw, ch, p.CStride, p.Cr},
		}
	}
	rgba := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(rgba, rgba.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(rgba, rgba.Bounds(), img, b.Min, draw.Over)
	all := planes{newPlane(b.Dx(), b.Dy()), newPlane(b.Dx(), b.Dy()), newPlane(b.Dx(), b.Dy())}
	for i := range all.y.pix {
		px := rgba.Pix[4*i : 4*i+3 : 4*i+3]
		all.y.pix[i], all.cb.pix[i], all.cr.pix[i] = color.RGBToYCbCr(px[0], px[1], px[2])
	}
	return all
}

// chroma is the size of a picture's colour planes.
func chroma(p *image.YCbCr, b image.Rectangle) (w, h int) {
	w, h = b.Dx(), b.Dy()
	switch p.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		w = (w + 1) / 2
	case image.YCbCrSubsampleRatio420:
		w, h = (w+1)/2, (h+1)/2
	case image.YCbCrSubsampleRatio440:
		h = (h + 1) / 2
	case image.YCbCrSubsampleRatio411:
		w = (w + 3) / 4
	case image.YCbCrSubsampleRatio410:
		w, h = (w+3)/4, (h+1)/2
	case image.YCbCrSubsampleRatio444:
	}
	return w, h
}

func (p planes) scaled(w, h int) planes {
	cw, ch := (w+1)/2, (h+1)/2
	return planes{p.y.scaled(w, h), p.cb.scaled(cw, ch), p.cr.scaled(cw, ch)}
}

func (p planes) turned(orientation int) planes {
	return planes{p.y.turned(orientation), p.cb.turned(orientation), p.cr.turned(orientation)}
}

func (p planes) image() *image.YCbCr {
	return &image.YCbCr{
		Y: p.y.pix, Cb: p.cb.pix, Cr: p.cr.pix, YStride: p.y.stride, CStride: p.cb.stride,
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, p.y.w, p.y.h),
	}
}
