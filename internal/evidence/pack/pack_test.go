package pack_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/memblob"

	"parcelward/internal/evidence"
	"parcelward/internal/evidence/pack"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

var update = flag.Bool("update", false, "write testdata/sample.sha256 and docs/pack.png anew")

func pdfOf(tb testing.TB, p pack.Pack, s store) []byte {
	tb.Helper()
	var b bytes.Buffer
	require.NoError(tb, pack.WritePDF(tb.Context(), &b, p, s.open))
	return b.Bytes()
}

func zipOf(tb testing.TB, p pack.Pack, s store) []byte {
	tb.Helper()
	var b bytes.Buffer
	require.NoError(tb, pack.WriteZIP(tb.Context(), &b, p, s.open))
	return b.Bytes()
}

// The vault takes what we write ourselves.
func TestVaultKeepsPack(t *testing.T) {
	t.Parallel()
	p, s := sample(t)
	v := evidence.New(memblob.OpenBucket(nil), new(porttest.EvidenceIndex), t.TempDir())
	_, err := v.Put(t.Context(), port.NewOriginal{Store: "shop", Order: "1", Kind: rules.EvidenceOther, Name: "pack.pdf", By: "li"}, bytes.NewReader(pdfOf(t, p, s)))
	require.NoError(t, err)
	require.NoError(t, v.Close())
}

// Where only the Go toolchain changed (its compression, its JPEG encoder), look at the pages and
// run this test with -update.
func TestSampleIsTheSameBytesEverywhere(t *testing.T) {
	t.Parallel()
	p, s := sample(t)
	document, archive := pdfOf(t, p, s), zipOf(t, p, s)
	got := fmt.Sprintf("%x  sample.pdf\n%x  sample.zip\n", sha256.Sum256(document), sha256.Sum256(archive))
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile("testdata/sample.sha256", []byte(got), 0o644))
		picture, err := os.ReadFile(page(t, document, 1, 90))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile("../../../docs/pack.png", picture, 0o644))
	}
	want, err := os.ReadFile("testdata/sample.sha256")
	require.NoError(t, err)
	require.Equal(t, string(want), got)
	require.Equal(t, document, pdfOf(t, p, s))
	require.Equal(t, archive, zipOf(t, p, s))
}

func TestPagesShowWhatTheySay(t *testing.T) {
	t.Parallel()
	p, s := sample(t)
	document := pdfOf(t, p, s)
	text := poppler(t, "pdftotext", document, "-", "-layout")
	for _, want := range []string{
		"物流索赔函", "Logistics Claim", p.Letter.Case, "USD 88.20", "2026-01-15 02:40", "《AliExpress物", "30 天", "30 days",
		"Вылет", "01-waybill-" + number + ".jpg", p.Originals[0].SHA256, "第 5 页，共 5 页", "Page 1 of 5", "订单 cn-8812/8190034567812345", "[U+1F622]",
	} {
		assert.Contains(t, text, want)
	}
	assert.Contains(t, poppler(t, "pdfinfo", document), "2026")
	for n := 1; n <= 5; n++ {
		f, err := os.Open(page(t, document, n, 60))
		require.NoError(t, err)
		img, err := png.Decode(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		b := img.Bounds()
		left, right := image.Rect(0, 0, b.Dx()/2, b.Dy()), image.Rect(b.Dx()/2, 0, b.Dx(), b.Dy())
		for side, part := range map[string]image.Rectangle{"left": left, "right": right} {
			share := ink(t, img, part)
			assert.True(t, share > 0.002 && share < 0.2, "page %d, %s half: %.4f of it is dark", n, side, share)
		}
	}
}

func TestLongTraceFlowsOverPagesUnderItsHead(t *testing.T) {
	t.Parallel()
	p, s := sample(t)
	first := p.Traces[0].Rows[1]
	p.Traces[0].Rows = nil
	for i := range 500 {
		row := first
		row.At = row.At.Add(time.Duration(i) * time.Hour)
		row.Description = fmt.Sprintf("row-%03d 到达分拨中心", i)
		p.Traces[0].Rows = append(p.Traces[0].Rows, row)
	}
	text := poppler(t, "pdftotext", pdfOf(t, p, s), "-", "-layout")
	pages := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
	require.True(t, len(pages) == 25, len(pages)) //nolint:testifylint // all the text would be printed
	for i := range 500 {
		assert.Equal(t, 1, strings.Count(text, fmt.Sprintf("row-%03d", i)), i)
	}
	for n, content := range pages {
		if strings.Contains(content, "row-") {
			assert.Equal(t, 1, strings.Count(content, "Carrier's own words"), "page %d", n+1)
		}
		assert.Contains(t, content, fmt.Sprintf("Page %d of %d", n+1, len(pages)))
	}
}

func TestEveryKindOfLetter(t *testing.T) {
	t.Parallel()
	for _, kind := range rules.LetterKinds() {
		p, s := sample(t)
		p.Letter.Kind, p.Letter.Number = kind, "C-77"
		text := poppler(t, "pdftotext", pdfOf(t, p, s), "-")
		assert.Contains(t, text, "C-77", kind)
		assert.NotContains(t, text, "%!", kind)
	}
}

// hostile texts that buyers, carriers and uploaders may bring.
func hostile() map[string]string {
	return map[string]string{
		"emoji":        "ok 😀👨‍👩‍👧 \U0001F1E8\U0001F1F3 end",
		"rtl":          "שלום مرحبا \u202Eevil\u202C",
		"control":      "a\x00b\x07c\x1b[31md\x7fe\u0085f",
		"no utf-8":     "caf\xe9 \xff\xfe 中\xe4\xb8",
		"combining":    "e\u0301 Z\u0307 \u0e01\u0e33",
		"alias":        "{nb} {total} \\) (\\ \r\n)",
		"one word":     strings.Repeat("W", 3000),
		"cjk":          strings.Repeat("包裹在分拨中心滞留，请协助核实；", 625),
		"traditional":  "國際快遞攬收臺灣香港 龍龜鬱",
		"han beyond":   "𠮷𡃁 㐂 鿫",
		"latin":        "Żółć ğüşıöç Čeština ĳ ſ Ệ ₽ ₸ € ₩ ½ № ™",
		"cyrillic":     "Съешь ещё этих мягких французских булок, да выпей чаю; ҐЄІЇ",
		"hangul, kana": "한국어 배송 カタカナ ひらがな",
		"blank":        " \t\u00a0\u3000\u2028\u200b\ufeff",
	}
}

func TestNoCharacterVanishes(t *testing.T) {
	t.Parallel()
	has, err := pack.Has()
	require.NoError(t, err)
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shown := pack.Visible(text, has)
			p, s := sample(t)
			before := poppler(t, "pdftotext", pdfOf(t, p, s), "-", "-raw")
			p.Traces[0].Rows[0].Description += text
			after := poppler(t, "pdftotext", pdfOf(t, p, s), "-", "-raw")
			for _, r := range shown {
				if strings.ContainsRune(" \n\u00a0\u3000", r) {
					continue
				}
				c := string(r)
				more := strings.Count(after, c) - strings.Count(before, c)
				require.GreaterOrEqual(t, more, strings.Count(shown, c), "%q (%U) is missing", c, r)
			}
		})
	}
}

func TestHostileTextsEverywhere(t *testing.T) {
	t.Parallel()
	for name, text := range hostile() {
		p, s := sample(t)
		l := &p.Letter
		l.Case, l.Number, l.Store, l.Order, l.Platform, l.Refusal = text, text, text, text, text, text
		l.Parcels[0] = wording.LetterParcel{Number: text, LastMile: text, Carrier: text, Service: text}
		l.Statement = wording.Text{ZH: text, EN: text}
		p.Traces[0].Number = text
		for i := range p.Originals {
			o := &p.Originals[i]
			o.Kind, o.Name, o.Source, o.By, o.Verdict, o.TrackingNumber = text, text, text, text, text, text
			o.Proves = wording.Text{ZH: text, EN: text}
		}
		require.NotPanics(t, func() { pdfOf(t, p, s) }, name)
		z, err := zip.NewReader(bytes.NewReader(zipOf(t, p, s)), int64(len(zipOf(t, p, s))))
		require.NoError(t, err, name)
		require.Len(t, z.File, 7, name)
	}
}

func TestArchiveNamesAreSafeWhateverTheUploadersCalled(t *testing.T) {
	t.Parallel()
	names := []string{
		"../../etc/passwd", `..\..\windows\system32\a.exe`, "/abs", "C:\\x", "a.jpg", "a.jpg", strings.Repeat("长", 300), "", ".", "..", "con.jpg", "x\x00.jpg", "manifest.json",
	}
	p, s := sample(t)
	p.Originals = nil
	for i, name := range names {
		s.add(&p, rules.EvidenceOther, "text/plain", name, fmt.Appendf(nil, "content %d", i))
		p.Originals[i].TrackingNumber, p.Originals[i].Kind = name, name
	}
	archive := zipOf(t, p, s)
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	require.Len(t, z.File, len(names)+2)
	seen := map[string]bool{}
	for i, f := range z.File {
		assert.Regexp(t, `^(manifest\.json|\d\d-[A-Za-z0-9-]+\.(txt|pdf|csv|json))$`, f.Name)
		assert.LessOrEqual(t, len(f.Name), 100)
		assert.False(t, seen[strings.ToLower(f.Name)], f.Name)
		seen[strings.ToLower(f.Name)] = true
		assert.True(t, p.Letter.At.Equal(f.Modified), f.Modified)
		r, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r) // checks the checksum
		require.NoError(t, err)
		if i > 0 && i <= len(names) {
			assert.Equal(t, fmt.Sprintf("content %d", i-1), string(content))
		}
		if f.Name == "manifest.json" {
			var m struct {
				Files []struct {
					Name         string `json:"name"`
					SHA256       string `json:"sha256"`
					OriginalName string `json:"original_name"`
				} `json:"files"`
			}
			require.NoError(t, json.Unmarshal(content, &m))
			require.Len(t, m.Files, len(names)+1)
			assert.Equal(t, names[0], m.Files[1].OriginalName)
			assert.Equal(t, p.Originals[0].SHA256, m.Files[1].SHA256)
		}
	}
}

func TestArchivedOriginalsAreUnaltered(t *testing.T) {
	t.Parallel()
	p, s := sample(t)
	archive := zipOf(t, p, s)
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	for i := range p.Originals {
		f := z.File[i+1]
		r, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, s[p.Originals[i].SHA256], content, f.Name)
		assert.Equal(t, "."+filepath.Ext(f.Name)[1:], filepath.Ext(f.Name))
		assert.Zero(t, f.Flags&0x8, "%s: sizes stand after the content, which some unpackers refuse", f.Name)
	}
}

func TestChangedOriginalStopsThePack(t *testing.T) {
	t.Parallel()
	for i := range 5 {
		p, s := sample(t)
		hash := p.Originals[i].SHA256
		s[hash] = append([]byte{s[hash][0] ^ 1}, s[hash][1:]...)
		var b bytes.Buffer
		require.ErrorIs(t, pack.WriteZIP(t.Context(), &b, p, s.open), pack.ErrChanged, i)
		require.Zero(t, b.Len(), "part of an archive was written")
	}
	p, s := sample(t)
	p.Originals[4].Size++
	require.ErrorIs(t, pack.WriteZIP(t.Context(), io.Discard, p, s.open), pack.ErrChanged)
	delete(s, p.Originals[0].SHA256)
	require.ErrorContains(t, pack.WritePDF(t.Context(), io.Discard, p, s.open), "no original "+p.Originals[0].SHA256)
}

func TestRefusedPacks(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*pack.Pack){
		"no case, no order":     func(p *pack.Pack) { p.Letter.Case, p.Letter.Order = "", "" },
		"letter kind":           func(p *pack.Pack) { p.Letter.Kind = "poem" },
		"no date":               func(p *pack.Pack) { p.Letter.At = time.Time{} },
		"no time zone":          func(p *pack.Pack) { p.Location = nil },
		"64 hexadecimal digits": func(p *pack.Pack) { p.Originals[0].SHA256 = "../../x" },
	} {
		p, s := sample(t)
		spoil(&p)
		require.ErrorContains(t, pack.WritePDF(t.Context(), io.Discard, p, s.open), want)
		require.ErrorContains(t, pack.WriteZIP(t.Context(), io.Discard, p, s.open), want)
	}
	p, s := sample(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, pack.WriteZIP(ctx, io.Discard, p, s.open), context.Canceled)
}

func TestEmptyPack(t *testing.T) {
	t.Parallel()
	p, _ := sample(t)
	p.Traces, p.Originals = nil, nil
	p.Letter.Parcels, p.Letter.Dates, p.Letter.Asked, p.Letter.Reckoning, p.Letter.Citations = nil, nil, nil, nil, nil
	text := poppler(t, "pdftotext", pdfOf(t, p, store{}), "-")
	assert.Contains(t, text, "没有任何轨迹记录")
	assert.Contains(t, text, "No originals are enclosed")
}

func TestSortPutsWhatTheFormAsksFirst(t *testing.T) {
	t.Parallel()
	p, _ := sample(t)
	p.Originals[0], p.Originals[4] = p.Originals[4], p.Originals[0]
	pack.Sort([]string{"buyer_messages", "waybill"}, p.Originals)
	var kinds []string
	for _, o := range p.Originals {
		kinds = append(kinds, o.Kind)
	}
	require.Equal(t, []string{"buyer_messages", "waybill", "outbound_record", "refusal", "carrier_proof"}, kinds)
}
