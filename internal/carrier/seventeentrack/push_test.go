package seventeentrack_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/seventeentrack"
	"parcelward/internal/port"
)

const (
	stopped     = `{"event":"TRACKING_STOPPED","data":{"number":"AA123456789BR","carrier":2151,"param":null,"tag":""}}`
	stoppedSign = "c0befcd6c01fba0519751e24ce396372bb0522daf4d3a75ad6c67144f896fc23"
)

func TestReceive(t *testing.T) {
	t.Parallel()
	c := client(t, seventeentrack.Options{})
	p, err := c.Receive(http.Header{"Sign": {stoppedSign}}, []byte(stopped))
	require.NoError(t, err)
	require.Equal(t, []port.Answer{{Number: "AA123456789BR", Err: port.ErrUnwatched}}, p.Answers)
	require.NotEmpty(t, p.Reply)
	require.Equal(t, "text/plain", p.ReplyType)
	for _, header := range []http.Header{
		{}, {"Sign": {""}}, {"Sign": {strings.ToUpper(stoppedSign)}}, {"Sign": {stoppedSign[:63]}}, {"Sign": {"0" + stoppedSign[1:]}},
	} {
		p, err := c.Receive(header, []byte(stopped))
		require.ErrorIs(t, err, port.ErrSignature)
		require.Empty(t, p.Answers)
		require.NotContains(t, err.Error(), key)
	}
	for _, body := range []string{stopped + " ", strings.Replace(stopped, "BR", "PT", 1), ""} {
		_, err := c.Receive(http.Header{"Sign": {stoppedSign}}, []byte(body))
		require.ErrorIs(t, err, port.ErrSignature)
	}
	_, err = client(t, seventeentrack.Options{Key: "another"}).Receive(http.Header{"Sign": {stoppedSign}}, []byte(stopped))
	require.ErrorIs(t, err, port.ErrSignature)
}

// Signed with key TEST17KEY by sha256sum.
func TestReceiveWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	c := client(t, seventeentrack.Options{})
	for body, sign := range map[string]string{
		`{"event":"TRACKING_UPDATED","data":{}}`: "3ad690ed1c7a09113f4f5b96cd1e38345d9c2847ca79f04479fcb4fba3845c21",
		`[]`:                                     "9a5f66c60d032342efaadd1c194031e032a7cca56084b0608e294dcafbec8898",
		`{`:                                      "1c8ebe08bd74d5256b3ce9cc2eb68ec5837ef3b4a0155885a9fbd064e460aa9d",
	} {
		_, err := c.Receive(http.Header{"Sign": {sign}}, []byte(body))
		require.ErrorIs(t, err, port.ErrRefused, body)
		require.NotErrorIs(t, err, port.ErrSignature, body)
	}
	// A kind of push that nobody knows is no reason to refuse its rows.
	p, err := c.Receive(http.Header{"Sign": {"f7f4559aa91c43b0c5d75954001b4facddfe5e7ed79b0ace505ce2f901b7c11d"}}, []byte(`{"event":"NEW","data":{"number":"AA11111"}}`))
	require.NoError(t, err)
	require.Len(t, p.Answers, 1)
}
