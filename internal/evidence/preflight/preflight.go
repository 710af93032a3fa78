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
	Vault   Vault
	Facts   port.OrderFacts
	Aliases port.Aliases                                               // of the parcel: a waybill may show the last mile's number
	For     func(f *rules.Facts, pinned string) (rules.Ruleset, error) // what an order is judged by
	Now     func() time.Time                                           // virtual: of an upload
	Folder  string                                                     // for files that are being measured; empty: the system's

	sights sights
}

var _ port.Preflight = (*Checker)(nil)

// Upload judges an original whose bytes lie in a file, by what is known now.
func (c *Checker) Upload(ctx context.Context, o port.NewOriginal, path string) (rules.Preflight, rules.Ruleset, error) {
	k, err := c.known(ctx, o.Store, o.Order, o.TrackingNumber)
	if err != nil {
		return rules.Preflight{}, k.rules, err
	}
	sight, err := look(ctx, k.rules, o.Kind, path)
	if err != nil {
		return rules.Preflight{}, k.rules, err
	}
	return k.judge(o, c.Now(), &sight), k.rules, nil
}

// Papers implements [port.Preflight].
func (c *Checker) Papers(ctx context.Context, r protocol.PapersRequest) (protocol.Papers, error) {
	k, err := c.known(ctx, r.Store, r.Order, r.TrackingNumber)
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
		one, err := c.item(ctx, k, item, r.Now)
		if err != nil {
			return protocol.Papers{}, fmt.Errorf("judge %s (%s): %w", item.Name, item.SHA256, err)
		}
		judged = append(judged, rules.CheckedOriginal{SHA256: item.SHA256, Name: item.Name, Preflight: one})
		if one.Verdict != rules.VerdictRefused || slices.Contains(r.HandedIn, item.SHA256) {
			out.Evidence = append(out.Evidence, item.Evidence)
		}
	}
	out.Papers = k.rules.PapersOf(judged)
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

// item judges an original of the vault. One whose content is not there is refused.
func (c *Checker) item(ctx context.Context, k known, item *port.EvidenceItem, now time.Time) (rules.Preflight, error) {
	kind := rules.EvidenceKind(item.Kind)
	sight, err := c.sight(ctx, k.rules, item.SHA256, kind)
	switch {
	case errors.Is(err, port.ErrRefused):
		return rules.Preflight{Kind: kind, Verdict: rules.VerdictRefused, Findings: []rules.PreflightFinding{{
			Code: rules.PreflightUnread, Verdict: rules.VerdictRefused, Measured: "content missing",
		}}}, nil
	case err != nil:
		return rules.Preflight{}, err
	}
	return k.judge(port.NewOriginal{
		TrackingNumber: item.Number, Kind: kind, Source: item.Source, TakenAt: item.TakenAt, Given: item.Given,
	}, now, &sight), nil
}

// sight is what an original shows. It is measured once: later only the content is read through,
// so that one that was lost or changed meanwhile is noticed.
func (c *Checker) sight(ctx context.Context, rs rules.Ruleset, sha256 string, kind rules.EvidenceKind) (sight rules.Sight, err error) {
	content, err := c.Vault.Open(ctx, sha256)
	if err != nil {
		return sight, fmt.Errorf("read: %w", err)
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	key := sighted{sha256, kind, rs.Pack.Location().String()}
	if sight, ok := c.sights.get(key); ok {
		if _, err := io.Copy(io.Discard, content); err != nil {
			return sight, fmt.Errorf("read: %w", err)
		}
		return sight, nil
	}
	f, err := os.CreateTemp(c.Folder, "parcelward-preflight-*")
	if err != nil {
		return sight, fmt.Errorf("spool: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if _, err := io.Copy(f, content); err != nil {
		return sight, fmt.Errorf("read: %w", err)
	}
	if sight, err = look(ctx, rs, kind, f.Name()); err == nil {
		c.sights.put(key, &sight)
	}
	return sight, err
}

func look(ctx context.Context, rs rules.Ruleset, kind rules.EvidenceKind, path string) (rules.Sight, error) {
	sight, err := inspect.File(ctx, path, kind, rs.Pack.Location())
	if err != nil {
		return sight, fmt.Errorf("measure: %w", err)
	}
	return sight, nil
}

// known is what originals of a parcel, and of its order as a whole, are judged by.
type known struct {
	facts   *rules.Facts
	rules   rules.Ruleset
	aliases []string // of the parcel
}

func (k known) judge(o port.NewOriginal, now time.Time, sight *rules.Sight) rules.Preflight {
	of := rules.PreflightFacts(k.facts, k.rules, o.TrackingNumber, k.aliases, now)
	of.Kind, of.Source, of.TakenAt, of.Given = o.Kind, o.Source, o.TakenAt, map[string]string{} // asked for, whether stated or not
	maps.Copy(of.Given, o.Given)
	if !o.TakenAt.IsZero() && of.Given[rules.GivenTakenAt] == "" {
		of.Given[rules.GivenTakenAt] = o.TakenAt.Format(time.RFC3339)
	}
	return k.rules.Preflight(of, sight)
}

// known asks for what there is about an order and one of its parcels; an empty number: none.
func (c *Checker) known(ctx context.Context, store, order, number string) (k known, err error) {
	var pinned string
	if k.facts, pinned, err = c.Facts.OrderFacts(ctx, store, order); err != nil {
		return k, err //nolint:wrapcheck // it says what it did
	}
	if k.rules, err = c.For(k.facts, pinned); err != nil {
		return k, err
	}
	if k.rules.Pack == nil {
		return k, fmt.Errorf("order %s/%s: expected its order.created, which says by what it is judged; send it", store, order)
	}
	if number != "" {
		k.aliases, err = c.Aliases.Aliases(ctx, store, number)
	}
	return k, err //nolint:wrapcheck // it says what it did
}
