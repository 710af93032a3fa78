package evidence_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"
)

func picture(width, height int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		m.Pix[i] = byte(i * i >> 3)
	}
	for y := range height {
		m.Set(y%width, y, color.NRGBA{200, 10, 10, 120})
	}
	return m
}

func jpegOf(tb testing.TB, width, height int) []byte {
	tb.Helper()
	var b bytes.Buffer
	require.NoError(tb, jpeg.Encode(&b, picture(width, height), &jpeg.Options{Quality: 60}))
	return b.Bytes()
}

func pngOf(tb testing.TB, width, height int) []byte {
	tb.Helper()
	var b bytes.Buffer
	require.NoError(tb, png.Encode(&b, picture(width, height)))
	return b.Bytes()
}

// segment puts a segment behind a JPEG's first marker.
func segment(b []byte, marker byte, body string) []byte {
	head := append([]byte{0xff, 0xd8, 0xff, marker, 0, 0}, body...)
	binary.BigEndian.PutUint16(head[4:], uint16(len(body)+2))
	return append(head, b[2:]...)
}

// exif is a TIFF block with the tags of the EXIF directory, ASCII all.
func exif(tags map[uint16]string) string {
	b := []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00")
	entry := func(tag, kind uint16, count, value uint32) {
		b = binary.LittleEndian.AppendUint16(b, tag)
		b = binary.LittleEndian.AppendUint16(b, kind)
		b = binary.LittleEndian.AppendUint32(b, count)
		b = binary.LittleEndian.AppendUint32(b, value)
	}
	entry(0x8769, 4, 1, 26)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(tags)))
	at := uint32(26 + 2 + 12*len(tags) + 4)
	var texts string
	for _, tag := range []uint16{0x9003, 0x9011} { // DateTimeOriginal, OffsetTimeOriginal
		if text, ok := tags[tag]; ok {
			entry(tag, 2, uint32(len(text)+1), at+uint32(len(texts)))
			texts += text + "\x00"
		}
	}
	b = binary.LittleEndian.AppendUint32(b, 0)
	return string(b) + texts
}

// chunk is a chunk of a PNG.
func chunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// bomb is a PNG whose head promises a size that its few bytes inflate to.
func bomb(width, height uint32, depth, colour byte) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	head := binary.BigEndian.AppendUint32(nil, width)
	head = append(binary.BigEndian.AppendUint32(head, height), depth, colour, 0, 0, 0)
	b = append(b, chunk("IHDR", head)...)
	b = append(b, chunk("IDAT", deflate(make([]byte, 1<<20)))...)
	return append(b, chunk("IEND", nil)...)
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

// webpOf is a lossless picture of one pixel.
func webpOf(tb testing.TB) []byte {
	tb.Helper()
	b, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	require.NoError(tb, err)
	return b
}

// pdfOf is a PDF with further objects, each without its number.
func pdfOf(objects ...string) []byte {
	all := append([]string{"<< /Type /Catalog /Pages 2 0 R /OpenAction [3 0 R /FitH null] >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>"}, objects...)
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	for i, o := range all {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	b.WriteString("trailer\n<< /Size 9 /Root 1 0 R >>\nstartxref\n9\n%%EOF\n")
	return b.Bytes()
}

// stream is an object with a compressed stream.
func stream(dictionary, content string) string {
	packed := deflate([]byte(content))
	return fmt.Sprintf("<< %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream", dictionary, len(packed), packed)
}

func box(kind, body string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8))) + kind + body
}

// mp4Of is a video's structure, with pictures of a size.
func mp4Of(pictures int) []byte {
	return []byte(box("ftyp", "isom\x00\x00\x02\x00isommp41") + box("moov", box("mvhd", string(make([]byte, 100)))) + box("mdat", string(make([]byte, pictures))))
}
