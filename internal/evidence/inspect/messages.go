package inspect

import (
	"encoding/json"
	"fmt"

	"parcelward/internal/rules"
)

const (
	maxMessages = 5000 // of a conversation
	maxMessage  = 8000 // bytes of one that are kept
)

// messages reads a conversation as collectors keep it: an object with "messages", each a
// [rules.Message]. A message without sender, time or order cannot prove anything: it is unseen.
func messages(content []byte) (read []rules.Message, unseen []rules.Unseen) {
	var conversation struct {
		Messages []json.RawMessage `json:"messages"`
	}
	if err := json.Unmarshal(utf8Of(content), &conversation); err != nil {
		return nil, []rules.Unseen{{Code: rules.UnseenDamaged, Detail: err.Error()}}
	}
	if len(conversation.Messages) > maxMessages {
		return nil, []rules.Unseen{{Code: rules.UnseenTooLarge, Detail: fmt.Sprintf("more than %d messages", maxMessages)}}
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
