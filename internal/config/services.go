package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"parcelward/internal/protocol"
)

// Services are the tracking services and the platform, each with its keys; one without keys is
// not asked. URLs are for tests and twins: each has the real one as default.
type Services struct {
	// Trackers is which service is asked about whose parcels.
	Trackers   map[string]string `desc:"which service is asked about whose parcels, such as CAINIAO:cainiao,YANWEN:17track,*:kdniao; none: the first with keys of 17track, kdniao, cainiao, aliexpress about all"`
	SweepEvery time.Duration     `split_words:"true" default:"1m" desc:"worker: how often the services are asked about parcels that are due, real time"`
	Track17    Track17           `envconfig:"17TRACK" desc:"-"`
	Kdniao     Kdniao            `desc:"-"`
	Cainiao    Cainiao           `desc:"-"`
	AliExpress AliExpress        `desc:"-"`
	Warehouse  Warehouse         `desc:"-"`
}

// Track17 is the account at 17TRACK.
type Track17 struct {
	Key      string         `desc:"17TRACK: access key, from its dashboard; none: not asked"`
	URL      string         `desc:"17TRACK: scheme and host, where it is not the real one"`
	Carriers map[string]int `desc:"17TRACK: its keys of carriers over the built-in ones, such as YANWEN:190012; 0: let it detect"`
}

// Kdniao is the account at Kdniao.
type Kdniao struct {
	BusinessID string            `split_words:"true" desc:"Kdniao: EBusinessID; none: not asked"`
	AppKey     string            `split_words:"true" desc:"Kdniao: AppKey, which signs"`
	URL        string            `desc:"Kdniao: scheme and host, where it is not the real one"`
	Free       bool              `desc:"Kdniao: ask by the free 1002 and 1008 instead of the value-added 8001 and 8008"`
	Detect     bool              `desc:"Kdniao: ask by 8002 where no shipper code is known"`
	Shippers   map[string]string `desc:"Kdniao: shipper codes over the built-in ones, such as CAINIAO:CODE"`
	PhoneTail  string            `split_words:"true" desc:"Kdniao: last four digits of the sender's phone, for SF, ZTO and KYSY"`
}

// Cainiao is the access to Cainiao LINK.
type Cainiao struct {
	ProviderID string            `split_words:"true" desc:"Cainiao LINK: logistic_provider_id; none: not asked"`
	AppCode    string            `split_words:"true" desc:"Cainiao LINK: appCode"`
	Secret     string            `desc:"Cainiao LINK: the key that signs"`
	ToCode     string            `split_words:"true" desc:"Cainiao LINK: to_code; none: CNTECH_LV"`
	URL        string            `desc:"Cainiao LINK: scheme and host, where it is not the real one"`
	CPCodes    map[string]string `envconfig:"CP_CODES" desc:"Cainiao LINK: cpCode of carriers, such as CAINIAO:CODE"`
}

// AliExpress is the app at the AliExpress Open Platform.
type AliExpress struct {
	AppKey    string        `split_words:"true" desc:"AliExpress Open Platform: app key; none: not asked"`
	AppSecret string        `split_words:"true" desc:"AliExpress Open Platform: app secret, which signs"`
	URL       string        `desc:"AliExpress Open Platform: scheme and host, where it is not the real one"`
	Stores    []string      `desc:"AliExpress: stores whose orders are read, separated by commas; each authorised once with starter authorise"`
	PollEvery time.Duration `split_words:"true" default:"1m" desc:"worker: how often each store's orders are read, real time"`
	FirstDays int           `split_words:"true" default:"30" desc:"AliExpress: how many days back a store's orders are read the first time, 1 to 180"`
	// OrderParamFile is read by [AliExpress.OrderParams].
	OrderParamFile string  `split_words:"true" desc:"AliExpress: JSON file of what the platform wants for labels beside order and service, by store, for shipments that name none"`
	PerSecond      float64 `split_words:"true" desc:"AliExpress: calls a second that the app may make, over all workers; 0: not limited here"`
}

// Warehouse is where outbound records are asked for; see package warehouse for what it answers.
type Warehouse struct {
	URL   string `desc:"worker: URL that answers an order's outbound record, with {store}, {order}, {number} in it; none: a person brings the records"`
	Token string `desc:"worker: bearer token for WAREHOUSE_URL"`
}

// OrderParams reads what the platform wants for the labels of each store (order_param, as the
// platform documents it: addresses, package). It goes into shipments that name none. The error
// names the store and what was expected.
func (a *AliExpress) OrderParams() (map[string]json.RawMessage, error) {
	if a.OrderParamFile == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(a.OrderParamFile)
	if err != nil {
		return nil, err
	}
	var stores map[string]json.RawMessage
	if err := json.Unmarshal(raw, &stores); err != nil {
		return nil, fmt.Errorf("%s: expected a JSON object with an object for each store: %w", a.OrderParamFile, err)
	}
	for _, store := range slices.Sorted(maps.Keys(stores)) {
		var param map[string]json.RawMessage
		switch err := json.Unmarshal(stores[store], &param); {
		case !slices.Contains(a.Stores, store):
			return nil, fmt.Errorf("%s: store %q: expected one of PARCELWARD_ALIEXPRESS_STORES", a.OrderParamFile, store)
		case err != nil || param == nil:
			return nil, fmt.Errorf("%s: store %s: expected a JSON object such as {\"package_params\":[…],\"seller_address_param\":{…}}", a.OrderParamFile, store)
		}
	}
	return stores, nil
}

func (s *Services) check(p *problems) {
	p.url("PARCELWARD_17TRACK_URL", s.Track17.URL)
	p.url("PARCELWARD_KDNIAO_URL", s.Kdniao.URL)
	p.url("PARCELWARD_CAINIAO_URL", s.Cainiao.URL)
	p.url("PARCELWARD_ALIEXPRESS_URL", s.AliExpress.URL)
	for _, store := range s.AliExpress.Stores {
		if !protocol.ValidName(store) {
			p.add("PARCELWARD_ALIEXPRESS_STORES", store, "names of 1 to 64 characters A-Z a-z 0-9 . _ -, separated by commas")
		}
	}
	if _, err := s.AliExpress.OrderParams(); err != nil {
		p.list = append(p.list, fmt.Errorf("PARCELWARD_ALIEXPRESS_ORDER_PARAM_FILE: %w", err))
	}
	if days := s.AliExpress.FirstDays; days < 1 || days > 180 {
		p.add("PARCELWARD_ALIEXPRESS_FIRST_DAYS", strconv.Itoa(days), "1 to 180")
	}
	for key, every := range map[string]time.Duration{"PARCELWARD_SWEEP_EVERY": s.SweepEvery, "PARCELWARD_ALIEXPRESS_POLL_EVERY": s.AliExpress.PollEvery} {
		if every < time.Second {
			p.add(key, every.String(), "at least 1s")
		}
	}
}
