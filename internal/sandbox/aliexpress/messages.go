package aliexpress

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Message is one message between a buyer and a seller. It is seen from its At on.
type Message struct {
	Seller   string // whose inbox it is in
	ID       string // empty: one is made
	Buyer    string // login ID
	ToBuyer  bool   // the seller wrote it; else the buyer did
	System   bool   // nobody wrote it
	At       time.Time
	Template int    // 0: 1, a text
	Text     string // of a text
	Image    string // URL of a picture
	Order    string // of an order's card
	Raw      string // content as it stands; empty: made of Text, Image and Order
}

const (
	messagePage  = 20
	templateText = 1
	accountBuyer = 11
	fromUser     = 1
	fromSystem   = 2
)

// AddMessages adds messages to the inboxes of their sellers.
func (t *Twin) AddMessages(messages ...Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range messages {
		if m.ID == "" {
			m.ID = "20" + strconv.Itoa(1_000_000+t.next())
		}
		t.messages = append(t.messages, m)
	}
}

// messageHistory pages through a conversation from a moment back, the latest first.
func (t *Twin) messageHistory(form url.Values) (object, *problem) {
	seller, p := t.session(form.Get("access_token"))
	if p == nil {
		p = t.countCall()
	}
	if p != nil {
		return nil, p
	}
	var q struct {
		Size  int         `json:"page_size"`
		Start json.Number `json:"start_time"`
		Last  string      `json:"last_message_id"`
		Buyer string      `json:"buyer_id"`
	}
	if err := json.Unmarshal([]byte(form.Get("im_query_message_dto")), &q); err != nil || q.Buyer == "" {
		return nil, &problem{code: "InvalidParameter", text: "im_query_message_dto is not what is documented"}
	}
	start, err := q.Start.Int64()
	if err != nil || q.Size < 1 || q.Size > messagePage {
		return nil, &problem{code: "InvalidParameter", text: "page_size must be 1 to 20, start_time in milliseconds"}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.world.Now()
	var found []Message
	for _, m := range t.messages {
		if m.Seller == seller && (m.Buyer == q.Buyer || t.o.MixMessages) && !m.At.After(now) && m.At.UnixMilli() <= start {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(a, b Message) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	if i := slices.IndexFunc(found, func(m Message) bool { return m.ID == q.Last }); i >= 0 {
		found = found[i+1:]
	}
	page := found[:min(q.Size, len(found))]
	items := make([]any, len(page))
	for i := range page {
		items[i] = page[i].shown(seller)
	}
	data := object{"message_list": seq{name: "message", items: items}, "has_more": len(found) > len(page)}
	if len(page) > 0 {
		last := page[len(page)-1]
		data["next_start_time"], data["last_message_id"] = last.At.UnixMilli(), last.ID
	}
	return object{"data": render(data, true)}, nil
}

func (m *Message) shown(seller string) object {
	from, to, fromType, kind := m.Buyer, seller, accountBuyer, fromUser
	if m.ToBuyer {
		from, to, fromType = seller, m.Buyer, accountBuyer+1
	}
	if m.System {
		kind = fromSystem
	}
	content := m.Raw
	if content == "" {
		parts := map[string]string{}
		for name, part := range map[string]string{"txt": m.Text, "img_url": m.Image, "order_id": m.Order} {
			if part != "" {
				parts[name] = part
			}
		}
		raw, _ := json.Marshal(parts) // strings always can be written
		content = string(raw)
	}
	return object{
		"message_id": m.ID, "from_account_type": fromType, "to_account_type": 2*accountBuyer + 1 - fromType, "from_account_id": from, "to_account_id": to,
		"template_id": cmp.Or(m.Template, templateText), "type": kind, "content": content, "send_time": m.At.UnixMilli(),
	}
}
