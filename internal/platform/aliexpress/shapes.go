package aliexpress

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
	"parcelward/internal/wire"
)

// list is an array, which the gateway wraps in an object of one key where it did not simplify.
// A lone item without its array is an array of one.
type list[T any] []T

// UnmarshalJSON implements [json.Unmarshaler].
func (l *list[T]) UnmarshalJSON(raw []byte) error {
	*l = nil
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '{' {
		var wrapped map[string]json.RawMessage
		if err := json.Unmarshal(raw, &wrapped); err != nil {
			return fmt.Errorf("list: %w", err)
		}
		raw = unwrapped(raw, wrapped)
	}
	if len(raw) == 0 || raw[0] == '"' || string(raw) == "null" { // "" is an empty list, too
		return nil
	}
	if err := json.Unmarshal(raw, (*[]T)(l)); err != nil {
		return fmt.Errorf("list: %w", err)
	}
	return nil
}

// unwrapped is the array within an object, or one that holds the lone item; empty where there
// is none.
func unwrapped(raw []byte, keys map[string]json.RawMessage) []byte {
	lone := raw
	for _, inner := range keys {
		switch inner = bytes.TrimSpace(inner); {
		case inner[0] == '[':
			return inner
		case len(keys) == 1 && inner[0] == '{':
			lone = inner
		case len(keys) == 1 && (string(inner) == "null" || string(inner) == `""`):
			return nil
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return slices.Concat([]byte("["), lone, []byte("]"))
}

// yes reads a boolean, however it is written.
func yes(t wire.Text) bool { return strings.EqualFold(string(t), "true") || t == "1" }

// cash is money as the platform writes it: as a decimal, in cents, or both.
type cash struct {
	Amount       wire.Text `json:"amount"`
	AmountStr    wire.Text `json:"amount_str"`
	Cent         wire.Text `json:"cent"`
	CentFactor   wire.Text `json:"cent_factor"`
	CurrencyCode wire.Text `json:"currency_code"`
}

// amount reads money; nil where none is told.
func (c *cash) amount() (*money.Amount, error) {
	if c == nil {
		return nil, nil
	}
	text := c.Amount
	if text == "" {
		text = c.AmountStr
	}
	if text == "" && c.Cent == "" {
		return nil, nil
	}
	if text == "" {
		var err error
		if text, err = c.fromCents(); err != nil {
			return nil, err
		}
	}
	a, err := money.Parse(string(text), string(c.CurrencyCode))
	if err != nil {
		return nil, fmt.Errorf("money: %w", err)
	}
	return &a, nil
}

func (c *cash) fromCents() (wire.Text, error) {
	cents, err := strconv.ParseInt(string(c.Cent), 10, 64)
	if err != nil {
		return "", fmt.Errorf("money: cent: expected a whole number, got %q", wire.Short(string(c.Cent)))
	}
	scale := 2
	switch c.CentFactor {
	case "1":
		scale = 0
	case "10":
		scale = 1
	case "", "100":
	case "1000":
		scale = 3
	default:
		return "", fmt.Errorf("money: cent_factor: expected 1, 10, 100 or 1000, got %q", wire.Short(string(c.CentFactor)))
	}
	d, err := decimal.New(cents, scale)
	if err != nil {
		return "", fmt.Errorf("money: cent: %w", err)
	}
	return wire.Text(d.String()), nil
}
