package aliexpress

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules/money"
	"parcelward/internal/wire"
)

// The states of a dispute.
const (
	DisputeProcessing = "processing"
	DisputeCancelled  = "canceled_issue" // by the buyer
	DisputeFinished   = "finish"         // and the refund done
)

// Dispute is a buyer's dispute (纠纷).
type Dispute struct {
	ID     string
	Buyer  string // login ID
	Order  string // whole order
	Child  string // child order that it is about
	Status string // processing, canceled_issue, finish
	Detail string // reverse_detail_status; empty in a list
	Reason string
	Opened time.Time
	Closed time.Time // zero: not yet; the last change where the list alone is known

	// NotReceived: the buyer says that the goods did not come. A list does not tell.
	NotReceived bool
	Timeout     string    // what happens when time runs out, such as WAIT_SOLUTION_TIMEOUT
	TimeoutAt   time.Time // zero: not told
	RefundMax   *money.Amount
	Steps       []DisputeStep // newest first, as the platform shows them
	told        bool          // NotReceived comes from the detail
}

// DisputeStep is one thing that somebody did in a dispute.
type DisputeStep struct {
	At      time.Time
	By      string // buyer, seller, waiter, system, platform
	Action  string // initiate, seller_accept, …
	Content string
}

// DisputeQuery says which disputes to list; empty fields do not matter.
type DisputeQuery struct {
	Order  string // whole or child order: which of them the platform compares is not documented
	Buyer  string // login ID
	Status string // empty: the platform's default, which is not documented
}

type issueDTO struct {
	IssueID       wire.Text `json:"issue_id"`
	ID            wire.Text `json:"id"` // in the detail
	BuyerLoginID  wire.Text `json:"buyer_login_id"`
	OrderID       wire.Text `json:"order_id"`
	ParentOrderID wire.Text `json:"parent_order_id"`
	IssueStatus   wire.Text `json:"issue_status"`
	ReverseStatus wire.Text `json:"reverse_detail_status"`
	ReasonEnglish wire.Text `json:"reason_english"`
	ReasonChinese wire.Text `json:"reason_chinese"`
	IssueReason   wire.Text `json:"issue_reason"`
	GmtCreate     wire.Text `json:"gmt_create"`
	GmtModified   wire.Text `json:"gmt_modified"`
	TimeoutType   wire.Text `json:"timeout_type"`
	TimeoutTime   wire.Text `json:"timeout_trigger_time"`
	RefundMax     wire.Text `json:"refund_money_max"`
	RefundMaxIn   wire.Text `json:"refund_money_max_currency"`
	ProcessList   list[struct {
		ActionType    wire.Text `json:"action_type"`
		Content       wire.Text `json:"content"`
		GmtCreate     wire.Text `json:"gmt_create"`
		Submitter     wire.Text `json:"submit_member_type"`
		ReceivedGoods wire.Text `json:"receive_goods"`
	}] `json:"process_dto_list"`
}

// Disputes lists disputes, all pages, as the platform orders them.
func (c *Client) Disputes(ctx context.Context, store string, q DisputeQuery) ([]Dispute, error) {
	var all []Dispute
	for n := 1; ; n++ {
		query := map[string]any{"current_page": n, "page_size": pageSize}
		for name, value := range map[string]string{"order_no": q.Order, "buyer_login_id": q.Buyer, "issue_status": q.Status} {
			if value != "" {
				query[name] = value
			}
		}
		param, err := json.Marshal(query)
		if err != nil {
			return nil, fmt.Errorf("aliexpress: %s: %w", methodIssues, err)
		}
		var out struct {
			DataList  list[issueDTO] `json:"data_list"`
			TotalItem *wire.Text     `json:"total_item"`
		}
		if err := c.top(ctx, store, methodIssues, map[string]string{"query_dto": string(param)}, &out); err != nil {
			return nil, err
		}
		if out.DataList == nil && out.TotalItem == nil {
			return nil, odd(methodIssues, "data_list or total_item")
		}
		for i := range out.DataList {
			d, err := out.DataList[i].dispute()
			if err != nil {
				return nil, fmt.Errorf("aliexpress: %s: %w", methodIssues, err)
			}
			all = append(all, d)
		}
		if len(out.DataList) < pageSize || out.TotalItem != nil && n*pageSize >= count(*out.TotalItem) {
			return all, nil
		}
	}
}

// Dispute fetches a dispute's detail. buyer is the login ID of who opened it.
func (c *Client) Dispute(ctx context.Context, store, buyer, id string) (Dispute, error) {
	var out struct {
		ResultObject *issueDTO `json:"result_object"`
	}
	if err := c.top(ctx, store, methodIssue, map[string]string{"buyer_login_id": buyer, "issue_id": id}, &out); err != nil {
		return Dispute{}, err
	}
	if out.ResultObject == nil {
		return Dispute{}, odd(methodIssue, "result_object")
	}
	// The one detail seen from life bears another number in id than the one asked for.
	out.ResultObject.IssueID = wire.Text(id)
	d, err := out.ResultObject.dispute()
	if err != nil {
		return Dispute{}, fmt.Errorf("aliexpress: %s: %w", methodIssue, err)
	}
	return d, nil
}

func (i *issueDTO) dispute() (Dispute, error) {
	d := Dispute{
		ID: first(i.IssueID, i.ID), Buyer: string(i.BuyerLoginID), Child: string(i.OrderID),
		Order: first(i.ParentOrderID, i.OrderID), Status: string(i.IssueStatus), Detail: string(i.ReverseStatus),
		Reason: first(i.ReasonEnglish, i.IssueReason, i.ReasonChinese), Opened: moment(i.GmtCreate),
		Timeout: string(i.TimeoutType), TimeoutAt: moment(i.TimeoutTime),
	}
	if d.ID == "" {
		return Dispute{}, &port.UnavailableError{Call: "aliexpress: " + methodIssues, Status: 200, Detail: "a dispute without issue_id"}
	}
	most := cash{Amount: i.RefundMax, CurrencyCode: i.RefundMaxIn}
	var err error
	if d.RefundMax, err = most.amount(); err != nil {
		return Dispute{}, fmt.Errorf("dispute %s: refund_money_max: %w", wire.Short(d.ID), err)
	}
	closed := moment(i.GmtModified)
	for _, p := range i.ProcessList {
		step := DisputeStep{At: moment(p.GmtCreate), By: string(p.Submitter), Action: string(p.ActionType), Content: string(p.Content)}
		d.Steps = append(d.Steps, step)
		closed = latest(closed, step.At)
		if step.By == "buyer" && step.Action == "initiate" && p.ReceivedGoods != "" {
			d.told, d.NotReceived = true, !yes(p.ReceivedGoods)
		}
	}
	if d.Status == DisputeFinished || d.Status == DisputeCancelled {
		d.Closed = latest(closed, d.Opened)
	}
	return d, nil
}

// orderDisputes fetches an order's disputes with their details. An order that has had none
// costs no call.
func (c *Client) orderDisputes(ctx context.Context, store string, o *Order) ([]Dispute, error) {
	numbers := []string{o.ID}
	for _, l := range o.Lines {
		if l.Issue != "" && l.Issue != issueNone && l.ID != "" {
			numbers = append(numbers, l.ID)
		}
	}
	if len(numbers) == 1 && (o.Issue == "" || o.Issue == issueNone) {
		return nil, nil
	}
	var all []Dispute
	seen := map[string]bool{}
	for _, number := range slices.Compact(numbers) {
		for _, status := range []string{DisputeProcessing, DisputeFinished, DisputeCancelled} {
			listed, err := c.Disputes(ctx, store, DisputeQuery{Order: number, Status: status})
			if err != nil {
				return nil, err
			}
			for _, l := range listed {
				if seen[l.ID] || l.Order != "" && l.Order != o.ID {
					continue
				}
				seen[l.ID] = true
				d, err := c.Dispute(ctx, store, l.Buyer, l.ID)
				if err != nil {
					return nil, err
				}
				all = append(all, l.with(d))
			}
		}
		if len(all) > 0 {
			break
		}
	}
	return all, nil
}

// with completes what a list says of a dispute by its detail.
func (d Dispute) with(detail Dispute) Dispute {
	detail.ID, detail.Buyer, detail.Order = d.ID, d.Buyer, d.Order
	if detail.Reason == "" {
		detail.Reason = d.Reason
	}
	if detail.Opened.IsZero() {
		detail.Opened = d.Opened
	}
	if detail.Closed.IsZero() {
		detail.Closed = d.Closed
	}
	return detail
}
