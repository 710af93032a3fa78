package activities

import (
	"context"
	"errors"
	"fmt"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// errNoStatements says that a worker was set up without the ports that a store's books need.
var errNoStatements = errors.New("this worker makes no statements")

// KeepStatement makes the statement of a store's month and keeps its files and sums, so that the
// same files are had again, and a later one that says something else is told.
func (a *Activities) KeepStatement(ctx context.Context, r protocol.StatementRequest) (protocol.StatementResult, error) {
	doing := "make the statement of store " + r.Store
	if a.Statements == nil {
		return protocol.StatementResult{}, fail(ctx, doing, fmt.Errorf("%w: %w", errNoStatements, port.ErrRefused))
	}
	month := rules.MonthOf(r.Now, a.Statements.Location(r.Now)).Previous()
	if r.Month != "" {
		var err error
		if month, err = rules.ParseMonth(r.Month); err != nil {
			return protocol.StatementResult{}, fail(ctx, doing, fmt.Errorf("%w: %w", err, port.ErrRefused))
		}
	}
	kept, changed, err := a.Statements.KeepMonth(ctx, r.Store, month, r.Now)
	if err != nil {
		return protocol.StatementResult{}, fail(ctx, doing, err)
	}
	out := protocol.StatementResult{Month: month.String(), Serial: kept.Serial, SHA256: kept.SHA256, Orders: kept.Totals.Orders, Changed: changed}
	for _, d := range kept.Totals.Differences {
		out.Differences += d.Count
	}
	return out, nil
}

// StoreHealth judges a store's week.
func (a *Activities) StoreHealth(ctx context.Context, r protocol.HealthRequest) (protocol.HealthResult, error) {
	doing := "look at the health of store " + r.Store
	if a.Stores == nil || a.Statements == nil {
		return protocol.HealthResult{}, fail(ctx, doing, fmt.Errorf("%w: %w", errNoStatements, port.ErrRefused))
	}
	week := rules.WeekOf(r.Now, a.Statements.Location(r.Now)).Add(-1)
	if r.Week != "" {
		var err error
		if week, err = rules.ParseWeek(r.Week); err != nil {
			return protocol.HealthResult{}, fail(ctx, doing, fmt.Errorf("%w: %w", err, port.ErrRefused))
		}
	}
	h, err := a.Stores.Week(ctx, r.Store, week, r.Now)
	return h, fail(ctx, doing, err)
}
