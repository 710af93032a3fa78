package e2e_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/govalues/decimal"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"parcelward/internal/api"
	"parcelward/internal/demo"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
	"parcelward/starter/dev"
)

// platformZone is where months begin.
func platformZone() *time.Location { return time.FixedZone("UTC+8", 8*60*60) }

// requireProtection requires that the claim asked for what was paid less the commission, and seller
// protection for 70 % of the loss, which is all that the buyer was refunded, to the cent.
func requireProtection(t *testing.T, db *pgx.Conn) {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT kind || ' ' || amount || ' ' || currency FROM ledger
		WHERE store = $1 AND order_no = '13-seller-protection'`, demo.Store)
	require.NoError(t, err)
	booked, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	assert.Subset(t, booked, []string{
		rules.LedgerClaimed + " 60.72 USD",                                                                                                   // 66.00 - 5.28
		rules.LedgerProtectionAsked + " 46.20 USD", rules.LedgerProtectionApproved + " 46.20 USD", rules.LedgerProtectionPaid + " 46.20 USD", // 70 % of 66.00
	})
	assert.NotContains(t, strings.Join(booked, "\n"), rules.LedgerPaid+" 60.72", "the claim itself was refused")
}

// stated is a statement as JSON.
type stated struct {
	Bill []struct {
		rules.BillLine
		rules.BillMatch
	} `json:"bill"`
	Totals rules.StatementTotals `json:"totals"`
}

func statementOf(t *testing.T, s *dev.Stack, month, format string) []byte {
	t.Helper()
	answer, err := http.Get(fmt.Sprintf("%s/v1/stores/%s/statements/%s?live=true&format=%s", s.Server.URL, demo.Store, month, format))
	require.NoError(t, err)
	raw, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode, string(raw))
	return raw
}

// requireStatements requires that the statement of every month of the play has the sums that the
// ledger has, of each kind and currency, and that the orders in each of its formats add up to them.
func requireStatements(t *testing.T, s *dev.Stack, play demo.Scenario, db *pgx.Conn) {
	t.Helper()
	told, err := s.Statements(t.Context(), play)
	require.NoError(t, err)
	loc := platformZone()
	entries, kinds := 0, map[string]bool{}
	for month := time.Date(2026, 3, 1, 0, 0, 0, 0, loc); month.Before(origin.Add(demo.Span)); month = month.AddDate(0, 1, 0) {
		name := month.Format("2006-01")
		var statement stated
		require.NoError(t, json.Unmarshal(statementOf(t, s, name, "json"), &statement))
		require.NotEmpty(t, told, "the demo tells of every month")
		assert.Equal(t, name, told[0].Month.String())
		assert.Empty(t, told[0].Refused)
		assert.Equal(t, fmt.Sprint(statement.Totals.Ledger), fmt.Sprint(told[0].Totals.Ledger))
		told = told[1:]
		rows, err := db.Query(t.Context(), `SELECT kind, currency, count(*), sum(amount)::text FROM ledger
			WHERE store = $1 AND at >= $2 AND at < $3 GROUP BY kind, currency`, demo.Store, month, month.AddDate(0, 1, 0))
		require.NoError(t, err)
		booked, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
			var kind, currency, sum string
			var n int
			err := row.Scan(&kind, &currency, &n, &sum)
			entries += n
			kinds[kind] = true
			return fmt.Sprint(kind, " ", currency, " ", n, " ", sum), err
		})
		require.NoError(t, err)
		var totals []string
		for _, l := range statement.Totals.Ledger {
			totals = append(totals, fmt.Sprint(l.Kind, " ", l.Currency, " ", l.Entries, " ", l.Sum))
		}
		assert.ElementsMatch(t, booked, totals, name)
		t.Log(name, booked)

		table, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(statementOf(t, s, name, "csv"), []byte("\ufeff")))).ReadAll()
		require.NoError(t, err)
		requireSums(t, name+".csv", table, statement.Totals.Ledger)
		requireSums(t, name+".xlsx", sheetOf(t, statementOf(t, s, name, "xlsx"), "orders"), statement.Totals.Ledger)
	}
	assert.Empty(t, told)
	assert.NotZero(t, entries)
	for _, kind := range []string{rules.LedgerProtectionAsked, rules.LedgerProtectionApproved, rules.LedgerProtectionPaid} {
		assert.True(t, kinds[kind], "the play has seller protection: %s", kind)
	}
}

// sheetOf are the cells of a workbook's sheet, as they are kept.
func sheetOf(t *testing.T, workbook []byte, name string) [][]string {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(workbook))
	require.NoError(t, err)
	defer f.Close() //nolint:errcheck // only read
	title := wording.Column(name)
	rows, err := f.GetRows(title.ZH+" "+title.EN, excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	require.NotEmpty(t, rows)
	return rows
}

// requireSums requires that the orders of a table add up to the ledger's sums.
func requireSums(t *testing.T, name string, table [][]string, want []rules.LedgerTotal) {
	t.Helper()
	place := map[string]int{}
	for i, heading := range table[0] {
		place[strings.ReplaceAll(heading, "\n", " ")] = i
	}
	cell := func(row []string, key string) string {
		title := wording.Column(key)
		i, ok := place[title.ZH+" "+title.EN]
		require.Truef(t, ok, "%s has no column %s", name, key)
		if i >= len(row) {
			return "" // a workbook leaves empty cells out at a row's end
		}
		return row[i]
	}
	sums := map[string]decimal.Decimal{}
	for _, row := range table[1:] {
		currency := cell(row, "claim_currency")
		for _, kind := range rules.LedgerKinds() {
			if text := cell(row, kind); text != "" {
				amount, err := decimal.Parse(text)
				require.NoError(t, err, name)
				sum, err := sums[kind+" "+currency].Add(amount)
				require.NoError(t, err, name)
				sums[kind+" "+currency] = sum
			}
		}
	}
	for i := range want {
		key := want[i].Kind + " " + want[i].Currency
		assert.Truef(t, want[i].Sum.Equal(sums[key]), "%s: %s adds up to %s, the ledger to %s", name, key, sums[key], want[i].Sum)
		delete(sums, key)
	}
	for key, sum := range sums {
		assert.Truef(t, sum.IsZero(), "%s: %s adds up to %s, the ledger has none", name, key, sum)
	}
}

// requireBill has a carrier's bill imported, and requires that the statement lists each of its
// lines with what became of it.
func requireBill(t *testing.T, s *dev.Stack) {
	t.Helper()
	const bill = "运单号,日期,金额,币种\n" +
		"PW13-seller-protection,2026-03-20,6.00,USD\n" + // as the buyer paid
		"PW99-nowhere,2026-03-20,4.00,USD\n" +
		"PW16-complaint-lost,2026-03-20,6.51,USD\n" // 6.00 paid
	answer, err := http.Post(fmt.Sprintf("%s/v1/stores/%s/bills?name=%s", s.Server.URL, demo.Store, url.QueryEscape("三月.csv")),
		"application/octet-stream", strings.NewReader(bill))
	require.NoError(t, err)
	raw, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode, string(raw))
	var imported api.BillImported
	require.NoError(t, json.Unmarshal(raw, &imported))
	assert.Equal(t, []int{3, 1, 2}, []int{imported.Lines, imported.Matched, len(imported.Unmatched)})

	var statement stated
	require.NoError(t, json.Unmarshal(statementOf(t, s, "2026-03", "json"), &statement))
	var lines []string
	for i := range statement.Bill {
		l := &statement.Bill[i]
		by := "-"
		if l.By != nil {
			by = l.By.String()
		}
		lines = append(lines, fmt.Sprint(l.BillLine.Number, " ", l.BillMatch.Order, " ", l.Reason, " ", by))
	}
	assert.Equal(t, []string{
		"PW13SELLERPROTECTION 13-seller-protection  0.00 USD",
		"PW99NOWHERE  " + rules.BillUnknown + " -",
		"PW16COMPLAINTLOST 16-complaint-lost " + rules.BillAmount + " 0.51 USD",
	}, lines)
	assert.Len(t, sheetOf(t, statementOf(t, s, "2026-03", "xlsx"), "bill"), 1+len(lines))
}
