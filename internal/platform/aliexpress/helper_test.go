package aliexpress_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/protocol"
	"parcelward/internal/rules/money"
	twin "parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/fault"
	"parcelward/internal/sandbox/world"
)

const (
	appKey    = "123456"
	appSecret = "helloworld"
	store     = "cn-1001"
)

// memory keeps tokens.
type memory struct {
	mu     sync.Mutex
	tokens map[string]aliexpress.Token
	fail   error // of Save
	saves  int
}

func (m *memory) Load(_ context.Context, store string) (aliexpress.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.tokens[store]
	if !ok {
		return t, fmt.Errorf("store %s: %w", store, aliexpress.ErrNoToken)
	}
	return t, nil
}

func (m *memory) Save(_ context.Context, store string, t aliexpress.Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saves++
	if m.fail != nil {
		return m.fail
	}
	if m.tokens == nil {
		m.tokens = map[string]aliexpress.Token{}
	}
	m.tokens[store] = t
	return nil
}

// clock is a clock that tests turn.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bench is a client over a twin.
type bench struct {
	*aliexpress.Client
	twin   *twin.Twin
	world  *world.World
	faults *fault.Injector
	tokens *memory
	server *httptest.Server
	calls  *calls
}

// calls counts the business calls by method.
type calls struct {
	next http.RoundTripper
	mu   sync.Mutex
	by   map[string]int
	urls []string
}

func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.by[r.URL.Query().Get("method")]++
	c.urls = append(c.urls, r.URL.String())
	c.mu.Unlock()
	return c.next.RoundTrip(r)
}

func (c *calls) count(method string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.by[method]
}

func start(t *testing.T, o twin.Options, more ...func(*aliexpress.Options)) *bench {
	t.Helper()
	return startAt(t, protocol.Clock{}, o, more...)
}

func startAt(t *testing.T, c protocol.Clock, o twin.Options, more ...func(*aliexpress.Options)) *bench {
	t.Helper()
	o.AppKey, o.AppSecret = appKey, appSecret
	b := &bench{world: world.New(c), faults: fault.New(1), tokens: &memory{}}
	b.twin = twin.New(b.world, o)
	t.Cleanup(b.twin.Close)
	b.server = httptest.NewServer(b.faults.Wrap(b.twin.Handler()))
	t.Cleanup(b.server.Close)
	b.calls = &calls{next: b.server.Client().Transport, by: map[string]int{}}
	options := aliexpress.Options{
		BaseURL: b.server.URL, AppKey: appKey, AppSecret: appSecret, Tokens: b.tokens, HTTP: &http.Client{Transport: b.calls}, Now: b.world.Now,
	}
	for _, change := range more {
		change(&options)
	}
	client, err := aliexpress.New(options)
	require.NoError(t, err)
	b.Client = client
	require.NoError(t, b.Authorise(t.Context(), store, b.twin.Code("seller"), ""))
	return b
}

func usd(t *testing.T, amount string) money.Amount {
	t.Helper()
	a, err := money.Parse(amount, "USD")
	require.NoError(t, err)
	return a
}

// order is a paid order.
func order(t *testing.T, id string, created time.Time) twin.Order {
	t.Helper()
	created = created.Truncate(time.Second)
	fee := usd(t, "3.00")
	return twin.Order{
		Seller: "seller", ID: id, Status: "WAIT_SELLER_SEND_GOODS", Created: created, Paid: created.Add(time.Hour), Modified: created.Add(time.Hour),
		Buyer: "es123", Name: "Ana García", Country: "ES", City: "Valencia", Street: "Calle Mayor 1", Zip: "46001",
		Amount: usd(t, "60.00"), Freight: usd(t, "0.00"), EscrowFee: &fee,
		Lines: []twin.Line{{ID: id + "1", Product: "1005001", SKU: "RED-1", Category: "200", Service: "CAINIAO_STANDARD", Quantity: 2, Price: usd(t, "30.00"), FeeRate: "0.05"}},
	}
}
