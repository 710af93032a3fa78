package pack

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"parcelward/internal/rules"
)

// manifest is manifest.json: what the archive holds.
type manifest struct {
	Format string           `json:"format"`
	MadeAt time.Time        `json:"made_at"`
	Kind   rules.LetterKind `json:"kind"`
	Case   string           `json:"case"`
	Number string           `json:"number,omitempty"` // the platform's
	Store  string           `json:"store"`
	Order  string           `json:"order"`
	Files  []manifestFile   `json:"files"`
}

// manifestFile is one file of the archive; but for the letter it is an original.
type manifestFile struct {
	Name         string    `json:"name"`
	SHA256       string    `json:"sha256"`
	Size         int64     `json:"size"` // bytes
	Kind         string    `json:"kind"`
	MediaType    string    `json:"media_type"`
	OriginalName string    `json:"original_name,omitempty"` // as it was uploaded
	Source       string    `json:"source,omitempty"`
	By           string    `json:"by,omitempty"`
	TakenAt      time.Time `json:"taken_at,omitzero"`
	Verdict      string    `json:"verdict,omitempty"`
	Added        bool      `json:"added,omitempty"` // not handed in before
}

// entry is a file to be archived: its size and checksum stand before it, so that every unpacker
// can read it as a stream.
type entry struct {
	name string
	size int64
	crc  uint32
	open func() (io.ReadCloser, error)
	same func(sum []byte, size int64) error
}

// WriteZIP writes a pack's archive: the letter, the originals in their order, and manifest.json
// with their hashes. Nothing is compressed: originals are already. Errors are those of [WritePDF];
// all originals are compared with their hashes before anything is written, and again while they
// are. After an error what w holds is no archive.
func WriteZIP(ctx context.Context, w io.Writer, p Pack, open Open) error {
	var letter bytes.Buffer
	if err := WritePDF(ctx, &letter, p, open); err != nil {
		return err
	}
	l := &p.Letter
	m := manifest{Format: "parcelward-pack/1", MadeAt: l.At.UTC(), Kind: l.Kind, Case: l.Case, Number: l.Number, Store: l.Store, Order: l.Order}
	sum := sha256.Sum256(letter.Bytes())
	m.Files = append(m.Files, manifestFile{Name: p.letterName(), SHA256: hex.EncodeToString(sum[:]), Size: int64(letter.Len()), Kind: "letter", MediaType: "application/pdf"})
	entries := []entry{inMemory(p.letterName(), letter.Bytes())}
	for i := range p.Originals {
		o := &p.Originals[i]
		e := entry{name: p.name(i), same: o.same, open: func() (io.ReadCloser, error) { return open(ctx, o.SHA256) }}
		if err := e.weigh(ctx); err != nil {
			return fmt.Errorf("pack of case %s: original %d (%s): %w", l.Case, i+1, o.Kind, err)
		}
		entries = append(entries, e)
		m.Files = append(m.Files, manifestFile{
			Name: e.name, SHA256: o.SHA256, Size: e.size, Kind: o.Kind, MediaType: o.MediaType, OriginalName: o.Name,
			Source: o.Source, By: o.By, TakenAt: o.TakenAt.UTC(), Verdict: o.Verdict, Added: o.Added,
		})
	}
	listed, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("pack of case %s: manifest: %w", l.Case, err)
	}
	z := zip.NewWriter(w)
	for _, e := range append(entries, inMemory("manifest.json", append(listed, '\n'))) {
		if err := e.write(ctx, z, l.At); err != nil {
			return fmt.Errorf("pack of case %s: %s: %w", l.Case, e.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("pack of case %s: %w", l.Case, err)
	}
	return nil
}

func inMemory(name string, data []byte) entry {
	return entry{
		name: name, size: int64(len(data)), crc: crc32.ChecksumIEEE(data),
		open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
		same: func([]byte, int64) error { return nil },
	}
}

// weigh reads a file to learn its size and checksum.
func (e *entry) weigh(ctx context.Context) error {
	crc := crc32.NewIEEE()
	size, err := e.copy(ctx, crc)
	e.size, e.crc = size, crc.Sum32()
	return err
}

// copy gives a file to w and fails where it is not what it should be.
func (e *entry) copy(ctx context.Context, w io.Writer) (size int64, err error) {
	r, err := e.open()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	hash := sha256.New()
	if size, err = io.Copy(io.MultiWriter(w, hash), heeding{ctx, r}); err != nil {
		return size, fmt.Errorf("copy: %w", err)
	}
	return size, e.same(hash.Sum(nil), size)
}

func (e *entry) write(ctx context.Context, z *zip.Writer, at time.Time) error {
	h := zip.FileHeader{Name: e.name, Method: zip.Store, Modified: at.UTC(), CRC32: e.crc, CompressedSize64: uint64(e.size), UncompressedSize64: uint64(e.size)} //nolint:gosec // a size
	setDOSTime(&h, at)
	w, err := z.CreateRaw(&h)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	_, err = e.copy(ctx, w)
	return err
}

// setDOSTime sets the time that old unpackers show; CreateRaw leaves it to the caller.
func setDOSTime(h *zip.FileHeader, at time.Time) {
	at = at.UTC()
	h.ModifiedDate = uint16(at.Day() + int(at.Month())<<5 + max(0, at.Year()-1980)<<9) //nolint:gosec,staticcheck // the format's own fields
	h.ModifiedTime = uint16(at.Second()/2 + at.Minute()<<5 + at.Hour()<<11)            //nolint:gosec,staticcheck // the format's own fields
}

// heeding stops reading when its context ends.
type heeding struct {
	ctx context.Context // of one copy
	r   io.Reader
}

func (h heeding) Read(b []byte) (int, error) {
	if err := h.ctx.Err(); err != nil {
		return 0, err //nolint:wrapcheck // copy wraps it
	}
	return h.r.Read(b) //nolint:wrapcheck // io.EOF must stay itself
}
