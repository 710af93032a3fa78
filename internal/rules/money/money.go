// Package money holds decimal amounts with their currency, as events carry
// them: {"amount":"88.20","currency":"USD"}.
//
// Invariants: never a float; an amount keeps the scale that it was written
// with ("88.20" stays "88.20"); at most 19 digits, so that no parse rounds;
// the currency is three upper-case ASCII letters (ISO 4217). Only the zero
// Amount has no currency.
package money

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/govalues/decimal"
)

// maxDigits is the precision of govalues/decimal: one digit more would be rounded.
const maxDigits = 19

// Amount is a sum of money. Compare values with Value.Cmp, never with ==
// (1.10 and 1.1 differ in scale only).
type Amount struct {
	Value    decimal.Decimal
	Currency string // ISO 4217, such as "USD"
}

// Parse reads a plain decimal such as "88.20" (an optional leading minus, at
// least one digit, at most 19, no exponent) and an ISO 4217 code. The error
// names the JSON key that is wrong and what was expected.
func Parse(amount, currency string) (Amount, error) {
	value, err := parseValue(amount)
	if err != nil {
		return Amount{}, err
	}
	if !validCurrency(currency) {
		return Amount{}, fmt.Errorf("currency: got %s, expected an ISO 4217 code of three upper-case letters such as \"USD\"", clip(currency))
	}
	return Amount{Value: value, Currency: currency}, nil
}

// String gives the amount and its currency, such as "88.20 USD".
func (a Amount) String() string { return a.Value.String() + " " + a.Currency }

// IsNegative reports whether the amount is below zero.
func (a Amount) IsNegative() bool { return a.Value.IsNeg() }

// MarshalJSON writes {"amount":"88.20","currency":"USD"}.
func (a Amount) MarshalJSON() ([]byte, error) {
	if !validCurrency(a.Currency) {
		return nil, fmt.Errorf("currency: got %s, expected an ISO 4217 code of three upper-case letters such as \"USD\"", clip(a.Currency))
	}
	out := append(make([]byte, 0, 56), `{"amount":"`...)
	out, err := a.Value.AppendText(out)
	if err != nil {
		return nil, fmt.Errorf("amount: %w", err)
	}
	out = append(out, `","currency":"`...)
	out = append(out, a.Currency...)
	return append(out, `"}`...), nil
}

// UnmarshalJSON reads what MarshalJSON writes; unknown keys are ignored, a
// JSON number as amount is refused. Errors are Parse's.
func (a *Amount) UnmarshalJSON(data []byte) error {
	amount, currency, ok := scanObject(data)
	if !ok {
		var err error
		if amount, currency, err = decodeObject(data); err != nil {
			return err
		}
	}
	parsed, err := Parse(amount, currency)
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

// decodeObject is the slow way, for anything but the two plain keys: it finds
// out exactly what is wrong.
func decodeObject(data []byte) (amount, currency string, err error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return "", "", errors.New(`money: expected an object such as {"amount":"88.20","currency":"USD"}`)
	}
	for key, into := range map[string]*string{"amount": &amount, "currency": &currency} {
		raw, ok := object[key]
		if !ok {
			return "", "", fmt.Errorf(`%s: missing, expected an object such as {"amount":"88.20","currency":"USD"}`, key)
		}
		if raw[0] != '"' || json.Unmarshal(raw, into) != nil {
			return "", "", fmt.Errorf(`%s: got %s, expected a string, as in {"amount":"88.20","currency":"USD"}`, key, jsonKind(raw[0]))
		}
	}
	return amount, currency, nil
}

// jsonKind names a JSON value by its first byte.
func jsonKind(first byte) string {
	switch first {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a malformed string"
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	default:
		return "a number"
	}
}

// RoundHalfUp rounds to the given number of decimal places (0 to 19), a half
// away from zero: 0.125 becomes 0.13, where decimal's own Round, being
// banker's rounding, gives 0.12. The result has exactly that many places
// unless 19 digits do not hold them.
func RoundHalfUp(d decimal.Decimal, places int) decimal.Decimal {
	drop := d.Scale() - places
	if drop <= 0 {
		return d.Pad(places)
	}
	unit := uint64(1)
	for range drop {
		unit *= 10
	}
	whole, rest := d.Coef()/unit, d.Coef()%unit
	if rest >= unit-rest {
		whole++
	}
	rounded := decimal.MustNew(int64(whole), places) //nolint:gosec // at most 10^18, for one digit or more was dropped
	if d.IsNeg() {
		return rounded.Neg()
	}
	return rounded
}

func parseValue(s string) (decimal.Decimal, error) {
	digits, ok := plainDecimal(s)
	if !ok {
		return decimal.Decimal{}, fmt.Errorf("amount: got %s, expected a plain decimal such as \"88.20\" (no exponent, no plus sign, no spaces)", clip(s))
	}
	if digits > maxDigits {
		return decimal.Decimal{}, fmt.Errorf("amount: got %d digits, expected at most %d", digits, maxDigits)
	}
	value, err := decimal.Parse(s)
	if err != nil {
		return decimal.Decimal{}, fmt.Errorf("amount: %s: %w", clip(s), err)
	}
	if value.IsZero() && s[0] == '-' {
		return decimal.Decimal{}, fmt.Errorf("amount: got %s, expected zero without a sign", clip(s))
	}
	return value, nil
}

// plainDecimal matches -?[0-9]+(\.[0-9]+)? and counts the digits.
func plainDecimal(s string) (digits int, ok bool) {
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	point := -1
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' && point < 0 && i > 0:
			point = i
		default:
			return 0, false
		}
	}
	return digits, digits > 0 && point != len(s)-1
}

func validCurrency(s string) bool {
	if len(s) != 3 {
		return false
	}
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return true
}

// clip quotes a value for an error message and keeps hostile input short.
func clip(s string) string {
	const limit = 40
	if len(s) > limit {
		return fmt.Sprintf("%q...", s[:limit])
	}
	return fmt.Sprintf("%q", s)
}
