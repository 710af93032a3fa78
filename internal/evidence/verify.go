package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"gocloud.dev/gcerrors"

	"parcelward/internal/port"
)

// What can be wrong with the vault.
const (
	EntryChanged = "entry-changed" // an entry is not what was sealed
	EntryMissing = "entry-missing" // entries were removed, swapped or put in between
	HeadMissing  = "head-wrong"    // the chain does not end where it was noted to end
	BlobMissing  = "blob-missing"
	BlobChanged  = "blob-changed" // other bytes than were kept
)

// Broken is one thing that is wrong.
type Broken struct {
	Store    string `json:"store"`
	Position int64  `json:"position"` // in the store's chain
	Order    string `json:"order,omitempty"`
	SHA256   string `json:"sha256,omitempty"`
	Fault    string `json:"fault"`
}

// Head is where a store's chain ends. Noted outside of the database, it shows also that a chain
// was written anew from some entry on.
type Head struct {
	Store   string `json:"store"`
	Entries int64  `json:"entries"`
	Seal    string `json:"seal"` // hexadecimal
}

// Report is what a verification found.
type Report struct {
	Heads   []Head   `json:"heads"`
	Entries int64    `json:"entries"` // looked at
	Blobs   int64    `json:"blobs"`   // read and hashed
	Noted   int64    `json:"noted"`   // entries from before there was a vault: their content was never kept
	Broken  []Broken `json:"broken"`
}

const (
	page = 500
	// maxBroken bounds what is listed: where everything is gone, that is clear by then.
	maxBroken = 1000
)

// ErrTooBroken ends a verification that found more than can be listed.
var ErrTooBroken = errors.New("more is broken than is listed")

// Verify walks over every chain and reads every content. What is added meanwhile is left to the
// next time. Where it fails, the report holds what was found before.
func (v *Vault) Verify(ctx context.Context) (Report, error) {
	r := Report{Heads: []Head{}, Broken: []Broken{}}
	heads, err := v.index.Heads(ctx)
	if err != nil {
		return r, fmt.Errorf("read where the chains end: %w", err)
	}
	seen := make(map[[sha256.Size]byte]bool) // contents
	for _, head := range heads {
		if err := v.verifyStore(ctx, &r, head, seen); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (v *Vault) verifyStore(ctx context.Context, r *Report, head port.EvidenceHead, seen map[[sha256.Size]byte]bool) error {
	add := func(b Broken) error {
		if len(r.Broken) == maxBroken {
			return ErrTooBroken
		}
		r.Broken = append(r.Broken, b)
		return nil
	}
	end := max(head.Position, head.Last)
	var previous []byte
	at := int64(0)
	for more := true; more; {
		items, err := v.index.Chain(ctx, head.Store, at, page)
		if err != nil {
			return fmt.Errorf("read the chain of %s behind %d: %w", head.Store, at, err)
		}
		for i := range items {
			item := &items[i]
			if item.Position > end {
				items = nil // added meanwhile
				break
			}
			faults, err := v.verifyItem(ctx, r, item, at, previous, seen)
			if err != nil {
				return err
			}
			for _, fault := range faults {
				if err := add(Broken{item.Store, item.Position, item.Order, item.SHA256, fault}); err != nil {
					return err
				}
			}
			at, previous = item.Position, item.Seal
		}
		more = len(items) == page
	}
	r.Heads = append(r.Heads, Head{head.Store, at, hex.EncodeToString(previous)})
	if at != head.Position || !bytes.Equal(previous, head.Seal) {
		return add(Broken{Store: head.Store, Position: max(at, head.Position), Fault: HeadMissing})
	}
	return nil
}

// verifyItem holds an entry against the one before it and against its content.
func (v *Vault) verifyItem(ctx context.Context, r *Report, item *port.EvidenceItem, before int64, previous []byte, seen map[[sha256.Size]byte]bool) ([]string, error) {
	var faults []string
	r.Entries++
	if item.Position != before+1 || !bytes.Equal(item.Previous, previous) {
		faults = append(faults, EntryMissing)
	}
	if !bytes.Equal(item.Seal, item.Sum()) {
		faults = append(faults, EntryChanged)
	}
	if item.Noted() {
		r.Noted++
		return faults, nil
	}
	sum, good := contentHash(item.SHA256)
	if !good {
		return append(faults, EntryChanged), nil
	}
	if seen[sum] {
		return faults, nil
	}
	seen[sum] = true
	broken, err := v.rehash(ctx, item.SHA256, item.Size)
	if err != nil {
		return faults, err
	}
	r.Blobs++
	if broken != "" {
		faults = append(faults, broken)
	}
	return faults, nil
}

// rehash reads content and tells what is wrong with it; empty: nothing.
func (v *Vault) rehash(ctx context.Context, sum string, size int64) (broken string, err error) {
	r, err := v.bucket.NewReader(ctx, blobKey(sum), nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return BlobMissing, nil
	}
	if err != nil {
		return "", fmt.Errorf("read original %s: %w", sum, err)
	}
	defer r.Close() //nolint:errcheck // only read
	if r.Size() != size {
		return BlobChanged, nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", fmt.Errorf("read original %s: %w", sum, err)
	}
	if hex.EncodeToString(h.Sum(nil)) != sum {
		return BlobChanged, nil
	}
	return "", nil
}
