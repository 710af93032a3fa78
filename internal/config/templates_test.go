package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/config"
)

func TestFreightTemplates(t *testing.T) {
	t.Parallel()
	read := func(text string) (*config.Shared, error) {
		name := filepath.Join(t.TempDir(), "templates.yaml")
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		s := &config.Shared{TemplatesFile: name}
		_, err := s.FreightTemplates()
		return s, err
	}
	none, err := new(config.Shared).FreightTemplates()
	require.NoError(t, err)
	assert.Empty(t, none)
	s, err := read("my-store:\n  - service: CAINIAO_STANDARD\n    tiers:\n      - {countries: [US, CA], freight: {amount: \"12.00\", currency: CNY}}\n      - {countries: [FR]}\n")
	require.NoError(t, err)
	all, err := s.FreightTemplates()
	require.NoError(t, err)
	tiers := all["my-store"][0].Tiers
	assert.Equal(t, "12.00 CNY", tiers[0].Freight.String())
	assert.Nil(t, tiers[1].Freight)
	for text, says := range map[string]string{
		"s:\n  - service: X\n":                                                                        "at least one tier",
		"s:\n  - tiers: [{countries: [US]}]\n":                                                        "expected a service",
		"s:\n  - {service: X, tiers: [{countries: [usa]}]}":                                           "ISO 3166-1",
		"s:\n  - {service: X, tiers: [{countries: []}]}":                                              "missing",
		"s:\n  - {service: X, tiers: [{countries: [US], freight: {amount: \"1e3\", currency: CNY}}]}": "freight",
		"s:\n  - {service: X, tiers: [{countries: [US], price: 3}]}":                                  "unknown field",
		"[": "expected stores",
	} {
		_, err := read(text)
		require.ErrorContains(t, err, says, text)
	}
}
