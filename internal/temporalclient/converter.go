package temporalclient

import (
	"encoding/json"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"parcelward/internal/protocol"
)

// DataConverter compresses the facts that workflows carry. What people read, in the Web UI or
// by the Temporal CLI, stays plain JSON: summaries, details, confirmations, answers to
// queries and updates.
func DataConverter() converter.DataConverter {
	plain := converter.GetDefaultDataConverter()
	zlib := lenientCodec{converter.NewZlibCodec(converter.ZlibCodecOptions{})}
	return factsConverter{DataConverter: converter.NewCodecDataConverter(plain, zlib), plain: plain}
}

// factsConverter reads everything and compresses facts.
type factsConverter struct {
	converter.DataConverter // compresses, and reads both
	plain                   converter.DataConverter
}

// ToPayload implements converter.DataConverter.
func (c factsConverter) ToPayload(value any) (*commonpb.Payload, error) {
	switch value.(type) {
	case protocol.OrderInput, protocol.ClaimInput, protocol.Facts, []json.RawMessage:
		return c.DataConverter.ToPayload(value)
	}
	return c.plain.ToPayload(value)
}

// ToPayloads implements converter.DataConverter.
func (c factsConverter) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	if len(values) == 0 {
		return nil, nil //nolint:nilnil // as the SDK's own converters say "no arguments"
	}
	payloads := make([]*commonpb.Payload, len(values))
	for i, value := range values {
		var err error
		if payloads[i], err = c.ToPayload(value); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i, err)
		}
	}
	return &commonpb.Payloads{Payloads: payloads}, nil
}

// lenientCodec hands a payload that cannot be decoded on as it is, so that whoever receives it
// can keep it: an error would lose it.
type lenientCodec struct{ converter.PayloadCodec }

// Decode implements converter.PayloadCodec.
func (c lenientCodec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	decoded := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		decoded[i] = p
		if one, err := c.PayloadCodec.Decode([]*commonpb.Payload{p}); err == nil {
			decoded[i] = one[0]
		}
	}
	return decoded, nil
}
