package api_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"parcelward/internal/api"
	"parcelward/internal/config"
	"parcelward/internal/evidence"
	"parcelward/internal/evidence/casepack"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// OrderFacts makes the fake inbox one that packs read.
func (s *store) OrderFacts(_ context.Context, store, order string) (*rules.Facts, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := rules.NewFacts(store, order)
	for _, e := range s.events {
		if e.Event.Store == store && e.Event.Order == order {
			f.Add(e.Event)
		}
	}
	return f, "", s.down
}

// judge refuses what is named bad, and reads what it judges, as the pre-flight does.
type judge struct {
	vault *evidence.Vault
	rules config.Rules
	facts *store
}

func (j *judge) Papers(ctx context.Context, r protocol.PapersRequest) (protocol.Papers, error) {
	f, _, err := j.facts.OrderFacts(ctx, r.Store, r.Order)
	if err != nil {
		return protocol.Papers{}, err
	}
	rs, err := j.rules.For(f, "")
	if err != nil {
		return protocol.Papers{}, err
	}
	items, err := j.vault.Items(ctx, r.Store, r.Order)
	if err != nil {
		return protocol.Papers{}, err
	}
	var checked []rules.CheckedOriginal
	for _, item := range items {
		one := rules.CheckedOriginal{SHA256: item.SHA256, Name: item.Name, Preflight: rules.Preflight{Kind: rules.EvidenceKind(item.Kind), Verdict: rules.VerdictReady}}
		if strings.HasPrefix(item.Name, "bad") {
			one.Verdict, one.Findings = rules.VerdictRefused, []rules.PreflightFinding{{Code: rules.PreflightBlurred, Verdict: rules.VerdictRefused, Measured: "12", Wanted: "60"}}
		}
		content, err := j.vault.Open(ctx, item.SHA256)
		if err == nil {
			_, err = io.Copy(io.Discard, content)
			if closed := content.Close(); err == nil {
				err = closed
			}
		}
		switch {
		case errors.Is(err, port.ErrRefused):
			one.Verdict = rules.VerdictRefused
		case err != nil:
			return protocol.Papers{}, err
		}
		checked = append(checked, one)
	}
	return protocol.Papers{Papers: rs.PapersOf(checked)}, nil
}

// packs is a server with packs, over the stalled order s/1.
func packs(t *testing.T) (*bundle, *blob.Bucket) {
	t.Helper()
	known, err := new(config.Shared).Rules()
	require.NoError(t, err)
	b := &bundle{store: new(store), workflows: new(workflows)}
	bucket := memblob.OpenBucket(nil)
	vault := evidence.New(bucket, new(porttest.EvidenceIndex), t.TempDir())
	at := clock()
	srv := httptest.NewServer(api.New(api.Options{
		Store: b.store, Workflows: b.workflows, Rules: known, Clock: at, Log: slog.New(slog.DiscardHandler), Vault: vault,
		Packs: &casepack.Maker{
			Vault: vault, Judge: &judge{vault, known, b.store}, Facts: b.store, For: known.For, Now: func() time.Time { return at.Virtual(time.Now()) }, Folder: t.TempDir(),
		},
	}))
	t.Cleanup(srv.Close)
	b.url, b.client = srv.URL, api.Client{Base: srv.URL, HTTP: srv.Client()}
	b.load(t, append(stalled(), event("5", "exception.confirmed", "2026-02-24T10:00:00+08:00", `{"tracking_number":"LP00123456789012","at":"2026-02-24T10:00:00+08:00","by":"li"}`)))
	return b, bucket
}

func (b *bundle) upload(t *testing.T, kind, name, content string) string {
	t.Helper()
	kept, err := b.client.AddEvidence(t.Context(), "s", "1", api.Upload{
		Kind: kind, By: "li", TrackingNumber: "LP00123456789012", Contents: []api.Content{{Name: name, Bytes: []byte(content)}},
	})
	require.NoError(t, err)
	return kept.Items[0].SHA256
}

const packCase = "LP00123456789012.stall.20260219T000000Z"

// What is handed in is told, and comes as the same bytes each time; what may not be stays out.
func TestPack(t *testing.T) {
	b, _ := packs(t)
	list, err := b.client.Cases(t.Context(), "s", "1")
	require.NoError(t, err)
	require.Len(t, list.Cases, 1)
	assert.Equal(t, packCase, list.Cases[0].Name)
	assert.Equal(t, "confirmed", list.Cases[0].Status)

	empty, err := b.client.Pack(t.Context(), "s", "1", packCase)
	require.NoError(t, err)
	assert.Equal(t, []string{"waybill", "outbound_record", "buyer_messages"}, empty.Lacks)
	assert.Empty(t, empty.PDF)
	status, _, text := b.get(t, list.Cases[0].Pack+".pdf")
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, text, "no original that may be handed in")

	good := b.upload(t, "waybill", "a.jpg", photo(t, 20))
	bad := b.upload(t, "waybill", "bad.jpg", photo(t, 21))
	b.upload(t, "outbound_record", "出库.csv", "sku,qty\nA,1\n")
	p, err := b.client.Pack(t.Context(), "s", "1", packCase)
	require.NoError(t, err)
	assert.Equal(t, rules.LetterClaim, p.Letter)
	assert.Equal(t, "84.20", p.Asked.Value.String())
	assert.Equal(t, []string{"buyer_messages"}, p.Lacks)
	require.Len(t, p.Originals, 2)
	assert.Equal(t, "01-waybill-LP00123456789012.jpg", p.Originals[0].File)
	assert.Equal(t, good, p.Originals[0].SHA256)
	require.Len(t, p.LeftOut, 1)
	assert.Equal(t, bad, p.LeftOut[0].SHA256)
	assert.NotEmpty(t, p.LeftOut[0].Findings[0].ZH)
	require.Len(t, p.Paste, 2)
	for _, want := range []string{"LP00123456789012", packCase, "USD 84.20", "30 天", "01-waybill-LP00123456789012.jpg"} {
		assert.Contains(t, p.Paste[1].Text.ZH, want)
	}
	assert.Contains(t, p.Paste[1].Text.EN, "stood still for 30 days")
	assert.Contains(t, p.Steps[len(p.Steps)-1].ZH, "starter claim filed s/1 NUMBER --case "+packCase)

	var first []byte
	for range 2 {
		var pdf, archive bytes.Buffer
		name, err := b.client.PackFile(t.Context(), p.PDF, &pdf)
		require.NoError(t, err)
		assert.Equal(t, "claim-1-LP00123456789012.pdf", name)
		assert.True(t, bytes.HasPrefix(pdf.Bytes(), []byte("%PDF-")))
		name, err = b.client.PackFile(t.Context(), p.ZIP, &archive)
		require.NoError(t, err)
		assert.Equal(t, "claim-1-LP00123456789012.zip", name)
		if first != nil {
			assert.Equal(t, first, archive.Bytes(), "the same facts and originals")
		}
		first = archive.Bytes()
	}
	z, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	require.NoError(t, err)
	require.Len(t, z.File, 4)
	waybill, err := z.File[1].Open()
	require.NoError(t, err)
	content, err := io.ReadAll(waybill)
	require.NoError(t, err)
	sum := sha256.Sum256(content)
	assert.Equal(t, good, hex.EncodeToString(sum[:]))

	status, head, text := b.get(t, p.ZIP)
	require.Equal(t, http.StatusOK, status)
	sum = sha256.Sum256([]byte(text))
	assert.Equal(t, `"`+hex.EncodeToString(sum[:])+`"`, head.Get("ETag"))
	assert.Equal(t, `attachment; filename=claim-1-LP00123456789012.zip`, head.Get("Content-Disposition"))
	assert.Equal(t, "application/zip", head.Get("Content-Type"))
	assert.Equal(t, "nosniff", head.Get("X-Content-Type-Options"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+p.ZIP, nil)
	require.NoError(t, err)
	req.Header.Set("If-None-Match", head.Get("ETag"))
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, http.StatusNotModified, res.StatusCode)
}

// A refusal makes it an appeal, which needs an original that was not handed in.
func TestPackOfAppeal(t *testing.T) {
	b, _ := packs(t)
	b.upload(t, "waybill", "a.jpg", photo(t, 20))
	later := func(second int) string {
		return time.Date(2026, 2, 28, 23, 59, second, 0, time.UTC).Format(time.RFC3339)
	}
	b.load(t, []string{
		event("6", "claim.filed", later(0), `{"tracking_number":"LP00123456789012","at":"`+later(0)+`","claim_id":"C-1"}`),
		event("7", "claim.decided", later(1), `{"claim_id":"C-1","at":"`+later(1)+`","decision":"rejected","reason":"底单模糊"}`),
	})
	p, err := b.client.Pack(t.Context(), "s", "1", packCase)
	require.NoError(t, err)
	assert.Equal(t, rules.LetterAppeal, p.Letter)
	assert.Equal(t, "C-1", p.ClaimID)
	assert.Contains(t, p.Paste[1].Text.ZH, "底单模糊")
	assert.Contains(t, p.Steps[len(p.Steps)-1].EN, "starter claim appealed s/1 C-1")
	require.Len(t, p.Originals, 1)
	assert.True(t, p.Originals[0].New, "it came after the filing")
}

// An appeal only adds: what was handed in goes along, also where it would be refused by now.
func TestPackOfAppealKeepsWhatWasHandedIn(t *testing.T) {
	b, _ := packs(t)
	handedIn, never := b.upload(t, "waybill", "bad.jpg", photo(t, 20)), b.upload(t, "waybill", "bad-too.jpg", photo(t, 21))
	later := func(second int) string {
		return time.Date(2026, 2, 28, 23, 59, second, 0, time.UTC).Format(time.RFC3339)
	}
	b.load(t, []string{
		event("6", "claim.filed", later(0), `{"tracking_number":"LP00123456789012","at":"`+later(0)+`","claim_id":"C-1","originals":[{"kind":"waybill","sha256":"`+handedIn+`"}]}`),
		event("7", "claim.decided", later(1), `{"claim_id":"C-1","at":"`+later(1)+`","decision":"rejected","reason":"底单模糊"}`),
	})
	added := b.upload(t, "carrier_proof", "proof.jpg", photo(t, 22))
	p, err := b.client.Pack(t.Context(), "s", "1", packCase)
	require.NoError(t, err)
	fresh := map[string]bool{}
	for _, o := range p.Originals {
		fresh[o.SHA256] = o.New
	}
	assert.Equal(t, map[string]bool{handedIn: false, added: true}, fresh)
	require.Len(t, p.LeftOut, 1)
	assert.Equal(t, never, p.LeftOut[0].SHA256)
}

func TestNoPack(t *testing.T) {
	b, bucket := packs(t)
	sum := b.upload(t, "waybill", "a.jpg", photo(t, 20))
	for path, want := range map[string]string{
		"/v1/orders/s/9/cases":                               "order s/9 is unknown",
		"/v1/orders/s/9/cases/" + packCase + "/pack":         "order s/9 is unknown",
		"/v1/orders/s/1/cases/x/pack.zip":                    "has no case",
		"/v1/orders/s/1/cases/LP1.stall.x/pack.pdf":          "has no case",
		"/v1/orders/s/1/cases/" + packCase[1:] + "/pack.pdf": "GET /v1/orders/s/1/cases lists",
	} {
		status, _, text := b.get(t, path)
		assert.Equal(t, http.StatusNotFound, status, path)
		assert.Contains(t, text, want, path)
	}
	path := "/v1/orders/s/1/cases/" + packCase + "/pack.zip"
	status, _, _ := b.get(t, path)
	require.Equal(t, http.StatusOK, status)
	key := "sha256/" + sum[:2] + "/" + sum
	require.NoError(t, bucket.WriteAll(t.Context(), key, []byte(photo(t, 22)), nil))
	status, _, text := b.get(t, path)
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, text, sum)
	assert.Contains(t, text, "starter evidence verify")
	require.NoError(t, bucket.Delete(t.Context(), key))
	status, _, text = b.get(t, path)
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, text, "no content "+sum)
}
