package connect

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
)

// Shipper ships for each store through its platform: for those named through AliExpress, where
// it has its keys, and for all others as otherwise does.
func (s Services) Shipper(stores []string, otherwise port.Shipper) port.Shipper {
	if s.AliExpress == nil {
		return otherwise
	}
	return &shipper{shop{s.AliExpress}, stores, otherwise}
}

type shipper struct {
	platform  shop
	stores    []string
	otherwise port.Shipper
}

func (s *shipper) of(store string) port.Shipper {
	if slices.Contains(s.stores, store) {
		return s.platform
	}
	return s.otherwise
}

// Logistics implements [port.Shipper].
func (s *shipper) Logistics(ctx context.Context, store, order string) ([]string, error) {
	return s.of(store).Logistics(ctx, store, order)
}

// CreateLogistics implements [port.Shipper].
func (s *shipper) CreateLogistics(ctx context.Context, r protocol.LogisticsRequest) (protocol.Logistics, error) {
	return s.of(r.Store).CreateLogistics(ctx, r)
}

// Waybill implements [port.Shipper].
func (s *shipper) Waybill(ctx context.Context, store, logisticsID string) ([]byte, error) {
	return s.of(store).Waybill(ctx, store, logisticsID)
}

// Declare implements [port.Shipper].
func (s *shipper) Declare(ctx context.Context, r protocol.DeclareRequest) (protocol.Declared, error) {
	return s.of(r.Store).Declare(ctx, r)
}

// Correct implements [port.Shipper].
func (s *shipper) Correct(ctx context.Context, r protocol.DeclareRequest) (protocol.Declared, error) {
	return s.of(r.Store).Correct(ctx, r)
}

// shop is AliExpress as a [port.Shipper].
type shop struct{ client *aliexpress.Client }

// Logistics implements [port.Shipper].
func (s shop) Logistics(ctx context.Context, store, order string) ([]string, error) {
	known, err := s.client.LogisticsOrders(ctx, store, order)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(known))
	for i := range known {
		ids[i] = known[i].ID
	}
	return ids, nil
}

// CreateLogistics implements [port.Shipper].
func (s shop) CreateLogistics(ctx context.Context, r protocol.LogisticsRequest) (protocol.Logistics, error) {
	param, err := orderParam(r)
	if err != nil {
		return protocol.Logistics{}, err
	}
	id, err := s.client.CreateLogistics(ctx, r.Store, param, r.Others...)
	if err != nil {
		return protocol.Logistics{}, err
	}
	known, err := s.client.LogisticsOrders(ctx, r.Store, r.Order)
	if err != nil {
		return protocol.Logistics{}, err
	}
	made := protocol.Logistics{ID: id}
	for _, o := range known {
		if o.ID == id {
			made.Number = o.Number
		}
	}
	return made, nil
}

// orderParam is the platform's order_param: what the caller knows of parcel and addresses, with
// the order in it, and the service's code as solution where the caller names none.
func orderParam(r protocol.LogisticsRequest) (json.RawMessage, error) {
	param := map[string]json.RawMessage{}
	if len(r.OrderParam) > 0 {
		if err := json.Unmarshal(r.OrderParam, &param); err != nil || param == nil {
			return nil, fmt.Errorf("order_param: expected a JSON object: %w", port.ErrRefused)
		}
	}
	order, err := json.Marshal(json.Number(r.Order)) // the platform's order numbers are numbers
	if err != nil {
		return nil, fmt.Errorf("order %s: expected a number, as all orders of the platform have: %w", r.Order, port.ErrRefused)
	}
	solution, err := json.Marshal(r.Service)
	if err != nil {
		return nil, fmt.Errorf("service %q: %w", r.Service, err)
	}
	if err := within(param, "trade_order_param", "trade_order_id", order, true); err != nil {
		return nil, err
	}
	if err := within(param, "solution_param", "solution_code", solution, false); err != nil {
		return nil, err
	}
	return json.Marshal(param)
}

// within sets a key of an object within param; one that is there stays unless always.
func within(param map[string]json.RawMessage, object, key string, value json.RawMessage, always bool) error {
	inner := map[string]json.RawMessage{}
	if raw, ok := param[object]; ok {
		if err := json.Unmarshal(raw, &inner); err != nil || inner == nil {
			return fmt.Errorf("order_param.%s: expected a JSON object: %w", object, port.ErrRefused)
		}
	}
	if _, there := inner[key]; !there || always {
		inner[key] = value
	}
	raw, err := json.Marshal(inner)
	if err != nil {
		return fmt.Errorf("order_param.%s: %w", object, err)
	}
	param[object] = raw
	return nil
}

// Waybill implements [port.Shipper].
func (s shop) Waybill(ctx context.Context, store, logisticsID string) ([]byte, error) {
	return s.client.Waybill(ctx, store, logisticsID)
}

// Declare implements [port.Shipper].
func (s shop) Declare(ctx context.Context, r protocol.DeclareRequest) (protocol.Declared, error) {
	if err := s.fits(ctx, r); err != nil {
		return protocol.Declared{}, err
	}
	old, err := s.unsure(ctx, r)
	switch {
	case err != nil:
		return protocol.Declared{}, err
	case old != "":
		return protocol.Declared{Old: old}, s.client.Correct(ctx, r.Store, old, r.Service, parcelOf(r))
	}
	return protocol.Declared{}, s.client.Declare(ctx, r.Store, parcelOf(r))
}

// Correct implements [port.Shipper].
func (s shop) Correct(ctx context.Context, r protocol.DeclareRequest) (protocol.Declared, error) {
	if err := s.fits(ctx, r); err != nil {
		return protocol.Declared{}, err
	}
	old, err := s.unsure(ctx, r)
	switch {
	case err != nil:
		return protocol.Declared{}, err
	case old != "":
		return protocol.Declared{Old: old}, s.client.Correct(ctx, r.Store, old, r.Service, parcelOf(r))
	}
	return protocol.Declared{}, s.client.Correct(ctx, r.Store, r.OldNumber, r.OldService, parcelOf(r))
}

// unsure is the number of those whose declaration was not answered that stands on the order;
// empty: none does.
func (s shop) unsure(ctx context.Context, r protocol.DeclareRequest) (string, error) {
	if len(r.Unsure) == 0 {
		return "", nil
	}
	o, err := s.client.Order(ctx, r.Store, r.Order)
	if err != nil {
		return "", err
	}
	for _, p := range o.Parcels {
		if slices.Contains(r.Unsure, p.Number) {
			return p.Number, nil
		}
	}
	return "", nil
}

func parcelOf(r protocol.DeclareRequest) aliexpress.Shipment {
	return aliexpress.Shipment{Order: r.Order, Number: r.Number, Service: r.Service, Part: r.Part}
}

// fits compares the number with the form that the platform asks of the service. The platform
// itself judges a service that it does not list.
func (s shop) fits(ctx context.Context, r protocol.DeclareRequest) error {
	services, err := s.client.Services(ctx, r.Store)
	if err != nil {
		return err
	}
	for _, known := range services {
		if known.Key == r.Service && !known.Fits(r.Number) {
			return &port.FormError{Number: r.Number, Service: r.Service, Pattern: known.Pattern}
		}
	}
	return nil
}
