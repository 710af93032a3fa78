package backtest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// source is the input: read once from the start, then again at any place.
type source struct {
	io.Reader   // the first reading
	io.ReaderAt // what was read so far
	spool       *temp
}

// newSource takes a regular file as it is, and copies anything else to a temporary file
// while it is read.
func newSource(in io.Reader) (*source, error) {
	if f, ok := in.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			if at, err := f.Seek(0, io.SeekCurrent); err == nil {
				return &source{Reader: f, ReaderAt: io.NewSectionReader(f, at, 1<<62)}, nil
			}
		}
	}
	spool, err := newTemp()
	if err != nil {
		return nil, err
	}
	return &source{Reader: io.TeeReader(in, spool), ReaderAt: spool, spool: spool}, nil
}

func (s *source) Close() error {
	if s.spool == nil {
		return nil
	}
	return s.spool.Close()
}

// temp is a temporary file. Where the system allows it, its name is gone before its first
// byte, so that not even a kill leaves it behind.
type temp struct {
	*os.File
	size int64
}

func newTemp() (*temp, error) {
	f, err := os.CreateTemp("", "parcelward-backtest-*")
	if err != nil {
		return nil, fmt.Errorf("create a temporary file (TMPDIR sets where): %w", err)
	}
	_ = os.Remove(f.Name()) // refused while open on Windows: Close removes it there
	return &temp{File: f}, nil
}

// Write appends.
func (t *temp) Write(b []byte) (int, error) {
	n, err := t.File.Write(b)
	t.size += int64(n)
	if err != nil {
		err = fmt.Errorf("temporary file (TMPDIR sets where): %w", err)
	}
	return n, err
}

// Close removes the file.
func (t *temp) Close() error {
	err := t.File.Close()
	if gone := os.Remove(t.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}
