package cainiao

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"parcelward/internal/port"
	"parcelward/internal/wire"
)

// Receive implements [port.Pusher]. Nothing of LINK's pushes is confirmed: the form is that
// of a request, the body that of an answer.
func (c *Client) Receive(_ http.Header, body []byte) (port.Pushed, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || !form.Has("logistics_interface") {
		return port.Pushed{Reply: []byte(`{"success":false,"errorCode":"S05","errorMsg":"logistics_interface expected"}`), ReplyType: replyType},
			fmt.Errorf("cainiao: expected a form with logistics_interface and data_digest, got %s: %w", wire.Short(string(body)), port.ErrRefused)
	}
	content := form.Get("logistics_interface")
	// A sender that does not escape the plus signs of Base64 sends spaces.
	got := strings.ReplaceAll(form.Get("data_digest"), " ", "+")
	if subtle.ConstantTimeCompare([]byte(got), []byte(digest(content, c.o.Secret))) != 1 {
		return port.Pushed{Reply: []byte(`{"success":false,"errorCode":"S02","errorMsg":"data_digest does not fit"}`), ReplyType: replyType},
			fmt.Errorf("cainiao: push: %w", port.ErrSignature)
	}
	answers, err := parse([]byte(content), "")
	if err != nil {
		return port.Pushed{Reply: []byte(`{"success":false,"errorCode":"S05","errorMsg":"trace expected"}`), ReplyType: replyType},
			fmt.Errorf("cainiao: push: %w: %w", err, port.ErrRefused)
	}
	return port.Pushed{Answers: answers, Reply: []byte(`{"success":true}`), ReplyType: replyType}, nil
}

const replyType = "application/json; charset=UTF-8"
