package aliexpress

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"parcelward/internal/sandbox/twin"
	"parcelward/internal/sandbox/world"
)

// Options configure a twin.
type Options struct {
	AppKey    string // of the one app that it knows
	AppSecret string

	TokenLife   time.Duration // 0: 30 days
	RefreshLife time.Duration // from the authorisation on; 0: 60 days
	CallsPerDay int           // of the app; 0: as many as it likes
	MaxExtend   int           // days by which a buyer's time may be extended in all; 0: 30
	Skew        time.Duration // by which a call's time stamp may be off; 0: 2 h

	Envelopes bool // simplify is not heeded, as on older gateways
	Repeat    bool // traces show every row twice
	Shuffle   bool // traces come in no order; otherwise the newest row first
	// MixMessages puts other buyers' messages into every conversation.
	MixMessages bool
	OnPage      func(page int) // called before a page of the order list is made; may change orders
}

// Twin is the simulated platform. It is safe for concurrent use.
type Twin struct {
	world *world.World
	o     Options

	mu        sync.Mutex
	codes     map[string]string // authorisation code -> seller
	grants    map[string]*grant // access token
	refresh   map[string]*grant // refresh token
	orders    map[string]*Order
	disputes  []*Dispute
	abnormal  []Abnormal
	messages  []Message
	logistics []logisticsOrder
	day       string // in Beijing, that calls counts for
	calls     int
	serial    int
}

// New makes a twin that shows a world's traces.
func New(w *world.World, o Options) *Twin {
	if o.TokenLife == 0 {
		o.TokenLife = 30 * 24 * time.Hour
	}
	if o.RefreshLife == 0 {
		o.RefreshLife = 60 * 24 * time.Hour
	}
	if o.MaxExtend == 0 {
		o.MaxExtend = 30
	}
	if o.Skew == 0 {
		o.Skew = 2 * time.Hour
	}
	return &Twin{
		world: w, o: o, codes: map[string]string{}, grants: map[string]*grant{}, refresh: map[string]*grant{}, orders: map[string]*Order{},
	}
}

// Handler serves both gateways.
func (t *Twin) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sync", t.sync)
	mux.HandleFunc("POST /rest/auth/token/create", func(w http.ResponseWriter, r *http.Request) { t.rest(w, r, t.createToken) })
	mux.HandleFunc("POST /rest/auth/token/refresh", func(w http.ResponseWriter, r *http.Request) { t.rest(w, r, t.refreshToken) })
	mux.HandleFunc("POST /rest/message/history/list", func(w http.ResponseWriter, r *http.Request) { t.rest(w, r, t.messageHistory) })
	mux.HandleFunc("/rest/", func(w http.ResponseWriter, _ *http.Request) {
		t.refuse(w, true, &problem{code: "InvalidApiPath", text: "The specified api path is invalid"})
	})
	return mux
}

// problem is a no.
type problem struct {
	code, text       string
	subCode, subText string
	kind             string // ISV, ISP, SYSTEM; empty: ISV
}

// object is JSON; a [seq] in it is a list that is wrapped unless the answer is simplified.
type object = map[string]any

type seq struct {
	name  string // of the wrapping object's key
	items []any
}

// render decides the shape of the lists in v.
func render(v any, simplify bool) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for name, value := range v {
			out[name] = render(value, simplify)
		}
		return out
	case seq:
		items := make([]any, len(v.items))
		for i, item := range v.items {
			items[i] = render(item, simplify)
		}
		if simplify {
			return items
		}
		return object{v.name: items}
	}
	return v
}

// call is a business call that was let in.
type call struct {
	seller string
	params url.Values
}

func (c *call) get(name string) string { return c.params.Get(name) }

// json reads a parameter that is JSON.
func (c *call) json(name string, out any) *problem {
	if err := json.Unmarshal([]byte(c.get(name)), out); err != nil {
		return &problem{code: "15", text: "Remote service error", subCode: "isv.invalid-parameter", subText: name + " is not what is documented"}
	}
	return nil
}

func (t *Twin) methods() map[string]func(*call) (object, *problem) {
	return map[string]func(*call) (object, *problem){
		"aliexpress.solution.order.get":                           t.orderList,
		"aliexpress.solution.order.info.get":                      t.orderDetail,
		"aliexpress.solution.order.receiptinfo.get":               t.receiptInfo,
		"aliexpress.solution.order.fulfill":                       t.fulfil,
		"aliexpress.logistics.sellermodifiedshipmentfortop":       t.modifyShipment,
		"aliexpress.trade.redefining.extendsbuyeracceptgoodstime": t.extend,
		"aliexpress.logistics.redefining.querytrackingresult":     t.trackingResult,
		"aliexpress.logistics.redefining.listlogisticsservice":    t.serviceList,
		"aliexpress.logistics.abnormalorder.query":                t.abnormalOrders,
		"aliexpress.logistics.querylogisticsorderdetail":          t.logisticsOrders,
		"cainiao.global.logistic.order.create":                    t.createLogistics,
		"aliexpress.asf.platform.logistics.document.query":        t.document,
		"aliexpress.issue.issuelist.get":                          t.issueList,
		"aliexpress.issue.detail.get":                             t.issueDetail,
		"aliexpress.trade.redefining.findloanlistquery":           t.loans,
	}
}

func (t *Twin) sync(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		t.refuse(w, false, &problem{code: "MissingParameter", text: "The form cannot be read"})
		return
	}
	method := r.Form.Get("method")
	p := t.admit(r.Form, "")
	var handle func(*call) (object, *problem)
	if p == nil {
		if handle = t.methods()[method]; handle == nil {
			p = &problem{code: "InvalidApiPath", text: "The specified API path is invalid"}
		}
	}
	c := &call{params: r.Form}
	if p == nil {
		c.seller, p = t.session(r.Form.Get("session"))
	}
	if p == nil {
		p = t.countCall()
	}
	var answer object
	if p == nil {
		answer, p = handle(c)
	}
	if p != nil {
		t.refuse(w, false, p)
		return
	}
	answer["request_id"] = t.requestID()
	simplify := r.Form.Get("simplify") == "true" && !t.o.Envelopes
	out := render(answer, simplify)
	if !simplify {
		out = object{strings.ReplaceAll(method, ".", "_") + "_response": out}
	}
	twin.JSON(w, http.StatusOK, out)
}

func (t *Twin) rest(w http.ResponseWriter, r *http.Request, handle func(url.Values) (object, *problem)) {
	if err := r.ParseForm(); err != nil {
		t.refuse(w, true, &problem{code: "MissingParameter", text: "The form cannot be read"})
		return
	}
	p := t.admit(r.Form, strings.TrimPrefix(r.URL.Path, "/rest"))
	var answer object
	if p == nil {
		answer, p = handle(r.Form)
	}
	if p != nil {
		t.refuse(w, true, p)
		return
	}
	answer["code"], answer["request_id"] = "0", t.requestID()
	twin.JSON(w, http.StatusOK, answer)
}

// admit checks what every call bears.
func (t *Twin) admit(form url.Values, path string) *problem {
	for _, name := range []string{"app_key", "timestamp", "sign_method", "sign"} {
		if form.Get(name) == "" {
			return &problem{code: "MissingParameter", text: "The request is missing " + name}
		}
	}
	ms, err := strconv.ParseInt(form.Get("timestamp"), 10, 64)
	at := time.UnixMilli(ms)
	if err != nil {
		at, err = time.Parse(time.RFC3339, form.Get("timestamp"))
	}
	skew := t.world.Now().Sub(at)
	switch {
	case form.Get("app_key") != t.o.AppKey:
		return &problem{code: "InvalidAppKey", text: "The specified App Key is invalid"}
	case form.Get("sign_method") != "sha256":
		return &problem{code: "InvalidSignMethod", text: "The specified sign method is not supported"}
	case err != nil || skew.Abs() > t.o.Skew:
		return &problem{code: "IllegalTimestamp", text: "The specified timestamp is not within 7200 seconds of the platform's"}
	case !hmac.Equal([]byte(Sign(t.o.AppSecret, path, form)), []byte(form.Get("sign"))):
		return &problem{code: "IncompleteSignature", text: "The request signature does not conform to platform standards"}
	}
	return nil
}

// Sign is the signature of a form, in the platform's way: of the path of a system call, and of
// each parameter's name and value that is not empty, sorted by name.
func Sign(secret, path string, form url.Values) string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(path))
	for _, name := range names {
		if value := form.Get(name); name != "sign" && value != "" {
			mac.Write([]byte(name + value))
		}
	}
	return fmt.Sprintf("%X", mac.Sum(nil))
}

// countCall counts a call against the day's, which end at 24:00 in Beijing.
func (t *Twin) countCall() *problem {
	t.mu.Lock()
	defer t.mu.Unlock()
	day := t.world.Now().In(time.FixedZone("Asia/Shanghai", 8*60*60)).Format(time.DateOnly)
	if day != t.day {
		t.day, t.calls = day, 0
	}
	t.calls++
	if t.o.CallsPerDay > 0 && t.calls > t.o.CallsPerDay {
		return &problem{code: "7", text: "App Call Limited", subCode: "accesscontrol.limited-by-app-access-count", subText: "This ban will last for 1 more seconds"}
	}
	return nil
}

// refuse answers with a no: HTTP 200, in the gateway's own form.
func (t *Twin) refuse(w http.ResponseWriter, system bool, p *problem) {
	kind := p.kind
	if kind == "" {
		kind = "ISV"
	}
	if system {
		twin.JSON(w, http.StatusOK, object{"type": kind, "code": p.code, "message": p.text, "request_id": t.requestID()})
		return
	}
	body := object{"type": kind, "code": p.code, "msg": p.text, "request_id": t.requestID()}
	if code, err := strconv.Atoi(p.code); err == nil {
		body["code"] = code
	}
	if p.subCode != "" {
		body["sub_code"], body["sub_msg"] = p.subCode, p.subText
	}
	twin.JSON(w, http.StatusOK, object{"error_response": body})
}

func (t *Twin) requestID() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return "21" + hex.EncodeToString([]byte(strconv.Itoa(t.next())))
}

// next is a number that was not given before; the lock must be held.
func (t *Twin) next() int {
	t.serial++
	return t.serial
}
