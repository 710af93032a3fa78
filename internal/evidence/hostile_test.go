package evidence_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/evidence"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
)

// samples are small good files of every type.
func samples(tb testing.TB) map[string][]byte {
	tb.Helper()
	jpg := jpegOf(tb, 33, 21)
	return map[string][]byte{
		"a.jpg": segment(jpg, 0xe1, exif(map[uint16]string{0x9003: "2026:03:01 10:30:00", 0x9011: "+08:00"})),
		"b.jpg": jpg, "c.png": pngOf(tb, 33, 21), "d.webp": webpOf(tb), "f.mp4": mp4Of(200), "g.txt": []byte("买家:还没收到\n"),
		"e.pdf": pdfOf(stream("/Type /ObjStm /N 1 /First 4", "5 0 << /Type /Font >>"), stream("", "BT (hello) Tj ET")),
	}
}

// mutate changes a file as crafted ones are: single bytes, extreme lengths, cut, doubled, mixed.
func mutate(r *rand.Rand, b, other []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + r.IntN(6) {
		if len(b) < 8 {
			return b
		}
		at := r.IntN(len(b) - 4)
		switch r.IntN(7) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = byte(r.IntN(256))
		case 2:
			copy(b[at:], []byte{0xff, 0xff, 0xff, 0xff})
		case 3:
			copy(b[at:], []byte{0, 0, 0, 0})
		case 4:
			b = b[:at+4]
		case 5:
			b = append(b[:at:at], append(bytes.Clone(b[at/2:at]), b[at:]...)...)
		case 6:
			b = append(b[:at:at], other[r.IntN(len(other)):]...)
		}
	}
	return b
}

// Ten thousand crafted files: each is kept or refused, none ends the process, none takes more
// memory than the bound, and nothing is left of what was refused.
func TestMutatedFiles(t *testing.T) {
	const files, most = 10_000, 64 << 20
	b := setup(t)
	good := samples(t)
	names := []string{"a.jpg", "b.jpg", "c.png", "d.webp", "e.pdf", "f.mp4", "g.txt"}
	r := rand.New(rand.NewPCG(4, 1))
	var start, before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&start)
	kept, refused := 0, 0
	var worst, held uint64
	for i := range files {
		name := names[i%len(names)]
		content := mutate(r, good[name], good[names[r.IntN(len(names))]])
		runtime.ReadMemStats(&before)
		_, err := b.Put(t.Context(), original(name), bytes.NewReader(content))
		runtime.ReadMemStats(&after)
		worst = max(worst, after.TotalAlloc-before.TotalAlloc)
		var fault *port.OriginalError
		switch {
		case err == nil:
			kept++
			held += uint64(len(content)) // by the bucket, which is in memory
		case errors.As(err, &fault):
			refused++
		default:
			require.NoError(t, err)
		}
	}
	require.Greater(t, kept, files/50)
	require.Greater(t, refused, files/2)
	require.Less(t, worst, uint64(most))
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("%d kept, of %d KB, %d refused; at most %d MB allocated for one, %d KB more at the end", kept, held>>10, refused, worst>>20,
		(int64(after.HeapAlloc)-int64(start.HeapAlloc))>>10)
	require.Less(t, after.HeapAlloc, start.HeapAlloc+held+8<<20, "what was refused is let go")
	left, err := os.ReadDir(b.spool)
	require.NoError(t, err)
	require.Empty(t, left, "no file is left in the spool")
}

// However large an upload is, it goes through in pieces.
func TestVideoIsStreamed(t *testing.T) {
	folder, index := t.TempDir(), new(porttest.EvidenceIndex)
	bucket, err := evidence.OpenBucket(t.Context(), "file://"+folder)
	require.NoError(t, err)
	v := evidence.New(bucket, index, t.TempDir())
	content := mp4Of(150 << 20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	kept, err := v.Put(t.Context(), original("a.mp4"), bytes.NewReader(content))
	require.NoError(t, err)
	r, err := v.Open(t.Context(), kept.SHA256)
	require.NoError(t, err)
	read, err := io.Copy(io.Discard, r)
	require.NoError(t, err)
	require.EqualValues(t, len(content), read)
	_, err = v.Verify(t.Context())
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))
	require.NoError(t, errors.Join(r.Close(), v.Close()))
}

// A PDF whose streams inflate without end is refused in time.
func TestPDFBomb(t *testing.T) {
	t.Parallel()
	b := setup(t)
	zeros := stream("", string(make([]byte, 64<<20)))
	var objects []string
	for range 10 {
		objects = append(objects, zeros)
	}
	start := time.Now()
	_, err := b.Put(t.Context(), original("a.pdf"), bytes.NewReader(pdfOf(objects...)))
	var refused *port.OriginalError
	require.ErrorAs(t, err, &refused)
	require.Contains(t, refused.Found, "512 MB")
	require.Less(t, time.Since(start), 30*time.Second)
}

// EXIF that promises gigabytes, points to itself or nests without end costs neither memory nor time.
func TestCraftedEXIF(t *testing.T) {
	t.Parallel()
	b := setup(t)
	jpg, pix := jpegOf(t, 33, 21), pngOf(t, 33, 21)
	directory := func(entries ...string) string {
		return "II*\x00\x08\x00\x00\x00" + string(rune(len(entries))) + "\x00" + strings.Join(entries, "") + "\x08\x00\x00\x00" // the next is itself
	}
	pointer := func(tag, kind, count, value string) string { return tag + kind + count + value }
	for name, tiff := range map[string]string{
		"gigabytes of text":     directory(pointer("\x03\x90", "\x02\x00", "\xff\xff\xff\x7f", "\x08\x00\x00\x00")),
		"gigabytes of ratios":   directory(pointer("\x03\x90", "\x05\x00", "\xff\xff\xff\xff", "\x08\x00\x00\x00")),
		"a circle":              directory(pointer("\x69\x87", "\x04\x00", "\x01\x00\x00\x00", "\x08\x00\x00\x00")),
		"65,535 entries":        "II*\x00\x08\x00\x00\x00\xff\xff" + strings.Repeat("\x69\x87\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00", 5000),
		"beyond the end":        "MM\x00*\xff\xff\xff\xff",
		"a kind that is unused": directory(pointer("\x03\x90", "\xff\xff", "\x01\x00\x00\x00", "\x00\x00\x00\x00")),
	} {
		for file, content := range map[string][]byte{
			name + ".jpg": segment(jpg, 0xe1, "Exif\x00\x00"+tiff),
			name + ".png": append(append(bytes.Clone(pix[:33]), chunk("eXIf", []byte(tiff))...), pix[33:]...),
		} {
			start := time.Now()
			kept, err := b.Put(t.Context(), original(file), bytes.NewReader(content))
			require.NoError(t, err, file)
			require.Zero(t, kept.TakenAt, file)
			require.Less(t, time.Since(start), 5*time.Second, file)
		}
	}
}

func FuzzSniff(f *testing.F) {
	for _, content := range samples(f) {
		f.Add(content[:min(len(content), 256)])
	}
	for _, head := range []string{"", "GIF89a", "<svg>", "\ufeff<html", "PK\x03\x04", "MZ", "RIFF....WEBPVP8 ", "....ftypqt  ", "\xff\xfea", "\xe9\x9d"} {
		f.Add([]byte(head))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		for _, whole := range []bool{true, false} {
			mediaType, fault := evidence.Sniff(head, whole)
			require.Equal(t, fault == nil, mediaType != "")
		}
	})
}

// FuzzUpload puts anything through everything that looks at uploads.
func FuzzUpload(f *testing.F) {
	for _, content := range samples(f) {
		f.Add(content)
	}
	f.Add(pdfOf("<< /S /J#61vaScript >>"))
	f.Add(bomb(30_000, 30_000, 8, 2))
	f.Fuzz(func(t *testing.T, content []byte) {
		_, err := setup(t).Put(t.Context(), original("file"), bytes.NewReader(content))
		var fault *port.OriginalError
		require.True(t, err == nil || errors.As(err, &fault), "%v", err)
	})
}
