package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/config"
)

func stores(t *testing.T, text string) config.Shared {
	t.Helper()
	file := filepath.Join(t.TempDir(), "stores.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return config.Shared{StoresFile: file}
}

func TestStoreProfiles(t *testing.T) {
	none, err := new(config.Shared).StoreProfiles()
	require.NoError(t, err)
	assert.Empty(t, none)
	s := stores(t, `
stores:
  cn-1001:
    sales_per_year: {amount: "62000.00", currency: USD}
    rating: "4.85"
    rating_months: 6
    partner: 店小秘
  cn-1002: {}
`)
	profiles, err := s.StoreProfiles()
	require.NoError(t, err)
	require.Len(t, profiles, 2)
	p := profiles["cn-1001"]
	assert.Equal(t, "62000.00 USD", p.SalesPerYear.String())
	assert.Equal(t, "4.85", p.Rating.String())
	assert.Equal(t, 6, p.RatingMonths)
	assert.Equal(t, "店小秘", p.Partner)
	assert.Zero(t, profiles["cn-1002"])
}

// All that is wrong is told at once, with its place.
func TestStoreProfilesRefused(t *testing.T) {
	s := stores(t, `
stores:
  a/b: {}
  bad:
    sales_per_year: {amount: "-1", currency: USD}
    rating: "5.1"
    rating_months: -1
    partner: 客服 13800138000
`)
	_, err := s.StoreProfiles()
	for _, says := range []string{"a/b", "stores.bad.sales_per_year: expected", "stores.bad.rating: expected 0 to 5", "stores.bad.rating_months", "stores.bad.partner: expected a name without a phone number"} {
		require.ErrorContains(t, err, says)
	}
	for _, text := range []string{"stores: [1]", "shops: {}", "stores: {x: {colour: red}}", "\x00", "stores: {x: {rating_months: many}}"} {
		s := stores(t, text)
		_, err := s.StoreProfiles()
		require.ErrorContains(t, err, "stores.yaml: expected the documented form", text)
	}
	s.StoresFile = "no-such-file"
	_, err = s.StoreProfiles()
	require.ErrorContains(t, err, "no-such-file")
}
