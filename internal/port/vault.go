package port

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strconv"
	"time"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// ErrChanged marks content of the vault that is not what was kept.
var ErrChanged = errors.New("content is not what was kept")

// NewOriginal is what is known of an original beside its bytes.
type NewOriginal struct {
	Store          string
	Order          string
	TrackingNumber string // normalised; empty: evidence of the order as a whole
	Kind           rules.EvidenceKind
	Name           string    // of its file, as it came
	Source         string    // upload, platform, warehouse, carrier
	By             string    // the person, or the service
	TakenAt        time.Time // zero: as its bytes tell, where they do
	// Given is what the uploader states and the bytes do not show: ship_date, weight_kg, skus …
	Given map[string]string
}

// The sources of originals.
const (
	SourceUpload   = "upload"   // a person brought it
	SourcePlatform = "platform" // fetched there
)

// Vault holds the evidence of orders: originals under the hash of their content, and what is
// known of each. It only ever adds.
type Vault interface {
	// Evidence lists what there is for a parcel and for its order as a whole, by kind then hash.
	Evidence(ctx context.Context, store, order, number string) ([]protocol.Evidence, error)
	// Put keeps an original, once for each place (store, order, number, kind) and content. One
	// that must not be kept is refused by an *[OriginalError].
	Put(ctx context.Context, o NewOriginal, content io.Reader) (protocol.Evidence, error)
	// Open reads an original. Reading ends with an error that wraps [ErrChanged] where the content
	// is not that of the hash any more. An unknown hash is an error that wraps [ErrRefused].
	Open(ctx context.Context, sha256 string) (io.ReadCloser, error)
	// KeepEvidence puts originals that the vault holds for the order at a parcel too; one that
	// is there already changes nothing.
	KeepEvidence(ctx context.Context, store, order, number string, originals []protocol.Evidence) error
}

// OrderFacts is what our own records say of orders.
type OrderFacts interface {
	// OrderFacts are all facts of an order, and the policy pack to which it is pinned; none where
	// no event has named the order.
	OrderFacts(ctx context.Context, store, order string) (facts *rules.Facts, pinned string, err error)
}

// Aliases is what carriers' services told of the numbers of parcels.
type Aliases interface {
	// Aliases are the further numbers of a parcel, such as the last mile's, but none that is
	// another parcel's own; none where no service has told one. The number is normalised.
	Aliases(ctx context.Context, store, number string) ([]string, error)
}

// Preflight judges originals of the vault.
type Preflight interface {
	// Papers judges each original that there is for a parcel and for its order as a whole.
	Papers(ctx context.Context, r protocol.PapersRequest) (protocol.Papers, error)
}

// OriginalError says why an original must not be kept. It wraps [ErrRefused].
type OriginalError struct {
	rules.OriginalFault
	Name string // of the file, cleaned
}

// Error implements error.
func (e *OriginalError) Error() string {
	return e.Name + ": " + wording.OriginalFault(e.OriginalFault).EN
}

// Unwrap implements the interface of package errors.
func (e *OriginalError) Unwrap() error { return ErrRefused }

// EvidenceItem is one entry of the vault's index: an original at its place.
type EvidenceItem struct {
	Store    string
	Position int64 // in the store's chain, from 1
	Order    string
	Number   string // normalised; empty: of the order as a whole
	protocol.Evidence
	Given  map[string]string
	KeptAt time.Time // real time

	Previous []byte // Seal of the entry before; of the first: none
	Seal     []byte // see [EvidenceItem.Sum]
}

// Noted tells that the entry stems from before there was a vault: its content was never kept.
func (i *EvidenceItem) Noted() bool { return i.Size == 0 }

// GivenText is Given as it is kept and sealed: JSON with its keys in order.
func (i *EvidenceItem) GivenText() string {
	if len(i.Given) == 0 {
		return "{}"
	}
	text, _ := json.Marshal(i.Given) // strings always can be written
	return string(text)
}

// Sum is the seal that the entry must bear: SHA-256 over everything that it says, and over the
// seal of the entry before. Each part bears its length, so that none can pass for another. The
// migration that moved older entries has the same in SQL.
func (i *EvidenceItem) Sum() []byte {
	h := sha256.New()
	for _, part := range []string{
		string(i.Previous), i.Store, strconv.FormatInt(i.Position, 10), i.Order, i.Number, i.Kind, i.SHA256, i.Name, i.MediaType,
		strconv.FormatInt(i.Size, 10), i.Source, i.By, micros(i.TakenAt), i.GivenText(), micros(i.KeptAt),
	} {
		_, _ = io.WriteString(h, strconv.Itoa(len(part))+":"+part+",") // a hash never fails
	}
	return h.Sum(nil)
}

func micros(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMicro(), 10)
}

// Upon makes the entry what is to be kept after an older one of the same place and content: the
// same original, with everything that was stated of it before and is not stated anew. It reports
// false where that is nothing new.
func (i *EvidenceItem) Upon(old *EvidenceItem) bool {
	given := maps.Clone(old.Given)
	if given == nil {
		given = map[string]string{}
	}
	maps.Copy(given, i.Given)
	if i.TakenAt.IsZero() {
		i.TakenAt = old.TakenAt
	}
	i.Given = given
	return old.Noted() && !i.Noted() || !i.TakenAt.Equal(old.TakenAt) || !maps.Equal(given, old.Given)
}

// EvidenceHead is where a store's chain ends.
type EvidenceHead struct {
	Store    string
	Position int64  // as noted when the last entry was added; 0: nothing is noted
	Seal     []byte // as noted
	Last     int64  // the highest position that an entry bears
}

// EvidenceIndex is the vault's index: a chain of entries for each store.
type EvidenceIndex interface {
	// Append seals an entry onto its store's chain and returns it as it is kept. Where the
	// latest entry of its place and content says all of it already (see [EvidenceItem.Upon]),
	// that one is returned. One after the other in each store.
	Append(ctx context.Context, item EvidenceItem) (EvidenceItem, error)
	// Items lists the entries of an order, oldest first.
	Items(ctx context.Context, store, order string) ([]EvidenceItem, error)
	// Heads tells where the chains end, by store.
	Heads(ctx context.Context) ([]EvidenceHead, error)
	// Chain returns the entries of a store behind a position, in order, at most limit.
	Chain(ctx context.Context, store string, behind int64, limit int) ([]EvidenceItem, error)
}
