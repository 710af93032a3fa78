package kdniao

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

const (
	tries     = 3                      // of a push; a guess
	pause     = 50 * time.Millisecond  // real, between them; a guess
	reorderBy = 150 * time.Millisecond // real
)

// follow pushes a waybill's trace whenever it grows, until it is signed.
func (t *Twin) follow(number string, s subscription) {
	ctx, done := context.WithCancel(t.work.Context())
	defer done()
	turn := 0
	t.world.Follow(ctx, number, func(p world.Parcel) {
		snapshot := t.show(s.request, s.paid, p)
		wait := t.world.Clock().Real(t.o.Late)
		if turn++; t.o.Reorder && turn%2 == 1 {
			wait += reorderBy
		}
		t.work.Go(func() {
			if twin.Sleep(t.work.Context(), wait) {
				t.send(snapshot, s.paid)
			}
		})
		if last := codeOf(p.Rows[len(p.Rows)-1], false); last[0] == '3' || last == "406" {
			done()
		}
	})
}

// send pushes a snapshot until it is taken.
func (t *Twin) send(s snapshot, paid bool) {
	times := 1
	if t.o.Twice {
		times = 2
	}
	for range times {
		for range tries {
			if t.push(t.work.Context(), s, paid) == nil || !twin.Sleep(t.work.Context(), pause) {
				break
			}
		}
	}
}

// Push pushes the trace of a subscribed number as it is now, once. The error says that the
// number is not subscribed, that nobody takes pushes, or how the push was answered.
func (t *Twin) Push(ctx context.Context, number string) error {
	t.mu.Lock()
	s, ok := t.subscribed[tracknum.Normalize(number)]
	t.mu.Unlock()
	switch {
	case !ok:
		return fmt.Errorf("push %s: expected a subscribed number", number)
	case t.o.Callback == "":
		return fmt.Errorf("push %s: expected a callback URL in the twin's options", number)
	}
	return t.push(ctx, t.snapshot(s.request, s.paid), s.paid)
}

func (t *Twin) push(ctx context.Context, s snapshot, paid bool) error {
	data, err := json.Marshal(struct {
		EBusinessID string
		PushTime    string
		Count       string
		Data        []snapshot
	}{t.o.EBusinessID, t.now(), "1", []snapshot{s}})
	if err != nil {
		return fmt.Errorf("push: encode: %w", err)
	}
	kind := "101"
	if paid {
		kind = "102"
	}
	form := url.Values{"RequestData": {string(data)}, "RequestType": {kind}, "DataSign": {sign(string(data), t.o.AppKey)}}
	status, raw, err := twin.Push(ctx, t.o.HTTP, t.o.Callback, twin.FormType, nil, []byte(form.Encode()))
	if err != nil {
		return err
	}
	var reply struct {
		Success bool
		Reason  string
	}
	if err := json.Unmarshal(raw, &reply); err != nil || status/100 != 2 || !reply.Success {
		return fmt.Errorf("push: expected HTTP 2xx with Success true, got HTTP %d %q", status, reply.Reason)
	}
	return nil
}
