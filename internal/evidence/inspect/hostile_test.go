package inspect_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/evidence/inspect"
	"parcelward/internal/rules"
)

// samples are small originals of each form.
func samples(tb testing.TB) map[rules.EvidenceKind][][]byte {
	tb.Helper()
	small := label(tb, "A1B2C", 1, 120, 80)
	return map[rules.EvidenceKind][][]byte{
		rules.EvidenceWaybill: {
			asPNG(tb, small), asJPEG(tb, small, 60), document("0 0 m 1 0 l 1 9 l 0 9 l h f (LP1) Tj <00410042> Tj 3 0 1 8 re f"),
			webp(tb), document("", fmt.Sprintf("<</Subtype/Image/Width 120/Height 80/Filter/DCTDecode>>\nstream\n%s\nendstream", asJPEG(tb, small, 60))),
			document("", "<</Subtype/Image/Width 70/Height 70/ColorSpace/DeviceGray/BitsPerComponent 8>>\nstream\n"+strings.Repeat("x", 4900)+"\nendstream"),
		},
		rules.EvidenceOutbound: {[]byte("order,sku,qty,time\n1,A,2,2026-01-05 10:00:00\n"), workbook(tb, []any{"sku", "qty"}, []any{"A", 1})},
		rules.EvidenceMessages: {[]byte(`{"messages":[{"id":"1","from":"buyer","at":"2026-02-01T10:00:00Z","order":"1","text":"not received"}]}`)},
		rules.EvidenceRefusal:  {[]byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41\x00\x00\x00\x08moov")},
		rules.EvidenceOther:    {[]byte("买家：还没收到货"), []byte("\xff\xfen\x00o\x00")},
	}
}

// webp is a lossless picture of 17 by 2 pixels.
func webp(tb testing.TB) []byte {
	tb.Helper()
	b, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	require.NoError(tb, err)
	return b
}

// mutated changes bytes as crafted files do: single ones, extreme lengths, cut, shortened inside.
func mutated(random *rand.Rand, content []byte) []byte {
	content = bytes.Clone(content)
	for range 1 + random.IntN(8) {
		switch at := random.IntN(len(content)); random.IntN(5) {
		case 0:
			content = content[:at+1]
		case 1:
			content = append(content[:at:at], content[at+random.IntN(len(content)-at):]...)
		case 2:
			content[at] = byte(random.IntN(256))
		case 3:
			content[at] ^= 1 << random.IntN(8)
		case 4:
			content = append(content[:at:at], append([]byte{0xff, 0xff, 0xff, 0x7f}, content[at:]...)...)
		}
		if len(content) == 0 {
			content = []byte{0}
		}
	}
	return content
}

// crafted are what a part of a workbook may claim.
func crafted() []string {
	return []string{"1048576", "1048577", "-1", "99999999999999999999", "XFD1048576", "", "&#0;", "NaN", "1e309", "<!ENTITY a '&a;'>", `<row r="1048576"><c r="XFD1048576" t="s"><v>7</v></c></row>`}
}

// mutatedInside changes one part of a workbook and packs it again: a change of the archive's own
// bytes seldom gets past its checksums. One time in three a number claims something extreme.
func mutatedInside(t *testing.T, random *rand.Rand, workbook []byte) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(workbook), int64(len(workbook)))
	require.NoError(t, err)
	chosen := random.IntN(len(archive.File))
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for i, part := range archive.File {
		r, err := part.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		numbers := digits.FindAllIndex(content, -1)
		switch {
		case i != chosen:
		case len(numbers) > 0 && random.IntN(3) == 0:
			at := numbers[random.IntN(len(numbers))]
			claim := crafted()[random.IntN(len(crafted()))]
			content = slices.Concat(content[:at[0]], []byte(claim), content[at[1]:])
		default:
			content = mutated(random, content)
		}
		w, err := out.Create(part.Name)
		require.NoError(t, err)
		_, err = w.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())
	return b.Bytes()
}

var digits = regexp.MustCompile(`[0-9]+`)

// Ten thousand mutated files, and a thousand workbooks mutated inside: no crash, and no growth.
func TestMutations(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while")
	}
	const files, workbooks = 10_000, 1000
	random := rand.New(rand.NewPCG(5, 6))
	var all []struct {
		kind    rules.EvidenceKind
		content []byte
	}
	for kind, contents := range samples(t) {
		for _, content := range contents {
			all = append(all, struct {
				kind    rules.EvidenceKind
				content []byte
			}{kind, content})
		}
	}
	table := workbook(t, []any{"订单号", "sku", "qty", "time"}, []any{"8190001", "A", 1, 46027.4375}, []any{"8190001", "B", 2, "2026-01-05 10:30:01"})
	require.Len(t, see(t, table, rules.EvidenceOutbound).Outbound, 2)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most uint64
	read := 0
	for i := range files + workbooks {
		if i < files {
			sample := all[i%len(all)]
			see(t, mutated(random, sample.content), sample.kind)
		} else {
			s := see(t, mutatedInside(t, random, table), rules.EvidenceOutbound)
			read += min(1, len(s.Outbound))
		}
		if i%500 == 0 || i > files && i%10 == 0 {
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&now)
	t.Logf("heap: at most %d MB, %d KB more at the end; %d of the workbooks were read", most>>20, (int64(now.HeapAlloc)-int64(before.HeapAlloc))>>10, read)
	assert.Less(t, most, uint64(300<<20))
	assert.Less(t, now.HeapAlloc, before.HeapAlloc+8<<20, "what was examined is let go")
	assert.Greater(t, read, workbooks/10, "mutants get as far as the rows")
}

// FuzzSplitOutbound takes anything apart, or says why not; what it took apart it can write.
func FuzzSplitOutbound(f *testing.F) {
	for _, content := range samples(f)[rules.EvidenceOutbound] {
		f.Add(content)
	}
	f.Add([]byte("仓库 7\n订单号;运单号;SKU;数量;出库时间（北京）\n8190001;lp 1;\"A;1\";2;2026/1/5 10:30\n8.19E+18;;B;x;gestern\n\n"))
	f.Add([]byte("sku\ttime\r\n=\"A\"\t46027.4375\r\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		table, err := inspect.SplitOutbound(t.Context(), content, time.UTC)
		if err != nil {
			var wrong *inspect.OutboundError
			require.ErrorAs(t, err, &wrong)
			require.NotEmpty(t, wrong.Error())
			return
		}
		last := 0
		for _, l := range table.Lines {
			require.Greater(t, l.Row, last, "rows are in order")
			last = l.Row
			require.True(t, l.Quantity >= 0 && l.Quantity <= 1_000_000)
		}
		_, err = table.CSV(table.Lines)
		require.NoError(t, err)
	})
}

func FuzzBytes(f *testing.F) {
	f.Add([]byte("%PDF-1.4\n1 0 obj\n<</Type/Page>>\nstream\n1 0 0 1 0 0 cm (x\\351) Tj 0 0 1 9 re f\nendstream"), 0)
	f.Add([]byte("sku,qty,time\nA,1,2026-01-05 10:00\n"), 1)
	f.Add([]byte(`{"messages":[{"id":"1","from":"buyer","at":"2026-02-01T10:00:00Z","order":"1"}]}`), 2)
	f.Add([]byte("%PDF-1.4\n1 0 obj\n<</Subtype/Image/Width 64/Height 64/BitsPerComponent 1>>\nstream\nx\nendstream"), 3)
	for _, kind := range rules.EvidenceKinds() {
		for _, content := range samples(f)[kind] {
			f.Add(content, slices.Index(rules.EvidenceKinds(), kind))
		}
	}
	kinds := rules.EvidenceKinds()
	f.Fuzz(func(t *testing.T, content []byte, kind int) {
		s := inspect.Bytes(t.Context(), content, kinds[max(kind, -kind, 0)%len(kinds)], time.UTC)
		for _, b := range s.Barcodes {
			assert.NotEmpty(t, b.Text)
		}
		for _, m := range s.Messages {
			assert.NotEmpty(t, m.Order)
		}
	})
}
