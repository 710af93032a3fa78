package aliexpress_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
	twin "parcelward/internal/sandbox/aliexpress"
)

func TestSign(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path   string
		params map[string]string
		want   string
	}{
		"system": {
			"/order/get",
			map[string]string{
				"app_key": "123456", "order_id": "1234", "sign_method": "sha256", "timestamp": "1517820392000", "access_token": "test",
				"sign": "not this", "empty": "",
			},
			"4190D32361CFB9581350222F345CB77F3B19F0E31D162316848A2C1FFD5FAB4A",
		},
		"business": {
			"",
			map[string]string{
				"app_key": "123456", "format": "json", "method": "aliexpress.solution.order.info.get", "param1": `{"order_id":1234}`,
				"session": "test", "sign_method": "sha256", "timestamp": "1517820392000", "v": "2.0",
			},
			"51AF43EB8A1B2C38CE7080A65CEEE31DCE1559F56AA7475EE55BB77F78BE281B",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, aliexpress.Sign("helloworld", c.path, c.params))
			form := url.Values{}
			for k, v := range c.params {
				form.Set(k, v)
			}
			require.Equal(t, c.want, twin.Sign("helloworld", c.path, form))
		})
	}
}

func TestReceive(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	body := []byte(`{"message_type":18,"seller_id":"1234","timestamp":1719389200}`)
	const signature = "a83a3c9d8a74d5d9f6559db221856d701d7bd379449fa66c67286dd4f911aea8"
	require.Equal(t, signature, aliexpress.PushSignature(appKey, appSecret, body))
	p, err := b.Receive(http.Header{"Authorization": {signature}}, body)
	require.NoError(t, err)
	require.Equal(t, "18", p.Type)
	require.Equal(t, "1234", p.Seller)
	require.Equal(t, int64(1719389200), p.At.Unix())
	_, err = b.Receive(http.Header{"Authorization": {signature}}, append(body, ' '))
	require.ErrorIs(t, err, port.ErrSignature)
	_, err = b.Receive(http.Header{}, body)
	require.ErrorIs(t, err, port.ErrSignature)
	for _, bad := range []string{"", "[]", "{}", "<html>"} {
		_, err = b.Receive(http.Header{"Authorization": {aliexpress.PushSignature(appKey, appSecret, []byte(bad))}}, []byte(bad))
		require.ErrorIs(t, err, port.ErrRefused, bad)
	}
	// The order is found whether data is an object or a text that holds one.
	for _, good := range []string{
		`{"data":{"buyerId":1,"orderId":8190001,"orderStatus":"OrderShipped"},"message_type":53,"seller_id":"1","site":"ae_global","timestamp":1719389200}`,
		`{"data":"{\"orderId\":\"8190001\",\"orderStatus\":\"OrderShipped\"}","message_type":53}`,
	} {
		p, err = b.Receive(http.Header{"Authorization": {aliexpress.PushSignature(appKey, appSecret, []byte(good))}}, []byte(good))
		require.NoError(t, err)
		require.Equal(t, "8190001", p.Order)
		require.Equal(t, "OrderShipped", p.Status)
	}
}
