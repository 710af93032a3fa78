package backtest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// index remembers on disk where the lines of each order and tracking number lie, and in
// fixed memory which of them may lie at more than one place.
type index struct {
	file    *temp
	out     *bufio.Writer
	entries int
	seen    bloom
	suspect map[key]struct{} // at more than one place, perhaps
}

func newIndex() (*index, error) {
	file, err := newTemp()
	if err != nil {
		return nil, err
	}
	return &index{
		file: file, out: bufio.NewWriterSize(file, 256<<10), seen: newBloom(), suspect: make(map[key]struct{}),
	}, nil
}

// entry is one group of the input: where it lies and what it concerns.
type entry struct {
	span    span
	order   key
	numbers []key
	named   []key
}

// add notes where a group lies, and tells whether its order was there before, perhaps.
func (x *index) add(j *judged) (again bool, err error) {
	again = x.seen.add(j.order)
	if again {
		x.suspect[j.order] = struct{}{}
	}
	for _, n := range j.numbers {
		if x.seen.add(n) || len(j.named) > 0 {
			x.suspect[n] = struct{}{}
		}
	}
	for _, o := range j.named {
		x.seen.add(o)
		x.suspect[o] = struct{}{}
	}
	x.entries++
	return again, x.write(j)
}

func (x *index) write(j *judged) error {
	b := binary.AppendVarint(nil, j.span.at)
	b = binary.AppendVarint(b, j.span.end-j.span.at)
	b = binary.LittleEndian.AppendUint64(b, uint64(j.order))
	for _, keys := range [][]key{j.numbers, j.named} {
		b = binary.AppendUvarint(b, uint64(len(keys)))
		for _, k := range keys {
			b = binary.LittleEndian.AppendUint64(b, uint64(k))
		}
	}
	_, err := x.out.Write(b)
	return err
}

// suspects calls yield with every entry that touches a suspect.
func (x *index) suspects(yield func(entry) error) error {
	if err := x.out.Flush(); err != nil {
		return err
	}
	x.seen = nil
	in := bufio.NewReaderSize(io.NewSectionReader(x.file, 0, x.file.size), 256<<10)
	for {
		e, err := readEntry(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if x.touches(&e) {
			if err := yield(e); err != nil {
				return err
			}
		}
	}
}

func (x *index) touches(e *entry) bool {
	if _, ok := x.suspect[e.order]; ok || len(e.named) > 0 {
		return true
	}
	for _, n := range e.numbers {
		if _, ok := x.suspect[n]; ok {
			return true
		}
	}
	return false
}

// Close removes the index.
func (x *index) Close() error { return x.file.Close() }

func readEntry(in *bufio.Reader) (entry, error) {
	at, err := binary.ReadVarint(in)
	if err != nil {
		return entry{}, err // io.EOF at the end
	}
	size, err := binary.ReadVarint(in)
	if err != nil {
		return entry{}, noEOF(err)
	}
	e := entry{span: span{at, at + size}}
	if e.order, err = readKey(in); err != nil {
		return entry{}, err
	}
	for _, keys := range []*[]key{&e.numbers, &e.named} {
		n, err := binary.ReadUvarint(in)
		if err != nil {
			return entry{}, noEOF(err)
		}
		for range n {
			k, err := readKey(in)
			if err != nil {
				return entry{}, err
			}
			*keys = append(*keys, k)
		}
	}
	return e, nil
}

func readKey(in *bufio.Reader) (key, error) {
	var b [8]byte
	_, err := io.ReadFull(in, b[:])
	return key(binary.LittleEndian.Uint64(b[:])), noEOF(err)
}
