package evidence_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/evidence"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
)

// objects is an S3 of one bucket. As Aliyun OSS does, it refuses bodies that come in chunks with
// checksums behind them.
type objects struct {
	mu    sync.Mutex
	whole map[string][]byte         // by path
	parts map[string]map[int][]byte // of uploads in parts
	asked []string
	plain bool // every request was signed, and none bore a checksum beside
}

// ServeHTTP implements [http.Handler].
func (o *objects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	upload, path := r.URL.Query().Get("uploadId"), r.URL.Path
	o.plain = o.plain && strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	for name := range r.Header { // over TLS they come behind the body, in chunks
		o.plain = o.plain && !strings.HasPrefix(name, "X-Amz-Checksum-") && !strings.HasPrefix(name, "X-Amz-Sdk-Checksum-")
	}
	if strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") || r.Header.Get("X-Amz-Trailer") != "" {
		o.plain = false
		refuse(w, http.StatusNotImplemented, "NotImplemented")
		return
	}
	switch {
	case r.Method == http.MethodPost && r.URL.Query().Has("uploads"):
		o.asked = append(o.asked, "begin")
		upload = strconv.Itoa(len(o.parts) + 1)
		o.parts[upload] = map[int][]byte{}
		_, _ = fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", upload)
	case r.Method == http.MethodPut && upload != "":
		n, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
		if err != nil || o.parts[upload] == nil {
			refuse(w, http.StatusNotFound, "NoSuchUpload")
			return
		}
		o.parts[upload][n] = body
		w.Header().Set("ETag", strconv.Quote(strconv.Itoa(n)))
	case r.Method == http.MethodPost && upload != "":
		o.asked = append(o.asked, "complete")
		parts := o.parts[upload]
		for _, n := range slices.Sorted(maps.Keys(parts)) {
			o.whole[path] = append(o.whole[path], parts[n]...)
		}
		_, _ = io.WriteString(w, "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>")
	case r.Method == http.MethodPut:
		o.asked = append(o.asked, "put")
		o.whole[path] = body
	case r.Method == http.MethodGet:
		content, there := o.whole[path]
		if !there {
			refuse(w, http.StatusNotFound, "NoSuchKey")
			return
		}
		w.Header().Set("Last-Modified", "Mon, 05 Jan 2026 08:00:00 GMT")
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content)
	default:
		refuse(w, http.StatusNotImplemented, "NotImplemented")
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, code)
}

// In S3 an original is kept once, a long video in parts; it comes back as it was, and what is
// changed or lost there shows.
func TestS3(t *testing.T) {
	o := &objects{whole: map[string][]byte{}, parts: map[string]map[int][]byte{}, plain: true}
	srv := httptest.NewServer(o)
	t.Cleanup(srv.Close)
	for key, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none",
	} {
		t.Setenv(key, value)
	}
	bucket, err := evidence.OpenBucket(t.Context(), "s3://papers?region=eu-1&use_path_style=true&endpoint="+srv.URL)
	require.NoError(t, err)
	v := evidence.New(bucket, new(porttest.EvidenceIndex), t.TempDir())
	t.Cleanup(func() { require.NoError(t, v.Close()) })

	paths := map[string]string{} // by name
	for name, content := range map[string][]byte{"a.png": pngOf(t, 33, 21), "b.mp4": mp4Of(40 << 20)} {
		kept, err := v.Put(t.Context(), original(name), bytes.NewReader(content))
		require.NoError(t, err, name)
		paths[name] = "/papers/sha256/" + kept.SHA256[:2] + "/" + kept.SHA256
		require.True(t, bytes.Equal(content, o.whole[paths[name]]), name)
		again, err := v.Put(t.Context(), original(name), bytes.NewReader(content))
		require.NoError(t, err, name)
		assert.Equal(t, kept, again)
		r, err := v.Open(t.Context(), kept.SHA256)
		require.NoError(t, err, name)
		got, err := io.ReadAll(r)
		require.NoError(t, err, name)
		require.NoError(t, r.Close())
		assert.True(t, bytes.Equal(content, got), name)
	}
	assert.ElementsMatch(t, []string{"put", "begin", "complete"}, o.asked, "each is sent once")
	assert.True(t, o.plain, "signed, and without checksums")
	report, err := v.Verify(t.Context())
	require.NoError(t, err)
	assert.Empty(t, report.Broken)
	assert.EqualValues(t, 2, report.Blobs)

	o.whole[paths["a.png"]][20] ^= 1
	delete(o.whole, paths["b.mp4"])
	report, err = v.Verify(t.Context())
	require.NoError(t, err)
	var faults []string
	for _, b := range report.Broken {
		faults = append(faults, b.Fault)
	}
	assert.ElementsMatch(t, []string{evidence.BlobChanged, evidence.BlobMissing}, faults)
	_, err = v.Open(t.Context(), strings.Repeat("ab", 32))
	require.ErrorIs(t, err, port.ErrRefused)
}
