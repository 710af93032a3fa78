package connect_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"parcelward/internal/config"
	"parcelward/internal/connect"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	twin "parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/fault"
)

// Every act of an order's life comes in by the poll after it, once, and the same window again
// changes nothing.
func TestPollSeesEveryAct(t *testing.T) {
	b := start(t, twin.Options{})
	acts := []struct {
		act  func()
		news []string
	}{
		{func() { b.Add(b.order("81")) }, []string{"81/order.created"}},
		{func() { b.pay("81") }, []string{"81/order.paid"}},
		{func() { b.ship("81") }, []string{"81/shipment.recorded/LP81"}},
		{func() { b.dispute("81", "processing") }, []string{"81/dispute.opened/981"}},
		{func() { b.dispute("81", "finish") }, []string{"81/dispute.closed/981"}},
		{func() { b.receive("81") }, []string{"81/receipt.confirmed"}},
		{func() { b.Add(b.order("82")); b.pay("82"); b.cancel("82") }, []string{"82/order.cancelled", "82/order.created", "82/order.paid"}},
		{func() { b.Add(b.order("83")); b.pay("83"); b.ship("83") }, []string{"83/order.created", "83/order.paid", "83/shipment.recorded/LP83"}},
		{func() { b.refund("83") }, []string{"83/order.refunded/"}},
	}
	var known []string
	for i, a := range acts {
		a.act()
		b.polled(t)
		all := b.facts(t)
		news := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return slices.Contains(known, id) })
		require.Len(t, news, len(a.news), "act %d: %v", i, news)
		for j := range news {
			require.True(t, strings.HasPrefix(news[j], a.news[j]), "act %d: %v", i, news)
		}
		known = all
	}
	// What is listed again unchanged costs no call and brings nothing.
	out, err := b.poll(t, "")
	require.NoError(t, err)
	require.Zero(t, out.Read)
	require.Equal(t, known, b.facts(t))
	require.Empty(t, b.told.kinds())
}

// Orders live their lives while polls run into every fault: in the end nothing is missing, and
// nothing is there twice.
func TestPollMissesNothingUnderFaults(t *testing.T) {
	const orders = 120 // three pages, which shift while they are read
	b := start(t, twin.Options{})
	b.faults.Add(
		fault.Fault{Path: "/sync", Share: 0.04, Status: 500},
		fault.Fault{Path: "/sync", Share: 0.04, Status: 429, RetryAfter: 1},
		fault.Fault{Path: "/sync", Share: 0.04, Body: fault.Cut},
		fault.Fault{Path: "/sync", Share: 0.04, Body: fault.Half},
		fault.Fault{Path: "/sync", Share: 0.04, Body: fault.Garbage},
	)
	var lives sync.WaitGroup
	lives.Go(func() {
		for step := range 4 {
			for i := range orders {
				id := fmt.Sprint(8100 + i)
				switch end := i % 4; {
				case step == 0:
					b.Add(b.order(id))
				case step == 1:
					b.pay(id)
				case step == 2 && end != 0:
					b.ship(id)
				case step == 2:
					b.cancel(id)
				case end == 1:
					b.receive(id)
				case end == 2:
					b.dispute(id, "processing")
				case end == 3:
					b.refund(id)
				}
				time.Sleep(2 * time.Millisecond)
			}
			if step == 1 {
				b.ExpireTokens(false) // the platform ends them before their time
			}
		}
	})
	lived := make(chan struct{})
	go func() { lives.Wait(); close(lived) }()
	for alive := true; alive; {
		select {
		case <-lived:
			alive = false
		default:
			_, _ = b.poll(t, "") // it may fail
		}
	}
	require.Greater(t, b.faults.Count(), 10)
	b.faults.Clear()
	b.pass(2 * time.Hour)
	b.polled(t)
	want := []string{}
	for i := range orders {
		events, _, err := b.services.AliExpress.OrderEvents(t.Context(), shop, fmt.Sprint(8100+i))
		require.NoError(t, err)
		require.Len(t, events, []int{3, 4, 4, 4}[i%4])
		for _, e := range events {
			want = append(want, e.ID)
		}
	}
	slices.Sort(want)
	require.Equal(t, want, b.facts(t))
	require.Empty(t, b.told.kinds(), "the token that ended was replaced in time")
}

// One order that cannot be told holds up no other, is kept once for inspection, and comes in
// when it is mended.
func TestPollOfPoisonedOrders(t *testing.T) {
	b := start(t, twin.Options{})
	poisoned, odd := b.order("8102"), b.order("8103")
	poisoned.Country, poisoned.Sparse = "Atlantis", false
	odd.Amount.Currency = "?"
	b.Add(b.order("8101"), poisoned, odd, b.order("8104"))
	b.pass(time.Minute)
	for range 3 {
		_, err := b.poll(t, "")
		require.NoError(t, err)
	}
	require.Equal(t, []string{"8101/order.created", "8104/order.created"}, b.facts(t))
	unread, err := b.db.CountUnread(t.Context(), "aliexpress", shop)
	require.NoError(t, err)
	require.Equal(t, 2, unread)
	kept := b.column(t, "SELECT reason FROM unreadable ORDER BY reason")
	require.Len(t, kept, 2)
	require.Contains(t, kept[0]+kept[1], "8102")
	require.Contains(t, kept[0]+kept[1], "8103")

	b.Change("8102", func(o *twin.Order) { o.Country = "ES" })
	b.Change("8103", func(o *twin.Order) { o.Amount.Currency = "USD" })
	b.polled(t)
	require.Equal(t, []string{"8101/order.created", "8102/order.created", "8103/order.created", "8104/order.created"}, b.facts(t))
}

// A store whose token is gone is told of once a day, and is no reason to try on.
func TestPollWithoutAuthorisation(t *testing.T) {
	b := start(t, twin.Options{})
	b.Add(b.order("81"))
	b.ExpireTokens(true)
	for range 2 {
		_, err := b.poll(t, "")
		var failed *temporal.ApplicationError
		require.ErrorAs(t, err, &failed)
		require.True(t, failed.NonRetryable())
		require.ErrorContains(t, err, "store shop must authorise the app again")
	}
	require.Equal(t, "store-unauthorised", b.told.kinds()[0])
	require.Contains(t, b.told.list[0].ZH, "starter authorise shop")
	require.NotContains(t, fmt.Sprint(b.told.list), "5000")

	// Nothing that happened meanwhile is lost.
	require.NoError(t, b.services.AliExpress.Authorise(t.Context(), shop, b.Code("seller"), ""))
	b.polled(t)
	require.Equal(t, []string{"81/order.created"}, b.facts(t))
}

// An authorisation that will end is told of while there is time.
func TestPollTellsThatAnAuthorisationEnds(t *testing.T) {
	for _, c := range []struct {
		life time.Duration
		told []string
	}{{60 * day, nil}, {7 * day, []string{"store-authorisation-ends"}}} {
		t.Run(c.life.String(), func(t *testing.T) {
			b := start(t, twin.Options{RefreshLife: c.life})
			_, err := b.poll(t, "")
			require.NoError(t, err)
			require.Equal(t, c.told, b.told.kinds())
		})
	}
}

// A renewal that fails is told of; the old token serves meanwhile.
func TestPollTellsThatARenewalFails(t *testing.T) {
	b := start(t, twin.Options{TokenLife: 30 * time.Hour}) // due after 15
	b.Add(b.order("81"))
	b.faults.Add(fault.Fault{Path: "/rest", Status: 503})
	b.pass(15*time.Hour + time.Minute)
	_, err := b.poll(t, "")
	require.NoError(t, err)
	require.Equal(t, []string{"store-renewal-fails"}, b.told.kinds())
	require.Equal(t, []string{"81/order.created"}, b.facts(t))
}

// Limits tell how long to wait before the next attempt.
func TestPollAtALimit(t *testing.T) {
	b := start(t, twin.Options{})
	b.Add(b.order("81"))
	b.pass(time.Minute)
	b.faults.Add(fault.Fault{Path: "/sync", Status: 429, RetryAfter: 17})
	_, err := b.poll(t, "")
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.NonRetryable())
	require.Equal(t, 17*time.Second, failed.NextRetryDelay())
}

// A pushed order is read at once, whatever else waits.
func TestPollOfOneOrder(t *testing.T) {
	b := start(t, twin.Options{})
	b.Add(b.order("81"), b.order("82"))
	out, err := b.poll(t, "82")
	require.NoError(t, err)
	require.Equal(t, 1, out.Read)
	require.Equal(t, []string{"82/order.created"}, b.facts(t))
	out, err = b.poll(t, "83") // of which the platform knows nothing
	require.NoError(t, err)
	require.Equal(t, 1, out.Failed)
}

// A push names the store whose seller authorised it; nobody else's is taken.
func TestReceive(t *testing.T) {
	b := start(t, twin.Options{})
	pusher := b.services.OrderPushers["aliexpress"]
	var got port.PushedOrder
	var failed error
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			got, failed = pusher.Receive(r.Context(), r.Header, body)
		}
	}))
	t.Cleanup(server.Close)
	stranger := b.order("82")
	stranger.Seller = "stranger"
	b.Add(b.order("81"), stranger)
	require.NoError(t, b.Push(t.Context(), server.URL, "81", "OrderCreated"))
	require.NoError(t, failed)
	require.Equal(t, port.PushedOrder{Store: shop, Order: "81"}, got)
	require.NoError(t, b.Push(t.Context(), server.URL, "82", "OrderCreated"))
	require.NoError(t, failed)
	require.Empty(t, got.Store)
	_, err := pusher.Receive(t.Context(), http.Header{"Authorization": {"forged"}}, []byte(`{"message_type":53}`))
	require.ErrorIs(t, err, port.ErrSignature)
}

// Stores without keys are one clear line, and no source.
func TestStoresWithoutKeys(t *testing.T) {
	t.Parallel()
	services := connect.Connect(&config.Services{AliExpress: config.AliExpress{Stores: []string{shop}}}, protocol.Clock{}, nil, unlimited{})
	require.Len(t, services.Problems, 1)
	require.ErrorContains(t, services.Problems[0], "PARCELWARD_ALIEXPRESS_APP_KEY")
	require.Empty(t, services.Orders)
	require.Empty(t, services.OrderPushers)
}

// What the platform lists beside orders comes in by the same turns: abnormal orders and
// compensation as notices, each once, and what is paid out into the books, once a day.
func TestPollReadsTheOtherLists(t *testing.T) {
	b := start(t, twin.Options{})
	b.Add(b.order("81"))
	b.pay("81")
	b.ship("81")
	b.AddAbnormal(twin.Abnormal{Seller: "seller", Order: "81", Number: "LP81", Code: "E1", Reason: "no label", At: b.world.Now()})
	b.Change("81", func(o *twin.Order) {
		o.Refunds = []twin.Refund{{Status: "refund_ok", Type: "payout_refund", At: b.world.Now(), Amount: usd("41.20")}}
	})
	for range 3 {
		b.polled(t)
	}
	kinds := b.told.kinds()
	slices.Sort(kinds)
	require.Equal(t, []string{"abnormal-order", "platform-payout"}, kinds)
	settled, err := b.db.Settlements(t.Context(), shop, "81")
	require.NoError(t, err)
	require.Len(t, settled, 1)
	require.Equal(t, "wait_loan", settled[0].Status)
	b.receive("81")
	b.pass(25 * time.Hour)
	b.polled(t)
	settled, err = b.db.Settlements(t.Context(), shop, "81")
	require.NoError(t, err)
	require.Equal(t, "loan_ok", settled[0].Status)
	require.Equal(t, "30.00 USD", settled[0].RealLoan.String())
	require.Len(t, b.told.kinds(), 2)
}
