package aliexpress

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"parcelward/internal/rules/money"
)

func (t *Twin) orderDetail(c *call) (object, *problem) {
	o, p := t.asked(c)
	if p != nil {
		return nil, p
	}
	if o == nil {
		return object{"result": object{"error_code": "14001", "error_message": "order not exist"}}, nil
	}
	return object{"result": object{"data": o.detail(), "time_stamp": shown(t.world.Now())}}, nil
}

// asked is a copy of the order that param1 names; nil where the seller has none.
func (t *Twin) asked(c *call) (*Order, *problem) {
	var q struct {
		OrderID json.Number `json:"order_id"`
	}
	if p := c.json("param1", &q); p != nil {
		return nil, p
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.own(c.seller, string(q.OrderID))
	if o == nil || o.Created.After(t.world.Now()) {
		return nil, nil
	}
	found := *o
	return &found, nil
}

func (o *Order) detail() object {
	children, infos := seq{name: "global_aeop_tp_child_order_dto"}, seq{name: "global_aeop_tp_order_product_info_dto"}
	for _, l := range o.Lines {
		children.items = append(children.items, object{
			"id": number(l.ID), "child_order_id": l.ID, "product_id": number(l.Product), "sku_code": l.SKU, "product_count": l.Quantity,
			"product_price": full(l.Price), "logistics_type": l.Service, "issue_status": cmp.Or(l.Issue, o.issue()),
			"escrow_fee_rate": l.FeeRate, "order_status": o.Status, "fund_status": o.fund(),
		})
		infos.items = append(infos.items, object{
			"product_id": number(l.Product), "category_id": l.Category, "quantity": l.Quantity, "unit_price": full(l.Price),
		})
	}
	parcels := seq{name: "global_aeop_tp_logistic_info_dto"}
	for _, p := range o.Parcels {
		parcel := object{
			"logistics_no": p.Number, "logistics_type_code": p.Service, "logistics_service_name": p.Service, "gmt_send": shown(p.Sent),
			"have_tracking_info": true, "receive_status": "default", "recv_status_desc": "",
		}
		if !p.Received.IsZero() {
			parcel["gmt_received"], parcel["receive_status"] = shown(p.Received), "received"
		}
		parcels.items = append(parcels.items, parcel)
	}
	out := object{
		"id": number(o.ID), "order_status": o.Status, "logistics_status": o.logistics(), "issue_status": o.issue(), "fund_status": o.fund(),
		"frozen_status": "NO_FROZEN", "gmt_create": shown(o.Created), "gmt_modified": shown(o.Modified), "buyerloginid": o.Buyer,
		"buyer_signer_fullname": o.Name, "order_amount": full(o.Amount), "init_oder_amount": full(o.Amount), "logistics_amount": full(o.Freight),
		"child_order_list": children, "child_order_ext_info_list": infos, "logistic_info_list": parcels,
		"settlement_currency": o.Amount.Currency, "pay_amount_by_settlement_cur": o.Amount.Value.String(),
		"buyer_info": object{"login_id": o.Buyer, "country": o.Country},
	}
	if !o.Sparse {
		address := o.address()
		out["receipt_address"] = address
		if o.TaxID != "" {
			address["cpf_no"] = o.TaxID
			out["cpf_number"] = o.TaxID
		}
	}
	for name, at := range map[string]string{
		"gmt_pay_success": shown(o.Paid), "gmt_trade_end": shown(o.Ended), "over_time_left": shown(o.ReceiptBy), "order_end_reason": o.EndReason,
	} {
		if at != "" {
			out[name] = at
		}
	}
	if o.EscrowFee != nil {
		out["escrow_fee"] = full(*o.EscrowFee)
	}
	for _, r := range o.Refunds { // the last stands
		out["refund_info"] = object{
			"refund_status": r.Status, "refund_type": r.Type, "refund_reason": r.Reason, "refund_time": shown(r.At), "refund_cash_amt": full(r.Amount),
		}
	}
	return out
}

func (o *Order) address() object {
	return object{
		"contact_person": o.Name, "country": o.Country, "city": o.City, "detail_address": o.Street, "zip": o.Zip, "mobile_no": "000000000",
	}
}

func (t *Twin) receiptInfo(c *call) (object, *problem) {
	o, p := t.asked(c)
	if p != nil {
		return nil, p
	}
	if o == nil {
		return nil, &problem{code: "15", text: "Remote service error", subCode: "isv.order-not-exist", subText: "order not exist"}
	}
	address := o.address()
	if o.TaxID != "" {
		address["cpf_no"] = o.TaxID
	}
	return object{"result": address}, nil
}

const (
	slashWall = "01/02/2006 15:04:05" // of the dates that the list of payments is asked by
	loanPages = 200
)

func (t *Twin) loans(c *call) (object, *problem) {
	var q struct {
		Start  string `json:"create_date_start"`
		End    string `json:"create_date_end"`
		Page   int    `json:"page"`
		Size   int    `json:"page_size"`
		Status string `json:"loan_status"`
	}
	if p := c.json("param1", &q); p != nil {
		return nil, p
	}
	start, startErr := time.ParseInLocation(slashWall, q.Start, pacific)
	end, endErr := time.ParseInLocation(slashWall, q.End, pacific)
	switch {
	case q.Page < 1 || q.Size < 1 || q.Size > loanPages:
		return nil, &problem{code: "15", text: "Remote service error", subCode: "isv.page-error", subText: "page_size must be 1 to 200"}
	case startErr != nil || endErr != nil || q.Status != "" && q.Status != "wait_loan" && q.Status != "loan_ok":
		return nil, &problem{code: "15", text: "Remote service error", subCode: "isv.invalid-parameter", subText: "dates are mm/dd/yyyy hh:mm:ss, loan_status is wait_loan or loan_ok"}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var fit []*Order
	for _, o := range t.orders {
		if o.Seller == c.seller && !o.Paid.IsZero() && (q.Status == "" || q.Status == o.loan()) && !o.Created.Before(start) && !o.Created.After(end) {
			fit = append(fit, o)
		}
	}
	slices.SortFunc(fit, func(a, b *Order) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID)) })
	orders := seq{name: "order_loan_item_vo"}
	for _, o := range fit[min((q.Page-1)*q.Size, len(fit)):min(q.Page*q.Size, len(fit))] {
		orders.items = append(orders.items, object{"order_id": number(o.ID), "order_status": o.Status, "son_order_list": o.sons()})
	}
	return object{"result": object{"total_item": len(fit), "order_list": orders}}, nil
}

// loan is the loan_status of an order.
func (o *Order) loan() string {
	if o.Status == "FINISH" {
		return "loan_ok"
	}
	return "wait_loan"
}

// sons are what is paid out for each child order; refunds of the whole order stand at the first.
func (o *Order) sons() seq {
	sons := seq{name: "son_order_loan_vo"}
	for i, l := range o.Lines {
		none := full(money.Amount{Value: l.Price.Value.Zero(), Currency: l.Price.Currency})
		son := object{
			"child_order_id": number(l.ID), "loan_status": o.loan(), "loan_amount": full(l.Price), "escrow_fee": none, "affiliate_commission": none,
		}
		if o.loan() == "loan_ok" {
			son["real_loan_amount"] = full(l.Price)
		} else {
			son["wait_loan_reson"] = "wait_buyer_accept_goods"
		}
		for _, r := range o.Refunds {
			if i == 0 && r.Status == "refund_ok" {
				son["refund_amount"], son["real_refund_amount"] = full(r.Amount), full(r.Amount)
			}
		}
		sons.items = append(sons.items, son)
	}
	return sons
}
