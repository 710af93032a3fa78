package cainiao

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parcelward/internal/rules/tracknum"
	"parcelward/internal/sandbox/world"
)

// Push tells the callback all that is known of a number. The error says why it was not taken.
func (t *Twin) Push(ctx context.Context, number string) error {
	number = tracknum.Normalize(number)
	p, _ := t.world.Parcel(number)
	form, err := t.form(number, p)
	if err != nil {
		return err
	}
	return t.send(ctx, form)
}

// Failed is how many pushes of subscriptions the callback did not take; none is repeated.
func (t *Twin) Failed() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

// subscribe pushes whatever comes to pass with a number from now on.
func (t *Twin) subscribe(number string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.subscribed[number] || t.ctx.Err() != nil {
		return
	}
	t.subscribed[number] = true
	if t.o.Callback == "" {
		return
	}
	t.work.Go(func() {
		pushes := 0
		t.world.Follow(t.ctx, number, func(p world.Parcel) {
			form, err := t.form(number, p)
			if err != nil {
				t.miss()
				return
			}
			late := t.o.Late
			if t.o.Uneven && pushes%2 == 1 {
				late = 0
			}
			pushes++
			t.work.Go(func() { t.sendLate(form, late) })
		})
	})
}

func (t *Twin) sendLate(form string, late time.Duration) {
	timer := time.NewTimer(late)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.ctx.Done():
		return
	}
	times := 1
	if t.o.Twice {
		times = 2
	}
	for range times {
		if t.send(t.ctx, form) != nil {
			t.miss()
		}
	}
}

func (t *Twin) miss() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed++
}

func (t *Twin) form(number string, p world.Parcel) (string, error) {
	content, err := json.Marshal(map[string]any{"success": true, "module": []module{t.module(number, p)}})
	if err != nil {
		return "", fmt.Errorf("encode the push: %w", err)
	}
	return url.Values{
		"logistic_provider_id": {t.o.ProviderID},
		"msg_type":             {"CNTECH_LV_LOGISTICS_DETAIL_PUSH"},
		"logistics_interface":  {string(content)},
		"data_digest":          {digest(string(content), t.o.Secret)},
	}.Encode(), nil
}

func (t *Twin) send(ctx context.Context, form string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.o.Callback, strings.NewReader(form))
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	resp, err := t.o.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // all that is needed of it is read
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return fmt.Errorf("push: read the answer: %w", err)
	}
	var said failure
	if err := json.Unmarshal(body, &said); err != nil || resp.StatusCode/100 != 2 || !said.Success {
		return fmt.Errorf("push: expected success, got HTTP %d %s %s", resp.StatusCode, said.ErrorCode, said.ErrorMsg)
	}
	return nil
}
