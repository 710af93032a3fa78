package protocol_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/require"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

var update = flag.Bool("update", false, "write testdata/golden.json anew; a changed line breaks running workflows")

// everything is each DTO that crosses a process, with every field set.
func everything() map[string]any {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.FixedZone("", 8*3600))
	id := rules.CaseID{TrackingNumber: "LP1", Kind: rules.KindStall, OpenedAt: at.UTC()}
	facts := []json.RawMessage{json.RawMessage(`{"id":"e1"}`)}
	payout := &money.Amount{Value: decimal.MustParse("88.20"), Currency: "USD"}
	evidence := []protocol.Evidence{{Kind: "waybill", Name: "scan.png", SHA256: "ab"}}
	originals := []rules.Original{{Kind: rules.EvidenceWaybill, SHA256: strings.Repeat("ab", 32)}}
	clock := protocol.Clock{Origin: at, Start: at.UTC(), Speed: 43_200}
	parcel := protocol.Parcel{Store: "s", Order: "o", TrackingNumber: "LP1", Carrier: "cainiao"}
	filed := rules.FiledCase{Kind: rules.KindStall, OpenedAt: at, LastMovementAt: at, FileBy: at}
	return map[string]any{
		"OrderInput": protocol.OrderInput{
			Store: "s", Order: "o", Policy: "p", Calendar: "c", Clock: clock, Facts: facts, Release: protocol.Release,
			State: &protocol.OrderState{Done: []string{"k"}, Claims: []rules.CaseID{id}, Stage: rules.StageException},
		},
		"OrderInput, least":   protocol.OrderInput{Store: "s", Order: "o", Policy: "p", Calendar: "c"},
		"OrderResult":         protocol.OrderResult{Reason: rules.EndCancelled, Stage: rules.StageClosed, At: at},
		"ClaimInput":          protocol.ClaimInput{Store: "s", Order: "o", Case: id, Policy: "p", Calendar: "c", Clock: clock, Facts: facts},
		"ClaimResult":         protocol.ClaimResult{Status: rules.StatusPaid, ClaimID: "C1", At: at},
		"Confirmation":        protocol.Confirmation{TrackingNumber: "LP1", Kind: rules.KindStall, By: "wang.li", At: &at, Note: "n"},
		"Confirmation, least": protocol.Confirmation{TrackingNumber: "LP1", By: "wang.li"},
		"ConfirmationResult":  protocol.ConfirmationResult{Confirmed: []rules.CaseID{id}, At: at},
		"AsOf":                protocol.AsOf{AsOf: &at},
		"AsOf, least":         protocol.AsOf{},
		"TimelineEntry":       protocol.TimelineEntry{At: at, Future: true, ZH: "妥投", EN: "delivered"},
		"FactsQuery":          protocol.FactsQuery{Store: "s", Order: "o", Behind: 7, ForOrder: true, Now: at, Ticket: "ticket/s/o/other"},
		"Facts":               protocol.Facts{Events: facts, More: true, Calendar: "c"},
		"FilingRequest":       protocol.FilingRequest{Key: "k", Store: "s", Order: "o", Case: filed, Number: "LP1", Payout: payout, Evidence: evidence, Now: at},
		"ClaimRequest":        protocol.ClaimRequest{Key: "k", Store: "s", Order: "o", ClaimID: "C1", Evidence: evidence, Added: originals, HandedIn: []string{"ab"}, Now: at},
		"PapersRequest":       protocol.PapersRequest{Store: "s", Order: "o", TrackingNumber: "LP1", HandedIn: []string{"ab"}, Now: at},
		"Filed":               protocol.Filed{ClaimID: "C1", At: at},
		"Filed, pending":      protocol.Filed{Pending: true},
		"Notice":              protocol.Notice{Key: "k", Store: "s", Order: "o", WorkflowID: "w", Kind: "confirm", Manager: true, Due: at, ZH: "请", EN: "please"},
		"PollRequest":         protocol.PollRequest{Parcel: parcel, Now: at},
		"ShipmentInput": protocol.ShipmentInput{
			Store: "s", Order: "o", Service: "CAINIAO_STANDARD", Carrier: "CAINIAO", TraceAlert: true, Items: []rules.Item{{SKU: "LAMP-1", Quantity: 1}},
			OrderParam: json.RawMessage(`{"package_params":[]}`), Number: "LP2", ShippedAt: at, Replaces: "LP1", Due: at, Policy: "p", Calendar: "c", Clock: clock,
		},
		"ShipmentInput, least": protocol.ShipmentInput{Store: "s", Order: "o", Service: "CAINIAO_STANDARD", Carrier: "CAINIAO", Due: at, Policy: "p", Calendar: "c"},
		"ShipmentResult":       protocol.ShipmentResult{Outcome: rules.EndRecorded, Number: "LP1", At: at},
		"ShipNumber":           protocol.ShipNumber{Number: "LP1", ShippedAt: &at},
		"TicketInput": protocol.TicketInput{
			Store: "s", Order: "o", Topic: rules.TopicReview, Serial: "C1", About: "C1", Number: "LP1", Amount: payout, Since: at, Opened: at, Due: at, GiveUp: at,
			Detail: &protocol.Bilingual{ZH: "落后", EN: "behind"}, Given: map[rules.TicketField]string{rules.FieldErrorCode: "AE-ERR-403"}, By: "wang.li",
			Profile: rules.StoreProfile{SalesPerYear: payout, Rating: decimal.MustParse("4.8"), RatingMonths: 6, Partner: "p"}, Policy: "p", Calendar: "c", Clock: clock,
		},
		"TicketInput, least": protocol.TicketInput{Store: "s", Order: "o", Topic: rules.TopicOther, Policy: "p", Calendar: "c"},
		"TicketResult":       protocol.TicketResult{Outcome: rules.TicketDone, TicketID: "T1", At: at},
		"TicketUpdate":       protocol.TicketUpdate{Fields: map[rules.TicketField]string{rules.FieldLastFour: "0042"}, Close: true, By: "wang.li"},
		"TicketState": protocol.TicketState{
			Status: rules.TicketIncomplete, Channel: rules.ChannelTicket, Missing: []rules.TicketField{rules.FieldScreenshot}, FileAt: at, Message: protocol.Bilingual{ZH: "缺", EN: "lacks"},
		},
		"OrderRef": protocol.OrderRef{Store: "s", Order: "o"},
		"LogisticsRequest": protocol.LogisticsRequest{
			Key: "k", Store: "s", Order: "o", Service: "CAINIAO_STANDARD", Others: []string{"700001"}, OrderParam: json.RawMessage(`{}`),
		},
		"Logistics":          protocol.Logistics{ID: "700001", Number: "LP1"},
		"Logistics, pending": protocol.Logistics{Pending: true},
		"WaybillRequest":     protocol.WaybillRequest{Store: "s", Order: "o", LogisticsID: "700001"},
		"EvidenceOf":         protocol.EvidenceOf{Store: "s", Order: "o", TrackingNumber: "LP1", Originals: evidence, Now: at},
		"DeclareRequest": protocol.DeclareRequest{
			Key: "k", Store: "s", Order: "o", Number: "LP2", Service: "CAINIAO_STANDARD", Part: true, OldNumber: "LP1", OldService: "CAINIAO_ECONOMY",
		},
		"Declared":          protocol.Declared{Refused: &protocol.Refused{Code: rules.NoticeNumberRefused, Reason: "no"}},
		"Declared, pending": protocol.Declared{Pending: true},
		"event of type shipment.recorded": event(rules.TypeShipmentRecorded, at, &rules.ShipmentRecorded{
			TrackingNumber: "LP2", Carrier: "CAINIAO", ServiceCode: "CAINIAO_STANDARD", RecordedAt: at, ShippedAt: at, TraceAlert: true, Replaces: "LP1",
		}),
		"OrdersInput":               protocol.OrdersInput{Platform: "aliexpress", Store: "s", Order: "o", FirstDays: 30, Clock: clock},
		"OrdersInput, least":        protocol.OrdersInput{Platform: "aliexpress", Store: "s"},
		"OrdersResult":              protocol.OrdersResult{Listed: 3, Read: 2, Failed: 1},
		"DiagnoseRequest":           protocol.DiagnoseRequest{Parcel: parcel, Told: "17track", Now: at},
		"DiagnoseResult":            protocol.DiagnoseResult{Findings: []rules.FindingCode{rules.FindingBehind}, Told: true},
		"SweepInput":                protocol.SweepInput{Service: "17track", Clock: clock},
		"SweepResult":               protocol.SweepResult{Asked: 3, Rows: 2, Failed: 1, Compare: []protocol.Parcel{parcel}},
		"event of type claim.filed": event(rules.TypeClaimFiled, at, &rules.ClaimFiled{TrackingNumber: "LP1", When: at, ClaimID: "C1", Case: &filed, Originals: originals}),
		"event of type exception.confirmed": event(rules.TypeConfirmed, at, &rules.Confirmed{
			TrackingNumber: "LP1", Kind: rules.KindLost, When: at, By: "wang.li", Note: "n",
		}),
		"event of type tracking.updated": event(rules.TypeTrackingUpdated, at, &rules.TrackingUpdated{TrackingNumber: "LP1", Rows: []rules.Row{{
			At: at, Milestone: rules.Delivered, Location: "Gdańsk", Description: "d", SignedBy: "Ana", Authorised: true, Source: rules.FromCarrier,
		}}}),
		"event of type claim.appealed": event(rules.TypeClaimAppealed, at, &rules.ClaimFact{ClaimID: "C1", When: at, Amount: payout, Originals: originals}),
	}
}

func event(kind rules.EventType, at time.Time, data rules.Data) json.RawMessage {
	raw, err := protocol.EncodeEvent(rules.Event{Source: "parcelward/story/x", ID: "file", Type: kind, Store: "s", Order: "o", Time: at, Data: data})
	if err != nil {
		panic(err)
	}
	return json.RawMessage(raw)
}

// TestGolden keeps every DTO's JSON: running workflows hold it for half a year.
func TestGolden(t *testing.T) {
	t.Parallel()
	const file = "testdata/golden.json"
	got, err := json.MarshalIndent(everything(), "", " ")
	require.NoError(t, err)
	got = append(got, '\n')
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "write it with: go test ./internal/protocol -update")
	require.Equal(t, string(want), string(got))
}

// What is encoded decodes to the same.
func TestGoldenDecodes(t *testing.T) {
	t.Parallel()
	for name, v := range everything() {
		if strings.HasPrefix(name, "event") {
			e, err := protocol.DecodeEvent(v.(json.RawMessage))
			require.NoError(t, err, name)
			again, err := protocol.EncodeEvent(e)
			require.NoError(t, err, name)
			require.JSONEq(t, string(v.(json.RawMessage)), string(again), name)
			continue
		}
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		again := newOf(v)
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		require.NoError(t, dec.Decode(again), name)
		back, err := json.Marshal(again)
		require.NoError(t, err)
		require.JSONEq(t, string(raw), string(back), name)
	}
}
