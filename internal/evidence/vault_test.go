package evidence_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"parcelward/internal/evidence"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

type bundle struct {
	*evidence.Vault
	bucket *blob.Bucket
	index  *porttest.EvidenceIndex
	spool  string
}

func setup(tb testing.TB) *bundle {
	tb.Helper()
	b := &bundle{bucket: memblob.OpenBucket(nil), index: new(porttest.EvidenceIndex), spool: tb.TempDir()}
	b.Vault = evidence.New(b.bucket, b.index, b.spool)
	tb.Cleanup(func() { require.NoError(tb, b.Close()) })
	return b
}

func original(name string) port.NewOriginal {
	return port.NewOriginal{Store: "shop", Order: "1", TrackingNumber: "LP1", Kind: rules.EvidenceWaybill, Name: name, Source: port.SourceUpload, By: "li"}
}

func (b *bundle) put(tb testing.TB, name string, content []byte) protocol.Evidence {
	tb.Helper()
	kept, err := b.Put(tb.Context(), original(name), bytes.NewReader(content))
	require.NoError(tb, err, name)
	return kept
}

// Each good type comes back as it was, under the type of its bytes; nothing stays in the spool.
func TestPutAndOpen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, tc := range map[string]struct {
		content   []byte
		mediaType string
		as        string
	}{
		"面单.JPG":          {jpegOf(t, 60, 40), evidence.JPEG, "面单.JPG"},
		"shot.png":        {pngOf(t, 60, 40), evidence.PNG, "shot.png"},
		"shot.webp":       {webpOf(t), evidence.WebP, "shot.webp"},
		"waybill":         {pdfOf(), evidence.PDF, "waybill.pdf"},
		"refused.mp4":     {mp4Of(1000), evidence.MP4, "refused.mp4"},
		"出库记录.csv":        {[]byte("\ufeffsku,数量\r\nLAMP-1,2\r\n"), evidence.Text, "出库记录.csv"},
		`C:\tmp\..\a.txt`: {[]byte("buyer: it never came < 3 weeks\n"), evidence.Text, "a.txt"},
	} {
		kept := b.put(t, name, tc.content)
		require.Equal(t, tc.mediaType, kept.MediaType, name)
		require.Equal(t, tc.as, kept.Name)
		require.EqualValues(t, len(tc.content), kept.Size)
		r, err := b.Open(t.Context(), kept.SHA256)
		require.NoError(t, err)
		back, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Equal(t, tc.content, back)
	}
	held, err := b.Evidence(t.Context(), "shop", "1", "LP1")
	require.NoError(t, err)
	require.Len(t, held, 7)
	left, err := os.ReadDir(b.spool)
	require.NoError(t, err)
	require.Empty(t, left)
	for _, sum := range []string{"", "../../etc/passwd", strings.Repeat("AB", 32), strings.Repeat("ab", 32)} {
		_, err := b.Open(t.Context(), sum)
		require.ErrorIs(t, err, port.ErrRefused, sum)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	jpg, web, pix := jpegOf(t, 60, 40), webpOf(t), pngOf(t, 60, 40)
	// Two scans' worth of pixels that a progressive image would hold as coefficients.
	huge := bytes.Clone(jpg)
	at := bytes.Index(huge, []byte{0xff, 0xc0})
	huge[at+1] = 0xc2
	binary.BigEndian.PutUint16(huge[at+5:], 8000)
	binary.BigEndian.PutUint16(huge[at+7:], 6000)
	large := bytes.Repeat([]byte("a"), evidence.MaxDocument+1)
	noise := append(append([]byte{}, web[:12]...), web[20:]...)
	for name, tc := range map[string]struct {
		file    string
		content []byte
		code    rules.OriginalCode
		found   string
	}{
		"nothing":               {"a.jpg", nil, rules.OriginalEmpty, ""},
		"white space":           {"a.txt", []byte("\ufeff \n"), rules.OriginalEmpty, ""},
		"one byte too many":     {"a.txt", large, rules.OriginalTooLarge, ">20 MB"},
		"GIF":                   {"a.gif", []byte("GIF89a...."), rules.OriginalType, "GIF"},
		"HEIC":                  {"a.heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), rules.OriginalType, "HEIC"},
		"MOV":                   {"a.mov", []byte("\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00"), rules.OriginalType, "MOV"},
		"workbook":              {"a.xlsx", []byte("PK\x03\x04\x14\x00xl/workbook.xml"), rules.OriginalType, "XLSX"},
		"program":               {"a.jpg", []byte("MZ\x90\x00\x03"), rules.OriginalType, "EXE"},
		"SVG":                   {"a.png", []byte("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"), rules.OriginalType, "SVG"},
		"SVG behind a comment":  {"a.txt", []byte("\n<!-- --><svg onload='x'>"), rules.OriginalType, "SVG"},
		"SVG with a head":       {"a.png", []byte("\ufeff<?xml version='1.0'?><!DOCTYPE svg><svg><script>x</script></svg>"), rules.OriginalType, "SVG"},
		"SVG in a text":         {"a.txt", []byte("see <svg onload=alert(1)>"), rules.OriginalHidden, "<svg>"},
		"SVG packed":            {"a.png", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"), rules.OriginalType, "GZIP"},
		"SVG in a chunk":        {"a.png", append(append(bytes.Clone(pix[:33]), chunk("tEXt", []byte("Comment\x00<svg onload=x>"))...), pix[33:]...), rules.OriginalHidden, "<svg>"},
		"script in EXIF":        {"a.jpg", segment(jpg, 0xe1, exif(map[uint16]string{0x9003: "<script>alert(1)</script>"})), rules.OriginalHidden, "<script>"},
		"HTML":                  {"a.txt", []byte("  <html><body>"), rules.OriginalType, "HTML"},
		"HTML in a text":        {"a.txt", []byte("hello <ScRiPt >alert(1)"), rules.OriginalHidden, "<script>"},
		"binary":                {"a.txt", []byte("abc\x00def"), rules.OriginalType, "binary"},
		"binary behind a text":  {"a.txt", append(bytes.Repeat([]byte("a"), 9000), 0), rules.OriginalType, "binary"},
		"GBK":                   {"a.csv", []byte("\xb6\xa9\xb5\xa5\xba\xc5,1\n"), rules.OriginalEncoding, ""},
		"UTF-16":                {"a.csv", []byte("\xff\xfea\x00"), rules.OriginalEncoding, ""},
		"contradiction":         {"a.pdf", jpg, rules.OriginalExtension, ".pdf"},
		"turned name":           {"photo\u202egpj.exe", jpg, rules.OriginalExtension, ".exe"},
		"cut JPEG":              {"a.jpg", jpg[:len(jpg)-200], rules.OriginalDamaged, ""},
		"cut PNG":               {"a.png", pix[:len(pix)-40], rules.OriginalDamaged, ""},
		"broken PNG":            {"a.png", append(append(bytes.Clone(pix[:80]), 1, 2, 3), pix[83:]...), rules.OriginalDamaged, ""},
		"broken WebP":           {"a.webp", noise, rules.OriginalDamaged, ""},
		"bomb":                  {"a.png", bomb(30_000, 30_000, 8, 2), rules.OriginalPixels, "30000 × 30000 px"},
		"long bomb":             {"a.png", bomb(1<<31-1, 1, 1, 0), rules.OriginalPixels, "2147483647 × 1 px"},
		"deep bomb":             {"a.png", bomb(7000, 7000, 16, 6), rules.OriginalPixels, "7000 × 7000 px"},
		"promises more":         {"a.png", bomb(3000, 3000, 8, 2), rules.OriginalDamaged, ""},
		"progressive":           {"a.jpg", huge, rules.OriginalPixels, "6000 × 8000 px"},
		"no size":               {"a.png", bomb(0, 5, 8, 2), rules.OriginalDamaged, ""},
		"script behind":         {"a.jpg", append(bytes.Clone(jpg), "<script>alert(1)</script>"...), rules.OriginalHidden, "<script>"},
		"script in a comment":   {"a.jpg", segment(jpg, 0xfe, "<script src=x>"), rules.OriginalHidden, "<script>"},
		"archive behind":        {"a.png", append(bytes.Clone(pix), "PK\x03\x04....PK\x05\x06"+string(make([]byte, 18))...), rules.OriginalHidden, "ZIP"},
		"page behind":           {"a.webp", append(bytes.Clone(web), "<!DOCTYPE html>"...), rules.OriginalHidden, "<!doctype>"},
		"PDF behind":            {"a.png", append(bytes.Clone(pix), pdfOf()...), rules.OriginalHidden, "PDF"},
		"no PDF":                {"a.pdf", []byte("%PDF-1.4\n"), rules.OriginalDamaged, "PDF: no %%EOF"},
		"PDF script":            {"a.pdf", pdfOf("<< /S /JavaScript /JS (app.alert\\(1\\)) >>"), rules.OriginalActive, "/JavaScript"},
		"PDF script in escapes": {"a.pdf", pdfOf("<< /S /J#61v#61Script >>"), rules.OriginalActive, "/JavaScript"},
		"PDF script packed":     {"a.pdf", pdfOf(stream("/Type /ObjStm /N 1 /First 4", "5 0 << /S /JavaScript /JS (x) >>")), rules.OriginalActive, "/JavaScript"},
		"PDF script far inside": {"a.pdf", pdfOf(stream("", strings.Repeat(" ", 65530)+"/JavaScript ")), rules.OriginalActive, "/JavaScript"},
		"PDF objects in hex":    {"a.pdf", pdfOf("<< /Type /ObjStm /N 1 /First 4 /Filter /ASCIIHexDecode >>\nstream\n3520\nendstream"), rules.OriginalOpaque, `/ObjStm /Filter "/ASCIIHexDecode"`},
		"PDF program":           {"a.pdf", pdfOf("<< /S /Launch /F (cmd.exe) >>"), rules.OriginalActive, "/Launch"},
		"PDF file":              {"a.pdf", pdfOf("<< /Type /EmbeddedFile >>"), rules.OriginalActive, "/EmbeddedFile"},
		"PDF form":              {"a.pdf", pdfOf("<< /XFA 9 0 R >>"), rules.OriginalActive, "/XFA"},
		"PDF opening":           {"a.pdf", pdfOf("<< /OpenAction 9 0 R >>"), rules.OriginalActive, "/OpenAction"},
		"PDF encrypted":         {"a.pdf", pdfOf("<< /Encrypt 9 0 R >>"), rules.OriginalEncrypted, ""},
		"PDF page behind":       {"a.pdf", append(pdfOf(), "<html><script>"...), rules.OriginalHidden, "<html>"},
		"video without index":   {"a.mp4", []byte(box("ftyp", "isom") + box("mdat", "x")), rules.OriginalDamaged, "MP4: no moov"},
		"video cut":             {"a.mp4", mp4Of(100)[:170], rules.OriginalDamaged, ""},
		"video and more":        {"a.mp4", append(mp4Of(10), "<html>"...), rules.OriginalDamaged, ""},
		"page in a video":       {"a.mp4", []byte(box("ftyp", "isom") + box("moov", "<html>") + box("free", "x")), rules.OriginalHidden, "<html>"},
	} {
		kept, err := b.Put(t.Context(), original(tc.file), bytes.NewReader(tc.content))
		var refused *port.OriginalError
		require.ErrorAs(t, err, &refused, name)
		require.Equal(t, tc.code, refused.Code, name)
		require.ErrorIs(t, err, port.ErrRefused)
		if tc.found != "" {
			require.Equal(t, tc.found, refused.Found, name)
		}
		require.Empty(t, kept.SHA256)
	}
	require.Empty(t, b.index.Chains)
	object, err := b.bucket.List(nil).Next(t.Context())
	require.ErrorIs(t, err, io.EOF, "%v", object)
}

// The sizes count to the byte; a video may be larger than everything else.
func TestSizes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "a.txt", bytes.Repeat([]byte("a"), evidence.MaxDocument))
	b.put(t, "a.mp4", mp4Of(evidence.MaxDocument+1))
	frame := len(mp4Of(0))
	b.put(t, "b.mp4", mp4Of(evidence.MaxVideo-frame))
	_, err := b.Put(t.Context(), original("c.mp4"), bytes.NewReader(mp4Of(evidence.MaxVideo-frame+1)))
	var refused *port.OriginalError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, ">200 MB", refused.Found)
}

// What phones put behind and into their pictures is no fault.
func TestHarmlessAdditions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	jpg := jpegOf(t, 60, 40)
	b.put(t, "motion.jpg", append(bytes.Clone(jpg), mp4Of(100)...))
	b.put(t, "maker.jpg", segment(jpg, 0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta><rdf:RDF></rdf:RDF></x:xmpmeta>"))
	b.put(t, "links.pdf", pdfOf("<< /A << /S /URI /URI (https://example.com/a) >> >>", stream("/Type /ObjStm /N 1 /First 4", "5 0 << /Type /Font >>")))
}

func TestTakenAt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	jpg := jpegOf(t, 60, 40)
	at := time.Date(2026, 3, 1, 2, 30, 0, 0, time.UTC)
	stated := at.Add(time.Hour)
	for name, tc := range map[string]struct {
		exif   string
		stated time.Time
		want   time.Time
	}{
		"with offset":     {exif: exif(map[uint16]string{0x9003: "2026:03:01 10:30:00", 0x9011: "+08:00"}), want: at},
		"without offset":  {exif: exif(map[uint16]string{0x9003: "2026:03:01 10:30:01"})},
		"clock never set": {exif: exif(map[uint16]string{0x9003: "1970:01:01 00:00:00", 0x9011: "+00:00"})},
		"crafted":         {exif: "Exif\x00\x00II*\x00\xff\xff\xff\xff" + strings.Repeat("\xff", 300)},
		"stated":          {exif: exif(map[uint16]string{0x9003: "2026:03:01 10:30:02", 0x9011: "+08:00"}), stated: stated, want: stated},
	} {
		o := original(name + ".jpg")
		o.TakenAt = tc.stated
		kept, err := b.Put(t.Context(), o, bytes.NewReader(segment(jpg, 0xe1, tc.exif)))
		require.NoError(t, err, name)
		require.Equal(t, tc.want, kept.TakenAt, name)
	}
}

// The same again is one entry; what is stated anew is a further one, with what was stated before.
func TestOnceAndStatedAnew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	jpg := jpegOf(t, 60, 40)
	put := func(o port.NewOriginal) {
		_, err := b.Put(t.Context(), o, bytes.NewReader(jpg))
		require.NoError(t, err)
	}
	o := original("a.jpg")
	o.Given = map[string]string{"ship_date": "2026-03-01"}
	put(o)
	put(o)
	put(original("other name.jpg"))
	require.Len(t, b.index.Chains["shop"], 1)
	o.Given = map[string]string{"weight_kg": "0.42"}
	put(o)
	require.Len(t, b.index.Chains["shop"], 2)
	items, err := b.Items(t.Context(), "shop", "1")
	require.NoError(t, err)
	require.Len(t, items, 1)
	require.Equal(t, map[string]string{"ship_date": "2026-03-01", "weight_kg": "0.42"}, items[0].Given)

	whole := original("a.jpg")
	whole.TrackingNumber = ""
	put(whole)
	held, err := b.Evidence(t.Context(), "shop", "1", "LP1")
	require.NoError(t, err)
	require.Len(t, held, 1, "of the parcel and of the order, but the same")
	require.NoError(t, b.KeepEvidence(t.Context(), "shop", "1", "LP2", held))
	require.NoError(t, b.KeepEvidence(t.Context(), "shop", "1", "LP2", held))
	require.Len(t, b.index.Chains["shop"], 4)
	require.ErrorIs(t, b.KeepEvidence(t.Context(), "shop", "2", "LP2", held), port.ErrRefused, "of another order")
}

func TestStatementsAreChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, spoil := range map[string]func(*port.NewOriginal){
		"order: ":           func(o *port.NewOriginal) { o.Order = "../1" },
		"kind: ":            func(o *port.NewOriginal) { o.Kind = "selfie" },
		"tracking_number: ": func(o *port.NewOriginal) { o.TrackingNumber = "LP\x00" },
		"by: ":              func(o *port.NewOriginal) { o.By = "li\u202e" },
		"given: ":           func(o *port.NewOriginal) { o.Given = map[string]string{"A": "x"} },
	} {
		o := original("a.jpg")
		spoil(&o)
		_, err := b.Put(t.Context(), o, bytes.NewReader(jpegOf(t, 8, 8)))
		require.ErrorIs(t, err, port.ErrRefused)
		require.ErrorContains(t, err, name)
	}
}

// A crash between bucket and index leaves content that nobody names; the next upload uses it.
func TestCrashBetweenBucketAndIndex(t *testing.T) {
	t.Parallel()
	b := setup(t)
	jpg := jpegOf(t, 60, 40)
	b.index.Err = errors.New("gone")
	_, err := b.Put(t.Context(), original("a.jpg"), bytes.NewReader(jpg))
	require.ErrorContains(t, err, "gone")
	require.NotErrorIs(t, err, port.ErrRefused)
	b.index.Err = nil
	written := b.object(t)
	b.put(t, "a.jpg", jpg)
	require.Equal(t, written, b.object(t))
}

// object is when the only content of the bucket was written.
func (b *bundle) object(t *testing.T) time.Time {
	t.Helper()
	list := b.bucket.List(&blob.ListOptions{})
	o, err := list.Next(t.Context())
	require.NoError(t, err)
	_, err = list.Next(t.Context())
	require.ErrorIs(t, err, io.EOF)
	return o.ModTime
}

// An upload that breaks off leaves nothing, and may be sent again.
func TestBrokenUpload(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := io.MultiReader(bytes.NewReader(jpegOf(t, 60, 40)[:500]), broken{})
	_, err := b.Put(t.Context(), original("a.jpg"), content)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NotErrorIs(t, err, port.ErrRefused)
	require.Empty(t, b.index.Chains)
	left, err := os.ReadDir(b.spool)
	require.NoError(t, err)
	require.Empty(t, left)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Whoever looks sees the entry as it is kept, and its bytes.
func TestLook(t *testing.T) {
	t.Parallel()
	b := setup(t)
	jpg := jpegOf(t, 60, 40)
	_, err := b.Keep(t.Context(), original("a.jpg"), bytes.NewReader(jpg), func(_ context.Context, item port.EvidenceItem, path string) {
		require.EqualValues(t, 1, item.Position)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, jpg, content)
	})
	require.NoError(t, err)
}

func TestFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir() + "/new/evidence"
	for range 2 {
		bucket, err := evidence.OpenBucket(t.Context(), "file://"+folder)
		require.NoError(t, err)
		v := evidence.New(bucket, new(porttest.EvidenceIndex), t.TempDir())
		kept, err := v.Put(t.Context(), original("a.txt"), strings.NewReader("hello\n"))
		require.NoError(t, err)
		content, err := os.ReadFile(folder + "/sha256/" + kept.SHA256[:2] + "/" + kept.SHA256)
		require.NoError(t, err)
		require.Equal(t, "hello\n", string(content))
		entries, err := os.ReadDir(folder + "/sha256/" + kept.SHA256[:2])
		require.NoError(t, err)
		require.Len(t, entries, 1, "nothing beside it")
		require.NoError(t, v.Close())
	}
	info, err := os.Stat(folder)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}
