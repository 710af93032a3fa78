package aliexpress_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
	twin "parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/fault"
)

func TestDeclareOnce(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	b.twin.Add(order(t, "8190001", b.world.Now().Add(-time.Hour)))
	s := aliexpress.Shipment{Order: "8190001", Number: "LP00123456789012", Service: "CAINIAO_STANDARD", Description: "sent"}
	for range 2 {
		require.NoError(t, b.Declare(t.Context(), store, s))
	}
	require.Equal(t, 1, b.calls.count("aliexpress.solution.order.fulfill"), "it looks first")
	o, _ := b.twin.Order("8190001")
	require.Len(t, o.Parcels, 1)
	require.Equal(t, "WAIT_BUYER_ACCEPT_GOODS", o.Status)

	other := s
	other.Number = "LP00999999999999"
	err := b.Declare(t.Context(), store, other)
	require.ErrorIs(t, err, port.ErrRefused)
	require.ErrorContains(t, err, "the order does not wait for its shipment")
	for _, wrong := range []aliexpress.Shipment{
		{Order: "404", Number: "LP00123456789012", Service: "CAINIAO_STANDARD"},
		{Order: "8190001", Number: "--", Service: "CAINIAO_STANDARD"},
		{Order: "8190001", Number: "LP1"},
		{Order: "8190001", Number: "LP1", Service: "CPAM", Description: strings.Repeat("x", 513)},
		{Order: "8190001", Number: "LP1", Service: "CPAM", Description: "已发货"},
	} {
		require.ErrorIs(t, b.Declare(t.Context(), store, wrong), port.ErrRefused)
	}
}

func TestDeclareInParts(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	b.twin.Add(order(t, "8190001", b.world.Now().Add(-time.Hour)))
	s := aliexpress.Shipment{Order: "8190001", Number: "LP00123456789012", Service: "CAINIAO_STANDARD", Part: true}
	require.NoError(t, b.Declare(t.Context(), store, s))
	s.Number, s.Part = "LP00123456789013", false
	require.NoError(t, b.Declare(t.Context(), store, s))
	o, _ := b.twin.Order("8190001")
	require.Len(t, o.Parcels, 2)
	s.Number, s.Service = "RB123456785CN", "CPAM"
	require.ErrorIs(t, b.Declare(t.Context(), store, s), port.ErrRefused)
}

// The platform does what is asked, and its answer is lost: a repeat finds it done.
func TestDeclareWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	b.twin.Add(order(t, "8190001", b.world.Now().Add(-time.Hour)))
	s := aliexpress.Shipment{Order: "8190001", Number: "LP00123456789012", Service: "CAINIAO_STANDARD"}
	// The first call looks; the second declares, and its answer is lost.
	b.faults.Add(fault.Fault{Times: 1, Delay: time.Nanosecond}, fault.Fault{Times: 1, Status: 503, LostAnswer: true})
	for range 2 {
		require.NoError(t, b.Declare(t.Context(), store, s), "it looks again after the failure")
	}
	require.Equal(t, 2, b.faults.Count())
	o, _ := b.twin.Order("8190001")
	require.Len(t, o.Parcels, 1)
}

func TestCorrect(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	b.twin.Add(order(t, "8190001", b.world.Now().Add(-time.Hour)))
	s := aliexpress.Shipment{Order: "8190001", Number: "LP00123456789012", Service: "CAINIAO_STANDARD"}
	require.NoError(t, b.Declare(t.Context(), store, s))
	s.Number = "LP00123456789013"
	for range 2 {
		require.NoError(t, b.Correct(t.Context(), store, "LP 0012 3456 7890 12", "CAINIAO_STANDARD", s))
	}
	require.Equal(t, 1, b.calls.count("aliexpress.logistics.sellermodifiedshipmentfortop"), "it looks first")
	o, _ := b.twin.Order("8190001")
	require.Len(t, o.Parcels, 1)
	require.Equal(t, "LP00123456789013", o.Parcels[0].Number)
	// The same number under another service is a change, too.
	s.Service = "CAINIAO_ECONOMY"
	require.NoError(t, b.Correct(t.Context(), store, "LP00123456789013", "CAINIAO_STANDARD", s))
	o, _ = b.twin.Order("8190001")
	require.Equal(t, "CAINIAO_ECONOMY", o.Parcels[0].Service)
	s.Number = "LP00123456789014"
	require.ErrorIs(t, b.Correct(t.Context(), store, "LP1", "CAINIAO_ECONOMY", s), port.ErrRefused)
}

func TestExtendReceiptOnce(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{MaxExtend: 20})
	o := order(t, "8190001", b.world.Now().Add(-30*day))
	o.Status, o.ReceiptBy = "WAIT_BUYER_ACCEPT_GOODS", b.world.Now().Add(5*day).Truncate(time.Second)
	b.twin.Add(o)
	seen, err := b.Order(t.Context(), store, "8190001")
	require.NoError(t, err)
	require.Equal(t, o.ReceiptBy, seen.ReceiptBy)
	for range 2 {
		require.NoError(t, b.ExtendReceipt(t.Context(), store, "8190001", seen.ReceiptBy, 10))
	}
	got, err := b.Order(t.Context(), store, "8190001")
	require.NoError(t, err)
	require.WithinDuration(t, o.ReceiptBy.Add(10*day), got.ReceiptBy, time.Hour)
	err = b.ExtendReceipt(t.Context(), store, "8190001", got.ReceiptBy, 11)
	require.ErrorIs(t, err, port.ErrRefused)
	require.ErrorContains(t, err, "201")
	require.ErrorIs(t, b.ExtendReceipt(t.Context(), store, "8190001", got.ReceiptBy, 0), port.ErrRefused)
	b.twin.Change("8190001", func(o *twin.Order) { o.Issue = "IN_ISSUE" })
	require.ErrorContains(t, b.ExtendReceipt(t.Context(), store, "8190001", got.ReceiptBy, 1), "210")
}
