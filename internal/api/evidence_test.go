package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/memblob"

	"parcelward/internal/api"
	"parcelward/internal/config"
	"parcelward/internal/evidence"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
	"parcelward/internal/rules"
)

// withVault is a server with a vault in memory, over the stalled order s/1.
func withVault(t *testing.T, check api.Check) (*bundle, *porttest.EvidenceIndex) {
	t.Helper()
	known, err := new(config.Shared).Rules()
	require.NoError(t, err)
	index := new(porttest.EvidenceIndex)
	b := &bundle{store: new(store), workflows: new(workflows)}
	srv := httptest.NewServer(api.New(api.Options{
		Store: b.store, Workflows: b.workflows, Rules: known, Clock: clock(), Log: slog.New(slog.DiscardHandler),
		Vault: evidence.New(memblob.OpenBucket(nil), index, t.TempDir()), Check: check,
	}))
	t.Cleanup(srv.Close)
	b.url, b.client = srv.URL, api.Client{Base: srv.URL, HTTP: srv.Client()}
	b.load(t, stalled())
	return b, index
}

func photo(t *testing.T, width int) string {
	t.Helper()
	var buffer bytes.Buffer
	require.NoError(t, jpeg.Encode(&buffer, image.NewGray(image.Rect(0, 0, width, 20)), nil))
	return buffer.String()
}

// form writes fields as NAME=VALUE and files as @NAME=CONTENT, in their order.
func form(t *testing.T, parts ...string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		name, value, _ := strings.Cut(p, "=")
		if file, ok := strings.CutPrefix(name, "@"); ok {
			part, err := w.CreateFormFile("file", file)
			require.NoError(t, err)
			_, err = io.WriteString(part, value)
			require.NoError(t, err)
			continue
		}
		require.NoError(t, w.WriteField(name, value))
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), b.String()
}

func (b *bundle) facts() []rules.Event {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	var facts []rules.Event
	for _, e := range b.store.events {
		if e.Event.Type == rules.TypeEvidenceAdded {
			facts = append(facts, e.Event)
		}
	}
	return facts
}

// Files are kept, looked at, and told of by one fact; again is the same, and what is stated anew
// is another.
func TestAddEvidence(t *testing.T) {
	b, _ := withVault(t, func(_ context.Context, o port.NewOriginal, path string) (api.Verdict, error) {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotEmpty(t, content)
		require.Equal(t, "0.42", o.Given["weight_kg"])
		if strings.HasPrefix(o.Name, "b") {
			return api.Verdict{}, errors.New("no such luck")
		}
		return api.Verdict{Verdict: "ready", Barcodes: []string{o.TrackingNumber}, Findings: []api.Found{}}, nil
	})
	dir := t.TempDir()
	var files []string
	for i, name := range []string{"a.jpg", "b.jpg"} {
		files = append(files, filepath.Join(dir, name))
		require.NoError(t, os.WriteFile(files[i], []byte(photo(t, 20+i)), 0o600))
	}
	u := api.Upload{
		Kind: "waybill", By: "李", TrackingNumber: "lp 00123456789012", TakenAt: time.Date(2026, 2, 27, 8, 0, 0, 0, time.UTC),
		Given: map[string]string{"weight_kg": "0.42"}, Files: files,
	}
	for range 2 {
		kept, err := b.client.AddEvidence(t.Context(), "s", "1", u)
		require.NoError(t, err)
		require.Len(t, kept.Items, 2)
		assert.Equal(t, "ready", kept.Items[0].Verdict.Verdict)
		assert.Equal(t, "look", kept.Items[1].Verdict.Verdict, "that it could not be checked is no silent pass")
		assert.NotEmpty(t, kept.Items[1].Verdict.Findings[0].ZH)
		facts := b.facts()
		require.Len(t, facts, 1)
		data, ok := facts[0].Data.(*rules.EvidenceAdded)
		require.True(t, ok)
		assert.Equal(t, "LP00123456789012", data.TrackingNumber)
		assert.Equal(t, "李", data.By)
		assert.Equal(t, "2026-03-01", data.When.UTC().Format(time.DateOnly), "virtual time")
		assert.Equal(t, []rules.Original{{Kind: "waybill", SHA256: kept.Items[0].SHA256}, {Kind: "waybill", SHA256: kept.Items[1].SHA256}}, data.Originals)
	}
	u.Given["ship_date"] = "2026-01-02"
	_, err := b.client.AddEvidence(t.Context(), "s", "1", u)
	require.NoError(t, err)
	require.Len(t, b.facts(), 2)
	held, err := b.client.Evidence(t.Context(), "s", "1")
	require.NoError(t, err)
	require.Len(t, held.Items, 2)
	assert.Equal(t, map[string]string{"weight_kg": "0.42", "ship_date": "2026-01-02"}, held.Items[0].Given)
	assert.Equal(t, u.TakenAt, held.Items[0].TakenAt)
	assert.Equal(t, "upload", held.Items[0].Source)
}

// A refused file does not take the others with it, and all is said.
func TestRefusedFiles(t *testing.T) {
	b, _ := withVault(t, nil)
	contentType, body := form(t, "kind=buyer_messages", "by=li", "@../../x.svg=<svg onload='alert(1)'>", "@good.jpg="+photo(t, 30), "@doc.pdf=%PDF-1.4 /JavaScript %%EOF obj")
	status, _, text := b.post(t, "/v1/orders/s/1/evidence", contentType, body)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	var problem api.UploadError
	require.NoError(t, json.Unmarshal([]byte(text), &problem))
	require.Len(t, problem.Items, 1)
	assert.Equal(t, "good.jpg", problem.Items[0].Name)
	require.Len(t, problem.Refused, 2)
	assert.Equal(t, "x.svg", problem.Refused[0].File)
	assert.Equal(t, string(rules.OriginalType), problem.Refused[0].Code)
	assert.Contains(t, problem.Refused[0].ZH, "SVG")
	assert.Contains(t, problem.Refused[1].EN, "/JavaScript")
	require.Len(t, b.facts(), 1, "of what is kept")

	contentType, body = form(t, "kind=other", "by=li", "@a.gif=GIF89a")
	status, _, _ = b.post(t, "/v1/orders/s/1/evidence", contentType, body)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Len(t, b.facts(), 1)
}

func TestBadForms(t *testing.T) {
	b, index := withVault(t, nil)
	file := "@a.jpg=" + photo(t, 20)
	many := []string{"kind=other", "by=li"}
	for range 50 {
		many = append(many, "given.x=1")
	}
	for name, tc := range map[string]struct {
		parts  []string
		status int
		says   string
	}{
		"no kind":          {[]string{"by=li", file}, 422, "kind: expected before the files"},
		"unknown kind":     {[]string{"kind=selfie", "by=li", file}, 422, `got \"selfie\"`},
		"nobody":           {[]string{"kind=other", file}, 422, "by: expected before the files"},
		"no file":          {[]string{"kind=other", "by=li"}, 422, "file: expected at least one file"},
		"unknown field":    {[]string{"kind=other", "by=li", "order=2", file}, 422, "order: expected one of kind"},
		"foreign number":   {[]string{"kind=other", "by=li", "tracking_number=LP9", file}, 422, "recorded for the order ([LP00123456789012])"},
		"no number":        {[]string{"kind=other", "by=li", "tracking_number=--", file}, 422, "1 to 64 letters"},
		"no time":          {[]string{"kind=other", "by=li", "taken_at=yesterday", file}, 422, "RFC 3339"},
		"bad statement":    {[]string{"kind=other", "by=li", "given.A B=1", file}, 422, "given: expected"},
		"bad name of one":  {[]string{"kind=other", "by=l\u202ei", file}, 422, "by: expected"},
		"long field":       {[]string{"kind=other", "by=" + strings.Repeat("x", 5000), file}, 422, "at most 4096 bytes"},
		"too many fields":  {many, 422, "at most 40 fields"},
		"field behind":     {[]string{"kind=other", "by=li", file, "taken_at=2026-01-01T00:00:00Z"}, 422, "all fields before the first file"},
		"order is unknown": {nil, 404, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			path := "/v1/orders/s/1/evidence"
			if tc.parts == nil {
				path, tc.parts = "/v1/orders/s/9/evidence", []string{"kind=other", "by=li", file}
			}
			contentType, body := form(t, tc.parts...)
			status, _, text := b.post(t, path, contentType, body)
			require.Equal(t, tc.status, status, text)
			require.Contains(t, text, tc.says)
		})
	}
	status, _, _ := b.post(t, "/v1/orders/s/1/evidence", "application/json", "{}")
	require.Equal(t, http.StatusUnsupportedMediaType, status)
	require.Len(t, index.Chains["s"], 1, "the one before the field behind")
	require.Len(t, b.facts(), 1)
}

// What breaks off says what is kept; the vault's being away is no refusal.
func TestUploadBreaksOff(t *testing.T) {
	b, index := withVault(t, nil)
	contentType, body := form(t, "kind=other", "by=li", "@a.jpg="+photo(t, 20), "@b.jpg="+photo(t, 21))
	status, _, text := b.post(t, "/v1/orders/s/1/evidence", contentType, body[:len(body)-400])
	require.Equal(t, http.StatusUnprocessableEntity, status, text)
	require.Contains(t, text, `"code":"interrupted"`)
	require.Contains(t, text, `"name":"a.jpg"`)
	require.Len(t, b.facts(), 1)

	index.Err = errors.New("secret-host refused")
	status, _, text = b.post(t, "/v1/orders/s/1/evidence", contentType, body)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.NotContains(t, text, "secret-host")
	status, _, _ = b.get(t, "/v1/orders/s/1/evidence")
	require.Equal(t, http.StatusServiceUnavailable, status)
	index.Err = nil
	b.store.down = errors.New("down")
	status, _, _ = b.post(t, "/v1/orders/s/1/evidence", contentType, body)
	require.Equal(t, http.StatusServiceUnavailable, status, "kept, but no story would hear of it")
	b.store.down = nil
	status, _, text = b.post(t, "/v1/orders/s/1/evidence", contentType, body)
	require.Equal(t, http.StatusCreated, status, text)
	require.Len(t, index.Chains["s"], 2)
}

// The limits of other routes do not bite: a video of 40 MB comes in, and out again.
func TestDownload(t *testing.T) {
	b, _ := withVault(t, nil)
	video := "\x00\x00\x00\x14ftypisom\x00\x00\x00\x00mp41\x00\x00\x00\x08moov\x00\x00\x00\x00mdat" + strings.Repeat("x", 40<<20)
	contentType, body := form(t, "kind=refusal", "by=li", `@拒收 "1".mp4=`+video, "@note.txt=hello")
	status, _, text := b.post(t, "/v1/orders/s/1/evidence", contentType, body)
	require.Equal(t, http.StatusCreated, status, text)
	var kept api.EvidenceList
	require.NoError(t, json.Unmarshal([]byte(text), &kept))
	for i, want := range []struct{ mediaType, content string }{{"video/mp4", video}, {"text/plain; charset=utf-8", "hello"}} {
		status, header, content := b.get(t, fmt.Sprintf("/v1/evidence/%s?store=s&order=1", kept.Items[i].SHA256))
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, want.content, content)
		require.Equal(t, want.mediaType, header.Get("Content-Type"))
		require.True(t, strings.HasPrefix(header.Get("Content-Disposition"), "attachment; filename"), header.Get("Content-Disposition"))
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		require.Equal(t, "sandbox; default-src 'none'", header.Get("Content-Security-Policy"))
	}
	sum := kept.Items[0].SHA256
	const notFound, invalid = http.StatusNotFound, http.StatusUnprocessableEntity
	for _, tc := range []struct {
		want int
		path string
	}{
		{notFound, sum + "?store=s&order=2"},
		{notFound, strings.Repeat("ab", 32) + "?store=s&order=1"},
		{invalid, sum},
		{invalid, strings.ToUpper(sum) + "?store=s&order=1"},
		{invalid, "..%2f..%2fetc%2fpasswd?store=s&order=1"},
		{invalid, sum + "?store=s&order=1%2f..%2f..%2f"},
	} {
		status, _, _ := b.get(t, "/v1/evidence/"+tc.path)
		require.Equal(t, tc.want, status, tc.path)
	}
}
