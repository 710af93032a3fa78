package money

import "bytes"

// scanObject reads an object of exactly the two string keys, without escapes,
// in any order and spacing: what every event carries. It allocates only the
// two short strings; ok is false for anything else, which decodeObject judges.
func scanObject(data []byte) (amount, currency string, ok bool) {
	rest, ok := token(data, '{')
	if !ok {
		return "", "", false
	}
	for i := range 2 {
		var key, value []byte
		if i > 0 {
			if rest, ok = token(rest, ','); !ok {
				return "", "", false
			}
		}
		if key, rest, ok = plainString(rest); !ok {
			return "", "", false
		}
		if rest, ok = token(rest, ':'); !ok {
			return "", "", false
		}
		if value, rest, ok = plainString(rest); !ok || len(value) == 0 {
			return "", "", false
		}
		switch {
		case amount == "" && string(key) == "amount":
			amount = string(value)
		case currency == "" && string(key) == "currency":
			currency = known(value)
		default:
			return "", "", false
		}
	}
	rest, ok = token(rest, '}')
	return amount, currency, ok && len(skipSpace(rest)) == 0
}

// known returns a constant for the currencies of nearly every order.
func known(code []byte) string {
	switch string(code) {
	case "USD":
		return "USD"
	case "CNY":
		return "CNY"
	case "EUR":
		return "EUR"
	default:
		return string(code)
	}
}

func token(data []byte, want byte) (rest []byte, ok bool) {
	data = skipSpace(data)
	if len(data) == 0 || data[0] != want {
		return nil, false
	}
	return data[1:], true
}

// plainString reads a JSON string of printable ASCII without escapes.
func plainString(data []byte) (s, rest []byte, ok bool) {
	data, ok = token(data, '"')
	if !ok {
		return nil, nil, false
	}
	end := bytes.IndexByte(data, '"')
	if end < 0 {
		return nil, nil, false
	}
	for _, c := range data[:end] {
		if c < ' ' || c > '~' || c == '\\' {
			return nil, nil, false
		}
	}
	return data[:end], data[end+1:], true
}

func skipSpace(data []byte) []byte {
	for len(data) > 0 && (data[0] == ' ' || data[0] == '\t' || data[0] == '\n' || data[0] == '\r') {
		data = data[1:]
	}
	return data
}
