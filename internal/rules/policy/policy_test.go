package policy_test

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parcelward/internal/rules/policy"
)

func embedded(tb testing.TB) *policy.Pack {
	tb.Helper()
	book, err := policy.Embedded()
	if err != nil {
		tb.Fatal(err)
	}
	pack, ok := book.ByID("aliexpress-2024-04")
	if !ok {
		tb.Fatal("aliexpress-2024-04 is not embedded")
	}
	return pack
}

func embeddedText(tb testing.TB) string {
	tb.Helper()
	data, err := os.ReadFile("packs/aliexpress-2024-04.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// rulebook is every number of the rules, written again by hand: path, value,
// source, and "reading" where the rules say so.
const rulebook = `
shipping.tracking_number_due 3d S1
shipping.online_due 3d S2
shipping.number_check_due 2d S0
shipping.reminders [24h0m0s 6h0m0s] S1 reading
shipping.certified_services [CAINIAO_STANDARD CAINIAO_PREMIUM CAINIAO_ECONOMY CAINIAO_SUPER_ECONOMY CAINIAO_PRIORITY YANWEN_ECONOMY 4PX_STANDARD] S0 reading
shipping.economy_services [CAINIAO_SUPER_ECONOMY] S1 reading
shipping.exposure_loss_percent 12 S0
shipping.nearest_certified map[default:CAINIAO_STANDARD] S0 reading
shipping.tax_id_countries map[BR:[CPF CNPJ] RU:[INN]] S1
shipping.compliance_countries [AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE] S0
shipping.compliance_documents [ce_mark manufacturer_address eu_representative] S0
shipping.compliance_abnormal_percent 37 S0
stall.threshold.bulky 45d S1
stall.threshold.custom 45d S1
stall.threshold.standard 30d S1
stall.linehaul_silence 7d S1
stall.linehaul_milestone departed_origin S1
stall.quiet_milestones [info_received advisory] S1
claim.alert_workdays 1 S1
claim.confirm_within 3d S1
claim.confirm_reminders [24h0m0s 2d 66h0m0s] S1 reading
claim.confirm_manager_after 2d S1 reading
claim.file_within 15d S1
claim.file_within_other 15d S1 reading
claim.customs_grace 7d S1
claim.customs_milestone customs_hold S1
claim.file_unlooked_within 24h0m0s S1 reading
claim.papers_within 3d S1 reading
claim.evidence_kinds [waybill outbound_record buyer_messages] S1
claim.evidence_rejection_percent 83 S1
claim.review_expected_workdays 5 S1
claim.review_workdays 7 S1
claim.payout_cap 100.00 USD S1
claim.payout_within_certified 3d S0
claim.payout_workdays 7 S0 reading
claim.appeals 1 S1
claim.appeal_within 3d S1
claim.appeal_kinds [waybill outbound_record buyer_messages carrier_proof] S1 reading
claim.appeal_quiet 30m0s S1 reading
claim.appeal_unlooked_within 6h0m0s S1 reading
claim.economy_max_gap 15d S1
protection.positive_rate_min_percent 95 S1
protection.positive_rate_window 90d S1
protection.dispute_rate_max_percent 1.2 S1
protection.programmes [anxinda] S1
protection.loss_share_percent 70 S1
protection.cap 50.00 USD S1
protection.request_within 15d S1 reading
protection.outcome_workdays 7 S1 reading
order.dispute_period 15d S1 reading
order.idle_end 180d S1 reading
order.file_reminders [24h0m0s 6h0m0s] S1 reading
order.appeal_reminders [24h0m0s 6h0m0s] S1 reading
complaint.respond_within 24h0m0s S2
complaint.proofs [shipping_label pickup_screenshot] S2
complaint.loss_causes_percent map[address_differs:28.6 late_pickup:19.3 missing_pickup_time:52.1] S2
complaint.pickup_within 3d S2
complaint.freight_tolerance 0.50 CNY S2
complaint.points_min 1 S2
complaint.points_max 3 S2
complaint.reminders [12h0m0s 6h0m0s 1h0m0s] S2 reading
complaint.manager_within 6h0m0s S2 reading
complaint.decision_expected 76h48m0s S2
complaint.template_accuracy_min_percent 99.2 S2
complaint.complaint_rate_max_percent 0.8 S2
complaint.complaint_rate_weeks 2 S2
complaint.service_score_min 4.6 S2
complaint.search_rank_loss_percent 37 S2
ticket.required [screenshot order_number error_code] S3
ticket.funds_required [bank_statement last_four_digits bank_branch] S3
ticket.funds_title_prefix [URGENT-FUND] S3
ticket.answer_within 24h0m0s S3
ticket.funds_answer_within 2d S3
ticket.file_from 9h0m0s S3
ticket.file_until 18h0m0s S3
ticket.advisor_sales_min 50000.00 USD S3
ticket.advisor_rating_min 4.8 S3
ticket.advisor_months 6 S3
ticket.advisor_priority 2d S3
ticket.partner_gain 6h12m0s S3
ticket.partner_answer_within 2h0m0s S3
ticket.priority_proofs map[account_wrongly_judged:[compliance_history] label_batch_printing_failure:[error_code browser_console_log] sale_traffic_collapse:[traffic_comparison_screenshot]] S3
ticket.machine_translation_factor 3.8 S3
ticket.dispute_evidence_within 3d S3
ticket.dispute_evidence [product_photos quality_report delivery_receipt] S3
ticket.dispute_reminders [24h0m0s 6h0m0s] S3 reading
ticket.dispute_manager_within 6h0m0s S3 reading
evidence.short_side_min 300 S1 reading
evidence.short_side_ready 480 S1 reading
evidence.sharpness_min 8 S1 reading
evidence.sharpness_ready 20 S1 reading
evidence.contrast_ready 60 S1 reading
evidence.other_number_length 5 S1 reading
evidence.forms 18 kinds S1 reading
evidence.waybill_given [ship_date weight_kg volume_cm3] S1
evidence.not_received_phrases 14 languages S1 reading
evidence.refusal_phrases 14 languages S1 reading
evidence.received_phrases 14 languages S1 reading
evidence.other_matter_phrases 14 languages S1 reading
exchange.order_event_within 10s S4
exchange.carrier_event_within 1m0s S4
exchange.rate_alert_within 10m0s S4
exchange.platform_lag_max 2h0m0s S0
exchange.poll_every 12h0m0s S4 reading
exchange.poll_silent_every 24h0m0s S4 reading
exchange.poll_near [7d 2d] S4 reading
exchange.poll_near_every [6h0m0s 2h0m0s] S4 reading
statement.service_fee_percent 1.2 S0
statement.insurance_percent 0.5 S0
statement.insurance_cap 500.00 CNY S0
statement.bill_tolerance 0.50 CNY S2 reading
statement.bill_freight_names [运费 基础运费 配送费 freight shipping shipping fee base freight postage] S0 reading
health.subsidy_max_percent 30 S2
health.template_accuracy_margin_percent 0.2 S2 reading
health.complaint_rate_margin_percent 0.2 S2 reading
health.service_score_margin 0.1 S2 reading
health.positive_rate_margin_percent 0.5 S1 reading
health.dispute_rate_margin_percent 0.2 S1 reading
health.dispute_rate_window 90d S1 reading
`

func TestEmbeddedPackHoldsTheRules(t *testing.T) {
	t.Parallel()
	pack := embedded(t)
	var got []string
	list(&got, "", reflect.ValueOf(*pack))
	want := strings.Split(strings.TrimSpace(rulebook), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-) and pack (+) differ:\n%s", diff)
	}
	for i, due := range pack.Claim.ConfirmReminders.Value {
		if want := []time.Duration{24 * time.Hour, 48 * time.Hour, 66 * time.Hour}[i]; due.Std() != want {
			t.Errorf("reminder %d: got %v, want %v", i, due, want)
		}
	}
	if want := time.Date(2024, 3, 31, 16, 0, 0, 0, time.UTC); !pack.InForceFrom.Equal(want) {
		t.Errorf("in force from %v, want %v", pack.InForceFrom, want)
	}
	if got := slices.Sorted(maps.Keys(pack.Sources)); !slices.Equal(got, []string{"S0", "S1", "S2", "S3", "S4"}) {
		t.Errorf("sources %v", got)
	}
}

// list writes each policy value under v as a line of the rulebook.
func list(out *[]string, path string, v reflect.Value) {
	if v.Kind() == reflect.Struct && v.FieldByName("Source").IsValid() {
		value := v.FieldByName("Value").Interface()
		if long, ok := value.(map[string][]string); ok && path == "evidence.forms" {
			value = fmt.Sprintf("%d kinds", len(long))
		} else if ok && strings.HasSuffix(path, "_phrases") {
			value = fmt.Sprintf("%d languages", len(long))
		}
		line := fmt.Sprintf("%s %v %s", path, value, v.FieldByName("Source"))
		if v.FieldByName("Reading").Bool() {
			line += " reading"
		}
		*out = append(*out, line)
		return
	}
	switch v.Kind() { //nolint:exhaustive // the rest holds no values
	case reflect.Struct:
		for i := range v.NumField() {
			if key := v.Type().Field(i).Tag.Get("yaml"); key != "" {
				list(out, strings.TrimPrefix(path+"."+key, "."), v.Field(i))
			}
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys {
			list(out, path+"."+key.String(), v.MapIndex(key))
		}
	}
}

func TestPackAnswers(t *testing.T) {
	t.Parallel()
	pack := embedded(t)
	for service, want := range map[string][2]bool{
		"CAINIAO_STANDARD": {true, false}, "CAINIAO_SUPER_ECONOMY": {true, true}, "CHINA_POST": {}, "": {}, "cainiao_standard": {},
	} {
		if got := [2]bool{pack.Certified(service), pack.Economy(service)}; got != want {
			t.Errorf("%q: certified, economy = %v, want %v", service, got, want)
		}
	}
	if got := pack.NearestCertified("BR"); got != "CAINIAO_STANDARD" {
		t.Errorf("nearest certified: %q", got)
	}
	_, offset := time.Date(2026, 7, 1, 0, 0, 0, 0, pack.Location()).Zone()
	if offset != 8*3600 {
		t.Errorf("offset of the platform's zone: %d s", offset)
	}
}

func TestBook(t *testing.T) {
	t.Parallel()
	book, err := policy.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	later := func(id, from string) *policy.Pack {
		text := strings.Replace(embeddedText(t), "id: aliexpress-2024-04", "id: "+id, 1)
		pack, err := policy.Load(strings.NewReader(strings.Replace(text, "2024-04-01T00:00:00+08:00", from, 1)), id)
		if err != nil {
			t.Fatal(err)
		}
		return pack
	}
	for _, pack := range []*policy.Pack{later("c", "2027-01-01T00:00:00+08:00"), later("b", "2026-01-01T00:00:00+08:00")} {
		if err := book.Add(pack); err != nil {
			t.Fatal(err)
		}
	}
	for id, from := range map[string]string{"b": "2030-01-01T00:00:00Z", "d": "2025-12-31T16:00:00Z"} {
		if err := book.Add(later(id, from)); err == nil {
			t.Errorf("pack %s from %s is accepted", id, from)
		}
	}
	for at, want := range map[string]string{
		"2020-01-01T00:00:00Z": "aliexpress-2024-04", "2024-03-31T16:00:00Z": "aliexpress-2024-04",
		"2025-12-31T15:59:59Z": "aliexpress-2024-04", "2025-12-31T16:00:00Z": "b", "2026-12-31T15:59:59Z": "b",
		"2030-01-01T00:00:00Z": "c",
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := book.InForce("aliexpress", moment); got.ID != want {
			t.Errorf("in force at %s: %s, want %s", at, got.ID, want)
		}
	}
	if book.InForce("elsewhere", time.Time{}) != nil {
		t.Error("a platform without packs has one")
	}
}
