package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
	"parcelward/internal/rules/policy"
)

// TicketTopic is what a support ticket is about.
type TicketTopic string

// The topics. Those of high priority are the keys of the policy's priority proofs.
const (
	TopicReview   TicketTopic = "review_overdue" // of a claim: the platform's decision is late
	TopicPayout   TicketTopic = "payout_overdue" // of a claim: the money is late
	TopicTrace    TicketTopic = "trace_behind"   // the platform's trace lacks the carrier's scans
	TopicFreight  TicketTopic = "freight_check"  // urgent check of a freight complaint
	TopicRelease  TicketTopic = "release_failed" // funds of an order are not released
	TopicDeposit  TicketTopic = "deposit_frozen" // the store's deposit is frozen
	TopicAccount  TicketTopic = "account_wrongly_judged"
	TopicTraffic  TicketTopic = "sale_traffic_collapse"
	TopicLabels   TicketTopic = "label_batch_printing_failure"
	TopicQuestion TicketTopic = "question"
	TopicOther    TicketTopic = "other"
)

// TicketTopics lists the topics.
func TicketTopics() []TicketTopic {
	return []TicketTopic{
		TopicReview, TopicPayout, TopicTrace, TopicFreight, TopicRelease, TopicDeposit,
		TopicAccount, TopicTraffic, TopicLabels, TopicQuestion, TopicOther,
	}
}

// Funds tells whether a ticket is about money that is held back: it has a way, a title and
// proofs of its own.
func (t TicketTopic) Funds() bool { return t == TopicPayout || t == TopicRelease || t == TopicDeposit }

// TicketChannel is to whom a ticket goes.
type TicketChannel string

// The channels. None is a telephone: the platform has none, and numbers offered as its support
// are fraud.
const (
	ChannelRobot   TicketChannel = "help-robot"
	ChannelTicket  TicketChannel = "ticket" // of the platform's help centre
	ChannelAdvisor TicketChannel = "business-advisor"
	ChannelPartner TicketChannel = "service-partner"
	ChannelCarrier TicketChannel = "carrier" // its own support
)

// TicketChannels lists the channels.
func TicketChannels() []TicketChannel {
	return []TicketChannel{ChannelRobot, ChannelTicket, ChannelAdvisor, ChannelPartner, ChannelCarrier}
}

// StoreProfile is what decides which channels a store has. The zero profile has the ordinary ones.
type StoreProfile struct {
	SalesPerYear *money.Amount   `json:"sales_per_year,omitempty"` // of the last twelve months; nil: not known
	Rating       decimal.Decimal `json:"rating,omitzero"`          // lowest detailed seller rating of the last RatingMonths months
	RatingMonths int             `json:"rating_months,omitzero"`   // without a gap, up to now
	Partner      string          `json:"partner,omitempty"`        // certified service partner; empty: none is chosen yet
}

// Advised tells whether the store qualifies for the business advisor: by its sales a year, or by
// a rating that it has kept for so many months.
func (p StoreProfile) Advised(pack *policy.Pack) bool {
	t := &pack.Ticket
	if least := t.AdvisorSalesMin.Value; p.SalesPerYear != nil && p.SalesPerYear.Currency == least.Currency && p.SalesPerYear.Value.Cmp(least.Value) >= 0 {
		return true
	}
	return p.RatingMonths >= t.AdvisorMonths.Value && p.Rating.Cmp(t.AdvisorRatingMin.Value) >= 0
}

// HighPriority tells whether the policy gives a topic the partner's fast lane.
func HighPriority(t TicketTopic, pack *policy.Pack) bool {
	_, ok := pack.Ticket.PriorityProofs.Value[string(t)]
	return ok
}

// FirstChannel is to whom a ticket goes first. Funds and freight checks have one way only.
func FirstChannel(t TicketTopic, p StoreProfile, pack *policy.Pack) TicketChannel {
	switch {
	case t == TopicQuestion:
		return ChannelRobot
	case t == TopicTrace:
		return ChannelCarrier
	case HighPriority(t, pack):
		return ChannelPartner
	case !t.Funds() && t != TopicFreight && p.Advised(pack):
		return ChannelAdvisor
	}
	return ChannelTicket
}

// answerWithin is how long a channel may take to answer, exact hours. The advisor, the carrier
// and a partner with an ordinary ticket have the platform's time: a reading, for no source
// promises another.
func answerWithin(t TicketTopic, c TicketChannel, pack *policy.Pack) time.Duration {
	switch {
	case c == ChannelPartner && HighPriority(t, pack):
		return pack.Ticket.PartnerAnswerWithin.Value.Std()
	case t.Funds():
		return pack.Ticket.FundsAnswerWithin.Value.Std()
	}
	return pack.Ticket.AnswerWithin.Value.Std()
}

// TicketField is something that a ticket must hold: a text, or a proof that the vault holds.
type TicketField string

// The fields. Those of the policy are called as there.
const (
	FieldScreenshot TicketField = "screenshot"
	FieldOrder      TicketField = "order_number"
	FieldErrorCode  TicketField = "error_code"
	FieldStatement  TicketField = "bank_statement"
	FieldLastFour   TicketField = "last_four_digits"
	FieldBranch     TicketField = "bank_branch"
	FieldCompliance TicketField = "compliance_history"
	FieldTraffic    TicketField = "traffic_comparison_screenshot"
	FieldConsole    TicketField = "browser_console_log"
	// FieldProblemZH and those that follow are what a person must say in words of his own, in both
	// languages: no machine translates.
	FieldProblemZH  TicketField = "problem_zh"
	FieldProblemEN  TicketField = "problem_en"
	FieldArgumentZH TicketField = "argument_zh" // new, after an answer that solved nothing
	FieldArgumentEN TicketField = "argument_en"
	// FieldCorrection stands for any field given after the ticket came back unread. It is not
	// given by itself.
	FieldCorrection TicketField = "correction"
)

// TicketFields lists the fields.
func TicketFields() []TicketField {
	return []TicketField{
		FieldScreenshot, FieldOrder, FieldErrorCode, FieldStatement, FieldLastFour, FieldBranch, FieldCompliance, FieldTraffic,
		FieldConsole, FieldProblemZH, FieldProblemEN, FieldArgumentZH, FieldArgumentEN, FieldCorrection,
	}
}

// Proof is the kind of original that a field asks for; empty: the field is a text.
func (f TicketField) Proof() EvidenceKind {
	switch f {
	case FieldScreenshot, FieldStatement, FieldCompliance, FieldTraffic, FieldConsole:
		return EvidenceKind(f)
	default:
		return ""
	}
}

// RequiredFields are those that a ticket must hold, in the order in which people are asked.
func RequiredFields(t TicketTopic, c TicketChannel, pack *policy.Pack) []TicketField {
	var fields []TicketField
	add := func(names ...string) {
		for _, name := range names {
			if f := TicketField(name); !slices.Contains(fields, f) {
				fields = append(fields, f)
			}
		}
	}
	switch c {
	case ChannelRobot:
		return []TicketField{FieldProblemZH}
	case ChannelCarrier: // the diagnosis says the rest
		return []TicketField{FieldOrder}
	default:
		add(pack.Ticket.Required.Value...)
	}
	if t.Funds() {
		add(pack.Ticket.FundsRequired.Value...)
	}
	add(pack.Ticket.PriorityProofs.Value[string(t)]...)
	if t == TopicQuestion || t == TopicOther {
		add(string(FieldProblemZH), string(FieldProblemEN))
	}
	return fields
}

// TicketDraft is a ticket before it is sent.
type TicketDraft struct {
	Topic   TicketTopic
	Channel TicketChannel
	Title   string
	Fields  map[TicketField]string // texts, and the SHA-256 of proofs
}

// TicketFault is why a draft must not be sent.
type TicketFault struct {
	Field TicketField // empty: the title
	Code  string
}

// The codes of faults.
const (
	FaultMissing = "missing" // it would be returned unread
	FaultForm    = "form"    // it is there, and cannot be right
	FaultPhone   = "phone"   // it holds a phone number
	FaultTitle   = "title"   // it does not begin as a title about funds must
)

// CheckTicket names every fault of a draft, in the order of its required fields, then the
// others'. order is the number that the order has.
func CheckTicket(d TicketDraft, order string, pack *policy.Pack) []TicketFault {
	var faults []TicketFault
	required := RequiredFields(d.Topic, d.Channel, pack)
	for _, f := range required {
		if d.Fields[f] == "" {
			faults = append(faults, TicketFault{f, FaultMissing})
		} else if code := CheckTicketField(f, d.Fields[f], order); code != "" {
			faults = append(faults, TicketFault{f, code})
		}
	}
	for _, f := range TicketFields() {
		if d.Fields[f] == "" || slices.Contains(required, f) {
			continue
		}
		if code := CheckTicketField(f, d.Fields[f], order); code != "" {
			faults = append(faults, TicketFault{f, code})
		}
	}
	if d.Topic.Funds() && d.Channel != ChannelCarrier && !strings.HasPrefix(d.Title, pack.Ticket.FundsTitlePrefix.Value) {
		faults = append(faults, TicketFault{"", FaultTitle})
	}
	return faults
}

// TicketFileAt is when a ticket that is ready is to be filed: in the help desk's hours of a
// workday, or at once where the deadline (zero: none) would pass before the next ones. exact is
// false where the days counted lie outside the calendar's years.
func (rs Ruleset) TicketFileAt(ready, deadline time.Time) (at time.Time, exact bool) {
	loc, exact := rs.Pack.Location(), true
	from, until := rs.Pack.Ticket.FileFrom.Value.Std(), rs.Pack.Ticket.FileUntil.Value.Std()
	y, m, d := ready.In(loc).Date()
	for day := d; ; day++ {
		date := time.Date(y, m, day, 12, 0, 0, 0, loc)
		work, known := rs.Calendar.Workday(date.Date())
		exact = exact && known
		if closes := time.Date(y, m, day, 0, 0, 0, int(until), loc); !work || ready.After(closes) {
			continue
		}
		at = later(ready, time.Date(y, m, day, 0, 0, 0, int(from), loc))
		if !deadline.IsZero() && at.After(deadline) {
			at = ready
		}
		return at.UTC(), exact
	}
}
