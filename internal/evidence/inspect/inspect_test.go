package inspect_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"parcelward/internal/evidence/inspect"
	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

func beijing(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

func sameRows(t *testing.T, want, got []rules.OutboundRow) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		assert.True(t, want[i].At.Equal(got[i].At), "row %d: %v, expected %v", i, got[i].At, want[i].At)
		got[i].At = want[i].At
		assert.Equal(t, want[i], got[i])
	}
}

func workbook(tb testing.TB, rows ...[]any) []byte {
	tb.Helper()
	f := excelize.NewFile()
	defer f.Close() //nolint:errcheck // it was only written
	for i, row := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		require.NoError(tb, err)
		require.NoError(tb, f.SetSheetRow("Sheet1", cell, &row))
	}
	var b bytes.Buffer
	require.NoError(tb, f.Write(&b))
	return b.Bytes()
}

func TestOutboundTables(t *testing.T) {
	t.Parallel()
	at := beijing("2026-01-05T10:30:00+08:00")
	want := []rules.OutboundRow{
		{At: at, Order: "8190001", Number: number, SKU: "RED-01", Quantity: 2},
		{At: at.Add(time.Second), Order: "8190001", Number: number, SKU: "蓝色-02", Quantity: 1},
	}
	chinese := "出库记录\n订单号,运单号,SKU编码,出库数量,出库时间（北京）\n8190001," + number + ",RED-01,2,2026-01-05 10:30:00\n\n8190001," + number + ",蓝色-02,1,2026/1/5 10:30:01\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(chinese)
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		"GB18030":   []byte(gb),
		"UTF-8":     []byte("\xef\xbb\xbf" + chinese),
		"semicolon": []byte("Order ID;Tracking No.;SKU;Qty;Shipped at\n8190001;LP 0012 3456 789012;RED-01;2;2026-01-05T10:30:00+08:00\n8190001;" + number + ";蓝色-02;1;2026-01-05T02:30:01Z\n"),
		"tab":       []byte("order\ttracking\tseller sku\tquantity\ttimestamp\n8190001\t" + number + "\tRED-01\t2\t2026年1月5日 10:30:00\n8190001\t" + number + "\t蓝色-02\t1\t2026-1-5 10:30:01\n"),
		"XLSX": workbook(t, []any{"Warehouse 7"}, []any{"订单号", "运单号", "SKU", "数量", "时间"},
			[]any{"8190001", number, "RED-01", 2, 46027.4375}, []any{"8190001", number, "蓝色-02", 1, "2026-01-05 10:30:01"}),
	} {
		s := see(t, content, rules.EvidenceOutbound)
		assert.Equal(t, policy.FormTable, s.Form, name)
		assert.Empty(t, s.Unseen, name)
		sameRows(t, want, s.Outbound)
	}
}

// What cannot be read of a table is said, row by row.
func TestOutboundUnread(t *testing.T) {
	t.Parallel()
	s := see(t, []byte("order,sku,qty,time\n8.19E+15,A,0,2026-01-05\n1,B,x,2026-13-05 10:00\n"), rules.EvidenceOutbound)
	require.Len(t, s.Outbound, 2)
	assert.True(t, s.Outbound[0].At.IsZero(), "a date is no time stamp")
	var details []string
	for _, u := range s.Unseen {
		assert.Equal(t, rules.UnseenRows, u.Code)
		details = append(details, u.Detail)
	}
	assert.Equal(t, []string{
		"row 2: number in scientific notation: 8.19E+15", "row 2: time: 2026-01-05", "row 2: quantity: 0",
		"row 3: time: 2026-13-05 10:00", "row 3: quantity: x",
	}, details)

	s = see(t, []byte("a,b\n1,2\n"), rules.EvidenceOutbound)
	assert.True(t, s.Unsees(rules.UnseenColumns))
	s = see(t, []byte("sku,qty\n"+strings.Repeat("A,1\n", 20_001)), rules.EvidenceOutbound)
	assert.True(t, s.Unsees(rules.UnseenTooLarge))
}

func TestMessages(t *testing.T) {
	t.Parallel()
	s := see(t, []byte(`{"messages":[
		{"id":"1","from":"buyer","at":"2026-02-01T10:00:00+08:00","order":"8190001","text":"Where is it?"},
		{"id":"2","from":"robot","at":"2026-02-01T10:00:00+08:00","order":"8190001","text":"x"},
		{"id":"3","from":"seller","order":"8190001","text":"x"},
		{"id":"4","from":"seller","at":"2026-02-01T10:00:00+08:00","text":"x"}, 5]}`), rules.EvidenceMessages)
	assert.Equal(t, policy.FormMessages, s.Form)
	require.Len(t, s.Messages, 1)
	assert.Equal(t, "Where is it?", s.Messages[0].Text)
	assert.Len(t, s.Unseen, 4)
	s = see(t, []byte(`{"messages":[{]}`), rules.EvidenceMessages)
	assert.True(t, s.Unsees(rules.UnseenDamaged))
	s = see(t, []byte("买家：还没收到货"), rules.EvidenceMessages)
	assert.Equal(t, policy.FormText, s.Form)
	assert.Equal(t, "买家：还没收到货", s.Text)
}

// document writes a PDF with one page, its content stream and further objects.
func document(content string, more ...string) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write([]byte(content))
	_ = w.Close()
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type /Pages /Kids[3 0 R] /Count 1>>\nendobj\n3 0 obj\n<</Type /Page /Parent 2 0 R /Contents 4 0 R>>\nendobj\n")
	fmt.Fprintf(&b, "4 0 obj\n<</Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream\nendobj\n", z.Len(), z.String())
	for i, o := range more {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", 5+i, o)
	}
	b.WriteString("trailer\n<</Root 1 0 R>>\n%%EOF\n")
	return b.Bytes()
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	t.Run("text", func(t *testing.T) {
		t.Parallel()
		s := see(t, document("BT /F1 12 Tf (Tracking \\(no\\): LP0012345) Tj [(678) -20 (9012)] TJ ET"), rules.EvidenceWaybill)
		assert.Equal(t, 1, s.Pages)
		assert.Contains(t, s.Text, "Tracking (no): LP0012345")
		assert.Contains(t, s.Text, "6789012")
		assert.True(t, s.Unsees(rules.UnseenDrawn))
	})
	t.Run("photo", func(t *testing.T) {
		t.Parallel()
		photo := asJPEG(t, label(t, number, 3, 1000, 700), 85)
		s := see(t, document("q 500 0 0 350 0 0 cm /I Do Q", fmt.Sprintf("<</Type/XObject/Subtype /Image/Width 1000/Height 700/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode/Length %d>>\nstream\n%s\nendstream", len(photo), photo)), rules.EvidenceWaybill)
		assert.Equal(t, []string{number}, texts(&s))
		require.NotNil(t, s.Picture)
		assert.Equal(t, 1000, s.Picture.Width)
		assert.Empty(t, s.Unseen)
	})
	t.Run("scan", func(t *testing.T) {
		t.Parallel()
		img := label(t, number, 2, 600, 400)
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		for y := range 400 { // with PNG's prediction "up"
			row := append([]byte{2}, img.Pix[y*600:(y+1)*600]...)
			for x := range 600 {
				if y > 0 {
					row[x+1] -= img.Pix[(y-1)*600+x]
				}
			}
			_, _ = w.Write(row)
		}
		_ = w.Close()
		s := see(t, document("", fmt.Sprintf("<</Subtype/Image/Width 600/Height 400/ColorSpace/DeviceGray/BitsPerComponent 8/Filter[/FlateDecode]/DecodeParms<</Predictor 15/Columns 600>>/Length %d>>\nstream\n%s\nendstream", z.Len(), z.String())), rules.EvidenceWaybill)
		assert.Equal(t, []string{number}, texts(&s))
	})
	t.Run("encrypted", func(t *testing.T) {
		t.Parallel()
		s := see(t, append(document("(x) Tj"), "trailer <</Encrypt 9 0 R>>"...), rules.EvidenceWaybill)
		assert.True(t, s.Unsees(rules.UnseenEncrypted))
	})
	t.Run("bomb", func(t *testing.T) {
		t.Parallel()
		s := see(t, document(strings.Repeat(" ", 65<<20)), rules.EvidenceWaybill)
		assert.True(t, s.Unsees(rules.UnseenTooLarge))
	})
	t.Run("no page", func(t *testing.T) {
		t.Parallel()
		s := see(t, []byte("%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"), rules.EvidenceWaybill)
		assert.True(t, s.Unsees(rules.UnseenDamaged))
	})
}

// A few bytes that promise a picture of gigabytes are not decoded.
func TestPictureBomb(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))))
	bomb := bytes.Clone(b.Bytes())
	copy(bomb[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65536 x 65536
	crc := crc32PNG(bomb[12:29])
	copy(bomb[29:], []byte{byte(crc >> 24), byte(crc >> 16), byte(crc >> 8), byte(crc)})
	s := see(t, bomb, rules.EvidenceWaybill)
	assert.True(t, s.Unsees(rules.UnseenTooLarge), "%+v", s.Unseen)
	s = see(t, make([]byte, inspect.MaxBytes+1), rules.EvidenceOther)
	assert.Empty(t, s.Form)
	s = see(t, append([]byte("\xff\xd8\xff\xe0"), make([]byte, inspect.MaxBytes)...), rules.EvidenceWaybill)
	assert.True(t, s.Unsees(rules.UnseenTooLarge))
}

func crc32PNG(data []byte) uint32 {
	crc := ^uint32(0)
	for _, b := range data {
		crc ^= uint32(b)
		for range 8 {
			crc = crc>>1 ^ 0xedb88320*(crc&1)
		}
	}
	return ^crc
}

func TestTime(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	s := inspect.Bytes(ctx, asPNG(t, label(t, number, 2, 640, 480)), rules.EvidenceWaybill, time.UTC)
	assert.True(t, s.Unsees(rules.UnseenTime))
	assert.NotNil(t, s.Picture)
}

func TestFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "scan.txt") // the name says nothing
	require.NoError(t, os.WriteFile(name, asPNG(t, label(t, number, 2, 640, 480)), 0o600))
	s, err := inspect.File(t.Context(), name, rules.EvidenceWaybill, time.UTC)
	require.NoError(t, err)
	assert.Equal(t, "image/png", s.MediaType)
	assert.Equal(t, []string{number}, texts(&s))
	_, err = inspect.File(t.Context(), filepath.Dir(name), rules.EvidenceWaybill, time.UTC)
	require.ErrorContains(t, err, "expected a file")
	_, err = inspect.File(t.Context(), name+"x", rules.EvidenceWaybill, time.UTC)
	require.ErrorIs(t, err, os.ErrNotExist)
}
