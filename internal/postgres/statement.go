package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parcelward/internal/port"
	"parcelward/internal/postgres/query"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

var (
	_ port.Books      = (*DB)(nil)
	_ port.Bills      = (*DB)(nil)
	_ port.StoreFacts = (*DB)(nil)
)

// ordersAtOnce bounds what a walk over orders holds.
const ordersAtOnce = 200

// statementTypes are the facts of money and parcels; traces, the bulk of all, are none of them.
func statementTypes() []string {
	return []string{
		string(rules.TypeOrderCreated), string(rules.TypeOrderPaid), string(rules.TypeOrderCancelled), string(rules.TypeOrderRefunded),
		string(rules.TypeReceiptConfirmed), string(rules.TypeShipmentRecorded),
	}
}

// EachOrder implements [port.Books].
func (db *DB) EachOrder(ctx context.Context, store string, from, until time.Time, each func(port.OrderBooks) error) ([]rules.LedgerTotal, error) {
	var totals []rules.LedgerTotal
	err := pgx.BeginTxFunc(ctx, db.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		q := db.q.WithTx(tx)
		sums, err := q.LedgerTotals(ctx, query.LedgerTotalsParams{Store: store, FromAt: from, UntilAt: until})
		if err != nil {
			return fmt.Errorf("sum up the ledger: %w", err)
		}
		for _, s := range sums {
			totals = append(totals, rules.LedgerTotal{Kind: s.Kind, Currency: s.Currency, Entries: int(s.Entries), Sum: s.Total})
		}
		behind := ""
		for {
			page, err := q.StatementOrders(ctx, query.StatementOrdersParams{Store: store, Behind: behind, FromAt: from, UntilAt: until, Most: ordersAtOnce})
			if err != nil {
				return fmt.Errorf("list orders: %w", err)
			}
			books, err := booksOf(ctx, q, store, page, until)
			if err != nil {
				return err
			}
			for _, b := range books {
				if err := each(b); err != nil {
					return err
				}
			}
			if len(page) < ordersAtOnce {
				return nil
			}
			behind = page[len(page)-1].OrderNo
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read the books of store %s: %w", store, err)
	}
	return totals, nil
}

func booksOf(ctx context.Context, q *query.Queries, store string, page []query.StatementOrdersRow, until time.Time) ([]port.OrderBooks, error) {
	books := make([]port.OrderBooks, len(page))
	place := make(map[string]int, len(page))
	facts := map[int64]*rules.Facts{}
	var numbers []string
	for i, o := range page {
		f := rules.NewFacts(store, o.OrderNo)
		books[i] = port.OrderBooks{Order: o.OrderNo, Policy: o.Policy, Facts: f}
		place[o.OrderNo], facts[o.OrderPk] = i, f
		numbers = append(numbers, o.OrderNo)
	}
	if err := fill(ctx, q, facts, statementTypes()); err != nil {
		return nil, err
	}
	entries, err := q.EntriesUntil(ctx, query.EntriesUntilParams{Store: store, Orders: numbers, UntilAt: until})
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	for _, e := range entries {
		b := &books[place[e.OrderNo]]
		b.Ledger = append(b.Ledger, rules.LedgerLine{Kind: e.Kind, Amount: money.Amount{Value: e.Amount, Currency: e.Currency}, At: e.At.UTC()})
	}
	return books, nil
}

// fill adds the facts of some types to the orders that have them, by the orders' keys.
func fill(ctx context.Context, q *query.Queries, facts map[int64]*rules.Facts, types []string) error {
	pks := make([]int64, 0, len(facts))
	for pk := range facts {
		pks = append(pks, pk)
	}
	rows, err := q.FactsOfOrders(ctx, query.FactsOfOrdersParams{Pks: pks, Types: types})
	if err != nil {
		return fmt.Errorf("read facts: %w", err)
	}
	for _, r := range rows {
		e, err := protocol.DecodeEvent([]byte(r.Raw))
		if err != nil {
			return fmt.Errorf("a fact of order %s in the inbox: %w", facts[r.OrderPk].Order, err)
		}
		facts[r.OrderPk].Add(e)
	}
	return nil
}

// LastKept implements [port.Books].
func (db *DB) LastKept(ctx context.Context, store, month string) (port.StatementKept, error) {
	kept := port.StatementKept{Store: store, Month: month}
	row, err := db.q.LastStatement(ctx, query.LastStatementParams{Store: store, Month: month})
	if errors.Is(err, pgx.ErrNoRows) {
		return kept, nil
	}
	if err == nil {
		kept.Serial, kept.SHA256, kept.AsOf = int(row.Serial), row.Sha256, row.AsOf.UTC()
		err = errors.Join(json.Unmarshal(row.Totals, &kept.Totals), json.Unmarshal(row.Files, &kept.Files))
	}
	if err != nil {
		return kept, fmt.Errorf("read the statement %s of store %s: %w", month, store, err)
	}
	return kept, nil
}

// partBytes is how much of a file lies in one row.
const partBytes = 1 << 20

// Keep implements [port.Books].
func (db *DB) Keep(ctx context.Context, s port.StatementKept, files map[string]io.Reader) (bool, error) {
	kept := false
	err := pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		totals, err := json.Marshal(s.Totals)
		if err != nil {
			return err //nolint:wrapcheck // wrapped below
		}
		hashes, err := json.Marshal(s.Files)
		if err != nil {
			return err //nolint:wrapcheck // wrapped below
		}
		q := db.q.WithTx(tx)
		n, err := q.KeepStatement(ctx, query.KeepStatementParams{
			Store: s.Store, Month: s.Month, Serial: int32(s.Serial), Sha256: s.SHA256, Totals: totals, Files: hashes, AsOf: s.AsOf, //nolint:gosec // a handful
		})
		if err != nil || n == 0 {
			return err //nolint:wrapcheck // wrapped below
		}
		kept = true
		for _, format := range slices.Sorted(maps.Keys(files)) {
			if err := keepParts(ctx, q, s, format, files[format]); err != nil {
				return fmt.Errorf("its %s file: %w", format, err)
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("keep the statement %s of store %s: %w", s.Month, s.Store, err)
	}
	return kept, nil
}

func keepParts(ctx context.Context, q *query.Queries, s port.StatementKept, format string, file io.Reader) error {
	content := make([]byte, partBytes)
	for part := int32(1); ; part++ {
		n, err := io.ReadFull(file, content)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return fmt.Errorf("read part %d: %w", part, err)
		}
		if n > 0 {
			err := q.KeepStatementPart(ctx, query.KeepStatementPartParams{
				Store: s.Store, Month: s.Month, Serial: int32(s.Serial), Format: format, Part: part, Content: content[:n], //nolint:gosec // a handful
			})
			if err != nil {
				return fmt.Errorf("write part %d: %w", part, err)
			}
		}
		if last {
			return nil
		}
	}
}

// KeptFile implements [port.Books].
func (db *DB) KeptFile(ctx context.Context, s port.StatementKept, format string, w io.Writer) error {
	for part := int32(1); ; part++ {
		content, err := db.q.StatementPart(ctx, query.StatementPartParams{
			Store: s.Store, Month: s.Month, Serial: int32(s.Serial), Format: format, Part: part, //nolint:gosec // a handful
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			return fmt.Errorf("read the %s file of statement %s of store %s: %w", format, s.Month, s.Store, err)
		}
	}
}

// Opened implements [port.StoreFacts].
func (db *DB) Opened(ctx context.Context, store string, from, until time.Time) ([]rules.Event, error) {
	raws, err := db.q.Opened(ctx, query.OpenedParams{Store: store, FromAt: from, UntilAt: until})
	if err != nil {
		return nil, fmt.Errorf("read the complaints and disputes of store %s: %w", store, err)
	}
	events := make([]rules.Event, len(raws))
	for i, raw := range raws {
		if events[i], err = protocol.DecodeEvent([]byte(raw)); err != nil {
			return nil, fmt.Errorf("a complaint or dispute of store %s in the inbox: %w", store, err)
		}
	}
	return events, nil
}

// CountOrders implements [port.StoreFacts].
func (db *DB) CountOrders(ctx context.Context, store string, from, until time.Time) (int, error) {
	n, err := db.q.CountOrders(ctx, query.CountOrdersParams{Store: store, FromAt: from, UntilAt: until})
	if err != nil {
		return 0, fmt.Errorf("count the orders of store %s: %w", store, err)
	}
	return int(n), nil
}

// Scores implements [port.StoreFacts].
func (db *DB) Scores(ctx context.Context, store string, w rules.Week) (rules.HealthScores, error) {
	var s rules.HealthScores
	rows, err := db.q.ScoresOf(ctx, query.ScoresOfParams{Store: store, Week: w.String()})
	if err != nil {
		return s, fmt.Errorf("read the scores of store %s: %w", store, err)
	}
	for _, r := range rows {
		if r.ServiceScore != nil {
			s.ServiceScore = r.ServiceScore
		}
		if r.PositiveRatePercent != nil {
			s.PositiveRatePercent = r.PositiveRatePercent
		}
	}
	s.Programmes, err = db.q.ProgrammesBy(ctx, query.ProgrammesByParams{Store: store, Week: w.String()})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return s, fmt.Errorf("read the programmes of store %s: %w", store, err)
	}
	return s, nil
}

// SetScores implements [port.StoreFacts].
func (db *DB) SetScores(ctx context.Context, store string, w rules.Week, s rules.HealthScores, by string) error {
	p := query.SetScoresParams{Store: store, Week: w.String(), Programmes: s.Programmes, By: text(by)}
	if s.ServiceScore != nil {
		p.ServiceScore = new(s.ServiceScore.String())
	}
	if s.PositiveRatePercent != nil {
		p.PositiveRatePercent = new(s.PositiveRatePercent.String())
	}
	if err := db.q.SetScores(ctx, p); err != nil {
		return fmt.Errorf("keep the scores of store %s: %w", store, err)
	}
	return nil
}
