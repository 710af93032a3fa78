package aliexpress

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Dispute is a buyer's dispute.
type Dispute struct {
	Seller, ID, Order, Child, Buyer string
	Status                          string // empty: processing
	Reason                          string // in English
	HasGoods                        bool   // says the buyer
	Opened                          time.Time
	Closed                          time.Time // zero: not yet
}

// AddDispute adds disputes, or replaces those of the same ID, and marks their orders.
func (t *Twin) AddDispute(disputes ...Dispute) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, d := range disputes {
		d.Status = cmp.Or(d.Status, "processing")
		t.disputes = slices.DeleteFunc(t.disputes, func(known *Dispute) bool { return known.ID == d.ID })
		t.disputes = append(t.disputes, &d)
		if o := t.orders[d.Order]; o != nil {
			o.Issue, o.Modified = "IN_ISSUE", t.world.Now()
			if d.Status != "processing" {
				o.Issue = "END_ISSUE"
			}
		}
	}
}

func (t *Twin) issueList(c *call) (object, *problem) {
	var q struct {
		Buyer  string `json:"buyer_login_id"`
		Page   int    `json:"current_page"`
		Size   int    `json:"page_size"`
		Status string `json:"issue_status"`
		Order  string `json:"order_no"`
	}
	if p := c.json("query_dto", &q); p != nil {
		return nil, p
	}
	if q.Page < 1 || q.Size < 1 || q.Size > 50 {
		return nil, &problem{code: "15", text: "Remote service error", subCode: "isv.page-error", subText: "page_size must be 1 to 50"}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	list := seq{name: "issue_api_issue_dto"}
	for _, d := range t.disputes {
		if d.Seller == c.seller && d.Status == cmp.Or(q.Status, "processing") && (q.Buyer == "" || q.Buyer == d.Buyer) &&
			(q.Order == "" || q.Order == d.Order || q.Order == d.Child) {
			list.items = append(list.items, object{
				"issue_id": number(d.ID), "buyer_login_id": d.Buyer, "order_id": number(cmp.Or(d.Child, d.Order)), "parent_order_id": number(d.Order),
				"issue_status": d.Status, "reason_english": d.Reason, "reason_chinese": "", "gmt_create": shown(d.Opened),
				"gmt_modified": shown(d.changed()),
			})
		}
	}
	total := len(list.items)
	list.items = list.items[min((q.Page-1)*q.Size, total):min(q.Page*q.Size, total)]
	return object{"data_list": list, "total_item": total, "current_page": q.Page, "page_size": q.Size}, nil
}

func (d *Dispute) changed() time.Time {
	if d.Closed.IsZero() {
		return d.Opened
	}
	return d.Closed
}

// sellerAnswers is how long a seller has for his first answer.
const sellerAnswers = 5 * 24 * time.Hour

func (t *Twin) issueDetail(c *call) (object, *problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, d := range t.disputes {
		if d.Seller != c.seller || d.ID != c.get("issue_id") || d.Buyer != c.get("buyer_login_id") {
			continue
		}
		steps := seq{name: "api_issue_process_dto"}
		if !d.Closed.IsZero() {
			steps.items = append(steps.items, object{
				"gmt_create": shown(d.Closed), "issue_id": number(d.ID), "action_type": "perform_solution", "submit_member_type": "system", "receive_goods": false,
			})
		}
		steps.items = append(steps.items, object{
			"gmt_create": shown(d.Opened), "issue_id": number(d.ID), "action_type": "initiate", "submit_member_type": "buyer",
			"receive_goods": d.HasGoods, "content": d.Reason, "has_buyer_video": false, "has_seller_video": false,
		})
		stands := object{"reverse_detail_status": "wait_for_seller_response", "timeout_type": "WAIT_SOLUTION_TIMEOUT", "timeout_trigger_time": shown(d.Opened.Add(sellerAnswers))}
		if !d.Closed.IsZero() {
			stands = object{"reverse_detail_status": "ae_feedback_finish"}
		}
		detail := object{
			"id": number(d.ID), "buyer_login_id": d.Buyer, "order_id": number(cmp.Or(d.Child, d.Order)), "parent_order_id": number(d.Order),
			"issue_status": d.Status, "issue_reason": d.Reason, "issue_reason_id": 115, "gmt_create": shown(d.Opened),
			"refund_money_max": "0.00", "refund_money_max_currency": "USD", "process_dto_list": steps,
		}
		maps.Copy(detail, stands)
		return object{"result_object": detail}, nil
	}
	return nil, &problem{code: "15", text: "Remote service error", subCode: "isv.issue-not-exist", subText: "no such dispute"}
}

// Push posts a push about an order to a callback, as the app's console would be set up to. An
// answer other than 200 is an error.
func (t *Twin) Push(ctx context.Context, callback, order, status string) error {
	o, ok := t.Order(order)
	if !ok {
		return fmt.Errorf("order %s: none", order)
	}
	body, err := json.Marshal(object{
		"data": object{"buyerId": 1, "orderId": number(order), "orderStatus": status}, "message_type": 53, "seller_id": o.Seller,
		"site": "ae_global", "timestamp": t.world.Now().Unix(),
	})
	if err != nil {
		return fmt.Errorf("push of order %s: %w", order, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, callback, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("push of order %s: %w", order, err)
	}
	mac := hmac.New(sha256.New, []byte(t.o.AppSecret))
	mac.Write([]byte(t.o.AppKey))
	mac.Write(body)
	req.Header.Set("Authorization", hex.EncodeToString(mac.Sum(nil)))
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("push of order %s: %w", order, err)
	}
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("push of order %s: %w", order, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("push of order %s: expected HTTP 200, got %d", order, resp.StatusCode)
	}
	return nil
}

// Close ends the twin; it keeps no goroutine.
func (*Twin) Close() {}
