package connect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/connect"
	"parcelward/internal/port"
	twin "parcelward/internal/sandbox/aliexpress"
)

// A receipt is extended once for what was seen; what the platform does not allow comes back with
// its reason, and a store without an interface is refused.
func TestReceipts(t *testing.T) {
	t.Parallel()
	s, platform, _ := shipping(t)
	r := s.services.Receipts([]string{store})
	end := time.Date(2026, 3, 10, 7, 0, 0, 0, time.UTC)
	platform.Change(order, func(o *twin.Order) { o.Status, o.ReceiptBy = "WAIT_BUYER_ACCEPT_GOODS", end })
	seen, err := r.ReceiptBy(t.Context(), store, order)
	require.NoError(t, err)
	require.Equal(t, end, seen.UTC())
	for range 2 {
		require.NoError(t, r.ExtendReceipt(t.Context(), store, order, seen, 7))
	}
	seen, err = r.ReceiptBy(t.Context(), store, order)
	require.NoError(t, err)
	require.Equal(t, end.AddDate(0, 0, 7), seen.UTC())
	err = r.ExtendReceipt(t.Context(), store, order, seen, 99)
	require.ErrorIs(t, err, port.ErrRefused)
	require.ErrorContains(t, err, "beyond the extension that is allowed")
	for _, none := range []port.Receipts{r, connect.Services{}.Receipts([]string{"other"})} {
		_, err := none.ReceiptBy(t.Context(), "other", order)
		require.ErrorIs(t, err, port.ErrRefused)
		require.ErrorIs(t, none.ExtendReceipt(t.Context(), "other", order, seen, 1), port.ErrRefused)
	}
}

// The platform's other lists come over as they are told.
func TestOtherLists(t *testing.T) {
	t.Parallel()
	s, platform, _ := shipping(t)
	source := s.services.Orders["aliexpress"]
	at := time.Now().Add(-time.Minute)
	platform.AddAbnormal(twin.Abnormal{Seller: "seller", Order: order, Number: "lp 1", Code: "E1", Reason: "no label", Warehouse: "Dongguan", At: at})
	abnormal, err := source.Abnormal(t.Context(), store, at.Add(-time.Hour), at.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, []port.AbnormalOrder{{Order: order, Number: "LP1", Code: "E1", Reason: "no label", Warehouse: "Dongguan"}}, abnormal)
	settled, err := source.Settlements(t.Context(), store, at.Add(-24*time.Hour), at.Add(time.Hour))
	require.NoError(t, err)
	require.Len(t, settled, 1)
	require.Equal(t, "wait_loan", settled[0].Status)
	require.Equal(t, "60.00 USD", settled[0].Loan.String())
	require.Nil(t, settled[0].RealLoan)
	require.NotEmpty(t, settled[0].WaitReason)
	platform.Change(order, func(o *twin.Order) {
		o.Refunds = []twin.Refund{{Status: "refund_ok", Type: "payout_refund", At: at.Truncate(time.Second), Amount: *settled[0].Loan}}
	})
	news, err := source.Read(t.Context(), store, order)
	require.NoError(t, err)
	require.Len(t, news.Payouts, 1)
	require.Equal(t, "60.00 USD", news.Payouts[0].Amount.String())
}
