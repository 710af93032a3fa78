package backtest

import "hash/maphash"

// bloomBits is the size of the filter, 32 MiB: with the two keys of a usual order, one
// false suspicion in a million at 1 million orders, and four in a thousand at 10 million.
const bloomBits = 1 << 28

// key is the hash of an order or of a tracking number of a store.
type key uint64

// hasher makes keys. Their values hold within a process only.
type hasher struct{ seed maphash.Seed }

func (h hasher) order(store, order string) key { return h.key("o", store, order) }

func (h hasher) number(store, number string) key { return h.key("n", store, number) }

func (h hasher) key(kind, store, name string) key {
	return key(maphash.Comparable(h.seed, [3]string{kind, store, name}))
}

// bloom remembers keys in fixed memory: what was added is always found again, and some
// that was not.
type bloom []uint64

func newBloom() bloom { return make(bloom, bloomBits/64) }

// add remembers k and tells whether it may have been there.
func (b bloom) add(k key) bool {
	known := true
	h, step := uint64(k), uint64(k)>>32|1
	for range 4 {
		bit := h % bloomBits
		mask := uint64(1) << (bit % 64)
		known = known && b[bit/64]&mask != 0
		b[bit/64] |= mask
		h += step
	}
	return known
}
