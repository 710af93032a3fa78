// Package twin is what the simulated services have in common: work that goes on beside their
// answers and ends with them, pushes to whoever hears them, and answers in JSON.
package twin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// maxReply bounds what is read of the answer to a push.
const maxReply = 1 << 16

// Work is what a service does beside answering. Take [NewWork]; it is safe for concurrent use.
type Work struct {
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex // nothing starts while it closes
}

// NewWork makes work that goes on until Close.
func NewWork() *Work {
	w := &Work{}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

// Context ends with Close.
func (w *Work) Context() context.Context { return w.ctx }

// Go runs do beside; after Close it does not.
func (w *Work) Go(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ctx.Err() == nil {
		w.running.Go(do)
	}
}

// Close ends all work and waits for it.
func (w *Work) Close() {
	w.mu.Lock()
	w.cancel()
	w.mu.Unlock()
	w.running.Wait()
}

// Sleep waits a real span; false: ctx ended first.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// JSON answers a call.
func JSON(w http.ResponseWriter, status int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(encoded) // a caller who is gone asks again
}

// FormType is the content type of a form.
const FormType = "application/x-www-form-urlencoded;charset=utf-8"

// Push posts a body and returns the answer's status and the beginning of its body. The status is
// 0 where the error says that there was no answer.
func Push(ctx context.Context, c *http.Client, url, contentType string, header http.Header, body []byte) (status int, reply []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("push: %w", err)
	}
	if header != nil {
		r.Header = header
	}
	r.Header.Set("Content-Type", contentType)
	resp, err := c.Do(r)
	if err != nil {
		return 0, nil, fmt.Errorf("push: %w", err)
	}
	reply, err = io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return resp.StatusCode, nil, fmt.Errorf("push: read the answer: %w", err)
	}
	return resp.StatusCode, reply, nil
}
