package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/config"
	"parcelward/internal/demo"
	"parcelward/internal/demo/player"
	"parcelward/internal/evidence/casepack"
	"parcelward/internal/evidence/preflight"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// The demo's order with the blurred waybill, from the pack of its claim by the recorded filing to
// the pack of its appeal, over Postgres and a folder of originals.
func TestEvidencePack(t *testing.T) {
	_, db, _, vault := keeping(t)
	known, err := new(config.Shared).Rules()
	require.NoError(t, err)

	const order = "12-blurred-waybill"
	play := demo.New(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	var sharp time.Time // when the last original came
	var steps []demo.Sent
	for _, s := range play.Events {
		switch {
		case s.Upload != nil && s.Upload.Order == order:
			steps, sharp = append(steps, s), s.At
		case s.Event != nil:
			if e, err := protocol.DecodeEvent(s.Event); err == nil && e.Order == order {
				steps = append(steps, s)
			}
		}
	}
	clock := protocol.Clock{Origin: sharp.Add(time.Minute), Start: time.Now(), Speed: 1}
	now := func() time.Time { return clock.Virtual(time.Now()) }
	checker := &preflight.Checker{Vault: vault, Facts: db, Aliases: db, For: known.For, Now: now}
	srv := httptest.NewServer(api.New(api.Options{
		Store: db, Rules: known, Clock: clock, Log: slog.New(slog.DiscardHandler), Vault: vault,
		Packs: &casepack.Maker{Vault: vault, Judge: checker, Facts: db, For: known.For, Now: now},
	}))
	t.Cleanup(srv.Close)
	client := api.Client{Base: srv.URL}
	for i := range steps {
		switch s := &steps[i]; {
		case s.At.After(clock.Origin):
		case s.Event != nil:
			_, err = client.Send(t.Context(), [][]byte{s.Event})
			require.NoError(t, err)
		default:
			require.NoError(t, player.Act(t.Context(), client, s))
		}
	}

	dir := t.TempDir()
	pack := func(args ...string) (int, packed, string) {
		status, out, errs := starter(t, "", append([]string{"evidence", "pack", demo.Store, order, "--server", srv.URL, "--out", dir, "--json"}, args...)...)
		var p packed
		if errs == "" {
			require.NoError(t, json.Unmarshal([]byte(out), &p), out)
		}
		return status, p, errs
	}
	status, p, errs := pack()
	require.Equal(t, 0, status, "%s %+v", errs, p.Remarks)
	assert.Equal(t, rules.LetterClaim, p.Letter)
	assert.Empty(t, p.Lacks)
	require.Len(t, p.LeftOut, 1)
	assert.Equal(t, "waybill-blurred.png", p.LeftOut[0].Name)
	require.Len(t, p.Originals, 3)
	assert.Equal(t, "waybill-sharp.png", p.Originals[0].Name)
	require.Len(t, p.Files, 2)
	pdf, err := os.ReadFile(p.Files[0])
	require.NoError(t, err)
	if kept := os.Getenv("KEEP_PACK"); kept != "" { // a file to look at
		require.NoError(t, os.WriteFile(kept, pdf, 0o600))
	}
	status, again, _ := pack("--case", p.Case)
	require.Equal(t, 0, status)
	require.Equal(t, p.Files, again.Files)
	second, err := os.ReadFile(p.Files[0])
	require.NoError(t, err)
	assert.Equal(t, pdf, second)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 2, "nothing partial")

	status, text, errs := starter(t, "", "evidence", "pack", demo.Store+"/"+order, "--server", srv.URL, "--out", dir)
	require.Equal(t, 0, status, errs)
	for _, want := range []string{"物流索赔函 Logistics Claim", "未放入 · left out: waybill  waybill-blurred.png", "步骤 · Steps", "【说明】", "[Statement]", "USD 53.73"} {
		assert.Contains(t, text, want)
	}

	status, _, errs = pack("--case", "LP1.stall.20260101T000000Z")
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, errs, "has no case")
	require.NoError(t, os.Chmod(dir, 0o500))
	if f, err := os.Create(filepath.Join(dir, "x")); err != nil {
		status, _, errs = pack()
		assert.Equal(t, exitFailed, status)
		assert.Contains(t, errs, "permission denied")
	} else {
		require.NoError(t, f.Close()) // the superuser
	}
	require.NoError(t, os.Chmod(dir, 0o700))

	appeal(t, db, srv.URL, p, pack, now)
}

// appeal records the filing, has it refused, and asks for the pack of the appeal.
func appeal(t *testing.T, db *postgres.DB, server string, claim packed, pack func(...string) (int, packed, string), now func() time.Time) {
	t.Helper()
	const order = "12-blurred-waybill"
	at := now().Format(time.RFC3339Nano) // to the fraction: what came before was handed in
	for range 2 {                        // the same act is recorded once
		status, out, errs := starter(t, "", "claim", "filed", demo.Store+"/"+order, "C-77", "--at", at, "--server", server)
		require.Equal(t, 0, status, errs)
		assert.Contains(t, out, "claim.filed  C-77")
	}
	facts, _, err := db.OrderFacts(context.WithoutCancel(t.Context()), demo.Store, order)
	require.NoError(t, err)
	filed := 0
	for e := range facts.Events() {
		if d, ok := e.Data.(*rules.ClaimFiled); ok {
			filed++
			require.NotNil(t, d.Case)
			assert.Equal(t, claim.Case, rules.CaseID{TrackingNumber: d.TrackingNumber, Kind: d.Case.Kind, OpenedAt: d.Case.OpenedAt}.Name())
		}
	}
	require.Equal(t, 1, filed)
	raw, err := protocol.EncodeEvent(rules.Event{Source: "test", ID: "decided", Type: rules.TypeClaimDecided, Store: demo.Store, Order: order, Time: now(), Data: &rules.ClaimDecided{
		ClaimID: "C-77", When: now(), Decision: rules.DecisionRejected, Reason: "面单模糊 / waybill not legible",
	}})
	require.NoError(t, err)
	_, err = api.Client{Base: server}.Send(t.Context(), [][]byte{raw})
	require.NoError(t, err)
	status, p, errs := pack()
	require.Equal(t, exitFailed, status, "an appeal without a new original: %s", errs)
	assert.Equal(t, rules.LetterAppeal, p.Letter)
	require.Len(t, p.Remarks, 1)
	assert.Contains(t, p.Remarks[0].EN, "no new original")
	if kept := os.Getenv("KEEP_PACK"); kept != "" {
		pdf, err := os.ReadFile(p.Files[0])
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(kept+".appeal.pdf", pdf, 0o600))
	}
	status, _, errs = starter(t, "", "claim", "appealed", demo.Store+"/"+order, "C-77", "--server", server)
	require.Equal(t, 0, status, errs)
}
