// Package kdniao is the twin of Kdniao (快递鸟): an HTTP server that answers queries and
// subscriptions as the service does and pushes what comes to pass, all of it out of a
// [world.World].
//
// Faithful to the documentation: paths, form and signature, the kinds of request, fields and
// their spelling, texts for numbers (State, Count), Beijing times without zone, one number a
// call, the result codes, whole traces in pushes 101 and 102 and the answer that they want,
// no more pushes after the sign-off.
//
// Guesses: that result codes stand in ResultCode; what counts as a special character or a
// wrong length of a number; HTTP 429 for too many calls a second; that the daily count starts
// at midnight in Beijing; that a push that was not taken is repeated twice, after a moment;
// the State of numbers with a problem. The cross-border kinds 7101 and 7108 are not served.
package kdniao

import (
	"crypto/md5" //nolint:gosec // the service's scheme
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"parcelward/internal/rules/tracknum"
	"parcelward/internal/sandbox/twin"
	"parcelward/internal/sandbox/world"
)

// Options of a [Twin].
type Options struct {
	EBusinessID string
	AppKey      string
	Callback    string       // URL for pushes; empty: none are made
	HTTP        *http.Client // sends pushes; nil: one with a time-out of 10 s

	PerSecond int // calls in a real second; 0: not limited
	PerDay    int // calls in a virtual day in Beijing; 0: not limited

	Repeat  int           // so many times more each row stands in an answer
	Shuffle bool          // rows stand in no order
	Late    time.Duration // virtual, between a row and its push
	Twice   bool          // each push comes twice
	Reorder bool          // of two pushes soon after each other the second comes first
}

// Twin is safe for concurrent use.
type Twin struct {
	world *world.World
	o     Options
	work  *twin.Work

	mu         sync.Mutex
	subscribed map[string]subscription // by normalised number
	second     int64                   // real, of calls
	inSecond   int
	day        string // virtual, of inDay
	inDay      int
}

// subscription is a number that is watched.
type subscription struct {
	request
	paid bool
}

// New makes a twin that shows w; Close ends its pushes.
func New(w *world.World, o Options) *Twin {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	return &Twin{world: w, o: o, work: twin.NewWork(), subscribed: map[string]subscription{}}
}

// Close ends all pushes and waits for them.
func (t *Twin) Close() { t.work.Close() }

// Handler serves the service's paths.
func (t *Twin) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /Ebusiness/EbusinessOrderHandle.aspx", func(w http.ResponseWriter, r *http.Request) { t.serve(w, r, t.query) })
	mux.HandleFunc("POST /api/dist", func(w http.ResponseWriter, r *http.Request) { t.serve(w, r, t.subscribe) })
	return mux
}

// request is RequestData. Sources spell CallBack both ways, and keys fit in any case.
type request struct {
	OrderCode    string
	ShipperCode  string
	LogisticCode string
	CustomerName string
	CallBack     string
}

// refusal is the answer to a call that fails.
type refusal struct {
	EBusinessID string
	Success     bool
	Reason      string
	ResultCode  string
	UpdateTime  string
}

// maxForm bounds what a call may send.
const maxForm = 1 << 20

func (t *Twin) serve(w http.ResponseWriter, r *http.Request, handle func(kind string, q request) any) {
	if t.tooFast() {
		http.Error(w, "too many calls a second", http.StatusTooManyRequests)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		twin.JSON(w, http.StatusOK, t.refuse("103", "格式问题"))
		return
	}
	data := r.PostForm.Get("RequestData")
	var q request
	switch {
	case !r.PostForm.Has("RequestData"), !r.PostForm.Has("RequestType"), !r.PostForm.Has("DataSign"):
		twin.JSON(w, http.StatusOK, t.refuse("101", "缺少必要参数"))
	case r.PostForm.Get("EBusinessID") != t.o.EBusinessID:
		twin.JSON(w, http.StatusOK, t.refuse("104", "用户问题"))
	case subtle.ConstantTimeCompare([]byte(sign(data, t.o.AppKey)), []byte(r.PostForm.Get("DataSign"))) != 1:
		twin.JSON(w, http.StatusOK, t.refuse("102", "校验问题"))
	case r.PostForm.Get("DataType") != "2":
		twin.JSON(w, http.StatusOK, t.refuse("103", "格式问题"))
	case json.Unmarshal([]byte(data), &q) != nil:
		twin.JSON(w, http.StatusOK, t.refuse("401", "RequestData格式有误"))
	case q.LogisticCode == "":
		twin.JSON(w, http.StatusOK, t.refuse("402", "缺少快递单号"))
	case strings.Trim(q.LogisticCode, letters) != "":
		twin.JSON(w, http.StatusOK, t.refuse("403", "快递单号有特殊字符"))
	case len(q.LogisticCode) < 5 || len(q.LogisticCode) > 30:
		twin.JSON(w, http.StatusOK, t.refuse("404", "快递单号长度不符"))
	case hidden(q.ShipperCode) && q.CustomerName == "":
		twin.JSON(w, http.StatusOK, t.refuse("101", "缺少必要参数 CustomerName"))
	case t.usedUp():
		twin.JSON(w, http.StatusOK, t.refuse("405", "超出查询次数限制"))
	default:
		twin.JSON(w, http.StatusOK, handle(r.PostForm.Get("RequestType"), q))
	}
}

// letters are those of numbers.
const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-"

// hidden tells whether a carrier's traces are for those who know the phone number.
func hidden(shipper string) bool { return shipper == "SF" || shipper == "ZTO" || shipper == "KYSY" }

func (t *Twin) query(kind string, q request) any {
	switch {
	case kind != "1002" && kind != "8001" && kind != "8002":
		return t.refuse("103", "格式问题 RequestType")
	case kind != "8002" && q.ShipperCode == "":
		return t.refuse("101", "缺少必要参数 ShipperCode")
	}
	return t.snapshot(q, kind != "1002")
}

func (t *Twin) subscribe(kind string, q request) any {
	switch {
	case kind != "1008" && kind != "8008":
		return t.refuse("103", "格式问题 RequestType")
	case q.ShipperCode == "":
		return t.refuse("101", "缺少必要参数 ShipperCode")
	}
	number := tracknum.Normalize(q.LogisticCode)
	s := subscription{q, kind == "8008"}
	t.mu.Lock()
	_, known := t.subscribed[number]
	t.subscribed[number] = s
	t.mu.Unlock()
	if !known && t.o.Callback != "" {
		t.work.Go(func() { t.follow(number, s) })
	}
	return struct {
		EBusinessID           string
		UpdateTime            string
		Success               bool
		Reason                string
		EstimatedDeliveryTime string
	}{t.o.EBusinessID, t.now(), true, "", ""}
}

func (t *Twin) refuse(code, reason string) refusal {
	return refusal{EBusinessID: t.o.EBusinessID, Reason: reason, ResultCode: code, UpdateTime: t.now()}
}

// tooFast counts a call.
func (t *Twin) tooFast() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now().Unix(); now != t.second {
		t.second, t.inSecond = now, 0
	}
	t.inSecond++
	return t.o.PerSecond > 0 && t.inSecond > t.o.PerSecond
}

func (t *Twin) usedUp() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if day := t.now()[:len(time.DateOnly)]; day != t.day {
		t.day, t.inDay = day, 0
	}
	t.inDay++
	return t.o.PerDay > 0 && t.inDay > t.o.PerDay
}

// now is virtual time as the service writes it.
func (t *Twin) now() string { return t.world.Now().In(beijing()).Format(time.DateTime) }

func beijing() *time.Location { return time.FixedZone("CST", 8*60*60) }

// sign is DataSign before URL encoding; the adapter has its own, so that neither proves itself.
func sign(data, key string) string {
	sum := md5.Sum([]byte(data + key)) //nolint:gosec // the service's scheme
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum[:])))
}
