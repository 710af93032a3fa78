package connect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/memblob"

	"parcelward/activities"
	"parcelward/internal/config"
	"parcelward/internal/connect"
	"parcelward/internal/evidence"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	twin "parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/fault"
	"parcelward/internal/sandbox/world"
)

const (
	store = "cn-1001"
	order = "8190001"
)

type tokens map[string][]byte

func (t tokens) Token(_ context.Context, _, store string) ([]byte, error) { return t[store], nil }

func (t tokens) SaveToken(_ context.Context, _, store string, token []byte) error {
	t[store] = token
	return nil
}

// shipping is a platform with one paid order, as its store is connected to it.
func shipping(t *testing.T) (shopped, *twin.Twin, *fault.Injector) {
	t.Helper()
	w := world.New(protocol.Clock{})
	platform := twin.New(w, twin.Options{AppKey: "k", AppSecret: "s"})
	t.Cleanup(platform.Close)
	faults := fault.New(1)
	server := httptest.NewServer(faults.Wrap(platform.Handler()))
	t.Cleanup(server.Close)
	usd, err := money.Parse("60.00", "USD")
	require.NoError(t, err)
	at := w.Now().Add(-time.Hour).Truncate(time.Second)
	platform.Add(twin.Order{
		Seller: "seller", ID: order, Status: "WAIT_SELLER_SEND_GOODS", Created: at, Paid: at, Modified: at, Buyer: "es123", Name: "Ana", Country: "ES",
		Amount: usd, Freight: usd, Lines: []twin.Line{{ID: "1", Product: "1", SKU: "RED-1", Category: "200", Service: "CPAM", Quantity: 1, Price: usd}},
	})
	services := connect.Connect(&config.Services{AliExpress: config.AliExpress{AppKey: "k", AppSecret: "s", URL: server.URL}}, protocol.Clock{}, tokens{}, nil)
	require.Empty(t, services.Problems)
	require.NoError(t, services.AliExpress.Authorise(t.Context(), store, platform.Code("seller"), ""))
	return shopped{services.Shipper([]string{store}, activities.Assisted{}), services}, platform, faults
}

// shopped is a shipper with the services that it comes from.
type shopped struct {
	port.Shipper
	services connect.Services
}

// A label is made once, though its answer is lost, and again for another parcel of the order;
// its number comes when the platform has it.
func TestLabel(t *testing.T) {
	t.Parallel()
	s, platform, faults := shipping(t)
	r := protocol.LogisticsRequest{
		Key: "k", Store: store, Order: order, Service: "CAINIAO_STANDARD",
		OrderParam: json.RawMessage(`{"trade_order_param":{"trade_order_id":404,"trade_order_from":"ESCROW"},"package_params":[]}`),
	}
	// The first call looks; the second makes the label, and its answer is lost.
	faults.Add(fault.Fault{Times: 1, Delay: time.Nanosecond}, fault.Fault{Times: 1, Status: 503, LostAnswer: true})
	_, err := s.CreateLogistics(t.Context(), r)
	var away *port.UnavailableError
	require.ErrorAs(t, err, &away)
	first, err := s.CreateLogistics(t.Context(), r)
	require.NoError(t, err)
	require.Empty(t, first.Number)
	ids, err := s.Logistics(t.Context(), store, order)
	require.NoError(t, err)
	require.Equal(t, []string{first.ID}, ids)

	platform.GiveNumber(first.ID, "rb 123456785 cn")
	again, err := s.CreateLogistics(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, protocol.Logistics{ID: first.ID, Number: "RB123456785CN"}, again)
	pdf, err := s.Waybill(t.Context(), store, first.ID)
	require.NoError(t, err)
	vault := evidence.New(memblob.OpenBucket(nil), new(porttest.EvidenceIndex), t.TempDir())
	kept, err := vault.Put(t.Context(), port.NewOriginal{Store: store, Order: order, Kind: rules.EvidenceWaybill, Name: "waybill.pdf", By: "parcelward"}, bytes.NewReader(pdf))
	require.NoError(t, err, "a waybill that the vault takes")
	require.Equal(t, evidence.PDF, kept.MediaType)

	// One that was called off is not the one that is asked for, wherever it stands in the list.
	for range 55 {
		platform.CloseLogistics(again.ID)
		next, err := s.CreateLogistics(t.Context(), r)
		require.NoError(t, err)
		require.NotEqual(t, again.ID, next.ID)
		again = next
	}
	repeated, err := s.CreateLogistics(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, again.ID, repeated.ID, "on the second page")
	ids, err = s.Logistics(t.Context(), store, order)
	require.NoError(t, err)
	require.Len(t, ids, 56)
	r.Others = ids
	second, err := s.CreateLogistics(t.Context(), r)
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID)

	for _, wrong := range []protocol.LogisticsRequest{
		{Store: store, Order: "a-1", Service: "CPAM"},
		{Store: store, Order: order, Service: "CPAM", OrderParam: json.RawMessage(`[]`)},
		{Store: store, Order: order, Service: "CPAM", OrderParam: json.RawMessage(`{"solution_param":7}`)},
	} {
		_, err := s.CreateLogistics(t.Context(), wrong)
		require.ErrorIs(t, err, port.ErrRefused)
	}
}

// A number is declared once, though its answer is lost, and corrected; one that has not the
// form of its service never goes out.
func TestNumber(t *testing.T) {
	t.Parallel()
	s, platform, faults := shipping(t)
	r := protocol.DeclareRequest{Store: store, Order: order, Number: "LP00123456789012", Service: "CPAM"}
	_, err := s.Declare(t.Context(), r)
	var form *port.FormError
	require.ErrorAs(t, err, &form)
	require.ErrorIs(t, err, port.ErrRefused)
	require.NotEmpty(t, form.Pattern)
	r.Number = "RB123456785CN"
	// It asks for the services, looks, and declares.
	faults.Add(fault.Fault{Times: 1, Delay: time.Nanosecond}, fault.Fault{Times: 1, Delay: time.Nanosecond}, fault.Fault{Times: 1, Status: 503, LostAnswer: true})
	for range 2 {
		_, err = s.Declare(t.Context(), r)
		require.NoError(t, err)
	}
	r.OldNumber, r.OldService, r.Number = r.Number, r.Service, "LP"
	_, err = s.Correct(t.Context(), r)
	require.ErrorAs(t, err, &form)
	r.Number = "RB000000015CN"
	for range 2 {
		_, err = s.Correct(t.Context(), r)
		require.NoError(t, err)
	}
	o, _ := platform.Order(order)
	require.Len(t, o.Parcels, 1)
	require.Equal(t, "RB000000015CN", o.Parcels[0].Number)
}

// A store that is not connected, and one without keys, ships by hand.
func TestOtherStoresShipByHand(t *testing.T) {
	t.Parallel()
	connected, _, _ := shipping(t)
	for _, s := range []port.Shipper{connected, connect.Services{}.Shipper([]string{"other"}, activities.Assisted{})} {
		made, err := s.CreateLogistics(t.Context(), protocol.LogisticsRequest{Store: "other", Order: order})
		require.NoError(t, err)
		require.True(t, made.Pending)
		done, err := s.Declare(t.Context(), protocol.DeclareRequest{Store: "other", Order: order})
		require.NoError(t, err)
		require.True(t, done.Pending)
	}
}

// A number whose declaration may have gone through is replaced where it stands on the order, and
// the answer says so; where it does not, the number is declared as the first.
func TestNumberAfterAnUnansweredDeclaration(t *testing.T) {
	t.Parallel()
	for name, landed := range map[string]bool{"it had gone through": true, "it had not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, platform, _ := shipping(t)
			r := protocol.DeclareRequest{Store: store, Order: order, Number: "RB123456785CN", Service: "CPAM"}
			if landed {
				_, err := s.Declare(t.Context(), r)
				require.NoError(t, err)
			}
			r.Number, r.Unsure = "RB473124829CN", []string{"RB123456785CN"}
			for again := range 2 { // and its answer may be lost
				done, err := s.Declare(t.Context(), r)
				require.NoError(t, err)
				require.Equal(t, landed && again == 0, done.Old == "RB123456785CN")
			}
			var numbers []string
			platform.Change(order, func(o *twin.Order) {
				for _, p := range o.Parcels {
					numbers = append(numbers, p.Number)
				}
			})
			require.Equal(t, []string{"RB473124829CN"}, numbers)
			r.Number, r.Unsure, r.OldNumber, r.OldService = "RB000000005CN", []string{"RB473124829CN"}, "RB999999999CN", "CPAM"
			done, err := s.Correct(t.Context(), r)
			require.NoError(t, err, "the one that was to be replaced is gone already")
			require.Equal(t, "RB473124829CN", done.Old)
		})
	}
}
