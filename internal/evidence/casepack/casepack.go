// Package casepack puts the pack of a case together: what the rules hand in for it, and the
// originals of the vault that may be handed in, judged anew.
//
// Invariants: the same facts and originals give the same bytes; an original that the pre-flight
// refuses stays out and is told; one that the vault has lost, or that was changed there, stops the
// pack with a [*BrokenError]: nobody must take a pack without it for the whole. Nothing is decided
// here: rules decide, pack lays out.
package casepack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"parcelward/internal/evidence/pack"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// What there is no pack of.
var (
	ErrNoOrder     = errors.New("no event names the order, or nobody knows when it was created")
	ErrNoCase      = errors.New("the order has no such case")
	ErrNoOriginals = errors.New("there is no original that may be handed in")
)

// BrokenError says that the vault does not hold an original as it was kept. It wraps why.
type BrokenError struct {
	Kind, SHA256 string // empty: it is not known which; the error that it wraps says more
	Err          error
}

// Error implements error.
func (e *BrokenError) Error() string {
	return "original " + e.Kind + " " + e.SHA256 + ": " + e.Err.Error()
}

// Unwrap implements the interface of package errors.
func (e *BrokenError) Unwrap() error { return e.Err }

// Vault is where the originals are.
type Vault interface {
	Items(ctx context.Context, store, order string) ([]port.EvidenceItem, error)
	Open(ctx context.Context, sha256 string) (io.ReadCloser, error)
}

// Maker makes packs. All fields but Folder are required.
type Maker struct {
	Vault  Vault
	Judge  port.Preflight
	Facts  port.OrderFacts
	For    func(f *rules.Facts, pinned string) (rules.Ruleset, error) // what an order is judged by
	Now    func() time.Time                                           // virtual
	Folder string                                                     // for packs on their way; empty: the system's
}

// Case is what is to be handed in for a case.
type Case struct {
	Letter rules.CaseLetter
	Papers rules.Papers // every original, judged
	Pack   pack.Pack    // with those that may be handed in
	Rules  rules.Ruleset
}

// LeftOut are the originals that do not go along, because the pre-flight refuses them.
func (c *Case) LeftOut() []rules.CheckedOriginal {
	return slices.DeleteFunc(slices.Clone(c.Papers.Originals), func(o rules.CheckedOriginal) bool { return c.Letter.Holds(&o) })
}

// Cases lists the cases of an order, those that wait for somebody first. Errors: [ErrNoOrder],
// and those of the facts.
func (m *Maker) Cases(ctx context.Context, store, order string) ([]rules.Case, error) {
	f, rs, err := m.known(ctx, store, order)
	if err != nil {
		return nil, err
	}
	a, ok := rules.Assess(f, rs, m.Now())
	if !ok {
		return nil, ErrNoOrder
	}
	slices.SortFunc(a.Cases, rules.CompareCases)
	return a.Cases, nil
}

func (m *Maker) known(ctx context.Context, store, order string) (*rules.Facts, rules.Ruleset, error) {
	f, pinned, err := m.Facts.OrderFacts(ctx, store, order)
	if err != nil {
		return nil, rules.Ruleset{}, err //nolint:wrapcheck // it says what it did
	}
	rs, err := m.For(f, pinned)
	if err == nil && rs.Pack == nil {
		err = ErrNoOrder
	}
	return f, rs, err
}

// Case puts together what is handed in for a case. Errors: [ErrNoOrder], [ErrNoCase], a
// [*BrokenError], and those of facts and vault.
func (m *Maker) Case(ctx context.Context, store, order string, id rules.CaseID) (Case, error) {
	f, rs, err := m.known(ctx, store, order)
	if err != nil {
		return Case{}, err
	}
	now := m.Now()
	letter, ok := rules.LetterOf(f, rs, id, now)
	if !ok {
		return Case{}, ErrNoCase
	}
	papers, err := m.Judge.Papers(ctx, protocol.PapersRequest{Store: store, Order: order, TrackingNumber: id.TrackingNumber, Now: now})
	if errors.Is(err, port.ErrChanged) {
		return Case{}, &BrokenError{Err: err}
	}
	if err != nil {
		return Case{}, err //nolint:wrapcheck // it says what it did
	}
	items, err := m.Vault.Items(ctx, store, order)
	if err != nil {
		return Case{}, err //nolint:wrapcheck // it says what it did
	}
	c := Case{Letter: letter, Papers: papers.Papers, Rules: rs, Pack: pack.Pack{
		Letter:   wording.CaseLetter(&letter, store, order, rs.Pack),
		Traces:   []pack.Trace{{Number: id.TrackingNumber, Rows: letter.Rows}},
		Location: rs.Pack.Location(),
	}}
	for _, o := range papers.Originals {
		i := slices.IndexFunc(items, func(item port.EvidenceItem) bool {
			return item.SHA256 == o.SHA256 && item.Kind == string(o.Kind) && (item.Number == "" || item.Number == id.TrackingNumber)
		})
		if i < 0 || items[i].Noted() {
			continue // of a time before the vault: the judgement says that there is no content
		}
		if !letter.Holds(&o) {
			if err := m.there(ctx, &items[i]); err != nil {
				return Case{}, err
			}
			continue
		}
		c.Pack.Originals = append(c.Pack.Originals, pack.Original{Evidence: items[i].Evidence, TrackingNumber: items[i].Number, Verdict: string(o.Verdict), Added: letter.Adds(o.SHA256)})
	}
	pack.Sort(rs.Pack.Claim.EvidenceKinds.Value, c.Pack.Originals)
	return c, nil
}

// there tells an original that is refused as it is from one that the vault has lost.
func (m *Maker) there(ctx context.Context, item *port.EvidenceItem) error {
	content, err := m.Vault.Open(ctx, item.SHA256)
	switch {
	case errors.Is(err, port.ErrRefused):
		return &BrokenError{item.Kind, item.SHA256, err}
	case err != nil:
		return err //nolint:wrapcheck // it says what it did
	}
	return content.Close() //nolint:wrapcheck // only read
}

// Format is how a pack is written.
type Format string

// The formats.
const (
	PDF Format = "pdf" // the letter with its annexes
	ZIP Format = "zip" // that, the originals, and a manifest
)

// MediaType is the format's.
func (f Format) MediaType() string { return "application/" + string(f) }

// File is a written pack on its way out.
type File struct {
	*os.File

	Name   string // for people: ASCII
	SHA256 string // hexadecimal
}

// Close removes the file.
func (f *File) Close() error { return errors.Join(f.File.Close(), os.Remove(f.File.Name())) }

// Write writes a case's pack to a file of its own, so that nothing of it goes out before all of
// it is there. Errors: [ErrNoOriginals], a [*BrokenError], and those of vault and disk.
func (m *Maker) Write(ctx context.Context, c *Case, format Format) (_ *File, err error) {
	if len(c.Pack.Originals) == 0 {
		return nil, ErrNoOriginals
	}
	spool, err := os.CreateTemp(m.Folder, "parcelward-pack-*")
	if err != nil {
		return nil, fmt.Errorf("spool the pack: %w", err)
	}
	f := &File{File: spool, Name: c.Pack.Name() + "." + string(format)}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	write := pack.WritePDF
	if format == ZIP {
		write = pack.WriteZIP
	}
	sum := sha256.New()
	err = write(ctx, io.MultiWriter(f, sum), c.Pack, m.Vault.Open)
	if errors.Is(err, pack.ErrChanged) || errors.Is(err, port.ErrChanged) || errors.Is(err, port.ErrRefused) {
		return nil, &BrokenError{Err: err}
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what it did
	}
	f.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return f, nil
}
