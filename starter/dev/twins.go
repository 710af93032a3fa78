package dev

import (
	"net/http"
	"slices"
	"strings"

	"parcelward/internal/config"
	"parcelward/internal/sandbox/cainiao"
	"parcelward/internal/sandbox/fault"
	"parcelward/internal/sandbox/kdniao"
	"parcelward/internal/sandbox/seventeentrack"
	"parcelward/internal/sandbox/world"
)

// Twins are simulators of the real services, which show one world. The real adapters speak to
// them.
type Twins struct {
	World  *world.World
	Faults *fault.Injector // in front of all

	handler http.Handler
	closers []func()
}

// Keys by which the twins and the adapters know each other; they open nothing else.
const (
	twinKey  = "twin-key"
	twinName = "twin"
)

// twinServices is the configuration that has the adapters speak to the twins at a URL: each
// carrier by another service, so that all are seen at work.
func twinServices(c config.Services, url string) config.Services {
	c.Trackers = map[string]string{"CAINIAO": "cainiao", "4PX": "kdniao", "*": "17track"}
	c.Track17 = config.Track17{Key: twinKey, URL: url}
	c.Kdniao = config.Kdniao{BusinessID: twinName, AppKey: twinKey, URL: url}
	c.Cainiao = config.Cainiao{ProviderID: twinName, AppCode: twinName, Secret: twinKey, URL: url}
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
	}
}

// newTwins makes twins of a world that push to the API at a URL.
func newTwins(w *world.World, api string) *Twins {
	t := &Twins{World: w, Faults: fault.New(1)}
	hook := func(service string) string { return api + "/v1/hooks/" + service }
	track := seventeentrack.New(w, seventeentrack.Options{Key: twinKey, Callback: hook("17track"), Quota: 1_000_000})
	bird := kdniao.New(w, kdniao.Options{EBusinessID: twinName, AppKey: twinKey, Callback: hook("kdniao")})
	link := cainiao.New(w, cainiao.Options{ProviderID: twinName, AppCode: twinName, Secret: twinKey, Callback: hook("cainiao")})
	t.closers = []func(){track.Close, bird.Close, link.Close}
	mux := http.NewServeMux()
	mux.Handle("/track/", track.Handler())
	for _, path := range []string{"/Ebusiness/", "/api/dist"} {
		mux.Handle(path, bird.Handler())
	}
	mux.Handle(cainiao.Path, link.Handler())
	t.handler = t.Faults.Wrap(mux)
	return t
}

func (t *Twins) close() {
	for _, stop := range t.closers {
		stop()
	}
}
