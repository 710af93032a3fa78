package backtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"parcelward/internal/protocol"
)

// longest is the longest line taken, with its CR LF.
const longest = protocol.MaxEventBytes + 2

// chunk is some whole lines of the input, or the place of one line that is too long to hold.
type chunk struct {
	at      int64 // of the first byte in the input
	line    int   // number of the first line, from 1
	data    []byte
	tooLong int64         // length of the line left out; 0: data holds lines
	done    chan *decoded // gets the one answer
}

// lineReader cuts the input into chunks.
type lineReader struct {
	in    io.Reader
	pool  *sync.Pool // of *[]byte, longest bytes each
	rest  []byte     // begun line, already read
	at    int64
	line  int
	ended bool
}

func newLineReader(in io.Reader, pool *sync.Pool) *lineReader {
	return &lineReader{in: in, pool: pool, line: 1}
}

func newBuffers() *sync.Pool {
	return &sync.Pool{New: func() any {
		b := make([]byte, longest)
		return &b
	}}
}

// next is the next chunk, and io.EOF after the last.
func (r *lineReader) next() (*chunk, error) {
	if r.ended {
		return nil, io.EOF
	}
	buf := *r.pool.Get().(*[]byte)
	n := copy(buf, r.rest)
	m, err := io.ReadFull(r.in, buf[n:])
	n += m
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		r.ended = true
	case err != nil:
		return nil, err
	}
	data := buf[:n]
	r.rest = nil
	if !r.ended {
		end := bytes.LastIndexByte(data, '\n') + 1
		if end == 0 {
			c, err := r.skipLine(int64(n))
			r.pool.Put(&buf)
			return c, err
		}
		r.rest = bytes.Clone(data[end:])
		data = data[:end]
	}
	c := &chunk{at: r.at, line: r.line, data: data}
	r.at += int64(len(data))
	r.line += bytes.Count(data, []byte{'\n'})
	return c, nil
}

// skipLine reads to the end of a line of which read bytes are gone already.
func (r *lineReader) skipLine(read int64) (*chunk, error) {
	c := &chunk{at: r.at, line: r.line, tooLong: read}
	part := make([]byte, 64<<10)
	for {
		n, err := r.in.Read(part)
		if i := bytes.IndexByte(part[:n], '\n'); i >= 0 {
			c.tooLong += int64(i) + 1
			r.rest = bytes.Clone(part[i+1 : n])
			break
		}
		c.tooLong += int64(n)
		if errors.Is(err, io.EOF) {
			r.ended = true
			break
		}
		if err != nil {
			return nil, err
		}
	}
	r.at += c.tooLong
	r.line++
	return c, nil
}

// feed hands every chunk to the workers and, in the order of the input, to the sequencer.
func (r *lineReader) feed(ctx context.Context, work, ordered chan<- *chunk) error {
	defer close(work)
	defer close(ordered)
	for {
		c, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		c.done = make(chan *decoded, 1)
		for _, to := range []chan<- *chunk{work, ordered} {
			select {
			case to <- c:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}
