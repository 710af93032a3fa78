package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/boombuler/barcode/code128"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// waybillFile draws a waybill of 800 x 600 with a Code 128.
func waybillFile(t *testing.T, number string) string {
	t.Helper()
	code, err := code128.Encode(number)
	require.NoError(t, err)
	img := image.NewGray(image.Rect(0, 0, 800, 600))
	for i := range img.Pix {
		img.Pix[i] = 240
	}
	for x := range code.Bounds().Dx() * 3 {
		if r, _, _, _ := code.At(x/3, 0).RGBA(); r == 0 {
			for y := 200; y < 300; y++ {
				img.Pix[y*800+150+x] = 20
			}
		}
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	name := filepath.Join(t.TempDir(), "waybill.png")
	require.NoError(t, os.WriteFile(name, b.Bytes(), 0o600))
	return name
}

func checked(t *testing.T, args ...string) (status int, r checkResult) {
	t.Helper()
	status, out, errs := starter(t, "", append([]string{"evidence", "check"}, args...)...)
	require.NoError(t, json.Unmarshal([]byte(out), &r), errs)
	for _, f := range r.Findings {
		assert.NotEmpty(t, f.Code)
		assert.NotEmpty(t, f.ZH)
		assert.NotEmpty(t, f.EN)
	}
	return status, r
}

func TestEvidenceCheck(t *testing.T) {
	file := waybillFile(t, "LP00123456789012")
	status, r := checked(t, "--kind", "waybill", "--tracking-number", "lp-0012345678 9012", file)
	assert.Equal(t, 0, status)
	assert.EqualValues(t, "ready", r.Verdict)
	assert.Equal(t, []string{"LP00123456789012"}, r.Barcodes)
	assert.Len(t, r.Findings, 3, "what was not stated is told")

	status, r = checked(t, "--kind", "waybill", "--tracking-number", "LP00123456789012", "--given", "ship_date=2026-01-05",
		"--given", "weight_kg=0.4", "--given", "volume_cm3=900", file)
	assert.Equal(t, 0, status)
	assert.Empty(t, r.Findings)

	status, r = checked(t, "--kind", "waybill", "--tracking-number", "LP00123456789012", "--given", "ship_date=2026-01-05", file)
	assert.Equal(t, exitFailed, status, "who states something is asked for all of it")
	assert.EqualValues(t, "look", r.Verdict)

	status, r = checked(t, "--kind", "waybill", "--tracking-number", "LP00123456789013", file)
	assert.Equal(t, exitFailed, status)
	assert.EqualValues(t, "refused", r.Verdict)
	assert.EqualValues(t, "number-differs", r.Findings[0].Code)

	status, r = checked(t, "--kind", "waybill", "--tracking-number", "LP00123456789013", "--also", "lp 00123456789012", file)
	assert.Equal(t, 0, status, "a further number of the parcel is as good")
	assert.EqualValues(t, "ready", r.Verdict)

	status, out, _ := starter(t, "", "evidence", "check", "--kind", "waybill", "--tracking-number", "LP1", "main.go")
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, out, `{"verdict":"refused","barcodes":[],"findings":[{"code":"form-not-taken"`)
}

// With the order's events its items, payment and trace are compared.
func TestEvidenceCheckWithOrder(t *testing.T) {
	dir := t.TempDir()
	events := filepath.Join(dir, "events.ndjson")
	money := `{"amount":"1.00","currency":"USD"}`
	require.NoError(t, os.WriteFile(events, []byte(
		`{"specversion":"1.0","id":"1","source":"t","type":"order.created","subject":"cn-1/8190001","time":"2026-01-04T02:00:00Z","data":{"created_at":"2026-01-04T02:00:00Z","buyer":{"name":"B","country":"DE"},"category":"standard","service_code":"CAINIAO_STANDARD","free_shipping":true,"amount_paid":`+money+`,"freight":`+money+`,"commission":`+money+`,"tax":`+money+`,"items":[{"sku":"RED-01","quantity":2,"price":`+money+`}]}}`+"\n\n"+
			`{"specversion":"1.0","id":"2","source":"t","type":"order.paid","subject":"cn-1/8190001","time":"2026-01-04T03:00:00Z","data":{"paid_at":"2026-01-04T03:00:00Z"}}`+"\n"+
			`{"specversion":"1.0","id":"3","source":"t","type":"shipment.recorded","subject":"cn-1/8190001","time":"2026-01-04T04:00:00Z","data":{"tracking_number":"LP1","carrier":"cainiao","service_code":"CAINIAO_STANDARD","recorded_at":"2026-01-04T04:00:00Z","shipped_at":"2026-01-04T04:00:00Z","trace_alert":false}}`+"\n"+
			`{"specversion":"1.0","id":"4","source":"t","type":"tracking.updated","subject":"cn-1/8190001","time":"2026-01-06T08:00:00Z","data":{"tracking_number":"LP1","events":[{"at":"2026-01-06T08:00:00Z","milestone":"picked_up","source":"carrier"}]}}`+"\n"), 0o600))
	record := filepath.Join(dir, "record.csv")
	write := func(time string) {
		require.NoError(t, os.WriteFile(record, []byte("订单号,运单号,SKU,数量,出库时间\n8190001,LP1,RED-01,2,"+time+"\n"), 0o600))
	}
	args := []string{"--kind", "outbound_record", "--tracking-number", "LP1", "--order-file", events, record}
	write("2026-01-06 15:59:59")
	status, r := checked(t, args...)
	assert.Equal(t, 0, status)
	assert.EqualValues(t, "ready", r.Verdict)
	write("2026-01-06 16:00:00")
	status, r = checked(t, args...)
	assert.Equal(t, exitFailed, status)
	assert.EqualValues(t, "outbound-after-first-scan", r.Findings[0].Code)
	status, r = checked(t, "--kind", "outbound_record", "--tracking-number", "LP1", record)
	assert.Equal(t, exitFailed, status)
	assert.EqualValues(t, "look", r.Verdict, "without the order nothing can be compared")
	var codes []string
	for _, f := range r.Findings {
		codes = append(codes, string(f.Code))
	}
	assert.Contains(t, codes, "order-not-compared")
	messages := filepath.Join(dir, "messages.json")
	require.NoError(t, os.WriteFile(messages, []byte(`{"messages":[{"id":"1","from":"buyer","at":"2026-02-01T10:00:00Z","order":"8190001","text":"I have not received my parcel"}]}`), 0o600))
	inbox := []string{"--kind", "buyer_messages", "--tracking-number", "LP1", "--source", "platform", messages}
	status, r = checked(t, inbox...)
	assert.Equal(t, exitFailed, status)
	assert.EqualValues(t, "look", r.Verdict)
	assert.EqualValues(t, "order-not-compared", r.Findings[0].Code)
	status, r = checked(t, append(inbox, "--order-file", events)...)
	assert.Equal(t, 0, status, r)
}

func TestEvidenceCheckUsage(t *testing.T) {
	file := waybillFile(t, "LP1")
	for name, c := range map[string]struct {
		status int
		args   []string
		says   string
	}{
		"kind":   {exitUsage, []string{"--kind", "x", file}, `--kind "x": expected one of waybill`},
		"given":  {exitUsage, []string{"--kind", "waybill", "--given", "colour=red", file}, "--given colour: expected one of ship_date"},
		"number": {exitUsage, []string{"--kind", "waybill", "--tracking-number", "--", file}, "expected"},
		"also":   {exitUsage, []string{"--kind", "waybill", "--tracking-number", "LP1", "--also", "--", file}, "--also"},
		"alone":  {exitUsage, []string{"--kind", "waybill", "--also", "LP1", file}, "beside it"},
		"file":   {exitFailed, []string{"--kind", "waybill", file + "x"}, "no such file"},
		"order":  {exitFailed, []string{"--kind", "waybill", "--order-file", file, file}, "waybill.png:1:"},
		"policy": {exitFailed, []string{"--kind", "waybill", "--policy", file, file}, "waybill.png"},
	} {
		status, _, errs := starter(t, "", append([]string{"evidence", "check"}, c.args...)...)
		assert.Equal(t, c.status, status, name)
		assert.Contains(t, errs, c.says, name)
	}
}
