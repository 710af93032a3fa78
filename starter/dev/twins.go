package dev

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parcelward/internal/config"
	"parcelward/internal/demo"
	"parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/cainiao"
	"parcelward/internal/sandbox/fault"
	"parcelward/internal/sandbox/kdniao"
	"parcelward/internal/sandbox/seventeentrack"
	"parcelward/internal/sandbox/world"
)

// Twins are simulators of the real services, which show one world. The real adapters speak to
// them.
type Twins struct {
	World      *world.World
	AliExpress *aliexpress.Twin
	Faults     *fault.Injector // in front of all

	handler http.Handler
	closers []func()
}

// Keys by which the twins and the adapters know each other; they open nothing else.
const (
	twinKey  = "twin-key"
	twinName = "twin"
)

// twinYears is longer than any run: on an accelerated clock two hours pass in a blink, and no
// seller sits there to authorise again after 60 days.
const twinYears = 50 * 365 * 24 * time.Hour

// twinServices is the configuration that has the adapters speak to the twins at a URL: each
// carrier by another service, so that all are seen at work.
func twinServices(c config.Services, url string) config.Services {
	c.Trackers = map[string]string{"CAINIAO": "cainiao", "4PX": "kdniao", "*": "17track"}
	c.Track17 = config.Track17{Key: twinKey, URL: url}
	c.Kdniao = config.Kdniao{BusinessID: twinName, AppKey: twinKey, URL: url}
	c.Cainiao = config.Cainiao{ProviderID: twinName, AppCode: twinName, Secret: twinKey, URL: url}
	c.AliExpress = config.AliExpress{AppKey: twinName, AppSecret: twinKey, URL: url, Stores: []string{demo.Store}, PollEvery: 2 * time.Second, FirstDays: 30}
	return c
}

// serviceEnv is the same configuration for a child process, without its prefix.
func serviceEnv(c config.Services) map[string]string {
	var trackers []string
	for carrier, service := range c.Trackers {
		trackers = append(trackers, carrier+":"+service)
	}
	slices.Sort(trackers)
	return map[string]string{
		"TRACKERS": strings.Join(trackers, ","), "SWEEP_EVERY": c.SweepEvery.String(),
		"17TRACK_KEY": c.Track17.Key, "17TRACK_URL": c.Track17.URL,
		"KDNIAO_BUSINESS_ID": c.Kdniao.BusinessID, "KDNIAO_APP_KEY": c.Kdniao.AppKey, "KDNIAO_URL": c.Kdniao.URL,
		"CAINIAO_PROVIDER_ID": c.Cainiao.ProviderID, "CAINIAO_APP_CODE": c.Cainiao.AppCode, "CAINIAO_SECRET": c.Cainiao.Secret, "CAINIAO_URL": c.Cainiao.URL,
		"ALIEXPRESS_APP_KEY": c.AliExpress.AppKey, "ALIEXPRESS_APP_SECRET": c.AliExpress.AppSecret, "ALIEXPRESS_URL": c.AliExpress.URL,
		"ALIEXPRESS_STORES": strings.Join(c.AliExpress.Stores, ","), "ALIEXPRESS_POLL_EVERY": c.AliExpress.PollEvery.String(),
		"ALIEXPRESS_FIRST_DAYS": strconv.Itoa(c.AliExpress.FirstDays),
	}
}

// newTwins makes twins of a world that push, if they do, to the API at a URL.
func newTwins(w *world.World, api string, push bool) *Twins {
	t := &Twins{World: w, Faults: fault.New(1), AliExpress: aliexpress.New(w, aliexpress.Options{
		AppKey: twinName, AppSecret: twinKey, RefreshLife: twinYears, Skew: twinYears,
	})}
	hook := func(service string) string {
		if !push {
			return ""
		}
		return api + "/v1/hooks/" + service
	}
	track := seventeentrack.New(w, seventeentrack.Options{Key: twinKey, Callback: hook("17track"), Quota: 1_000_000})
	bird := kdniao.New(w, kdniao.Options{EBusinessID: twinName, AppKey: twinKey, Callback: hook("kdniao")})
	link := cainiao.New(w, cainiao.Options{ProviderID: twinName, AppCode: twinName, Secret: twinKey, Callback: hook("cainiao")})
	t.closers = []func(){track.Close, bird.Close, link.Close, t.AliExpress.Close}
	mux := http.NewServeMux()
	mux.Handle("/track/", track.Handler())
	for _, path := range []string{"/Ebusiness/", "/api/dist"} {
		mux.Handle(path, bird.Handler())
	}
	mux.Handle(cainiao.Path, link.Handler())
	for _, path := range []string{"/sync", "/rest/"} {
		mux.Handle(path, t.AliExpress.Handler())
	}
	t.handler = t.Faults.Wrap(mux)
	return t
}

func (t *Twins) close() {
	for _, stop := range t.closers {
		stop()
	}
}
