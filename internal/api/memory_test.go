package api_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/config"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
)

// stuck is an inbox that does not answer until it is let go.
type stuck struct {
	store
	entered, letGo chan struct{}
}

func (s *stuck) Accept(ctx context.Context, _ []postgres.Incoming) (postgres.Accepted, error) {
	s.entered <- struct{}{}
	select {
	case <-s.letGo:
	case <-ctx.Done():
	}
	return postgres.Accepted{}, ctx.Err()
}

// Bodies beyond the bound wait, and are sent away when their time is over.
func TestBodiesAtOnceAreBounded(t *testing.T) {
	known, err := new(config.Shared).Rules()
	require.NoError(t, err)
	s := &stuck{entered: make(chan struct{}, 7), letGo: make(chan struct{})}
	handler := api.New(api.Options{Store: s, Rules: known, Clock: clock(), Log: slog.New(slog.DiscardHandler)})
	event := created()
	body := event + strings.Repeat(" ", protocol.MaxBatchBytes-len(event))
	post := func(ctx context.Context) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/events", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-ndjson")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	var posts sync.WaitGroup
	for range 6 { // 60 of 64 MiB
		posts.Go(func() { assert.Equal(t, http.StatusAccepted, post(t.Context()).Code) })
		<-s.entered
	}
	hurried, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	w := post(hurried)
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.NotEmpty(t, w.Header().Get("Retry-After"))
	close(s.letGo)
	posts.Wait()
}
