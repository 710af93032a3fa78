package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
)

// A shipment is started with what the rules say at its start, and the answer tells what was
// checked.
func TestShip(t *testing.T) {
	b := setup(t)
	b.load(t, []string{created()})
	var serials []int
	var got protocol.ShipmentInput
	b.workflows.ship = func(serial int, in protocol.ShipmentInput) error {
		serials, got = append(serials, serial), in
		return nil
	}
	answer, err := b.client.Ship(t.Context(), "s", "1", api.Shipment{Service: "OWN_CARRIER", OrderParam: json.RawMessage(`{"package_params":[{"weight":"1"}]}`)})
	require.NoError(t, err)
	assert.Equal(t, "shipment/s/1", answer.WorkflowID)
	assert.Equal(t, "2026-01-04T02:00:00Z", answer.Due.String())
	var codes []string
	for _, f := range answer.Findings {
		codes = append(codes, f.Code)
		assert.NotEmpty(t, f.ZH)
	}
	assert.Equal(t, []string{rules.NoticeUncertified, rules.NoticeServiceMismatch, rules.NoticeCompliance}, codes)
	assert.Contains(t, answer.Findings[0].EN, "CAINIAO_STANDARD")
	assert.Equal(t, []int{1}, serials)
	assert.JSONEq(t, `{"package_params":[{"weight":"1"}]}`, string(got.OrderParam))
	got.OrderParam = nil
	known := got
	assert.NotEmpty(t, known.Calendar)
	assert.Equal(t, protocol.ShipmentInput{
		Store: "s", Order: "1", Service: "OWN_CARRIER", Carrier: "OWN", Due: time.Date(2026, 1, 4, 2, 0, 0, 0, time.UTC),
		Policy: "aliexpress-2024-04", Calendar: known.Calendar, Clock: known.Clock,
	}, withUTC(got))

	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	answer, err = b.client.Ship(t.Context(), "s", "1", api.Shipment{
		Service: "CAINIAO_STANDARD", Carrier: "c", Serial: 2, Items: []rules.Item{{SKU: "A", Quantity: 1}}, Number: "lp 2", ShippedAt: &at, TraceAlert: true,
	})
	require.NoError(t, err)
	assert.Equal(t, "shipment/s/1/2", answer.WorkflowID)
	assert.Equal(t, "LP2", got.Number)
	assert.True(t, got.ShippedAt.Equal(at))
	assert.True(t, got.TraceAlert)
	assert.Equal(t, "c", got.Carrier)
	assert.Equal(t, []string{"s/1/1", "s/1/2"}, b.store.shipments, "they hear of their order")
	assert.JSONEq(t, `{"package_params":[{"weight":"0.5"}]}`, string(got.OrderParam), "the store's, for the request gives none")
}

func withUTC(in protocol.ShipmentInput) protocol.ShipmentInput {
	in.Due = in.Due.UTC()
	return in
}

// What must not be shipped is not started, and the answer says why.
func TestShipRefused(t *testing.T) {
	b := setup(t)
	b.load(t, stalled())
	started := 0
	running := error(nil)
	b.workflows.ship = func(int, protocol.ShipmentInput) error { started++; return running }
	const known = "LP00123456789012"
	for name, tc := range map[string]struct {
		order string
		s     api.Shipment
		code  int
		says  string
	}{
		"unknown order":       {"2", api.Shipment{Service: "S"}, 404, "unknown"},
		"no service":          {"1", api.Shipment{}, 422, ""},
		"sent already":        {"1", api.Shipment{Service: "S"}, 409, "recorded already"},
		"check digit":         {"1", api.Shipment{Service: "S", Number: "RB123456789CN", Replaces: known}, 409, "校验位"},
		"no number":           {"1", api.Shipment{Service: "S", Number: "--"}, 422, "tracking number"},
		"replaces by nothing": {"1", api.Shipment{Service: "S", Replaces: known}, 422, "replaces"},
		"replaces itself":     {"1", api.Shipment{Service: "S", Number: known, Replaces: "lp-00123456789012"}, 422, "replaces"},
		"replaces another":    {"1", api.Shipment{Service: "S", Number: "LP2", Replaces: "LP1"}, 409, "cannot be replaced"},
		"several, of what":    {"1", api.Shipment{Service: "S", Serial: 2}, 422, "items"},
		"items without count": {"1", api.Shipment{Service: "S", Items: []rules.Item{{SKU: "A"}}}, 422, "items.0"},
	} {
		_, err := b.client.Ship(t.Context(), "s", tc.order, tc.s)
		var p *api.ProblemError
		require.ErrorAs(t, err, &p, name)
		assert.Equal(t, tc.code, p.Status, name)
		assert.Contains(t, p.Detail, tc.says, name)
	}
	assert.Zero(t, started)
	assert.Empty(t, b.store.shipments)
	for code, err := range map[int]error{409: fmt.Errorf("%w: x", temporalclient.ErrRunning), 503: temporalclient.ErrNoAnswer} {
		running = err
		_, err := b.client.Ship(t.Context(), "s", "1", api.Shipment{Service: "S", Number: "LP2", Replaces: known})
		var p *api.ProblemError
		require.ErrorAs(t, err, &p)
		assert.Equal(t, code, p.Status)
	}
}

func TestGiveNumber(t *testing.T) {
	b := setup(t)
	var keys []string
	var fails error
	b.workflows.number = func(serial int, key string, n protocol.ShipNumber) (protocol.ShipNumber, error) {
		keys = append(keys, key)
		assert.Equal(t, 2, serial)
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		return protocol.ShipNumber{Number: strings.ToUpper(n.Number), ShippedAt: &at}, fails
	}
	for range 2 {
		got, err := b.client.GiveNumber(t.Context(), "s", "1", 2, protocol.ShipNumber{Number: "lp1"})
		require.NoError(t, err)
		assert.Equal(t, "LP1", got.Number)
		assert.False(t, got.ShippedAt.IsZero())
	}
	assert.NotEqual(t, keys[0], keys[1], "the same number again is another try")
	for code, err := range map[int]error{
		422: &temporalclient.RefusedError{Type: protocol.ErrBadInput, Reason: "check digit"},
		409: &temporalclient.RefusedError{Type: protocol.ErrBusy, Reason: "is being declared"},
		404: temporalclient.ErrNotRunning,
		503: temporalclient.ErrNoAnswer,
	} {
		fails = err
		_, err := b.client.GiveNumber(t.Context(), "s", "1", 2, protocol.ShipNumber{Number: "lp1"})
		var p *api.ProblemError
		require.ErrorAs(t, err, &p)
		assert.Equal(t, code, p.Status)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, b.url+"/v1/orders/s/1/shipments/0/number", strings.NewReader(`{"number":"LP1"}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	status, _, _ := answer(t, res)
	assert.Equal(t, 422, status)
}
