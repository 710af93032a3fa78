package backtest

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// batchBytes is how much is sorted in memory before it becomes a run on disk.
const batchBytes = 16 << 20

// verdict is what is known of one order: its assessment as a line of JSON, which is empty
// when the order was never created, and what became of its money.
type verdict struct {
	store, order string
	second       bool // judged with all that lay elsewhere: replaces a first verdict
	fate         fate
	line         []byte
}

func (v *verdict) compare(o *verdict) int {
	c := cmp.Or(cmp.Compare(v.store, o.store), cmp.Compare(v.order, o.order))
	if c == 0 && v.second != o.second {
		if v.second {
			return -1
		}
		return 1
	}
	return c
}

// size is about what v costs in memory.
func (v *verdict) size() int { return len(v.line) + len(v.store) + len(v.order) + 96 }

// sorter sorts any number of verdicts in bounded memory: runs in one temporary file.
type sorter struct {
	batch []*verdict
	bytes int
	file  *temp
	out   *bufio.Writer
	at    int64
	runs  []section
	last  *verdict // of the latest run
}

type section struct{ from, to int64 }

// add takes v.
func (s *sorter) add(v *verdict) error {
	s.batch = append(s.batch, v)
	if s.bytes += v.size(); s.bytes < batchBytes {
		return nil
	}
	return s.flush()
}

// flush writes the batch as a run; where it begins after the end of the latest run, as
// with sorted input, it makes that run longer.
func (s *sorter) flush() error {
	if s.file == nil {
		file, err := newTemp()
		if err != nil {
			return err
		}
		s.file, s.out = file, bufio.NewWriterSize(file, 256<<10)
	}
	slices.SortFunc(s.batch, (*verdict).compare)
	if s.last == nil || s.batch[0].compare(s.last) < 0 {
		s.runs = append(s.runs, section{s.at, s.at})
	}
	var b []byte
	for _, v := range s.batch {
		b = v.append(b[:0])
		if _, err := s.out.Write(b); err != nil {
			return err
		}
		s.at += int64(len(b))
	}
	s.runs[len(s.runs)-1].to = s.at
	s.last = s.batch[len(s.batch)-1]
	s.batch, s.bytes = s.batch[:0], 0
	return nil
}

// merge calls yield with one verdict of each order, sorted by store and order.
func (s *sorter) merge(yield func(*verdict) error) error {
	slices.SortFunc(s.batch, (*verdict).compare)
	h := make(heads, 0, len(s.runs)+1)
	push := func(next func() (*verdict, error)) error {
		v, err := next()
		if err == nil {
			h = append(h, head{v, next})
		}
		return ignoreEOF(err)
	}
	if err := push(fromBatch(s.batch)); err != nil {
		return err
	}
	if len(s.runs) > 0 {
		if err := s.out.Flush(); err != nil {
			return err
		}
	}
	for _, r := range s.runs {
		if err := push(fromRun(io.NewSectionReader(s.file, r.from, r.to-r.from))); err != nil {
			return err
		}
	}
	heap.Init(&h)
	var last *verdict
	for len(h) > 0 {
		v := h[0].verdict
		if last == nil || v.order != last.order || v.store != last.store {
			if err := yield(v); err != nil {
				return err
			}
			last = v
		} else if last.second && v.second {
			return fmt.Errorf("order %s/%s was judged twice: report this as a fault of Parcelward", v.store, v.order)
		}
		next, err := h[0].next()
		switch {
		case err == nil:
			h[0].verdict = next
			heap.Fix(&h, 0)
		case errors.Is(err, io.EOF):
			heap.Pop(&h)
		default:
			return err
		}
	}
	return nil
}

// Close removes the runs.
func (s *sorter) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

func fromBatch(batch []*verdict) func() (*verdict, error) {
	return func() (*verdict, error) {
		if len(batch) == 0 {
			return nil, io.EOF
		}
		v := batch[0]
		batch = batch[1:]
		return v, nil
	}
}

func fromRun(r io.Reader) func() (*verdict, error) {
	buf := bufio.NewReaderSize(r, 16<<10)
	return func() (*verdict, error) { return readVerdict(buf) }
}

func (v *verdict) append(b []byte) []byte {
	second := byte(0)
	if v.second {
		second = 1
	}
	b = append(b, second, byte(v.fate.outcome), byte(v.fate.cause))
	b = binary.AppendVarint(b, int64(v.fate.month))
	for _, s := range []string{v.store, v.order} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return append(binary.AppendUvarint(b, uint64(len(v.line))), v.line...)
}

func readVerdict(r *bufio.Reader) (*verdict, error) {
	var fixed [3]byte
	if _, err := io.ReadFull(r, fixed[:]); err != nil {
		return nil, err // io.EOF at the end of a run
	}
	at, err := binary.ReadVarint(r)
	if err != nil {
		return nil, noEOF(err)
	}
	v := &verdict{second: fixed[0] == 1, fate: fate{Outcome(fixed[1]), Cause(fixed[2]), month(at)}}
	var texts [3][]byte
	for i := range texts {
		n, err := binary.ReadUvarint(r)
		if err != nil {
			return nil, noEOF(err)
		}
		texts[i] = make([]byte, n)
		if _, err := io.ReadFull(r, texts[i]); err != nil {
			return nil, noEOF(err)
		}
	}
	v.store, v.order, v.line = string(texts[0]), string(texts[1]), texts[2]
	return v, nil
}

// noEOF makes an end within a record the error that it is.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// head is the next verdict of a run and how to get the one after it.
type head struct {
	verdict *verdict
	next    func() (*verdict, error)
}

// heads is a heap of runs, the smallest verdict first.
type heads []head

func (h heads) Len() int           { return len(h) }
func (h heads) Less(i, j int) bool { return h[i].verdict.compare(h[j].verdict) < 0 }
func (h heads) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)        { *h = append(*h, x.(head)) }
func (h *heads) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
