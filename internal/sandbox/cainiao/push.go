package cainiao

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"parcelward/internal/rules/tracknum"
	"parcelward/internal/sandbox/twin"
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
	if t.subscribed[number] {
		return
	}
	t.subscribed[number] = true
	if t.o.Callback == "" {
		return
	}
	t.work.Go(func() {
		pushes := 0
		t.world.Follow(t.work.Context(), number, func(p world.Parcel) {
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
	if !twin.Sleep(t.work.Context(), late) {
		return
	}
	times := 1
	if t.o.Twice {
		times = 2
	}
	for range times {
		if t.send(t.work.Context(), form) != nil {
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
	status, raw, err := twin.Push(ctx, t.o.HTTP, t.o.Callback, twin.FormType, nil, []byte(form))
	if err != nil {
		return err
	}
	var said failure
	if err := json.Unmarshal(raw, &said); err != nil || status/100 != 2 || !said.Success {
		return fmt.Errorf("push: expected success, got HTTP %d %s %s", status, said.ErrorCode, said.ErrorMsg)
	}
	return nil
}
