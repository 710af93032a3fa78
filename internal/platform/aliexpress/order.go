package aliexpress

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

// The order's status values that matter here; the platform has more.
const (
	StatusPlaced        = "PLACE_ORDER_SUCCESS"     // not paid yet
	StatusWaitShipment  = "WAIT_SELLER_SEND_GOODS"  // paid
	StatusPartShipped   = "SELLER_PART_SEND_GOODS"  //
	StatusWaitAccept    = "WAIT_BUYER_ACCEPT_GOODS" // shipped
	StatusFunds         = "FUND_PROCESSING"         // buyer and seller agree, money is on its way
	StatusFinish        = "FINISH"                  // listed only when asked for
	logisticsAccepted   = "BUYER_ACCEPT_GOODS"
	fundNotPaid         = "NOT_PAY"
	issueNone           = "NO_ISSUE"
	issueEnded          = "END_ISSUE"
	refundDone          = "refund_ok"
	refundTypePayout    = "payout_refund"
	methodOrderInfo     = "aliexpress.solution.order.info.get"
	methodOrderReceipt  = "aliexpress.solution.order.receiptinfo.get"
	methodOrderFulfil   = "aliexpress.solution.order.fulfill"
	methodOrderList     = "aliexpress.solution.order.get"
	methodModify        = "aliexpress.logistics.sellermodifiedshipmentfortop"
	methodExtend        = "aliexpress.trade.redefining.extendsbuyeracceptgoodstime"
	methodTracking      = "aliexpress.logistics.redefining.querytrackingresult"
	methodServices      = "aliexpress.logistics.redefining.listlogisticsservice"
	methodAbnormal      = "aliexpress.logistics.abnormalorder.query"
	methodLogistics     = "aliexpress.logistics.querylogisticsorderdetail"
	methodCreate        = "cainiao.global.logistic.order.create"
	methodDocument      = "aliexpress.asf.platform.logistics.document.query"
	methodIssues        = "aliexpress.issue.issuelist.get"
	methodIssue         = "aliexpress.issue.detail.get"
	methodLoans         = "aliexpress.trade.redefining.findloanlistquery"
	allExtInfo          = 31 // ext_info_bit_flag: issue, loan, logistics, buyer, refund
	expectedOrderResult = "result.data"
)

// Address is where an order goes.
type Address struct {
	Name     string // of the recipient
	Country  string // ISO 3166-1 alpha-2 where the platform's code is known, else the platform's
	Province string
	City     string
	Street   string // all its lines
	Zip      string
}

// Line is a child order: one product of an order.
type Line struct {
	ID             string // of the child order
	Product        string // its ID
	SKU            string // may be empty
	Category       string // ID of the leaf category; may be empty
	Quantity       int
	Price          *money.Amount // of one; nil: not told
	Service        string        // key of the logistics service that the buyer chose
	Issue          string        // issue_status
	CommissionRate string        // a decimal share, such as 0.05; may be empty
}

// Parcel is a shipment that stands on the platform.
type Parcel struct {
	Number   string    // normalised
	Service  string    // key of the logistics service that it was declared with
	Sent     time.Time // when it was declared; zero: not told
	Received time.Time // zero: not told
	Status   string    // default, received, not_received, suspected_received
}

// Refund is money that went back.
type Refund struct {
	Child  string // of that child order; empty: of the order
	Status string // refund_ok: done
	Type   string // payout_refund: paid out as compensation
	Reason string
	At     time.Time     // zero: not told
	Amount *money.Amount // nil: not told
}

// Payout tells whether the refund is the platform's compensation, the only trace of one that
// the interface shows.
func (r Refund) Payout() bool { return r.Type == refundTypePayout }

// Order is an order's detail.
type Order struct {
	ID        string
	Status    string // order_status
	Logistics string // logistics_status
	Issue     string // issue_status
	Fund      string // fund_status
	Frozen    string // frozen_status
	EndReason string // order_end_reason

	Created   time.Time
	Paid      time.Time // zero: not yet
	Ended     time.Time // zero: not yet
	Modified  time.Time
	ReceiptBy time.Time // when the present status runs out, such as the buyer's time to confirm; zero: not told

	Buyer     string // login ID
	BuyerName string // who ordered
	To        Address
	TaxID     string // CPF or the like; may be empty

	Amount        *money.Amount // of the order, freight included
	Freight       *money.Amount
	EscrowFee     *money.Amount // the platform's commission; nil: not told
	SettledIn     string        // currency of settlement
	SettledAmount string        // the order's amount in it, a decimal; may be empty

	Lines   []Line
	Parcels []Parcel
	Refunds []Refund
}

type personDTO struct {
	LoginID   wire.Text `json:"login_id"`
	FirstName wire.Text `json:"first_name"`
	LastName  wire.Text `json:"last_name"`
	Country   wire.Text `json:"country"`
}

type addressDTO struct {
	ContactPerson wire.Text `json:"contact_person"`
	Country       wire.Text `json:"country"`
	Province      wire.Text `json:"province"`
	City          wire.Text `json:"city"`
	DetailAddress wire.Text `json:"detail_address"`
	Address       wire.Text `json:"address"`
	Address2      wire.Text `json:"address2"`
	Zip           wire.Text `json:"zip"`
	CPF           wire.Text `json:"cpf_no"`
}

type refundDTO struct {
	Status wire.Text `json:"refund_status"`
	Type   wire.Text `json:"refund_type"`
	Reason wire.Text `json:"refund_reason"`
	Time   wire.Text `json:"refund_time"`
	Cash   *cash     `json:"refund_cash_amt"`
}

type childDTO struct {
	ID             wire.Text  `json:"id"`
	ChildOrderID   wire.Text  `json:"child_order_id"`
	ProductID      wire.Text  `json:"product_id"`
	SKUCode        wire.Text  `json:"sku_code"`
	ProductCount   wire.Text  `json:"product_count"`
	ProductPrice   *cash      `json:"product_price"`
	LogisticsType  wire.Text  `json:"logistics_type"`
	IssueStatus    wire.Text  `json:"issue_status"`
	EscrowFeeRate  wire.Text  `json:"escrow_fee_rate"`
	RefundInfo     *refundDTO `json:"refund_info"`
	LogisticsSName wire.Text  `json:"logistics_service_name"`
}

type childInfoDTO struct {
	ProductID  wire.Text `json:"product_id"`
	CategoryID wire.Text `json:"category_id"`
}

type logisticsDTO struct {
	LogisticsNo   wire.Text `json:"logistics_no"`
	TypeCode      wire.Text `json:"logistics_type_code"`
	ServiceName   wire.Text `json:"logistics_service_name"`
	GmtSend       wire.Text `json:"gmt_send"`
	GmtReceived   wire.Text `json:"gmt_received"`
	ReceiveStatus wire.Text `json:"receive_status"`
}

type orderDTO struct {
	ID                wire.Text          `json:"id"`
	OrderStatus       wire.Text          `json:"order_status"`
	LogisticsStatus   wire.Text          `json:"logistics_status"`
	IssueStatus       wire.Text          `json:"issue_status"`
	FundStatus        wire.Text          `json:"fund_status"`
	FrozenStatus      wire.Text          `json:"frozen_status"`
	OrderEndReason    wire.Text          `json:"order_end_reason"`
	GmtCreate         wire.Text          `json:"gmt_create"`
	GmtPaySuccess     wire.Text          `json:"gmt_pay_success"`
	GmtTradeEnd       wire.Text          `json:"gmt_trade_end"`
	GmtModified       wire.Text          `json:"gmt_modified"`
	OverTimeLeft      wire.Text          `json:"over_time_left"`
	BuyerLoginID      wire.Text          `json:"buyerloginid"`
	BuyerName         wire.Text          `json:"buyer_signer_fullname"`
	BuyerInfo         personDTO          `json:"buyer_info"`
	ReceiptAddress    addressDTO         `json:"receipt_address"`
	CPFNumber         wire.Text          `json:"cpf_number"`
	PayAmount         *cash              `json:"pay_amount"`
	OrderAmount       *cash              `json:"order_amount"`
	InitAmount        *cash              `json:"init_oder_amount"` // the vendor's spelling
	LogisticsAmount   *cash              `json:"logistics_amount"`
	EscrowFee         *cash              `json:"escrow_fee"`
	Settlement        wire.Text          `json:"settlement_currency"`
	SettlementAmount  wire.Text          `json:"pay_amount_by_settlement_cur"`
	RefundInfo        *refundDTO         `json:"refund_info"`
	ChildOrderList    list[childDTO]     `json:"child_order_list"`
	ChildOrderExtInfo list[childInfoDTO] `json:"child_order_ext_info_list"`
	LogisticInfoList  list[logisticsDTO] `json:"logistic_info_list"`
}

// Order fetches an order's detail. What the detail leaves out of the recipient, such as the
// tax ID that Brazil and Russia ask for, comes from the receipt information.
func (c *Client) Order(ctx context.Context, store, id string) (Order, error) {
	param, err := orderParam(id, map[string]any{"ext_info_bit_flag": allExtInfo})
	if err != nil {
		return Order{}, err
	}
	var out struct {
		Result struct {
			Data      *orderDTO `json:"data"`
			ErrorCode wire.Text `json:"error_code"`
			Error     wire.Text `json:"error_message"`
		} `json:"result"`
	}
	if err := c.top(ctx, store, methodOrderInfo, map[string]string{"param1": param}, &out); err != nil {
		return Order{}, err
	}
	switch {
	case out.Result.Data == nil && (out.Result.ErrorCode != "" || out.Result.Error != ""):
		return Order{}, refusal(methodOrderInfo, out.Result.ErrorCode, out.Result.Error)
	case out.Result.Data == nil:
		return Order{}, odd(methodOrderInfo, expectedOrderResult)
	}
	o, err := out.Result.Data.order(id)
	if err != nil {
		return Order{}, fmt.Errorf("aliexpress: %s: order %s: %w", methodOrderInfo, id, err)
	}
	if o.To.Name == "" || o.To.Country == "" || o.TaxID == "" && (o.To.Country == "BR" || o.To.Country == "RU") {
		if err := c.receipt(ctx, store, &o); err != nil {
			return Order{}, err
		}
	}
	return o, nil
}

// receipt fills in what the detail left out of the recipient.
func (c *Client) receipt(ctx context.Context, store string, o *Order) error {
	param, err := orderParam(o.ID, nil)
	if err != nil {
		return err
	}
	var out struct {
		Result *addressDTO `json:"result"`
	}
	if err := c.top(ctx, store, methodOrderReceipt, map[string]string{"param1": param}, &out); err != nil {
		return err
	}
	if out.Result == nil {
		return odd(methodOrderReceipt, "result")
	}
	if o.To.Name == "" || o.To.Country == "" {
		o.To = out.Result.address()
	}
	if o.TaxID == "" {
		o.TaxID = string(out.Result.CPF)
	}
	return nil
}

// orderParam is the query of one order; the platform's order numbers are numbers.
func orderParam(id string, more map[string]any) (string, error) {
	if id == "" || strings.Trim(id, "0123456789") != "" || id[0] == '0' || len(id) > 20 {
		return "", fmt.Errorf("aliexpress: order number: expected digits, got %q: %w", wire.Short(id), port.ErrRefused)
	}
	param := map[string]any{"order_id": json.Number(id)}
	for name, value := range more {
		param[name] = value
	}
	text, err := json.Marshal(param)
	if err != nil {
		return "", fmt.Errorf("aliexpress: order number: %w", err)
	}
	return string(text), nil
}

func (d *orderDTO) order(id string) (Order, error) {
	if d.ID != "" && string(d.ID) != id {
		return Order{}, fmt.Errorf("expected its detail, got that of %s", wire.Short(string(d.ID)))
	}
	o := Order{
		ID: id, Status: string(d.OrderStatus), Logistics: string(d.LogisticsStatus), Issue: string(d.IssueStatus),
		Fund: string(d.FundStatus), Frozen: string(d.FrozenStatus), EndReason: string(d.OrderEndReason),
		Created: moment(d.GmtCreate), Paid: moment(d.GmtPaySuccess), Ended: moment(d.GmtTradeEnd),
		Modified: moment(d.GmtModified), ReceiptBy: moment(d.OverTimeLeft),
		Buyer: first(d.BuyerLoginID, d.BuyerInfo.LoginID), To: d.ReceiptAddress.address(),
		BuyerName: first(d.BuyerName, wire.Text(strings.TrimSpace(string(d.BuyerInfo.FirstName+" "+d.BuyerInfo.LastName)))),
		TaxID:     first(d.CPFNumber, d.ReceiptAddress.CPF),
		SettledIn: string(d.Settlement), SettledAmount: string(d.SettlementAmount),
	}
	if o.Created.IsZero() {
		return Order{}, fmt.Errorf("gmt_create: expected yyyy-MM-dd HH:mm:ss, got %q", wire.Short(string(d.GmtCreate)))
	}
	if o.To.Country == "" {
		o.To.Country = country(string(d.BuyerInfo.Country))
	}
	var err error
	for _, c := range []*cash{d.PayAmount, d.OrderAmount, d.InitAmount} {
		if o.Amount, err = c.amount(); err != nil || o.Amount != nil {
			break
		}
	}
	if err != nil {
		return Order{}, fmt.Errorf("order_amount: %w", err)
	}
	if o.Freight, err = d.LogisticsAmount.amount(); err != nil {
		return Order{}, fmt.Errorf("logistics_amount: %w", err)
	}
	if o.EscrowFee, err = d.EscrowFee.amount(); err != nil {
		return Order{}, fmt.Errorf("escrow_fee: %w", err)
	}
	if err := d.lines(&o); err != nil {
		return Order{}, err
	}
	for _, l := range d.LogisticInfoList {
		if number := tracknum.Normalize(string(l.LogisticsNo)); number != "" {
			o.Parcels = append(o.Parcels, Parcel{
				Number: number, Service: first(l.TypeCode, l.ServiceName), Sent: moment(l.GmtSend),
				Received: moment(l.GmtReceived), Status: string(l.ReceiveStatus),
			})
		}
	}
	return o, nil
}

// lines reads the child orders, and the refunds of the order or of them.
func (d *orderDTO) lines(o *Order) error {
	categories := map[wire.Text]string{}
	for _, info := range d.ChildOrderExtInfo {
		categories[info.ProductID] = string(info.CategoryID)
	}
	if err := o.refund("", d.RefundInfo); err != nil {
		return fmt.Errorf("refund_info: %w", err)
	}
	whole := len(o.Refunds) > 0
	for i, child := range d.ChildOrderList {
		price, err := child.ProductPrice.amount()
		if err != nil {
			return fmt.Errorf("child_order_list.%d.product_price: %w", i, err)
		}
		line := Line{
			ID: first(child.ChildOrderID, child.ID), Product: string(child.ProductID), SKU: string(child.SKUCode),
			Category: categories[child.ProductID], Quantity: count(child.ProductCount), Price: price,
			Service: first(child.LogisticsType, child.LogisticsSName), Issue: string(child.IssueStatus),
			CommissionRate: string(child.EscrowFeeRate),
		}
		o.Lines = append(o.Lines, line)
		if !whole { // the order's refund says the same once more
			if err := o.refund(line.ID, child.RefundInfo); err != nil {
				return fmt.Errorf("child_order_list.%d.refund_info: %w", i, err)
			}
		}
	}
	return nil
}

func (o *Order) refund(child string, d *refundDTO) error {
	if d == nil || d.Status == "" && d.Time == "" {
		return nil
	}
	amount, err := d.Cash.amount()
	if err != nil {
		return err
	}
	o.Refunds = append(o.Refunds, Refund{
		Child: child, Status: string(d.Status), Type: string(d.Type), Reason: string(d.Reason), At: moment(d.Time), Amount: amount,
	})
	return nil
}

func (d *addressDTO) address() Address {
	street := make([]string, 0, 3)
	for _, part := range []wire.Text{d.DetailAddress, d.Address, d.Address2} {
		if part != "" {
			street = append(street, string(part))
		}
	}
	return Address{
		Name: strings.TrimSpace(string(d.ContactPerson)), Country: country(string(d.Country)), Province: string(d.Province),
		City: string(d.City), Street: strings.Join(street, ", "), Zip: string(d.Zip),
	}
}

// first is the first text that is not empty.
func first(texts ...wire.Text) string {
	for _, t := range texts {
		if t != "" {
			return string(t)
		}
	}
	return ""
}

// refusal is a no that stands inside an answer.
func refusal(method string, code, text wire.Text) error {
	return &APIError{Call: "aliexpress: " + method, Code: wire.Short(string(code)), Message: reason(text)}
}
