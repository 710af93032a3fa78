package connect_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier"
	"parcelward/internal/config"
	"parcelward/internal/connect"
	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/protocol"
)

// kept is a table of tokens.
type kept struct {
	rows map[string][]byte
	err  error
}

func (k *kept) Token(_ context.Context, platform, store string) ([]byte, error) {
	return k.rows[platform+"/"+store], k.err
}

func (k *kept) SaveToken(_ context.Context, platform, store string, token []byte) error {
	k.rows[platform+"/"+store] = token
	return k.err
}

type slots struct{ carrier.Slots }

// all has the keys of all services.
func all() config.Services {
	return config.Services{
		Track17:    config.Track17{Key: "SECRET17"},
		Kdniao:     config.Kdniao{BusinessID: "1000000", AppKey: "SECRETK"},
		Cainiao:    config.Cainiao{ProviderID: "P", AppCode: "A", Secret: "SECRETC"},
		AliExpress: config.AliExpress{AppKey: "123456", AppSecret: "SECRETA"},
	}
}

func made(c config.Services) connect.Services {
	return connect.Connect(&c, protocol.Clock{}, &kept{rows: map[string][]byte{}}, slots{})
}

func pushers(s connect.Services) []string { return slices.Sorted(maps.Keys(s.Pushers)) }

func TestConnect(t *testing.T) {
	t.Parallel()
	s := made(all())
	require.Empty(t, s.Problems)
	require.Equal(t, []string{"17track", "aliexpress", "cainiao", "kdniao"}, s.Fleet.Names())
	require.Subset(t, pushers(s), []string{"17track", "cainiao", "kdniao"})
	require.Same(t, s.AliExpress, s.Fleet.Service("aliexpress"))
	require.Equal(t, "17track", s.Fleet.Of("CAINIAO").Name(), "the first in the order that the configuration tells")

	none := made(config.Services{})
	require.Empty(t, none.Problems, "a service without keys is not asked, and nothing is wrong")
	require.Empty(t, none.Fleet.Names())
	require.Empty(t, none.Pushers)
	require.Nil(t, none.AliExpress)
}

func TestConnectWithoutAKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil   func(*config.Services)
		service string
		want    string
	}{
		"17TRACK, a key that is none": {func(c *config.Services) { c.Track17.Key = "two words" }, "17track", "PARCELWARD_17TRACK_*: 17track: key: expected"},
		"Kdniao, no account":          {func(c *config.Services) { c.Kdniao.BusinessID = "" }, "kdniao", "PARCELWARD_KDNIAO_*: kdniao: EBusinessID: expected"},
		"Kdniao, no key":              {func(c *config.Services) { c.Kdniao.AppKey = "" }, "kdniao", "AppKey: expected"},
		"Kdniao, more than one":       {func(c *config.Services) { c.Kdniao.AppKey, c.Kdniao.PhoneTail = " ", "12" }, "kdniao", "got nothing; customer name: expected"},
		"Cainiao, no secret":          {func(c *config.Services) { c.Cainiao.Secret = "" }, "cainiao", "PARCELWARD_CAINIAO_*: cainiao: the secret is missing"},
		"Cainiao, the secret alone":   {func(c *config.Services) { c.Cainiao = config.Cainiao{Secret: "SECRETC"} }, "cainiao", "(logistic_provider_id) is missing; cainiao: the application code"},
		"AliExpress, no secret":       {func(c *config.Services) { c.AliExpress.AppSecret = "" }, "aliexpress", "PARCELWARD_ALIEXPRESS_*: aliexpress: AppSecret: missing"},
		"AliExpress, no key":          {func(c *config.Services) { c.AliExpress.AppKey = "" }, "aliexpress", "AppKey: missing"},
		"AliExpress, a wrong address": {func(c *config.Services) { c.AliExpress.URL = "api-sg" }, "aliexpress", "aliexpress: base URL: expected"},
	} {
		configured := all()
		c.spoil(&configured)
		s := made(configured)
		require.Len(t, s.Problems, 1, name)
		said := s.Problems[0].Error()
		require.Contains(t, said, c.want, name)
		require.NotContains(t, said, "\n", "%s: one line", name)
		require.NotContains(t, said, "SECRET", name)
		others := []string{"17track", "aliexpress", "cainiao", "kdniao"}
		others = slices.DeleteFunc(others, func(other string) bool { return other == c.service })
		require.Equal(t, others, s.Fleet.Names(), name)
		require.NotContains(t, pushers(s), c.service, name)
		require.Equal(t, c.service == "aliexpress", s.AliExpress == nil, name)
		require.Equal(t, others[0] == "17track", s.Fleet.Of("YANWEN").Name() == "17track", name)
	}
}

func TestConnectWithTrackers(t *testing.T) {
	t.Parallel()
	c := all()
	c.Trackers = map[string]string{"cainiao": "cainiao", carrier.Others: "kdniao"}
	s := made(c)
	require.Empty(t, s.Problems)
	require.Equal(t, "cainiao", s.Fleet.Of("CAINIAO").Name())
	require.Equal(t, "kdniao", s.Fleet.Of("YANWEN").Name())

	c.Trackers["YANWEN"] = "17-track"
	s = made(c)
	require.Len(t, s.Problems, 1)
	require.EqualError(t, s.Problems[0], "PARCELWARD_TRACKERS: YANWEN:17-track: expected a service that is configured "+
		`(17track, aliexpress, cainiao, kdniao), got "17-track"; nobody is asked about the parcels of YANWEN`)
	require.Nil(t, s.Fleet.Of("YANWEN"))
	require.Equal(t, "cainiao", s.Fleet.Of("CAINIAO").Name(), "the others are asked as before")
	require.Equal(t, "kdniao", s.Fleet.Of("4PX").Name())
	require.Len(t, s.Fleet.Names(), 4)

	c = config.Services{Trackers: map[string]string{carrier.Others: "17track"}}
	s = made(c)
	require.Len(t, s.Problems, 1)
	require.ErrorContains(t, s.Problems[0], "PARCELWARD_TRACKERS")
	require.Nil(t, s.Fleet.Of("CAINIAO"), "no service to go to")
}

// What was authorised is kept as JSON, and comes back; what is wrong with it holds no secret.
func TestConnectKeepsTokens(t *testing.T) {
	t.Parallel()
	c, k := all(), &kept{rows: map[string][]byte{}}
	tokens := connect.Connect(&c, protocol.Clock{}, k, slots{}).AliExpress.Tokens()
	_, err := tokens.Status(t.Context(), "cn-1001")
	require.ErrorIs(t, err, aliexpress.ErrNoToken)

	k.rows["aliexpress/cn-1001"] = []byte(`{"access_token":"SECRET","refresh_token":"SECRET","issued":"2026-03-02T00:00:00Z","expires":"2026-04-01T00:00:00Z"}`)
	status, err := tokens.Status(t.Context(), "cn-1001")
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), status.ExpiresAt)

	k.rows["aliexpress/cn-1001"] = []byte(`{"access_token":"SECRET","expires":"SECRET"}`)
	_, err = tokens.Status(t.Context(), "cn-1001")
	require.ErrorContains(t, err, "authorise the store again")
	require.NotContains(t, err.Error(), "SECRET")

	k.err = errors.New("no database")
	_, err = tokens.Status(t.Context(), "cn-1001")
	require.ErrorIs(t, err, k.err)
}
