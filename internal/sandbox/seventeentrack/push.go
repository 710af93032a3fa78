package seventeentrack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"parcelward/internal/rules/tracknum"
	"parcelward/internal/sandbox/twin"
	"parcelward/internal/sandbox/world"
)

type pushed struct {
	Event string `json:"event"`
	Data  shown  `json:"data"`
}

// Push pushes a registered number's present state at once, whatever the options say of lateness
// and repeats. The error says why it did not reach the callback.
func (t *Twin) Push(ctx context.Context, number string) error {
	r, err := t.one(number)
	if err != nil {
		return err
	}
	p, ok := t.world.Parcel(number)
	if !ok || len(p.Rows) == 0 {
		return fmt.Errorf("17track twin: push %s: nothing has happened to it yet", number)
	}
	body, err := t.updated(r, &p)
	if err != nil {
		return err
	}
	return t.send(ctx, r, body)
}

// GiveUp gives a number up, as the service does after long silence, and its push of that is lost.
func (t *Twin) GiveUp(number string) error {
	r, err := t.one(number)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !r.isStopped() {
		t.stop(r, "Expired")
	}
	return nil
}

// Expire is GiveUp with the push.
func (t *Twin) Expire(ctx context.Context, number string) error {
	if err := t.GiveUp(number); err != nil {
		return err
	}
	r, err := t.one(number)
	if err != nil {
		return err
	}
	t.mu.Lock()
	body, err := json.Marshal(pushed{"TRACKING_STOPPED", shown{r.Number, r.Carrier, optional(r.Param), optional(r.Tag), nil}})
	t.mu.Unlock()
	if err != nil || t.o.Callback == "" {
		return err
	}
	return t.send(ctx, r, body)
}

// one is a number's only registration.
func (t *Twin) one(number string) (*registration, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, unknown := t.find(number, 0)
	if unknown != nil {
		return nil, fmt.Errorf("17track twin: %d %s", unknown.Code, unknown.Message)
	}
	return r, nil
}

// repush is the call that asks for a push of the present state.
func (t *Twin) repush(in named) (any, *problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, unknown := t.find(in.Number, in.Carrier)
	switch {
	case unknown != nil:
		return nil, unknown
	case t.o.Callback == "":
		return nil, &problem{-18010204, "Webhook URL not set, cannot push data."}
	}
	number := tracknum.Normalize(in.Number)
	t.work.Go(func() { _ = t.Push(t.work.Context(), number) }) // gettracklist shows how it went
	return named{in.Number, r.Carrier}, nil
}

// follow pushes a number whenever rows of it come to pass. The caller holds the lock.
func (t *Twin) follow(r *registration) {
	if t.o.Callback == "" {
		return
	}
	ctx, cancel := context.WithCancel(t.work.Context())
	r.unfollow = cancel
	t.work.Go(func() {
		n := 0
		t.world.Follow(ctx, r.Number, func(p world.Parcel) {
			body, err := t.updated(r, &p)
			if err != nil {
				return // a parcel of the world can always be written
			}
			wait := t.o.Late
			if n%2 == 0 {
				wait += t.o.Reorder
			}
			n++
			t.work.Go(func() { t.deliver(ctx, r, body, wait) })
		})
	})
}

// deliver sends a push after a wait, and again as the options say.
func (t *Twin) deliver(ctx context.Context, r *registration, body []byte, wait time.Duration) {
	for range 1 + t.o.Again {
		for range 1 + t.o.Retries {
			if !twin.Sleep(ctx, wait) {
				return
			}
			wait = t.o.Every
			if t.send(ctx, r, body) == nil {
				break
			}
		}
		wait = 0
	}
}

func (t *Twin) updated(r *registration, p *world.Parcel) ([]byte, error) {
	t.mu.Lock()
	seen := *r
	t.mu.Unlock()
	body, err := json.Marshal(pushed{"TRACKING_UPDATED", t.show(&seen, p)})
	if err != nil {
		return nil, fmt.Errorf("17track twin: push %s: %w", r.Number, err)
	}
	return body, nil
}

// send posts a signed body; anything but a 200 is an error.
func (t *Twin) send(ctx context.Context, r *registration, body []byte) error {
	if t.o.Callback == "" {
		return errors.New("17track twin: push: no callback is set")
	}
	code, _, err := twin.Push(ctx, t.client, t.o.Callback, "application/json", http.Header{"Sign": {sign(body, t.o.Key)}}, body)
	t.mu.Lock()
	r.pushed, r.pushHTTP = t.world.Now(), code
	t.mu.Unlock()
	if err == nil && code != http.StatusOK {
		err = fmt.Errorf("expected HTTP 200, got %d", code)
	}
	if err != nil {
		return fmt.Errorf("17track twin: push %s: %w", r.Number, err)
	}
	return nil
}

// sign hashes a body and the key, as the service signs.
func sign(body []byte, key string) string {
	sum := sha256.Sum256([]byte(string(body) + "/" + key))
	return hex.EncodeToString(sum[:])
}
