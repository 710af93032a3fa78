package seventeentrack

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"parcelward/internal/port"
)

// signHeader bears a push's signature.
const signHeader = "sign"

// Receive implements [port.Pusher]. Of a number that was given up (TRACKING_STOPPED) the answer's
// error is [port.ErrUnwatched]: it is to be watched again. 17TRACK numbers no push and stamps none, so an old one can come again;
// rows make no harm twice.
func (c *Client) Receive(header http.Header, body []byte) (port.Pushed, error) {
	if subtle.ConstantTimeCompare([]byte(header.Get(signHeader)), []byte(sign(body, c.key))) != 1 {
		return port.Pushed{}, fmt.Errorf("%s: push: header %s: %w", name, signHeader, port.ErrSignature)
	}
	answers, err := Parse(body)
	if err != nil {
		return port.Pushed{}, fmt.Errorf("%w: %w", err, port.ErrRefused)
	}
	var push struct {
		Event string `json:"event"`
	}
	if err := json.Unmarshal(body, &push); err != nil {
		return port.Pushed{}, fmt.Errorf("%s: push: event: %w: %w", name, err, port.ErrRefused)
	}
	for i := range answers {
		if answers[i].Number == "" {
			return port.Pushed{}, fmt.Errorf("%s: push: data: expected a number, got none: %w", name, port.ErrRefused)
		}
		if push.Event == "TRACKING_STOPPED" {
			answers[i].Err = port.ErrUnwatched
		}
	}
	return port.Pushed{Answers: answers, Reply: []byte("OK"), ReplyType: "text/plain"}, nil
}

// sign is what 17TRACK signs a body with: a plain hash, in lower case.
func sign(body []byte, key string) string {
	h := sha256.New()
	h.Write(body)
	h.Write([]byte("/" + key))
	return hex.EncodeToString(h.Sum(nil))
}
