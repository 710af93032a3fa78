package policy

import (
	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
)

// Complaint is the buyer's freight complaint and the store's weekly health.
type Complaint struct {
	// RespondWithin counts from the opening; Proofs must all be in the response.
	RespondWithin Value[Duration] `yaml:"respond_within"`
	Proofs        Value[[]string] `yaml:"proofs"`
	// LossCausesPercent is how often each known cause lost a complaint.
	LossCausesPercent Value[map[string]decimal.Decimal] `yaml:"loss_causes_percent"`
	// PickupWithin counts from paid; a later pick-up is one of the causes.
	PickupWithin Value[Duration] `yaml:"pickup_within"`
	// FreightTolerance is what the freight paid may exceed the freight shown by,
	// where shipping is not free.
	FreightTolerance Value[money.Amount] `yaml:"freight_tolerance"`
	// PointsMin to PointsMax service points are taken when a complaint is upheld.
	PointsMin Value[int] `yaml:"points_min"`
	PointsMax Value[int] `yaml:"points_max"`
	// Reminders are due this long before the response is, longest first; from
	// ManagerWithin on the manager is told too.
	Reminders     Value[[]Duration] `yaml:"reminders"`
	ManagerWithin Value[Duration]   `yaml:"manager_within"`
	// DecisionExpected counts from the opening: by then most are decided.
	DecisionExpected           Value[Duration]        `yaml:"decision_expected"`
	TemplateAccuracyMinPercent Value[decimal.Decimal] `yaml:"template_accuracy_min_percent"`
	// ComplaintRateMaxPercent exceeded in ComplaintRateWeeks consecutive weeks
	// costs the freight subsidy.
	ComplaintRateMaxPercent Value[decimal.Decimal] `yaml:"complaint_rate_max_percent"`
	ComplaintRateWeeks      Value[int]             `yaml:"complaint_rate_weeks"`
	// ServiceScoreMin (points, not percent) undercut costs SearchRankLossPercent.
	ServiceScoreMin       Value[decimal.Decimal] `yaml:"service_score_min"`
	SearchRankLossPercent Value[decimal.Decimal] `yaml:"search_rank_loss_percent"`
}

// Ticket is the platform's help desk and the dispute's evidence chain.
type Ticket struct {
	// Required must all be in a ticket; FundsRequired too, when it is about funds.
	Required      Value[[]string] `yaml:"required"`
	FundsRequired Value[[]string] `yaml:"funds_required"`
	// FundsTitlePrefix begins the title of a ticket about funds.
	FundsTitlePrefix  Value[string]   `yaml:"funds_title_prefix"`
	AnswerWithin      Value[Duration] `yaml:"answer_within"`
	FundsAnswerWithin Value[Duration] `yaml:"funds_answer_within"`
	// FileFrom and FileUntil are times of a workday in the platform's zone,
	// counted from its midnight.
	FileFrom  Value[Duration] `yaml:"file_from"`
	FileUntil Value[Duration] `yaml:"file_until"`
	// A store qualifies for the business advisor by sales a year, or by a
	// detailed seller rating kept for so many months.
	AdvisorSalesMin  Value[money.Amount]    `yaml:"advisor_sales_min"`
	AdvisorRatingMin Value[decimal.Decimal] `yaml:"advisor_rating_min"`
	AdvisorMonths    Value[int]             `yaml:"advisor_months"`
	// AdvisorPriority before a big sale, the advisor answers first.
	AdvisorPriority Value[Duration] `yaml:"advisor_priority"`
	// PartnerGain is how much faster a service partner's ticket is, on average.
	PartnerGain Value[Duration] `yaml:"partner_gain"`
	// PartnerAnswerWithin holds for the kinds of PriorityProofs, each with the
	// proofs that it requires.
	PartnerAnswerWithin Value[Duration]            `yaml:"partner_answer_within"`
	PriorityProofs      Value[map[string][]string] `yaml:"priority_proofs"`
	// MachineTranslationFactor is how much oftener machine-translated texts are refused.
	MachineTranslationFactor Value[decimal.Decimal] `yaml:"machine_translation_factor"`
	// DisputeEvidenceWithin counts from a dispute's opening; DisputeEvidence is
	// the whole chain. DisputeReminders are due this long before each deadline of a
	// dispute, longest first; from DisputeManagerWithin on the manager is told too.
	DisputeEvidenceWithin Value[Duration]   `yaml:"dispute_evidence_within"`
	DisputeEvidence       Value[[]string]   `yaml:"dispute_evidence"`
	DisputeReminders      Value[[]Duration] `yaml:"dispute_reminders"`
	DisputeManagerWithin  Value[Duration]   `yaml:"dispute_manager_within"`
}

// Exchange is how fast facts must travel.
type Exchange struct {
	// OrderEventWithin is from an order event to the running workflow.
	OrderEventWithin Value[Duration] `yaml:"order_event_within"`
	// CarrierEventWithin is from a readable carrier event to platform and order.
	CarrierEventWithin Value[Duration] `yaml:"carrier_event_within"`
	// RateAlertWithin is from a rise of the failure or delay rate to its alert.
	RateAlertWithin Value[Duration] `yaml:"rate_alert_within"`
	// PlatformLagMax is how far the platform's trace may be behind the carrier's.
	PlatformLagMax Value[Duration] `yaml:"platform_lag_max"`
	// PollEvery is how often a carrier is asked about a parcel that nothing presses for;
	// PollSilentEvery while it is on its line-haul, which is normally silent.
	PollEvery       Value[Duration] `yaml:"poll_every"`
	PollSilentEvery Value[Duration] `yaml:"poll_silent_every"`
	// PollNear is how long before a deadline that a movement would change the carrier is asked
	// more often, longest first; PollNearEvery is how often, for each.
	PollNear      Value[[]Duration] `yaml:"poll_near"`
	PollNearEvery Value[[]Duration] `yaml:"poll_near_every"`
}

// Statement is the store's monthly account; both fees are of the freight.
type Statement struct {
	ServiceFeePercent Value[decimal.Decimal] `yaml:"service_fee_percent"`
	InsurancePercent  Value[decimal.Decimal] `yaml:"insurance_percent"`
	// InsuranceCap is the cover per order.
	InsuranceCap Value[money.Amount] `yaml:"insurance_cap"`
	// BillTolerance is what a line of a carrier's bill may differ from the order's freight by;
	// BillFreightNames are what carriers call the freight itself, any case.
	BillTolerance    Value[money.Amount] `yaml:"bill_tolerance"`
	BillFreightNames Value[[]string]     `yaml:"bill_freight_names"`
}

// Health is how a store's weekly health is watched; its lines are those of Complaint and
// Protection. The margins are how near to its line a measure alerts.
type Health struct {
	// SubsidyMaxPercent of the freight is the most that the subsidy pays.
	SubsidyMaxPercent             Value[decimal.Decimal] `yaml:"subsidy_max_percent"`
	TemplateAccuracyMarginPercent Value[decimal.Decimal] `yaml:"template_accuracy_margin_percent"`
	ComplaintRateMarginPercent    Value[decimal.Decimal] `yaml:"complaint_rate_margin_percent"`
	ServiceScoreMargin            Value[decimal.Decimal] `yaml:"service_score_margin"` // points
	PositiveRateMarginPercent     Value[decimal.Decimal] `yaml:"positive_rate_margin_percent"`
	DisputeRateMarginPercent      Value[decimal.Decimal] `yaml:"dispute_rate_margin_percent"`
	// DisputeRateWindow is the span over which disputes are counted.
	DisputeRateWindow Value[Duration] `yaml:"dispute_rate_window"`
}
