package inspect_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/evidence/inspect"
	"parcelward/internal/rules"
)

// heap samples how many bytes live, and the next collection has not freed yet, until the end.
func heap(t *testing.T, do func()) uint64 {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // what was freed hardly counts
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, m.HeapAlloc
	ended, sampled := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampled)
		for {
			select {
			case <-ended:
				return
			case <-time.After(2 * time.Millisecond):
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
	}()
	do()
	close(ended)
	<-sampled
	return most - before
}

// heavy are files that are as heavy as their form lets them be.
func heavy(t *testing.T) map[string]struct {
	kind    rules.EvidenceKind
	content []byte
} {
	t.Helper()
	type file = struct {
		kind    rules.EvidenceKind
		content []byte
	}
	var grey, colour bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&grey, image.NewGray(image.Rect(0, 0, 8000, 6500))))
	require.NoError(t, jpeg.Encode(&colour, image.NewYCbCr(image.Rect(0, 0, 8000, 6500), image.YCbCrSubsampleRatio420), nil))
	fill := func(unit string, bytes int) string { return strings.Repeat(unit, bytes/len(unit)) }
	return map[string]file{
		"PNG":      {rules.EvidenceProductPhotos, grey.Bytes()},
		"JPEG":     {rules.EvidenceProductPhotos, colour.Bytes()},
		"label":    {rules.EvidenceWaybill, asJPEG(t, label(t, number, 8, 3200, 2500), 85)},
		"photo":    {rules.EvidenceProductPhotos, document("", fmt.Sprintf("<</Subtype/Image/Width 8000/Height 6500/Filter/DCTDecode>>\nstream\n%s\nendstream", colour.Bytes()))},
		"streams":  {rules.EvidenceProductPhotos, document(fill(" ", 62<<20))},
		"scan":     {rules.EvidenceProductPhotos, document("", scanned(3200, 2600))},
		"message":  {rules.EvidenceMessages, []byte(`{"messages":[{"id":"1","from":"buyer","at":"2026-02-01T10:00:00Z","order":"1","text":"` + fill("x", 19<<20) + `"}]}`)},
		"messages": {rules.EvidenceMessages, []byte(`{"messages":[` + fill("{},", 19<<20) + "{}]}")},
		"one row":  {rules.EvidenceOutbound, []byte("sku,qty,time\n" + fill(",", 1_900_000))},
		"cells":    {rules.EvidenceOutbound, []byte("sku,qty,time\n" + fill(strings.Repeat("x,", 90)+"\n", 3_500_000))},
		"long":     {rules.EvidenceOutbound, []byte("sku,qty,time\n" + fill(strings.Repeat("订单", 200)+",1,2\n", 19<<20))},
		"strings":  {rules.EvidenceOutbound, workbookOf(t, "<si><t>a</t></si>")},
		"rich":     {rules.EvidenceOutbound, workbookOf(t, "<si><r><t>a</t></r></si>")},
	}
}

// scanned is a picture object whose samples are packed.
func scanned(w, h int) string {
	packed := zlibOf(make([]byte, w*h))
	return fmt.Sprintf("<</Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode>>\nstream\n%s\nendstream", w, h, packed)
}

func zlibOf(content []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write(content)
	_ = w.Close()
	return out.Bytes()
}

// workbookOf is a workbook whose table of strings is as long as may be.
func workbookOf(t *testing.T, unit string) []byte {
	t.Helper()
	good := workbook(t, []any{"sku", "qty"}, []any{"A", "B"})
	in, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	require.NoError(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		if f.Name != "xl/sharedStrings.xml" {
			require.NoError(t, w.Copy(f))
		}
	}
	part, err := w.Create("xl/sharedStrings.xml")
	require.NoError(t, err)
	const most = inspect.MaxUnzipped - 1<<20
	_, err = part.Write([]byte(`<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + strings.Repeat(unit, max(most/len(unit), 1)) + "</sst>"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// No form takes more than its weight says, whatever was made of it.
func TestWeights(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes memory")
	}
	for name, f := range heavy(t) {
		weight := inspect.Weight(f.content, f.kind)
		took := heap(t, func() { see(t, f.content, f.kind) }) + uint64(len(f.content))
		t.Logf("%s: %d MB, weight %d MB, took %d MB", name, len(f.content)>>20, weight>>20, took>>20)
		assert.LessOrEqual(t, took, uint64(weight)*5/4, name) // a tenth is not collected yet
	}
}

// A workbook that unzips to more than it may is not read.
func TestWorkbookBomb(t *testing.T) {
	t.Parallel()
	s := see(t, workbookOf(t, "<si><t>"+strings.Repeat("a", inspect.MaxUnzipped)+"</t></si>"), rules.EvidenceOutbound)
	assert.Empty(t, s.Outbound)
	assert.True(t, s.Unsees(rules.UnseenDamaged), "%+v", s.Unseen)
}

// Sixteen of the heaviest at once take no more than the memory that all share: without turns it
// would be gigabytes.
func TestManyAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes memory")
	}
	var wide bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&wide, image.NewNRGBA(image.Rect(0, 0, 5200, 5200))))
	name := filepath.Join(t.TempDir(), "wide.png")
	require.NoError(t, os.WriteFile(name, wide.Bytes(), 0o600))
	wide = bytes.Buffer{}
	table := []byte("sku,qty,time\n" + strings.Repeat("A,1,2026-01-05 10:00:00\n", 19_000))
	took := heap(t, func() {
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				s, err := inspect.File(t.Context(), name, rules.EvidenceProductPhotos, time.UTC)
				if assert.NoError(t, err) {
					assert.NotNil(t, s.Picture)
				}
			})
			all.Go(func() {
				split, err := inspect.SplitOutbound(t.Context(), table, time.UTC)
				if assert.NoError(t, err) {
					assert.Len(t, split.Lines, 19_000)
				}
			})
		}
		all.Wait()
	})
	t.Logf("%d MB", took>>20)
	assert.Less(t, took, uint64(700<<20))
}

// Who waits for a turn hears that it is called off.
func TestTurnIsCalledOff(t *testing.T) {
	release := inspect.TakeMemory(t)
	defer release()
	name := filepath.Join(t.TempDir(), "a.txt")
	require.NoError(t, os.WriteFile(name, []byte("a"), 0o600))
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	_, err := inspect.File(ctx, name, rules.EvidenceOther, time.UTC)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = inspect.SplitOutbound(ctx, []byte("sku,qty\n"), time.UTC)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
