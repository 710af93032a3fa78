package aliexpress

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/wire"
)

const (
	messagePage  = 20  // the most that one page of a conversation holds
	messagePages = 100 // that are read of one conversation
	messageMax   = 8000

	templateText    = "1"
	templateImage   = "3"
	templateProduct = "10006"
	templateOrder   = "10007"
	templateCoupon  = "21004"

	accountBuyer  = "11"
	accountSeller = "12"
	typeSystem    = "2"
)

// Conversation is what a buyer and the seller wrote to each other about an order.
type Conversation struct {
	Order    string
	Buyer    string // login ID
	Messages []rules.Message
	More     bool // there are older ones, which were not read
}

type messageDTO struct {
	ID       wire.Text       `json:"message_id"`
	FromType wire.Text       `json:"from_account_type"`
	From     wire.Text       `json:"from_account_id"`
	To       wire.Text       `json:"to_account_id"`
	Template wire.Text       `json:"template_id"`
	Type     wire.Text       `json:"type"`
	Content  json.RawMessage `json:"content"`
	SendTime wire.Text       `json:"send_time"`
}

// Messages reads the inbox for what an order's buyer and the seller wrote to each other since
// the order was created, the oldest first. What names another order is left out, and so is
// what another buyer wrote, whatever the platform mixes into its answer. At most 2,000 messages
// are looked through, the latest.
func (c *Client) Messages(ctx context.Context, store, order string) (Conversation, error) {
	o, err := c.Order(ctx, store, order)
	if err != nil {
		return Conversation{}, err
	}
	out := Conversation{Order: o.ID, Buyer: o.Buyer}
	if o.Buyer == "" {
		return out, odd(methodOrderInfo, "buyerloginid")
	}
	found := map[string]messageDTO{}
	start, last := strconv.FormatInt(c.now().UnixMilli(), 10), ""
	for n := 0; ; n++ {
		if n == messagePages {
			out.More = true
			break
		}
		page, err := c.messagePage(ctx, store, o.Buyer, start, last)
		if err != nil {
			return out, err
		}
		oldest := time.Time{}
		for i, m := range page.List {
			at := moment(m.SendTime)
			if m.ID == "" || at.IsZero() {
				return out, odd(methodMessages, fmt.Sprintf("message_list.%d.message_id and send_time", i))
			}
			if oldest.IsZero() || at.Before(oldest) {
				oldest = at
			}
			found[string(m.ID)] = m
		}
		next, nextLast := string(page.NextStart), string(page.Last)
		switch {
		case !yes(page.More), !oldest.IsZero() && oldest.Before(o.Created):
			out.Messages = about(&o, found)
			return out, nil
		case next == "" && nextLast == "" || next == start && nextLast == last:
			return out, odd(methodMessages, "a place where the next page begins")
		}
		start, last = next, nextLast
	}
	out.Messages = about(&o, found)
	return out, nil
}

type messagesDTO struct {
	List      list[messageDTO] `json:"message_list"`
	More      wire.Text        `json:"has_more"`
	NextStart wire.Text        `json:"next_start_time"`
	Last      wire.Text        `json:"last_message_id"`
}

func (c *Client) messagePage(ctx context.Context, store, buyer, start, last string) (*messagesDTO, error) {
	query := map[string]any{"page_size": messagePage, "buyer_id": buyer}
	if start != "" {
		query["start_time"] = json.Number(start)
		if _, err := strconv.ParseInt(start, 10, 64); err != nil {
			query["start_time"] = start
		}
	}
	if last != "" {
		query["last_message_id"] = last
	}
	param, err := json.Marshal(query)
	if err != nil {
		return nil, fmt.Errorf("aliexpress: %s: %w", methodMessages, err)
	}
	var out struct {
		Data *messagesDTO `json:"data"`
	}
	if err := c.gopFor(ctx, store, methodMessages, map[string]string{"im_query_message_dto": string(param)}, &out); err != nil {
		return nil, err
	}
	if out.Data == nil {
		return nil, odd(methodMessages, "data")
	}
	return out.Data, nil
}

// about is what of a conversation is about an order: a message belongs to the order that it
// names, or that the latest card before it shows; where none was shown, to the one asked for.
func about(o *Order, found map[string]messageDTO) []rules.Message {
	all := make([]messageDTO, 0, len(found))
	for _, m := range found {
		if string(m.From) == o.Buyer || string(m.To) == o.Buyer {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b messageDTO) int {
		return cmp.Or(moment(a.SendTime).Compare(moment(b.SendTime)), cmp.Compare(a.ID, b.ID))
	})
	var messages []rules.Message
	current := o.ID
	for _, m := range all {
		kind, text, named := m.read()
		if named != "" && m.Template == templateOrder {
			current = named
		}
		of := cmp.Or(named, current)
		at := moment(m.SendTime)
		if at.Before(o.Created) || of != o.ID {
			continue
		}
		from := ""
		switch {
		case string(m.From) == o.Buyer && m.FromType != accountSeller:
			from = rules.FromBuyer
		case string(m.To) == o.Buyer && m.FromType != accountBuyer:
			from = rules.FromSeller
		default:
			continue // it says of itself now one thing, now another
		}
		messages = append(messages, rules.Message{ID: string(m.ID), From: from, At: at, Order: o.ID, Type: kind, Text: text})
	}
	return messages
}

// orderNumber is how the platform writes the numbers of orders.
var orderNumber = regexp.MustCompile(`(?:^|[^0-9])([1-9][0-9]{14,19})(?:[^0-9]|$)`)

// read is what a message says, and the order that it names; empty: none.
func (m *messageDTO) read() (kind, text, order string) {
	var content struct {
		Text    wire.Text `json:"txt"`
		Image   wire.Text `json:"img_url"`
		OrderID wire.Text `json:"order_id"`
	}
	raw := m.content()
	if json.Unmarshal([]byte(raw), &content) == nil {
		text, order = first(content.Text, content.Image), string(content.OrderID)
	}
	switch m.Template {
	case templateText, "":
	case templateImage:
		kind = "image"
	case templateProduct:
		kind = "product"
	case templateOrder:
		kind = "order"
	case templateCoupon:
		kind = "coupon"
	default:
		kind = "template " + wire.Short(string(m.Template))
	}
	if m.Type == typeSystem {
		kind = "system" // no person wrote it
	}
	if text == "" && order == "" {
		text = raw
	}
	if order == "" {
		if named := orderNumber.FindStringSubmatch(text); named != nil && kind != "image" {
			order = named[1]
		}
	}
	if len(text) > messageMax {
		text = text[:messageMax]
	}
	return kind, strings.ToValidUTF8(text, ""), order
}

// content is the message's JSON, which stands in a string.
func (m *messageDTO) content() string {
	var text string
	if json.Unmarshal(m.Content, &text) == nil {
		return text
	}
	return string(m.Content)
}

// JSON is the conversation as evidence: the same as long as nobody writes more. An empty one is
// an error that wraps [port.ErrNothing].
func (c *Conversation) JSON() ([]byte, error) {
	if len(c.Messages) == 0 {
		return nil, fmt.Errorf("aliexpress: messages with the buyer of order %s: %w: %w", c.Order, port.ErrNothing, port.ErrRefused)
	}
	raw, err := json.MarshalIndent(struct {
		Platform string          `json:"platform"`
		Order    string          `json:"order"`
		Buyer    string          `json:"buyer"`
		More     bool            `json:"older_messages_left_out,omitempty"`
		Messages []rules.Message `json:"messages"`
	}{port.Platform, c.Order, c.Buyer, c.More, c.Messages}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("aliexpress: messages about order %s: %w", c.Order, err)
	}
	return raw, nil
}
