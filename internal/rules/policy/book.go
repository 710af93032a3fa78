package policy

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

//go:embed packs/*.yaml
var packs embed.FS

// Book is the packs that a process knows. Fill it at the start; afterwards it
// is safe for concurrent reading.
type Book struct {
	packs []*Pack // by InForceFrom
}

// Embedded is a new book of all packs in the binary. An error is a fault of
// the build.
func Embedded() (*Book, error) {
	names, err := fs.Glob(packs, "packs/*.yaml")
	if err != nil {
		return nil, err
	}
	book := new(Book)
	for _, name := range names {
		data, err := packs.ReadFile(name)
		if err != nil {
			return nil, err
		}
		pack, err := Load(bytes.NewReader(data), name)
		if err != nil {
			return nil, err
		}
		if err := book.Add(pack); err != nil {
			return nil, err
		}
	}
	return book, nil
}

// Add puts a loaded pack into the book. A pack of the same ID, or of the same
// platform and start, is refused: orders are pinned to packs by ID, so a
// changed pack needs a new one.
func (b *Book) Add(p *Pack) error {
	for _, other := range b.packs {
		if other.ID == p.ID {
			return fmt.Errorf("policy pack %s: the id is taken; give the changed pack a new id", p.ID)
		}
		if other.Platform == p.Platform && other.InForceFrom.Equal(p.InForceFrom) {
			return fmt.Errorf("policy pack %s: in_force_from %s is that of pack %s; expected another moment",
				p.ID, p.InForceFrom.Format(time.RFC3339), other.ID)
		}
	}
	i, _ := slices.BinarySearchFunc(b.packs, p.InForceFrom, func(o *Pack, at time.Time) int {
		return cmp.Or(o.InForceFrom.Compare(at), -1)
	})
	b.packs = slices.Insert(b.packs, i, p)
	return nil
}

// ByID finds the pack to which an order is pinned.
func (b *Book) ByID(id string) (*Pack, bool) {
	for _, p := range b.packs {
		if p.ID == id {
			return p, true
		}
	}
	return nil, false
}

// InForce is the platform's pack in force at a moment; before the platform's
// first pack it is the first. It is nil for a platform without packs.
func (b *Book) InForce(platform string, at time.Time) *Pack {
	var found *Pack
	for _, p := range b.packs {
		if p.Platform != platform {
			continue
		}
		if found != nil && p.InForceFrom.After(at) {
			break
		}
		found = p
	}
	return found
}
