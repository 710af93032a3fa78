package evidence_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/evidence"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
)

// Whatever is changed, removed or swapped shows, with its place.
func TestVerify(t *testing.T) {
	t.Parallel()
	blobKey := func(sum string) string { return "sha256/" + sum[:2] + "/" + sum }
	reseal := func(item *port.EvidenceItem) { item.Seal = item.Sum() }
	for name, tc := range map[string]struct {
		spoil func(b *bundle, chain []port.EvidenceItem) []port.EvidenceItem
		want  []string
	}{
		"whole": {func(_ *bundle, c []port.EvidenceItem) []port.EvidenceItem { return c }, nil},
		"changed": {func(_ *bundle, c []port.EvidenceItem) []port.EvidenceItem {
			c[1].Name = "other.txt"
			return c
		}, []string{"#2 entry-changed"}},
		"changed and sealed anew": {func(_ *bundle, c []port.EvidenceItem) []port.EvidenceItem {
			c[1].Given = map[string]string{"ship_date": "2026-01-01"}
			reseal(&c[1])
			return c
		}, []string{"#3 entry-missing"}},
		"removed":       {func(_ *bundle, c []port.EvidenceItem) []port.EvidenceItem { return slices.Delete(c, 1, 2) }, []string{"#3 entry-missing"}},
		"first removed": {func(_ *bundle, c []port.EvidenceItem) []port.EvidenceItem { return c[1:] }, []string{"#2 entry-missing"}},
		"last removed":  {func(_ *bundle, c []port.EvidenceItem) []port.EvidenceItem { return c[:3] }, []string{"#4 head-wrong"}},
		"swapped": {func(_ *bundle, c []port.EvidenceItem) []port.EvidenceItem {
			c[1], c[2] = c[2], c[1]
			c[1].Position, c[2].Position = 2, 3
			return c
		}, []string{"#2 entry-missing", "#2 entry-changed", "#3 entry-missing", "#3 entry-changed", "#4 entry-missing"}},
		"content gone": {func(b *bundle, c []port.EvidenceItem) []port.EvidenceItem {
			require.NoError(t, b.bucket.Delete(t.Context(), blobKey(c[2].SHA256)))
			return c
		}, []string{"#3 blob-missing"}},
		"content changed": {func(b *bundle, c []port.EvidenceItem) []port.EvidenceItem {
			require.NoError(t, b.bucket.WriteAll(t.Context(), blobKey(c[0].SHA256), []byte("file 1\n"), nil))
			return c
		}, []string{"#1 blob-changed"}},
		"content longer": {func(b *bundle, c []port.EvidenceItem) []port.EvidenceItem {
			require.NoError(t, b.bucket.WriteAll(t.Context(), blobKey(c[0].SHA256), []byte("file 0\n\n"), nil))
			return c
		}, []string{"#1 blob-changed"}},
		"contents swapped": {func(_ *bundle, c []port.EvidenceItem) []port.EvidenceItem {
			c[0].SHA256, c[1].SHA256 = c[1].SHA256, c[0].SHA256
			return c
		}, []string{"#1 entry-changed", "#2 entry-changed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			for i := range 4 {
				b.put(t, fmt.Sprintf("%d.txt", i), fmt.Appendf(nil, "file %d\n", i))
			}
			chain := slices.Clone(b.index.Chains["shop"])
			last := chain[3]
			ended := &ended{b.index, port.EvidenceHead{Store: "shop", Position: 4, Seal: last.Seal, Last: 4}}
			b.index.Chains["shop"] = tc.spoil(b, chain)
			report, err := evidence.New(b.bucket, ended, "").Verify(t.Context())
			require.NoError(t, err)
			var found []string
			for _, x := range report.Broken {
				require.Equal(t, "shop", x.Store)
				found = append(found, fmt.Sprintf("#%d %s", x.Position, x.Fault))
			}
			require.Equal(t, tc.want, found)
			require.EqualValues(t, len(b.index.Chains["shop"]), report.Entries)
			if tc.want == nil {
				require.Equal(t, []evidence.Head{{Store: "shop", Entries: 4, Seal: fmt.Sprintf("%x", last.Seal)}}, report.Heads)
				require.EqualValues(t, 4, report.Blobs)
			}
		})
	}
}

// ended tells where the chain ended, whatever became of it since.
type ended struct {
	*porttest.EvidenceIndex
	head port.EvidenceHead
}

func (e *ended) Heads(ctx context.Context) ([]port.EvidenceHead, error) {
	return []port.EvidenceHead{e.head}, ctx.Err()
}

// Changed content is noticed when it is read, too, and never written over.
func TestChangedContent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kept := b.put(t, "a.txt", []byte("file 0\n"))
	key := "sha256/" + kept.SHA256[:2] + "/" + kept.SHA256
	require.NoError(t, b.bucket.WriteAll(t.Context(), key, []byte("file 1\n"), nil))
	r, err := b.Open(t.Context(), kept.SHA256)
	require.NoError(t, err)
	_, err = io.ReadAll(r)
	require.ErrorContains(t, err, "was changed")
	require.NoError(t, r.Close())
	_, err = b.Put(t.Context(), original("a.txt"), strings.NewReader("file 0\n"))
	require.ErrorContains(t, err, "blob-changed")
}

// A chain of more than a page, with what was noted before there was a vault.
func TestVerifyLongChains(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 1200 {
		item := port.EvidenceItem{Store: "shop", Order: fmt.Sprint(i)}
		item.Kind, item.SHA256 = "waybill", "of old"
		_, err := b.index.Append(t.Context(), item)
		require.NoError(t, err)
	}
	report, err := b.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, report.Broken)
	require.EqualValues(t, 1200, report.Entries)
	require.EqualValues(t, 1200, report.Noted)
	for i := range b.index.Chains["shop"] {
		b.index.Chains["shop"][i].Name = "x"
	}
	report, err = b.Verify(t.Context())
	require.ErrorIs(t, err, evidence.ErrTooBroken)
	require.Len(t, report.Broken, 1000)
}
