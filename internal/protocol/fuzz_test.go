package protocol_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/protocol"
)

func newOf(v any) any { return reflect.New(reflect.TypeOf(v)).Interface() }

// FuzzDecodeEvent: whatever comes in, decoding answers with an event or an *EventError; what
// it accepts encodes, and decodes to the same.
func FuzzDecodeEvent(f *testing.F) {
	for kind, data := range goodData {
		raw, err := json.Marshal(envelope(kind, data))
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Add([]byte(`{"data":{"paid_at":7},"type":"order.paid"}`))
	f.Add([]byte("{\"id\":\"\xff\"}"))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := protocol.DecodeEvent(raw)
		if err != nil {
			var bad *protocol.EventError
			require.ErrorAs(t, err, &bad)
			require.NotEmpty(t, bad.Expected)
			return
		}
		if e.Data == nil {
			return // an unknown type is kept as it came
		}
		again, err := protocol.EncodeEvent(e)
		require.NoError(t, err)
		if len(again) > protocol.MaxEventBytes {
			return // escapes made it longer than what is taken in
		}
		same, err := protocol.DecodeEvent(again)
		require.NoError(t, err, "%s", again)
		once, err := protocol.EncodeEvent(same)
		require.NoError(t, err)
		require.Equal(t, string(again), string(once))
		require.True(t, e.Time.Equal(same.Time))
		require.True(t, e.Data.At().Equal(same.Data.At()))
		numbered, err := protocol.DecodeFact(protocol.Number(again, 7))
		require.NoError(t, err)
		require.EqualValues(t, 7, numbered.Position)
	})
}
