package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Text is a JSON value that services write now as a string, now as a number, true, false or
// null; null is empty.
type Text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Text) UnmarshalJSON(raw []byte) error {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		*t = ""
		return nil
	case raw[0] == '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return fmt.Errorf("text: %w", err)
		}
		*t = Text(s)
		return nil
	case raw[0] == '{' || raw[0] == '[':
		return fmt.Errorf("expected a text or a number, got %s", Short(string(raw)))
	}
	*t = Text(raw)
	return nil
}
