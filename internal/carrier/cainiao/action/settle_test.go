package action_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/cainiao/action"
	"parcelward/internal/rules"
)

func TestSettle(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		codes  string // oldest first; = before a code: at the same moment as the one before
		abroad bool
		want   string
	}{
		"a notice before the pick-up": {
			"GTMS_ASN COMMON_INTRANSIT LAST_MILE_ASN_NOTIFY COMMON_INTRANSIT PU_PICKUP_SUCCESS COMMON_INTRANSIT", true,
			"info_received advisory advisory advisory picked_up in_transit",
		},
		"a failed pick-up proves no movement": {
			"CONSIGN PU_PICKUP_FAILURE COMMON_INTRANSIT", true, "info_received advisory advisory",
		},
		"an unknown code proves no pick-up": {"NEVER_SEEN COMMON_INTRANSIT", true, "in_transit advisory"},
		"in other words": {
			"PU_PICKUP_SUCCESS LH_DEPART =LH_DEPART GTMS_SIGNED =gtms_signed", true,
			"picked_up departed_origin advisory delivered advisory",
		},
		"no code, no repeat":        {"- =-", true, "in_transit in_transit"},
		"two codes at one moment":   {"LH_ARRIVE =CC_IM_START", true, "arrived_destination in_transit"},
		"one code at two moments":   {"GTMS_DEL_FAILURE GTMS_DEL_FAILURE", true, "delivery_failed delivery_failed"},
		"the sender signs":          {"GTMS_SIGN_FAILURE RT_INBOUND RT_OUTBOUND GTMS_SIGNED", true, "delivery_failed exception exception returned"},
		"the sender signs in China": {"RT_TMS_ACCEPT GOT SIGNED", true, "exception picked_up returned"},
		"back, and then delivered":  {"RETURNED GTMS_SIGNED", true, "returned returned"},
		"delivered, and then back":  {"GTMS_SIGNED RT_INBOUND", true, "delivered exception"},
		"the warehouse signs":       {"GOT SIGNED SC_INBOUND_SUCCESS GTMS_SIGNED", true, "picked_up in_transit in_transit delivered"},
		"the buyer in China signs":  {"GOT SENT_SCAN SIGNED", false, "picked_up out_for_delivery delivered"},
		"the station in China":      {"GOT STA_SIGN", true, "picked_up in_transit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var rows []rules.Row
			at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
			for code := range strings.FieldsSeq(c.codes) {
				code, same := strings.CutPrefix(code, "=")
				if !same {
					at = at.Add(time.Hour)
				}
				code = strings.TrimPrefix(code, "-")
				m, _ := action.Milestone(code)
				rows = append(rows, rules.Row{At: at, Milestone: m, Code: code})
			}
			action.Settle(rows, c.abroad)
			var got []string
			for _, r := range rows {
				got = append(got, string(r.Milestone))
			}
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
}

func TestSettleByWords(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]rules.Milestone{
		"Delivered, To Original Sender":      rules.Returned,
		"Delivered, returned to shipper":     rules.Returned,
		"包裹已退回，签收人：寄件人":                      rules.Returned,
		"Delivered, In/At Mailbox":           rules.Delivered,
		"Delivered to the recipient's agent": rules.Delivered,
		"":                                   rules.Delivered,
	} {
		rows := []rules.Row{{Milestone: rules.Delivered, Code: "GTMS_SIGNED", Description: words}}
		action.Settle(rows, true)
		require.Equal(t, want, rows[0].Milestone, words)
	}
	rows := []rules.Row{
		{Milestone: rules.PickedUp, Code: "PU_PICKUP_SUCCESS"},
		{Milestone: rules.InTransit, Code: "COMMON_INTRANSIT", Description: "Pre-Shipment Info Sent To The Last Mile"},
	}
	action.Settle(rows, true)
	require.Equal(t, rules.Advisory, rows[1].Milestone)
}
