package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"parcelward/internal/protocol"
)

// errLong says that a line is longer than any event; its rest is still to be read.
var errLong = errors.New("line too long")

// lineReader reads lines and holds none that is longer than an event may be.
type lineReader struct {
	in   *bufio.Reader
	line int
}

func newLineReader(in io.Reader) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(in, protocol.MaxEventBytes+2)}
}

// next is the next line without its end, valid until the following call, and its number
// from 1. With errLong it is the line's beginning.
func (r *lineReader) next() ([]byte, int, error) {
	r.line++
	text, err := r.in.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return text, r.line, errLong
	case errors.Is(err, io.EOF) && len(text) > 0:
		err = nil // the last line needs no end
	case err != nil:
		return nil, r.line, err
	}
	if r.line == 1 {
		text = bytes.TrimPrefix(text, []byte("\ufeff"))
	}
	return bytes.TrimRight(text, "\r\n"), r.line, err
}

// rest copies the rest of a long line to w, without its end, and returns its length.
func (r *lineReader) rest(w io.Writer) (int64, error) {
	var size int64
	for {
		text, err := r.in.ReadSlice('\n')
		n, failed := w.Write(bytes.TrimRight(text, "\r\n"))
		size += int64(n)
		switch {
		case failed != nil:
			return size, failed
		case err == nil || errors.Is(err, io.EOF):
			return size, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return size, err
		}
	}
}
