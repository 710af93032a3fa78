package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
)

// How the orders of a store are listed, by the platform's clock.
const (
	ordersOverlap = 10 * time.Minute // lists come late, and clocks differ
	ordersLag     = 5 * time.Second  // and what changes now may not be in them yet
	ordersWindow  = 6 * time.Hour    // of one list, so that a long reading goes on where it broke off
	ordersAtOnce  = 50
)

// PollOrders reads a store's orders at its platform, and is the source of truth about them
// beside all pushes. What the platform lists as changed is first noted durably, then read: an
// order stays due until all of its facts are in the inbox. One that cannot be read holds up no
// other. Windows overlap, and nothing is read twice that the platform lists unchanged; facts
// bear the same ID each time, so that a repeat changes nothing.
func (a *Activities) PollOrders(ctx context.Context, in protocol.OrdersInput) (protocol.OrdersResult, error) {
	p := poll{Activities: a, in: in, source: a.Orders[in.Platform], service: a.Services.Service(in.Platform)}
	doing := "read the orders of store " + in.Store
	if p.source == nil { // another worker may have its keys
		return p.done, fail(ctx, doing, fmt.Errorf("platform %q is not configured at this worker; one that has its keys must read them", in.Platform))
	}
	err := p.run(ctx)
	if errors.Is(err, port.ErrUnauthorised) {
		err = errors.Join(err, p.tellUnauthorised(ctx))
	}
	p.count(ctx, "read", p.done.Read)
	p.count(ctx, "failed", p.done.Failed)
	return p.done, fail(ctx, doing, err)
}

type poll struct {
	*Activities
	in      protocol.OrdersInput
	source  port.OrderSource
	service port.TrackingService // the platform, as far as its calls are limited; nil: they are not
	done    protocol.OrdersResult
}

func (p *poll) now() time.Time { return p.in.Clock.Virtual(time.Now()) }

func (p *poll) run(ctx context.Context) error {
	if p.in.Order != "" {
		return p.readOne(ctx)
	}
	if err := p.watchAuthorisation(ctx); err != nil {
		return err
	}
	if err := p.list(ctx); err != nil {
		return err
	}
	if err := p.readAll(ctx); err != nil {
		return err
	}
	if err := p.readLists(ctx); err != nil {
		return err
	}
	unread, err := p.Reads.CountUnread(ctx, p.in.Platform, p.in.Store)
	p.gauge(ctx, "orders_unread", float64(unread))
	return err
}

// readOne reads the order that the platform has pushed. What comes of a bad one is left to the
// next turn, which lists it too.
func (p *poll) readOne(ctx context.Context) error {
	err := p.read(ctx, p.in.Order, false)
	if _, away := errors.AsType[*port.UnavailableError](err); away || stops(err) || ctx.Err() != nil {
		return err
	}
	if err != nil {
		p.done.Failed++
		activity.GetLogger(ctx).Warn("a pushed order could not be read; it is listed and read again", "store", p.in.Store, "order", p.in.Order, "error", err)
		return nil
	}
	p.done.Read++
	return nil
}

// list notes all that changed since the last time.
func (p *poll) list(ctx context.Context) error {
	upto, err := p.Reads.ReadUpto(ctx, p.in.Platform, p.in.Store)
	if err != nil {
		return err
	}
	now := p.now()
	end := now.Add(-ordersLag)
	start := upto.Add(-ordersOverlap)
	if upto.IsZero() {
		start = end.AddDate(0, 0, -p.in.FirstDays)
	}
	for start.Before(end) {
		to := start.Add(ordersWindow)
		if to.After(end) {
			to = end
		}
		var changed []port.ChangedOrder
		err := p.call(ctx, func() (err error) {
			changed, err = p.source.Changed(ctx, p.in.Store, start, to)
			return err
		})
		if err != nil {
			return err
		}
		if err := p.Reads.NoteListed(ctx, p.in.Platform, p.in.Store, changed, to, now); err != nil {
			return err
		}
		p.done.Listed += len(changed)
		activity.RecordHeartbeat(ctx, p.done)
		start = to
	}
	return nil
}

// readAll reads what is due. An order that cannot be read is put off; where the platform says
// that it wants no calls for a while, the rest is left for the next attempt.
func (p *poll) readAll(ctx context.Context) error {
	now := p.now()
	for {
		due, err := p.Reads.Unread(ctx, p.in.Platform, p.in.Store, now, ordersAtOnce)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, o := range due {
			err := p.read(ctx, o.Order, o.Attempts == 0)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if stops(err) {
				return err
			}
			r := port.OrderRead{UnreadOrder: o}
			if err != nil {
				r.Error, r.Next = err.Error(), now.Add(putOff(err, o.Attempts))
				p.done.Failed++
				activity.GetLogger(ctx).Warn("an order could not be read; it stays due", "store", p.in.Store, "order", o.Order, "next", r.Next, "error", err)
			} else {
				p.done.Read++
			}
			if err := p.Reads.NoteRead(ctx, p.in.Platform, p.in.Store, r); err != nil {
				return err
			}
			activity.RecordHeartbeat(ctx, p.done)
		}
	}
}

// stops tells whether an error is about more than the order at which it came up.
func stops(err error) bool {
	if errors.Is(err, port.ErrUnauthorised) || errors.Is(err, port.ErrBusy) || errors.Is(err, errOwn) {
		return true
	}
	away, ok := errors.AsType[*port.UnavailableError](err)
	return ok && away.After > 0
}

// How long an order waits that could not be read: virtual.
const (
	readAgain       = time.Minute // twice as long after each time in a row
	readAgainAtMost = time.Hour
)

// putOff is how long an order waits after so many failed attempts and this one. A repeat of
// what was refused or cannot be told is for the day on which the platform, or we, know better.
func putOff(why error, attempts int) time.Duration {
	if _, away := errors.AsType[*port.UnavailableError](why); away {
		return min(readAgain<<min(attempts, 10), readAgainAtMost)
	}
	return readAgainAtMost
}

// errOwn says that it is not the platform that fails.
var errOwn = errors.New("our own records")

// read brings the facts of one order into the inbox. Those that are no good are kept for
// inspection where keep says so; the others go in all the same.
func (p *poll) read(ctx context.Context, order string, keep bool) error {
	var good []json.RawMessage
	var bad error
	var refused [][]byte
	var payouts []port.Payout
	err := p.call(ctx, func() error {
		news, err := p.source.Read(ctx, p.in.Store, order)
		payouts = news.Payouts
		for _, e := range news.Events {
			raw, err := protocol.EncodeEvent(e)
			if err == nil {
				_, err = protocol.DecodeEvent(raw)
			}
			if err != nil {
				bad = errors.Join(bad, fmt.Errorf("order %s: %s: %w", order, e.Type, err))
				refused = append(refused, raw)
				continue
			}
			good = append(good, json.RawMessage(raw))
		}
		return err
	})
	if _, away := errors.AsType[*port.UnavailableError](err); away || stops(err) || ctx.Err() != nil {
		return err
	}
	bad = errors.Join(err, bad)
	if err := p.Inbox.Record(ctx, good); errors.Is(err, port.ErrRefused) {
		bad = errors.Join(bad, err)
		for _, raw := range good {
			refused = append(refused, raw)
		}
	} else if err != nil {
		return fmt.Errorf("%w: %w", errOwn, err)
	}
	if bad != nil && keep {
		body := append([]byte("order "+order+"\n"), bytes.Join(refused, []byte("\n"))...)
		if err := p.Traces.KeepUnreadable(ctx, p.in.Platform, bad.Error(), body); err != nil {
			return fmt.Errorf("%w: %w", errOwn, err)
		}
	}
	if err := p.tellPayouts(ctx, order, payouts); err != nil {
		return fmt.Errorf("%w: %w", errOwn, err)
	}
	return bad
}

// call calls the platform at its turn, which it shares with the tracking of its parcels.
func (p *poll) call(ctx context.Context, do func() error) error {
	if p.service == nil {
		return do()
	}
	if err := p.Services.Turn(ctx, p.service, sweepWait); err != nil {
		if errors.Is(err, port.ErrBusy) {
			return err
		}
		return fmt.Errorf("%w: %w", errOwn, err)
	}
	called := do()
	if err := p.Services.Note(ctx, p.service, called); err != nil && called == nil {
		return fmt.Errorf("%w: %w", errOwn, err)
	}
	return called
}

func (p *poll) tags() map[string]string {
	return map[string]string{"platform": p.in.Platform, "store": p.in.Store}
}

func (p *poll) count(ctx context.Context, what string, n int) {
	activity.GetMetricsHandler(ctx).WithTags(p.tags()).Counter("parcelward_orders_" + what).Inc(int64(n))
}

func (p *poll) gauge(ctx context.Context, name string, value float64) {
	activity.GetMetricsHandler(ctx).WithTags(p.tags()).Gauge("parcelward_" + name).Update(value)
}
