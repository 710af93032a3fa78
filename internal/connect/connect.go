// Package connect makes the adapters that the configuration has keys for.
package connect

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"parcelward/internal/carrier"
	"parcelward/internal/carrier/cainiao"
	"parcelward/internal/carrier/kdniao"
	"parcelward/internal/carrier/seventeentrack"
	"parcelward/internal/config"
	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/warehouse"
)

// Services are the adapters that have their keys.
type Services struct {
	Fleet        *carrier.Fleet
	Pushers      map[string]port.Pusher      // by name
	AliExpress   *aliexpress.Client          // nil: no keys
	Orders       map[string]port.OrderSource // by platform
	OrderPushers map[string]port.OrderPusher // by platform
	Warehouse    port.Warehouse              // nil: none is configured
	// Problems are what is wrong with the keys of a service, one line for each service. The others
	// work.
	Problems []error
}

// Connect makes them. clock is the time of the services; tokens keeps those of the platform's
// stores; slots spaces the calls.
func Connect(c *config.Services, clock protocol.Clock, tokens Tokens, slots carrier.Slots) Services {
	s := Services{Pushers: map[string]port.Pusher{}, Orders: map[string]port.OrderSource{}, OrderPushers: map[string]port.OrderPusher{}}
	var tracking []port.TrackingService
	add := func(wanted bool, keys string, service func() (port.TrackingService, error)) {
		if !wanted {
			return
		}
		made, err := service()
		if err != nil {
			s.Problems = append(s.Problems, fmt.Errorf("%s: %s", keys, strings.ReplaceAll(err.Error(), "\n", "; ")))
			return
		}
		tracking = append(tracking, made)
		if pusher, ok := made.(port.Pusher); ok {
			s.Pushers[made.Name()] = pusher
		}
	}
	add(c.Track17.Key != "", "PARCELWARD_17TRACK_*", func() (port.TrackingService, error) {
		return seventeentrack.New(seventeentrack.Options{Key: c.Track17.Key, BaseURL: c.Track17.URL, Carriers: c.Track17.Carriers})
	})
	add(c.Kdniao.BusinessID != "" || c.Kdniao.AppKey != "", "PARCELWARD_KDNIAO_*", func() (port.TrackingService, error) {
		return kdniao.New(kdniao.Options{
			EBusinessID: c.Kdniao.BusinessID, AppKey: c.Kdniao.AppKey, BaseURL: c.Kdniao.URL, Free: c.Kdniao.Free,
			Detect: c.Kdniao.Detect, Shippers: c.Kdniao.Shippers, CustomerName: c.Kdniao.PhoneTail,
		})
	})
	add(c.Cainiao.ProviderID != "" || c.Cainiao.Secret != "", "PARCELWARD_CAINIAO_*", func() (port.TrackingService, error) {
		return cainiao.New(cainiao.Options{
			ProviderID: c.Cainiao.ProviderID, AppCode: c.Cainiao.AppCode, Secret: c.Cainiao.Secret, ToCode: c.Cainiao.ToCode,
			BaseURL: c.Cainiao.URL, CPCodes: c.Cainiao.CPCodes,
		})
	})
	add(c.AliExpress.AppKey != "" || c.AliExpress.AppSecret != "", "PARCELWARD_ALIEXPRESS_*", func() (port.TrackingService, error) {
		made, err := aliexpress.New(aliexpress.Options{
			AppKey: c.AliExpress.AppKey, AppSecret: c.AliExpress.AppSecret, BaseURL: c.AliExpress.URL, Tokens: tokenStore{tokens}, PerSecond: c.AliExpress.PerSecond,
			Now: func() time.Time { return clock.Virtual(time.Now()) },
		})
		if err != nil {
			return nil, err
		}
		source := orders{made, tokenStore{tokens}, c.AliExpress.Stores}
		s.AliExpress, s.Orders[made.Name()], s.OrderPushers[made.Name()] = made, source, source
		return made, nil
	})
	if len(c.AliExpress.Stores) > 0 && c.AliExpress.AppKey == "" && c.AliExpress.AppSecret == "" {
		s.Problems = append(s.Problems, errors.New("PARCELWARD_ALIEXPRESS_STORES: no orders are read without PARCELWARD_ALIEXPRESS_APP_KEY and PARCELWARD_ALIEXPRESS_APP_SECRET"))
	}
	if c.Warehouse.URL != "" {
		asked, err := warehouse.New(warehouse.Options{URL: c.Warehouse.URL, Token: c.Warehouse.Token})
		if err != nil {
			s.Problems = append(s.Problems, fmt.Errorf("PARCELWARD_WAREHOUSE_URL: %w", err))
		} else {
			s.Warehouse = asked
		}
	}
	var problems []error
	s.Fleet, problems = carrier.NewFleet(tracking, c.Trackers, slots, clock)
	for _, problem := range problems {
		s.Problems = append(s.Problems, fmt.Errorf("PARCELWARD_TRACKERS: %w", problem))
	}
	return s
}
