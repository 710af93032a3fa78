package aliexpress

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boombuler/barcode/code128"

	"parcelward/internal/rules/tracknum"
	"parcelward/internal/sandbox/cainiao"
)

// service is a logistics service that the twin supports.
type service struct{ key, name, company, pattern string }

func services() []service {
	return []service{
		{"CAINIAO_STANDARD", "AliExpress Standard Shipping", "CAINIAO", `^[A-Za-z0-9]{6,32}$`},
		{"CAINIAO_ECONOMY", "AliExpress Saver Shipping", "CAINIAO", `^[A-Za-z0-9]{6,32}$`},
		{"CAINIAO_SUPER_ECONOMY", "Cainiao Super Economy", "CAINIAO", `^[A-Za-z0-9]{6,32}$`},
		{"CPAM", "China Post Registered Air Mail", "CPAM", `^[a-zA-z]{2}[A-Za-z0-9]{9}[a-zA-z]{2}$`},
		{"Other", "Seller's Shipping Method", "OTHER", ``},
	}
}

func (t *Twin) serviceList(*call) (object, *problem) {
	list := seq{name: "aeop_logistics_service_result"}
	for i, s := range services() {
		list.items = append(list.items, object{
			"service_name": s.key, "display_name": s.name, "logistics_company": s.company, "tracking_no_regex": s.pattern,
			"min_process_day": 1, "max_process_day": 5, "recommend_order": i + 1,
		})
	}
	return object{"result_success": true, "result_list": list}, nil
}

// numberProblem is why a number cannot be declared with a service; empty: it can.
func numberProblem(key, number string) string {
	for _, s := range services() {
		if s.key == key {
			if !regexp.MustCompile(s.pattern).MatchString(number) {
				return "the tracking number does not fit the logistics service"
			}
			return ""
		}
	}
	return "no such logistics service"
}

func (t *Twin) fulfil(c *call) (object, *problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, key, no := t.own(c.seller, c.get("out_ref")), c.get("service_name"), tracknum.Normalize(c.get("logistics_no"))
	switch {
	case o == nil:
		return done("isv.order-not-exist", "the order does not exist"), nil
	case o.Status != "WAIT_SELLER_SEND_GOODS" && o.Status != "SELLER_PART_SEND_GOODS":
		return done("isv.order-status-error", "the order does not wait for its shipment"), nil
	case c.get("send_type") != "all" && c.get("send_type") != "part":
		return done("isv.send-type-error", "send_type is all or part"), nil
	case len(c.get("description")) > 512:
		return done("isv.description-error", "the description is longer than 512"), nil
	case numberProblem(key, no) != "":
		return done("isv.logistics-no-error", numberProblem(key, no)), nil
	}
	for _, p := range o.Parcels {
		if p.Number == no {
			return done("isv.logistics-no-repeat", "the tracking number was declared before"), nil
		}
	}
	now := t.world.Now().Truncate(time.Second)
	o.Parcels = append(slices.Clone(o.Parcels), Parcel{Number: no, Service: key, Sent: now})
	o.Status, o.Modified = "WAIT_BUYER_ACCEPT_GOODS", now
	if c.get("send_type") == "part" {
		o.Status = "SELLER_PART_SEND_GOODS"
	}
	return object{"result": object{"result_success": true}}, nil
}

func done(code, text string) object {
	return object{"result": object{"result_success": false, "result_error_code": code, "result_error_desc": text}}
}

func (t *Twin) modifyShipment(c *call) (object, *problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, key, no := t.own(c.seller, c.get("out_ref")), c.get("new_service_name"), tracknum.Normalize(c.get("new_logistics_no"))
	if o == nil {
		return object{"result_success": false, "result_error_code": "isv.order-not-exist", "result_error_desc": "the order does not exist"}, nil
	}
	if why := numberProblem(key, no); why != "" {
		return object{"result_success": false, "result_error_code": "isv.logistics-no-error", "result_error_desc": why}, nil
	}
	for i, p := range o.Parcels {
		if p.Number == tracknum.Normalize(c.get("old_logistics_no")) && p.Service == c.get("old_service_name") {
			o.Parcels = slices.Clone(o.Parcels)
			o.Parcels[i] = Parcel{Number: no, Service: key, Sent: p.Sent}
			o.Modified = t.world.Now().Truncate(time.Second)
			return object{"result_success": true}, nil
		}
	}
	return object{"result_success": false, "result_error_code": "isv.old-logistics-error", "result_error_desc": "no such shipment"}, nil
}

func (t *Twin) extend(c *call) (object, *problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	no := func(code int, memo string) (object, *problem) {
		return object{"is_success": false, "sub_error_code": code, "memo": memo}, nil
	}
	days, err := strconv.Atoi(c.get("param1"))
	o := t.orders[c.get("param0")]
	switch {
	case o == nil:
		return no(100, "the order does not exist")
	case o.Seller != c.seller:
		return no(601, "no permission")
	case err != nil || days < 1:
		return no(200, "wrong days")
	case o.Status != "WAIT_BUYER_ACCEPT_GOODS" || o.issue() == "IN_ISSUE":
		return no(210, "the order does not wait for the buyer, or is in dispute")
	case o.extended+days > t.o.MaxExtend:
		return no(201, "beyond what the system allows")
	}
	o.extended += days
	o.ReceiptBy = o.ReceiptBy.AddDate(0, 0, days)
	o.Modified = t.world.Now().Truncate(time.Second)
	return object{"is_success": true}, nil
}

func (t *Twin) trackingResult(c *call) (object, *problem) {
	if c.get("logistics_no") == "" || c.get("origin") != "ESCROW" || c.get("out_ref") == "" {
		return object{"result_success": false, "error_desc": "logistics_no, origin and out_ref are needed", "details": seq{name: "details"}}, nil
	}
	details := seq{name: "details"}
	parcel, _ := t.world.Parcel(c.get("logistics_no")) // a number that nobody knows has no rows
	for _, r := range parcel.Rows {
		detail := object{
			"action_code": cainiao.Code(r), "event_date": r.At.UnixMilli(), "event_desc": r.Description, "address": r.Location, "signed_name": r.SignedBy, "status": "",
		}
		details.items = append(details.items, detail)
		if t.o.Repeat {
			details.items = append(details.items, detail)
		}
	}
	slices.Reverse(details.items)
	if t.o.Shuffle {
		rand.Shuffle(len(details.items), func(i, j int) { //nolint:gosec // chance for tests
			details.items[i], details.items[j] = details.items[j], details.items[i]
		})
	}
	return object{"result_success": true, "official_website": "http://global.cainiao.com/", "details": details}, nil
}

// Abnormal is an order with a trouble in a warehouse.
type Abnormal struct {
	Seller, Order, Number, Code, Reason, Status, Warehouse string
	At                                                     time.Time
}

// AddAbnormal adds to the list of abnormal orders.
func (t *Twin) AddAbnormal(a ...Abnormal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.abnormal = append(t.abnormal, a...)
}

func (t *Twin) abnormalOrders(c *call) (object, *problem) {
	page, _ := strconv.Atoi(c.get("current_page"))
	size, _ := strconv.Atoi(c.get("page_size"))
	if page < 1 || size < 1 || size > 50 {
		return object{"is_success": "false", "error_desc": "current_page and page_size are needed"}, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	list := seq{name: "aeop_warehouse_abnormal_order_result"}
	for i, a := range t.abnormal {
		asked := func(name, is string) bool { return c.get(name) == "" || c.get(name) == is }
		if a.Seller == c.seller && asked("trade_order_id", a.Order) && asked("intl_tracking_no", a.Number) && within(shown(a.At), c.get("gmt_status_update_start"), c.get("gmt_status_update_end")) {
			list.items = append(list.items, object{
				"id": i + 1, "trade_order_id": number(a.Order), "intl_tracking_no": a.Number, "abnormal_code": a.Code, "abnormal_reason": a.Reason,
				"order_status_code": a.Status, "order_status_name": a.Status, "domestic_logistic_tracking_no": "", "warehouse_name": a.Warehouse, "gmt_create": shown(a.At), "gmt_status_update": shown(a.At),
			})
		}
	}
	total := len(list.items)
	list.items = list.items[min((page-1)*size, total):min(page*size, total)]
	return object{
		"is_success": "true", "total_count": total, "total_page": (total + size - 1) / size, "current_page": page, "result": list,
	}, nil
}

type logisticsOrder struct {
	seller, id, order, lp, solution string
	number                          string // international; empty until it is given
	at                              time.Time
	closed                          time.Time // zero: it is not
}

// GiveNumber gives a logistics order its international number, as the platform does some time
// after it was made.
func (t *Twin) GiveNumber(id, number string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.logistics {
		if t.logistics[i].id == id {
			t.logistics[i].number = number
		}
	}
}

// CloseLogistics closes a logistics order, as the platform does with one that is called off.
func (t *Twin) CloseLogistics(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.logistics {
		if t.logistics[i].id == id {
			t.logistics[i].closed = t.world.Now()
		}
	}
}

func (t *Twin) createLogistics(c *call) (object, *problem) {
	var q struct {
		Trade struct {
			Order json.Number `json:"trade_order_id"`
		} `json:"trade_order_param"`
		Solution struct {
			Code string `json:"solution_code"`
		} `json:"solution_param"`
	}
	if p := c.json("order_param", &q); p != nil {
		return nil, p
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.own(c.seller, string(q.Trade.Order)) == nil {
		return object{"is_success": "false", "need_retry": false, "error_info": object{"error_code": "ORDER_NOT_EXIST", "error_msg": "no such order"}}, nil
	}
	n := t.next()
	o := logisticsOrder{
		seller: c.seller, id: strconv.Itoa(700000 + n), order: string(q.Trade.Order), lp: fmt.Sprintf("LP%014d", n), solution: q.Solution.Code, at: t.world.Now(),
	}
	t.logistics = append(t.logistics, o)
	return object{"is_success": "true", "need_retry": false, "result": object{"logistics_order_id": number(o.id)}}, nil
}

func (t *Twin) logisticsOrders(c *call) (object, *problem) {
	page, _ := strconv.Atoi(c.get("current_page"))
	size, _ := strconv.Atoi(c.get("page_size"))
	if page < 1 || size < 1 || size > 50 {
		return object{"result_success": false, "error_desc": "current_page and page_size are needed"}, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	list := seq{name: "aeop_logistics_order_detail_dto"}
	for _, o := range t.logistics {
		if o.seller != c.seller || o.order != c.get("trade_order_id") {
			continue
		}
		item := object{
			"logistics_order_id": number(o.id), "trade_order_id": number(o.order), "out_order_code": o.lp, "solution_code": o.solution,
			"international_logistics_num": o.number, "logistics_status": "wait_warehouse_receive_goods", "gmt_create": shown(o.at),
			"channel_code": o.solution, "international_logistics_type": o.solution,
		}
		if !o.closed.IsZero() {
			item["logistics_status"], item["close_time"] = "closed", shown(o.closed)
		}
		list.items = append(list.items, item)
	}
	total := len(list.items)
	list.items = list.items[min((page-1)*size, total):min(page*size, total)]
	return object{"result_success": true, "result_list": list}, nil
}

func (t *Twin) document(c *call) (object, *problem) {
	var asked []struct {
		PackageID string `json:"packageId"`
	}
	if p := c.json("queryDocumentRequestList", &asked); p != nil {
		return nil, p
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, o := range t.logistics {
		for _, a := range asked {
			if o.seller == c.seller && (a.PackageID == o.id || a.PackageID == o.lp) && c.get("documentType") == "WAY_BILL" {
				return object{"success": true, "data": base64.StdEncoding.EncodeToString(Waybill(o.lp))}, nil
			}
		}
	}
	return object{"success": false, "errorCode": "PACKAGE_NOT_EXIST", "errorMessage": "no such package"}, nil
}

// Waybill is a small PDF of one page that shows a number, and its barcode.
func Waybill(number string) []byte {
	text := fmt.Sprintf("BT /F1 18 Tf 20 60 Td (CAINIAO %s) Tj ET%s", number, bars(number))
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 283 283] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(text), text),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var pdf bytes.Buffer
	pdf.WriteString("%PDF-1.4\n")
	var table strings.Builder
	fmt.Fprintf(&table, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for i, o := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", pdf.Len())
		fmt.Fprintf(&pdf, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := pdf.Len()
	fmt.Fprintf(&pdf, "%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", table.String(), len(objects)+1, at)
	return pdf.Bytes()
}

// bars draws the Code 128 of a number above its text.
func bars(number string) string {
	code, err := code128.Encode(number)
	if err != nil {
		return "" // nothing that a Code 128 can hold
	}
	const left, bottom, high, room = 10, 100, 80, 263.0 // points
	modules := code.Bounds().Dx()
	module := min(1, room/float64(modules))
	dark := func(x int) bool {
		if x >= modules {
			return false
		}
		r, _, _, _ := code.At(x, 0).RGBA()
		return r == 0
	}
	var drawn strings.Builder
	for x := 0; x < modules; x++ {
		from := x
		for dark(x) {
			x++
		}
		if x > from {
			fmt.Fprintf(&drawn, "\n%.3f %d %.3f %d re", left+module*float64(from), bottom, module*float64(x-from), high)
		}
	}
	return drawn.String() + "\nf"
}
