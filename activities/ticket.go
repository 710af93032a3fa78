package activities

import (
	"context"
	"time"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// OpenTicket opens a ticket once per workflow ID.
func (a *Activities) OpenTicket(ctx context.Context, in protocol.TicketInput) error {
	return fail(ctx, "open a ticket", a.Tickets.OpenTicket(ctx, in))
}

// openTraceTicket opens the ticket to the carrier about a parcel whose scans the platform lacks,
// once per parcel and day of the platform's calendar. One that nobody files within the day gives
// way to the next day's, which knows more; while one that was filed is not answered, there is no
// other.
func (a *Activities) openTraceTicket(ctx context.Context, x *Examined, now time.Time) error {
	serial := protocol.TicketSerial(x.Tracked.Number) + "-"
	if a.Tickets == nil || x.Order == "" || x.facts.TicketAwaited(protocol.TicketWorkflowID(x.Store, x.Order, rules.TopicTrace, serial), now) {
		return nil
	}
	detail := wording.DiagnosisDetail(&x.Diagnosis, x.Location)
	const day = 24 * time.Hour
	return a.Tickets.OpenTicket(ctx, protocol.TicketInput{
		Store: x.Store, Order: x.Order, Topic: rules.TopicTrace, Number: x.Tracked.Number,
		Serial: serial + now.In(x.Location).Format("20060102"),
		Opened: now, GiveUp: now.Add(day), Detail: &protocol.Bilingual{ZH: detail.ZH, EN: detail.EN}, Policy: x.pack,
	})
}
