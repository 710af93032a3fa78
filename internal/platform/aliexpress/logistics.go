package aliexpress

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

// Service is a logistics service that the platform supports.
type Service struct {
	Key     string // service_name
	Name    string // for people
	Carrier string // logistics_company
	Pattern string // tracking_no_regex; empty: any number
	MinDays int    // to process
	MaxDays int
}

// Fits tells whether the platform takes a tracking number for the service. A pattern that
// cannot be read takes any: the platform itself decides then.
func (s Service) Fits(number string) bool {
	pattern, err := regexp.Compile(s.Pattern)
	return s.Pattern == "" || err != nil || pattern.MatchString(tracknum.Normalize(number))
}

// Services lists the logistics services that the platform supports.
func (c *Client) Services(ctx context.Context, store string) ([]Service, error) {
	var out struct {
		Success wire.Text `json:"result_success"`
		Error   wire.Text `json:"error_desc"`
		List    list[struct {
			ServiceName wire.Text `json:"service_name"`
			DisplayName wire.Text `json:"display_name"`
			Company     wire.Text `json:"logistics_company"`
			Regex       wire.Text `json:"tracking_no_regex"`
			MinDay      wire.Text `json:"min_process_day"`
			MaxDay      wire.Text `json:"max_process_day"`
		}] `json:"result_list"`
	}
	if err := c.top(ctx, store, methodServices, nil, &out); err != nil {
		return nil, err
	}
	switch {
	case out.Success == "" && out.List == nil:
		return nil, odd(methodServices, "result_list")
	case out.Success != "" && !yes(out.Success):
		return nil, refusal(methodServices, "", out.Error)
	}
	services := make([]Service, len(out.List))
	for i, s := range out.List {
		services[i] = Service{
			Key: string(s.ServiceName), Name: string(s.DisplayName), Carrier: string(s.Company), Pattern: string(s.Regex),
			MinDays: count(s.MinDay), MaxDays: count(s.MaxDay),
		}
	}
	return services, nil
}

// Abnormal is an order that stands in the platform's list of abnormal orders (异常订单).
type Abnormal struct {
	Order     string
	Number    string // of the international leg, normalised; may be empty
	Domestic  string // of the leg to the warehouse; may be empty
	Code      string // abnormal_code
	Reason    string // abnormal_reason
	Status    string // order_status_code
	Warehouse string
	Created   time.Time
	Changed   time.Time // when its status last changed
}

// AbnormalOrders lists the orders whose status in a warehouse became abnormal or changed
// between two moments.
func (c *Client) AbnormalOrders(ctx context.Context, store string, from, to time.Time) ([]Abnormal, error) {
	var all []Abnormal
	start, end := window(from, to, dateTime)
	for n := 1; ; n++ {
		var out struct {
			Success wire.Text  `json:"is_success"`
			Error   wire.Text  `json:"error_desc"`
			Pages   wire.Text  `json:"total_page"`
			Total   *wire.Text `json:"total_count"`
			Result  list[struct {
				Order     wire.Text `json:"trade_order_id"`
				Number    wire.Text `json:"intl_tracking_no"`
				Domestic  wire.Text `json:"domestic_logistic_tracking_no"`
				Code      wire.Text `json:"abnormal_code"`
				Reason    wire.Text `json:"abnormal_reason"`
				Status    wire.Text `json:"order_status_code"`
				Warehouse wire.Text `json:"warehouse_name"`
				Created   wire.Text `json:"gmt_create"`
				Changed   wire.Text `json:"gmt_status_update"`
			}] `json:"result"`
		}
		params := map[string]string{
			"gmt_status_update_start": start, "gmt_status_update_end": end,
			"page_size": strconv.Itoa(pageSize), "current_page": strconv.Itoa(n),
		}
		if err := c.top(ctx, store, methodAbnormal, params, &out); err != nil {
			return nil, err
		}
		switch {
		case out.Success == "" && out.Total == nil && out.Result == nil:
			return nil, odd(methodAbnormal, "is_success")
		case out.Success != "" && !yes(out.Success):
			return nil, refusal(methodAbnormal, "", out.Error)
		}
		for _, r := range out.Result {
			all = append(all, Abnormal{
				Order: string(r.Order), Number: tracknum.Normalize(string(r.Number)), Domestic: tracknum.Normalize(string(r.Domestic)),
				Code: string(r.Code), Reason: string(r.Reason), Status: string(r.Status), Warehouse: string(r.Warehouse),
				Created: moment(r.Created), Changed: moment(r.Changed),
			})
		}
		if len(out.Result) == 0 || n >= count(out.Pages) {
			return all, nil
		}
	}
}

// LogisticsOrder is a logistics order that was made on the platform.
type LogisticsOrder struct {
	ID       string // logistics_order_id
	Order    string // trade_order_id
	LP       string // out_order_code
	Number   string // international number, normalised; empty until it is given
	Status   string
	Solution string        // solution_code
	Fee      *money.Amount // nil: not told
	Created  time.Time
	Closed   time.Time // zero: it is not
}

// maxLogisticsPages bounds the pages of an order's logistics orders: a list beyond is not one
// order's.
const maxLogisticsPages = 20

// LogisticsOrders lists the logistics orders of an order. The list tells no total, nor is it
// documented how many a page holds at most: it ends with a page that shows none anew.
func (c *Client) LogisticsOrders(ctx context.Context, store, order string) ([]LogisticsOrder, error) {
	var all []LogisticsOrder
	for n := 1; n <= maxLogisticsPages; n++ {
		page, err := c.logisticsPage(ctx, store, order, n)
		if err != nil {
			return nil, err
		}
		known := len(all)
		for _, o := range page {
			if !slices.ContainsFunc(all, func(k LogisticsOrder) bool { return k.ID == o.ID }) {
				all = append(all, o)
			}
		}
		if len(all) == known {
			return all, nil
		}
	}
	return nil, odd(methodLogistics, fmt.Sprintf("an end within %d pages", maxLogisticsPages))
}

func (c *Client) logisticsPage(ctx context.Context, store, order string, n int) ([]LogisticsOrder, error) {
	var out struct {
		Success wire.Text `json:"result_success"`
		Error   wire.Text `json:"error_desc"`
		List    *list[struct {
			ID       wire.Text `json:"logistics_order_id"`
			Order    wire.Text `json:"trade_order_id"`
			LP       wire.Text `json:"out_order_code"`
			Number   wire.Text `json:"international_logistics_num"`
			Status   wire.Text `json:"logistics_status"`
			Solution wire.Text `json:"solution_code"`
			Fee      *cash     `json:"logistics_fee"`
			Created  wire.Text `json:"gmt_create"`
			Closed   wire.Text `json:"close_time"`
		}] `json:"result_list"`
	}
	params := map[string]string{"trade_order_id": order, "current_page": strconv.Itoa(n), "page_size": strconv.Itoa(pageSize)}
	if err := c.top(ctx, store, methodLogistics, params, &out); err != nil {
		return nil, err
	}
	switch {
	case out.Success != "" && !yes(out.Success):
		return nil, refusal(methodLogistics, "", out.Error)
	case out.List == nil:
		return nil, odd(methodLogistics, "result_list")
	}
	orders := make([]LogisticsOrder, len(*out.List))
	for i, o := range *out.List {
		fee, err := o.Fee.amount()
		if err != nil {
			return nil, fmt.Errorf("aliexpress: %s: logistics_fee: %w", methodLogistics, err)
		}
		orders[i] = LogisticsOrder{
			ID: string(o.ID), Order: string(o.Order), LP: string(o.LP), Number: tracknum.Normalize(string(o.Number)),
			Status: string(o.Status), Solution: string(o.Solution), Fee: fee, Created: moment(o.Created), Closed: moment(o.Closed),
		}
	}
	return orders, nil
}

// CreateLogistics makes a logistics order, once per order and solution: it looks first whether
// there is one that is not closed. param is order_param as the platform documents it, which must name the order
// in trade_order_param.trade_order_id; the answer is the logistics order's ID. Those named in
// others are not looked at: they are of other parcels of the order. Where the platform asks for
// a retry the error is an *[port.UnavailableError].
func (c *Client) CreateLogistics(ctx context.Context, store string, param json.RawMessage, others ...string) (string, error) {
	var asked struct {
		Trade struct {
			Order wire.Text `json:"trade_order_id"`
		} `json:"trade_order_param"`
		Solution struct {
			Code wire.Text `json:"solution_code"`
		} `json:"solution_param"`
	}
	if err := json.Unmarshal(param, &asked); err != nil || asked.Trade.Order == "" || asked.Solution.Code == "" {
		return "", fmt.Errorf("aliexpress: order_param: expected trade_order_param.trade_order_id and solution_param.solution_code: %w", port.ErrRefused)
	}
	known, err := c.LogisticsOrders(ctx, store, string(asked.Trade.Order))
	if err != nil {
		return "", err
	}
	for _, o := range known {
		if o.Solution == string(asked.Solution.Code) && o.ID != "" && o.Closed.IsZero() && !slices.Contains(others, o.ID) {
			return o.ID, nil
		}
	}
	var out struct {
		Success wire.Text `json:"is_success"`
		Retry   wire.Text `json:"need_retry"`
		Result  struct {
			ID wire.Text `json:"logistics_order_id"`
		} `json:"result"`
		Error struct {
			Code wire.Text `json:"error_code"`
			Msg  wire.Text `json:"error_msg"`
		} `json:"error_info"`
	}
	if err := c.top(ctx, store, methodCreate, map[string]string{"order_param": string(param)}, &out); err != nil {
		return "", err
	}
	switch {
	case yes(out.Success) && out.Result.ID != "":
		return string(out.Result.ID), nil
	case yes(out.Success) || out.Success == "":
		return "", odd(methodCreate, "result.logistics_order_id")
	case yes(out.Retry):
		return "", &port.UnavailableError{Call: "aliexpress: " + methodCreate, Status: 200, Detail: reason(out.Error.Msg, out.Error.Code)}
	}
	return "", refusal(methodCreate, out.Error.Code, out.Error.Msg)
}

// Waybill fetches the PDF of a package's waybill. How the request names a package is not
// documented where we could read it: packageId in queryDocumentRequestList is a guess.
func (c *Client) Waybill(ctx context.Context, store, pack string) ([]byte, error) {
	requests, err := json.Marshal([]map[string]string{{"packageId": pack}})
	if err != nil {
		return nil, fmt.Errorf("aliexpress: %s: %w", methodDocument, err)
	}
	type document struct {
		Success wire.Text       `json:"success"`
		Code    wire.Text       `json:"errorCode"`
		Message wire.Text       `json:"errorMessage"`
		Data    json.RawMessage `json:"data"`
	}
	var out struct {
		document
		Result *document `json:"result"`
	}
	params := map[string]string{"documentType": "WAY_BILL", "queryDocumentRequestList": string(requests)}
	if err := c.top(ctx, store, methodDocument, params, &out); err != nil {
		return nil, err
	}
	d := out.document
	if out.Result != nil {
		d = *out.Result
	}
	if d.Success != "" && !yes(d.Success) {
		return nil, refusal(methodDocument, d.Code, d.Message)
	}
	pdf, ok := pdfOf(d.Data)
	if !ok {
		return nil, odd(methodDocument, "a PDF in data")
	}
	return pdf, nil
}

// pdfOf finds the PDF in a document answer: Base64, by itself or under a key of an object, one
// level deep.
func pdfOf(raw json.RawMessage) ([]byte, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		pdf, err := base64.StdEncoding.DecodeString(text)
		return pdf, err == nil && len(pdf) > 4 && string(pdf[:5]) == "%PDF-"
	}
	var keys map[string]json.RawMessage
	if json.Unmarshal(raw, &keys) != nil {
		return nil, false
	}
	for _, value := range keys {
		if json.Unmarshal(value, &text) == nil {
			if pdf, ok := pdfOf(value); ok {
				return pdf, true
			}
		}
	}
	return nil, false
}
