package api_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/port"
)

// receipts is a platform with one order, whose buyer's time it extends.
type receipts struct {
	by      time.Time
	seen    []time.Time
	looking error // fails ReceiptBy
	failing error // fails ExtendReceipt
	lost    bool  // it extends, and its answer is lost
}

func (r *receipts) ReceiptBy(context.Context, string, string) (time.Time, error) {
	return r.by, r.looking
}

func (r *receipts) ExtendReceipt(_ context.Context, _, _ string, seen time.Time, days int) error {
	r.seen = append(r.seen, seen)
	if r.failing != nil {
		return r.failing
	}
	if !r.by.After(seen) {
		r.by = r.by.AddDate(0, 0, days)
	}
	if r.lost {
		r.lost = false
		return &port.UnavailableError{Call: "extend", Detail: "reset"}
	}
	return nil
}

func (s *store) actions() []string {
	actions := []string{}
	for _, e := range s.log {
		actions = append(actions, e.actor+" "+e.action)
	}
	return actions
}

// An extension is written to the audit log before and after; its key extends once, also when
// the platform's answer was lost; another key extends further.
func TestExtendReceipt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(t, stalled())
	before := time.Date(2026, 3, 10, 7, 0, 0, 0, time.UTC)
	b.receipts.by, b.receipts.lost = before, true
	ask := api.Extension{Days: 7, By: "LI", Note: "stalled"}
	_, err := b.client.ExtendReceipt(t.Context(), "s", "1", "k1", ask)
	var p *api.ProblemError
	require.ErrorAs(t, err, &p)
	require.Equal(t, 503, p.Status)
	for range 2 {
		got, err := b.client.ExtendReceipt(t.Context(), "s", "1", "k1", ask)
		require.NoError(t, err)
		require.True(t, got.Before.Time().Equal(before))
		require.True(t, got.After.Time().Equal(before.AddDate(0, 0, 7)))
		require.NotEmpty(t, got.Message.ZH)
	}
	require.Equal(t, before.AddDate(0, 0, 7), b.receipts.by, "extended once")
	require.Equal(t, []time.Time{before, before}, b.receipts.seen, "decided on what was seen first; done is not asked again")
	require.Equal(t, []string{"LI receipt.extend", "LI receipt.extended"}, b.store.actions())
	_, err = b.client.ExtendReceipt(t.Context(), "s", "1", "k1", api.Extension{Days: 8})
	require.ErrorAs(t, err, &p)
	require.Equal(t, 409, p.Status, "the key is another's")
	got, err := b.client.ExtendReceipt(t.Context(), "s", "1", "k2", api.Extension{Days: 3})
	require.NoError(t, err)
	require.True(t, got.After.Time().Equal(before.AddDate(0, 0, 10)))
	require.Equal(t, "api receipt.extended", b.store.actions()[3])
}

func TestExtendReceiptRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(t, stalled())
	for name, c := range map[string]struct {
		order, key string
		days       int
		looking    error
		failing    error
		code       int
		says       string
		logged     string
	}{
		"unknown order":   {"2", "a", 7, nil, nil, 404, "", ""},
		"no key":          {"1", "", 7, nil, nil, 422, "", ""},
		"no days":         {"1", "b", 0, nil, nil, 422, "", ""},
		"beyond":          {"1", "c", 7, nil, fmt.Errorf("201 beyond the extension that is allowed: %w", port.ErrRefused), 409, "201 beyond", "api receipt.refused"},
		"no interface":    {"1", "d", 7, fmt.Errorf("store s has no interface to its platform: %w", port.ErrRefused), nil, 409, "no interface", "api receipt.refused"},
		"platform away":   {"1", "e", 7, nil, errors.New("reset"), 503, "platform", ""},
		"platform silent": {"1", "f", 7, errors.New("reset"), nil, 503, "platform", ""},
	} {
		b.receipts.looking, b.receipts.failing, b.store.log = c.looking, c.failing, nil
		_, err := b.client.ExtendReceipt(t.Context(), "s", c.order, c.key, api.Extension{Days: c.days})
		var p *api.ProblemError
		require.ErrorAs(t, err, &p, name)
		require.Equal(t, c.code, p.Status, name)
		require.Contains(t, p.Detail, c.says, name)
		if c.logged != "" {
			require.Contains(t, b.store.actions(), c.logged, name)
			require.Contains(t, b.store.log[len(b.store.log)-1].detail["why"], c.says, name)
		} else {
			require.NotContains(t, b.store.actions(), "api receipt.refused", name)
		}
	}
}
