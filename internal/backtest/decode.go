package backtest

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// span is a part of the input.
type span struct{ at, end int64 }

// group is contiguous events of one order.
type group struct {
	store, order string
	span         span
	events       []rules.Event
}

func (g *group) of(store, order string) bool { return g.order == order && g.store == store }

// refusal is a line that was not taken.
type refusal struct {
	line int
	span span
	err  error
}

// decoded is what a chunk holds. Its first and last groups may go on in the chunks around;
// those between are whole, and judged already.
type decoded struct {
	size        int64
	events      int
	first, last *group // last is nil when first is the only one
	whole       []*judged
	refused     []refusal
	unknown     map[rules.EventType]int
}

// decoder turns chunks into groups and verdicts.
type decoder struct {
	judge *judge
	pool  *sync.Pool
}

// run answers chunks until there are no more.
func (d *decoder) run(ctx context.Context, work <-chan *chunk) error {
	for {
		c, more, err := receive(ctx, work)
		if err != nil || !more {
			return err
		}
		out, err := d.decode(c)
		if err != nil {
			return err
		}
		c.done <- out
	}
}

func (d *decoder) decode(c *chunk) (*decoded, error) {
	if c.tooLong > 0 {
		err := &protocol.EventError{
			Expected: fmt.Sprintf("a line of at most %d bytes", protocol.MaxEventBytes), Got: fmt.Sprintf("%d", c.tooLong),
		}
		return &decoded{size: c.tooLong, refused: []refusal{{c.line, span{c.at, c.at + c.tooLong}, err}}}, nil
	}
	out := &decoded{size: int64(len(c.data))}
	groups := out.read(c)
	d.pool.Put(new(c.data[:longest]))
	if len(groups) == 0 {
		return out, nil
	}
	out.first = groups[0]
	if n := len(groups) - 1; n > 0 {
		out.last = groups[n]
		out.whole = make([]*judged, 0, n-1)
		for _, g := range groups[1:n] {
			j, err := d.judge.group(g)
			if err != nil {
				return nil, err
			}
			out.whole = append(out.whole, j)
		}
	}
	return out, nil
}

// read decodes the lines of c and groups the events of known type.
func (out *decoded) read(c *chunk) []*group {
	var groups []*group
	var open *group
	for l := range lines(c.data, c.at, c.line) {
		e, err := protocol.DecodeEvent(l.text)
		if err != nil {
			out.refused = append(out.refused, refusal{l.number, l.span, err})
			continue
		}
		out.events++
		if e.Data == nil {
			if out.unknown == nil {
				out.unknown = make(map[rules.EventType]int)
			}
			out.unknown[e.Type]++
			continue
		}
		if open == nil || !open.of(e.Store, e.Order) {
			open = &group{store: e.Store, order: e.Order, span: l.span, events: make([]rules.Event, 0, 24)}
			groups = append(groups, open)
		}
		open.events = append(open.events, e)
		open.span.end = l.span.end
	}
	return groups
}

// line is a line of the input that is not empty.
type line struct {
	text   []byte // without line end and byte order mark
	number int    // from 1
	span   span
}

// lines walks over the lines of data, which begins at byte at and line number of the input.
func lines(data []byte, at int64, number int) func(yield func(line) bool) {
	return func(yield func(line) bool) {
		for ; len(data) > 0; number++ {
			size := bytes.IndexByte(data, '\n') + 1
			if size == 0 {
				size = len(data)
			}
			text := data[:size]
			if number == 1 {
				text = bytes.TrimPrefix(text, []byte("\ufeff"))
			}
			l := line{bytes.TrimRight(text, "\r\n"), number, span{at, at + int64(size)}}
			if len(bytes.TrimSpace(l.text)) > 0 && !yield(l) {
				return
			}
			data = data[size:]
			at += int64(size)
		}
	}
}
