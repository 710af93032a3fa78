package rules

import (
	"slices"
	"time"

	"parcelward/internal/rules/money"
)

// FreightTemplate is one of a store's freight templates: what buyers in which countries pay for
// a service.
type FreightTemplate struct {
	Service string
	Tiers   []FreightTier
}

// FreightTier is a group of countries that pay the same.
type FreightTier struct {
	Countries []string      // ISO 3166-1 alpha-2
	Freight   *money.Amount // at most; nil: by weight, which is not checked
}

// The codes of what the freight template check finds, beside service-mismatch, which is
// [BeforeLabel]'s.
const (
	ObjectionTemplate     = "template-missing" // the store has no template for the order's service
	ObjectionTier         = "template-country" // no tier serves the order's country
	ObjectionTierFreight  = "template-freight" // the buyer paid more than the tier says
	ObjectionFreightShown = FlagOvercharge     // the buyer paid more than was shown
)

// CheckTemplate tells what speaks against an order's freight before its label is made: what the
// buyer paid against what was shown, and, where the store's templates are known, the template's
// tier. Nothing of it forbids the label: it says what a freight complaint would be about.
func CheckTemplate(f *Facts, rs Ruleset, templates []FreightTemplate, now time.Time) []Objection {
	v := look(f, rs, now)
	if v.created == nil {
		return nil
	}
	var found []Objection
	if v.overcharged() {
		found = append(found, Objection{Code: ObjectionFreightShown})
	}
	if len(templates) == 0 {
		return found
	}
	service := v.created.ServiceCode
	i := slices.IndexFunc(templates, func(t FreightTemplate) bool { return t.Service == service })
	if i < 0 {
		return append(found, Objection{Code: ObjectionTemplate, Service: service})
	}
	tiers := templates[i].Tiers
	j := slices.IndexFunc(tiers, func(t FreightTier) bool { return slices.Contains(t.Countries, v.created.Buyer.Country) })
	switch {
	case j < 0:
		found = append(found, Objection{Code: ObjectionTier, Service: service})
	case tiers[j].Freight != nil && !v.created.FreeShipping && v.exceeds(v.created.Freight, *tiers[j].Freight):
		found = append(found, Objection{Code: ObjectionTierFreight, Service: service})
	}
	return found
}
