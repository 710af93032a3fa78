package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"parcelward/internal/api"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
)

// ingestCmd takes in a file of events.
type ingestCmd struct {
	File     string  `arg:"" help:"事件文件，- 为标准输入。 · Events, one CloudEvent of JSON a line; - for standard input."`
	Server   string  `placeholder:"URL" xor:"to" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
	Database string  `placeholder:"URL" xor:"to" help:"直接写入数据库。 · Write straight to this database, without a server."`
	Speed    float64 `placeholder:"N" help:"按事件时间播放，N 倍速。 · Play by the events' times, N virtual seconds a second; where PARCELWARD_CLOCK_… is set, that clock counts."`
	Refused  string  `placeholder:"FILE" help:"拒收的行写入此文件，修正后可再导入。 · Write refused lines to this file, to be mended and fed again."`
}

// The bounds of a batch.
const (
	batchEvents = 200
	batchBytes  = 4 << 20
)

// Run takes the events in. Refused lines are told with line, key and expectation, and end
// it with exit status 1. Sending all again is always right.
func (c *ingestCmd) Run(ctx context.Context, s streams) (err error) {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	if c.Speed < 0 {
		return &exitError{exitUsage, fmt.Errorf("--speed %v: expected a number above 0", c.Speed)}
	}
	override(&o.Server, c.Server)
	in, size := s.in, int64(-1)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return &exitError{exitUsage, fmt.Errorf("events: %w", err)}
		}
		defer f.Close() //nolint:errcheck // only read
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
		in = f
	}
	i := &ingester{clock: o.Clock.Protocol(), speed: c.Speed, log: s.err, refused: io.Discard, progress: func(int64) {}}
	if c.Refused != "" {
		f, err := os.Create(c.Refused)
		if err != nil {
			return &exitError{exitUsage, fmt.Errorf("--refused: %w", err)}
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		i.refused = f
	}
	if i.send, err = c.sink(ctx, o.Server); err != nil {
		return err
	}
	if s.terminal() {
		b := newBar(size)
		defer b.close()
		i.log, i.progress = b, b.add
	}
	err = i.run(ctx, in)
	if _, told := fmt.Fprintf(s.out, "已接收 %d，重复 %d，未知类型 %d，拒收 %d\naccepted %d, repeated %d, unknown type %d, refused %d\n",
		i.sum.Accepted, i.sum.Repeated, i.sum.Unknown, i.count, i.sum.Accepted, i.sum.Repeated, i.sum.Unknown, i.count); told != nil {
		return errors.Join(err, told)
	}
	if err == nil && i.count > 0 {
		err = errTold
	}
	return err
}

// item is a good line on its way.
type item struct {
	line  int
	event postgres.Incoming
}

// sink takes a batch; refusals bear places in the batch, from 1.
type sink func(ctx context.Context, batch []item) (api.Receipt, error)

// sink is the server, or the database.
func (c *ingestCmd) sink(ctx context.Context, server string) (sink, error) {
	if c.Database == "" {
		client := api.Client{Base: server}
		return func(ctx context.Context, batch []item) (api.Receipt, error) {
			lines := make([][]byte, len(batch))
			for i := range batch {
				lines[i] = batch[i].event.Raw
			}
			return client.Send(ctx, lines)
		}, nil
	}
	if err := postgres.Migrate(ctx, c.Database); err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, c.Database, postgres.Options{MaxConns: 2})
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, db.Close)
	return func(ctx context.Context, batch []item) (api.Receipt, error) {
		events := make([]postgres.Incoming, len(batch))
		r := api.Receipt{}
		for i := range batch {
			if events[i] = batch[i].event; events[i].Event.Data == nil {
				r.Unknown++
			}
		}
		kept, err := db.Accept(ctx, events)
		r.Accepted, r.Repeated = kept.New, kept.Repeated
		return r, err
	}, nil
}

// ingester sends lines in batches and counts what became of them.
type ingester struct {
	send     sink
	clock    protocol.Clock
	speed    float64 // 0: as fast as it goes
	log      io.Writer
	refused  io.Writer
	progress func(bytes int64)

	batch []item
	bytes int
	sum   api.Receipt
	count int // of refused lines
}

func (i *ingester) run(ctx context.Context, in io.Reader) error {
	lines := newLineReader(in)
	for {
		raw, number, err := lines.next()
		if errors.Is(err, io.EOF) {
			return i.flush(ctx)
		}
		if errors.Is(err, errLong) {
			if err := i.long(lines, raw, number); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return errors.Join(fmt.Errorf("read events at line %d: %w", number, err), i.flush(ctx))
		}
		i.progress(int64(len(raw) + 1))
		if raw = bytes.TrimSpace(raw); len(raw) == 0 {
			continue
		}
		if err := i.take(ctx, bytes.Clone(raw), number); err != nil {
			return err
		}
	}
}

// take queues a line, at its virtual time where that matters.
func (i *ingester) take(ctx context.Context, raw []byte, number int) error {
	event, refusal := api.Decode(raw)
	if refusal != nil {
		return i.refuse(raw, number, refusal)
	}
	if i.speed > 0 {
		if i.clock.Speed == 0 {
			i.clock = protocol.Clock{Origin: event.Event.Time, Start: time.Now(), Speed: i.speed}
		}
		if wait := i.clock.Real(event.Event.Time.Sub(i.clock.Virtual(time.Now()))); wait > 0 {
			if err := i.flush(ctx); err != nil {
				return err
			}
			if err := sleep(ctx, wait); err != nil {
				return err
			}
		}
	}
	i.batch = append(i.batch, item{number, event})
	if i.bytes += len(raw) + 1; len(i.batch) == batchEvents || i.bytes >= batchBytes {
		return i.flush(ctx)
	}
	return nil
}

// flush sends what is queued, again where the other side is away for a while.
func (i *ingester) flush(ctx context.Context) error {
	if len(i.batch) == 0 {
		return nil
	}
	const attempts = 6 // within half a minute
	var receipt api.Receipt
	for n := range attempts {
		var err error
		receipt, err = i.send(ctx, i.batch)
		if err == nil {
			break
		}
		var problem *api.ProblemError
		if final := errors.As(err, &problem) && !problem.Temporary(); final || n == attempts-1 || ctx.Err() != nil {
			return fmt.Errorf("lines %d to %d were not taken in, those before were; sending all again is right: %w",
				i.batch[0].line, i.batch[len(i.batch)-1].line, err)
		}
		if _, err := fmt.Fprintf(i.log, "暂未接收，重试 · not taken in yet, trying again: %v\n", err); err != nil {
			return err
		}
		if err := sleep(ctx, time.Second<<n); err != nil {
			return err
		}
	}
	i.sum.Accepted += receipt.Accepted
	i.sum.Repeated += receipt.Repeated
	i.sum.Unknown += receipt.Unknown
	for k := range receipt.Refused {
		r := &receipt.Refused[k]
		if r.Line < 1 || r.Line > len(i.batch) {
			return fmt.Errorf("the server refused line %d of a batch of %d: is it Parcelward?", r.Line, len(i.batch))
		}
		of := i.batch[r.Line-1]
		if err := i.refuse(of.event.Raw, of.line, r); err != nil {
			return err
		}
	}
	i.batch, i.bytes = i.batch[:0], 0
	return nil
}

// refuse tells what is wrong with a line and keeps it to be mended.
func (i *ingester) refuse(raw []byte, number int, r *api.Refusal) error {
	i.count++
	_, err := fmt.Fprintf(i.log, "第 %d 行拒收 · line %d refused: %s\n", number, number, r)
	if raw != nil {
		_, kept := i.refused.Write(append(raw, '\n'))
		err = errors.Join(err, kept)
	}
	return err
}

// long refuses a line that is too long to hold, and keeps it all the same.
func (i *ingester) long(lines *lineReader, head []byte, number int) error {
	if _, err := i.refused.Write(head); err != nil {
		return err
	}
	size, err := lines.rest(i.refused)
	if err == nil {
		_, err = i.refused.Write([]byte{'\n'})
	}
	size += int64(len(head))
	i.progress(size + 1)
	return errors.Join(err, i.refuse(nil, number, &api.Refusal{
		Expected: fmt.Sprintf("at most %d bytes", protocol.MaxEventBytes), Got: fmt.Sprintf("%d bytes", size),
	}))
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return cmp.Or(context.Cause(ctx), ctx.Err())
	}
}
