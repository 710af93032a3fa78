package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"parcelward/internal/protocol"
	"parcelward/internal/rules/wording"
)

// The kinds of notice about a store's authorisation. Each is told once per store and day.
const (
	noticeUnauthorised = "store-unauthorised"
	noticeEnds         = "store-authorisation-ends"
	noticeRenewalFails = "store-renewal-fails"
)

// authoriseWithin is how long before its end a seller is told that an authorisation cannot
// renew itself any more.
const authoriseWithin = 7 * 24 * time.Hour

// beijing is the zone of the people who are told; it has had one offset since 1991.
func beijing() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }

// watchAuthorisation has a store's authorisation renewed in time, and tells people before it
// ends for good: one that ends in silence is how stores lose weeks of orders.
func (p *poll) watchAuthorisation(ctx context.Context) error {
	a, err := p.source.Renew(ctx, p.in.Store)
	if err != nil {
		return err
	}
	now := p.now()
	end := a.RenewBy
	if end.IsZero() {
		end = a.Until
	}
	p.gauge(ctx, "authorisation_seconds", end.Sub(now).Seconds())
	if a.Failed != nil {
		activity.GetLogger(ctx).Error("a store's authorisation could not be renewed; it is tried again", "store", p.in.Store, "until", a.Until, "error", a.Failed)
		p.count(ctx, "renewal_failed", 1)
		if err := p.tell(ctx, noticeRenewalFails, a.Until, wording.StoreRenewalFails(p.in.Platform, p.in.Store, a.Until, beijing())); err != nil {
			return err
		}
	}
	if !a.RenewBy.IsZero() && a.RenewBy.Sub(now) <= authoriseWithin {
		return p.tell(ctx, noticeEnds, a.RenewBy, wording.StoreAuthorisationEnds(p.in.Platform, p.in.Store, a.RenewBy, beijing()))
	}
	return nil
}

// tellUnauthorised tells people that a store's orders cannot be read any more.
func (p *poll) tellUnauthorised(ctx context.Context) error {
	p.gauge(ctx, "authorisation_seconds", 0)
	return p.tell(ctx, noticeUnauthorised, time.Time{}, wording.StoreUnauthorised(p.in.Platform, p.in.Store))
}

func (p *poll) tell(ctx context.Context, kind string, due time.Time, said wording.Text) error {
	return p.Notifier.Notify(ctx, protocol.Notice{
		Key:   protocol.OrdersID(p.in.Platform, p.in.Store) + "/" + kind + "/" + p.now().In(beijing()).Format(time.DateOnly),
		Store: p.in.Store, WorkflowID: activity.GetInfo(ctx).WorkflowExecution.ID, Kind: kind, Manager: kind == noticeUnauthorised,
		Due: due, ZH: said.ZH, EN: said.EN,
	})
}
