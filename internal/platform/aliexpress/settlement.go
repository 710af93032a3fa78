package aliexpress

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parcelward/internal/rules/money"
	"parcelward/internal/wire"
)

// The states of a settlement.
const (
	LoanWaiting = "wait_loan"
	LoanDone    = "loan_ok"
)

// loanPage is the most that the settlement list gives.
const loanPage = 200

// Settlement is what the platform pays out, or will, for a child order. Amounts are nil where
// they are not told.
type Settlement struct {
	Order      string
	Child      string
	Status     string        // loan_status
	Loan       *money.Amount // to be paid out
	Paid       *money.Amount // paid out
	EscrowFee  *money.Amount // the platform's commission
	Affiliate  *money.Amount // commission of affiliates
	Refund     *money.Amount // to be paid back
	Refunded   *money.Amount // paid back
	WaitReason string        // why it is not paid out yet
}

type loanDTO struct {
	OrderID wire.Text `json:"order_id"`
	Sons    list[struct {
		ChildOrderID wire.Text `json:"child_order_id"`
		LoanStatus   wire.Text `json:"loan_status"`
		LoanAmount   *cash     `json:"loan_amount"`
		RealLoan     *cash     `json:"real_loan_amount"`
		EscrowFee    *cash     `json:"escrow_fee"`
		Affiliate    *cash     `json:"affiliate_commission"`
		Refund       *cash     `json:"refund_amount"`
		RealRefund   *cash     `json:"real_refund_amount"`
		WaitReason   wire.Text `json:"wait_loan_reson"` // the vendor's spelling
	}] `json:"son_order_list"`
}

// Settlements lists what is paid out for the orders created between two moments, by child
// order. status is [LoanWaiting], [LoanDone] or empty for both.
func (c *Client) Settlements(ctx context.Context, store string, from, to time.Time, status string) ([]Settlement, error) {
	var all []Settlement
	start, end := window(from, to, slashTime)
	for n := 1; ; n++ {
		query := map[string]any{"create_date_start": start, "create_date_end": end, "page": n, "page_size": loanPage}
		if status != "" {
			query["loan_status"] = status
		}
		param, err := json.Marshal(query)
		if err != nil {
			return nil, fmt.Errorf("aliexpress: %s: %w", methodLoans, err)
		}
		var out struct {
			Result *struct {
				Total  wire.Text     `json:"total_item"`
				Orders list[loanDTO] `json:"order_list"`
			} `json:"result"`
		}
		if err := c.top(ctx, store, methodLoans, map[string]string{"param1": string(param)}, &out); err != nil {
			return nil, err
		}
		if out.Result == nil {
			return nil, odd(methodLoans, "result")
		}
		for _, o := range out.Result.Orders {
			settled, err := o.settlements()
			if err != nil {
				return nil, fmt.Errorf("aliexpress: %s: order %s: %w", methodLoans, wire.Short(string(o.OrderID)), err)
			}
			all = append(all, settled...)
		}
		if len(out.Result.Orders) == 0 || n*loanPage >= count(out.Result.Total) {
			return all, nil
		}
	}
}

func (o *loanDTO) settlements() ([]Settlement, error) {
	all := make([]Settlement, len(o.Sons))
	for i, son := range o.Sons {
		s := Settlement{
			Order: string(o.OrderID), Child: string(son.ChildOrderID), Status: string(son.LoanStatus), WaitReason: string(son.WaitReason),
		}
		for _, m := range []struct {
			key string
			in  *cash
			out **money.Amount
		}{
			{"loan_amount", son.LoanAmount, &s.Loan},
			{"real_loan_amount", son.RealLoan, &s.Paid},
			{"escrow_fee", son.EscrowFee, &s.EscrowFee},
			{"affiliate_commission", son.Affiliate, &s.Affiliate},
			{"refund_amount", son.Refund, &s.Refund},
			{"real_refund_amount", son.RealRefund, &s.Refunded},
		} {
			amount, err := m.in.amount()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.key, err)
			}
			*m.out = amount
		}
		all[i] = s
	}
	return all, nil
}
