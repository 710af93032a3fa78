package pack_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/encoding/simplifiedchinese"

	"parcelward/internal/evidence/pack"
)

func TestVisible(t *testing.T) {
	t.Parallel()
	has, err := pack.Has()
	require.NoError(t, err)
	for in, want := range map[string]string{
		"包裹 Żółć":            "包裹 Żółć",
		"ok 😀😀 end":          "ok [U+1F600 U+1F600] end",
		"a\x00\x1bb":         "a[U+0000 U+001B]b",
		"x\u202Ey":           "x[U+202E]y",
		"caf\xe9\xff":        "caf[0xE9 0xFF]",
		"\uFFFD":             "[U+FFFD]",
		"e\u0301":            "é",
		"a\tb\r\nc\rd\u2028": "a    b\nc\nd\n",
		"שלום":               "[U+05E9 U+05DC U+05D5 U+05DD]",
	} {
		assert.Equal(t, want, pack.Visible(in, has), "%q", in)
	}
}

// What a seller, a carrier or a buyer is likely to write has a glyph, and the glyph has an outline:
// a page that shows boxes passes pdftotext.
func TestFontShowsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	packed, err := os.ReadFile("font/sans.ttf.gz")
	require.NoError(t, err)
	assert.Less(t, len(packed), 4_000_000)
	z, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	ttf, err := io.ReadAll(z)
	require.NoError(t, err)
	font, err := sfnt.Parse(ttf)
	require.NoError(t, err)
	var wanted []rune
	for hi := byte(0xB0); hi <= 0xF7; hi++ { // GB 2312's characters
		for lo := byte(0xA1); lo <= 0xFE; lo++ {
			c, err := simplifiedchinese.GBK.NewDecoder().Bytes([]byte{hi, lo})
			if r, _ := utf8.DecodeRune(c); err == nil && unicode.Is(unicode.Han, r) {
				wanted = append(wanted, r)
			}
		}
	}
	assert.Len(t, wanted, 6763)
	for _, span := range [][2]rune{{'!', '~'}, {0xA1, 0xAC}, {0xAE, 0x17F}, {0x0400, 0x045F}} {
		for r := span[0]; r <= span[1]; r++ {
			wanted = append(wanted, r)
		}
	}
	wanted = append(wanted, []rune("，。、；：？！（）【】《》“”‘’…—·€₽₸₩£¥№™→①⑩★〓國龍臺한국어カな")...)
	var buffer sfnt.Buffer
	for _, r := range wanted {
		i, err := font.GlyphIndex(&buffer, r)
		require.NoError(t, err)
		require.NotZero(t, i, "%U %c", r, r)
		outline, err := font.LoadGlyph(&buffer, i, fixed.I(1000), nil)
		require.NoError(t, err)
		require.NotEmpty(t, outline, "%U %c", r, r)
	}
}

func width(r rune) float64 {
	if r > 0x2E80 {
		return 2
	}
	return 1
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", []string{""}},
		{"one two three", []string{"one two ", "three"}},
		{"包裹在途中，请稍候", []string{"包裹在途", "中，请稍", "候"}},
		{"包裹在途，请稍候", []string{"包裹在", "途，请稍", "候"}},
		{"包裹在（途中）", []string{"包裹在", "（途中）"}},
		{"abcdefghijkl", []string{"abcdefgh", "ijkl"}},
		{"a\n\nb", []string{"a", "", "b"}},
	} {
		assert.Equal(t, c.want, pack.Wrap(c.in, 8, width), c.in)
	}
}

func FuzzWrap(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s, 8.0)
	}
	has, err := pack.Has()
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, s string, most float64) {
		if most != most || most < 2 || most > 1e6 {
			most = 2
		}
		shown := pack.Visible(s, has)
		for _, r := range shown {
			require.True(t, r == '\n' || has(r), "%U does not show", r)
		}
		require.GreaterOrEqual(t, utf8.RuneCountInString(shown), utf8.RuneCountInString(strings.ReplaceAll(s, "\r\n", "\n"))/4)
		lines := pack.Wrap(shown, most, width)
		require.Equal(t, strings.ReplaceAll(shown, "\n", ""), strings.Join(lines, ""))
		for _, line := range lines {
			var w float64
			for _, r := range strings.TrimRight(line, " ") {
				w += width(r)
			}
			require.LessOrEqual(t, w, most, "%q", line)
		}
	})
}
