package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"parcelward/internal/rules/taxid"
)

// defaultRoute is the key of Shipping.NearestCertified for destinations without their own.
const defaultRoute = "default"

// validate checks what the form alone cannot show, resolves the zone and
// builds the sets. A value that did not decode is not judged again.
func (d *decoder) validate(p *Pack) {
	d.zone(p)
	d.sources(p)
	d.shipping(&p.Shipping)
	d.stall(&p.Stall)
	d.claim(&p.Claim)
	d.longestFirst("order.file_reminders.value", p.Order.FileReminders.Value)
	d.longestFirst("order.appeal_reminders.value", p.Order.AppealReminders.Value)
	d.check("complaint.points_max.value", p.Complaint.PointsMin.Value <= p.Complaint.PointsMax.Value, "less than points_min, expected at least that")
	d.longestFirst("complaint.reminders.value", p.Complaint.Reminders.Value)
	d.longestFirst("ticket.dispute_reminders.value", p.Ticket.DisputeReminders.Value)
	d.check("ticket.file_until.value", p.Ticket.FileFrom.Value < p.Ticket.FileUntil.Value && p.Ticket.FileUntil.Value <= Duration(day),
		"expected a time after file_from, at most 24h")
	d.evidence(&p.Evidence)
	d.exchange(&p.Exchange)
	p.certified = set(p.Shipping.CertifiedServices.Value)
	p.economy = set(p.Shipping.EconomyServices.Value)
}

// check reports a value at path that decoded well but does not hold.
func (d *decoder) check(path string, holds bool, format string, args ...any) {
	if line, decoded := d.lines[path]; decoded && !holds {
		d.report(line, path, format, args...)
	}
}

func (d *decoder) zone(p *Pack) {
	var err error
	p.location, err = time.LoadLocation(p.TimeZone)
	// "Local" is whatever the machine is set to: never a platform's zone.
	d.check("time_zone", err == nil && p.TimeZone != "Local", "got %q, expected an IANA time zone such as \"Asia/Shanghai\"", p.TimeZone)
}

func (d *decoder) sources(p *Pack) {
	if _, decoded := d.lines["sources"]; !decoded {
		return
	}
	for path, cited := range d.cites {
		_, known := p.Sources[cited]
		d.check(path, known, "got %q, expected a key of sources", cited)
	}
}

func (d *decoder) shipping(s *Shipping) {
	d.longestFirst("shipping.reminders.value", s.Reminders.Value)
	d.check("shipping.compliance_countries.value", all(s.ComplianceCountries.Value, country), "expected ISO 3166-1 alpha-2 codes such as DE")
	for to, kinds := range s.TaxIDCountries.Value {
		path := "shipping.tax_id_countries.value." + to
		d.check(path, country(to), "expected an ISO 3166-1 alpha-2 code such as BR")
		d.check(path, all(kinds, taxid.Known), "got %s, expected kinds among %s", strings.Join(kinds, ", "), strings.Join(taxid.Kinds(), ", "))
	}
	nearest := s.NearestCertified.Value
	d.check("shipping.nearest_certified.value", nearest[defaultRoute] != "", "expected a %q entry", defaultRoute)
	for to, service := range nearest {
		path := "shipping.nearest_certified.value." + to
		d.check(path, to == defaultRoute || country(to), "expected an ISO 3166-1 alpha-2 code or %q", defaultRoute)
		d.check(path, slices.Contains(s.CertifiedServices.Value, service), "got %q, expected one of certified_services", service)
	}
}

func (d *decoder) stall(s *Stall) {
	categories := []string{"standard", "bulky", "custom"}
	for _, category := range categories {
		_, there := s.Threshold[category]
		d.check("stall.threshold", there, "%s: missing, expected this key", category)
	}
	for category := range s.Threshold {
		d.check("stall.threshold."+category, slices.Contains(categories, category), "unknown key, expected one of: %s", strings.Join(categories, ", "))
	}
	d.milestone("stall.linehaul_milestone.value", s.LinehaulMilestone.Value)
	for i, name := range s.QuietMilestones.Value {
		d.milestone(fmt.Sprintf("stall.quiet_milestones.value[%d]", i), name)
	}
}

func (d *decoder) claim(c *Claim) {
	d.milestone("claim.customs_milestone.value", c.CustomsMilestone.Value)
	d.check("claim.confirm_reminders.value", slices.IsSorted(c.ConfirmReminders.Value) && slices.Max(append(c.ConfirmReminders.Value, 0)) <= c.ConfirmWithin.Value,
		"expected rising times up to confirm_within")
	d.check("claim.confirm_manager_after.value", c.ConfirmManagerAfter.Value <= c.ConfirmWithin.Value, "expected at most confirm_within")
	d.check("claim.review_expected_workdays.value", c.ReviewExpectedWorkdays.Value <= c.ReviewWorkdays.Value, "expected at most review_workdays")
}

func (d *decoder) exchange(e *Exchange) {
	d.longestFirst("exchange.poll_near.value", e.PollNear.Value)
	d.check("exchange.poll_near_every.value", len(e.PollNearEvery.Value) == len(e.PollNear.Value), "expected one for each of poll_near")
	every := func(path string, spans ...Duration) {
		d.check(path, all(spans, func(s Duration) bool { return s >= Duration(time.Minute) }), "expected at least 1m: a carrier takes so many calls only")
	}
	every("exchange.poll_every.value", e.PollEvery.Value)
	every("exchange.poll_silent_every.value", e.PollSilentEvery.Value)
	every("exchange.poll_near_every.value", e.PollNearEvery.Value...)
}

// milestone catches a misspelt one, which would switch its rule off in silence.
func (d *decoder) milestone(path, name string) {
	milestones := []string{
		"info_received", "picked_up", "departed_origin", "in_transit", "arrived_destination", "customs_hold",
		"customs_released", "out_for_delivery", "available_for_pickup", "delivery_failed", "delivered", "returned",
		"lost", "exception", "advisory",
	}
	d.check(path, slices.Contains(milestones, name), "got %q, expected one of: %s", name, strings.Join(milestones, ", "))
}

func (d *decoder) longestFirst(path string, reminders []Duration) {
	d.check(path, slices.IsSortedFunc(reminders, func(a, b Duration) int { return int(min(1, max(-1, b-a))) }),
		"expected falling times before the deadline, the longest first")
}

func country(code string) bool {
	return len(code) == 2 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func all[T any](items []T, holds func(T) bool) bool {
	return !slices.ContainsFunc(items, func(item T) bool { return !holds(item) })
}

func set(items []string) map[string]struct{} {
	s := make(map[string]struct{}, len(items))
	for _, item := range items {
		s[item] = struct{}{}
	}
	return s
}
