package statement_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/config"
	"parcelward/internal/devstack"
	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/statement"
)

var stack *devstack.Stack

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if testing.Short() || flag.Lookup("test.fuzz").Value.String() != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "parcelward-statement")
	if err == nil {
		defer os.RemoveAll(dir) //nolint:errcheck // the system cleans its temporary folder
		stack, err = devstack.StartPostgres(context.Background(), devstack.Options{Dir: filepath.Join(dir, "stack")})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stack.Close() //nolint:errcheck // the tests have ended
	return m.Run()
}

// shop is a store with its books in a database of its own.
type shop struct {
	db       *postgres.DB
	maker    statement.Maker
	importer statement.Importer
	stores   statement.Stores
}

func open(tb testing.TB) *shop {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs Postgres")
	}
	url, err := stack.NewDatabase(tb.Context(), strings.ToLower(tb.Name()))
	require.NoError(tb, err)
	require.NoError(tb, postgres.Migrate(tb.Context(), url))
	db, err := postgres.Open(tb.Context(), url, postgres.Options{})
	require.NoError(tb, err)
	tb.Cleanup(db.Close)
	known, err := new(config.Shared).Rules()
	require.NoError(tb, err)
	maker := statement.Maker{Books: db, Book: known.Book, For: known.For}
	return &shop{
		db: db, maker: maker, importer: statement.Importer{Bills: db, Book: known.Book, For: known.For},
		stores: statement.Stores{Books: db, Facts: db, Book: known.Book, For: known.For},
	}
}

// event is a fact of order o of store s, at a moment.
func event(tb testing.TB, id, kind, store, order string, at time.Time, data string) postgres.Incoming {
	tb.Helper()
	raw := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"test","type":%q,"subject":"%s/%s","time":%q,"data":%s}`, id, kind, store, order, at.Format(time.RFC3339), data)
	e, err := protocol.DecodeEvent([]byte(raw))
	require.NoError(tb, err)
	return postgres.Incoming{Event: e, Raw: []byte(raw)}
}

func created(tb testing.TB, store, order string, at time.Time, freight string) postgres.Incoming {
	tb.Helper()
	return event(tb, "created-"+store+order, "order.created", store, order, at, fmt.Sprintf(`{"created_at":%q,"buyer":{"name":"A","country":"FR"},"category":"standard",
		"service_code":"CAINIAO_STANDARD","free_shipping":false,"amount_paid":{"amount":"350.00","currency":"CNY"},"freight":{"amount":%q,"currency":"CNY"},
		"commission":{"amount":"28.00","currency":"CNY"},"tax":{"amount":"0.00","currency":"CNY"},"usd_rate":"0.14","items":[{"sku":"LAMP","quantity":1,"price":{"amount":"321.50","currency":"CNY"}}]}`, at.Format(time.RFC3339), freight))
}

func shipped(tb testing.TB, store, order, number, service string, at time.Time) postgres.Incoming {
	tb.Helper()
	return event(tb, "shipped-"+store+number, "shipment.recorded", store, order, at, fmt.Sprintf(`{"tracking_number":%q,"carrier":"CAINIAO","service_code":%q,
		"recorded_at":%q,"shipped_at":%q,"trace_alert":true}`, number, service, at.Format(time.RFC3339), at.Format(time.RFC3339)))
}

func (s *shop) take(tb testing.TB, events ...postgres.Incoming) {
	tb.Helper()
	_, err := s.db.Accept(tb.Context(), events)
	require.NoError(tb, err)
}

// judged notes the orders' creation, as the dispatcher does.
func (s *shop) judged(tb testing.TB, at time.Time) {
	tb.Helper()
	for {
		orders, err := s.db.ClaimWaiting(tb.Context(), 100, time.Minute)
		require.NoError(tb, err)
		if len(orders) == 0 {
			return
		}
		for i := range orders {
			_, err := s.db.SaveHanding(tb.Context(), &orders[i], &postgres.Handing{Upto: orders[i].Latest, View: postgres.View{CreatedAt: at}})
			require.NoError(tb, err)
		}
	}
}

func (s *shop) book(tb testing.TB, order, kind, amount, currency string, at time.Time) {
	tb.Helper()
	a, err := money.Parse(amount, currency)
	require.NoError(tb, err)
	require.NoError(tb, s.db.Book(tb.Context(), []port.LedgerEntry{{Key: order + kind + amount, Store: "s", Order: order, Claim: "C" + order, Kind: kind, Amount: a, At: at}}))
}

func month(tb testing.TB) rules.Month {
	tb.Helper()
	m, err := rules.ParseMonth("2026-03")
	require.NoError(tb, err)
	return m
}

func at(day, hour int) time.Time {
	return time.Date(2026, 3, day, hour, 0, 0, 0, time.FixedZone("", 8*60*60))
}
