package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/postgres"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/protocol"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// open returns an empty, migrated database of its own.
func open(tb testing.TB) *postgres.DB {
	tb.Helper()
	db, _ := postgrestest.Open(tb)
	return db
}

func event(tb testing.TB, id, kind, order, data string) postgres.Incoming {
	tb.Helper()
	raw := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"test","type":%q,"subject":"shop/%s","time":"2026-01-05T08:00:00Z","data":%s}`, id, kind, order, data)
	e, err := protocol.DecodeEvent([]byte(raw))
	require.NoError(tb, err)
	return postgres.Incoming{Event: e, Raw: []byte(raw)}
}

func paid(tb testing.TB, id, order string) postgres.Incoming {
	tb.Helper()
	return event(tb, id, "order.paid", order, `{"paid_at":"2026-01-05T08:00:00Z"}`)
}

func recorded(tb testing.TB, id, order, number string, others ...string) postgres.Incoming {
	tb.Helper()
	ids := `"` + strings.Join(others, `","`) + `"`
	if len(others) == 0 {
		ids = ""
	}
	return event(tb, id, "shipment.recorded", order, fmt.Sprintf(`{"tracking_number":%q,"carrier":"cainiao","service_code":"CAINIAO_STANDARD",
		"recorded_at":"2026-01-05T08:00:00Z","shipped_at":"2026-01-05T08:00:00Z","trace_alert":true,"order_ids":[%s]}`, number, ids))
}

func scan(tb testing.TB, id, order, number string) postgres.Incoming {
	tb.Helper()
	return event(tb, id, "tracking.updated", order, fmt.Sprintf(`{"tracking_number":%q,"events":[
		{"at":"2026-01-06T08:00:00Z","milestone":"picked_up","description":"\u0000","source":"carrier"},
		{"at":"2026-01-07T08:00:00Z","milestone":"in_transit","location":"杭州","source":"carrier"}]}`, number))
}

func accept(tb testing.TB, db *postgres.DB, events ...postgres.Incoming) postgres.Accepted {
	tb.Helper()
	a, err := db.Accept(tb.Context(), events)
	require.NoError(tb, err)
	return a
}

// ids lists the IDs of an order's facts by position, and checks that positions rise.
func ids(tb testing.TB, db *postgres.DB, order string) []string {
	tb.Helper()
	o, err := db.Order(tb.Context(), "shop", order)
	require.NoError(tb, err)
	facts, err := db.Facts(tb.Context(), &o)
	require.NoError(tb, err)
	var ids []string
	var last int64
	for _, f := range facts {
		e, err := protocol.DecodeEvent([]byte(f.Raw))
		require.NoError(tb, err)
		require.Greater(tb, f.Position, last)
		last = f.Position
		ids = append(ids, e.ID)
	}
	require.Equal(tb, last, o.Latest)
	return ids
}
