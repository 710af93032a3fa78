package main

import (
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/assert"

	"parcelward/internal/audit"
	"parcelward/internal/rules"
	"parcelward/starter/dev"
)

// A month without a statement makes the demo end badly, and says so in both languages.
func TestDemoTellsTheStatements(t *testing.T) {
	march := rules.MonthOf(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), time.UTC)
	sum := func(kind, currency, amount string) rules.LedgerTotal {
		return rules.LedgerTotal{Kind: kind, Currency: currency, Entries: 1, Sum: decimal.MustParse(amount)}
	}
	statements := []dev.Statement{
		{Month: march, Totals: rules.StatementTotals{Ledger: []rules.LedgerTotal{
			sum(rules.LedgerClaimed, "CNY", "12.00"), sum(rules.LedgerClaimed, "USD", "60.72"), sum(rules.LedgerPaid, "USD", "41.30"), sum(rules.LedgerProtectionPaid, "USD", "42.50"),
		}}},
		{Month: march.Next()},
	}
	told, good := summary(nil, statements, new(audit.Report))
	assert.True(t, good)
	for _, says := range []string{"2026-03", "2026-04", "12.00 CNY", "60.72 USD", "41.30 USD", "42.50 USD", "与账本一致", "equals the ledger", "对账单", "Statement", "卖家保障", "Seller protection paid"} {
		assert.Contains(t, told, says)
	}
	assert.NotContains(t, told, "refused")

	statements[1].Refused = "the books do not answer"
	told, good = summary(nil, statements, new(audit.Report))
	assert.False(t, good)
	for _, says := range []string{"✗", "未生成", "refused: the books do not answer"} {
		assert.Contains(t, told, says)
	}
}
