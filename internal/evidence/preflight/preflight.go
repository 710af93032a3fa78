// Package preflight has originals of the vault judged, at upload and again before a filing:
// inspect measures them, and the rules judge what was measured by what the order's facts say at
// that moment.
//
// Invariant: nothing passes in silence. An original that cannot be read is refused, one that
// nothing is known of to compare with is for a person to look at.
package preflight

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"parcelward/internal/evidence/inspect"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// Vault is where the originals are.
type Vault interface {
	// Items lists the originals of an order, of each place and content what was stated last.
	Items(ctx context.Context, store, order string) ([]port.EvidenceItem, error)
	Open(ctx context.Context, sha256 string) (io.ReadCloser, error)
}

// Checker judges originals. All fields but Folder are required.
type Checker struct {
	Vault  Vault
	Facts  port.OrderFacts
	For    func(f *rules.Facts, pinned string) (rules.Ruleset, error) // what an order is judged by
	Now    func() time.Time                                           // virtual: of an upload
	Folder string                                                     // for files that are being measured; empty: the system's
}

var _ port.Preflight = (*Checker)(nil)

// Upload judges an original whose bytes lie in a file, by what is known now.
func (c *Checker) Upload(ctx context.Context, o port.NewOriginal, path string) (rules.Preflight, rules.Ruleset, error) {
	facts, rs, err := c.known(ctx, o.Store, o.Order)
	if err != nil {
		return rules.Preflight{}, rs, err
	}
	judged, err := check(ctx, facts, rs, o, c.Now(), path)
	return judged, rs, err
}

// Papers implements [port.Preflight].
func (c *Checker) Papers(ctx context.Context, r protocol.PapersRequest) (protocol.Papers, error) {
	facts, rs, err := c.known(ctx, r.Store, r.Order)
	if err != nil {
		return protocol.Papers{}, err
	}
	items, err := c.Vault.Items(ctx, r.Store, r.Order)
	if err != nil {
		return protocol.Papers{}, err //nolint:wrapcheck // it says what it did
	}
	var judged []rules.CheckedOriginal
	var out protocol.Papers
	for i := range items {
		item := &items[i]
		if item.Number != "" && item.Number != r.TrackingNumber || contains(judged, item) {
			continue
		}
		one, err := c.item(ctx, facts, rs, item, r.Now)
		if err != nil {
			return protocol.Papers{}, fmt.Errorf("judge %s (%s): %w", item.Name, item.SHA256, err)
		}
		judged = append(judged, rules.CheckedOriginal{SHA256: item.SHA256, Name: item.Name, Preflight: one})
		if one.Verdict != rules.VerdictRefused || slices.Contains(r.HandedIn, item.SHA256) {
			out.Evidence = append(out.Evidence, item.Evidence)
		}
	}
	out.Papers = rs.PapersOf(judged)
	return out, nil
}

// contains tells whether an original was judged already: it may lie at the parcel and at its
// order.
func contains(judged []rules.CheckedOriginal, item *port.EvidenceItem) bool {
	for i := range judged {
		if judged[i].SHA256 == item.SHA256 && string(judged[i].Kind) == item.Kind {
			return true
		}
	}
	return false
}

// item judges an original of the vault. One whose content is not there, or is not what it was,
// is refused.
func (c *Checker) item(ctx context.Context, facts *rules.Facts, rs rules.Ruleset, item *port.EvidenceItem, now time.Time) (judged rules.Preflight, err error) {
	kind := rules.EvidenceKind(item.Kind)
	f, err := os.CreateTemp(c.Folder, "parcelward-preflight-*")
	if err != nil {
		return judged, fmt.Errorf("spool: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	content, err := c.Vault.Open(ctx, item.SHA256)
	if err == nil {
		_, err = io.Copy(f, content)
		err = errors.Join(err, content.Close())
	}
	switch {
	case errors.Is(err, port.ErrRefused):
		return rules.Preflight{Kind: kind, Verdict: rules.VerdictRefused, Findings: []rules.PreflightFinding{{
			Code: rules.PreflightUnread, Verdict: rules.VerdictRefused, Measured: "content missing",
		}}}, nil
	case err != nil:
		return judged, fmt.Errorf("read: %w", err)
	}
	return check(ctx, facts, rs, port.NewOriginal{
		TrackingNumber: item.Number, Kind: kind, Source: item.Source, TakenAt: item.TakenAt, Given: item.Given,
	}, now, f.Name())
}

func check(ctx context.Context, facts *rules.Facts, rs rules.Ruleset, o port.NewOriginal, now time.Time, path string) (rules.Preflight, error) {
	sight, err := inspect.File(ctx, path, o.Kind, rs.Pack.Location())
	if err != nil {
		return rules.Preflight{}, fmt.Errorf("measure: %w", err)
	}
	of := rules.PreflightFacts(facts, rs, o.TrackingNumber, nil, now)
	of.Kind, of.Source, of.Given = o.Kind, o.Source, map[string]string{} // asked for, whether stated or not
	maps.Copy(of.Given, o.Given)
	if !o.TakenAt.IsZero() && of.Given[rules.GivenTakenAt] == "" {
		of.Given[rules.GivenTakenAt] = o.TakenAt.Format(time.RFC3339)
	}
	return rs.Preflight(of, &sight), nil
}

func (c *Checker) known(ctx context.Context, store, order string) (*rules.Facts, rules.Ruleset, error) {
	facts, pinned, err := c.Facts.OrderFacts(ctx, store, order)
	if err != nil {
		return nil, rules.Ruleset{}, err //nolint:wrapcheck // it says what it did
	}
	rs, err := c.For(facts, pinned)
	return facts, rs, err
}
