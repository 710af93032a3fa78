package aliexpress

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules/money"
	"parcelward/internal/wire"
)

// Address is where an order goes.
type Address struct {
	Name     string // of the recipient
	Country  string // ISO 3166-1 alpha-2 where the platform's code is known, else the platform's
	Province string
	City     string
	Street   string // all its lines
	Zip      string
}

// Line is a child order: one product of an order.
type Line struct {
	ID             string // of the child order
	Product        string // its ID
	SKU            string // may be empty
	Category       string // ID of the leaf category; may be empty
	Quantity       int
	Price          *money.Amount // of one; nil: not told
	Service        string        // key of the logistics service that the buyer chose
	Issue          string        // issue_status
	CommissionRate string        // a decimal share, such as 0.05; may be empty
}

// Parcel is a shipment that stands on the platform.
type Parcel struct {
	Number   string    // normalised
	Service  string    // key of the logistics service that it was declared with
	Sent     time.Time // when it was declared; zero: not told
	Received time.Time // zero: not told
	Status   string    // default, received, not_received, suspected_received
}

// Refund is money that went back.
type Refund struct {
	Child  string // of that child order; empty: of the order
	Status string // refund_ok: done
	Type   string // payout_refund: paid out as compensation
	Reason string
	At     time.Time     // zero: not told
	Amount *money.Amount // nil: not told
}

// Payout tells whether the refund is the platform's compensation, the only trace of one that
// the interface shows.
func (r Refund) Payout() bool { return r.Type == refundPayout }

// Order is an order's detail.
type Order struct {
	ID        string
	Status    string // order_status
	Logistics string // logistics_status
	Issue     string // issue_status
	Fund      string // fund_status
	Frozen    string // frozen_status
	EndReason string // order_end_reason

	Created   time.Time
	Paid      time.Time // zero: not yet
	Ended     time.Time // zero: not yet
	Modified  time.Time
	ReceiptBy time.Time // when the present status runs out, such as the buyer's time to confirm; zero: not told

	Buyer     string // login ID
	BuyerName string // who ordered
	To        Address
	TaxID     string // CPF or the like; may be empty

	Amount        *money.Amount // of the order, freight included
	Freight       *money.Amount
	EscrowFee     *money.Amount // the platform's commission; nil: not told
	SettledIn     string        // currency of settlement
	SettledAmount string        // the order's amount in it, a decimal; may be empty

	Lines   []Line
	Parcels []Parcel
	Refunds []Refund
}

// Order fetches an order's detail. What the detail leaves out of the recipient, such as the
// tax ID that Brazil and Russia ask for, comes from the receipt information.
func (c *Client) Order(ctx context.Context, store, id string) (Order, error) {
	param, err := orderParam(id, map[string]any{"ext_info_bit_flag": allExtInfo})
	if err != nil {
		return Order{}, err
	}
	var out struct {
		Result struct {
			Data      *orderDTO `json:"data"`
			ErrorCode wire.Text `json:"error_code"`
			Error     wire.Text `json:"error_message"`
		} `json:"result"`
	}
	if err := c.top(ctx, store, methodOrderInfo, map[string]string{"param1": param}, &out); err != nil {
		return Order{}, err
	}
	switch {
	case out.Result.Data == nil && (out.Result.ErrorCode != "" || out.Result.Error != ""):
		return Order{}, refusal(methodOrderInfo, out.Result.ErrorCode, out.Result.Error)
	case out.Result.Data == nil:
		return Order{}, odd(methodOrderInfo, "result.data")
	}
	o, err := out.Result.Data.order(id)
	if err != nil {
		return Order{}, fmt.Errorf("aliexpress: %s: order %s: %w", methodOrderInfo, id, err)
	}
	if o.To.Name == "" || o.To.Country == "" || o.TaxID == "" && (o.To.Country == "BR" || o.To.Country == "RU") {
		if err := c.receipt(ctx, store, &o); err != nil {
			return Order{}, err
		}
	}
	return o, nil
}

// receipt fills in what the detail left out of the recipient.
func (c *Client) receipt(ctx context.Context, store string, o *Order) error {
	param, err := orderParam(o.ID, nil)
	if err != nil {
		return err
	}
	var out struct {
		Result *addressDTO `json:"result"`
	}
	if err := c.top(ctx, store, methodOrderReceipt, map[string]string{"param1": param}, &out); err != nil {
		return err
	}
	if out.Result == nil {
		return odd(methodOrderReceipt, "result")
	}
	if o.To.Name == "" || o.To.Country == "" {
		o.To = out.Result.address()
	}
	if o.TaxID == "" {
		o.TaxID = string(out.Result.CPF)
	}
	return nil
}

// orderParam is the query of one order; the platform's order numbers are numbers.
func orderParam(id string, more map[string]any) (string, error) {
	if id == "" || strings.Trim(id, "0123456789") != "" || id[0] == '0' || len(id) > 20 {
		return "", fmt.Errorf("aliexpress: order number: expected digits, got %q: %w", wire.Short(id), port.ErrRefused)
	}
	param := map[string]any{"order_id": json.Number(id)}
	maps.Copy(param, more)
	text, err := json.Marshal(param)
	if err != nil {
		return "", fmt.Errorf("aliexpress: order number: %w", err)
	}
	return string(text), nil
}

// first is the first text that is not empty.
func first(texts ...wire.Text) string {
	for _, t := range texts {
		if t != "" {
			return string(t)
		}
	}
	return ""
}

// refusal is a no that stands inside an answer.
func refusal(method string, code, text wire.Text) error {
	return &APIError{Call: "aliexpress: " + method, Code: wire.Short(string(code)), Message: reason(text)}
}
