package statement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules"
)

// keptFormats are the formats of the files that are kept. JSON is for programs, which want the
// books as they are.
func keptFormats() []string { return []string{XLSX, CSV} }

// KeepMonth implements [port.Statements]. The files are kept with it.
func (m *Maker) KeepMonth(ctx context.Context, store string, month rules.Month, now time.Time) (kept port.StatementKept, changed bool, err error) {
	files := map[string]*spooled{}
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.file.Close())
		}
	}()
	to := map[string]io.Writer{}
	for _, format := range keptFormats() {
		f, err := spool()
		if err != nil {
			return kept, false, err
		}
		files[format], to[format] = f, f
	}
	made, err := m.write(ctx, to, store, month, now)
	if err != nil {
		return kept, false, err
	}
	last, err := m.Books.LastKept(ctx, store, month.String())
	if err != nil || last.SHA256 == made.SHA256 {
		return last, false, err
	}
	kept = port.StatementKept{
		Store: store, Month: month.String(), Serial: last.Serial + 1, SHA256: made.SHA256, Totals: made.Totals, Files: map[string]string{}, AsOf: now,
	}
	contents := map[string]io.Reader{}
	for format, f := range files {
		if _, err := f.file.Seek(0, io.SeekStart); err != nil {
			return kept, false, fmt.Errorf("read the file back: %w", err)
		}
		kept.Files[format], contents[format] = f.sum(), f.file
	}
	first, err := m.Books.Keep(ctx, kept, contents)
	if err == nil && !first {
		err = fmt.Errorf("statement %s of store %s: another was kept meanwhile; try again", month, store)
	}
	return kept, last.Serial > 0, err
}

// Kept writes the file of the statement of a store's month that was kept last, the same each time.
// It reports false, and writes nothing, where none was kept in the format. After an error what was
// written is worth nothing.
func (m *Maker) Kept(ctx context.Context, w io.Writer, format, store string, month rules.Month) (port.StatementKept, bool, error) {
	kept, err := m.Books.LastKept(ctx, store, month.String())
	want := kept.Files[format]
	if err != nil || want == "" {
		return kept, false, err
	}
	hash := sha256.New()
	if err := m.Books.KeptFile(ctx, kept, format, io.MultiWriter(w, hash)); err != nil {
		return kept, false, err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		return kept, false, fmt.Errorf("statement %s of store %s, version %d: its %s file is not what was kept (SHA-256 %s, expected %s): restore statement_parts from a backup",
			month, store, kept.Serial, format, got, want)
	}
	return kept, true, nil
}

// spooled is a temporary file, and the hash of what was written to it. It is gone once it is closed.
type spooled struct {
	file *os.File
	hash hash.Hash
}

func spool() (*spooled, error) {
	f, err := os.CreateTemp("", "statement")
	if err != nil {
		return nil, fmt.Errorf("spool the statement: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("spool the statement: %w", err), f.Close())
	}
	return &spooled{f, sha256.New()}, nil
}

// Write implements [io.Writer].
func (s *spooled) Write(p []byte) (int, error) {
	s.hash.Write(p) // never fails
	return s.file.Write(p)
}

func (s *spooled) sum() string { return hex.EncodeToString(s.hash.Sum(nil)) }
