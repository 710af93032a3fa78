package evidence_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/rules"
)

// script is an object stream's content whose one object runs a script. No name of it stands open
// in the file once it is packed.
const script = "5 0 << /S /JavaScript /JS (app.alert\\(1\\)) >>"

// packed is an object stream with a dictionary as it is given, of content that is packed already.
func packed(dictionary, between, content string) string {
	return "<< " + dictionary + " >>" + between + content + "\nendstream"
}

// twice is content packed by Flate twice, hence hidden from who unpacks once.
func twice(content string) string { return string(deflate(deflate([]byte(content)))) }

// activePDFs are PDFs with something that acts, each in another disguise.
func activePDFs() map[string][]byte {
	one := string(deflate([]byte(script)))
	// Raw Flate: some readers do not need zlib's head and foot.
	bare := one[2 : len(one)-4]
	of := func(dictionary, content string) []byte { return pdfOf(packed(dictionary, "\nstream\n", content)) }
	open := "5 0 << /S 6 0 R /JS (app.alert\\(1\\)) >>"
	return map[string][]byte{
		"two filters":                  of("/Type /ObjStm /N 1 /First 4 /Filter [/FlateDecode /FlateDecode]", twice(script)),
		"two filters by abbreviation":  of("/Type /ObjStm /N 1 /First 4 /Filter [/Fl /Fl]", twice(script)),
		"the key abbreviated":          of("/Type /ObjStm /N 1 /First 4 /F [/FlateDecode /FlateDecode]", twice(script)),
		"a filter beside":              of("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Filter [/FlateDecode /FlateDecode]", twice(script)),
		"a filter elsewhere":           of("/Type /ObjStm /N 1 /First 4 /Filter 6 0 R", twice(script)),
		"a filter elsewhere in a list": of("/Type /ObjStm /N 1 /First 4 /Filter [/FlateDecode 6 0 R]", twice(script)),
		"a list hidden by a comment":   of("/Type /ObjStm /N 1 /First 4 /Filter [/FlateDecode % ]\n /FlateDecode]", twice(script)),
		"another filter":               of("/Type /ObjStm /N 1 /First 4 /Filter /LZWDecode", "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01"),
		"predictor":                    of("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 4 >>", one),
		"predictor in escapes":         of("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /DecodeParms << /Pr#65dictor 2 >>", one),
		"predictor elsewhere":          of("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /DecodeParms 6 0 R", one),
		"predictor by abbreviation":    of("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /DP << /Predictor 12 >>", one),
		"no zlib":                      of("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", bare),
		"damaged behind the start":     of("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", one[:12]+"\xff\xff\xff\xff"+one[12:]),
		"names in escapes":             of("/#54ype /#4fbjStm /N 1 /Fir#73t 4 /Filter /LZWDecode", "x"),
		"no type":                      of("/N 1 /First 4 /Filter [/FlateDecode /FlateDecode]", twice(script)),
		"a type elsewhere":             of("/Type 7 0 R /N 1 /Filter [/FlateDecode /FlateDecode]", twice(script)),
		"a long dictionary":            of("/Type /ObjStm /N 1 /First 4 /Filter /LZWDecode /X ("+strings.Repeat("x", 9000)+")", "x"),
		"a string with an end":         of("/Type /ObjStm /N 1 /First 4 /Filter /LZWDecode /X (endobj 7 0 obj << >> stream)", "x"),
		"a string with brackets":       of("/X (\\) >> ) /Type /ObjStm /N 1 /First 4 /Filter /LZWDecode", "x"),
		"a comment with an end":        of("/Type /ObjStm /N 1 /First 4 /Filter /LZWDecode % >> endobj\n", "x"),
		"comments and white space": pdfOf(packed("%>>\n/Type%\r/ObjStm\x00/N\f1 /First 4 /Filter\t[/FlateDecode\x00/FlateDecode]", "% endobj\n\n\x00stream\n",
			twice(script))),
		"a line of its own":    pdfOf(packed("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", "\nstream x\x9c\n", one)),
		"a line end too many":  pdfOf(packed("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", "\nstream\n\n", one)),
		"nested":               pdfOf(stream("/Type /ObjStm /N 1 /First 4", "5 0 "+packed("/N 1 /First 4 /Filter [/FlateDecode /FlateDecode]", "\nstream\n", twice(script)))),
		"nested, as it says":   pdfOf(stream("/Type /ObjStm /N 1 /First 4", "5 0 << /Type /ObjStm >>")),
		"nested by a comment":  pdfOf(stream("/Type /ObjStm /N 1 /First 4", "5 0 << /N 1 >> %\nstream\nx")),
		"in a picture's data":  pdfOf("<< /Subtype /Image /Filter /DCTDecode >>\nstream\n\xff\xd89 0 obj " + packed("/N 1 /First 4 /Filter [/FlateDecode /FlateDecode]", " stream\n", twice(script)) + "\nendstream"),
		"behind a false start": pdfOf("<< /X (9 0 obj) >>", packed("/N 1 /First 4 /Filter /LZWDecode", "stream\n", "x")),
		"ambiguous":            pdfOf("<< /X <41zz> /Type /ObjStm /N 1 /First 4 >>\nstream\nx\nendstream"),
		"two references": append(pdfOf(), []byte("9 0 obj\n"+packed("/Type /ObjStm /N 1 /First 4 /Filter [/ASCII85Decode]", "\nstream\n", "x")+"\nendobj\n"+
			"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 10 /Root 1 0 R /XRefStm 9 >>\nstartxref\n9\n%%EOF\n")...), // hybrid
		"script in a packed object":     pdfOf(stream("/Type /ObjStm /N 1 /First 4", script)),
		"short script in a packed one":  pdfOf(stream("/Type /ObjStm /N 1 /First 4", "5 0 << /S 6 0 R /JS (app.alert\\(1\\)) >>")),
		"script in an open packed one":  pdfOf(packed(fmt.Sprintf("/Type /ObjStm /N 1 /First 4 /Length %d", len(open)), "\nstream\n", open)),
		"open ones, longer than said":   pdfOf(packed("/Type /ObjStm /N 1 /First 4 /Length 2", "\nstream\n", open)),
		"open ones without a length":    pdfOf("<< /Type /ObjStm /N 1 /First 4 >>\nstream\n5 0\nendstream"),
		"short script":                  pdfOf("<< /S 6 0 R /JS (app.alert\\(1\\)) >>"),
		"script in a list":              pdfOf("[ << /A << /J#53 7 0 R >> >> ]"),
		"script in a trailer":           append(pdfOf(), []byte("trailer\n<< /Root << /AA << /WC 5 0 R >> >> >>\nstartxref\n9\n%%EOF\n")...),
		"actions by events":             pdfOf("<< /Type /Page /AA << /O 5 0 R >> >>"),
		"attached":                      pdfOf("<< /Type /Filespec /EF << /F 5 0 R >> >>"),
		"list of files":                 pdfOf("<< /Names << /EmbeddedFiles << /Names [(a) 5 0 R] >> >> >>"),
		"other file":                    pdfOf("<< /S /GoToR /F (\\\\\\\\host\\\\share) >>"),
		"opening far away":              pdfOf(stream("/Type /ObjStm /N 1 /First 4", "5 0 "+strings.Repeat(" ", 65500)+"<< /OpenAction "+strings.Repeat("\n", 70_000)+"6 0 R >>")),
		"opening behind a comment":      pdfOf("<< /OpenAction %[\n6 0 R >>"),
		"form with scripts":             pdfOf("<< /AcroForm << /XFA [(a) 5 0 R] >> >>"),
		"sending":                       pdfOf("<< /A << /S /Submit#46orm /F (http://x) >> >>"),
		"importing":                     pdfOf(stream("/Type /ObjStm /N 1 /First 4", "5 0 << /S /ImportData >>")),
		"rich media":                    pdfOf("<< /Subtype /RichMedia >>"),
		"encrypted":                     pdfOf("<< /Type /XRef /Encr#79pt 9 0 R >>\nstream\n\nendstream"),
		"script in a stream of nothing": pdfOf(stream("", "<< /S /JavaScript >>")),
	}
}

// Nothing that acts passes, in whatever disguise, and none of it is taken for something else.
func TestActivePDFs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, content := range activePDFs() {
		_, err := b.Put(t.Context(), original("a.pdf"), bytes.NewReader(content))
		var refused *port.OriginalError
		require.ErrorAs(t, err, &refused, name)
		require.Contains(t, []rules.OriginalCode{rules.OriginalActive, rules.OriginalOpaque, rules.OriginalEncrypted, rules.OriginalDamaged}, refused.Code, name)
	}
	require.Empty(t, b.index.Chains)
}

// What programs write every day passes: the tests above would be passed by refusing everything.
func TestHarmlessPDFs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	empty := string(deflate([]byte("5 0 << /Type /Font /Outlines << /First 6 0 R >> >>")))
	for name, content := range map[string][]byte{
		"packed":               pdfOf(stream("/Type /ObjStm /N 1 /First 4", "5 0 << /Type /Font /Outlines << /First 6 0 R >> >>")),
		"packed, by a list":    pdfOf(packed("/Type/ObjStm/N 1/First 4/Filter[/FlateDecode]/DecodeParms[null]", "stream\r\n", empty)),
		"packed, no predictor": pdfOf(packed("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /DecodeParms << /Columns 4 >> /Extends 7 0 R", "\nstream\n", empty)),
		"open objects":         pdfOf("<< /Type /ObjStm /N 1 /First 4 /Length 21 >>\nstream\n5 0 << /Type /Font >>\nendstream"),
		"cross references":     pdfOf("<< /Type /XRef /W [1 2 1] /Index [0 9] /Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 4 >> /Root 1 0 R >>\nstream\n" + empty + "\nendstream"),
		"picture":              pdfOf("<< /Subtype /Image /Filter [/ASCII85Decode /DCTDecode] /F 4 >>\nstream\nxx\nendstream"),
		"link":                 pdfOf("<< /Type /Annot /Subtype /Link /F 4 /A << /S /URI /URI (https://example.com/\\)) >> >>"),
		"page to show first":   pdfOf("<< /OpenAction\n[3 0 R /FitH null] /PageMode /UseNone /Lang (zh-CN) >>"),
		"words like marks":     pdfOf("<< /Title (an obj [ of a stream, 5 0 obj) /Author <FEFF 5f20> >>", stream("", "BT (obj << stream) Tj ET")),
		"ICC profile":          pdfOf(stream("/N 3 /Alternate /DeviceRGB", "profile")),
	} {
		_, err := b.Put(t.Context(), original("a.pdf"), bytes.NewReader(content))
		require.NoError(t, err, name)
	}
}

// A label as a carrier's program wrote it.
func TestRealPDF(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../../shared/data/barcodes/active_shipping_label1.pdf")
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip("the shared data is missing")
	}
	require.NoError(t, err)
	setup(t).put(t, "label.pdf", content)
}

// Marks and streams that lie over each other cost no more than a bounded walk.
func TestTangledPDF(t *testing.T) {
	t.Parallel()
	b := setup(t)
	blocks := strings.Repeat("stream\n\x78\x9c", 200_000) + strings.Repeat("\x02\x08\x20\x80", 1<<20) // heads, then empty blocks of Flate
	for name, objects := range map[string]string{
		"strings":      strings.Repeat("1 obj[(", 1<<20),
		"comments":     strings.Repeat("1 obj%", 1<<20),
		"dictionaries": strings.Repeat("1 obj<</A", 1<<20),
		"lists":        strings.Repeat("1 obj[", 1<<20),
		"trailers":     strings.Repeat("trailer%", 1<<20),
		"streams":      blocks,
	} {
		start := time.Now()
		_, err := b.Put(t.Context(), original("a.pdf"), bytes.NewReader(pdfOf(objects)))
		require.ErrorIs(t, err, port.ErrRefused, name)
		require.Less(t, time.Since(start), 20*time.Second, name)
	}
}

// FuzzPDF puts a packed object with a script into anything: whatever the dictionary says of it,
// who unpacks it by the words of the dictionary must not find more than was found here.
func FuzzPDF(f *testing.F) {
	for _, content := range activePDFs() {
		f.Add(content)
	}
	f.Add(pdfOf())
	f.Fuzz(func(t *testing.T, content []byte) {
		b := setup(t)
		_, err := b.Put(t.Context(), original("a.pdf"), bytes.NewReader(content))
		var fault *port.OriginalError
		require.True(t, err == nil || errors.As(err, &fault), "%v", err)
		if err != nil {
			return
		}
		// What passed passes no longer with a script behind it.
		again := fmt.Appendf(bytes.Clone(content), "\n9 0 obj\n<< /S /JavaScript /JS (x) >>\nendobj\n%%%%EOF\n")
		_, err = b.Put(t.Context(), original("a.pdf"), bytes.NewReader(again))
		require.Error(t, err)
	})
}
