package statement_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/rules"
	"parcelward/internal/statement"
)

const long = "8190001234567890123"

// stocked is a store with three orders, claims and a bill.
func stocked(tb testing.TB) *shop {
	tb.Helper()
	s := open(tb)
	s.take(tb, created(tb, "s", long, at(5, 8), "28.50"), shipped(tb, "s", long, "LP1", "CAINIAO_STANDARD", at(6, 8)),
		created(tb, "s", "two", at(31, 23), "10.00"), created(tb, "s", "old", at(1, 0).AddDate(0, -2, 0), "12.00"), created(tb, "other", "x", at(5, 8), "1.00"))
	// Expected: (350 - 28) CNY x 0.14 = 45.08 USD.
	s.book(tb, long, "claimed", "45.08", "USD", at(10, 8))
	s.book(tb, long, "approved", "45.07", "USD", at(15, 8))
	s.book(tb, "old", "claimed", "45.08", "USD", at(1, 0).AddDate(0, 0, -1))
	s.book(tb, "old", "approved", "45.08", "USD", at(2, 0))
	s.book(tb, "old", "paid", "45.08", "USD", at(3, 0))
	s.book(tb, "two", "fine", "3.00", "CNY", at(31, 23))
	s.book(tb, "two", "protection-asked", "31.00", "USD", at(31, 20))
	s.book(tb, "two", "protection-approved", "30.00", "USD", at(31, 21))
	s.book(tb, "two", "protection-paid", "29.00", "USD", at(31, 22))
	return s
}

func (s *shop) write(tb testing.TB, format string, now time.Time) ([]byte, statement.Made) {
	tb.Helper()
	var b bytes.Buffer
	made, err := s.maker.Write(tb.Context(), &b, format, "s", month(tb), now)
	require.NoError(tb, err)
	return b.Bytes(), made
}

func TestStatementCSV(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	data, made := s.write(t, statement.CSV, at(31, 23).Add(time.Hour))
	text, ok := strings.CutPrefix(string(data), "\ufeff")
	assert.True(t, ok, "for Excel")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 5)
	assert.Equal(t, "订单号 Order number", rows[0][0])
	assert.Equal(t, []string{
		"\t" + long, "2026-03-05 08:00:00", "CNY", "28.50", "0.34", "0.14", "", "0.14", "3.99", "0.05", "0.02",
		"USD", "45.08", "45.07", "0.00", "0.00", "0.00", "0.00", "0.00", "0.00", "0.00", "45.08 USD",
		"批准金额少于预计赔付 less approved than expected (-0.01 USD); 已批准，月底前未到账 approved, not paid by the end of the month (-45.07 USD)",
	}, rows[1])
	assert.Equal(t, "\told,2026-01-01 00:00:00,,,,,,,,,,USD,0.00,45.08,0.00,45.08,0.00,0.00,0.00,0.00,0.00,45.08 USD,", strings.Join(rows[2], ","))
	assert.Equal(t, "\ttwo,2026-03-31 23:00:00,CNY,10.00,0.12,0.05,,0.14,1.40,0.02,0.01,CNY,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,3.00,,"+
		"卖家保障：批准金额少于申请金额 seller protection: less approved than asked for (-1.00 USD); 卖家保障：到账金额少于批准金额 seller protection: less paid than approved (-1.00 USD)", strings.Join(rows[3], ","))
	assert.Equal(t, "\ttwo,2026-03-31 23:00:00,,,,,,,,,,USD,0.00,0.00,0.00,0.00,31.00,30.00,0.00,29.00,0.00,,", strings.Join(rows[4], ","))
	assert.Contains(t, rows[0], "卖家保障到账金额 Seller protection paid")
	assert.Equal(t, 2, made.Totals.Orders)
}

func TestStatementWorkbook(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	bill := "运单号,日期,金额,币种,费用名称\nLP1,2026-03-20,28.50,CNY,\nLP9,2026-03-31,1.00,CNY,=HYPERLINK(1)\nLP1,2026-04-01,9.00,CNY,\n"
	_, err := s.importer.Import(t.Context(), "s", "b.csv", []byte(bill), at(31, 0))
	require.NoError(t, err)
	now := at(31, 23).Add(time.Hour)
	data, made := s.write(t, statement.XLSX, now)
	again, _ := s.write(t, statement.XLSX, now.Add(time.Hour))
	assert.True(t, bytes.Equal(data, again), "the same month gives the same bytes")
	f, err := excelize.OpenReader(bytes.NewReader(data))
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	assert.Equal(t, []string{"汇总 Summary", "订单 Orders", "差异 Differences", "物流账单 Carrier bill"}, f.GetSheetList())
	cell := func(sheet, at string) string {
		v, err := f.GetCellValue(sheet, at)
		require.NoError(t, err)
		return v
	}
	assert.Equal(t, long, cell("订单 Orders", "A2"), "whole, as text")
	kind, err := f.GetCellType("订单 Orders", "A2")
	require.NoError(t, err)
	assert.Equal(t, excelize.CellTypeInlineString, kind)
	kind, err = f.GetCellType("订单 Orders", "D2")
	require.NoError(t, err)
	assert.Contains(t, []excelize.CellType{excelize.CellTypeNumber, excelize.CellTypeUnset}, kind, "amounts are numbers")
	assert.Equal(t, "28.50", cell("订单 Orders", "D2"))
	kind, err = f.GetCellType("订单 Orders", "H2")
	require.NoError(t, err)
	assert.Contains(t, []excelize.CellType{excelize.CellTypeNumber, excelize.CellTypeUnset}, kind, "rates are numbers")
	assert.Equal(t, "卖家保障批准金额\nSeller protection approved", cell("订单 Orders", "R1"))
	assert.Len(t, strings.Split(cell("订单 Orders", "W2"), "\n"), 2, "a line for each difference")
	assert.Equal(t, "-0.01", cell("差异 Differences", "F2"))
	assert.Equal(t, []string{"two", "USD", "31.00", "30.00", "-1.00"}, []string{cell("差异 Differences", "A4"), cell("差异 Differences", "C4"), cell("差异 Differences", "D4"), cell("差异 Differences", "E4"), cell("差异 Differences", "F4")})
	assert.Equal(t, []string{"31.00", "30.00", "29.00"}, []string{cell("订单 Orders", "Q5"), cell("订单 Orders", "R5"), cell("订单 Orders", "T5")})
	assert.Equal(t, "已匹配 matched", cell("物流账单 Carrier bill", "J2"))
	assert.Equal(t, "系统内查无此运单号 no parcel has this number", cell("物流账单 Carrier bill", "J3"))
	formula, err := f.GetCellFormula("物流账单 Carrier bill", "G3")
	require.NoError(t, err)
	assert.Empty(t, formula)
	assert.Empty(t, cell("物流账单 Carrier bill", "A4"), "April's line is April's")
	rows, err := f.GetRows("汇总 Summary")
	require.NoError(t, err)
	var all []string
	for _, row := range rows {
		all = append(all, strings.Join(row, "|"))
	}
	assert.Contains(t, all, "|CNY|2|38.50|0.46|0.19")
	assert.Contains(t, all, "批准金额 Approved|USD|2|90.15")
	assert.Contains(t, all, "fine fine|CNY|1|3.00")
	assert.Contains(t, all, "卖家保障到账金额 Seller protection paid|USD|1|29.00")
	panes, err := f.GetPanes("订单 Orders")
	require.NoError(t, err)
	assert.True(t, panes.Freeze)
	_, plain := s.write(t, statement.CSV, now)
	assert.Equal(t, made.SHA256, plain.SHA256)
}

func TestStatementJSON(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	data, _ := s.write(t, statement.JSON, at(31, 23).Add(time.Hour))
	var out struct {
		Store, Month string
		Orders       []rules.StatementLine
		Bill         []port.BilledLine
		Totals       rules.StatementTotals
	}
	require.NoError(t, json.Unmarshal(data, &out), string(data))
	assert.Equal(t, "s 2026-03", out.Store+" "+out.Month)
	assert.Len(t, out.Orders, 3)
	assert.Empty(t, out.Bill)
	assert.Equal(t, 2, out.Totals.Orders)
	empty := nobody(t, s)
	assert.JSONEq(t, `[]`, string(empty))

	bill := "运单号,日期,金额,币种\n"
	for n := 1; n <= 3; n++ {
		bill += fmt.Sprintf("LP9%d,2026-03-2%d,1.00,CNY\n", n, n)
		_, err := s.importer.Import(t.Context(), "s", "b.csv", []byte(bill), at(31, 0))
		require.NoError(t, err)
		data, _ := s.write(t, statement.JSON, at(31, 23).Add(time.Hour))
		require.NoError(t, json.Unmarshal(data, &out), string(data))
		assert.Len(t, out.Bill, n*(n+1)/2) // each file is another bill
		assert.Len(t, out.Orders, 3)
	}
}

// nobody is the orders of a store that has none.
func nobody(t *testing.T, s *shop) json.RawMessage {
	t.Helper()
	var b bytes.Buffer
	_, err := s.maker.Write(t.Context(), &b, statement.JSON, "nobody", month(t), at(31, 0))
	require.NoError(t, err)
	var out struct{ Orders json.RawMessage }
	require.NoError(t, json.Unmarshal(b.Bytes(), &out), b.String())
	return out.Orders
}

// A statement is kept once; one that says something else later is told, and kept beside it.
func TestStatementKept(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	keep := func(want int, changes bool) {
		t.Helper()
		kept, changed, err := s.maker.KeepMonth(t.Context(), "s", month(t), at(31, 23).Add(time.Hour))
		require.NoError(t, err)
		assert.Equal(t, want, kept.Serial)
		assert.Equal(t, changes, changed)
	}
	keep(1, false)
	keep(1, false)
	s.book(t, long, "paid", "45.07", "USD", at(20, 0))
	keep(2, true)
	keep(2, false)
	last, err := s.db.LastKept(t.Context(), "s", "2026-03")
	require.NoError(t, err)
	assert.Equal(t, 2, last.Totals.Orders)
	assert.Len(t, last.Totals.Ledger, 7)
}

// The file that was kept stays the same, whatever comes into the books; a bill makes a version of
// its own. One that is not what was kept any more is told, and so is a month without any.
func TestStatementFilesKept(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	now := at(31, 23).Add(time.Hour)
	file := func(format string) (string, bool) {
		t.Helper()
		var b bytes.Buffer
		_, found, err := s.maker.Kept(t.Context(), &b, format, "s", month(t))
		require.NoError(t, err)
		return b.String(), found
	}
	_, found := file(statement.XLSX)
	assert.False(t, found)
	made := map[string]string{}
	for _, format := range []string{statement.XLSX, statement.CSV} {
		data, _ := s.write(t, format, now)
		made[format] = string(data)
	}
	kept, _, err := s.maker.KeepMonth(t.Context(), "s", month(t), now)
	require.NoError(t, err)
	assert.Len(t, kept.Files, 2)
	s.book(t, long, "paid", "45.07", "USD", at(20, 0))
	for format, want := range made {
		got, found := file(format)
		assert.True(t, found)
		assert.Equal(t, want, got, format)
		live, _ := s.write(t, format, now)
		assert.NotEqual(t, want, string(live), format)
	}
	_, found = file(statement.JSON)
	assert.False(t, found, "for programs, which want the books as they are")
	_, changed, err := s.maker.KeepMonth(t.Context(), "s", month(t), now)
	require.NoError(t, err)
	assert.True(t, changed)
	_, err = s.importer.Import(t.Context(), "s", "b.csv", []byte("运单号,日期,金额,币种\nLP1,2026-03-20,28.50,CNY\n"), now)
	require.NoError(t, err)
	kept, changed, err = s.maker.KeepMonth(t.Context(), "s", month(t), now)
	require.NoError(t, err)
	assert.True(t, changed, "the bill is in it")
	assert.Equal(t, 3, kept.Serial)
	spoilt := s.maker
	spoilt.Books = spoiler{s.db}
	_, _, err = spoilt.Kept(t.Context(), io.Discard, statement.CSV, "s", month(t))
	require.ErrorContains(t, err, "is not what was kept")
}

// spoiler adds a byte to files.
type spoiler struct{ *postgres.DB }

func (s spoiler) KeptFile(ctx context.Context, k port.StatementKept, format string, w io.Writer) error {
	_, err := w.Write([]byte{0})
	return errors.Join(err, s.DB.KeptFile(ctx, k, format, w))
}

// Sums that are not the ledger's are no statement.
func TestStatementEqualsTheLedgerOrIsNone(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	maker := s.maker
	maker.Books = forgetful{s.db}
	_, err := maker.Write(t.Context(), io.Discard, statement.CSV, "s", month(t), at(31, 23).Add(time.Hour))
	require.ErrorContains(t, err, "are not the ledger's")
}

// forgetful loses an entry.
type forgetful struct{ *postgres.DB }

func (f forgetful) EachOrder(ctx context.Context, store string, from, until time.Time, each func(port.OrderBooks) error) ([]rules.LedgerTotal, error) {
	return f.DB.EachOrder(ctx, store, from, until, func(o port.OrderBooks) error {
		o.Ledger = o.Ledger[:max(0, len(o.Ledger)-1)]
		return each(o)
	})
}

// Every line is matched or listed with its reason, and the same file counts once.
func TestImportBill(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	s.take(t, shipped(t, "other", "x", "LP7", "CAINIAO_STANDARD", at(6, 8)))
	_, err := s.db.Learn(t.Context(), "17track", []port.Answer{{Number: "LP1", Also: []string{"UPS1"}, Rows: []rules.Row{{At: at(7, 8), Milestone: rules.PickedUp, Source: rules.FromCarrier}}}})
	require.NoError(t, err)
	head := "运单号,订单号,日期,金额,币种,费用名称\n"
	bill := head + "lp-1,,2026-03-20,28.50,CNY,运费\n" + "LP1,,2026-03-20,28.5,CNY,运费\n" + "UPS 1,,2026-03-21,40.00,CNY,运费\n" + "LP1," + long + ",2026-03-20,2.00,CNY,燃油\n" +
		"LP7,,2026-03-20,1.00,CNY,\n" + "LP8,,2026-03-20,1.00,CNY,\n" + "LP1,two,2026-03-20,1.00,CNY,\n" + "LP1,,2026-03-22,28.50,USD,\n"
	want := []string{"3 duplicate-line", "4 amount-differs", "6 other-store", "7 unknown-number", "8 order-differs", "9 currency-differs"}
	for range 2 {
		done, err := s.importer.Import(t.Context(), "s", "b.csv", []byte(bill), at(31, 0))
		require.NoError(t, err)
		var got []string
		for _, l := range done.Unmatched {
			got = append(got, fmt.Sprint(l.Line, " ", l.Reason))
		}
		assert.Equal(t, want, got)
		assert.Equal(t, 2, done.Matched)
	}
	done, err := s.importer.Import(t.Context(), "s", "c.csv", []byte(head+"LP1,,2026-03-20,28.50,CNY,运费\n"), at(31, 0))
	require.NoError(t, err)
	assert.Equal(t, rules.BillRepeated, done.Unmatched[0].Reason, "billed in another file")
	// What was unknown may be known by the time of another import.
	s.take(t, shipped(t, "s", "two", "LP8", "CAINIAO_STANDARD", at(6, 8)))
	done, err = s.importer.Import(t.Context(), "s", "b.csv", []byte(bill), at(31, 23).Add(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, rules.BillAmount, done.Unmatched[3].Reason)
	_, made := s.write(t, statement.CSV, at(31, 23).Add(time.Hour))
	lines := 0
	for _, l := range made.Totals.Bill {
		lines += l.Lines
	}
	assert.Equal(t, 9, lines, "each line of both files once")
}

func TestStoreHealth(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i := range 20 {
		s.take(t, created(t, "s", fmt.Sprint(i), at(2, 8), "1.00"))
	}
	s.take(t, shipped(t, "s", "1", "LP1", "CAINIAO_ECONOMY", at(3, 0)),
		event(t, "c", "complaint.opened", "s", "1", at(8, 23), fmt.Sprintf(`{"complaint_id":"K1","at":%q}`, at(8, 23).Format(time.RFC3339))),
		event(t, "c2", "complaint.opened", "s", "2", at(9, 0), fmt.Sprintf(`{"complaint_id":"K2","at":%q}`, at(9, 0).Format(time.RFC3339))),
		event(t, "d", "dispute.opened", "s", "3", at(4, 0), fmt.Sprintf(`{"dispute_id":"D1","kind":"other","at":%q}`, at(4, 0).Format(time.RFC3339))))
	s.judged(t, at(2, 8))
	week, err := rules.ParseWeek("2026-W10") // 2 to 8 March
	require.NoError(t, err)
	score := *rules.Percent(49, 1000) // 4.9
	require.NoError(t, s.stores.SetScores(t.Context(), "s", week, rules.HealthScores{ServiceScore: &score}, "li"))
	require.NoError(t, s.stores.SetScores(t.Context(), "s", week.Add(-1), rules.HealthScores{Programmes: []string{}}, "li"))
	h, err := s.stores.Week(t.Context(), "s", week, at(15, 0))
	require.NoError(t, err)
	var got []string
	for _, m := range h.Measures {
		got = append(got, fmt.Sprint(m.Measure, " ", m.State, " ", m.Value))
	}
	assert.Equal(t, []string{
		"template-accuracy breached 95.0", "complaint-rate near 5.0", "service-score fine 4.9", "positive-rate missing <nil>", "dispute-rate breached 5.0", "programme breached <nil>",
	}, got)
	health, err := s.stores.Health(t.Context(), "s", at(9, 0))
	require.NoError(t, err)
	assert.Nil(t, health.PositiveRatePercent)
	assert.Equal(t, "5", health.DisputeRatePercent.Trim(0).String())
	assert.Equal(t, []string{}, health.Programmes)
	health, err = s.stores.Health(t.Context(), "nobody", at(9, 0))
	require.NoError(t, err)
	assert.Equal(t, rules.StoreHealth{}, health)
}

// 10,000 orders within 10 s, and no more memory than a few thousand need.
func TestStatementOfManyOrders(t *testing.T) {
	s := open(t)
	const orders = 10_000
	var batch []postgres.Incoming
	for i := range orders {
		order := fmt.Sprintf("81900012345%08d", i)
		batch = append(batch, created(t, "s", order, at(1+i%28, 8), "28.50"), shipped(t, "s", order, fmt.Sprintf("LP%08d", i), "CAINIAO_STANDARD", at(1+i%28, 9)))
		if len(batch) >= 1000 {
			s.take(t, batch...)
			batch = nil
		}
		if i%10 == 0 {
			s.book(t, order, "claimed", "45.08", "USD", at(28, 8))
		}
	}
	s.take(t, batch...)
	s.judged(t, at(10, 0))
	for _, format := range []string{statement.XLSX, statement.CSV} {
		f, err := os.CreateTemp(t.TempDir(), "statement")
		require.NoError(t, err)
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		var peak atomic.Uint64
		done := make(chan struct{})
		go func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(10 * time.Millisecond):
					var now runtime.MemStats
					runtime.ReadMemStats(&now)
					peak.Store(max(peak.Load(), now.HeapAlloc))
				}
			}
		}()
		start := time.Now()
		made, err := s.maker.Write(t.Context(), f, format, "s", month(t), at(31, 0))
		took := time.Since(start)
		close(done)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		grown := int64(peak.Load()) - int64(before.HeapAlloc)
		t.Logf("%s: %d orders in %s, %d MiB at most", format, made.Totals.Orders, took.Round(time.Millisecond), grown>>20)
		assert.Equal(t, orders, made.Totals.Orders)
		assert.Less(t, took, 10*time.Second)
		assert.Less(t, grown, int64(128<<20))
	}
}
