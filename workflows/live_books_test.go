//go:build record

package workflows_test

import (
	"context"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules"
)

// ledgers are the books and the health of a store that has little to tell.
type ledgers struct{}

func (ledgers) Location(time.Time) *time.Location { return time.FixedZone("+08:00", 8*60*60) }

func (ledgers) KeepMonth(_ context.Context, store string, m rules.Month, now time.Time) (port.StatementKept, bool, error) {
	return port.StatementKept{Store: store, Month: m.String(), Serial: 1, SHA256: "ab", AsOf: now, Totals: rules.StatementTotals{Orders: 3}}, false, nil
}

func (ledgers) Health(context.Context, string, time.Time) (rules.StoreHealth, error) {
	return *goodHealth(), nil
}

func (ledgers) Week(_ context.Context, _ string, w rules.Week, _ time.Time) (rules.Health, error) {
	return rules.Health{Week: w.String(), Measures: []rules.Measure{{Measure: rules.MeasureService, State: rules.HealthMissing}}}, nil
}

func (ledgers) SetScores(context.Context, string, rules.Week, rules.HealthScores, string) error {
	return nil
}
