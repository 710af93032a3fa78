package dev

import (
	"context"
	"errors"
	"fmt"

	"parcelward/internal/api"
	"parcelward/internal/demo"
	"parcelward/internal/rules"
	"parcelward/internal/statement"
)

// Statement is the demo shop's statement of a month. One that is made equals the ledger: the
// server makes no other.
type Statement struct {
	Month   rules.Month
	Totals  rules.StatementTotals
	Refused string // why there is none; empty: there is one
}

// Statements has the server make the shop's statement of every month in which a scenario plays.
func (s *Stack) Statements(ctx context.Context, sc demo.Scenario) ([]Statement, error) {
	books := statement.Maker{Book: s.Server.Rules.Book}
	end := sc.Origin.Add(sc.Span)
	loc := books.Location(end)
	var made []Statement
	for month := rules.MonthOf(sc.Origin, loc); ; month = month.Next() {
		if from, _ := month.Bounds(loc); from.After(end) {
			return made, nil
		}
		answer, err := s.Server.Client().Statement(ctx, demo.Store, month.String())
		one := Statement{Month: month, Totals: answer.Totals}
		if problem, refused := errors.AsType[*api.ProblemError](err); refused {
			one.Refused = problem.Error()
		} else if err != nil {
			return nil, fmt.Errorf("statement %s: %w", month, err)
		}
		made = append(made, one)
	}
}
