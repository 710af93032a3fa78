package cainiao

import (
	"crypto/md5" //nolint:gosec // the vendor's signature
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"parcelward/internal/rules/tracknum"
	"parcelward/internal/sandbox/twin"
	"parcelward/internal/sandbox/world"
)

// Path is where LINK answers.
const Path = "/gateway/link.do"

// Options are who may ask, and how the twin behaves.
type Options struct {
	ProviderID string // logistic_provider_id that it knows
	AppCode    string // that it knows
	Secret     string // of both directions

	// UTCOffset is that of scans at the destination, in hours; those before are at +8.
	UTCOffset int
	Repeat    bool // each scan stands in an answer twice
	Shuffle   bool // scans stand in no order

	// Callback is where subscribed parcels are pushed to; empty: nowhere.
	Callback string
	HTTP     *http.Client  // sends pushes; default http.DefaultClient
	Late     time.Duration // real, before a push is sent, with what was known before
	Uneven   bool          // only every other push of a number is late, so that later ones overtake it
	Twice    bool          // each push is sent twice
}

// Twin is safe for concurrent use.
type Twin struct {
	world *world.World
	o     Options

	work *twin.Work // all pushing

	mu         sync.Mutex
	random     *rand.Rand
	subscribed map[string]bool
	failed     int
}

// New makes a twin that shows w.
func New(w *world.World, o Options) *Twin {
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	return &Twin{
		world: w, o: o, work: twin.NewWork(), subscribed: map[string]bool{},
		random: rand.New(rand.NewPCG(1, 1)), //nolint:gosec // chance for tests
	}
}

// Close ends all pushing and waits for it.
func (t *Twin) Close() { t.work.Close() }

// Handler serves LINK.
func (t *Twin) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path, t.link)
	return mux
}

type failure struct {
	Success   bool   `json:"success"`
	ErrorCode string `json:"errorCode"`
	ErrorMsg  string `json:"errorMsg"`
}

func (t *Twin) link(w http.ResponseWriter, r *http.Request) {
	content := r.PostFormValue("logistics_interface")
	var query struct {
		Arg0 struct {
			AppCode string `json:"appCode"`
			MailNo  string `json:"mailNo"`
		} `json:"arg0"`
	}
	refuse := func(code, message string) { twin.JSON(w, http.StatusOK, failure{false, code, message}) }
	switch err := json.Unmarshal([]byte(content), &query); {
	case r.PostFormValue("logistic_provider_id") != t.o.ProviderID:
		refuse("S03", "非法的物流公司")
		return
	case subtle.ConstantTimeCompare([]byte(r.PostFormValue("data_digest")), []byte(digest(content, t.o.Secret))) != 1:
		refuse("S02", "验签或加密失败")
		return
	case err != nil || query.Arg0.MailNo == "" || query.Arg0.AppCode != t.o.AppCode:
		refuse("S05", "非法的通知内容")
		return
	}
	number := tracknum.Normalize(query.Arg0.MailNo)
	switch r.PostFormValue("msg_type") {
	case "CNTECH_LV_LOGISTICS_DETAIL_GET":
		p, _ := t.world.Parcel(number)
		twin.JSON(w, http.StatusOK, map[string]any{"success": true, "module": []module{t.module(number, p)}})
	case "CNTECH_LV_LOGISTICS_DETAIL_SUBSCRIBE":
		t.subscribe(number)
		twin.JSON(w, http.StatusOK, map[string]any{"success": true})
	default:
		refuse("S04", "非法的通知类型")
	}
}

// digest is data_digest.
func digest(content, secret string) string {
	sum := md5.Sum([]byte(content + secret)) //nolint:gosec // the vendor's signature
	return base64.StdEncoding.EncodeToString(sum[:])
}
