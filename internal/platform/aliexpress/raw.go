package aliexpress

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"parcelward/internal/wire"
)

// withheld are parts of the names of what a claim does not need: who the buyer is and where
// exactly he lives. The country, the province and the city stay.
//
//nolint:gochecknoglobals // a constant that Go cannot write as one
var withheld = []string{
	"phone", "mobile", "fax", "email", "cpf", "passport", "tax_number", "vat_no", "rut_no", "contact_person", "fullname", "full_name", "first_name",
	"last_name", "detail_address", "address2", "zip", "localized_address", "birthday",
}

// Redacted stands for what was taken out.
const Redacted = "[redacted]"

// OrderDetail is an order's detail as the platform answers it, as evidence of amounts and times:
// JSON, without what tells who the buyer is.
func (c *Client) OrderDetail(ctx context.Context, store, id string) ([]byte, error) {
	param, err := orderParam(id, map[string]any{"ext_info_bit_flag": allExtInfo})
	if err != nil {
		return nil, err
	}
	var out struct {
		Result struct {
			Data      json.RawMessage `json:"data"`
			ErrorCode wire.Text       `json:"error_code"`
			Error     wire.Text       `json:"error_message"`
		} `json:"result"`
	}
	if err := c.top(ctx, store, methodOrderInfo, map[string]string{"param1": param}, &out); err != nil {
		return nil, err
	}
	none := len(out.Result.Data) == 0 || string(out.Result.Data) == "null"
	switch {
	case none && (out.Result.ErrorCode != "" || out.Result.Error != ""):
		return nil, refusal(methodOrderInfo, out.Result.ErrorCode, out.Result.Error)
	case none:
		return nil, odd(methodOrderInfo, "result.data")
	}
	var named orderDTO
	if err := json.Unmarshal(out.Result.Data, &named); err != nil || string(named.ID) != id {
		return nil, odd(methodOrderInfo, "the detail of order "+id)
	}
	in := json.NewDecoder(bytes.NewReader(out.Result.Data))
	in.UseNumber() // amounts and order numbers as they are written
	var detail any
	if err := in.Decode(&detail); err != nil {
		return nil, odd(methodOrderInfo, "result.data")
	}
	withhold(detail)
	raw, err := json.MarshalIndent(detail, "", " ")
	if err != nil {
		return nil, fmt.Errorf("aliexpress: %s: order %s: %w", methodOrderInfo, id, err)
	}
	return raw, nil
}

// withhold takes what is withheld out of a JSON value, in its place.
func withhold(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			withhold(item)
		}
	case map[string]any:
		for name, value := range v {
			if personal(name, value) {
				v[name] = Redacted
				continue
			}
			withhold(value)
		}
	}
}

func personal(name string, value any) bool {
	name = strings.ToLower(name)
	if _, whole := value.(map[string]any); !whole && name == "address" {
		return true
	}
	for _, part := range withheld {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
