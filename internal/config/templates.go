package config

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/goccy/go-yaml"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// maxTemplates is far above any real file.
const maxTemplates = 1 << 20

// templateFile is the form of the file of freight templates:
//
//	my-store:
//	  - service: CAINIAO_STANDARD
//	    tiers:
//	      - {countries: [US, CA], freight: {amount: "12.00", currency: CNY}}
//	      - {countries: [FR, ES]} # by weight
type templateFile map[string][]struct {
	Service string `yaml:"service"`
	Tiers   []struct {
		Countries []string `yaml:"countries"`
		Freight   *struct {
			Amount   string `yaml:"amount"`
			Currency string `yaml:"currency"`
		} `yaml:"freight"`
	} `yaml:"tiers"`
}

// FreightTemplates are the stores' freight templates, by store; none where no file is configured.
func (s *Shared) FreightTemplates() (map[string][]rules.FreightTemplate, error) {
	if s.TemplatesFile == "" {
		return nil, nil
	}
	f, err := os.Open(s.TemplatesFile)
	if err != nil {
		return nil, fmt.Errorf("freight templates: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(f, maxTemplates+1))
	if err != nil || len(data) > maxTemplates {
		return nil, fmt.Errorf("freight templates %s: expected at most %d bytes: %w", s.TemplatesFile, maxTemplates, err)
	}
	return decodeTemplates(s.TemplatesFile, data)
}

func decodeTemplates(name string, data []byte) (map[string][]rules.FreightTemplate, error) {
	var file templateFile
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("freight templates %s: expected stores, each with its services and tiers: %w", name, err)
	}
	all := make(map[string][]rules.FreightTemplate, len(file))
	for store, templates := range file {
		for i, t := range templates {
			out := rules.FreightTemplate{Service: t.Service}
			for j, tier := range t.Tiers {
				one := rules.FreightTier{Countries: tier.Countries}
				at := fmt.Sprintf("freight templates %s: %s[%d].tiers[%d]", name, store, i, j)
				for _, c := range tier.Countries {
					if len(c) != 2 || strings.Trim(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
						return nil, fmt.Errorf("%s.countries: got %q, expected ISO 3166-1 alpha-2 codes such as FR", at, c)
					}
				}
				if tier.Freight != nil {
					freight, err := money.Parse(tier.Freight.Amount, tier.Freight.Currency)
					if err != nil {
						return nil, fmt.Errorf("%s.freight: %w", at, err)
					}
					one.Freight = &freight
				}
				if len(tier.Countries) == 0 {
					return nil, fmt.Errorf("%s.countries: missing, expected ISO 3166-1 alpha-2 codes such as FR", at)
				}
				out.Tiers = append(out.Tiers, one)
			}
			if t.Service == "" || len(out.Tiers) == 0 {
				return nil, fmt.Errorf("freight templates %s: %s[%d]: expected a service and at least one tier", name, store, i)
			}
			all[store] = append(all[store], out)
		}
	}
	return all, nil
}
