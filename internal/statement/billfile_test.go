package statement_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"parcelward/internal/rules"
	"parcelward/internal/statement"
)

const bill = "某某物流 三月账单,,,,,,\n运单号,订单号,计费日期,计费重量(kg),费用名称,币种,金额\n" +
	"lp 0012-3456,8190001234567890123,2026/3/5,0.35,基础运费,人民币,28.50\n" +
	"'LP2,,2026年3月31日,,燃油附加费,CNY,\"1,203.00\"\n\n" +
	"=\"12345678901234\",,20260331 23:59:59,1.2kg,,usd,-3.5\n"

func read(t *testing.T, data string) []rules.BillLine {
	t.Helper()
	lines, err := statement.ReadBill("b", []byte(data))
	require.NoError(t, err)
	return lines
}

func shown(l rules.BillLine) string {
	weight := "-"
	if l.Weight != nil {
		weight = l.Weight.String()
	}
	return fmt.Sprint(l.Line, " ", l.Number, " ", l.Order, " ", l.Date, " ", weight, " ", l.Fee, " ", l.Amount)
}

func TestReadBill(t *testing.T) {
	t.Parallel()
	want := []string{
		"3 LP00123456 8190001234567890123 2026-03-05 0.35 基础运费 28.50 CNY",
		"4 LP2  2026-03-31 - 燃油附加费 1203.00 CNY",
		"6 12345678901234  2026-03-31 1.2  -3.5 USD",
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(bill)
	require.NoError(t, err)
	english := "Tracking Number\tDate\tFreight\tCurrency\nLP2\t2026-03-01\t1\tEUR\n"
	for name, data := range map[string]string{"UTF-8": bill, "with a mark": "\ufeff" + bill, "GB18030": gb, "Windows": strings.ReplaceAll(bill, "\n", "\r\n")} {
		var got []string
		for _, l := range read(t, data) {
			got = append(got, shown(l))
		}
		assert.Equal(t, want, got, name)
	}
	assert.Equal(t, "2 LP2  2026-03-01 -  1 EUR", shown(read(t, english)[0]))
}

// What a spreadsheet has rounded is refused with its line, and with it the file.
func TestReadBillRefuses(t *testing.T) {
	t.Parallel()
	head := "运单号,日期,金额,币种,订单号\n"
	for name, tc := range map[string]struct{ data, says string }{
		"scientific number": {head + "8.19E+18,2026-03-01,1,CNY,\n", "line 2: 单号 8.19E+18"},
		"scientific order":  {head + "LP1,2026-03-01,1,CNY,8.19000123456789E+18\n", "line 2: 单号 8.19000123456789E+18"},
		"lower case":        {head + "8e18,2026-03-01,1,CNY,\n", "8e18"},
		"scientific amount": {head + "LP1,2026-03-01,1e3,CNY,\n", "1e3"},
		"no number":         {head + " - ,2026-03-01,1,CNY,\n", "tracking number"},
		"long number":       {head + strings.Repeat("A", 65) + ",2026-03-01,1,CNY,\n", "tracking number"},
		"no date":           {head + "LP1,31.02.2026,1,CNY,\n", "date: expected a day"},
		"no currency":       {head + "LP1,2026-03-01,1,元,\n", "currency"},
		"no amount":         {head + "LP1,2026-03-01,,CNY,\n", "amount"},
		"long amount":       {head + "LP1,2026-03-01,12345678901234567890,CNY,\n", "12345678901234567890"},
		"long cell":         {head + "LP1,2026-03-01,1,CNY," + strings.Repeat("x", 201) + "\n", "at most 200"},
		"no heading":        {"a,b\n1,2\n", "no heading"},
		"two columns":       {"运单号,跟踪号,日期,金额,币种\nLP1,LP2,2026-03-01,1,CNY\n", "two columns for the same: 跟踪号"},
		"no lines":          {head, "no lines"},
		"empty":             {"", "no heading"},
		"binary":            {head + "\x00", "binary"},
		"no encoding":       {"\xff\xff\xff", "UTF-8 or GB18030"},
		"broken quotes":     {head + "\"LP1,2026", "malformed CSV"},
		"broken XLSX":       {"PK\x03\x04rubbish", "XLSX"},
		"wide":              {strings.Repeat(",", 300), "at most 200 columns"},
		"large":             {strings.Repeat("x", statement.MaxBillBytes+1), "at most 20 MB"},
	} {
		_, err := statement.ReadBill("b.csv", []byte(tc.data))
		var wrong *statement.BillError
		require.ErrorAs(t, err, &wrong, name)
		assert.Contains(t, err.Error(), tc.says, name)
		assert.Contains(t, err.Error(), "b.csv", name)
	}
	_, err := statement.ReadBill("b", []byte(head+strings.Repeat("8.19E+18,x,y,z,\n", 100)))
	var wrong *statement.BillError
	require.ErrorAs(t, err, &wrong)
	assert.Len(t, wrong.Problems, 20)
	assert.Equal(t, 280, wrong.More, "the others are counted") // three a line: number, date, amount
}

func book(tb testing.TB, rows ...[]any) []byte {
	tb.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		require.NoError(tb, f.SetSheetRow("Sheet1", fmt.Sprint("A", i+1), &row))
	}
	var b bytes.Buffer
	require.NoError(tb, f.Write(&b))
	return b.Bytes()
}

func TestReadBillWorkbook(t *testing.T) {
	t.Parallel()
	head := []any{"Tracking number", "Date", "Amount", "Currency", "订单号 Order number"}
	lines := read(t, string(book(t, head, []any{"819000123456789012", 46112, 28.5, "CNY", "8190001"}, []any{123456789, "2026-04-01", "3", "USD"})))
	require.Len(t, lines, 2)
	assert.Equal(t, "2 819000123456789012 8190001 2026-03-31 -  28.5 CNY", shown(lines[0]))
	assert.Equal(t, "3 123456789  2026-04-01 -  3 USD", shown(lines[1]))
	// A number with more digits than a spreadsheet's number holds has lost some.
	_, err := statement.ReadBill("b.xlsx", book(t, head, []any{int64(8190001234567890123), "2026-03-01", 1, "CNY"}))
	require.ErrorContains(t, err, "line 2")
	require.ErrorContains(t, err, "digits are lost")
}

// FuzzReadBill: whatever comes, an answer or a *BillError, and every line usable.
func FuzzReadBill(f *testing.F) {
	f.Add([]byte(bill))
	f.Add(book(f, []any{"运单号", "日期", "金额", "币种"}, []any{"LP1", "2026-03-01", 1, "CNY"}))
	f.Add([]byte("运单号,日期,金额,币种\n8.19E+18,1,2,3"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := statement.ReadBill("b", data)
		if err != nil {
			var wrong *statement.BillError
			require.ErrorAs(t, err, &wrong)
			require.NotEmpty(t, wrong.Problems)
			require.Empty(t, lines)
			return
		}
		for _, l := range lines {
			require.NotEmpty(t, l.Number)
			require.Len(t, l.Date, 10)
			require.Len(t, l.Amount.Currency, 3)
		}
	})
}
