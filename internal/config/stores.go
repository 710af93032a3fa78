package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/govalues/decimal"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// storesFile is the form of the file that describes stores:
//
//	stores:
//	  cn-1001:
//	    sales_per_year: {amount: "62000.00", currency: USD}
//	    rating: "4.85"      # lowest detailed seller rating (DSR) of so many months without a gap
//	    rating_months: 6
//	    partner: 店小秘      # certified service partner that hands tickets in
type storesFile struct {
	Stores map[string]struct {
		SalesPerYear *struct {
			Amount   string `yaml:"amount"`
			Currency string `yaml:"currency"`
		} `yaml:"sales_per_year"`
		Rating       string `yaml:"rating"`
		RatingMonths int    `yaml:"rating_months"`
		Partner      string `yaml:"partner"`
	} `yaml:"stores"`
}

// mostPartner bounds a partner's name, in bytes.
const mostPartner = 120

// StoreProfiles reads the file that describes stores; without one there are no profiles, and every
// store has the ordinary channels. The error joins what is wrong in the file.
func (s *Shared) StoreProfiles() (map[string]rules.StoreProfile, error) {
	if s.StoresFile == "" {
		return nil, nil
	}
	data, err := os.ReadFile(s.StoresFile)
	if err != nil {
		return nil, fmt.Errorf("stores: %w", err)
	}
	var file storesFile
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&file); err != nil {
		return nil, fmt.Errorf("stores %s: expected the documented form: %w", s.StoresFile, err)
	}
	profiles := make(map[string]rules.StoreProfile, len(file.Stores))
	var errs []error
	for name, x := range file.Stores {
		bad := func(key, expected string, got any) {
			errs = append(errs, fmt.Errorf("stores %s: stores.%s.%s: expected %s, got %q", s.StoresFile, name, key, expected, fmt.Sprint(got)))
		}
		if !protocol.ValidName(name) {
			errs = append(errs, fmt.Errorf("stores %s: expected names of 1 to 64 characters A-Z a-z 0-9 . _ -, got %.80q", s.StoresFile, name))
		}
		p := rules.StoreProfile{RatingMonths: x.RatingMonths, Partner: x.Partner}
		if x.SalesPerYear != nil {
			amount, err := money.Parse(x.SalesPerYear.Amount, x.SalesPerYear.Currency)
			if err != nil || amount.IsNegative() {
				bad("sales_per_year", `{amount: "62000.00", currency: USD}`, *x.SalesPerYear)
			} else {
				p.SalesPerYear = &amount
			}
		}
		if x.Rating != "" {
			rating, err := decimal.Parse(x.Rating)
			if err != nil || rating.IsNeg() || rating.Cmp(decimal.MustNew(5, 0)) > 0 {
				bad("rating", "0 to 5", x.Rating)
			}
			p.Rating = rating
		}
		if x.RatingMonths < 0 || x.RatingMonths > 600 {
			bad("rating_months", "0 to 600", x.RatingMonths)
		}
		if len(x.Partner) > mostPartner || rules.HasPhone(x.Partner) {
			bad("partner", "a name without a phone number", x.Partner)
		}
		profiles[name] = p
	}
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return profiles, errors.Join(errs...)
}
