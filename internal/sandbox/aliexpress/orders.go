package aliexpress

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"
	_ "time/tzdata" // a minimal image has no zoneinfo files

	"parcelward/internal/rules/money"
)

// Order is an order on the platform.
type Order struct {
	Seller    string // whose token shows it
	ID        string // digits
	Status    string // the platform's, such as WAIT_SELLER_SEND_GOODS
	EndReason string // of a finished one, such as buyer_accept_goods
	Logistics string // empty: as the parcels say
	Issue     string // empty: NO_ISSUE
	Fund      string // empty: as Paid says

	Created   time.Time
	Paid      time.Time // zero: not yet
	Ended     time.Time // zero: not yet
	Modified  time.Time // [Twin.Add] and [Twin.Change] set it where it is zero or not later
	ReceiptBy time.Time // when the present status runs out; zero: not told

	Buyer   string // login ID
	Name    string // of the recipient
	Country string // the platform's code
	City    string
	Street  string
	Zip     string
	TaxID   string
	// Sparse leaves the recipient out of the detail, so that only the receipt information tells.
	Sparse bool

	Amount    money.Amount
	Freight   money.Amount
	EscrowFee *money.Amount // nil: the lines tell their rates
	Lines     []Line
	Parcels   []Parcel
	Refunds   []Refund

	extended int // days
}

// Line is a child order.
type Line struct {
	ID       string
	Product  string
	SKU      string
	Category string
	Service  string // that the buyer chose
	Quantity int
	Price    money.Amount
	FeeRate  string // such as 0.05
	Issue    string // empty: the order's
}

// Parcel is a shipment that was declared.
type Parcel struct {
	Number   string
	Service  string
	Sent     time.Time
	Received time.Time // zero: not yet
}

// Refund is money that went back.
type Refund struct {
	Status string // such as refund_ok
	Type   string
	Reason string
	At     time.Time
	Amount money.Amount
}

//nolint:gochecknoglobals // a constant that Go cannot write as one
var pacific = func() *time.Location {
	l, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		panic(err) // tzdata is built in
	}
	return l
}()

const wall = "2006-01-02 15:04:05"

// shown is a time as the platform writes it; a zero one is empty.
func shown(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(pacific).Format(wall)
}

// Add adds orders, or replaces those of the same ID.
func (t *Twin) Add(orders ...Order) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, o := range orders {
		if o.Modified.IsZero() {
			o.Modified = t.world.Now()
		}
		t.orders[o.ID] = &o
	}
}

// Change changes an order, and dates the change.
func (t *Twin) Change(id string, change func(*Order)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o := t.orders[id]; o != nil {
		before := o.Modified
		change(o)
		if !o.Modified.After(before) {
			o.Modified = t.world.Now()
		}
	}
}

// Order is an order as it stands.
func (t *Twin) Order(id string) (Order, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.orders[id]
	if o == nil {
		return Order{}, false
	}
	return *o, true
}

// own is a seller's order; the lock must be held.
func (t *Twin) own(seller, id string) *Order {
	o := t.orders[id]
	if o == nil || o.Seller != seller {
		return nil
	}
	return o
}

// The spans of one query.
const (
	openSpan   = 180 * 24 * time.Hour
	finishSpan = 30 * 24 * time.Hour
)

func (t *Twin) orderList(c *call) (object, *problem) {
	var q struct {
		CreateStart   string   `json:"create_date_start"`
		CreateEnd     string   `json:"create_date_end"`
		ModifiedStart string   `json:"modified_date_start"`
		ModifiedEnd   string   `json:"modified_date_end"`
		Status        string   `json:"order_status"`
		StatusList    []string `json:"order_status_list"`
		Page          int      `json:"current_page"`
		Size          int      `json:"page_size"`
	}
	if p := c.json("param0", &q); p != nil {
		return nil, p
	}
	if q.Page < 1 || q.Size < 1 || q.Size > 50 {
		return listRefusal("13002", "page_size must be 1 to 50, current_page at least 1"), nil
	}
	start, startErr := time.ParseInLocation(wall, q.ModifiedStart, pacific)
	end, endErr := time.ParseInLocation(wall, q.ModifiedEnd, pacific)
	span := openSpan
	if q.Status == "FINISH" {
		span = finishSpan
	}
	if q.ModifiedStart != "" && (startErr != nil || endErr != nil || end.Sub(start) > span+4*time.Hour) {
		return listRefusal("13003", "the modified dates are not yyyy-MM-dd HH:mm:ss, or too far apart"), nil
	}
	if t.o.OnPage != nil {
		t.o.OnPage(q.Page)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.world.Now()
	var fit []*Order
	for _, o := range t.orders {
		wanted := o.Status != "FINISH"
		if q.Status != "" || len(q.StatusList) > 0 {
			wanted = o.Status == q.Status || slices.Contains(q.StatusList, o.Status)
		}
		modified, created := shown(o.Modified), shown(o.Created)
		if wanted && o.Seller == c.seller && !o.Created.After(now) && within(modified, q.ModifiedStart, q.ModifiedEnd) &&
			within(created, q.CreateStart, q.CreateEnd) {
			fit = append(fit, o)
		}
	}
	slices.SortFunc(fit, func(a, b *Order) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	})
	items := seq{name: "order_dto"}
	for _, o := range fit[min((q.Page-1)*q.Size, len(fit)):min(q.Page*q.Size, len(fit))] {
		items.items = append(items.items, o.listed())
	}
	return object{"result": object{
		"success": true, "total_count": len(fit), "total_page": (len(fit) + q.Size - 1) / q.Size,
		"current_page": q.Page, "page_size": q.Size, "target_list": items, "time_stamp": shown(now),
	}}, nil
}

func listRefusal(code, text string) object {
	return object{"result": object{"success": false, "error_code": code, "error_message": text}}
}

// within compares by the wall clock; empty bounds do not bound.
func within(s, start, end string) bool {
	return (start == "" || s >= start) && (end == "" || s <= end)
}

func (o *Order) issue() string { return cmp.Or(o.Issue, "NO_ISSUE") }

func (o *Order) fund() string {
	if o.Fund != "" {
		return o.Fund
	}
	if o.Paid.IsZero() {
		return "NOT_PAY"
	}
	return "PAY_SUCCESS"
}

func (o *Order) logistics() string {
	switch {
	case o.Logistics != "":
		return o.Logistics
	case o.EndReason == "buyer_accept_goods" || o.EndReason == "buyer_accept_goods_timeout":
		return "BUYER_ACCEPT_GOODS"
	case o.Status == "SELLER_PART_SEND_GOODS":
		return "SELLER_SEND_PART_GOODS"
	case len(o.Parcels) > 0:
		return "SELLER_SEND_GOODS"
	case o.Paid.IsZero():
		return "NO_LOGISTICS"
	}
	return "WAIT_SELLER_SEND_GOODS"
}

func (o *Order) listed() object {
	products := seq{name: "order_product_dto"}
	for _, l := range o.Lines {
		products.items = append(products.items, object{
			"child_id": number(l.ID), "order_id": number(o.ID), "product_id": number(l.Product), "sku_code": l.SKU,
			"product_count": l.Quantity, "product_unit_price": simple(l.Price), "logistics_type": l.Service,
			"issue_status": cmp.Or(l.Issue, o.issue()), "son_order_status": o.Status, "show_status": o.Status,
			"product_name": l.SKU, "total_product_amount": simple(l.total()), "logistics_service_name": l.Service, "can_submit_issue": len(o.Parcels) > 0, "fund_status": o.fund(), "escrow_fee_rate": l.FeeRate,
		})
	}
	out := object{
		"order_id": number(o.ID), "order_status": o.Status, "logistics_status": o.logistics(), "issue_status": o.issue(),
		"fund_status": o.fund(), "frozen_status": "NO_FROZEN", "gmt_create": shown(o.Created), "gmt_update": shown(o.Modified),
		"pay_amount": simple(o.Amount), "buyer_login_id": o.Buyer, "buyer_signer_fullname": o.Name, "biz_type": "AE_COMMON", "seller_login_id": o.Seller,
		"product_list": products, "has_request_loan": false, "phone": false, "logisitcs_escrow_fee_rate": "0.0",
	}
	for name, at := range map[string]time.Time{"gmt_pay_time": o.Paid, "gmt_send_goods_time": o.sent()} {
		if !at.IsZero() {
			out[name] = shown(at)
		}
	}
	if o.EndReason != "" {
		out["end_reason"] = o.EndReason
	}
	return out
}

// total is the price of all of a line.
func (l *Line) total() money.Amount {
	sum := l.Price
	for n := 1; n < l.Quantity; n++ {
		more, err := sum.Value.Add(l.Price.Value)
		if err != nil {
			break // beyond what money can be: a test's fault
		}
		sum.Value = more
	}
	return sum
}

func (o *Order) sent() time.Time {
	var at time.Time
	for _, p := range o.Parcels {
		if p.Sent.After(at) {
			at = p.Sent
		}
	}
	return at
}

// number is a number of the platform's, which JSON shows as one.
func number(digits string) any {
	if _, err := strconv.ParseUint(digits, 10, 64); err != nil {
		return digits
	}
	return json.Number(digits)
}

// simple is money in a list, full in a detail.
func simple(a money.Amount) object {
	return object{"amount": a.Value.String(), "currency_code": a.Currency}
}

func full(a money.Amount) object {
	return object{
		"amount": a.Value.String(), "currency_code": a.Currency, "cent": a.Value.Rescale(2).Coef(), "cent_factor": 100,
		"currency": object{"default_fraction_digits": 2, "currency_code": a.Currency},
	}
}
