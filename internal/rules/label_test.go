package rules_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/rulestest"
	"parcelward/internal/rules/wording"
)

var ordered = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

func labelled(country, taxID string, events ...rules.Event) *rules.Facts {
	usd := money.Amount{Value: decimal.MustParse("10.00"), Currency: "USD"}
	f := rules.NewFacts("s", "o")
	f.Add(rules.Event{Source: "t", ID: "created", Type: rules.TypeOrderCreated, Store: "s", Order: "o", Time: ordered, Data: &rules.OrderCreated{
		CreatedAt: ordered, Buyer: rules.Buyer{Name: "Ana", Country: country, TaxID: taxID}, Category: rules.Standard,
		ServiceCode: "CAINIAO_STANDARD", AmountPaid: usd, Freight: usd, Commission: usd, Tax: usd,
	}})
	for _, e := range events {
		f.Add(e)
	}
	return f
}

func numberRecorded(number string, items ...rules.Item) rules.Event {
	return rules.Event{Source: "t", ID: number, Type: rules.TypeShipmentRecorded, Store: "s", Order: "o", Time: ordered, Data: &rules.ShipmentRecorded{
		TrackingNumber: number, Carrier: "CAINIAO", ServiceCode: "CAINIAO_ECONOMY", RecordedAt: ordered, ShippedAt: ordered, Items: items,
	}}
}

// What speaks against a label; what forbids it is marked and comes first. All is said in both
// languages.
func TestBeforeLabel(t *testing.T) {
	t.Parallel()
	ended := rules.Event{Source: "t", ID: "end", Type: rules.TypeReceiptConfirmed, Store: "s", Order: "o", Time: ordered, Data: &rules.ReceiptConfirmed{When: ordered}}
	const standard = "CAINIAO_STANDARD"
	for _, tc := range []struct {
		name, country, taxID string
		events               []rules.Event
		label                rules.Label
		want                 string // codes; ! forbids
	}{
		{"all is well", "US", "", nil, rules.Label{Service: standard}, ""},
		{"Brazil without a tax ID", "BR", "", nil, rules.Label{Service: standard}, "!missing-tax-id"},
		{"Brazil with a wrong one", "BR", "529.982.247-26", nil, rules.Label{Service: standard}, "!missing-tax-id"},
		{"Brazil with its CPF", "BR", "529.982.247-25", nil, rules.Label{Service: standard}, ""},
		{"Russia with a CPF", "RU", "529.982.247-25", nil, rules.Label{Service: standard}, "!missing-tax-id"},
		{"Russia with its INN", "RU", "7707083893", nil, rules.Label{Service: standard}, ""},
		{"uncertified, and not the order's", "US", "", nil, rules.Label{Service: "OWN_CARRIER"}, "uncertified-service service-mismatch"},
		{"not the order's", "US", "", nil, rules.Label{Service: "CAINIAO_ECONOMY"}, "service-mismatch"},
		{"economy line", "US", "", nil, rules.Label{Service: "CAINIAO_SUPER_ECONOMY"}, "service-mismatch trace-alert-off"},
		{"into the EU", "PL", "", nil, rules.Label{Service: standard}, "compliance-papers"},
		{"S10", "US", "", nil, rules.Label{Service: standard, Number: "RB123456785CN"}, ""},
		{"S10 with a wrong check digit, into the EU", "PL", "", nil, rules.Label{Service: standard, Number: "RB123456789CN"}, "!number-check-digit compliance-papers"},
		{"another form", "US", "", nil, rules.Label{Service: standard, Number: "LP00123456789012"}, ""},
		{"over", "US", "", []rules.Event{ended}, rules.Label{Service: standard}, "!order-over"},
		{"sent already", "US", "", []rules.Event{numberRecorded("LP1")}, rules.Label{Service: standard}, "!already-recorded"},
		{"a further parcel", "US", "", []rules.Event{numberRecorded("LP1")}, rules.Label{Service: standard, Part: true}, ""},
		{"a further parcel of the same number", "US", "", []rules.Event{numberRecorded("LP1")}, rules.Label{Service: standard, Part: true, Number: "LP1"}, "!already-recorded"},
		{"corrected", "US", "", []rules.Event{numberRecorded("LP1")}, rules.Label{Service: standard, Number: "LP2", Replaces: "LP1"}, ""},
		{"corrected twice", "US", "", []rules.Event{numberRecorded("LP1"), numberRecorded("LP2")}, rules.Label{Service: standard, Number: "LP2", Replaces: "LP1"}, ""},
		{"corrected on its way", "BR", "", []rules.Event{numberRecorded("LP1")}, rules.Label{Service: standard, Number: "LP2", Replaces: "LP1"}, "missing-tax-id"},
		{"nothing to correct", "US", "", nil, rules.Label{Service: standard, Number: "LP2", Replaces: "LP1"}, "!no-such-number"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			found, ok := rules.BeforeLabel(labelled(tc.country, tc.taxID, tc.events...), rulestest.Ruleset(), tc.label, ordered.Add(time.Hour))
			require.True(t, ok)
			var got []string
			for _, f := range found {
				code := f.Code
				if f.Blocks {
					code = "!" + code
				}
				got = append(got, code)
				text := wording.Objection(f)
				require.True(t, strings.ContainsFunc(text.ZH, func(r rune) bool { return unicode.Is(unicode.Han, r) }), text.ZH)
				require.NotEqual(t, f.Code, text.EN)
				if f.Code == rules.NoticeUncertified {
					require.Equal(t, "CAINIAO_STANDARD", f.Service)
				}
			}
			require.Equal(t, tc.want, strings.Join(got, " "))
			require.Equal(t, strings.Contains(tc.want, "!"), rules.Blocked(found))
		})
	}
	_, ok := rules.BeforeLabel(rules.NewFacts("s", "o"), rulestest.Ruleset(), rules.Label{}, ordered)
	require.False(t, ok)
}

// Which recording ends a shipment.
func TestShipmentIsRecorded(t *testing.T) {
	t.Parallel()
	lamp, desk := []rules.Item{{SKU: "LAMP", Quantity: 1}}, []rules.Item{{SKU: "DESK", Quantity: 1}}
	for _, tc := range []struct {
		name   string
		events []rules.Event
		s      rules.Shipping
		want   string
	}{
		{"nothing yet", nil, rules.Shipping{}, ""},
		{"known before", []rules.Event{numberRecorded("LP1")}, rules.Shipping{Known: []string{"LP1"}}, ""},
		{"any", []rules.Event{numberRecorded("LP1")}, rules.Shipping{Number: "LP2"}, "LP1"},
		{"a part by its number", []rules.Event{numberRecorded("LP1", desk...)}, rules.Shipping{Number: "LP1", Items: lamp}, "LP1"},
		{"another part", []rules.Event{numberRecorded("LP1", lamp...)}, rules.Shipping{Number: "LP2", Items: lamp}, ""},
		{"a part by its items", []rules.Event{numberRecorded("LP1", lamp...)}, rules.Shipping{Items: lamp}, "LP1"},
		{"a part with other items", []rules.Event{numberRecorded("LP1", desk...)}, rules.Shipping{Items: lamp}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.s.Due, tc.s.Until = ordered.Add(72*time.Hour), ordered.Add(72*time.Hour+rules.ShipmentGrace)
			p := rules.PlanShipment(labelled("US", "", tc.events...), rulestest.Ruleset(), tc.s, ordered.Add(time.Hour))
			require.Equal(t, tc.want, p.Number)
			require.Equal(t, tc.want != "", p.End == rules.EndRecorded)
			require.Equal(t, tc.want == "", p.Wake.Equal(tc.s.Until), "nobody is asked, so only the end is waited for")
		})
	}
}

// Everything that a shipment asks is asked in both languages, with the deadline where there is
// one ahead.
func TestShipmentWording(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		rules.NoticeLabelRefused, rules.NoticeShip, rules.NoticeNumberRefused, rules.NoticeNumberForm, rules.NoticeByHand, rules.NoticePlatformAway, rules.NoticeWaybill,
	} {
		s := rules.Shipping{Due: ordered.Add(72 * time.Hour), Until: ordered.Add(72*time.Hour + rules.ShipmentGrace), Number: "LP1", Asked: code, Since: ordered, Times: 1}
		p := rules.PlanShipment(labelled("US", ""), rulestest.Ruleset(), s, ordered.Add(50*time.Hour))
		codes := make([]string, len(p.Notices))
		for i, n := range p.Notices {
			codes[i] = n.Code
			text := wording.ShipmentNotice(n, "because", "s", "o", rulestest.Ruleset().Pack.Location())
			require.True(t, strings.ContainsFunc(text.ZH, func(r rune) bool { return unicode.Is(unicode.Han, r) }), text.ZH)
			require.False(t, strings.Contains(code, "-") && strings.Contains(text.EN, code), "a bare code: %s", text.EN)
			require.Contains(t, text.EN, "2026-03-05 10:00 Beijing time")
		}
		require.Equal(t, []string{code, code}, codes, "asked, and reminded once")
		require.Equal(t, ordered.Add(66*time.Hour), p.Wake)
		require.False(t, slices.ContainsFunc(p.Notices, func(n rules.Notice) bool { return n.Manager }))
	}
}

// What the inbox could not record is not declared.
func TestCheckNumberLength(t *testing.T) {
	t.Parallel()
	require.Nil(t, rules.CheckNumber(strings.Repeat("1", 64)))
	for _, number := range []string{"", strings.Repeat("1", 65)} {
		wrong := rules.CheckNumber(number)
		require.Equal(t, &rules.Objection{Code: rules.ObjectionNoNumber, Blocks: true}, wrong)
		require.Contains(t, wording.Objection(*wrong).String(), "1 to 64")
	}
}
