package aliexpress

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

// Shipment is what a seller declares as sent.
type Shipment struct {
	Order       string
	Number      string // tracking number
	Service     string // key of the logistics service, of [Client.Services]
	Part        bool   // only part of the order is in this parcel
	Website     string // where to track it, for the service Other
	Description string // English, at most 512 characters; may be empty
}

// maxDescription bounds a remark.
const maxDescription = 512

// Declare puts a tracking number on an order, once: it looks first whether it stands there
// already, and again when the platform refuses, for an answer may have been lost before. What
// the platform refuses wraps [port.ErrRefused] with its reason.
func (c *Client) Declare(ctx context.Context, store string, s Shipment) error {
	params, err := s.params()
	if err != nil {
		return err
	}
	params["service_name"], params["logistics_no"] = s.Service, tracknum.Normalize(s.Number)
	return c.put(ctx, store, methodOrderFulfil, s, "", params)
}

// Correct replaces the number (or service) that an order was declared with, once, as Declare
// does.
func (c *Client) Correct(ctx context.Context, store string, oldNumber, oldService string, s Shipment) error {
	params, err := s.params()
	if err != nil {
		return err
	}
	params["old_service_name"], params["old_logistics_no"] = oldService, tracknum.Normalize(oldNumber)
	params["new_service_name"], params["new_logistics_no"] = s.Service, tracknum.Normalize(s.Number)
	return c.put(ctx, store, methodModify, s, s.Service, params)
}

func (s *Shipment) params() (map[string]string, error) {
	switch {
	case tracknum.Normalize(s.Number) == "":
		return nil, fmt.Errorf("aliexpress: tracking number: expected letters and digits, got %q: %w", wire.Short(s.Number), port.ErrRefused)
	case s.Service == "":
		return nil, fmt.Errorf("aliexpress: logistics service: missing: %w", port.ErrRefused)
	case len(s.Description) > maxDescription || strings.ContainsFunc(s.Description, func(r rune) bool { return r > 0x7e }):
		return nil, fmt.Errorf("aliexpress: description: expected at most %d English characters: %w", maxDescription, port.ErrRefused)
	}
	kind := "all"
	if s.Part {
		kind = "part"
	}
	return map[string]string{
		"out_ref": s.Order, "send_type": kind, "tracking_website": s.Website, "description": s.Description,
	}, nil
}

// put makes a call that ends with the shipment's number on its order, under service where that
// is given, unless it stands there.
func (c *Client) put(ctx context.Context, store, method string, s Shipment, service string, params map[string]string) error {
	if there, err := c.declared(ctx, store, s, service); err != nil || there {
		return err
	}
	err := c.change(ctx, store, method, params)
	if err == nil {
		return nil
	}
	if there, lookErr := c.declared(ctx, store, s, service); lookErr == nil && there {
		return nil
	}
	return err
}

func (c *Client) declared(ctx context.Context, store string, s Shipment, service string) (bool, error) {
	o, err := c.Order(ctx, store, s.Order)
	if err != nil {
		return false, err
	}
	for _, p := range o.Parcels {
		if p.Number == tracknum.Normalize(s.Number) && (service == "" || p.Service == service) {
			return true, nil
		}
	}
	return false, nil
}

// change makes a call whose answer is result_success, by itself or within result.
func (c *Client) change(ctx context.Context, store, method string, params map[string]string) error {
	type done struct {
		Success wire.Text `json:"result_success"`
		Code    wire.Text `json:"result_error_code"`
		Desc    wire.Text `json:"result_error_desc"`
	}
	var out struct {
		done
		Result *done `json:"result"`
	}
	if err := c.top(ctx, store, method, params, &out); err != nil {
		return err
	}
	d := out.done
	if out.Result != nil {
		d = *out.Result
	}
	switch {
	case d.Success == "":
		return odd(method, "result_success")
	case !yes(d.Success):
		return refusal(method, d.Code, d.Desc)
	}
	return nil
}

// ExtendReceipt gives the buyer so many days more to confirm the receipt, once: seen is the
// order's ReceiptBy as the caller decided on it, and where that has moved on since, the
// extension was granted already. A zero seen, of an order whose end is not told, always
// extends.
func (c *Client) ExtendReceipt(ctx context.Context, store, order string, seen time.Time, days int) error {
	if days < 1 {
		return fmt.Errorf("aliexpress: days: expected at least 1, got %d: %w", days, port.ErrRefused)
	}
	o, err := c.Order(ctx, store, order)
	if err != nil {
		return err
	}
	if o.ReceiptBy.After(seen) && !seen.IsZero() {
		return nil
	}
	var out struct {
		Success wire.Text `json:"is_success"`
		Memo    wire.Text `json:"memo"`
		Code    wire.Text `json:"sub_error_code"`
	}
	params := map[string]string{"param0": order, "param1": strconv.Itoa(days)}
	if err := c.top(ctx, store, methodExtend, params, &out); err != nil {
		return err
	}
	switch {
	case out.Success == "":
		return odd(methodExtend, "is_success")
	case !yes(out.Success):
		text := reason(out.Memo)
		if known := extendReason(string(out.Code)); known != "" {
			text = known + ": " + text
		}
		return refusal(methodExtend, out.Code, wire.Text(text))
	}
	return nil
}

// extendReason is what the platform's sub-codes of an extension mean.
func extendReason(code string) string {
	switch code {
	case "100":
		return "no such order"
	case "200":
		return "wrong data"
	case "201":
		return "beyond the extension that is allowed"
	case "210":
		return "not allowed for this order"
	case "601":
		return "no permission"
	}
	return ""
}
