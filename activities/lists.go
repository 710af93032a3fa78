package activities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules/wording"
)

// The other lists of a store, and how they are read, by the platform's clock.
const (
	listAbnormal   = "abnormal"
	listSettled    = "settlements"
	abnormalWindow = 7 * 24 * time.Hour // of one list
	settleEvery    = 24 * time.Hour
	settleAgain    = time.Hour // after a list that could not be read
	// The list is by when orders were created, and one is settled weeks later: behind a delivery
	// and a dispute at their slowest. Ours.
	settleBack   = 120 * 24 * time.Hour
	settleWindow = 30 * 24 * time.Hour
)

// The kinds of notice about what only the platform knows. Each is told once.
const (
	noticeAbnormal = "abnormal-order"
	noticePayout   = "platform-payout"
)

// readLists reads what else the platform lists of a store. A list that cannot be read is no
// reason to fail: orders and their deadlines do not hang on it, and an app may lack its permission.
func (p *poll) readLists(ctx context.Context) error {
	for _, read := range []func(context.Context) error{p.readAbnormal, p.readSettlements} {
		err := read(ctx)
		if err != nil && (stops(err) || ctx.Err() != nil) {
			return err
		}
		if err != nil {
			p.count(ctx, "list_failed", 1)
			activity.GetLogger(ctx).Warn("a list of the platform could not be read; it is tried again", "store", p.in.Store, "error", err)
		}
	}
	return nil
}

// readAbnormal tells people of each order that the platform lists as abnormal, once for each
// reason. It changes no story: what stands there is not movement, and may pass.
func (p *poll) readAbnormal(ctx context.Context) error {
	upto, err := p.Reads.ListedUpto(ctx, p.in.Platform, p.in.Store, listAbnormal)
	if err != nil {
		return fmt.Errorf("%w: %w", errOwn, err)
	}
	end := p.now().Add(-ordersLag)
	start := upto.Add(-ordersOverlap)
	if upto.IsZero() {
		start = end.AddDate(0, 0, -p.in.FirstDays)
	}
	for start.Before(end) {
		to := start.Add(abnormalWindow)
		if to.After(end) {
			to = end
		}
		var listed []port.AbnormalOrder
		err := p.call(ctx, func() (err error) {
			listed, err = p.source.Abnormal(ctx, p.in.Store, start, to)
			return err
		})
		if err != nil {
			return err
		}
		for _, a := range listed {
			if err := p.tellAbnormal(ctx, a); err != nil {
				return fmt.Errorf("%w: %w", errOwn, err)
			}
		}
		if err := p.Reads.NoteListedUpto(ctx, p.in.Platform, p.in.Store, listAbnormal, to); err != nil {
			return fmt.Errorf("%w: %w", errOwn, err)
		}
		activity.RecordHeartbeat(ctx, p.done)
		start = to
	}
	return nil
}

func (p *poll) tellAbnormal(ctx context.Context, a port.AbnormalOrder) error {
	if !protocol.ValidName(a.Order) {
		activity.GetLogger(ctx).Warn("an abnormal order without a usable number", "store", p.in.Store, "order", a.Order, "code", a.Code)
		return nil
	}
	return p.tellOf(ctx, a.Order, noticeAbnormal, cmp.Or(a.Code, a.Reason, "unknown"), wording.AbnormalOrder(p.in.Store, a.Order, a.Number, a.Code, a.Reason, a.Warehouse))
}

// tellPayouts tells people of compensation that the platform paid, which it shows nowhere else.
func (p *poll) tellPayouts(ctx context.Context, order string, payouts []port.Payout) error {
	for _, x := range payouts {
		what := x.Child + "/" + x.At.UTC().Format(time.RFC3339)
		if err := p.tellOf(ctx, order, noticePayout, what, wording.PlatformPayout(p.in.Store, order, x.Amount, x.At, beijing())); err != nil {
			return err
		}
	}
	return nil
}

// tellOf tells people something of an order, once for each thing.
func (p *poll) tellOf(ctx context.Context, order, kind, what string, said wording.Text) error {
	return p.Notifier.Notify(ctx, protocol.Notice{
		Key: kind + "/" + p.in.Platform + "/" + p.in.Store + "/" + order + "/" + what, Store: p.in.Store, Order: order,
		WorkflowID: activity.GetInfo(ctx).WorkflowExecution.ID, Kind: kind, ZH: said.ZH, EN: said.EN,
	})
}

// readSettlements keeps once a day what the platform pays out for each child order.
func (p *poll) readSettlements(ctx context.Context) error {
	now := p.now()
	last, err := p.Reads.ListedUpto(ctx, p.in.Platform, p.in.Store, listSettled)
	if err != nil {
		return fmt.Errorf("%w: %w", errOwn, err)
	}
	if !last.IsZero() && now.Before(last.Add(settleEvery)) {
		return nil
	}
	err = p.settle(ctx, now)
	if err != nil && (stops(err) || ctx.Err() != nil) {
		return err
	}
	read := now
	if err != nil {
		read = now.Add(settleAgain - settleEvery)
	}
	if noted := p.Reads.NoteListedUpto(ctx, p.in.Platform, p.in.Store, listSettled, read); noted != nil {
		return fmt.Errorf("%w: %w", errOwn, noted)
	}
	return err
}

func (p *poll) settle(ctx context.Context, now time.Time) error {
	for start := now.Add(-settleBack); start.Before(now); start = start.Add(settleWindow) {
		var listed []port.Settlement
		err := p.call(ctx, func() (err error) {
			listed, err = p.source.Settlements(ctx, p.in.Store, start, start.Add(settleWindow))
			return err
		})
		if err != nil {
			return err
		}
		good := slices.DeleteFunc(listed, func(s port.Settlement) bool {
			_, err := s.Currency()
			if err == nil && (!protocol.ValidName(s.Order) || !protocol.ValidName(s.Child)) {
				err = fmt.Errorf("settlement of child order %.80q of order %.80q: expected names of 1 to 64 characters", s.Child, s.Order)
			}
			if err != nil {
				p.count(ctx, "settlement_left_out", 1)
				activity.GetLogger(ctx).Warn("a settlement is left out", "store", p.in.Store, "error", err)
			}
			return err != nil
		})
		if err := p.Reads.KeepSettlements(ctx, p.in.Platform, p.in.Store, good, now); err != nil {
			return fmt.Errorf("%w: %w", errOwn, err)
		}
		activity.RecordHeartbeat(ctx, p.done)
	}
	return nil
}
