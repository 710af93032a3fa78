package pack_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/evidence/pack"
	"parcelward/internal/rules"
)

// corner is a JPEG, 300 by 200, all white but for its upper left corner, with an EXIF orientation.
func corner(tb testing.TB, orientation uint16) []byte {
	tb.Helper()
	img := image.NewGray(image.Rect(0, 0, 300, 200))
	for i := range img.Pix {
		img.Pix[i] = 255
		if i%300 < 60 && i/300 < 60 {
			img.Pix[i] = 0
		}
	}
	var b bytes.Buffer
	require.NoError(tb, jpeg.Encode(&b, img, nil))
	exif := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	binary.BigEndian.PutUint16(exif[24:], orientation)
	segment := binary.BigEndian.AppendUint16([]byte{0xFF, 0xE1}, uint16(len(exif)+2))
	return append(append(append([]byte{}, b.Bytes()[:2]...), append(segment, exif...)...), b.Bytes()[2:]...)
}

func TestPicturesStandUpright(t *testing.T) {
	t.Parallel()
	for orientation, dark := range []string{1: "upper left", 2: "upper right", 3: "lower right", 4: "lower left", 5: "upper left", 6: "upper right", 7: "lower right", 8: "lower left"} {
		if dark == "" {
			continue
		}
		data, w, h, err := pack.Printable(corner(t, uint16(orientation)))
		require.NoError(t, err)
		img, err := jpeg.Decode(bytes.NewReader(data))
		require.NoError(t, err)
		require.Equal(t, image.Pt(w, h), img.Bounds().Size())
		require.Equal(t, orientation >= 5, h > w, orientation)
		for name, at := range map[string]image.Point{
			"upper left": {20, 20}, "upper right": {w - 20, 20}, "lower left": {20, h - 20}, "lower right": {w - 20, h - 20},
		} {
			y := color.GrayModel.Convert(img.At(at.X, at.Y)).(color.Gray).Y
			assert.Equal(t, name == dark, y < 100, "orientation %d, %s: %d", orientation, name, y)
		}
	}
}

func TestPicturesForPrint(t *testing.T) {
	t.Parallel()
	small := photo(t, 800, 600)
	data, w, h, err := pack.Printable(small)
	require.NoError(t, err)
	assert.Equal(t, small, data, "a JPEG of the right size goes in as it is")
	assert.Equal(t, [2]int{800, 600}, [2]int{w, h})

	large := photo(t, 2400, 1800, "A")
	data, w, h, err = pack.Printable(large)
	require.NoError(t, err)
	assert.Equal(t, [2]int{1008, 756}, [2]int{w, h}, "half a page at 200 dpi")
	assert.Less(t, len(data), len(large))

	_, w, h, err = pack.Printable(photo(t, 1800, 2400))
	require.NoError(t, err)
	assert.Equal(t, [2]int{1264, 1685}, [2]int{w, h}, "a page at 200 dpi")

	webp, err := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	require.NoError(t, err)
	_, w, h, err = pack.Printable(webp)
	require.NoError(t, err)
	assert.Equal(t, [2]int{1, 1}, [2]int{w, h})

	glass := image.NewNRGBA(image.Rect(0, 0, 40, 40)) // transparent: white on paper
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, glass))
	data, _, _, err = pack.Printable(b.Bytes())
	require.NoError(t, err)
	img, err := jpeg.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	assert.Greater(t, color.GrayModel.Convert(img.At(20, 20)).(color.Gray).Y, uint8(250))
}

func TestExtremeShapes(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{1, 1}, {1, 9000}, {9000, 1}, {3, 2}, {20000, 40}} {
		_, w, h, err := pack.Printable(screenshot(t, size.X, max(size.Y, 16)))
		require.NoError(t, err, size)
		assert.True(t, w >= 1 && h >= 1 && w <= 1371 && h <= 1686, "%v: %d x %d", size, w, h)
	}
}

func TestPicturesThatCannotBeShownGetALabelledPlace(t *testing.T) {
	t.Parallel()
	whole := photo(t, 640, 480)
	bomb := screenshot(t, 16, 16)
	binary.BigEndian.PutUint32(bomb[16:], 60000)
	binary.BigEndian.PutUint32(bomb[20:], 60000)
	crc := crc32.ChecksumIEEE(bomb[12:29])
	binary.BigEndian.PutUint32(bomb[29:], crc)
	_, _, _, err := pack.Printable(bomb)
	require.ErrorIs(t, err, pack.ErrLarge)

	p, s := sample(t)
	p.Originals = nil
	s.add(&p, rules.EvidenceWaybill, "image/jpeg", "cut.jpg", whole[:len(whole)/2])
	s.add(&p, rules.EvidenceWaybill, "image/png", "no.png", []byte("no picture"))
	s.add(&p, rules.EvidenceWaybill, "image/webp", "empty.webp", nil)
	s.add(&p, rules.EvidenceWaybill, "image/png", "bomb.png", bomb)
	text := poppler(t, "pdftotext", pdfOf(t, p, s), "-", "-raw")
	assert.Equal(t, 3, bytes.Count([]byte(text), []byte("图像无法在此显示")))
	assert.Equal(t, 1, bytes.Count([]byte(text), []byte("图像过大")))
	for i := range p.Originals {
		assert.Contains(t, text, "SHA-256: "+p.Originals[i].SHA256)
	}
	zipOf(t, p, s)
}

func FuzzPrintable(f *testing.F) {
	f.Add(corner(f, 6))
	f.Add(screenshot(f, 30, 20))
	f.Fuzz(func(t *testing.T, data []byte) {
		if config, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && config.Width*config.Height > 1<<22 {
			t.Skip("slow, and bounded elsewhere")
		}
		out, w, h, err := pack.Printable(data)
		if err != nil {
			return
		}
		config, err := jpeg.DecodeConfig(bytes.NewReader(out))
		require.NoError(t, err)
		if config.Width != w || config.Height != h {
			t.Fatalf("got %d x %d, said %d x %d", config.Width, config.Height, w, h)
		}
	})
}

// tenPhotos is a pack of ten photos of 4 megapixels.
func tenPhotos(tb testing.TB) (pack.Pack, store) {
	tb.Helper()
	p, s := sample(tb)
	p.Originals = nil
	for i := range 10 {
		s.add(&p, rules.EvidenceWaybill, "image/jpeg", "photo.jpg", noisy(tb, 2464, 1632, i))
	}
	return p, s
}

// A pack of ten images takes at most 2 s of one core.
func TestSpeed(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	p, s := tenPhotos(t)
	runtime.GC()
	start := cpu(t)
	zipOf(t, p, s)
	took := cpu(t) - start
	t.Logf("%v of one core", took.Round(time.Millisecond))
	assert.Less(t, took, 2*time.Second)
}

// cpu is the time that the process has computed: others on the machine do not count.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkPackOfTenPhotos(b *testing.B) {
	p, s := tenPhotos(b)
	b.ResetTimer()
	b.ReportAllocs()
	for b.Loop() {
		zipOf(b, p, s)
	}
}

// noisy is a photo with the noise of a camera, which costs a decoder what real ones cost.
func noisy(tb testing.TB, w, h, seed int) []byte {
	tb.Helper()
	img := drawn(tb, w, h, "物流底单", number)
	state := uint32(seed + 1)
	for i := range img.Pix {
		state = state*1664525 + 1013904223
		if i%4 < 3 {
			img.Pix[i] = byte(min(max(int(img.Pix[i])+int(state>>27)-16, 0), 255))
		}
	}
	var b bytes.Buffer
	require.NoError(tb, jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}))
	return b.Bytes()
}
