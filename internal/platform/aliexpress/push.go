package aliexpress

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/wire"
)

// Push says that something happened to an order; what it was is for the order's detail to
// tell. The platform wants HTTP 200 at once, whatever the body.
type Push struct {
	Type   string // message_type: 51 a payment, 53 an order, 18 logistics
	Seller string // seller_id
	Order  string // empty where the push names none
	Status string // orderStatus, such as OrderShipped; may be empty
	Site   string
	At     time.Time // zero: not told
}

// Receive verifies a push over its raw bytes, in constant time, and takes it apart. The error
// wraps [port.ErrSignature], or [port.ErrRefused] for a body that cannot be read.
func (c *Client) Receive(header http.Header, body []byte) (Push, error) {
	want := c.pushSign(c.key, c.secret, body)
	got := strings.TrimSpace(header.Get("Authorization"))
	if subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1 {
		return Push{}, fmt.Errorf("aliexpress: push: Authorization: %w", port.ErrSignature)
	}
	var in struct {
		Type      wire.Text       `json:"message_type"`
		Seller    wire.Text       `json:"seller_id"`
		Site      wire.Text       `json:"site"`
		Timestamp wire.Text       `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return Push{}, fmt.Errorf("aliexpress: push: expected a JSON object, got %s: %w", wire.Short(string(body)), port.ErrRefused)
	}
	if in.Type == "" {
		return Push{}, fmt.Errorf("aliexpress: push: expected message_type, got none: %w", port.ErrRefused)
	}
	p := Push{Type: string(in.Type), Seller: string(in.Seller), Site: string(in.Site), At: moment(in.Timestamp)}
	var data struct {
		OrderID     wire.Text `json:"orderId"`
		OrderIDToo  wire.Text `json:"order_id"`
		TradeID     wire.Text `json:"tradeOrderId"`
		OrderStatus wire.Text `json:"orderStatus"`
	}
	inner := []byte(in.Data)
	var text string
	if json.Unmarshal(inner, &text) == nil { // some topics write the object as a text
		inner = []byte(text)
	}
	if json.Unmarshal(inner, &data) == nil {
		p.Order, p.Status = first(data.OrderID, data.OrderIDToo, data.TradeID), string(data.OrderStatus)
	}
	return p, nil
}
