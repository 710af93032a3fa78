// Package inspect measures evidence: what codes, how sharp, how large, which rows, which
// messages. It judges nothing; the rules do.
//
// Invariants: what comes in is hostile: every decoder works within limits of bytes, pixels and
// time, a panic of a foreign one is a finding, and what could not be measured is said
// ([rules.Sight.Unseen]), never left out; a code counts only when several readings agree.
package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/bep/imagemeta"

	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

const (
	// MaxBytes is up to how much of a file is read, videos aside, which are not.
	MaxBytes = 20 << 20
	// MaxTime is how long the search for codes may take.
	MaxTime = 10 * time.Second
)

// File measures a file as evidence of a kind. loc is the zone of clocks that name none: the
// platform's. It waits until there is memory for it. The error tells that the file cannot be read,
// or that ctx ended before its turn came; whatever is in it is in the sight.
func File(ctx context.Context, path string, kind rules.EvidenceKind, loc *time.Location) (rules.Sight, error) {
	f, err := os.Open(path)
	if err != nil {
		return rules.Sight{}, fmt.Errorf("evidence: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return rules.Sight{}, fmt.Errorf("evidence: %w", err)
	}
	if !info.Mode().IsRegular() {
		return rules.Sight{}, fmt.Errorf("evidence: %w", &fs.PathError{Op: "read", Path: path, Err: errors.New("expected a file")})
	}
	read := min(info.Size(), MaxBytes+1)
	takes, err := weigh(ctx, f, read, kind)
	if err != nil {
		return rules.Sight{}, err
	}
	done, err := turn(ctx, takes)
	if err != nil {
		return rules.Sight{}, err
	}
	defer done()
	content, err := readAt(f, read)
	if err != nil {
		return rules.Sight{}, err
	}
	s := Bytes(ctx, content, kind, loc)
	s.Size = info.Size()
	return s, nil
}

// weigh tells what examining a file takes. It reads it in a turn of its own, for the file is read
// again: a turn is never waited for within another.
func weigh(ctx context.Context, f *os.File, size int64, kind rules.EvidenceKind) (int64, error) {
	done, err := turn(ctx, size)
	if err != nil {
		return 0, err
	}
	defer done()
	content, err := readAt(f, size)
	return weight(content, kind), err
}

func readAt(f *os.File, size int64) ([]byte, error) {
	content := make([]byte, size)
	n, err := f.ReadAt(content, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	return content[:n], nil
}

// Bytes is the same of what was read already, and waits for nothing. More than [MaxBytes] are not
// examined.
func Bytes(ctx context.Context, content []byte, kind rules.EvidenceKind, loc *time.Location) (s rules.Sight) {
	s.Size = int64(len(content))
	s.MediaType, s.Form = sniff(content, kind)
	defer func() {
		if r := recover(); r != nil {
			s.Unseen = append(s.Unseen, rules.Unseen{Code: rules.UnseenDamaged, Detail: fmt.Sprint(r)})
		}
	}()
	if s.Form == policy.FormVideo {
		s.Unseen = append(s.Unseen, rules.Unseen{Code: rules.UnseenVideo})
		return s
	}
	if len(content) > MaxBytes {
		s.Unseen = append(s.Unseen, rules.Unseen{Code: rules.UnseenTooLarge, Detail: fmt.Sprintf("> %d MB", MaxBytes>>20)})
		return s
	}
	ctx, stop := context.WithTimeout(ctx, MaxTime)
	defer stop()
	switch s.Form {
	case policy.FormPicture:
		picture(ctx, content, &s, loc, showsNumber(kind))
	case policy.FormDocument:
		document(ctx, content, &s, showsNumber(kind))
	case policy.FormTable:
		s.Outbound, s.Unseen = table(content, s.MediaType, loc)
	case policy.FormMessages:
		s.Messages, s.Unseen = messages(content)
	case policy.FormText:
		s.Text = string(utf8Of(content[:min(len(content), maxText)]))
	}
	return s
}

const (
	typeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	typeCSV  = "text/csv"
	typeJSON = "application/json"
)

// sniff tells the media type and the form by the bytes, never by a name. Only plain text takes
// the kind into account: a table and a conversation look like text.
func sniff(content []byte, kind rules.EvidenceKind) (mediaType, form string) {
	mediaType, _, _ = strings.Cut(http.DetectContentType(content), ";")
	switch mediaType {
	case "image/jpeg", "image/png", "image/webp":
		return mediaType, policy.FormPicture
	case "application/pdf":
		return mediaType, policy.FormDocument
	case "video/mp4":
		return mediaType, policy.FormVideo
	case "application/zip":
		if bytes.Contains(content, []byte("xl/workbook.xml")) {
			return typeXLSX, policy.FormTable
		}
		return mediaType, ""
	case "text/plain", "application/octet-stream": // GB18030 is taken for octets
		if bytes.IndexByte(content, 0) >= 0 && !utf16Marked(content) || len(content) == 0 {
			return mediaType, ""
		}
		start := bytes.TrimLeft(bytes.TrimPrefix(content, []byte(bom)), " \t\r\n")
		switch {
		case kind == rules.EvidenceOutbound:
			return typeCSV, policy.FormTable
		case bytes.HasPrefix(start, []byte("{")) && bytes.Contains(content, []byte(`"messages"`)):
			return typeJSON, policy.FormMessages
		}
		return "text/plain", policy.FormText
	}
	return mediaType, ""
}

// showsNumber tells whether evidence of a kind shows a parcel's label, or may show another's: codes
// are looked for then, and that is most of the work.
func showsNumber(kind rules.EvidenceKind) bool {
	switch kind {
	case rules.EvidenceWaybill, rules.EvidenceShippingLabel, rules.EvidenceRefusal, rules.EvidencePickup, rules.EvidenceOther:
		return true
	default:
		return false
	}
}

// picture measures a picture.
func picture(ctx context.Context, content []byte, s *rules.Sight, loc *time.Location, codes bool) {
	g, size, err := readPicture(content)
	if err != nil {
		code := rules.UnseenDamaged
		if errors.Is(err, errPixels) {
			code = rules.UnseenTooLarge
		}
		s.Unseen = append(s.Unseen, rules.Unseen{Code: code, Detail: err.Error()})
		return
	}
	s.Picture = g.measure(size)
	if codes {
		codesInto(ctx, g, s)
	}
	s.TakenAt, s.TakenAtZone = takenAt(content, s.MediaType, loc)
}

// codesInto adds the codes of a picture to a sight.
func codesInto(ctx context.Context, g *gray, s *rules.Sight) {
	found, unsure, err := barcodes(ctx, g)
	s.Barcodes, s.Unsure = append(s.Barcodes, found...), append(s.Unsure, unsure...)
	switch {
	case ctx.Err() != nil:
		s.Unseen = append(s.Unseen, rules.Unseen{Code: rules.UnseenTime})
	case err != nil:
		s.Unseen = append(s.Unseen, rules.Unseen{Code: rules.UnseenCodes, Detail: err.Error()})
	}
}

// takenAt is when the camera says it took the picture, and whether it says its zone; zero: it
// does not say.
func takenAt(content []byte, mediaType string, loc *time.Location) (at time.Time, zoned bool) {
	format := imagemeta.JPEG
	switch mediaType {
	case "image/png":
		format = imagemeta.PNG
	case "image/webp":
		format = imagemeta.WebP
	}
	var clock, offset string
	// What is wrong with the data of a camera is no fault of the picture: it says no time then.
	_, _ = imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(content), ImageFormat: format, Sources: imagemeta.EXIF, Timeout: time.Second,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Tag == "DateTimeOriginal" || t.Tag == "OffsetTimeOriginal" },
		HandleTag: func(t imagemeta.TagInfo) error {
			if text, ok := t.Value.(string); ok && t.Tag == "DateTimeOriginal" {
				clock = text
			} else if ok {
				offset = text
			}
			return nil
		},
	})
	clock, offset = strings.Trim(clock, " \x00"), strings.Trim(offset, " \x00")
	if at, err := time.Parse("2006:01:02 15:04:05-07:00", clock+offset); err == nil {
		return at, true
	}
	at, err := time.ParseInLocation("2006:01:02 15:04:05", clock, loc)
	if err != nil {
		return time.Time{}, false
	}
	return at, false
}
