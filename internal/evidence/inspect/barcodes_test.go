package inspect_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/qr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/evidence/inspect"
	"parcelward/internal/rules"
)

const photos = "../../../../shared/data/barcodes/"

func see(t *testing.T, content []byte, kind rules.EvidenceKind) rules.Sight {
	t.Helper()
	return inspect.Bytes(t.Context(), content, kind, time.FixedZone("CST", 8*3600))
}

func texts(s *rules.Sight) []string {
	var all []string
	for _, b := range s.Barcodes {
		all = append(all, b.Text)
	}
	return all
}

// Photos of labels as phones took them: none may show a wrong number, whatever else it shows.
func TestPhotosOfLabels(t *testing.T) {
	list, err := os.Open(photos + "expected.csv")
	if errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CI") != "" {
			t.Fatal("the shared test data is not here")
		}
		t.Skip("the shared test data is not here")
	}
	require.NoError(t, err)
	defer list.Close() //nolint:errcheck // it was only read
	rows, err := csv.NewReader(list).ReadAll()
	require.NoError(t, err)
	read, all := map[string]int{}, map[string]int{}
	for _, row := range rows[1:] {
		name, want := row[0], row[3]
		content, err := os.ReadFile(photos + name)
		require.NoError(t, err)
		s := see(t, content, rules.EvidenceWaybill)
		group := strings.TrimRight(strings.TrimSuffix(name, filepath.Ext(name)), "0123456789")
		all[group]++
		switch got := texts(&s); {
		case strings.Contains(name, "falsepositives"):
			assert.Empty(t, got, name)
			assert.Empty(t, s.Unsure, name)
		case len(got) == 0:
			t.Logf("%s: not read (expected %s)", name, want)
		default:
			assert.Equal(t, []string{want}, got, name)
			read[group]++
		}
	}
	for group, n := range all {
		t.Logf("%s: %d of %d read", group, read[group], n)
	}
	assert.GreaterOrEqual(t, read["zxing_code128-2_"], 10, "the bar of the phone photos: all that are here")
	assert.GreaterOrEqual(t, read["quagga_code128_"], 5)
	assert.Equal(t, 4, read["zxing_code128-1_"])
	assert.Equal(t, 1, read["active_shipping_label"], "bars that a PDF draws")
}

// label draws a waybill in code: a Code 128, module pixels wide each, on white paper on a table.
func label(tb testing.TB, number string, module, w, h int) *image.Gray {
	tb.Helper()
	code, err := code128.Encode(number)
	require.NoError(tb, err)
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 120
	}
	wide, high := code.Bounds().Dx()*module, max(60, h/6)
	left, top := (w-wide)/2, h/3
	paper := image.Rect(left-20*module, top-h/5, left+wide+20*module, top+high+h/3)
	for y := max(0, paper.Min.Y); y < min(h, paper.Max.Y); y++ {
		for x := max(0, paper.Min.X); x < min(w, paper.Max.X); x++ {
			img.Pix[y*w+x] = 235
		}
	}
	dark := func(x, y int) {
		if image.Pt(x, y).In(img.Rect) {
			img.Pix[y*w+x] = 25
		}
	}
	for x := range wide {
		if r, _, _, _ := code.At(x/module, 0).RGBA(); r == 0 {
			for y := range high {
				dark(left+x, top+y)
			}
		}
	}
	// Lines of print, for sharpness.
	random := rand.New(rand.NewPCG(1, 2))
	for line := range 6 {
		for x := left; x < left+wide; x += 4 {
			if random.IntN(3) > 0 {
				for y := range 8 {
					dark(x, top+high+20+16*line+y)
					dark(x+1, top+high+20+16*line+y)
				}
			}
		}
	}
	return img
}

func asPNG(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	require.NoError(tb, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img))
	return b.Bytes()
}

func asJPEG(tb testing.TB, img image.Image, quality int) []byte {
	tb.Helper()
	var b bytes.Buffer
	require.NoError(tb, jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}))
	return b.Bytes()
}

// warp maps each pixel of the result to a place of the picture.
func warp(img *image.Gray, from func(x, y float64) (float64, float64)) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewGray(img.Rect)
	for y := range h {
		for x := range w {
			fx, fy := from(float64(x), float64(y))
			ix, iy := int(math.Floor(fx)), int(math.Floor(fy))
			if ix < 0 || iy < 0 || ix >= w-1 || iy >= h-1 {
				out.Pix[y*w+x] = 120
				continue
			}
			dx, dy := fx-float64(ix), fy-float64(iy)
			p := img.Pix[iy*w+ix:]
			top := float64(p[0])*(1-dx) + float64(p[1])*dx
			bottom := float64(p[w])*(1-dx) + float64(p[w+1])*dx
			out.Pix[y*w+x] = uint8(top*(1-dy) + bottom*dy)
		}
	}
	return out
}

func tilted(img *image.Gray, degrees float64) *image.Gray {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy := float64(img.Rect.Dx())/2, float64(img.Rect.Dy())/2
	return warp(img, func(x, y float64) (float64, float64) {
		x, y = x-cx, y-cy
		return cx + x*cos - y*sin, cy + x*sin + y*cos
	})
}

func noisy(img *image.Gray, sigma float64) *image.Gray {
	random := rand.New(rand.NewPCG(3, 4))
	out := image.NewGray(img.Rect)
	for i, v := range img.Pix {
		out.Pix[i] = uint8(min(255, max(0, float64(v)+random.NormFloat64()*sigma)))
	}
	return out
}

// blurred averages over squares of 2r+1 pixels, twice.
func blurred(img *image.Gray, r int) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	for range 2 {
		sums := make([]int, (w+1)*(h+1))
		for y := range h {
			for x := range w {
				sums[(y+1)*(w+1)+x+1] = int(img.Pix[y*w+x]) + sums[y*(w+1)+x+1] + sums[(y+1)*(w+1)+x] - sums[y*(w+1)+x]
			}
		}
		out := image.NewGray(img.Rect)
		for y := range h {
			for x := range w {
				x1, x2, y1, y2 := max(0, x-r), min(w, x+r+1), max(0, y-r), min(h, y+r+1)
				sum := sums[y2*(w+1)+x2] - sums[y1*(w+1)+x2] - sums[y2*(w+1)+x1] + sums[y1*(w+1)+x1]
				out.Pix[y*w+x] = uint8(sum / ((x2 - x1) * (y2 - y1)))
			}
		}
		img = out
	}
	return img
}

func faint(img *image.Gray, low, high int) *image.Gray {
	out := image.NewGray(img.Rect)
	for i, v := range img.Pix {
		out.Pix[i] = uint8(low + int(v)*(high-low)/255)
	}
	return out
}

const number = "LP00123456789012"

func TestDrawnLabels(t *testing.T) {
	t.Parallel()
	plain := label(t, number, 3, 1200, 900)
	perspective := func(img *image.Gray) *image.Gray {
		return warp(img, func(x, y float64) (float64, float64) {
			s := 1 / (0.85 + 0.3*x/1200)
			return 600 + (x-600)*s, 450 + (y-450)*s
		})
	}
	for name, img := range map[string]*image.Gray{
		"plain": plain, "tilted 3": tilted(plain, 3), "tilted 15": tilted(plain, 15), "tilted 30": tilted(plain, 30),
		"tilted 45": tilted(plain, 45), "tilted 90": tilted(plain, 90), "tilted 133": tilted(plain, 133),
		"upside down": tilted(plain, 180), "tilted 277": tilted(plain, 277), "noise": noisy(plain, 25),
		"heavy noise": noisy(plain, 45), "blur": blurred(plain, 1), "blur and noise": noisy(blurred(plain, 1), 6),
		"faint": faint(plain, 110, 160), "perspective": perspective(plain), "perspective, tilted": perspective(tilted(plain, 20)),
		"small": label(t, number, 2, 640, 480),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := see(t, asJPEG(t, img, 70), rules.EvidenceWaybill)
			assert.Equal(t, []string{number}, texts(&s))
			assert.Empty(t, s.Unseen)
		})
	}
}

// What a blurred code shows is nothing, never another number.
func TestBlurShowsNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{number, "0123456789", "FW727"} {
		plain := label(t, text, 2, 520, 320)
		for r := 1; r <= 5; r++ {
			for _, sigma := range []float64{0, 12} {
				s := see(t, asPNG(t, noisy(blurred(plain, r), sigma)), rules.EvidenceWaybill)
				for _, got := range texts(&s) {
					assert.Equal(t, text, got, "blur %d, noise %v", r, sigma)
				}
			}
		}
	}
}

// Two labels in one picture are two numbers.
func TestSeveralCodes(t *testing.T) {
	t.Parallel()
	one, two := label(t, number, 2, 800, 400), label(t, "RX123456785CN", 2, 800, 400)
	both := image.NewGray(image.Rect(0, 0, 800, 800))
	copy(both.Pix, one.Pix)
	copy(both.Pix[800*400:], two.Pix)
	s := see(t, asPNG(t, both), rules.EvidenceWaybill)
	assert.ElementsMatch(t, []string{number, "RX123456785CN"}, texts(&s))
}

func TestQR(t *testing.T) {
	t.Parallel()
	code, err := qr.Encode("https://t.example/?no="+number, qr.M, qr.Auto)
	require.NoError(t, err)
	scaled, err := barcode.Scale(code, 300, 300)
	require.NoError(t, err)
	img := image.NewGray(image.Rect(0, 0, 800, 600))
	for i := range img.Pix {
		img.Pix[i] = 240
	}
	for y := range 300 {
		for x := range 300 {
			img.SetGray(250+x, 150+y, color.GrayModel.Convert(scaled.At(x, y)).(color.Gray))
		}
	}
	for name, picture := range map[string]*image.Gray{"plain": img, "tilted": tilted(img, 20), "noisy": noisy(img, 20), "blurred": blurred(img, 2)} {
		s := see(t, asJPEG(t, picture, 80), rules.EvidenceWaybill)
		assert.Equal(t, []rules.Barcode{{Format: rules.BarcodeQR, Text: "https://t.example/?no=" + number, Votes: 1}}, s.Barcodes, name)
	}
}

// Noise must not pass for sharpness, nor blur for it, at any size of picture.
func TestSharpness(t *testing.T) {
	t.Parallel()
	for _, module := range []int{2, 4} {
		plain := label(t, number, module, 640*module/2, 480*module/2)
		sharp := see(t, asPNG(t, plain), rules.EvidenceScreenshot).Picture.Sharpness
		assert.Greater(t, sharp, 100.0)
		for _, r := range []int{2 * module, 4 * module} {
			soft := blurred(plain, r/2+1)
			s := see(t, asPNG(t, soft), rules.EvidenceScreenshot).Picture.Sharpness
			n := see(t, asPNG(t, noisy(soft, 12)), rules.EvidenceScreenshot).Picture.Sharpness
			t.Logf("module %d: sharp %v, blurred by %d: %v, with noise %v", module, sharp, r, s, n)
			assert.Less(t, s, 20.0, "blur %d of %d", r, module)
			assert.Less(t, n, 20.0, "blur %d of %d, noisy", r, module)
		}
	}
}

// A waybill of 4 megapixels takes at most 1.5 s of one core, also one on which nothing is found.
func TestSpeed(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	plain := label(t, number, 6, 2304, 1728)
	for _, c := range []struct {
		name  string
		img   *image.Gray
		codes int
	}{{"upright", plain, 1}, {"tilted", tilted(plain, 33), 1}, {"blurred, noisy", noisy(blurred(plain, 12), 20), 0}} {
		content := asJPEG(t, c.img, 85)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := cpu(t)
		s := see(t, content, rules.EvidenceWaybill)
		took := cpu(t) - start
		runtime.ReadMemStats(&after)
		assert.Len(t, s.Barcodes, c.codes, c.name)
		t.Logf("%s: %v of one core, %d MB allocated, sharpness %v", c.name, took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20, s.Picture.Sharpness)
		assert.Less(t, took, 1500*time.Millisecond, c.name)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(150<<20), c.name)
	}
}

// cpu is the time that the process has computed: others on the machine do not count.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
