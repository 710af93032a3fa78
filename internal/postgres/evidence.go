package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"parcelward/internal/port"
	"parcelward/internal/postgres/query"
	"parcelward/internal/protocol"
)

// Append implements [port.EvidenceIndex]. The lock of the chain's head lets one writer after the
// other in.
func (db *DB) Append(ctx context.Context, item port.EvidenceItem) (port.EvidenceItem, error) {
	for _, s := range []*string{&item.Name, &item.Source, &item.By} {
		*s = text(*s)
	}
	err := db.durably(ctx, func(q *query.Queries) error { return appendEvidence(ctx, q, &item) })
	if err != nil {
		return port.EvidenceItem{}, fmt.Errorf("add to the evidence of order %s/%s: %w", item.Store, item.Order, err)
	}
	return item, nil
}

// appendEvidence makes item what is kept.
func appendEvidence(ctx context.Context, q *query.Queries, item *port.EvidenceItem) error {
	if err := q.OpenChain(ctx, item.Store); err != nil {
		return fmt.Errorf("open the chain: %w", err)
	}
	head, err := q.LockChain(ctx, item.Store)
	if err != nil {
		return fmt.Errorf("lock the chain: %w", err)
	}
	known, err := q.LatestEvidence(ctx, query.LatestEvidenceParams{
		Store: item.Store, OrderNo: item.Order, TrackingNumber: item.Number, Kind: item.Kind, Sha256: item.SHA256,
	})
	if err != nil {
		return fmt.Errorf("look for it: %w", err)
	}
	if len(known) == 1 {
		if old := evidenceItem(&known[0]); !item.Upon(&old) {
			*item = old
			return nil
		}
	}
	item.Position, item.Previous = head.Position+1, head.Seal
	item.Seal = item.Sum()
	err = q.AppendEvidence(ctx, query.AppendEvidenceParams{
		Store: item.Store, Position: item.Position, OrderNo: item.Order, TrackingNumber: item.Number, Kind: item.Kind, Sha256: item.SHA256,
		Name: item.Name, MediaType: item.MediaType, Size: item.Size, Source: item.Source, ByWhom: item.By, TakenAt: optional(item.TakenAt),
		Given: item.GivenText(), KeptAt: item.KeptAt, Previous: item.Previous, Seal: item.Seal,
	})
	if err == nil {
		err = q.MoveChain(ctx, query.MoveChainParams{Store: item.Store, Position: item.Position, Seal: item.Seal})
	}
	if err != nil {
		return fmt.Errorf("lengthen the chain: %w", err)
	}
	return nil
}

// Items implements [port.EvidenceIndex].
func (db *DB) Items(ctx context.Context, store, order string) ([]port.EvidenceItem, error) {
	rows, err := db.q.EvidenceOf(ctx, query.EvidenceOfParams{Store: store, OrderNo: order})
	if err != nil {
		return nil, fmt.Errorf("list the evidence of order %s/%s: %w", store, order, err)
	}
	return evidenceItems(rows), nil
}

// Chain implements [port.EvidenceIndex].
func (db *DB) Chain(ctx context.Context, store string, behind int64, limit int) ([]port.EvidenceItem, error) {
	rows, err := db.q.EvidenceChain(ctx, query.EvidenceChainParams{Store: store, Behind: behind, Most: int32(limit)}) //nolint:gosec // a page
	if err != nil {
		return nil, fmt.Errorf("read the chain of evidence of %s: %w", store, err)
	}
	return evidenceItems(rows), nil
}

// Heads implements [port.EvidenceIndex].
func (db *DB) Heads(ctx context.Context) ([]port.EvidenceHead, error) {
	rows, err := db.q.EvidenceHeads(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the ends of the chains of evidence: %w", err)
	}
	heads := make([]port.EvidenceHead, len(rows))
	for i, r := range rows {
		heads[i] = port.EvidenceHead(r)
	}
	return heads, nil
}

func evidenceItems(rows []query.Evidence) []port.EvidenceItem {
	items := make([]port.EvidenceItem, len(rows))
	for i := range rows {
		items[i] = evidenceItem(&rows[i])
	}
	return items
}

func evidenceItem(r *query.Evidence) port.EvidenceItem {
	item := port.EvidenceItem{
		Store: r.Store, Position: r.Position, Order: r.OrderNo, Number: r.TrackingNumber, KeptAt: r.KeptAt.UTC(), Previous: r.Previous, Seal: r.Seal,
		Evidence: protocol.Evidence{
			Kind: r.Kind, Name: r.Name, SHA256: r.Sha256, MediaType: r.MediaType, Size: r.Size, Source: r.Source, By: r.ByWhom, TakenAt: utc(r.TakenAt),
		},
	}
	if err := json.Unmarshal([]byte(r.Given), &item.Given); err != nil { // somebody wrote there; the seal shows it
		item.Given = map[string]string{"unreadable": r.Given}
	}
	return item
}
