package inspect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"parcelward/internal/rules"
)

const (
	maxMessages = 5000 // of a conversation
	maxMessage  = 8000 // bytes of one that are kept
)

var errMessages = fmt.Errorf("more than %d messages", maxMessages)

// messageList takes no more memory for messages beyond the bound: the shortest has three bytes in
// a file, and dozens as a value.
type messageList []json.RawMessage

// UnmarshalJSON implements [json.Unmarshaler].
func (l *messageList) UnmarshalJSON(list []byte) error {
	d := json.NewDecoder(bytes.NewReader(list))
	if start, err := d.Token(); err != nil || start != json.Delim('[') {
		return fmt.Errorf("messages: expected a list, got %v", start)
	}
	for d.More() {
		if len(*l) == maxMessages {
			return errMessages
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return fmt.Errorf("messages: %w", err)
		}
		*l = append(*l, raw)
	}
	return nil
}

// messages reads a conversation as collectors keep it: an object with "messages", each a
// [rules.Message]. A message without sender, time or order cannot prove anything: it is unseen.
func messages(content []byte) (read []rules.Message, unseen []rules.Unseen) {
	var conversation struct {
		Messages messageList `json:"messages"`
	}
	err := json.Unmarshal(utf8Of(content), &conversation)
	switch {
	case errors.Is(err, errMessages):
		return nil, []rules.Unseen{{Code: rules.UnseenTooLarge, Detail: errMessages.Error()}}
	case err != nil:
		return nil, []rules.Unseen{{Code: rules.UnseenDamaged, Detail: err.Error()}}
	}
	unread := func(i int, what string) {
		if len(unseen) < maxUnread {
			unseen = append(unseen, rules.Unseen{Code: rules.UnseenRows, Detail: fmt.Sprintf("messages.%d: %s", i, what)})
		}
	}
	for i, raw := range conversation.Messages {
		var m rules.Message
		err := json.Unmarshal(raw, &m)
		switch {
		case err != nil:
			unread(i, err.Error())
			continue
		case m.From != rules.FromBuyer && m.From != rules.FromSeller:
			unread(i, fmt.Sprintf("from: expected %s or %s, got %q", rules.FromBuyer, rules.FromSeller, m.From))
			continue
		case m.At.IsZero():
			unread(i, "at: expected a time with offset")
			continue
		case m.Order == "":
			unread(i, "order: expected the order's number")
			continue
		}
		m.Text = m.Text[:min(len(m.Text), maxMessage)]
		read = append(read, m)
	}
	return read, unseen
}
