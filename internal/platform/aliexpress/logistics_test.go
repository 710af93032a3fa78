package aliexpress_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
	twin "parcelward/internal/sandbox/aliexpress"
)

func TestDisputes(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	now := b.world.Now().Truncate(time.Second)
	b.twin.Add(order(t, "8190001", now.Add(-30*day)))
	for i := range 120 {
		b.twin.AddDispute(twin.Dispute{
			Seller: "seller", ID: strconv.Itoa(500 + i), Order: "8190001", Child: "81900011", Buyer: "es123", Reason: "Damaged", HasGoods: true, Opened: now.Add(-day),
		})
	}
	b.twin.AddDispute(twin.Dispute{
		Seller: "seller", ID: "700", Order: "8190002", Buyer: "es124", Reason: "Not received", Opened: now.Add(-3 * day), Status: "canceled_issue", Closed: now.Add(-2 * day),
	})
	all, err := b.Disputes(t.Context(), store, aliexpress.DisputeQuery{})
	require.NoError(t, err)
	require.Len(t, all, 120)
	require.Equal(t, "8190001", all[0].Order)
	require.Equal(t, "81900011", all[0].Child)
	require.Equal(t, now.Add(-day), all[0].Opened)
	require.True(t, all[0].Closed.IsZero())
	cancelled, err := b.Disputes(t.Context(), store, aliexpress.DisputeQuery{Order: "8190002", Status: aliexpress.DisputeCancelled})
	require.NoError(t, err)
	require.Len(t, cancelled, 1)
	require.Equal(t, now.Add(-2*day), cancelled[0].Closed)
	d, err := b.Dispute(t.Context(), store, "es123", "500")
	require.NoError(t, err)
	require.False(t, d.NotReceived, "the buyer has the goods")
	require.Equal(t, "initiate", d.Steps[0].Action)
	d, err = b.Dispute(t.Context(), store, "es124", "700")
	require.NoError(t, err)
	require.True(t, d.NotReceived)
	_, err = b.Dispute(t.Context(), store, "es123", "404")
	require.ErrorIs(t, err, port.ErrRefused)
}

func TestServices(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	services, err := b.Services(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, "CAINIAO_STANDARD", services[0].Key)
	require.Equal(t, 5, services[0].MaxDays)
	require.True(t, aliexpress.Service{Pattern: "(unreadable"}.Fits("anything"))
}

func TestAbnormalOrders(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	now := b.world.Now().Truncate(time.Second)
	for i := range 60 {
		b.twin.AddAbnormal(twin.Abnormal{Seller: "seller", Order: strconv.Itoa(8190000 + i), Number: "LP1", Code: "WEIGHT", Reason: "超重", At: now.Add(-time.Hour)})
	}
	b.twin.AddAbnormal(twin.Abnormal{Seller: "seller", Order: "1", At: now.Add(-10 * day)})
	got, err := b.AbnormalOrders(t.Context(), store, now.Add(-day), now)
	require.NoError(t, err)
	require.Len(t, got, 60)
	require.Equal(t, "8190000", got[0].Order)
	require.Equal(t, "超重", got[0].Reason)
	require.Equal(t, now.Add(-time.Hour), got[0].Changed)
}

func TestLogisticsOrderAndItsWaybill(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	b.twin.Add(order(t, "8190001", b.world.Now().Add(-time.Hour)))
	param := json.RawMessage(`{"trade_order_param":{"trade_order_id":8190001},"solution_param":{"solution_code":"CAINIAO_STANDARD","service_params":[{"code":"SELF_SEND"}]}}`)
	id, err := b.CreateLogistics(t.Context(), store, param)
	require.NoError(t, err)
	same, err := b.CreateLogistics(t.Context(), store, param)
	require.NoError(t, err)
	require.Equal(t, id, same)
	made, err := b.LogisticsOrders(t.Context(), store, "8190001")
	require.NoError(t, err)
	require.Len(t, made, 1)
	require.Regexp(t, `^LP\d{14}$`, made[0].LP)

	pdf, err := b.Waybill(t.Context(), store, id)
	require.NoError(t, err)
	require.Contains(t, string(pdf), made[0].LP)
	require.Contains(t, string(pdf), "%%EOF")
	_, err = b.Waybill(t.Context(), store, "404")
	require.ErrorIs(t, err, port.ErrRefused)
	_, err = b.CreateLogistics(t.Context(), store, json.RawMessage(`{"trade_order_param":{"trade_order_id":404},"solution_param":{"solution_code":"X"}}`))
	require.ErrorIs(t, err, port.ErrRefused)
	_, err = b.CreateLogistics(t.Context(), store, json.RawMessage(`{}`))
	require.ErrorIs(t, err, port.ErrRefused)
	_, err = serve(t, `{"is_success":"false","need_retry":true,"result_list":[],"error_info":{"error_msg":"busy"}}`).CreateLogistics(t.Context(), store, param)
	var again *port.UnavailableError
	require.ErrorAs(t, err, &again)
}

func TestSettlements(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	now := b.world.Now()
	open, finished := order(t, "8190001", now.Add(-day)), order(t, "8190002", now.Add(-day))
	finished.Status = "FINISH"
	b.twin.Add(open, finished)
	all, err := b.Settlements(t.Context(), store, now.Add(-2*day), now, "")
	require.NoError(t, err)
	require.Len(t, all, 2)
	done, err := b.Settlements(t.Context(), store, now.Add(-2*day), now, aliexpress.LoanDone)
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.Equal(t, "30.00 USD", done[0].Paid.String())
	require.Nil(t, done[0].Refund)
	waiting, err := b.Settlements(t.Context(), store, now.Add(-2*day), now, aliexpress.LoanWaiting)
	require.NoError(t, err)
	require.Nil(t, waiting[0].Paid)
	require.NotEmpty(t, waiting[0].WaitReason)
}

func TestPushOfTheTwin(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	b.twin.Add(order(t, "8190001", b.world.Now()))
	got := make(chan aliexpress.Push, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		p, receiveErr := b.Receive(r.Header, body)
		if err != nil || receiveErr != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		got <- p
	}))
	t.Cleanup(server.Close)
	require.NoError(t, b.twin.Push(t.Context(), server.URL, "8190001", "OrderShipped"))
	p := <-got
	require.Equal(t, "8190001", p.Order)
	require.Equal(t, "seller", p.Seller)
}
