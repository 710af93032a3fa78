package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/wire"
)

func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]wire.Text{
		`"a text"`: "a text", `"签名"`: "签名", `""`: "", `"null"`: "null",
		`7`: "7", `-1.50`: "-1.50", `8190001000000000001`: "8190001000000000001", `1e3`: "1e3",
		`true`: "true", `false`: "false", `null`: "",
	} {
		got := struct{ Key wire.Text }{"before"}
		require.NoError(t, json.Unmarshal([]byte(`{"Key": `+in+` }`), &got), in)
		require.Equal(t, want, got.Key, in)
	}
	var absent struct{ Key wire.Text }
	require.NoError(t, json.Unmarshal([]byte(`{}`), &absent))
	require.Empty(t, absent.Key)
	for _, in := range []string{`{}`, `[]`, `["a"]`, `{"a":1}`} {
		var got wire.Text
		require.ErrorContains(t, json.Unmarshal([]byte(in), &got), "expected a text or a number, got "+in)
	}
}
