package preflight

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

// What is remembered of pictures and documents: at most some megabytes. Tables and conversations
// are as large as their sights, and are read again fast.
const (
	maxSights = 512
	maxWords  = 16 << 10 // bytes of a sight's text
)

// sights remembers what was measured, for bytes that are known by their hash show the same again.
// What was judged is never remembered: it depends on the facts.
type sights struct {
	once  sync.Once
	cache *lru.Cache[sighted, rules.Sight]
}

// sighted is what a sight depends on.
type sighted struct {
	sha256 string
	kind   rules.EvidenceKind
	zone   string // of clocks that name none
}

func (s *sights) known() *lru.Cache[sighted, rules.Sight] {
	s.once.Do(func() { s.cache, _ = lru.New[sighted, rules.Sight](maxSights) }) // it fails for no size alone
	return s.cache
}

func (s *sights) get(key sighted) (rules.Sight, bool) { return s.known().Get(key) }

// put remembers a sight, unless the time was too short for it: the next may see more.
func (s *sights) put(key sighted, sight *rules.Sight) {
	if (sight.Form == policy.FormPicture || sight.Form == policy.FormDocument) && len(sight.Text) <= maxWords && !sight.Unsees(rules.UnseenTime) {
		s.known().Add(key, *sight)
	}
}
