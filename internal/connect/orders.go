package connect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
)

// orders is AliExpress as a source of orders.
type orders struct {
	client *aliexpress.Client
	tokens tokenStore
	stores []string // configured
}

var (
	_ port.OrderSource = orders{}
	_ port.OrderPusher = orders{}
)

// Name implements [port.OrderSource] and [port.OrderPusher].
func (o orders) Name() string { return o.client.Name() }

// Changed implements [port.OrderSource].
func (o orders) Changed(ctx context.Context, store string, from, to time.Time) ([]port.ChangedOrder, error) {
	listed, err := o.client.Poll(ctx, store, from, to)
	changed := make([]port.ChangedOrder, len(listed))
	for i, s := range listed {
		changed[i] = port.ChangedOrder{Order: s.ID, Updated: s.Updated, State: fmt.Sprint(s.Status, " ", s.Issue, " ", s.Children)}
	}
	return changed, err
}

// Read implements [port.OrderSource].
func (o orders) Read(ctx context.Context, store, order string) (port.OrderNews, error) {
	events, refunds, err := o.client.OrderEvents(ctx, store, order)
	news := port.OrderNews{Events: events}
	for _, r := range refunds {
		news.Payouts = append(news.Payouts, port.Payout{Child: r.Child, At: r.At, Amount: r.Amount})
	}
	return news, err
}

// Abnormal implements [port.OrderSource].
func (o orders) Abnormal(ctx context.Context, store string, from, to time.Time) ([]port.AbnormalOrder, error) {
	listed, err := o.client.AbnormalOrders(ctx, store, from, to)
	abnormal := make([]port.AbnormalOrder, len(listed))
	for i, a := range listed {
		abnormal[i] = port.AbnormalOrder{Order: a.Order, Number: a.Number, Code: a.Code, Reason: a.Reason, Warehouse: a.Warehouse}
	}
	return abnormal, err
}

// Settlements implements [port.OrderSource].
func (o orders) Settlements(ctx context.Context, store string, from, to time.Time) ([]port.Settlement, error) {
	listed, err := o.client.Settlements(ctx, store, from, to, "")
	settled := make([]port.Settlement, len(listed))
	for i, s := range listed {
		settled[i] = port.Settlement{
			Order: s.Order, Child: s.Child, Status: s.Status, WaitReason: s.WaitReason, Loan: s.Loan, RealLoan: s.Paid,
			EscrowFee: s.EscrowFee, Affiliate: s.Affiliate, Refund: s.Refund, RealRefund: s.Refunded,
		}
	}
	return settled, err
}

// Renew implements [port.OrderSource].
func (o orders) Renew(ctx context.Context, store string) (port.Authorisation, error) {
	if _, err := o.client.Tokens().Token(ctx, store); err != nil { // refreshes one that is due
		return port.Authorisation{}, err
	}
	s, err := o.client.Tokens().Status(ctx, store)
	return port.Authorisation{Until: s.ExpiresAt, RenewBy: s.RefreshBy, Failed: s.Failed}, err
}

// Receive implements [port.OrderPusher]. The seller's ID in a push is the one that came with
// the token of his store.
func (o orders) Receive(ctx context.Context, header http.Header, body []byte) (port.PushedOrder, error) {
	push, err := o.client.Receive(header, body)
	if err != nil {
		return port.PushedOrder{}, err
	}
	store, err := o.storeOf(ctx, push.Seller)
	return port.PushedOrder{Store: store, Order: push.Order}, err
}

// storeOf is the store of a seller; empty: none of ours.
func (o orders) storeOf(ctx context.Context, seller string) (string, error) {
	for _, store := range o.stores {
		t, err := o.tokens.Load(ctx, store)
		switch {
		case errors.Is(err, aliexpress.ErrNoToken):
		case err != nil:
			return "", fmt.Errorf("whose push it is: %w", err)
		case seller != "" && t.Seller == seller:
			return store, nil
		}
	}
	return "", nil
}
