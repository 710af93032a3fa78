package aliexpress

import (
	"fmt"
	"strings"

	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

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
