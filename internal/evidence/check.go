package evidence

import (
	"context"
	"fmt"
	"io"
	"os"

	"parcelward/internal/rules"
)

// check looks through a file of a type. It waits for its share of the memory.
func (v *Vault) check(ctx context.Context, f *os.File, mediaType string, size int64) (*rules.OriginalFault, error) {
	if mediaType == MP4 {
		return checkMP4(f, size), nil
	}
	if err := v.memory.Acquire(ctx, size); err != nil {
		return nil, fmt.Errorf("wait to look through the file: %w", err)
	}
	defer v.memory.Release(size)
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("read the file back: %w", err)
	}
	switch mediaType {
	case PDF:
		return checkPDF(b), nil
	case Text:
		return checkText(b), nil
	}
	s, err := measure(mediaType, b)
	if err != nil {
		return damaged(err.Error()), nil
	}
	if fault := s.admit(b); fault != nil {
		return fault, nil
	}
	if err := v.decoding.Acquire(ctx, s.weight()); err != nil {
		return nil, fmt.Errorf("wait to look through the image: %w", err)
	}
	defer v.decoding.Release(s.weight())
	return decode(mediaType, s, b), nil
}

// limit is the largest file of a type, in bytes.
func limit(mediaType string) int64 {
	if mediaType == MP4 {
		return MaxVideo
	}
	return MaxDocument
}

// megabytes writes a size for people; of one above a limit the exact size is not known.
func megabytes(n int64) string { return fmt.Sprintf("%d MB", n>>20) }

// spool copies content into f up to its type's limit and tells the type and the size.
func spool(f io.Writer, content io.Reader) (mediaType string, size int64, fault *rules.OriginalFault, err error) {
	head := make([]byte, sniffLength)
	n, err := io.ReadFull(content, head)
	whole := err == io.EOF || err == io.ErrUnexpectedEOF //nolint:errorlint // ReadFull returns them as they are
	if err != nil && !whole {
		return "", 0, nil, fmt.Errorf("receive the file: %w", err)
	}
	head = head[:n]
	if mediaType, fault = Sniff(head, whole); fault != nil {
		return "", 0, fault, nil
	}
	if _, err := f.Write(head); err != nil {
		return "", 0, nil, fmt.Errorf("spool the file: %w", err)
	}
	most := limit(mediaType)
	more, err := io.Copy(f, io.LimitReader(content, most-int64(n)+1))
	if err != nil {
		return "", 0, nil, fmt.Errorf("receive the file: %w", err)
	}
	if size = int64(n) + more; size > most {
		return "", 0, &rules.OriginalFault{Code: rules.OriginalTooLarge, Found: ">" + megabytes(most), Expected: megabytes(most)}, nil
	}
	return mediaType, size, nil, nil
}
