package connect_test

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"parcelward/activities"
	"parcelward/internal/config"
	"parcelward/internal/connect"
	"parcelward/internal/postgres"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules/money"
	twin "parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/fault"
	"parcelward/internal/sandbox/world"
)

const (
	shop = "shop"
	day  = 24 * time.Hour
)

// bench is a worker's activities over the platform's twin and a real inbox.
type bench struct {
	*twin.Twin
	services connect.Services
	faults   *fault.Injector
	db       *postgres.DB
	url      string
	world    *world.World
	clock    protocol.Clock
	told     notices
}

// notices are what people were told.
type notices struct {
	mu   sync.Mutex
	list []protocol.Notice
}

// Notify implements port.Notifier; each key once.
func (n *notices) Notify(_ context.Context, notice protocol.Notice) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, known := range n.list {
		if known.Key == notice.Key {
			return nil
		}
	}
	n.list = append(n.list, notice)
	return nil
}

func (n *notices) kinds() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var kinds []string
	for _, notice := range n.list {
		kinds = append(kinds, notice.Kind)
	}
	return kinds
}

// unlimited lets every call through at once.
type unlimited struct{}

func (unlimited) Slot(context.Context, string, time.Duration, time.Duration) (time.Duration, error) {
	return 0, nil
}
func (unlimited) Pause(context.Context, string, time.Duration) error { return nil }
func (unlimited) Answered(context.Context, string) error             { return nil }

// began is when the benches' time begins; ten hours pass in a second.
var began = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

const speed = 36_000

func start(t *testing.T, o twin.Options) *bench {
	t.Helper()
	b := &bench{faults: fault.New(1), clock: protocol.Clock{Origin: began, Start: time.Now(), Speed: speed}}
	o.AppKey, o.AppSecret, o.Skew = "key", "secret", 365*day
	b.world = world.New(b.clock)
	b.Twin = twin.New(b.world, o)
	server := httptest.NewServer(b.faults.Wrap(b.Handler()))
	t.Cleanup(server.Close)
	b.db, b.url = postgrestest.Open(t)
	b.services = connect.Connect(&config.Services{
		AliExpress: config.AliExpress{AppKey: "key", AppSecret: "secret", URL: server.URL, Stores: []string{"other", shop}},
	}, b.clock, b.db, unlimited{})
	require.Empty(t, b.services.Problems)
	require.NoError(t, b.services.AliExpress.Authorise(t.Context(), shop, b.Code("seller"), ""))
	return b
}

func (b *bench) activities() *activities.Activities {
	return &activities.Activities{
		Inbox: b.db, Traces: b.db, Reads: b.db, Services: b.services.Fleet, Orders: b.services.Orders, Notifier: &b.told,
	}
}

// poll runs the activity once, as a worker would.
func (b *bench) poll(t *testing.T, order string) (protocol.OrdersResult, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, b.activities())
	value, err := env.ExecuteActivity(protocol.ActivityPollOrders, protocol.OrdersInput{
		Platform: "aliexpress", Store: shop, Order: order, FirstDays: 30, Clock: b.clock,
	})
	var out protocol.OrdersResult
	if err == nil {
		require.NoError(t, value.Get(&out))
	}
	return out, err
}

// polled polls until nothing waits any more.
func (b *bench) polled(t *testing.T) {
	t.Helper()
	b.pass(time.Minute)
	require.Eventually(t, func() bool {
		_, err := b.poll(t, "")
		require.NoError(t, err)
		unread, err := b.db.CountUnread(t.Context(), "aliexpress", shop)
		require.NoError(t, err)
		return unread == 0
	}, 20*time.Second, time.Millisecond)
}

// pass lets virtual time pass.
func (b *bench) pass(d time.Duration) { time.Sleep(b.clock.Real(d)) }

// facts are the IDs of the inbox, which holds each once.
func (b *bench) facts(t *testing.T) []string {
	t.Helper()
	return b.column(t, "SELECT id FROM inbox ORDER BY id")
}

func (b *bench) column(t *testing.T, sql string) []string {
	t.Helper()
	c, err := pgx.Connect(t.Context(), b.url)
	require.NoError(t, err)
	defer c.Close(t.Context()) //nolint:errcheck // the test has its answer
	rows, err := c.Query(t.Context(), sql)
	require.NoError(t, err)
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return texts
}

func usd(amount string) money.Amount {
	return money.Amount{Value: decimal.MustParse(amount), Currency: "USD"}
}

// order is one that was created and is not paid yet.
func (b *bench) order(id string) twin.Order {
	return twin.Order{
		Seller: "seller", ID: id, Status: "PLACE_ORDER_SUCCESS", Created: b.world.Now().Truncate(time.Second),
		Buyer: "es123", Name: "Ana García", Country: "ES", City: "Valencia", Street: "Calle Mayor 1", Zip: "46001",
		Amount: usd("60.00"), Freight: usd("0.00"),
		Lines: []twin.Line{{ID: id + "1", Product: "1005001", SKU: "RED-1", Service: "CAINIAO_STANDARD", Quantity: 2, Price: usd("30.00"), FeeRate: "0.05"}},
	}
}

// The acts of an order's life, each dated now.
func (b *bench) pay(id string) {
	b.Change(id, func(o *twin.Order) { o.Status, o.Paid = "WAIT_SELLER_SEND_GOODS", b.world.Now() })
}

func (b *bench) ship(id string) {
	b.Change(id, func(o *twin.Order) {
		o.Status = "WAIT_BUYER_ACCEPT_GOODS"
		o.Parcels = []twin.Parcel{{Number: "LP" + id, Service: "CAINIAO_STANDARD", Sent: b.world.Now()}}
	})
}

func (b *bench) receive(id string) {
	b.Change(id, func(o *twin.Order) { o.Status, o.EndReason, o.Ended = "FINISH", "buyer_accept_goods", b.world.Now() })
}

func (b *bench) cancel(id string) {
	b.Change(id, func(o *twin.Order) {
		o.Status, o.EndReason, o.Ended = "FINISH", "cancel_order_close_trade", b.world.Now()
	})
}

func (b *bench) refund(id string) {
	b.Change(id, func(o *twin.Order) {
		o.Status, o.EndReason, o.Ended = "FINISH", "seller_accept_issue_no_goods_return", b.world.Now()
		o.Refunds = []twin.Refund{{Status: "refund_ok", Type: "refund", At: b.world.Now(), Amount: usd("60.00")}}
	})
}

func (b *bench) dispute(id, status string) {
	opened := b.world.Now()
	d := twin.Dispute{Seller: "seller", ID: "9" + id, Order: id, Buyer: "es123", Status: status, Reason: "Package not received", Opened: opened}
	if status == "finish" {
		d.Closed = opened.Add(time.Minute)
	}
	b.AddDispute(d)
}
