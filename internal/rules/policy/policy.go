// Package policy holds the platform's numbers: deadlines, thresholds, caps and
// lists, as data with a source each, one pack per platform and date.
//
// Invariants: a Pack that Load returned is complete and valid, and nobody
// changes it afterwards; every value names its source; durations are never
// negative and exact (1 d = 24 h); rates and shares are in percent. An order
// is pinned to the pack in force when it was created (Book.InForce), so a new
// pack never changes a running order.
package policy

import (
	"time"
	_ "time/tzdata" // a minimal image has no zoneinfo files, and an operator's pack may name any IANA zone

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
)

// Value is one number of the policy with where it comes from.
type Value[T any] struct {
	Value T
	// Source is a key of Pack.Sources, such as "S1".
	Source string
	// Reading is set where the source is silent or ambiguous and we chose.
	Reading bool
}

// Pack is one platform's policy from a date on.
type Pack struct {
	ID       string `yaml:"id"`       // such as "aliexpress-2024-04"
	Platform string `yaml:"platform"` // such as "aliexpress"
	// InForceFrom is the first moment of the pack; it holds until the next pack
	// of the platform.
	InForceFrom time.Time `yaml:"in_force_from"`
	// TimeZone is the platform's IANA zone, in which its days end.
	TimeZone string `yaml:"time_zone"`
	// Sources tells what each source key stands for.
	Sources map[string]string `yaml:"sources"`

	Shipping   Shipping   `yaml:"shipping"`
	Stall      Stall      `yaml:"stall"`
	Claim      Claim      `yaml:"claim"`
	Protection Protection `yaml:"protection"`
	Order      Order      `yaml:"order"`
	Complaint  Complaint  `yaml:"complaint"`
	Ticket     Ticket     `yaml:"ticket"`
	Evidence   Evidence   `yaml:"evidence"`
	Exchange   Exchange   `yaml:"exchange"`
	Statement  Statement  `yaml:"statement"`
	Health     Health     `yaml:"health"`

	location  *time.Location
	certified map[string]struct{}
	economy   map[string]struct{}
}

// Shipping is what must be done before a parcel moves.
type Shipping struct {
	// TrackingNumberDue is the time from order created to a number on the platform.
	TrackingNumberDue Value[Duration] `yaml:"tracking_number_due"`
	// OnlineDue is the time from paid to the first movement, free-shipping orders only.
	OnlineDue Value[Duration] `yaml:"online_due"`
	// NumberCheckDue is the time from shipped to a number that the carrier
	// knows, for a store's first parcel with that carrier.
	NumberCheckDue Value[Duration] `yaml:"number_check_due"`
	// Reminders are due this long before each shipping deadline, longest first.
	Reminders Value[[]Duration] `yaml:"reminders"`
	// CertifiedServices are the service codes that can earn a claim.
	CertifiedServices Value[[]string] `yaml:"certified_services"`
	// EconomyServices are the lines that need trace alerts.
	EconomyServices Value[[]string] `yaml:"economy_services"`
	// ExposureLossPercent is what an uncertified service costs in search exposure.
	ExposureLossPercent Value[decimal.Decimal] `yaml:"exposure_loss_percent"`
	// NearestCertified is the certified service to offer instead of another,
	// by destination (ISO 3166-1 alpha-2), else by "default".
	NearestCertified Value[map[string]string] `yaml:"nearest_certified"`
	// TaxIDCountries maps a destination (ISO 3166-1 alpha-2) to the kinds of
	// tax ID of which the buyer must have one.
	TaxIDCountries Value[map[string][]string] `yaml:"tax_id_countries"`
	// ComplianceCountries are the destinations that need ComplianceDocuments on file.
	ComplianceCountries Value[[]string] `yaml:"compliance_countries"`
	ComplianceDocuments Value[[]string] `yaml:"compliance_documents"`
	// ComplianceAbnormalPercent is the share of the partner programme's
	// abnormal orders that missing documents cause; shown with the warning.
	ComplianceAbnormalPercent Value[decimal.Decimal] `yaml:"compliance_abnormal_percent"`
}

// Stall is when a silent parcel becomes a case.
type Stall struct {
	// Threshold is the silence that makes a stall, by the order's category
	// (standard, bulky, custom).
	Threshold map[string]Value[Duration] `yaml:"threshold"`
	// LinehaulSilence is added while the latest movement is LinehaulMilestone:
	// cross-border line-haul is normally silent that long.
	LinehaulSilence   Value[Duration] `yaml:"linehaul_silence"`
	LinehaulMilestone Value[string]   `yaml:"linehaul_milestone"`
	// QuietMilestones are no movements.
	QuietMilestones Value[[]string] `yaml:"quiet_milestones"`
}

// Claim is the way of a case from the platform's alert to the appeal.
type Claim struct {
	// AlertWorkdays after the trigger's local date, the platform's alert is due.
	AlertWorkdays Value[int] `yaml:"alert_workdays"`
	// ConfirmWithin counts from the alert; so do ConfirmReminders and ConfirmManagerAfter.
	ConfirmWithin       Value[Duration]   `yaml:"confirm_within"`
	ConfirmReminders    Value[[]Duration] `yaml:"confirm_reminders"`
	ConfirmManagerAfter Value[Duration]   `yaml:"confirm_manager_after"`
	// FileWithin counts from a stall's trigger to the local date on which filing ends.
	FileWithin Value[Duration] `yaml:"file_within"`
	// FileWithinOther is the same for the other kinds of case.
	FileWithinOther Value[Duration] `yaml:"file_within_other"`
	// CustomsGrace is added to a stall's filing deadline for a clearance
	// document in time, where the latest movement is CustomsMilestone.
	CustomsGrace     Value[Duration] `yaml:"customs_grace"`
	CustomsMilestone Value[string]   `yaml:"customs_milestone"`
	// FileUnlookedWithin of the end of filing, papers that nobody has looked at are handed in.
	FileUnlookedWithin Value[Duration] `yaml:"file_unlooked_within"`
	// PapersWithin counts from a request for more papers that names no deadline.
	PapersWithin Value[Duration] `yaml:"papers_within"`
	// EvidenceKinds must all be in a filing.
	EvidenceKinds Value[[]string] `yaml:"evidence_kinds"`
	// EvidenceRejectionPercent is the share of rejections caused by a blurred
	// waybill or a missing outbound record.
	EvidenceRejectionPercent Value[decimal.Decimal] `yaml:"evidence_rejection_percent"`
	// ReviewExpectedWorkdays after the filing, results begin to come; after
	// ReviewWorkdays the review is overdue.
	ReviewExpectedWorkdays Value[int] `yaml:"review_expected_workdays"`
	ReviewWorkdays         Value[int] `yaml:"review_workdays"`
	// PayoutCap is per order.
	PayoutCap Value[money.Amount] `yaml:"payout_cap"`
	// PayoutWithinCertified counts from the approval, for a certified service;
	// PayoutWorkdays for any other.
	PayoutWithinCertified Value[Duration] `yaml:"payout_within_certified"`
	PayoutWorkdays        Value[int]      `yaml:"payout_workdays"`
	// Appeals is how many appeals there are; AppealWithin counts from the rejection.
	Appeals      Value[int]      `yaml:"appeals"`
	AppealWithin Value[Duration] `yaml:"appeal_within"`
	// AppealKinds are the kinds of original on which a machine rests the one appeal: those that a
	// filing must hold, and what the carrier states in writing.
	AppealKinds Value[[]string] `yaml:"appeal_kinds"`
	// AppealQuiet is how long after the latest new original a machine appeals with it: more may
	// follow, and there is one appeal. AppealUnlookedWithin of its deadline it does not wait any
	// longer, neither for more nor for a person's look.
	AppealQuiet          Value[Duration] `yaml:"appeal_quiet"`
	AppealUnlookedWithin Value[Duration] `yaml:"appeal_unlooked_within"`
	// EconomyMaxGap is the longest silence of an economy line without trace
	// alerts that still leaves a claim.
	EconomyMaxGap Value[Duration] `yaml:"economy_max_gap"`
}

// Protection is the seller protection after a rejected appeal.
type Protection struct {
	// PositiveRateMinPercent is of the last PositiveRateWindow.
	PositiveRateMinPercent Value[decimal.Decimal] `yaml:"positive_rate_min_percent"`
	PositiveRateWindow     Value[Duration]        `yaml:"positive_rate_window"`
	DisputeRateMaxPercent  Value[decimal.Decimal] `yaml:"dispute_rate_max_percent"`
	// Programmes are those that the store must have joined.
	Programmes Value[[]string] `yaml:"programmes"`
	// LossSharePercent of the actual loss is paid, at most Cap per order.
	LossSharePercent Value[decimal.Decimal] `yaml:"loss_share_percent"`
	Cap              Value[money.Amount]    `yaml:"cap"`
	// RequestWithin counts from the second refusal.
	RequestWithin Value[Duration] `yaml:"request_within"`
	// OutcomeWorkdays after the request the answer is due, and after the answer the money.
	OutcomeWorkdays Value[int] `yaml:"outcome_workdays"`
}

// Order is an order's own life.
type Order struct {
	// DisputePeriod after delivery, an order's story ends. As long after the opening of a
	// dispute over a delivered parcel, the seller may add that the buyer refused it; the time of
	// that refusal may be the delivery's already.
	DisputePeriod Value[Duration] `yaml:"dispute_period"`
	// IdleEnd after its last fact, an order's story ends in any case.
	IdleEnd Value[Duration] `yaml:"idle_end"`
	// FileReminders and AppealReminders are due this long before their
	// deadline, longest first.
	FileReminders   Value[[]Duration] `yaml:"file_reminders"`
	AppealReminders Value[[]Duration] `yaml:"appeal_reminders"`
}

// Location is the platform's time zone.
func (p *Pack) Location() *time.Location { return p.location }

// Certified reports whether a service code can earn a claim.
func (p *Pack) Certified(service string) bool {
	_, ok := p.certified[service]
	return ok
}

// Economy reports whether a service code is an economy line.
func (p *Pack) Economy(service string) bool {
	_, ok := p.economy[service]
	return ok
}

// NearestCertified is the certified service to offer for a destination
// (ISO 3166-1 alpha-2) instead of an uncertified one.
func (p *Pack) NearestCertified(country string) string {
	if service, ok := p.Shipping.NearestCertified.Value[country]; ok {
		return service
	}
	return p.Shipping.NearestCertified.Value[defaultRoute]
}
