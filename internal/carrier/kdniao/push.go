package kdniao

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/wire"
)

// pushMoney tells of cash on delivery, not of the parcel.
const pushMoney = "107"

const replyType = "application/json;charset=utf-8"

// Receive implements [port.Pusher]: pushes 101 and 102, whole traces each, and 107, which is
// taken without rows.
func (c *Client) Receive(_ http.Header, body []byte) (port.Pushed, error) {
	form, err := pushForm(string(body))
	if err != nil {
		return c.refuse("the form cannot be read"), fmt.Errorf("kdniao: push: %w: %w", err, port.ErrRefused)
	}
	if !signed(form.Get("RequestData"), c.o.AppKey, form.Get("DataSign")) {
		return c.refuse("DataSign"), fmt.Errorf("kdniao: push: %w", port.ErrSignature)
	}
	answers, err := ofForm(form)
	if err != nil {
		return c.refuse("RequestData cannot be read"), fmt.Errorf("kdniao: push %s: %w: %w", wire.Short(form.Get("RequestType")), err, port.ErrRefused)
	}
	for i := range answers {
		heard(&answers[i])
	}
	return port.Pushed{Answers: answers, Reply: c.reply(true, ""), ReplyType: replyType}, nil
}

// heard lets what is told of a number count, though the service says of it that it failed.
func heard(a *port.Answer) {
	if len(a.Rows)+len(a.Unplaced) > 0 {
		a.Err = nil
	}
}

// pushForm takes the form of a push apart.
func pushForm(body string) (url.Values, error) {
	form, err := url.ParseQuery(strings.TrimSpace(body))
	switch {
	case err != nil:
		return nil, fmt.Errorf("expected a form: %w", err)
	case !form.Has("RequestData"):
		return nil, fmt.Errorf("expected a form with RequestData, got %s", wire.Short(body))
	}
	return form, nil
}

// ofForm is what a push says.
func ofForm(form url.Values) ([]port.Answer, error) {
	if form.Get("RequestType") == pushMoney {
		return nil, nil
	}
	return ofJSON([]byte(form.Get("RequestData")))
}

func (c *Client) refuse(reason string) port.Pushed {
	return port.Pushed{Reply: c.reply(false, reason), ReplyType: replyType}
}

// reply is the fixed answer to a push.
func (c *Client) reply(taken bool, reason string) []byte {
	encoded, err := json.Marshal(struct {
		EBusinessID string
		UpdateTime  string
		Success     bool
		Reason      string
	}{c.o.EBusinessID, time.Now().In(wire.Beijing()).Format(time.DateTime), taken, reason})
	if err != nil { // texts and a truth value always can
		return nil
	}
	return encoded
}
