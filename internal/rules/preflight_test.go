package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

func preflightRules(t *testing.T) rules.Ruleset {
	t.Helper()
	book, err := policy.Embedded()
	require.NoError(t, err)
	return rules.Ruleset{Pack: book.InForce("aliexpress", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
}

const lp = "LP00123456789012"

// The order of these tests: paid on the 4th, outbound on the 5th, first scan on the 6th.
var (
	created   = time.Date(2026, 1, 4, 2, 0, 0, 0, time.UTC)
	paid      = time.Date(2026, 1, 4, 3, 0, 0, 0, time.UTC)
	sent      = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	firstScan = time.Date(2026, 1, 6, 8, 0, 0, 0, time.UTC)
	delivered = time.Date(2026, 1, 20, 8, 0, 0, 0, time.UTC)
)

func sharpPicture() *rules.PictureSight {
	return &rules.PictureSight{Width: 1600, Height: 1200, Sharpness: 120, Dark: 20, Light: 220}
}

// perfect is an original of a kind with which nothing is wrong.
func perfect(kind rules.EvidenceKind) (rules.PreflightOf, rules.Sight) {
	of := rules.PreflightOf{
		Kind: kind, Source: "upload", Order: "8190001", Numbers: []string{lp}, CreatedAt: created, PaidAt: paid,
		SentAt: sent, FirstScan: firstScan, Moved: true, DisputeFrom: delivered, DisputeTo: delivered.Add(15 * 24 * time.Hour),
		AddressHash: rules.AddressHash("BR", "SP", "São Paulo", "Rua A 12", "01000-000"),
		Items:       []rules.Item{{SKU: "RED-01", Quantity: 2}, {SKU: "BLUE", Quantity: 1}},
		Given:       map[string]string{},
	}
	s := rules.Sight{
		MediaType: "image/jpeg", Form: policy.FormPicture, Picture: sharpPicture(),
		Barcodes: []rules.Barcode{{Format: rules.BarcodeCode128, Text: lp, Votes: 9}},
	}
	switch kind {
	case rules.EvidenceWaybill:
		of.Given = map[string]string{"ship_date": "2026-01-05", "weight_kg": "0.42", "volume_cm3": "900"}
	case rules.EvidenceShippingLabel:
		of.Given["recipient_address"] = "BR SP São Paulo, Rua A, 12 - 01000-000"
	case rules.EvidenceOutbound:
		at := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
		s = rules.Sight{MediaType: "text/csv", Form: policy.FormTable, Outbound: []rules.OutboundRow{
			{At: at, Order: "8190001", Number: lp, SKU: "red-01", Quantity: 2},
			{At: at, Order: "8190001", Number: lp, SKU: "BLUE", Quantity: 1},
			{At: at.Add(99 * time.Hour), Order: "8190002", SKU: "OTHER", Quantity: 1},
		}}
	case rules.EvidenceMessages:
		of.Source = rules.SourcePlatform
		s = rules.Sight{MediaType: "application/json", Form: policy.FormMessages, Messages: []rules.Message{
			{ID: "1", From: rules.FromBuyer, At: delivered, Order: "8190001", Text: "I have NOT  received my package!"},
		}}
	case rules.EvidenceRefusal:
		of.Given["taken_at"] = "2026-01-22T10:00:00-03:00"
	case rules.EvidencePickup:
		of.Given["picked_up_at"] = "2026-01-06T16:00:00+08:00"
	case rules.EvidenceClearance, rules.EvidenceQualityReport:
		s = rules.Sight{MediaType: "application/pdf", Form: policy.FormDocument, Pages: 1, Picture: sharpPicture()}
	case rules.EvidenceOrderDetail:
		s = rules.Sight{MediaType: "text/plain", Form: policy.FormText, Text: "x"}
	default: // a picture
	}
	return of, s
}

func TestPreflightReady(t *testing.T) {
	t.Parallel()
	rs := preflightRules(t)
	for _, kind := range rules.EvidenceKinds() {
		of, s := perfect(kind)
		p := rs.Preflight(of, &s)
		assert.Equal(t, rules.VerdictReady, p.Verdict, "%s: %+v", kind, p.Findings)
		assert.Empty(t, p.Findings, kind)
		for _, code := range []rules.UnseenCode{rules.UnseenDamaged, rules.UnseenVideo, rules.UnseenTime, rules.UnseenRows} {
			_, s := perfect(kind)
			s.Unseen = []rules.Unseen{{Code: code}}
			p := rs.Preflight(of, &s)
			assert.NotEqual(t, rules.VerdictReady, p.Verdict, "%s passes in silence with %s", kind, code)
		}
		_, s = perfect(kind)
		s.Form = ""
		p = rs.Preflight(of, &s)
		assert.Equal(t, rules.VerdictRefused, p.Verdict)
		assert.True(t, p.Has(rules.PreflightForm))
	}
}

// Each case spoils a perfect original in one way.
func TestPreflightFindings(t *testing.T) {
	t.Parallel()
	rs := preflightRules(t)
	type of = rules.PreflightOf
	type sight = rules.Sight
	seen := map[rules.PreflightCode]bool{}
	for _, c := range []struct {
		name    string
		kind    rules.EvidenceKind
		spoil   func(*of, *sight)
		code    rules.PreflightCode
		verdict rules.Verdict
	}{
		{"video for a waybill", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Form = policy.FormVideo }, rules.PreflightForm, rules.VerdictRefused},
		{"encrypted", rules.EvidenceClearance, func(_ *of, s *sight) { s.Unseen = []rules.Unseen{{Code: rules.UnseenEncrypted}} }, rules.PreflightUnread, rules.VerdictRefused},
		{"too large", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Unseen = []rules.Unseen{{Code: rules.UnseenTooLarge}} }, rules.PreflightUnread, rules.VerdictRefused},
		{"a video is not looked into", rules.EvidenceRefusal, func(_ *of, s *sight) {
			*s = sight{Form: policy.FormVideo, Unseen: []rules.Unseen{{Code: rules.UnseenVideo}}}
		}, rules.PreflightUnseen, rules.VerdictLook},
		{"a drawn report", rules.EvidenceQualityReport, func(_ *of, s *sight) {
			s.Picture, s.Unseen = nil, []rules.Unseen{{Code: rules.UnseenDrawn}}
		}, rules.PreflightUnseen, rules.VerdictLook},

		{"299 pixels", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Picture.Height = 299 }, rules.PreflightSmall, rules.VerdictRefused},
		{"300 pixels", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Picture.Height = 300 }, rules.PreflightSmall, rules.VerdictLook},
		{"479 pixels", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Picture.Width = 479 }, rules.PreflightSmall, rules.VerdictLook},
		{"480 pixels", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Picture.Height = 480 }, "", rules.VerdictReady},
		{"a document's small picture", rules.EvidenceClearance, func(_ *of, s *sight) { s.Picture.Height = 100 }, rules.PreflightSmall, rules.VerdictLook},
		{"sharpness 7.9", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Picture.Sharpness = 7.9 }, rules.PreflightBlurred, rules.VerdictRefused},
		{"sharpness 8", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Picture.Sharpness = 8 }, rules.PreflightBlurred, rules.VerdictLook},
		{"sharpness 19.9", rules.EvidenceProductPhotos, func(_ *of, s *sight) { s.Picture.Sharpness = 19.9 }, rules.PreflightBlurred, rules.VerdictLook},
		{"sharpness 20", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Picture.Sharpness = 20 }, "", rules.VerdictReady},
		{"contrast 59", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Picture.Dark, s.Picture.Light = 100, 159 }, rules.PreflightFaint, rules.VerdictLook},
		{"contrast 60", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Picture.Dark, s.Picture.Light = 100, 160 }, "", rules.VerdictReady},

		{"no barcode", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Barcodes = nil }, rules.PreflightNoNumber, rules.VerdictLook},
		{"another number", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Barcodes[0].Text = "LP00123456789013" }, rules.PreflightOtherNumber, rules.VerdictRefused},
		{"another number on a label", rules.EvidenceShippingLabel, func(_ *of, s *sight) { s.Barcodes[0].Text = "RX123456785CN" }, rules.PreflightOtherNumber, rules.VerdictRefused},
		{"a short code beside", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Barcodes[0].Text = "A-12" }, rules.PreflightNoNumber, rules.VerdictLook},
		{"the number among several", rules.EvidenceWaybill, func(_ *of, s *sight) {
			s.Barcodes = append([]rules.Barcode{{Format: rules.BarcodeCode128, Text: "8190001"}}, s.Barcodes...)
		}, "", rules.VerdictReady},
		{"an alias", rules.EvidenceWaybill, func(o *of, _ *sight) { o.Numbers = []string{"RX123456785CN", lp} }, "", rules.VerdictReady},
		{"spelt with spaces", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Barcodes[0].Text = "lp 0012 3456 7890 12" }, "", rules.VerdictReady},
		{"in a QR code", rules.EvidenceWaybill, func(_ *of, s *sight) {
			s.Barcodes = []rules.Barcode{{Format: rules.BarcodeQR, Text: "https://t.example/?no=" + lp + "&x=1"}}
		}, "", rules.VerdictReady},
		{"a QR code of something else", rules.EvidenceWaybill, func(_ *of, s *sight) {
			s.Barcodes = []rules.Barcode{{Format: rules.BarcodeQR, Text: "https://t.example/" + lp + "9"}}
		}, rules.PreflightNoNumber, rules.VerdictLook},
		{"behind a postal code", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Barcodes[0].Text = "42055603" + lp }, "", rules.VerdictReady},
		{"behind a long postal code", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Barcodes[0].Text = "420556039000" + lp }, "", rules.VerdictReady},
		{"another number beside it", rules.EvidenceWaybill, func(_ *of, s *sight) {
			s.Barcodes = append(s.Barcodes, rules.Barcode{Format: rules.BarcodeCode128, Text: "LP00123456789013"})
		}, rules.PreflightBeside, rules.VerdictLook},
		{"another number before it", rules.EvidenceShippingLabel, func(_ *of, s *sight) {
			s.Barcodes = append([]rules.Barcode{{Format: rules.BarcodeCode128, Text: "RX123456785CN"}}, s.Barcodes...)
		}, rules.PreflightBeside, rules.VerdictLook},
		{"a longer number beside it", rules.EvidenceWaybill, func(_ *of, s *sight) {
			s.Barcodes = append(s.Barcodes, rules.Barcode{Format: rules.BarcodeCode128, Text: lp + "9"})
		}, rules.PreflightBeside, rules.VerdictLook},
		{"what real labels bear beside it", rules.EvidenceWaybill, func(o *of, s *sight) {
			o.Order = "8190001234567890"
			for _, text := range []string{o.Order, "42055603", "420556039000", "DE-FRA-0815", "PLZ60311", "CN44 A12", "42055603" + lp, "0060311" + lp + "136276"} {
				s.Barcodes = append(s.Barcodes, rules.Barcode{Format: rules.BarcodeCode128, Text: text})
			}
			for _, text := range []string{"FRA-0815", "https://t.example/RX123456785CN", `{"no":"RX123456785CN"}`, o.Order} {
				s.Barcodes = append(s.Barcodes, rules.Barcode{Format: rules.BarcodeQR, Text: text})
			}
		}, "", rules.VerdictReady},
		{"a QR code of another number", rules.EvidenceWaybill, func(_ *of, s *sight) {
			s.Barcodes = []rules.Barcode{{Format: rules.BarcodeQR, Text: " rx 1234 5678 5-CN"}}
		}, rules.PreflightOtherNumber, rules.VerdictRefused},
		{"a QR code of another number beside it", rules.EvidenceWaybill, func(_ *of, s *sight) {
			s.Barcodes = append(s.Barcodes, rules.Barcode{Format: rules.BarcodeQR, Text: "RX123456785CN"})
		}, rules.PreflightBeside, rules.VerdictLook},
		{"as a document's text", rules.EvidenceWaybill, func(_ *of, s *sight) {
			*s = sight{Form: policy.FormDocument, Text: "Tracking: LP001 2345 6789 012.", Unseen: []rules.Unseen{{Code: rules.UnseenDrawn}}}
		}, rules.PreflightInText, rules.VerdictLook},
		{"as a document's text beside a postal code", rules.EvidenceWaybill, func(_ *of, s *sight) {
			s.Form, s.Text, s.Barcodes[0].Text = policy.FormDocument, lp, "42055603"
		}, rules.PreflightInText, rules.VerdictLook},
		{"a document's text against its barcode", rules.EvidenceWaybill, func(_ *of, s *sight) {
			s.Form, s.Text, s.Barcodes[0].Text = policy.FormDocument, "Tracking: "+lp, "LP00123456789013"
		}, rules.PreflightOtherNumber, rules.VerdictRefused},
		{"a document without it", rules.EvidenceWaybill, func(_ *of, s *sight) {
			*s = sight{Form: policy.FormDocument, Text: "LP001234567890123", Unseen: []rules.Unseen{{Code: rules.UnseenDrawn}}}
		}, rules.PreflightNoNumber, rules.VerdictLook},
		{"readings that differ", rules.EvidenceWaybill, func(_ *of, s *sight) { s.Barcodes, s.Unsure = nil, []string{lp, "LP1"} }, rules.PreflightUnsure, rules.VerdictLook},
		{"no number to compare with", rules.EvidenceWaybill, func(o *of, _ *sight) { o.Numbers = nil }, rules.PreflightNotCompared, rules.VerdictLook},

		{"no ship date", rules.EvidenceWaybill, func(o *of, _ *sight) { delete(o.Given, "ship_date") }, rules.PreflightNoShipDate, rules.VerdictLook},
		{"no weight", rules.EvidenceWaybill, func(o *of, _ *sight) { delete(o.Given, "weight_kg") }, rules.PreflightNoWeight, rules.VerdictLook},
		{"no volume", rules.EvidenceWaybill, func(o *of, _ *sight) { delete(o.Given, "volume_cm3") }, rules.PreflightNoVolume, rules.VerdictLook},
		{"nobody was asked", rules.EvidenceWaybill, func(o *of, _ *sight) { o.Given = nil }, rules.PreflightNoWeight, rules.VerdictReady},
		{"weight of nothing", rules.EvidenceWaybill, func(o *of, _ *sight) { o.Given["weight_kg"] = "0" }, rules.PreflightGiven, rules.VerdictLook},
		{"no date", rules.EvidenceWaybill, func(o *of, _ *sight) { o.Given["ship_date"] = "5.1.2026" }, rules.PreflightGiven, rules.VerdictLook},
		{"shipped before the order", rules.EvidenceWaybill, func(o *of, _ *sight) { o.Given["ship_date"] = "2026-01-03" }, rules.PreflightShipDate, rules.VerdictLook},
		{"shipped on the order's day", rules.EvidenceWaybill, func(o *of, _ *sight) { o.Given["ship_date"] = "2026-01-04" }, "", rules.VerdictReady},
		{"shipped on the first scan's day", rules.EvidenceWaybill, func(o *of, _ *sight) { o.Given["ship_date"] = "2026-01-06" }, "", rules.VerdictReady},
		{"shipped after the first scan", rules.EvidenceWaybill, func(o *of, _ *sight) { o.Given["ship_date"] = "2026-01-07" }, rules.PreflightShipDate, rules.VerdictLook},

		{"a picture of a record", rules.EvidenceOutbound, func(_ *of, s *sight) { *s = sight{Form: policy.FormPicture, Picture: sharpPicture()} }, rules.PreflightOutboundPicture, rules.VerdictLook},
		{"a picture with what it shows", rules.EvidenceOutbound, func(o *of, s *sight) {
			*s = sight{Form: policy.FormPicture, Picture: sharpPicture()}
			o.Given = map[string]string{"skus": "RED-01=2,PINK=1", "recorded_at": "2026-01-05T08:00:00Z"}
		}, rules.PreflightSKUOther, rules.VerdictRefused},
		{"another order's", rules.EvidenceOutbound, func(o *of, _ *sight) { o.Order = "8190009" }, rules.PreflightOutboundNone, rules.VerdictRefused},
		{"no time stamp", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound[1].At = time.Time{} }, rules.PreflightOutboundTime, rules.VerdictRefused},
		{"1 s before the first scan", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound[0].At = firstScan.Add(-time.Second) }, "", rules.VerdictReady},
		{"at the first scan", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound[0].At = firstScan }, rules.PreflightOutboundLate, rules.VerdictRefused},
		{"1 s after the first scan", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound[0].At = firstScan.Add(time.Second) }, rules.PreflightOutboundLate, rules.VerdictRefused},
		{"1 s before the order", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound[0].At = created.Add(-time.Second) }, rules.PreflightOutboundEarly, rules.VerdictLook},
		{"with the order", rules.EvidenceOutbound, func(o *of, s *sight) {
			o.CreatedAt, s.Outbound[0].At = created.Add(time.Millisecond), created // papers show whole seconds
		}, "", rules.VerdictReady},
		{"1 s after the order", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound[0].At = created.Add(time.Second) }, "", rules.VerdictReady},
		{"a record of nobody", rules.EvidenceOutbound, func(_ *of, s *sight) {
			s.Outbound = s.Outbound[:2]
			for i := range s.Outbound {
				s.Outbound[i].Order, s.Outbound[i].Number = "", ""
			}
		}, rules.PreflightOutboundNameless, rules.VerdictLook},
		{"a row of nobody", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound[1].Order, s.Outbound[1].Number = "", "" }, rules.PreflightOutboundNameless, rules.VerdictLook},
		{"rows of the parcel", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound[0].Order, s.Outbound[1].Order = "", "" }, "", rules.VerdictReady},
		{"a record without an order to compare with", rules.EvidenceOutbound, func(o *of, s *sight) {
			o.Order, s.Outbound = "", s.Outbound[:2]
		}, rules.PreflightNoOrder, rules.VerdictLook},
		{"no trace", rules.EvidenceOutbound, func(o *of, _ *sight) { o.Moved, o.FirstScan = false, time.Time{} }, rules.PreflightOutboundScan, rules.VerdictLook},
		{"never scanned", rules.EvidenceOutbound, func(o *of, _ *sight) { o.FirstScan = time.Time{} }, "", rules.VerdictReady},
		{"items not known", rules.EvidenceOutbound, func(o *of, _ *sight) { o.Items = nil }, rules.PreflightSKUsUnknown, rules.VerdictLook},
		{"a SKU is missing", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound = s.Outbound[:1] }, rules.PreflightSKUMissing, rules.VerdictRefused},
		{"a SKU too many", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound[2].Order = "8190001" }, rules.PreflightSKUOther, rules.VerdictRefused},
		{"a quantity differs", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound[0].Quantity = 3 }, rules.PreflightQuantity, rules.VerdictRefused},
		{"a quantity is not shown", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound[0].Quantity = 0 }, rules.PreflightQuantity, rules.VerdictLook},
		{"no columns", rules.EvidenceOutbound, func(_ *of, s *sight) { s.Outbound, s.Unseen = nil, []rules.Unseen{{Code: rules.UnseenColumns}} }, rules.PreflightOutboundPicture, rules.VerdictLook},

		{"a person's messages", rules.EvidenceMessages, func(o *of, _ *sight) { o.Source = "upload" }, rules.PreflightNotInbox, rules.VerdictLook},
		{"a screenshot", rules.EvidenceMessages, func(_ *of, s *sight) { *s = sight{Form: policy.FormPicture, Picture: sharpPicture()} }, rules.PreflightMessagesText, rules.VerdictLook},
		{"of another order", rules.EvidenceMessages, func(_ *of, s *sight) { s.Messages[0].Order = "8190002" }, rules.PreflightOtherOrder, rules.VerdictRefused},
		{"the seller's only", rules.EvidenceMessages, func(_ *of, s *sight) { s.Messages[0].From = rules.FromSeller }, rules.PreflightNoBuyer, rules.VerdictRefused},
		{"small talk", rules.EvidenceMessages, func(_ *of, s *sight) { s.Messages[0].Text = "hello, dear" }, rules.PreflightNotShown, rules.VerdictLook},
		{"it came later", rules.EvidenceMessages, func(_ *of, s *sight) {
			s.Messages = append(s.Messages, rules.Message{From: rules.FromBuyer, At: delivered.Add(time.Hour), Order: "8190001", Text: "OK I received it, thanks"})
		}, rules.PreflightReceived, rules.VerdictLook},
		{"it did not come after all", rules.EvidenceMessages, func(_ *of, s *sight) {
			s.Messages = append(s.Messages, rules.Message{From: rules.FromBuyer, At: delivered.Add(-time.Hour), Order: "8190001", Text: "I received it"})
		}, "", rules.VerdictReady},

		{"both in one message", rules.EvidenceMessages, func(_ *of, s *sight) {
			s.Messages[0].Text = "I got the package but the second one has not arrived"
		}, rules.PreflightReceived, rules.VerdictLook},
		{"1 s before it was sent", rules.EvidenceMessages, func(_ *of, s *sight) { s.Messages[0].At = sent.Add(-time.Second) }, rules.PreflightEarlyWords, rules.VerdictLook},
		{"as it was sent", rules.EvidenceMessages, func(_ *of, s *sight) { s.Messages[0].At = sent }, "", rules.VerdictReady},
		{"1 s after it was sent", rules.EvidenceMessages, func(_ *of, s *sight) { s.Messages[0].At = sent.Add(time.Second) }, "", rules.VerdictReady},
		{"before the order", rules.EvidenceMessages, func(o *of, s *sight) {
			o.SentAt, s.Messages[0].At = time.Time{}, created.Add(-time.Second)
		}, rules.PreflightEarlyWords, rules.VerdictLook},
		{"before and after it was sent", rules.EvidenceMessages, func(_ *of, s *sight) {
			s.Messages = append([]rules.Message{{From: rules.FromBuyer, At: created, Order: "8190001", Text: "Where is my order? I received it last time"}}, s.Messages...)
		}, "", rules.VerdictReady},
		{"messages without an order to compare with", rules.EvidenceMessages, func(o *of, _ *sight) { o.Order = "" }, rules.PreflightNoOrder, rules.VerdictLook},

		{"no time mark", rules.EvidenceRefusal, func(o *of, _ *sight) { o.Given = nil }, rules.PreflightNoTimeMark, rules.VerdictLook},
		{"1 s before the period", rules.EvidenceRefusal, func(o *of, _ *sight) { o.Given["taken_at"] = "2026-01-20T07:59:59Z" }, rules.PreflightTimeMark, rules.VerdictRefused},
		{"as the period begins", rules.EvidenceRefusal, func(o *of, _ *sight) { o.Given["taken_at"] = "2026-01-20T08:00:00Z" }, "", rules.VerdictReady},
		{"as the period ends", rules.EvidenceRefusal, func(o *of, _ *sight) { o.Given["taken_at"] = "2026-02-04T08:00:00Z" }, "", rules.VerdictReady},
		{"1 s after the period", rules.EvidenceRefusal, func(o *of, _ *sight) { o.Given["taken_at"] = "2026-02-04T08:00:01Z" }, rules.PreflightTimeMark, rules.VerdictRefused},
		{"the camera's time", rules.EvidenceRefusal, func(o *of, s *sight) {
			o.Given, s.TakenAt, s.TakenAtZone = nil, delivered, true
		}, "", rules.VerdictReady},
		{"the camera's, without a zone, near the edge", rules.EvidenceRefusal, func(o *of, s *sight) { o.Given, s.TakenAt = nil, delivered }, rules.PreflightMarkZone, rules.VerdictLook},
		{"the camera's, without a zone, inside", rules.EvidenceRefusal, func(o *of, s *sight) { o.Given, s.TakenAt = nil, delivered.Add(48*time.Hour) }, "", rules.VerdictReady},
		{"1 h from the camera's time", rules.EvidenceRefusal, func(_ *of, s *sight) {
			s.TakenAt, s.TakenAtZone = time.Date(2026, 1, 22, 12, 0, 0, 0, time.UTC), true
		}, "", rules.VerdictReady},
		{"1 h and 1 s from the camera's time", rules.EvidenceRefusal, func(_ *of, s *sight) {
			s.TakenAt, s.TakenAtZone = time.Date(2026, 1, 22, 11, 59, 59, 0, time.UTC), true
		}, rules.PreflightTimesDiffer, rules.VerdictLook},
		{"1 h and 1 s from the vault's time", rules.EvidenceRefusal, func(o *of, _ *sight) {
			o.TakenAt = time.Date(2026, 1, 22, 14, 0, 1, 0, time.UTC)
		}, rules.PreflightTimesDiffer, rules.VerdictLook},
		{"a day from a camera without a zone", rules.EvidenceRefusal, func(_ *of, s *sight) {
			s.TakenAt = time.Date(2026, 1, 21, 13, 0, 0, 0, time.UTC)
		}, rules.PreflightTimesDiffer, rules.VerdictLook},
		{"hours from a camera without a zone", rules.EvidenceRefusal, func(_ *of, s *sight) {
			s.TakenAt = time.Date(2026, 1, 22, 2, 0, 0, 0, time.UTC)
		}, "", rules.VerdictReady},
		{"no period", rules.EvidenceRefusal, func(o *of, _ *sight) { o.DisputeFrom = time.Time{} }, rules.PreflightPeriod, rules.VerdictLook},
		{"another parcel's label", rules.EvidenceRefusal, func(_ *of, s *sight) { s.Barcodes[0].Text = "RX123456785CN" }, rules.PreflightOtherNumber, rules.VerdictRefused},
		{"no label", rules.EvidenceRefusal, func(_ *of, s *sight) { s.Barcodes = nil }, rules.PreflightNoNumber, rules.VerdictLook},

		{"no pick-up time", rules.EvidencePickup, func(o *of, _ *sight) { o.Given = nil }, rules.PreflightNoPickup, rules.VerdictRefused},
		{"no pick-up time, taken at 72 h", rules.EvidencePickup, func(o *of, _ *sight) { o.Given = map[string]string{"taken_at": "2026-01-07T03:00:00Z"} }, rules.PreflightNoPickup, rules.VerdictLook},
		{"no pick-up time, taken 1 s later", rules.EvidencePickup, func(o *of, _ *sight) { o.Given = map[string]string{"taken_at": "2026-01-07T03:00:01Z"} }, rules.PreflightNoPickup, rules.VerdictRefused},
		{"no pick-up time, the camera's clock", rules.EvidencePickup, func(o *of, s *sight) { o.Given, s.TakenAt, s.TakenAtZone = nil, paid, true }, rules.PreflightNoPickup, rules.VerdictLook},
		{"no pick-up time, a clock without a zone", rules.EvidencePickup, func(o *of, s *sight) { o.Given, s.TakenAt = nil, paid }, rules.PreflightNoPickup, rules.VerdictRefused},
		{"a time without offset", rules.EvidencePickup, func(o *of, _ *sight) { o.Given["picked_up_at"] = "2026-01-06T16:00:00" }, rules.PreflightGiven, rules.VerdictLook},
		{"1 s before 72 h", rules.EvidencePickup, func(o *of, _ *sight) { o.Given["picked_up_at"] = "2026-01-07T02:59:59Z" }, "", rules.VerdictReady},
		{"at 72 h", rules.EvidencePickup, func(o *of, _ *sight) { o.Given["picked_up_at"] = "2026-01-07T03:00:00Z" }, "", rules.VerdictReady},
		{"1 s after 72 h", rules.EvidencePickup, func(o *of, _ *sight) { o.Given["picked_up_at"] = "2026-01-07T03:00:01Z" }, rules.PreflightLatePickup, rules.VerdictRefused},
		{"picked up 1 s before the order", rules.EvidencePickup, func(o *of, _ *sight) { o.Given["picked_up_at"] = "2026-01-04T01:59:59Z" }, rules.PreflightPickupEarly, rules.VerdictRefused},
		{"picked up with the order", rules.EvidencePickup, func(o *of, _ *sight) { o.Given["picked_up_at"] = "2026-01-04T02:00:00Z" }, "", rules.VerdictReady},
		{"a screenshot from before the order", rules.EvidencePickup, func(o *of, _ *sight) {
			o.Given = map[string]string{"taken_at": "2026-01-04T01:59:59Z"}
		}, rules.PreflightPickupEarly, rules.VerdictRefused},
		{"picked up 1 h after the screenshot", rules.EvidencePickup, func(_ *of, s *sight) {
			s.TakenAt, s.TakenAtZone = firstScan.Add(-time.Hour), true
		}, "", rules.VerdictReady},
		{"picked up 1 h and 1 s after the screenshot", rules.EvidencePickup, func(_ *of, s *sight) {
			s.TakenAt, s.TakenAtZone = firstScan.Add(-time.Hour-time.Second), true
		}, rules.PreflightTimesDiffer, rules.VerdictLook},
		{"picked up after the vault's time", rules.EvidencePickup, func(o *of, _ *sight) { o.TakenAt = firstScan.Add(-2 * time.Hour) }, rules.PreflightTimesDiffer, rules.VerdictLook},
		{"a screenshot of days later", rules.EvidencePickup, func(o *of, s *sight) {
			o.TakenAt, s.TakenAt, s.TakenAtZone = delivered, delivered, true
		}, "", rules.VerdictReady},
		{"taken otherwise than the camera says", rules.EvidencePickup, func(o *of, s *sight) {
			o.Given["taken_at"], s.TakenAt, s.TakenAtZone = "2026-01-07T00:00:00Z", delivered, true
		}, rules.PreflightTimesDiffer, rules.VerdictLook},
		{"another parcel's screenshot", rules.EvidencePickup, func(_ *of, s *sight) { s.Barcodes[0].Text = "RX123456785CN" }, rules.PreflightOtherNumber, rules.VerdictRefused},
		{"a screenshot of two parcels", rules.EvidencePickup, func(_ *of, s *sight) {
			s.Barcodes = append(s.Barcodes, rules.Barcode{Format: rules.BarcodeQR, Text: "RX123456785CN"})
		}, rules.PreflightBeside, rules.VerdictLook},
		{"a screenshot without codes", rules.EvidencePickup, func(_ *of, s *sight) { s.Barcodes = nil }, "", rules.VerdictReady},
		{"a screenshot of a number with none to compare", rules.EvidencePickup, func(o *of, _ *sight) { o.Numbers = nil }, rules.PreflightNotCompared, rules.VerdictLook},
		{"paid not known", rules.EvidencePickup, func(o *of, _ *sight) { o.PaidAt = time.Time{} }, rules.PreflightPaid, rules.VerdictLook},

		{"address not stated", rules.EvidenceShippingLabel, func(o *of, _ *sight) { o.Given = map[string]string{} }, rules.PreflightNoAddress, rules.VerdictLook},
		{"address of the order not known", rules.EvidenceShippingLabel, func(o *of, _ *sight) { o.AddressHash = "" }, rules.PreflightNoAddress, rules.VerdictLook},
		{"another address", rules.EvidenceShippingLabel, func(o *of, _ *sight) { o.Given["recipient_address"] = "BR SP São Paulo, Rua A, 13 - 01000-000" }, rules.PreflightAddress, rules.VerdictRefused},
		{"another address by hash", rules.EvidenceShippingLabel, func(o *of, _ *sight) { o.Given["recipient_address_hash"] = "5f2b" }, rules.PreflightAddress, rules.VerdictRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, s := perfect(c.kind)
			c.spoil(&o, &s)
			p := rs.Preflight(o, &s)
			assert.Equal(t, c.verdict, p.Verdict, "%+v", p.Findings)
			if c.code == "" {
				assert.Empty(t, p.Findings)
				return
			}
			assert.True(t, p.Has(c.code), "%+v", p.Findings)
			assert.Equal(t, c.verdict, p.Findings[0].Verdict, "the worst stands first")
			seen[c.code] = true
		})
	}
	for _, code := range rules.PreflightCodes() {
		assert.True(t, seen[code], "no case finds %s", code)
	}
}

// What an original shows is stated beside its verdict: what a complaint and a dispute compare.
func TestPreflightShows(t *testing.T) {
	t.Parallel()
	rs := preflightRules(t)
	for kind, want := range map[rules.EvidenceKind]time.Time{
		rules.EvidencePickup: time.Date(2026, 1, 6, 8, 0, 0, 0, time.UTC), rules.EvidenceRefusal: time.Date(2026, 1, 22, 13, 0, 0, 0, time.UTC),
		rules.EvidenceWaybill: {}, rules.EvidenceProductPhotos: {},
	} {
		of, s := perfect(kind)
		p := rs.Preflight(of, &s)
		assert.True(t, want.Equal(p.ShownAt), "%s: %s", kind, p.ShownAt)
	}
	hash := rules.AddressHash("BR", "SP", "São Paulo", "Rua A 12", "01000-000")
	for _, kind := range []rules.EvidenceKind{rules.EvidenceShippingLabel, rules.EvidenceWaybill} {
		for key, value := range map[string]string{"recipient_address": "BR, SP, São Paulo, rua A 12; 01000-000", "recipient_address_hash": " " + strings.ToUpper(hash)} {
			of, s := perfect(kind)
			delete(of.Given, "recipient_address")
			delete(of.Given, "recipient_address_hash")
			assert.Empty(t, rs.Preflight(of, &s).AddressHash)
			of.Given[key] = value
			p := rs.Preflight(of, &s)
			assert.Equal(t, hash, p.AddressHash, kind)
			assert.Equal(t, rules.VerdictReady, p.Verdict, "%+v", p.Findings)
		}
	}
	of, s := perfect(rules.EvidenceWaybill)
	of.Given["recipient_address_hash"] = "5f2b"
	p := rs.Preflight(of, &s)
	assert.Equal(t, rules.VerdictReady, p.Verdict, "a claim asks for no address")
	assert.Equal(t, "5f2b", p.AddressHash)
}

func TestReady(t *testing.T) {
	t.Parallel()
	wanted := []string{"waybill", "outbound_record", "buyer_messages"}
	one := func(kind rules.EvidenceKind, v rules.Verdict) rules.Preflight {
		return rules.Preflight{Kind: kind, Verdict: v}
	}
	r := rules.Ready(wanted, nil)
	assert.Equal(t, rules.Readiness{Missing: []rules.EvidenceKind{"waybill", "outbound_record", "buyer_messages"}}, r)
	assert.Equal(t, rules.VerdictRefused, r.Verdict())
	r = rules.Ready(wanted, []rules.Preflight{
		one("waybill", rules.VerdictRefused), one("waybill", rules.VerdictReady), one("waybill", rules.VerdictLook),
		one("outbound_record", rules.VerdictRefused), one("outbound_record", rules.VerdictLook),
		one("buyer_messages", rules.VerdictRefused), one("other", rules.VerdictReady),
	})
	assert.Equal(t, rules.Readiness{
		Ready: []rules.EvidenceKind{"waybill"}, Look: []rules.EvidenceKind{"outbound_record"}, Refused: []rules.EvidenceKind{"buyer_messages"},
	}, r)
	r = rules.Ready(wanted[:2], []rules.Preflight{one("waybill", rules.VerdictReady), one("outbound_record", rules.VerdictLook)})
	assert.Equal(t, rules.VerdictLook, r.Verdict())
	r = rules.Ready(wanted[:1], []rules.Preflight{one("waybill", rules.VerdictReady)})
	assert.Equal(t, rules.VerdictReady, r.Verdict())
}

func TestPreflightFacts(t *testing.T) {
	t.Parallel()
	rs := preflightRules(t)
	f := rules.NewFacts("cn-1", "8190001")
	add := func(id string, typ rules.EventType, at time.Time, d rules.Data) {
		f.Add(rules.Event{Source: "s", ID: id, Type: typ, Store: "cn-1", Order: "8190001", Time: at, Data: d})
	}
	now := delivered.Add(48 * time.Hour)
	add("1", rules.TypeOrderCreated, created, &rules.OrderCreated{
		CreatedAt: created, Buyer: rules.Buyer{Country: "BR", AddressHash: "aa"}, Items: []rules.Item{{SKU: "A", Quantity: 1}, {SKU: "B", Quantity: 2}},
	})
	add("2", rules.TypeOrderPaid, paid, &rules.OrderPaid{PaidAt: paid})
	add("3", rules.TypeShipmentRecorded, paid, &rules.ShipmentRecorded{TrackingNumber: lp, RecordedAt: paid, Items: []rules.Item{{SKU: "A", Quantity: 1}}, Replaces: "OLD1"})
	add("4", rules.TypeTrackingUpdated, delivered, &rules.TrackingUpdated{TrackingNumber: lp, Rows: []rules.Row{
		{At: paid, Milestone: rules.InfoReceived, Source: rules.FromCarrier},
		{At: firstScan, Milestone: rules.PickedUp, Source: rules.FromCarrier},
		{At: delivered, Milestone: rules.Delivered, Source: rules.FromCarrier},
	}})
	add("5", rules.TypeAddressChanged, paid.Add(time.Hour), &rules.AddressChanged{When: paid.Add(time.Hour), AddressHash: "bb"})
	add("6", rules.TypeAddressChanged, now.Add(time.Second), &rules.AddressChanged{When: now.Add(time.Second), AddressHash: "cc"})
	of := rules.PreflightFacts(f, rs, lp, []string{"RX1"}, now)
	assert.Equal(t, rules.PreflightOf{
		Order: "8190001", Numbers: []string{lp, "RX1", "OLD1"}, Items: []rules.Item{{SKU: "A", Quantity: 1}}, CreatedAt: created,
		PaidAt: paid, SentAt: paid, FirstScan: firstScan, Moved: true, DisputeFrom: delivered, DisputeTo: delivered.Add(15 * 24 * time.Hour), AddressHash: "bb",
	}, of)

	whole := rules.PreflightFacts(f, rs, "", nil, now)
	assert.Equal(t, paid, whole.SentAt, "of the order as a whole, since its first parcel is declared")
	none := rules.PreflightFacts(rules.NewFacts("cn-1", "1"), rs, "", nil, now)
	assert.Equal(t, rules.PreflightOf{Order: "1"}, none)
}
