package api_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/config"
	"parcelward/internal/evidence"
	"parcelward/internal/evidence/inspect"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
	"parcelward/internal/rules"
)

// Sixteen uploads at once, of 20 MB and of 30 megapixels that take 120 MB each to decode, by the
// vault and again by the pre-flight: what they take together is bounded.
func TestUploadsAtOnceAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes memory")
	}
	known, err := new(config.Shared).Rules()
	require.NoError(t, err)
	bucket, err := evidence.OpenBucket(t.Context(), "file://"+t.TempDir())
	require.NoError(t, err)
	s := new(store)
	check := func(ctx context.Context, o port.NewOriginal, path string) (api.Verdict, error) {
		sight, err := inspect.File(ctx, path, o.Kind, time.UTC)
		assert.NotNil(t, sight.Picture)
		return api.Verdict{Verdict: "look"}, err
	}
	srv := httptest.NewServer(api.New(api.Options{
		Store: s, Workflows: new(workflows), Rules: known, Clock: clock(), Log: slog.New(slog.DiscardHandler),
		Vault: evidence.New(bucket, new(porttest.EvidenceIndex), t.TempDir()), Check: check,
	}))
	t.Cleanup(srv.Close)
	b := &bundle{store: s, workflows: new(workflows), url: srv.URL, client: api.Client{Base: srv.URL, HTTP: srv.Client()}}
	b.load(t, stalled())

	noise := image.NewGray(image.Rect(0, 0, 4500, 4500))
	for i := range noise.Pix {
		noise.Pix[i] = byte(rand.Uint32())
	}
	var bodies [][]byte
	for _, img := range []image.Image{noise, image.NewNRGBA(image.Rect(0, 0, 6000, 5000))} {
		var file bytes.Buffer
		require.NoError(t, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&file, img))
		require.LessOrEqual(t, file.Len(), evidence.MaxDocument)
		_, body := form(t, "kind="+string(rules.EvidenceProductPhotos), "by=li", "@a.png="+file.String())
		bodies = append(bodies, []byte(body))
	}
	noise = nil
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // what was freed hardly counts
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, m.HeapAlloc
	ended, sampled := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampled)
		for {
			select {
			case <-ended:
				return
			case <-time.After(2 * time.Millisecond):
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
	}()
	var uploads sync.WaitGroup
	for i := range 16 {
		uploads.Go(func() {
			body := bodies[i%2]
			boundary := body[2:bytes.IndexByte(body, '\r')]
			res, err := http.Post(srv.URL+"/v1/orders/s/1/evidence", fmt.Sprintf("multipart/form-data; boundary=%s", boundary), bytes.NewReader(body))
			if assert.NoError(t, err) {
				assert.Equal(t, http.StatusCreated, res.StatusCode)
				assert.NoError(t, res.Body.Close())
			}
		})
	}
	uploads.Wait()
	close(ended)
	<-sampled
	t.Logf("%d MB", (most-before)>>20)
	// The vault's 80 and 256 MB, the pre-flight's 512 MB, and what is not collected yet.
	assert.Less(t, most-before, uint64(1050<<20))
}
