package connect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/connect"
	"parcelward/internal/port"
	twin "parcelward/internal/sandbox/aliexpress"
)

// The platform's papers are fetched for the stores that are configured, and only for them.
func TestPapers(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	o := b.order("8190001")
	b.Add(o)
	papers := b.services.Papers([]string{shop})
	_, err := papers.Messages(t.Context(), shop, "8190001")
	require.ErrorIs(t, err, port.ErrNothing)
	b.AddMessages(twin.Message{Seller: "seller", Buyer: o.Buyer, At: b.world.Now(), Text: "I did not receive it"})
	time.Sleep(b.clock.Real(time.Minute))
	got, err := papers.Messages(t.Context(), shop, "8190001")
	require.NoError(t, err)
	require.Equal(t, "messages-8190001.json", got.Name)
	require.Contains(t, string(got.Content), "I did not receive it")
	require.False(t, got.TakenAt.IsZero())
	got, err = papers.OrderDetail(t.Context(), shop, "8190001")
	require.NoError(t, err)
	require.Contains(t, string(got.Content), `"gmt_create"`)
	for _, store := range []string{"another", ""} {
		_, err = papers.Messages(t.Context(), store, "8190001")
		require.ErrorIs(t, err, port.ErrNobody)
		_, err = papers.OrderDetail(t.Context(), store, "8190001")
		require.ErrorIs(t, err, port.ErrRefused)
	}
	require.Nil(t, connect.Services{}.Papers([]string{shop}))
}
