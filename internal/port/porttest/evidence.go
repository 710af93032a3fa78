package porttest

import (
	"context"
	"slices"
	"sync"

	"parcelward/internal/port"
)

// EvidenceIndex is a vault's index in memory. Tests may reach into its chains.
type EvidenceIndex struct {
	mu     sync.Mutex
	Chains map[string][]port.EvidenceItem // by store
	Err    error                          // what every method returns
}

var _ port.EvidenceIndex = (*EvidenceIndex)(nil)

// Append implements [port.EvidenceIndex].
func (x *EvidenceIndex) Append(_ context.Context, item port.EvidenceItem) (port.EvidenceItem, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	chain := x.Chains[item.Store]
	for i := range slices.Backward(chain) {
		old := &chain[i]
		if old.Order == item.Order && old.Number == item.Number && old.Kind == item.Kind && old.SHA256 == item.SHA256 {
			if !item.Upon(old) {
				return *old, x.Err
			}
			break
		}
	}
	item.Position, item.Previous = int64(len(chain)+1), nil
	if len(chain) > 0 {
		item.Previous = chain[len(chain)-1].Seal
	}
	item.Seal = item.Sum()
	if x.Err != nil {
		return port.EvidenceItem{}, x.Err
	}
	if x.Chains == nil {
		x.Chains = make(map[string][]port.EvidenceItem)
	}
	x.Chains[item.Store] = append(chain, item)
	return item, nil
}

// Items implements [port.EvidenceIndex].
func (x *EvidenceIndex) Items(_ context.Context, store, order string) ([]port.EvidenceItem, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var of []port.EvidenceItem
	for _, item := range x.Chains[store] {
		if item.Order == order {
			of = append(of, item)
		}
	}
	return of, x.Err
}

// Heads implements [port.EvidenceIndex].
func (x *EvidenceIndex) Heads(context.Context) ([]port.EvidenceHead, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var heads []port.EvidenceHead
	for store, chain := range x.Chains {
		last := chain[len(chain)-1]
		heads = append(heads, port.EvidenceHead{Store: store, Position: last.Position, Seal: last.Seal, Last: last.Position})
	}
	return heads, x.Err
}

// Chain implements [port.EvidenceIndex].
func (x *EvidenceIndex) Chain(_ context.Context, store string, behind int64, limit int) ([]port.EvidenceItem, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var items []port.EvidenceItem
	for _, item := range x.Chains[store] {
		if item.Position > behind && len(items) < limit {
			items = append(items, item)
		}
	}
	return items, x.Err
}
