package rules_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/rulestest"
)

func sum(tb testing.TB, text string) money.Amount {
	tb.Helper()
	var amount, currency string
	_, err := fmt.Sscan(text, &amount, &currency)
	require.NoError(tb, err)
	a, err := money.Parse(amount, currency)
	require.NoError(tb, err)
	return a
}

// billed is an order that was created at a moment, with changes.
func billed(tb testing.TB, at time.Time, change func(*rules.OrderCreated), more ...rules.Event) *rules.Facts {
	tb.Helper()
	d := &rules.OrderCreated{
		CreatedAt: at, Buyer: rules.Buyer{Name: "A", Country: "FR"}, Category: rules.Standard, ServiceCode: "CAINIAO_STANDARD",
		AmountPaid: sum(tb, "50.00 USD"), Freight: sum(tb, "28.50 USD"), Commission: sum(tb, "4.00 USD"), Tax: sum(tb, "0 USD"),
	}
	if change != nil {
		change(d)
	}
	events := append([]rules.Event{{Source: "t", ID: "created", Type: rules.TypeOrderCreated, Store: "s", Order: "o", Time: at, Data: d}}, more...)
	return rulestest.Facts("s", "o", events)
}

func march(tb testing.TB) rules.Month {
	tb.Helper()
	m, err := rules.ParseMonth("2026-03")
	require.NoError(tb, err)
	return m
}

// beijing is a moment as the platform's clock shows it.
func beijing(tb testing.TB, text string) time.Time {
	tb.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05", text, rulestest.Ruleset().Pack.Location())
	require.NoError(tb, err)
	return at
}

// Both fees are of the freight, rounded half up to what the currency has.
func TestStatementCharges(t *testing.T) {
	t.Parallel()
	at := beijing(t, "2026-03-10 12:00:00")
	rate := decimal.MustParse("0.0066")
	for _, tc := range []struct{ freight, paid, fee, insurance, usd string }{
		{"28.50 USD", "50 USD", "0.34 USD", "0.14 USD", "28.50 0.34 0.14"},        // 0.342, 0.1425
		{"12.50 USD", "50 USD", "0.15 USD", "0.06 USD", "12.50 0.15 0.06"},        // 0.15, 0.0625
		{"13.00 USD", "50 USD", "0.16 USD", "0.07 USD", "13.00 0.16 0.07"},        // 0.156, 0.065: half up
		{"0.00 CNY", "50 CNY", "0.00 CNY", "0.00 CNY", "0.00 0.00 0.00"},          // free shipping
		{"1250 JPY", "5000 JPY", "15 JPY", "6 JPY", "8.25 0.10 0.04"},             // 15, 6.25; 0.099, 0.0396
		{"1.500 KWD", "9.000 KWD", "0.018 KWD", "0.008 KWD", "0.01 0.00 0.00"},    // 0.018, 0.0075
		{"10.00 EUR", "50 GBP", "0.12 EUR", "0.05 EUR", ""},                       // the rate is of another currency
		{"9999999999.99 CNY", "1 CNY", "120000000.00 CNY", "50000000.00 CNY", ""}, // big ones keep their cents
	} {
		f := billed(t, at, func(d *rules.OrderCreated) {
			d.Freight, d.AmountPaid, d.USDRate = sum(t, tc.freight), sum(t, tc.paid), &rate
		})
		line, about, err := rulestest.Ruleset().StatementLine(f, nil, march(t), at.Add(time.Hour))
		require.NoError(t, err)
		require.True(t, about)
		c := line.Charges
		assert.Equal(t, []string{tc.freight, tc.fee, tc.insurance}, []string{c.Freight.String(), c.ServiceFee.String(), c.Insurance.String()})
		if tc.usd != "" {
			assert.Equal(t, tc.usd, fmt.Sprint(c.USD.Freight, " ", c.USD.ServiceFee, " ", c.USD.Insurance), tc.freight)
		}
	}
	none := billed(t, at, func(d *rules.OrderCreated) { d.Freight = sum(t, "10 EUR") })
	line, _, err := rulestest.Ruleset().StatementLine(none, nil, march(t), at)
	require.NoError(t, err)
	assert.Nil(t, line.Charges.USD, "no rate, no amount in USD")
}

// An order that ended before it was shipped costs no freight; one that was shipped does.
func TestStatementWaives(t *testing.T) {
	t.Parallel()
	at := beijing(t, "2026-03-10 12:00:00")
	cancelled := rules.Event{Source: "t", ID: "x", Type: rules.TypeOrderCancelled, Store: "s", Order: "o", Time: at.Add(time.Hour), Data: &rules.OrderStopped{When: at.Add(time.Hour)}}
	shipped := rules.Event{Source: "t", ID: "y", Type: rules.TypeShipmentRecorded, Store: "s", Order: "o", Time: at, Data: &rules.ShipmentRecorded{TrackingNumber: "LP1", RecordedAt: at}}
	for _, tc := range []struct {
		events []rules.Event
		waived bool
	}{{nil, false}, {[]rules.Event{cancelled}, true}, {[]rules.Event{cancelled, shipped}, false}} {
		line, _, err := rulestest.Ruleset().StatementLine(billed(t, at, nil, tc.events...), nil, march(t), at.Add(48*time.Hour))
		require.NoError(t, err)
		assert.Equal(t, tc.waived, line.Charges.Waived)
		assert.Equal(t, tc.waived, line.Charges.ServiceFee.Value.IsZero())
	}
}

// A month begins and ends at midnight in the platform's zone.
func TestStatementMonthEdges(t *testing.T) {
	t.Parallel()
	rs := rulestest.Ruleset()
	for text, in := range map[string]bool{
		"2026-02-28 23:59:59": false, "2026-03-01 00:00:00": true, "2026-03-01 00:00:01": true,
		"2026-03-31 23:59:59": true, "2026-04-01 00:00:00": false, "2026-04-01 00:00:01": false,
	} {
		at := beijing(t, text)
		line, about, err := rs.StatementLine(billed(t, at, nil), nil, march(t), at.Add(time.Hour))
		require.NoError(t, err)
		assert.Equal(t, in, about, text)
		assert.Equal(t, in, line.Charges != nil, text)
		entry := []rules.LedgerLine{{Kind: rules.LedgerPaid, Amount: sum(t, "5.00 USD"), At: at}}
		line, about, err = rs.StatementLine(billed(t, beijing(t, "2026-01-01 00:00:00"), nil), entry, march(t), at.Add(time.Hour))
		require.NoError(t, err)
		assert.Equal(t, in, about, text)
		assert.Equal(t, in, len(line.Books) == 1, text)
	}
}

// Expected of the standard order: 50.00 - 4.00 - 0 = 46.00 USD.
func TestStatementDifferences(t *testing.T) {
	t.Parallel()
	rs := rulestest.Ruleset()
	created, feb, mar := beijing(t, "2026-01-05 00:00:00"), beijing(t, "2026-02-05 00:00:00"), beijing(t, "2026-03-05 00:00:00")
	type entry struct {
		kind, amount string
		at           time.Time
	}
	for name, tc := range map[string]struct {
		entries []entry
		want    []string
	}{
		"as expected":      {[]entry{{"claimed", "46.00 USD", mar}, {"approved", "46 USD", mar}, {"paid", "46.00 USD", mar}}, nil},
		"a cent less":      {[]entry{{"approved", "45.99 USD", mar}, {"paid", "45.99 USD", mar}}, []string{"approved-below 46.00 USD 45.99 USD -0.01 USD"}},
		"a cent more":      {[]entry{{"approved", "46.01 USD", mar}, {"paid", "46.01 USD", mar}}, []string{"approved-above 46.00 USD 46.01 USD 0.01 USD"}},
		"not paid":         {[]entry{{"approved", "46.00 USD", mar}}, []string{"approved-not-paid 46.00 USD <nil> -46.00 USD"}},
		"paid less":        {[]entry{{"approved", "46.00 USD", feb}, {"paid", "45.99 USD", mar}}, []string{"paid-below 46.00 USD 45.99 USD -0.01 USD"}},
		"paid later":       {[]entry{{"approved", "46.00 USD", feb}, {"paid", "46.00 USD", mar}}, nil},
		"in parts":         {[]entry{{"approved", "46.00 USD", mar}, {"paid", "20.00 USD", mar}, {"paid", "26.00 USD", mar}}, nil},
		"paid in CNY":      {[]entry{{"approved", "46.00 USD", mar}, {"paid", "330.00 CNY", mar}}, []string{"currency-differs 46.00 USD 330.00 CNY <nil>"}},
		"approved in CNY":  {[]entry{{"approved", "330.00 CNY", mar}, {"paid", "330.00 CNY", mar}}, []string{"currency-differs 46.00 USD 330.00 CNY <nil>"}},
		"without approval": {[]entry{{"paid", "46.00 USD", mar}}, []string{"paid-above <nil> 46.00 USD 46.00 USD"}},
		"told last month":  {[]entry{{"approved", "45.99 USD", feb}, {"claimed", "46.00 USD", mar}}, nil},
		"protection":       {[]entry{{"protection-asked", "32.20 USD", feb}, {"protection-approved", "32.20 USD", mar}, {"protection-paid", "32.20 USD", mar}}, nil},
		"protection, less": {[]entry{{"protection-asked", "32.20 USD", mar}, {"protection-approved", "32.19 USD", mar}, {"protection-paid", "32.18 USD", mar}}, []string{
			"protection-approved-below 32.20 USD 32.19 USD -0.01 USD", "protection-paid-below 32.19 USD 32.18 USD -0.01 USD",
		}},
		"protection, more": {[]entry{{"protection-asked", "32.20 USD", feb}, {"protection-approved", "32.21 USD", feb}, {"protection-paid", "32.22 USD", mar}}, []string{"protection-paid-above 32.21 USD 32.22 USD 0.01 USD"}},
		"protection, unpaid": {[]entry{{"protection-asked", "32.20 USD", feb}, {"protection-approved", "33 USD", mar}}, []string{
			"protection-approved-above 32.20 USD 33 USD 0.80 USD", "protection-approved-not-paid 33 USD <nil> -33 USD",
		}},
		"protection in CNY":    {[]entry{{"protection-asked", "32.20 USD", feb}, {"protection-approved", "230 CNY", mar}, {"protection-paid", "230 CNY", mar}}, []string{"protection-currency-differs 32.20 USD 230 CNY <nil>"}},
		"protection not asked": {[]entry{{"protection-approved", "5 USD", mar}, {"protection-paid", "5 USD", mar}}, []string{"protection-asked-unknown <nil> 5 USD <nil>"}},
		"protection of before": {[]entry{{"protection-asked", "32.20 USD", feb}, {"protection-approved", "1 USD", feb}, {"protection-asked", "1 USD", mar}}, nil},
		"protection apart":     {[]entry{{"approved", "46 USD", mar}, {"paid", "46 USD", mar}, {"protection-asked", "1 USD", mar}}, nil},
		"protection, rejected": {[]entry{{"protection-asked", "32.20 USD", mar}, {"protection-rejected", "32.20 USD", mar}}, nil},
		"not in this month":    {[]entry{{"approved", "1.00 USD", feb}}, nil},
	} {
		var ledger []rules.LedgerLine
		for _, e := range tc.entries {
			ledger = append(ledger, rules.LedgerLine{Kind: e.kind, Amount: sum(t, e.amount), At: e.at})
		}
		line, _, err := rs.StatementLine(billed(t, created, nil), ledger, march(t), mar.Add(time.Hour))
		require.NoError(t, err)
		var got []string
		for _, d := range line.Differences {
			got = append(got, fmt.Sprint(d.Code, " ", d.Expected, " ", d.Got, " ", d.By))
		}
		assert.Equal(t, tc.want, got, name)
	}
	noRate := billed(t, created, func(d *rules.OrderCreated) { d.AmountPaid = sum(t, "300 CNY") })
	line, _, err := rs.StatementLine(noRate, []rules.LedgerLine{{Kind: "approved", Amount: sum(t, "5 USD"), At: mar}}, march(t), mar)
	require.NoError(t, err)
	assert.Equal(t, rules.DifferUnknown, line.Differences[0].Code)
}

// Whatever the books hold, the sums are the ledger's: kind by kind, currency by currency.
func TestStatementSumsEqualTheLedger(t *testing.T) {
	t.Parallel()
	rs, m := rulestest.Ruleset(), march(t)
	from, until := m.Bounds(rs.Pack.Location())
	rapid.Check(t, func(rt *rapid.T) {
		var totals rules.StatementTotals
		var wide rules.StatementTotals // the ledger itself, added up naively
		ledger := map[[2]string]rules.LedgerTotal{}
		for range rapid.IntRange(0, 8).Draw(rt, "orders") {
			var entries []rules.LedgerLine
			for range rapid.IntRange(0, 6).Draw(rt, "entries") {
				e := rules.LedgerLine{
					Kind:   rapid.SampledFrom(append(rules.LedgerKinds(), "fine")).Draw(rt, "kind"),
					Amount: money.Amount{Value: decimal.MustNew(rapid.Int64Range(-1e9, 1e9).Draw(rt, "amount"), rapid.IntRange(0, 4).Draw(rt, "scale")), Currency: rapid.SampledFrom([]string{"USD", "CNY", "JPY", "KWD"}).Draw(rt, "currency")},
					At:     from.Add(time.Duration(rapid.Int64Range(-2, int64(until.Sub(from)/time.Second)+2).Draw(rt, "at")) * time.Second),
				}
				entries = append(entries, e)
				if e.At.Before(from) || !e.At.Before(until) {
					continue
				}
				key := [2]string{e.Kind, e.Amount.Currency}
				l := ledger[key]
				l.Kind, l.Currency, l.Entries = e.Kind, e.Amount.Currency, l.Entries+1
				var err error
				l.Sum, err = l.Sum.Add(e.Amount.Value)
				require.NoError(t, err)
				ledger[key] = l
			}
			line, about, err := rs.StatementLine(billed(t, from, nil), entries, m, until)
			require.NoError(t, err)
			if about {
				require.NoError(t, totals.Add(&line))
			}
		}
		for _, l := range ledger {
			wide.Ledger = append(wide.Ledger, l)
		}
		if !totals.EqualsLedger(wide.Ledger) {
			rt.Fatalf("statement %v, ledger %v", totals.Ledger, wide.Ledger)
		}
		if len(wide.Ledger) > 0 {
			wide.Ledger[0].Sum, _ = wide.Ledger[0].Sum.Add(decimal.MustParse("0.01"))
			require.False(t, totals.EqualsLedger(wide.Ledger), "a cent is seen")
		}
	})
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "2026", "2026-13", "2026-3", "1999-12", "2026-03-01", "２０２６-03"} {
		_, err := rules.ParseMonth(bad)
		require.Error(t, err, bad)
	}
	for _, bad := range []string{"", "2026-W00", "2026-W54", "2025-W53", "2026W10", "2026-W1", "2026-W10x"} {
		_, err := rules.ParseWeek(bad)
		require.Error(t, err, bad)
	}
	loc := rulestest.Ruleset().Pack.Location()
	w, err := rules.ParseWeek("2026-W53")
	require.NoError(t, err)
	from, until := w.Bounds(loc)
	assert.Equal(t, "2026-12-28T00:00:00+08:00 2027-01-04T00:00:00+08:00", from.Format(time.RFC3339)+" "+until.Format(time.RFC3339))
	assert.Equal(t, "2026-W53", rules.WeekOf(until.Add(-time.Second), loc).String())
	assert.Equal(t, "2027-W01", rules.WeekOf(until, loc).String())
	assert.Equal(t, "2026-W52", w.Add(-1).String())
	assert.Equal(t, "2025-12", rules.MonthOf(beijing(t, "2026-01-01 00:00:00"), loc).Previous().String())
}
